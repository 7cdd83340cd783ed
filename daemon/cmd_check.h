/* --check-config: compile a policy and say what it came to. */
#ifndef DAEMON_CMD_CHECK_H
#define DAEMON_CMD_CHECK_H

#include "daemon/command.h"

struct tls_check;

extern const struct command command_check;

/* Reads the files of TLS as a start does. */
extern const struct tls_check cmd_check_tls;

/* Prints errors and warnings to err and, of a valid policy, its settings and
 * rules to out. file NULL: no file, the toggles of the environment alone.
 * The exit status: 0 valid, 1 not. */
int cmd_check(const char *file, const char *const *envp, FILE *out, FILE *err);

#endif
