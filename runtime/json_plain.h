/* The special bytes of JSON strings: those that do not stand for themselves.
 *
 * They are the quote, the backslash, control bytes and all beyond ASCII.
 * Nearly all bytes of the Engine's JSON are in strings, and nearly all of
 * those are plain: how fast they are passed over is how fast JSON is read.
 * Sixteen at a time where the machine has vectors of bytes, else eight in a
 * word. Strings that come one after another are read by their special bytes
 * alone: which ones follow is known before anybody has looked at a token.
 */
#ifndef RUNTIME_JSON_PLAIN_H
#define RUNTIME_JSON_PLAIN_H

#include "runtime/word.h"

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* --- a bit for each byte of a block: is it special? ----------------------- */

/* The top bit of each byte of a word of ASCII that is zero. */
static inline uint64_t
json_zeroes(uint64_t w)
{
	return ~(w + WORD_EACH(0x7f)) & WORD_EACH(0x80);
}

/* Of eight bytes. Without the top bits no sum carries into the next byte. */
static inline uint64_t
json_special_word(const char *p)
{
	uint64_t w = le64toh(word_at(p));
	uint64_t low = w & WORD_EACH(0x7f);
	uint64_t special = w | ~(low + WORD_EACH(0x60)) |
			   json_zeroes(low ^ WORD_EACH('"')) |
			   json_zeroes(low ^ WORD_EACH('\\'));
	/* Each of the bits lands in a place of its own in the top byte. */
	return ((special & WORD_EACH(0x80)) >> 7) *
		       UINT64_C(0x0102040810204080) >>
	       56;
}

#ifdef __SSE2__
/* Of sixteen bytes. As signed numbers the bytes beyond ASCII are below the
 * control bytes. */
static inline uint64_t
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

/* What this build takes; JSON_PLAIN_WORDS: as a machine without vectors. */
#if defined(__SSE2__) && !defined(JSON_PLAIN_WORDS)
#define JSON_BLOCK   16
#define json_special json_special_vector
#else
#define JSON_BLOCK   8
#define json_special json_special_word
#endif

/* The first special byte of [p, end). */
static inline const char *
json_plain_run(const char *p, const char *end)
{
	for (; end - p >= JSON_BLOCK; p += JSON_BLOCK) {
		uint64_t special = json_special(p);
		if (special)
			return p + __builtin_ctzll(special);
	}
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;
		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
			break;
	}
	return p;
}

/* --- one after the other ------------------------------------------------------ */

#define JSON_MASK   64 /* bytes in a mask */

/* So that what has a struct json_specials can keep it in registers. */
#define JSON_INLINE static inline __attribute__((always_inline))

/* The special bytes of a text, in their order. Finding them depends on no
 * byte before, so the processor does it far ahead of who asks for them. */
struct json_specials {
	const char *block; /* of JSON_MASK bytes; the last one may be short */
	uint64_t mask;     /* those of it that are still to come */
};

/* Of the last block of a text, which is not whole. Behind the text all bytes
 * count as special. */
uint64_t json_special_last(const char *block, size_t n);

JSON_INLINE uint64_t
json_special_whole(const char *block)
{
	uint64_t mask = 0;

#pragma GCC unroll 8
	for (unsigned i = 0; i < JSON_MASK; i += JSON_BLOCK)
		mask |= json_special(block + i) << i;
	return mask;
}

JSON_INLINE uint64_t
json_special_mask(const char *block, const char *end)
{
	if (__builtin_expect(end - block >= JSON_MASK, 1))
		return json_special_whole(block);
	return json_special_last(block, (size_t)(end - block));
}

JSON_INLINE void
json_specials_begin(struct json_specials *s, const char *p, const char *end)
{
	*s = (struct json_specials){p, json_special_mask(p, end)};
}

/* Goes to the block where the next one is, or a place behind the end. */
JSON_INLINE void
json_specials_fill(struct json_specials *s, const char *end)
{
	while (!s->mask) {
		s->block += JSON_MASK;
		s->mask = json_special_mask(s->block, end);
	}
}

/* The second of the next two, which are then gone: the closing quote behind an
 * opening one. The first is in front of the end; it is the end when there is
 * no other, and nothing more may be asked. */
JSON_INLINE const char *
json_specials_second(struct json_specials *s, const char *end)
{
	uint64_t mask = s->mask & (s->mask - 1);

	if (__builtin_expect(!mask, 0)) {
		json_specials_fill(s, end);
		s->mask &= s->mask - 1;
		json_specials_fill(s, end);
		mask = s->mask;
	}
	s->mask = mask & (mask - 1);
	return s->block + __builtin_ctzll(mask);
}

/* All in front of p, which is not behind the end, are gone. */
JSON_INLINE void
json_specials_skip(struct json_specials *s, const char *p, const char *end)
{
	for (;;) {
		json_specials_fill(s, end);
		if (s->block + __builtin_ctzll(s->mask) >= p)
			return;
		s->mask &= s->mask - 1;
	}
}

#endif
