/* The port proxy's socket: bound here, or inherited from dockerd, which has
 * bound it then. */
#ifndef DAEMON_PORT_LISTEN_H
#define DAEMON_PORT_LISTEN_H

#include "daemon/port_args.h"

#define PORT_STATUS_FD 3 /* a pipe's end: dockerd waits for it */
#define PORT_LISTEN_FD 4 /* with -use-listen-fd alone */

enum port_proto {
	PORT_TCP,
	PORT_UDP,
	PORT_SCTP,
};

/* For a message to dockerd, which shows it to the user. */
#define PORT_REASON_BYTES 384

/* False: there is no such protocol; `why` says so. */
bool port_proto_find(
	const char *name, enum port_proto *out, char why[PORT_REASON_BYTES]);

/* Binds, and listens where there is something to accept; or takes the
 * inherited one. It is not blocking. -1: `why` says what Docker's own would
 * (moby's cmd/docker-proxy). */
int port_listen(const struct port_args *args, enum port_proto proto,
	char why[PORT_REASON_BYTES]);

#endif
