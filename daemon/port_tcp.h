/* The port proxy's connections over TCP. */
#ifndef DAEMON_PORT_TCP_H
#define DAEMON_PORT_TCP_H

#include <stdbool.h>

struct port;

/* Begins to accept; for as long as the process lives. False without memory. */
bool port_tcp_start(struct port *p);

#endif
