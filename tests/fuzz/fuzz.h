/* What the fuzz targets share. A target is one function, called with bytes
 * that nobody has looked at; it must return, whatever they are. What it claims
 * it asserts. libFuzzer drives it (`make fuzz`), or replay.c, which runs it
 * over files (`make check-fuzz`).
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "runtime/str.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

/* Always 0: libFuzzer's sign that the input may stay in the corpus. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input, as a string. */
static inline struct str
fuzz_text(const uint8_t *data, size_t size)
{
	return (struct str){(const char *)data, size};
}

/* The first byte, which is then gone; 0 when there is none. */
static inline uint8_t
fuzz_byte(struct str *in)
{
	if (in->n == 0)
		return 0;
	uint8_t byte = (uint8_t)in->p[0];
	*in = str_from(*in, 1);
	return byte;
}

/* What stands before the first sep, or all of it; with the separator it is
 * then gone. */
static inline struct str
fuzz_cut(struct str *in, char sep)
{
	const char *hit = in->n ? memchr(in->p, sep, in->n) : NULL;
	size_t n = hit ? (size_t)(hit - in->p) : in->n;
	struct str piece = {in->p, n};

	*in = str_from(*in, hit ? n + 1 : n);
	return piece;
}

/* A copy of exactly that size, so that a sanitizer sees any byte read outside
 * of it. Owned by the caller. */
static inline char *
fuzz_copy(struct str s)
{
	char *copy = malloc(s.n ? s.n : 1);

	assert(copy);
	if (s.n)
		memcpy(copy, s.p, s.n);
	return copy;
}

/* Text that grows. */
struct fuzz_buffer {
	char *p; /* owned */
	size_t n, room;
};

static inline void
fuzz_put(struct fuzz_buffer *b, struct str s)
{
	if (s.n > b->room - b->n) {
		b->room = 2 * (b->n + s.n);
		b->p = realloc(b->p, b->room);
		assert(b->p);
	}
	if (s.n)
		memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

static inline struct str
fuzz_buffer_text(const struct fuzz_buffer *b)
{
	return (struct str){b->n ? b->p : "", b->n};
}

#endif
