/* The port proxy: Docker's own docker-proxy, which dockerd starts for every
 * published port (docs/port-proxy.md). A mode of this program, chosen by
 * Docker's flags; no configuration is read, no thread made. */
#ifndef DAEMON_PORT_H
#define DAEMON_PORT_H

#include "daemon/port_forward.h"

struct event_base;

struct port {
	struct event_base *base; /* owned */
	int fd;                  /* owned: what clients come to */
	enum port_proto proto;
	struct port_end container;
	struct port_forward forward;
};

/* The process, once port_args_ask(). Its exit code. */
int port_main(int argc, char *const *argv);

#endif
