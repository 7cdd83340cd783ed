/* Tables that outlive a policy: rate limits, lock-outs, connections counted
 * by client. Made when the first policy asks for them, and kept from then on.
 */
#ifndef DAEMON_TABLES_H
#define DAEMON_TABLES_H

#include <stdbool.h>

struct policy;
struct shared;

/* Makes what the policy needs and is not there. On the main thread, before
 * any worker has the policy. False without memory. */
bool tables_make(struct shared *s, const struct policy *p)
	__attribute__((warn_unused_result));

/* Connections are counted from the start or not at all. */
bool tables_make_clients(struct shared *s, const struct policy *p)
	__attribute__((warn_unused_result));

void tables_free(struct shared *s);

#endif
