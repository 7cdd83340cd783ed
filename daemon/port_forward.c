/* DOCKER_PROXY_FORWARD: reading it, and admitting clients by it. */
#include "daemon/port_forward.h"

#include "daemon/clients.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define UDP_TIMEOUT_MS (90 * 1000)
#define COUNT_MAX      1000000u
#define CLIENTS_MAX    65536u /* addresses counted at once, without a max */

/* --- reading ---------------------------------------------------------------- */

static bool
read_digits(struct str *s, uint32_t max, uint32_t *out)
{
	size_t n = 0;
	uint64_t value = 0;

	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9' && value <= max)
		value = value * 10 + (uint64_t)(s->p[n++] - '0');
	*s = str_from(*s, n);
	*out = (uint32_t)value;
	return n > 0 && value > 0 && value <= max;
}

static bool
read_count(struct str s, void *at)
{
	return read_digits(&s, COUNT_MAX, at) && s.n == 0;
}

/* "500ms", "3s", "10m": at most a day. */
static bool
read_duration(struct str s, void *at)
{
	static const struct {
		char unit[3];
		uint32_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60 * 1000}};
	uint32_t n;

	if (!read_digits(&s, 24 * 3600 * 1000, &n))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!str_eq(s, str_of(units[i].unit)))
			continue;
		*(uint32_t *)at = n * units[i].ms;
		return n <= 24 * 3600 * 1000 / units[i].ms;
	}
	return false;
}

static bool
read_version(struct str s, void *at)
{
	*(uint32_t *)at = str_eq(s, STR("v1")) ? 1 : 2;
	return str_eq(s, STR("v1")) || str_eq(s, STR("v2"));
}

static bool
read_network(struct str s, void *at)
{
	struct port_forward *f = at;
	bool host_bits = false;

	return f->nnetworks < PORT_NETWORKS_MAX &&
	       cidr_parse(s, &f->networks[f->nnetworks++], &host_bits) &&
	       !host_bits;
}

static bool
read_word(struct port_forward *f, struct str word)
{
	const struct {
		struct str name;
		bool (*read)(struct str, void *);
		void *at;
	} keys[] = {
		{STR("proxy-protocol="), read_version, &f->proxy_protocol},
		{STR("allow="), read_network, f},
		{STR("max="), read_count, &f->max},
		{STR("max-per-client="), read_count, &f->max_per_client},
		{STR("connect-retry="), read_duration, &f->connect_retry_ms},
		{STR("half-close="), read_duration, &f->half_close_ms},
		{STR("udp-timeout="), read_duration, &f->udp_timeout_ms},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (str_starts(word, keys[i].name))
			return keys[i].read(
				str_from(word, keys[i].name.n), keys[i].at);
	return false;
}

static bool
count_clients(struct port_forward *f)
{
	uint32_t seed, room = f->max ? f->max : CLIENTS_MAX;

	if (!f->max_per_client)
		return true;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return false;
	/* The table has room for so many: more must not come. */
	f->max = room;
	f->clients = clients_new(f->max_per_client, room, seed);
	return f->clients;
}

bool
port_forward_parse(
	struct port_forward *f, const char *text, char why[PORT_REASON_BYTES])
{
	struct str rest = str_of(text ? text : "");

	*f = (struct port_forward){.udp_timeout_ms = UDP_TIMEOUT_MS};
	while (rest.n) {
		size_t n = str_find(rest, STR(","));
		struct str word = {rest.p, n};
		if (!read_word(f, word)) {
			snprintf(why, PORT_REASON_BYTES,
				"DOCKER_PROXY_FORWARD: cannot use \"%.*s\"",
				(int)(n < 100 ? n : 100), word.p);
			return false;
		}
		rest = str_from(rest, n < rest.n ? n + 1 : n);
	}
	snprintf(why, PORT_REASON_BYTES,
		"DOCKER_PROXY_FORWARD: no memory to count clients");
	return count_clients(f);
}

/* --- admitting --------------------------------------------------------------- */

static struct ip
ip_of(const union port_sockaddr *a)
{
	struct ip ip = {.b = {[10] = 0xff, [11] = 0xff}, .set = true};

	if (a->sa.sa_family == AF_INET)
		memcpy(ip.b + 12, &a->in.sin_addr, 4);
	else
		memcpy(ip.b, &a->in6.sin6_addr, 16);
	return ip;
}

static bool
is_allowed(const struct port_forward *f, const struct ip *ip)
{
	for (uint32_t i = 0; i < f->nnetworks; i++)
		if (cidr_has(&f->networks[i], ip))
			return true;
	return f->nnetworks == 0;
}

bool
port_forward_enter(struct port_forward *f, const union port_sockaddr *a)
{
	struct ip ip = ip_of(a);

	if ((f->max && f->now >= f->max) || !is_allowed(f, &ip) ||
		(f->clients && !clients_enter(f->clients, &ip)))
		return false;
	f->now++;
	return true;
}

void
port_forward_leave(struct port_forward *f, const union port_sockaddr *a)
{
	struct ip ip = ip_of(a);

	f->now--;
	if (f->clients)
		clients_leave(f->clients, &ip);
}

/* --- the PROXY protocol -------------------------------------------------------- */

static uint16_t
port_of(const union port_sockaddr *a)
{
	return a->sa.sa_family == AF_INET ? a->in.sin_port : a->in6.sin6_port;
}

static bool
is_four(const struct ip *ip)
{
	const struct ip four = {.b = {[10] = 0xff, [11] = 0xff}};

	return memcmp(ip->b, four.b, 12) == 0;
}

static char *
put(char *to, const void *p, size_t n)
{
	memcpy(to, p, n);
	return to + n;
}

/* Section 2.2 of the specification (haproxy's doc/proxy-protocol.txt). */
static size_t
write_v2(const struct ip *from, const struct ip *to, uint16_t from_port,
	uint16_t to_port, char *buf)
{
	static const char signature[] =
		"\r\n\r\n\0\r\nQUIT\n\x21"; /* version 2, PROXY */
	size_t n = is_four(from) ? 4 : 16;
	uint16_t bytes = htons((uint16_t)(2 * n + 4));
	char *p = put(buf, signature, sizeof(signature) - 1);

	*p++ = n == 4 ? 0x11 : 0x21; /* TCP over IPv4, IPv6 */
	p = put(p, &bytes, 2);
	p = put(p, from->b + 16 - n, n);
	p = put(p, to->b + 16 - n, n);
	p = put(p, &from_port, 2);
	p = put(p, &to_port, 2);
	return (size_t)(p - buf);
}

size_t
port_forward_header(const struct port_forward *f,
	const union port_sockaddr *client, const union port_sockaddr *own,
	char buf[PORT_HEADER_MAX])
{
	struct ip from = ip_of(client), to = ip_of(own);
	char from_text[46], to_text[46];

	if (f->proxy_protocol == 2)
		return write_v2(&from, &to, port_of(client), port_of(own), buf);
	return (size_t)snprintf(buf, PORT_HEADER_MAX,
		"PROXY TCP%c %s %s %u %u\r\n", is_four(&from) ? '4' : '6',
		ip_text(&from, from_text), ip_text(&to, to_text),
		ntohs(port_of(client)), ntohs(port_of(own)));
}
