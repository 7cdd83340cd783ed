/* IP addresses and networks: numeric text to 16 bytes and back. */
#include "runtime/cidr.h"

#include <arpa/inet.h>
#include <string.h>

#define V4_BITS     96u /* of the prefix that IPv4 lives under */
#define CLIENT_BITS 64u

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

static bool
is_v4(const uint8_t b[16])
{
	return memcmp(b, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool
ip_parse(struct str text, struct ip *out)
{
	char buf[INET6_ADDRSTRLEN];
	struct ip ip = {.set = true};

	/* inet_pton() stops at a NUL: one inside would hide what follows. */
	if (text.n == 0 || text.n >= sizeof(buf) || memchr(text.p, 0, text.n))
		return false;
	memcpy(buf, text.p, text.n);
	buf[text.n] = 0;
	if (inet_pton(AF_INET, buf, ip.b + sizeof(v4_prefix)) == 1)
		memcpy(ip.b, v4_prefix, sizeof(v4_prefix));
	else if (inet_pton(AF_INET6, buf, ip.b) != 1)
		return false;
	*out = ip;
	return true;
}

/* Decimal, at most `max`, without a sign or a leading zero. */
static bool
parse_bits(struct str text, unsigned max, unsigned *out)
{
	unsigned bits = 0;

	if (text.n == 0 || text.n > 3 || (text.n > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		bits = bits * 10 + (unsigned)(text.p[i] - '0');
	}
	*out = bits;
	return bits <= max;
}

/* The bits of byte i that lie within the prefix. */
static uint8_t
prefix_mask(unsigned bits, unsigned i)
{
	if (bits >= (i + 1) * 8)
		return 0xff;
	if (bits <= i * 8)
		return 0;
	return (uint8_t)(0xff00u >> (bits - i * 8));
}

bool
cidr_parse(struct str text, struct cidr *out, bool *host_bits_out)
{
	struct str addr = text;
	struct ip ip;
	unsigned bits = 128;
	size_t slash = str_find(text, STR("/"));

	addr.n = slash;
	if (!ip_parse(addr, &ip))
		return false;
	if (slash < text.n) {
		/* By how it is spelled: ::ffff:10.0.0.0/104 is 10.0.0.0/8. */
		bool dotted = str_find(addr, STR(":")) == addr.n;
		if (!parse_bits(str_from(text, slash + 1), dotted ? 32 : 128,
			    &bits))
			return false;
		if (dotted)
			bits += V4_BITS;
	}
	*host_bits_out = false;
	out->bits = (uint8_t)bits;
	for (unsigned i = 0; i < 16; i++) {
		out->b[i] = ip.b[i] & prefix_mask(bits, i);
		if (out->b[i] != ip.b[i])
			*host_bits_out = true;
	}
	return true;
}

bool
cidr_has(const struct cidr *net, const struct ip *ip)
{
	unsigned whole = net->bits / 8;

	if (!ip->set)
		return false;
	if (net->bits < V4_BITS && is_v4(ip->b))
		return false;
	if (memcmp(net->b, ip->b, whole) != 0)
		return false;
	if (net->bits % 8 == 0)
		return true;
	return ((net->b[whole] ^ ip->b[whole]) &
		       prefix_mask(net->bits, whole)) == 0;
}

bool
cidr_covers(const struct cidr *outer, const struct cidr *inner)
{
	struct ip first = {.set = true};

	memcpy(first.b, inner->b, sizeof(first.b));
	return outer->bits <= inner->bits && cidr_has(outer, &first);
}

struct ip
ip_client(const struct ip *ip)
{
	struct ip client = *ip;

	if (!is_v4(ip->b))
		memset(client.b + CLIENT_BITS / 8, 0, 16 - CLIENT_BITS / 8);
	return client;
}

/* Not by inet_ntop(), which calls printf(): each line of the log has one. */
static void
v4_text(const uint8_t b[4], char *to)
{
	for (int i = 0; i < 4; i++) {
		if (b[i] >= 100)
			*to++ = (char)('0' + b[i] / 100);
		if (b[i] >= 10)
			*to++ = (char)('0' + b[i] / 10 % 10);
		*to++ = (char)('0' + b[i] % 10);
		*to++ = i < 3 ? '.' : 0;
	}
}

const char *
ip_text(const struct ip *ip, char buf[46])
{
	buf[0] = 0;
	if (!ip->set)
		return buf;
	if (is_v4(ip->b))
		v4_text(ip->b + sizeof(v4_prefix), buf);
	else
		inet_ntop(AF_INET6, ip->b, buf, 46);
	return buf;
}

size_t
cidr_key(const struct cidr *net, char key[CIDR_KEY_MAX])
{
	bool v4 = net->bits >= V4_BITS && is_v4(net->b);
	size_t n = 0;

	key[n++] = v4 ? '4' : '6';
	for (unsigned i = v4 ? V4_BITS : 0; i < net->bits; i++)
		key[n++] = (net->b[i / 8] >> (7 - i % 8)) & 1 ? '1' : '0';
	return n;
}
