/* Text of whoever sent it, inside a line of JSON. */
#include "runtime/audit_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define CUT_ROOM     40 /* "...[cut: 18446744073709551615 bytes]" */

const char audit_hex[] = "0123456789ABCDEF";

/* --- bytes --------------------------------------------------------------- */

void
audit_put(struct audit_buf *o, struct str s)
{
	assert(s.n <= o->room - o->n);
	if (s.n > 0)
		memcpy(o->p + o->n, s.p, s.n);
	o->n += s.n;
}

void
audit_put_number(struct audit_buf *o, uint64_t n)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRIu64, n);

	audit_put(o, (struct str){text, (size_t)len});
}

/* --- text ---------------------------------------------------------------- */

struct audit_text
audit_text_begin(struct audit_buf *o, size_t max)
{
	assert(max > CUT_ROOM);
	audit_put(o, STR("\""));
	return (struct audit_text){.o = o, .end = o->n + max - CUT_ROOM};
}

void
audit_text_end(struct audit_text *t)
{
	if (t->cut) {
		audit_put(t->o, STR("...[cut: "));
		audit_put_number(t->o, t->bytes);
		audit_put(t->o, STR(" bytes]"));
	}
	audit_put(t->o, STR("\""));
}

/* The bytes of the character that s begins with; 1 for a byte that begins
 * none. */
static size_t
char_bytes(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (c < 0x80 || n > s.n || !str_is_utf8((struct str){s.p, n}))
		return 1;
	return n;
}

/* The number of a character of two or three bytes, else 0. */
static unsigned
code_point(struct str c)
{
	const unsigned char *p = (const unsigned char *)c.p;

	if (c.n == 2)
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	if (c.n == 3)
		return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 |
		       (p[2] & 0x3fu);
	return 0;
}

/* Controls of the upper half, and what is not seen or makes other text be
 * seen elsewhere. */
static bool
is_treacherous(unsigned code)
{
	static const struct {
		unsigned first, last;
	} ranges[] = {
		{0x80, 0x9f},
		{0x200b, 0x200f},
		{0x2028, 0x202e},
		{0x2060, 0x206f},
		{0xfeff, 0xfeff},
	};
	for (size_t i = 0; i < COUNT(ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

static size_t
spell_escape(unsigned code, char to[8])
{
	to[0] = '\\';
	to[1] = 'u';
	for (int i = 0; i < 4; i++)
		to[2 + i] = audit_hex[code >> (12 - 4 * i) & 15];
	return 6;
}

/* How a character, or a byte that is none, stands in a JSON string; at most
 * 6 bytes. */
static size_t
spell(struct str c, char to[8])
{
	unsigned code = c.n == 1 ? (unsigned char)c.p[0] : code_point(c);

	if (c.n == 1 && (code == '"' || code == '\\')) {
		to[0] = '\\';
		to[1] = (char)code;
		return 2;
	}
	if ((c.n == 1 && (code < 0x20 || code >= 0x7f)) ||
		(c.n > 1 && is_treacherous(code)))
		return spell_escape(code, to);
	memcpy(to, c.p, c.n);
	return c.n;
}

/* How many bytes s begins with, of at most max, that stand for themselves. */
static size_t
plain_bytes(struct str s, size_t max)
{
	size_t n = 0;

	while (n < s.n && n < max && s.p[n] >= ' ' && s.p[n] < 0x7f &&
		s.p[n] != '"' && s.p[n] != '\\')
		n++;
	return n;
}

void
audit_text_put(struct audit_text *t, struct str s)
{
	t->bytes += s.n;
	while (s.n > 0 && !t->cut) {
		char spelled[8];
		size_t room = t->end - t->o->n;
		size_t bytes = plain_bytes(s, room);
		struct str as = {s.p, bytes};
		if (bytes == 0) {
			bytes = char_bytes(s);
			as.p = spelled;
			as.n = spell((struct str){s.p, bytes}, spelled);
		}
		t->cut = as.n > room;
		if (!t->cut)
			audit_put(t->o, as);
		s = str_from(s, bytes);
	}
}

void
audit_put_text(struct audit_buf *o, struct str s, size_t max)
{
	if (s.n == 0) {
		audit_put(o, STR("null"));
		return;
	}
	struct audit_text t = audit_text_begin(o, max);
	audit_text_put(&t, s);
	audit_text_end(&t);
}
