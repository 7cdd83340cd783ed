/* The port proxy's datagrams. */
#ifndef DAEMON_PORT_UDP_H
#define DAEMON_PORT_UDP_H

#include <stdbool.h>

struct port;

/* Begins to forward; for as long as the process lives. False without
 * memory. */
bool port_udp_start(struct port *p);

#endif
