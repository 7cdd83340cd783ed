/* JSON strings: scanning, decoding, folding. */
#include "runtime/json_string.h"

#include "runtime/json_plain.h"

#include <stdint.h>

/* --- escapes ------------------------------------------------------------ */

/* What a letter behind a backslash stands for; 0: nothing, or \u. */
static const char short_escape[128] = {
	['"'] = '"',
	['\\'] = '\\',
	['/'] = '/',
	['b'] = '\b',
	['f'] = '\f',
	['n'] = '\n',
	['r'] = '\r',
	['t'] = '\t',
};

/* The same the other way round. */
static const char control_letter[0x20] = {
	['\b'] = 'b',
	['\f'] = 'f',
	['\n'] = 'n',
	['\r'] = 'r',
	['\t'] = 't',
};

/* The value of `\uXXXX` at the start of s, or -1. */
static int32_t
code_unit(struct str s)
{
	int32_t unit = 0;
	if (s.n < 6 || s.p[0] != '\\' || s.p[1] != 'u')
		return -1;
	for (size_t i = 2; i < 6; i++) {
		int digit = ascii_hex(s.p[i]);
		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static bool
is_high_surrogate(int32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool
is_low_surrogate(int32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* Reads the escape at the start of s: its code point and its length. */
static enum why
read_escape(struct str s, uint32_t *code_out, size_t *used_out)
{
	unsigned char letter = s.n > 1 ? (unsigned char)s.p[1] : 0;
	if (letter < sizeof(short_escape) && short_escape[letter]) {
		*code_out = (unsigned char)short_escape[letter];
		*used_out = 2;
		return WHY_OK;
	}
	int32_t unit = code_unit(s);
	if (unit < 0)
		return WHY_JSON_SYNTAX;
	if (is_low_surrogate(unit))
		return WHY_JSON_SURROGATE;
	*code_out = (uint32_t)unit;
	*used_out = 6;
	if (!is_high_surrogate(unit))
		return WHY_OK;
	int32_t low = code_unit(str_from(s, 6));
	if (!is_low_surrogate(low))
		return WHY_JSON_SURROGATE;
	*code_out =
		0x10000 + (uint32_t)((unit - 0xd800) << 10 | (low - 0xdc00));
	*used_out = 12;
	return WHY_OK;
}

enum why
json_string_scan(struct str text, size_t *at, bool *escaped_out)
{
	size_t start = *at + 1;
	size_t i = start;
	bool ascii = true;

	*escaped_out = false;
	for (;;) {
		i = (size_t)(json_plain_run(text.p + i, text.p + text.n) -
			     text.p);
		*at = i;
		unsigned char c = i < text.n ? (unsigned char)text.p[i] : 0;
		if (c == '"')
			break;
		if (c < 0x20)
			return WHY_JSON_SYNTAX;
		if (c == '\\') {
			uint32_t code;
			size_t used = 0;
			enum why why =
				read_escape(str_from(text, i), &code, &used);
			if (why != WHY_OK)
				return why;
			*escaped_out = true;
			i += used;
			continue;
		}
		while (i < text.n && (unsigned char)text.p[i] >= 0x80)
			i++;
		ascii = false;
	}
	if (!ascii && !str_is_utf8((struct str){text.p + start, i - start})) {
		*at = start;
		return WHY_JSON_UTF8;
	}
	*at = i + 1;
	return WHY_OK;
}

/* --- text --------------------------------------------------------------- */

static char *
put_utf8(char *to, uint32_t code)
{
	if (code < 0x80) {
		*to++ = (char)code;
		return to;
	}
	if (code < 0x800) {
		*to++ = (char)(0xc0 | code >> 6);
	} else {
		if (code < 0x10000) {
			*to++ = (char)(0xe0 | code >> 12);
		} else {
			*to++ = (char)(0xf0 | code >> 18);
			*to++ = (char)(0x80 | (code >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (code & 0x3f));
	return to;
}

/* One character of a compact string. */
static char *
put_compact(char *to, uint32_t code)
{
	static const char hex[16] = "0123456789abcdef";

	if (code == '"' || code == '\\') {
		*to++ = '\\';
		*to++ = (char)code;
		return to;
	}
	if (code >= 0x20)
		return put_utf8(to, code);
	*to++ = '\\';
	if (control_letter[code]) {
		*to++ = control_letter[code];
		return to;
	}
	memcpy(to, "u00", 3);
	to[3] = hex[code >> 4];
	to[4] = hex[code & 15];
	return to + 5;
}

/* Copies inside, with each escape written by put. */
static size_t
rewrite(struct str inside, char *to, char *(*put)(char *, uint32_t))
{
	char *start = to;
	while (inside.n) {
		const char *hit = memchr(inside.p, '\\', inside.n);
		size_t n = hit ? (size_t)(hit - inside.p) : inside.n;
		memcpy(to, inside.p, n);
		to += n;
		inside = str_from(inside, n);
		if (!inside.n)
			break;
		uint32_t code = 0;
		size_t used = inside.n; /* never: the string was scanned */
		read_escape(inside, &code, &used);
		to = put(to, code);
		inside = str_from(inside, used);
	}
	return (size_t)(to - start);
}

size_t
json_string_decode(struct str inside, char *to)
{
	return rewrite(inside, to, put_utf8);
}

size_t
json_string_compact(struct str inside, char *to)
{
	return rewrite(inside, to, put_compact);
}

size_t
json_string_fold(char *p, size_t n)
{
	size_t to = 0;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)p[i] < 0x80) {
			p[to++] = ascii_lower(p[i]);
		} else if (n - i >= 2 && memcmp(p + i, "\xc5\xbf", 2) == 0) {
			p[to++] = 's';
			i += 1;
		} else if (n - i >= 3 &&
			   memcmp(p + i, "\xe2\x84\xaa", 3) == 0) {
			p[to++] = 'k';
			i += 2;
		} else {
			p[to++] = p[i];
		}
	}
	return to;
}
