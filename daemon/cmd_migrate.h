/* migrate: from the settings of other proxies to a configuration. */
#ifndef DAEMON_CMD_MIGRATE_H
#define DAEMON_CMD_MIGRATE_H

#include "daemon/command.h"

extern const struct command command_migrate;

#endif
