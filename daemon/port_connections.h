/* The port proxy's connections over TCP and SCTP. */
#ifndef DAEMON_PORT_CONNECTIONS_H
#define DAEMON_PORT_CONNECTIONS_H

#include <stdbool.h>

struct port;

/* Begins to accept; for as long as the process lives. False without memory. */
bool port_connections_start(struct port *p);

#endif
