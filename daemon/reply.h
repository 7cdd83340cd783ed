/* Our own answers, and the log line of each request. */
#ifndef DAEMON_REPLY_H
#define DAEMON_REPLY_H

#include "runtime/str.h"

#include <stdbool.h>

struct flow;

/* Queues the answer for rq->why (and the rule that decided, for a denial):
 * Docker's {"message": ...}, or the bare text. False without memory. */
bool reply_queue(struct flow *f);

/* Logs the request as access_log wants it; counts it. Once per request. */
void reply_log(struct flow *f);

#endif
