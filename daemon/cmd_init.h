/* init: a wizard that writes a configuration. */
#ifndef DAEMON_CMD_INIT_H
#define DAEMON_CMD_INIT_H

#include "daemon/command.h"

extern const struct command command_init;

#endif
