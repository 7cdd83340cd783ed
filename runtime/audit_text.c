/* Text of whoever sent it, inside a line of JSON. */
#include "runtime/audit_text.h"

#include "runtime/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define CUT_ROOM 40 /* "...[cut: 18446744073709551615 bytes]" */
#define SPELLED  12 /* a character at most: two \uXXXX */

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

static size_t
spell_unit(unsigned unit, char *to)
{
	to[0] = '\\';
	to[1] = 'u';
	for (int i = 0; i < 4; i++)
		to[2 + i] = audit_hex[unit >> (12 - 4 * i) & 15];
	return 6;
}

/* As JSON has it: beyond U+FFFF as two surrogates. */
static size_t
spell_escape(uint32_t code, char to[SPELLED])
{
	if (code <= 0xffff)
		return spell_unit(code, to);
	spell_unit(0xd7c0 + (code >> 10), to);
	return 6 + spell_unit(0xdc00 + (code & 0x3ff), to + 6);
}

/* How a character, or a byte that is none, stands in a JSON string. */
static size_t
spell(struct str c, char to[SPELLED])
{
	uint32_t code = utf8_code(c);

	if (code == '"' || code == '\\') {
		to[0] = '\\';
		to[1] = (char)code;
		return 2;
	}
	if (utf8_is_hidden(code) || (c.n == 1 && code >= 0x80))
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
		char spelled[SPELLED];
		size_t room = t->end - t->o->n;
		size_t bytes = plain_bytes(s, room);
		struct str as = {s.p, bytes};
		if (bytes == 0) {
			bytes = utf8_bytes(s);
			bytes += bytes == 0; /* a byte that begins none */
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
