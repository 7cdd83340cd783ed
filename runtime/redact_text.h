/* The tokens of a JSON stream that come in pieces: strings and numbers.
 *
 * Strict, as runtime/json_string is, but a byte at a time, with what must be
 * remembered in between.
 */
#ifndef RUNTIME_REDACT_TEXT_H
#define RUNTIME_REDACT_TEXT_H

#include <stdbool.h>
#include <stdint.h>

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

#endif
