/* IP addresses and networks. */
#ifndef RUNTIME_CIDR_H
#define RUNTIME_CIDR_H

#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>

/* IPv4 as ::ffff:a.b.c.d, so that one comparison serves both. */
struct ip {
	uint8_t b[16];
	bool set; /* false: no address, as on a unix listener */
};

struct cidr {
	uint8_t b[16];
	uint8_t bits; /* of the 128 */
};

/* Numeric only, no zone. "::ffff:10.0.0.1" is 10.0.0.1. */
bool ip_parse(struct str text, struct ip *out);

/* "10.0.0.0/8", "fd00::/8", or a bare address. False when it is no network;
 * *host_bits_out is set when it is one but has bits set behind its prefix:
 * the caller says so, the bits are cleared in *out. */
bool cidr_parse(struct str text, struct cidr *out, bool *host_bits_out);

/* False for no address. The families are apart: "::/0" is every IPv6 address
 * and no IPv4 one, as "0.0.0.0/0" is every IPv4 address. */
bool cidr_has(const struct cidr *net, const struct ip *ip);

/* Is each address of the inner network one of the outer? */
bool cidr_covers(const struct cidr *outer, const struct cidr *inner);

#define CIDR_KEY_MAX 129

/* The network as a text, returned its length: '4' or '6', and a '0' or '1'
 * for each bit of the prefix, so that a network holds those whose keys begin
 * with its own. */
size_t cidr_key(const struct cidr *net, char key[CIDR_KEY_MAX]);

/* Whom limits by client take an address for: an IPv4 address is one client, and
 * so is a whole /64 of IPv6, which any host has to itself. */
struct ip ip_client(const struct ip *ip);

/* At most 46 bytes with the NUL; IPv4 in dotted form, no address as "".
 * Returns buf. */
const char *ip_text(const struct ip *ip, char buf[46]);

#endif
