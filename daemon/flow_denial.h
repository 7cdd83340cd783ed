/* What of a denied request the status page is told. */
#ifndef DAEMON_FLOW_DENIAL_H
#define DAEMON_FLOW_DENIAL_H

#include <stdint.h>

struct flow;

/* The flow's request is refused, for rq->why. */
void flow_denial(struct flow *f);

/* A rule that is only tried would have denied it; PROGRAM_NO_RULE: the
 * default would have. */
void flow_denial_dry(struct flow *f, uint32_t rule);

#endif
