/* `docker-proxy learn`: a policy from recorded requests. */
#ifndef DAEMON_CMD_LEARN_H
#define DAEMON_CMD_LEARN_H

#include "daemon/command.h"

/* Reads audit logs and writes the policy to standard output. EXIT_INVALID
 * when a file cannot be read or holds no request that was let in. */
extern const struct command command_learn;

#endif
