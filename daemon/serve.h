/* The proxy command: start, serve, stop. */
#ifndef DAEMON_SERVE_H
#define DAEMON_SERVE_H

#include "daemon/command.h"

/* Runs until SIGTERM or SIGINT. */
extern const struct command command_serve;

#endif
