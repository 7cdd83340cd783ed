/* --check-config: compile a policy and say what it came to. */
#ifndef DAEMON_CMD_CHECK_H
#define DAEMON_CMD_CHECK_H

#include "daemon/command.h"

struct policy;
struct tls_check;

extern const struct command command_check;

/* Reads the files of TLS as a start does. */
extern const struct tls_check cmd_check_tls;

/* Runs the tests of the policy, which `file` has; failures are told. */
bool check_tests(const struct policy *p, const char *file, FILE *err)
	__attribute__((warn_unused_result));

#endif
