/* Random JSON, and JSON that is broken at random, for the tests of
 * runtime/json* and runtime/redact*. */
#ifndef TESTS_UNIT_JSON_RANDOM_H
#define TESTS_UNIT_JSON_RANDOM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RANDOM_TEXT_MAX 4096

static inline uint32_t
random_below(uint32_t *state, uint32_t n)
{
	*state = *state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(*state >> 8) * n >> 24);
}

struct random_text {
	char p[RANDOM_TEXT_MAX + 8]; /* with room for some mutations */
	size_t n;
	uint32_t seed;
};

static inline void
random_put(struct random_text *t, const char *s)
{
	size_t n = strlen(s);

	if (t->n + n > RANDOM_TEXT_MAX)
		return;
	memcpy(t->p + t->n, s, n);
	t->n += n;
}

static inline void
random_put_one(struct random_text *t, const char *const *from, size_t n)
{
	random_put(t, from[random_below(&t->seed, (uint32_t)n)]);
}

static inline void
random_space(struct random_text *t)
{
	static const char *const spaces[] = {"", "", "", " ", "\n\t", "\r "};

	random_put_one(t, spaces, sizeof(spaces) / sizeof(spaces[0]));
}

/* Not a capital letter in it: so no keys differ by case alone. */
static inline void
random_string(struct random_text *t)
{
	static const char longer_than_a_mask[] =
		"so long that it is no part of any one block of 64 bytes, but "
		"of two";
	static const char *const pieces[] = {"a", "b", "0", "longer text ", "k",
		"s", "\\n", "\\\"", "\\\\", "\\/", "\\u0061", "\\u00e9",
		"\\ud83d\\udc33", "\xc3\xa9", "\xf0\x9f\x90\xb3",
		"\xe2\x84\xab", "\x7f", "{", "]", ",", "\\u0001", "\\t",
		longer_than_a_mask};

	random_put(t, "\"");
	for (uint32_t i = random_below(&t->seed, 5); i > 0; i--)
		random_put_one(t, pieces, sizeof(pieces) / sizeof(pieces[0]));
	random_put(t, "\"");
}

static inline void
random_value(struct random_text *t, unsigned depth)
{
	static const char *const scalars[] = {"null", "true", "false", "0",
		"-1", "12345", "1.5", "-0.25e1", "100E-2"};
	uint32_t kind = random_below(&t->seed, depth < 5 ? 4 : 2);

	random_space(t);
	if (kind == 0)
		random_put_one(
			t, scalars, sizeof(scalars) / sizeof(scalars[0]));
	if (kind == 1)
		random_string(t);
	if (kind > 1)
		random_put(t, kind == 2 ? "[" : "{");
	for (uint32_t i = kind > 1 ? random_below(&t->seed, 4) : 0; i > 0;
		i--) {
		if (kind == 3) {
			random_space(t);
			random_string(t);
			random_space(t);
			random_put(t, ":");
		}
		random_value(t, depth + 1);
		random_put(t, i > 1 ? "," : "");
	}
	if (kind > 1)
		random_put(t, kind == 2 ? "]" : "}");
	random_space(t);
}

/* Breaks a text, maybe: another byte, one less, one more (there is room), or
 * cut short. Returns how long it is then. */
static inline size_t
random_mutate(char *p, size_t n, uint32_t *seed)
{
	static const char bytes[] = "\"\\{}[]:,0189.e+-tnfu \n\x01\x80\xc3\xff";

	if (n == 0)
		return 0;
	size_t at = random_below(seed, (uint32_t)n);
	char c = bytes[random_below(seed, sizeof(bytes) - 1)];
	switch (random_below(seed, 4)) {
	case 0:
		p[at] = c;
		return n;
	case 1:
		memmove(p + at, p + at + 1, n - at - 1);
		return n - 1;
	case 2:
		memmove(p + at + 1, p + at, n - at);
		p[at] = c;
		return n + 1;
	default:
		return random_below(seed, 8) == 0 ? at : n;
	}
}

#endif
