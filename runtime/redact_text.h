/* The tokens of a JSON stream that come in pieces: strings and numbers.
 *
 * Strict, as runtime/json_string is, but a byte at a time, with what must be
 * remembered in between; and fast over the plain part of a string.
 */
#ifndef RUNTIME_REDACT_TEXT_H
#define RUNTIME_REDACT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Where in an escape or a character of UTF-8 a string stands; all zero
 * between two characters. */
struct redact_string {
	uint8_t at;
	uint8_t left;   /* digits or bytes to come */
	uint8_t lo, hi; /* bounds of the next byte of UTF-8 */
	bool low;       /* a low surrogate must come */
	uint16_t unit;  /* of an escape, so far */
};

/* Takes a byte that is not the closing quote; false when it cannot stand
 * there. */
bool redact_string_step(struct redact_string *s, unsigned char c);

static inline bool
redact_string_between(const struct redact_string *s)
{
	return s->at == 0;
}

/* Takes the next byte of a number whose state is 0 at its first. Returns the
 * state behind it; 0 when the byte is none of the number. */
unsigned redact_number_step(unsigned state, unsigned char c);

/* May the number end here? */
bool redact_number_whole(unsigned state);

/* One byte in each of a word's eight. */
#define REDACT_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The first byte of [p, end) that does not stand for itself in a string: a
 * quote, a backslash, a control byte, or beyond ASCII. */
static inline const char *
redact_plain_run(const char *p, const char *end)
{
	uint64_t w;

	for (; end - p >= (ptrdiff_t)sizeof(w); p += sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		/* Each difference sets the top bit of a byte below its
		 * threshold; a borrow reaches only the bytes behind such a
		 * one, so the first bit set is exact. */
		uint64_t special =
			(w | (w - REDACT_EACH(0x20)) |
				((w ^ REDACT_EACH('"')) - REDACT_EACH(1)) |
				((w ^ REDACT_EACH('\\')) - REDACT_EACH(1))) &
			REDACT_EACH(0x80);
		if (special)
			return p + ((unsigned)__builtin_ctzll(special) >> 3);
	}
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;
		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
			break;
	}
	return p;
}

#endif
