/* lint: what a configuration does, and hardly should. */
#ifndef DAEMON_CMD_LINT_H
#define DAEMON_CMD_LINT_H

#include "daemon/command.h"

extern const struct command command_lint;

#endif
