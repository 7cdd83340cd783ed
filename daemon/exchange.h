/* Exchanges: the time there is for each side. */
#ifndef DAEMON_EXCHANGE_H
#define DAEMON_EXCHANGE_H

#include "daemon/flow.h"

#include <stdbool.h>

/* Sets the deadline of whoever must act now. Bytes that moved to the Engine
 * (sent) or to the client (returned) are a sign of life, and renew it. */
void exchange_watch_time(struct flow *f, bool sent, bool returned);

/* The time is over: f->expired says for whom. */
enum flow_step exchange_expired(struct flow *f);

#endif
