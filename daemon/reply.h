/* Our own answers, and the log line of each request. */
#ifndef DAEMON_REPLY_H
#define DAEMON_REPLY_H

#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>

struct flow;

/* Queues the answer for rq->why (and the rule that decided, for a denial):
 * Docker's {"message": ...}, or the bare text. False without memory. */
bool reply_queue(struct flow *f);

/* Queues a 200 with the held bytes as its body. False without memory. */
bool reply_queue_held(struct flow *f, struct str type);

/* Logs the request as access_log wants it. Once per request. */
void reply_log(struct flow *f);

/* "Bad Request" */
struct str reply_reason(uint16_t status);

/* RFC 9110 section 6.6.1. The thread's own, until its next call. */
struct str reply_date(void);

#endif
