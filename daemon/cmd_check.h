/* --check-config: compile a policy and say what it came to. */
#ifndef DAEMON_CMD_CHECK_H
#define DAEMON_CMD_CHECK_H

#include "daemon/command.h"

extern const struct command command_check;

#endif
