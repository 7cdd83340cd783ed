/* The PROXY protocol, versions 1 and 2: whose connection a load balancer
 * passes on (HAProxy's doc/proxy-protocol.txt).
 *
 * Incremental: takes the bytes as they come and never one behind the header,
 * since TLS or a request follows at once.
 */
#ifndef RUNTIME_PROXYPROTO_H
#define RUNTIME_PROXYPROTO_H

#include "runtime/cidr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROXYPROTO_V1_MAX 107u /* its section 2.1, CRLF included */

/* A header as far as it has come; all zero at the beginning. */
struct proxyproto {
	/* Its bytes: all of version 1, of version 2 up to the addresses. */
	uint8_t kept[PROXYPROTO_V1_MAX];
	uint32_t n;     /* bytes so far */
	uint32_t total; /* of version 2, once it is known */
	/* When it is DONE; ip is not set when the connection is the load
	 * balancer's own (LOCAL), or of an unknown kind. */
	struct ip ip;
	uint16_t port;
};

enum proxyproto_step {
	PROXYPROTO_MORE,
	PROXYPROTO_DONE,
	PROXYPROTO_BAD, /* malformed, or what follows has no header */
};

/* Goes on with n bytes; *used_out of them belong to the header. Datagrams,
 * unix addresses and more than PROXYPROTO_V2_MAX bytes are BAD. */
enum proxyproto_step proxyproto_feed(
	struct proxyproto *pp, const char *p, size_t n, size_t *used_out);

#endif
