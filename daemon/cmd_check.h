/* --check-config: compile a policy and say what it came to. */
#ifndef DAEMON_CMD_CHECK_H
#define DAEMON_CMD_CHECK_H

#include "daemon/command.h"

struct tls_check;

extern const struct command command_check;

/* Reads the files of TLS as a start does. */
extern const struct tls_check cmd_check_tls;

#endif
