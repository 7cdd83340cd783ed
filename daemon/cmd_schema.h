/* schema: the JSON Schema of the configuration, for editors. */
#ifndef DAEMON_CMD_SCHEMA_H
#define DAEMON_CMD_SCHEMA_H

#include "daemon/command.h"

extern const struct command command_schema;

#endif
