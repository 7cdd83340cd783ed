/* Flows: from a head, or a held body, to a verdict. */
#ifndef DAEMON_FLOW_JUDGE_H
#define DAEMON_FLOW_JUDGE_H

#include "daemon/flow.h"

/* Judges a request by its head (len pinned bytes): the verdict leads to DIAL
 * or REPLY; if a rule asks for the body, to HOLD. Always FLOW_MORE. */
enum flow_step flow_judge_head(struct flow *f, const char *head, size_t len);

/* The held body is complete: goes on judging. Always FLOW_MORE. */
enum flow_step flow_judge_body(struct flow *f);

#endif
