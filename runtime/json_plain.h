/* The plain part of a JSON string, many bytes at a time.
 *
 * Nearly all bytes of the Engine's JSON are in strings, and nearly all of
 * those stand for themselves: how fast they are passed over is how fast JSON
 * is read. Sixteen at a time where the machine has vectors of bytes, else
 * eight in a word; then one by one.
 */
#ifndef RUNTIME_JSON_PLAIN_H
#define RUNTIME_JSON_PLAIN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* One byte in each of a word's eight. */
#define JSON_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The first byte of a word that is not plain, as a bit at its top; 0: none.
 * Each difference sets the top bit of a byte below its threshold; a borrow
 * reaches only the bytes behind such a one, so the first bit set is exact.
 * For little-endian hosts. */
static inline uint64_t
json_special_word(uint64_t w)
{
	return (w | (w - JSON_EACH(0x20)) |
		       ((w ^ JSON_EACH('"')) - JSON_EACH(1)) |
		       ((w ^ JSON_EACH('\\')) - JSON_EACH(1))) &
	       JSON_EACH(0x80);
}

#ifdef __SSE2__
/* A bit for each of the sixteen bytes at p that is not plain. As signed
 * numbers the bytes beyond ASCII are below the control bytes. */
static inline unsigned
json_special_vector(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
	__m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
	__m128i escape = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));

	return (unsigned)_mm_movemask_epi8(
		_mm_or_si128(low, _mm_or_si128(quote, escape)));
}
#endif

/* The first byte of [p, end) that does not stand for itself in a string: a
 * quote, a backslash, a control byte, or beyond ASCII. */
static inline const char *
json_plain_run(const char *p, const char *end)
{
	uint64_t w;

#ifdef __SSE2__
	for (; end - p >= 16; p += 16) {
		unsigned special = json_special_vector(p);
		if (special)
			return p + __builtin_ctz(special);
	}
#endif
	for (; end - p >= (ptrdiff_t)sizeof(w); p += sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		uint64_t special = json_special_word(w);
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
