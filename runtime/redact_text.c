/* The tokens of a JSON stream that come in pieces: strings and numbers. */
#include "runtime/redact_text.h"

#include "runtime/str.h"

#include <string.h>

/* --- strings (RFC 8259 section 7, RFC 3629) ------------------------------- */

enum place {
	BETWEEN,
	BACKSLASH,     /* behind one */
	DIGITS,        /* of \u */
	LOW_BACKSLASH, /* behind a high surrogate */
	LOW_U,
	CONTINUATION, /* inside a character of UTF-8 */
};

static bool
begin_utf8(struct redact_string *s, unsigned char c)
{
	if (c < 0xc2 || c > 0xf4)
		return false;
	s->at = CONTINUATION;
	s->left = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	/* No overlong form, no surrogate, nothing above U+10FFFF. */
	s->lo = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	s->hi = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	return true;
}

static bool
begin(struct redact_string *s, unsigned char c)
{
	if (c >= 0x80)
		return begin_utf8(s, c);
	if (c == '\\')
		s->at = BACKSLASH;
	return c >= 0x20;
}

static bool
continue_utf8(struct redact_string *s, unsigned char c)
{
	if (c < s->lo || c > s->hi)
		return false;
	s->lo = 0x80;
	s->hi = 0xbf;
	if (--s->left == 0)
		s->at = BETWEEN;
	return true;
}

static void
begin_digits(struct redact_string *s, bool low)
{
	s->at = DIGITS;
	s->left = 4;
	s->unit = 0;
	s->low = low;
}

static bool
escape(struct redact_string *s, unsigned char c)
{
	s->at = BETWEEN;
	if (c == 'u')
		begin_digits(s, false);
	return c && strchr("\"\\/bfnrtu", c);
}

static bool
digit(struct redact_string *s, unsigned char c)
{
	int value = ascii_hex((char)c);

	if (value < 0)
		return false;
	s->unit = (uint16_t)(s->unit << 4 | value);
	if (--s->left)
		return true;
	bool is_low = s->unit >= 0xdc00 && s->unit <= 0xdfff;
	bool is_high = s->unit >= 0xd800 && s->unit <= 0xdbff;
	s->at = is_high ? LOW_BACKSLASH : BETWEEN;
	return is_low == s->low;
}

bool
redact_string_step(struct redact_string *s, unsigned char c)
{
	switch ((enum place)s->at) {
	case BETWEEN:
		return begin(s, c);
	case BACKSLASH:
		return escape(s, c);
	case DIGITS:
		return digit(s, c);
	case LOW_BACKSLASH:
		s->at = LOW_U;
		return c == '\\';
	case LOW_U:
		begin_digits(s, true);
		return c == 'u';
	case CONTINUATION:
		break;
	}
	return continue_utf8(s, c);
}

/* --- numbers (section 6) -------------------------------------------------- */

enum number {
	NOTHING,
	MINUS,
	ZERO,
	WHOLE,
	POINT,
	FRACTION,
	EXPONENT,
	SIGN,
	POWER,
	NUMBERS
};

enum number_class { DIGIT_0, DIGIT, DOT, LETTER_E, PLUS, DASH, CLASSES, NONE };

static const unsigned char next_number[NUMBERS][CLASSES] = {
	[NOTHING] = {[DIGIT_0] = ZERO, [DIGIT] = WHOLE, [DASH] = MINUS},
	[MINUS] = {[DIGIT_0] = ZERO, [DIGIT] = WHOLE},
	[ZERO] = {[DOT] = POINT, [LETTER_E] = EXPONENT},
	[WHOLE] = {[DIGIT_0] = WHOLE,
		[DIGIT] = WHOLE,
		[DOT] = POINT,
		[LETTER_E] = EXPONENT},
	[POINT] = {[DIGIT_0] = FRACTION, [DIGIT] = FRACTION},
	[FRACTION] = {[DIGIT_0] = FRACTION,
		[DIGIT] = FRACTION,
		[LETTER_E] = EXPONENT},
	[EXPONENT] = {[DIGIT_0] = POWER,
		[DIGIT] = POWER,
		[PLUS] = SIGN,
		[DASH] = SIGN},
	[SIGN] = {[DIGIT_0] = POWER, [DIGIT] = POWER},
	[POWER] = {[DIGIT_0] = POWER, [DIGIT] = POWER},
};

static enum number_class
number_class(unsigned char c)
{
	if (c >= '0' && c <= '9')
		return c == '0' ? DIGIT_0 : DIGIT;
	switch (c) {
	case '.':
		return DOT;
	case 'e':
	case 'E':
		return LETTER_E;
	case '+':
		return PLUS;
	case '-':
		return DASH;
	default:
		return NONE;
	}
}

unsigned
redact_number_step(unsigned state, unsigned char c)
{
	enum number_class class = number_class(c);
	return class == NONE ? NOTHING : next_number[state][class];
}

bool
redact_number_whole(unsigned state)
{
	return state == ZERO || state == WHOLE || state == FRACTION ||
	       state == POWER;
}
