/* explain: what the proxy would do with a request, and why. */
#ifndef DAEMON_CMD_EXPLAIN_H
#define DAEMON_CMD_EXPLAIN_H

#include "daemon/command.h"

extern const struct command command_explain;

#endif
