/* completion: scripts with which shells complete our command line. */
#ifndef DAEMON_CMD_COMPLETION_H
#define DAEMON_CMD_COMPLETION_H

#include "daemon/command.h"

extern const struct command command_completion;

#endif
