/* test: runs the `tests` of policies. */
#ifndef DAEMON_CMD_TEST_H
#define DAEMON_CMD_TEST_H

#include "daemon/command.h"

extern const struct command command_test;

#endif
