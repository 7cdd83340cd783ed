/* DOCKER_PROXY_FORWARD: what the port proxy does beyond Docker's own, off
 * unless it is set. In dockerd's environment it is for all of its ports.
 *
 *   proxy-protocol=v2,allow=10.0.0.0/8,allow=fd00::/8,max=1000,
 *   max-per-client=50,connect-retry=3s,half-close=10m,udp-timeout=30s
 *
 * What is not understood is an error, and the port is not published: a list
 * of addresses that was misread would let everybody in.
 */
#ifndef DAEMON_PORT_FORWARD_H
#define DAEMON_PORT_FORWARD_H

#include "daemon/port_listen.h"
#include "runtime/cidr.h"

#include <stdint.h>

#define PORT_NETWORKS_MAX 64
#define PORT_HEADER_MAX   108 /* of PROXY v1, which is the longer one */

struct clients;

struct port_forward {
	struct cidr networks[PORT_NETWORKS_MAX];
	uint32_t nnetworks;      /* 0: everybody */
	uint32_t proxy_protocol; /* 1, 2; 0: none */
	uint32_t max;            /* connections, UDP clients; 0: no limit */
	uint32_t max_per_client; /* of an address; 0: no limit */
	uint32_t connect_retry_ms, half_close_ms; /* 0: off */
	uint32_t udp_timeout_ms;
	uint32_t now;            /* connections, UDP clients */
	struct clients *clients; /* owned; NULL: not counted by address */
};

/* `text` may be NULL. False: `why` names the word that is wrong. */
bool port_forward_parse(
	struct port_forward *f, const char *text, char why[PORT_REASON_BYTES]);

/* One more connection or UDP client, if that address may have one; and one
 * less. */
bool port_forward_enter(struct port_forward *f, const union port_sockaddr *a);
void port_forward_leave(struct port_forward *f, const union port_sockaddr *a);

/* The PROXY protocol's header for a connection of `client` to our address
 * `own`; its length. */
size_t port_forward_header(const struct port_forward *f,
	const union port_sockaddr *client, const union port_sockaddr *own,
	char buf[PORT_HEADER_MAX]);

#endif
