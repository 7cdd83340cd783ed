/* --version. */
#ifndef DAEMON_CMD_VERSION_H
#define DAEMON_CMD_VERSION_H

#include "daemon/command.h"

extern const struct command command_version;

#endif
