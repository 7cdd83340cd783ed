/* Eight bytes at a time, in a word: for text that is read too often to be read
 * byte by byte. Nothing here depends on the order of a word's bytes.
 */
#ifndef RUNTIME_WORD_H
#define RUNTIME_WORD_H

#include <stdint.h>
#include <string.h>

/* One byte in each of a word's eight. */
#define WORD_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The eight bytes at p. */
static inline uint64_t
word_at(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* With ASCII's capital letters lowered. The sums tell in a byte's top bit
 * whether its other seven reach a value; they cannot carry. */
static inline uint64_t
word_lower(uint64_t w)
{
	uint64_t low = w & WORD_EACH(0x7f);
	uint64_t from_a = low + WORD_EACH(0x80 - 'A');
	uint64_t behind_z = low + WORD_EACH(0x7f - 'Z');

	return w | (from_a & ~behind_z & ~w & WORD_EACH(0x80)) >> 2;
}

#endif
