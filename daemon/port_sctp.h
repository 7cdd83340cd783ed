/* The port proxy's associations over SCTP, where the kernel has it. */
#ifndef DAEMON_PORT_SCTP_H
#define DAEMON_PORT_SCTP_H

#include <stdbool.h>

struct port;

/* Begins to accept; for as long as the process lives. False without memory. */
bool port_sctp_start(struct port *p);

#endif
