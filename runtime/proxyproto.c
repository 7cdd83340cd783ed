/* The PROXY protocol: reading a header of version 1 or 2. */
#include "runtime/proxyproto.h"

#include "runtime/limits.h"

#include <assert.h>

#include <string.h>

#define V2_FIXED     16u /* signature, version and command, family, length */
#define V2_SIGNATURE 12u
#define V2_LOCAL     0x20 /* version 2 in the high half */
#define V2_PROXY     0x21

static const uint8_t v1_prefix[] = {'P', 'R', 'O', 'X', 'Y', ' '};
static const uint8_t v2_signature[V2_SIGNATURE] = {
	0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* --- version 1 ---------------------------------------------------------------- */

/* Takes the word up to the next space, or to the end. */
static struct str
take_word(struct str *line)
{
	size_t space = str_find(*line, STR(" "));
	const struct str word = {line->p, space};

	*line = str_from(*line, space < line->n ? space + 1 : space);
	return word;
}

static bool
read_port(struct str s, uint16_t *out)
{
	uint32_t port = 0;

	if (s.n == 0 || s.n > 5 || (s.n > 1 && s.p[0] == '0'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		port = port * 10 + (uint32_t)(s.p[i] - '0');
	}
	*out = (uint16_t)port;
	return port <= UINT16_MAX;
}

static bool
read_address(struct str s, bool v6, struct ip *out)
{
	return (str_find(s, STR(":")) < s.n) == v6 && ip_parse(s, out);
}

/* Section 2.1; the line is without its CRLF. */
static enum proxyproto_step
read_v1(struct proxyproto *pp)
{
	struct str line = {(const char *)pp->kept, pp->n - 2};
	struct ip from, to;
	uint16_t from_port, to_port;

	line = str_from(line, sizeof(v1_prefix));
	const struct str kind = take_word(&line);
	if (str_eq(kind, STR("UNKNOWN")))
		return PROXYPROTO_DONE;
	bool v6 = str_eq(kind, STR("TCP6"));
	if (!v6 && !str_eq(kind, STR("TCP4")))
		return PROXYPROTO_BAD;
	const struct str from_text = take_word(&line);
	const struct str to_text = take_word(&line);
	const struct str port_text = take_word(&line);
	/* The rest is the last word: a space in it is no digit. */
	if (!read_address(from_text, v6, &from) ||
		!read_address(to_text, v6, &to) ||
		!read_port(port_text, &from_port) || !read_port(line, &to_port))
		return PROXYPROTO_BAD;
	pp->ip = from;
	pp->port = from_port;
	return PROXYPROTO_DONE;
}

static enum proxyproto_step
next_v1(struct proxyproto *pp)
{
	uint8_t c = pp->kept[pp->n - 1];
	bool after_cr = pp->n > 1 && pp->kept[pp->n - 2] == '\r';

	if (pp->n <= sizeof(v1_prefix))
		return c == v1_prefix[pp->n - 1] ? PROXYPROTO_MORE
						 : PROXYPROTO_BAD;
	if ((c == '\n') != after_cr)
		return PROXYPROTO_BAD;
	if (c == '\n')
		return read_v1(pp);
	return pp->n < PROXYPROTO_V1_MAX ? PROXYPROTO_MORE : PROXYPROTO_BAD;
}

/* --- version 2 ---------------------------------------------------------------- */

/* Section 2.2: families with their transport that are passed on, and what
 * they have of addresses and ports. */
static const struct family {
	uint8_t id;
	uint8_t address; /* bytes of each of the two */
	uint8_t size;    /* of all */
} families[] = {
	{0x00, 0, 0}, /* not said */
	{0x11, 4, 12},
	{0x21, 16, 36},
};

static const struct family *
family_of(const struct proxyproto *pp)
{
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (families[i].id == pp->kept[13])
			return &families[i];
	return NULL;
}

static enum proxyproto_step
read_v2(struct proxyproto *pp)
{
	static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};
	const uint8_t *p = pp->kept + V2_FIXED;

	if (pp->kept[12] == V2_LOCAL)
		return PROXYPROTO_DONE;
	const struct family *f = family_of(pp);
	assert(f); /* check_v2() */
	if (f->address == 0)
		return PROXYPROTO_DONE;
	if (f->address == 4)
		memcpy(pp->ip.b, v4_prefix, sizeof(v4_prefix));
	memcpy(pp->ip.b + sizeof(pp->ip.b) - f->address, p, f->address);
	pp->ip.set = true;
	p += 2 * f->address;
	pp->port = (uint16_t)(p[0] << 8 | p[1]);
	return PROXYPROTO_DONE;
}

/* The fixed part has come. */
static bool
check_v2(struct proxyproto *pp)
{
	uint32_t len = (uint32_t)pp->kept[14] << 8 | pp->kept[15];
	const struct family *f = family_of(pp);

	pp->total = V2_FIXED + len;
	if (pp->total > PROXYPROTO_V2_MAX)
		return false;
	/* Of LOCAL, the family is to be ignored. */
	return pp->kept[12] == V2_LOCAL ||
	       (pp->kept[12] == V2_PROXY && f && len >= f->size);
}

static enum proxyproto_step
next_v2(struct proxyproto *pp)
{
	if (pp->n <= V2_SIGNATURE &&
		pp->kept[pp->n - 1] != v2_signature[pp->n - 1])
		return PROXYPROTO_BAD;
	if (pp->n < V2_FIXED)
		return PROXYPROTO_MORE;
	if (pp->n == V2_FIXED && !check_v2(pp))
		return PROXYPROTO_BAD;
	return pp->n < pp->total ? PROXYPROTO_MORE : read_v2(pp);
}

/* --- both --------------------------------------------------------------------- */

enum proxyproto_step
proxyproto_feed(
	struct proxyproto *pp, const char *p, size_t n, size_t *used_out)
{
	enum proxyproto_step step = PROXYPROTO_MORE;
	size_t i = 0;

	while (i < n && step == PROXYPROTO_MORE) {
		if (pp->n < sizeof(pp->kept))
			pp->kept[pp->n] = (uint8_t)p[i];
		pp->n++;
		i++;
		step = pp->kept[0] == v1_prefix[0] ? next_v1(pp) : next_v2(pp);
	}
	*used_out = i;
	return step;
}
