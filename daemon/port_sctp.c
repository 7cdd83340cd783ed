/* SCTP. */
#include "daemon/port_sctp.h"
#include "daemon/port.h"
bool
port_sctp_start(struct port *p)
{
	return p->fd < 0;
}
