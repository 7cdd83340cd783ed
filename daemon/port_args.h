/* The port proxy's command line: Docker's own flags, as Go reads them. */
#ifndef DAEMON_PORT_ARGS_H
#define DAEMON_PORT_ARGS_H

#include "daemon/port_end.h"

struct port_args {
	const char *proto;
	struct port_end host, container;
	bool use_listen_fd;
	bool version;
};

/* Is it that which the command line asks for, and not the API's proxy? Any of
 * Docker's flags says so. */
bool port_args_ask(int argc, char *const *argv);

/* -1: go on with *out. Else the exit code: 0 after printing what was asked
 * for, 2 after an error and the usage. */
int port_args_parse(int argc, char *const *argv, struct port_args *out);

#endif
