/* Datagrams of the port proxy: received and sent on by the dozen, in buffers
 * that all clients share. */
#ifndef DAEMON_PORT_DATAGRAMS_H
#define DAEMON_PORT_DATAGRAMS_H

#include "daemon/port_end.h"

struct port_datagrams;

/* Which of our addresses a datagram was sent to. */
struct port_source {
	int family; /* of the socket option; AF_UNSPEC: it is not known */
	union {
		struct in_pktinfo four;
		struct in6_pktinfo six;
	};
};

/* NULL without memory. */
struct port_datagrams *port_datagrams_new(void);

/* What has come, in place of what was there; how many, 0: none. It does not
 * block. Errors that the system has heard of what was sent before are
 * forgotten: a container that does not listen now may do so later. */
unsigned port_datagrams_receive(struct port_datagrams *d, int fd);

/* Of the i-th that was received. */
union port_sockaddr port_datagrams_from(
	const struct port_datagrams *d, unsigned i);
struct port_source port_datagrams_source(struct port_datagrams *d, unsigned i);

/* Sends those from i up to `end`, over a connected socket. */
void port_datagrams_forward(
	struct port_datagrams *d, unsigned i, unsigned end, int fd);

/* Sends the first n to a client, from that address. */
void port_datagrams_answer(struct port_datagrams *d, unsigned n, int fd,
	const union port_sockaddr *to, const struct port_source *from);

#endif
