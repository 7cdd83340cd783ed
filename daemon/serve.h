/* The proxy command: start, serve, stop. */
#ifndef DAEMON_SERVE_H
#define DAEMON_SERVE_H

#include "daemon/options.h"

/* Until SIGTERM or SIGINT. Returns the exit code. */
int serve(const struct options *o);

#endif
