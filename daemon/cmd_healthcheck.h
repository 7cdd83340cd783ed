/* `docker-proxy healthcheck`: is the proxy of this configuration well? */
#ifndef DAEMON_CMD_HEALTHCHECK_H
#define DAEMON_CMD_HEALTHCHECK_H

#include "daemon/command.h"

extern const struct command command_healthcheck;

/* Asks the proxy that runs with that configuration and this environment:
 * /readyz of admin.listen, else /_ping of the first listener, where any answer
 * but a 5xx will do (a policy may deny the ping). Behind TLS only that somebody
 * listens is asked. One line to out; EXIT_OK or EXIT_INVALID, within
 * HEALTHCHECK_MS. Blocking. */
int cmd_healthcheck(const char *file, FILE *out);

#endif
