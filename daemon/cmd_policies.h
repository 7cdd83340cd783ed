/* `policies`: the ready policies, and `policies show`: the text of one. */
#ifndef DAEMON_CMD_POLICIES_H
#define DAEMON_CMD_POLICIES_H

#include "daemon/command.h"

extern const struct command command_policies, command_policies_show;

#endif
