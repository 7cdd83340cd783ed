/* Judging a request: from its bytes to a verdict. */
#ifndef DAEMON_JUDGE_H
#define DAEMON_JUDGE_H

#include "daemon/flow.h"

/* Parses the head (len pinned bytes), checks what needs no policy, finds out
 * who it is, and gathers the facts. */
enum why judge_head(struct flow *f, const char *head, size_t len);

/* The held body is complete: scans it into the facts. */
enum why judge_body(struct flow *f);

/* Runs the program, or goes on running it: the verdict leads to DIAL or
 * REPLY; if a rule asks for the body, to HOLD. Always FLOW_MORE. */
enum flow_step judge_run(struct flow *f);

#endif
