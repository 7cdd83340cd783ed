/* The bytes of a message head that end something, a block of them at a time.
 *
 * A head is read for every request and every answer, and most of its bytes
 * stand for themselves. Sixteen at a time where the machine has vectors of
 * bytes, else eight in a word. A block is read whole: only where the head
 * goes on as far.
 */
#ifndef RUNTIME_HTTP1_BLOCK_H
#define RUNTIME_HTTP1_BLOCK_H

#include "runtime/word.h"

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* --- a bit for each byte of a block ---------------------------------------- */

/* From the top bits of a word's bytes: each lands in a place of its own in the
 * top byte. */
static inline unsigned
http1_gather(uint64_t tops)
{
	return (unsigned)(((tops & WORD_EACH(0x80)) >> 7) *
				  UINT64_C(0x0102040810204080) >>
			  56);
}

/* Is it that byte, of ASCII? Without the top bits no sum carries. */
static inline unsigned
http1_equal_word(const char *p, char c)
{
	uint64_t w = le64toh(word_at(p)) ^ WORD_EACH((unsigned char)c);
	uint64_t low = w & WORD_EACH(0x7f);

	return http1_gather(~(w | (low + WORD_EACH(0x7f))));
}

/* Is it a control byte, or DEL? */
static inline unsigned
http1_control_word(const char *p)
{
	uint64_t w = le64toh(word_at(p));
	uint64_t low = w & WORD_EACH(0x7f);
	uint64_t from_blank = low + WORD_EACH(0x80 - ' ');
	uint64_t is_del = low + WORD_EACH(1);

	return http1_gather(~w & (~from_blank | is_del));
}

#ifdef __SSE2__
static inline __m128i
http1_vector_at(const char *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline unsigned
http1_equal_vector(const char *p, char c)
{
	return (unsigned)_mm_movemask_epi8(
		_mm_cmpeq_epi8(http1_vector_at(p), _mm_set1_epi8(c)));
}

static inline unsigned
http1_control_vector(const char *p)
{
	__m128i v = http1_vector_at(p);
	__m128i low = _mm_min_epu8(v, _mm_set1_epi8(' ' - 1));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, low),
		_mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f))));
}
#endif

/* --- is it that name, in whatever case? -------------------------------------- */

/* Of n bytes, HTTP1_NAME at most; as many can be read, of both. The known one
 * is of small letters, digits and `-`, with NULs behind it: of these the
 * letters alone have the bit 0x40, and may differ in the one below. */
#define HTTP1_NAME 16

static const char http1_name_mask[2 * HTTP1_NAME] = {
	[0 ... HTTP1_NAME - 1] = (char)0xff};

static inline bool
http1_is_name_word(const char *p, size_t n, const char *known)
{
	const char *mask = http1_name_mask + HTTP1_NAME - n;
	uint64_t differs = 0;

	for (size_t i = 0; i < HTTP1_NAME; i += sizeof(uint64_t)) {
		uint64_t k = word_at(known + i);
		uint64_t cases = (k >> 1) & WORD_EACH(0x20);
		differs |= ((word_at(p + i) & word_at(mask + i)) ^ k) & ~cases;
	}
	return !differs;
}

#ifdef __SSE2__
static inline bool
http1_is_name_vector(const char *p, size_t n, const char *known)
{
	__m128i mask = http1_vector_at(http1_name_mask + HTTP1_NAME - n);
	__m128i name = _mm_and_si128(http1_vector_at(p), mask);
	__m128i k = http1_vector_at(known);
	__m128i cases =
		_mm_and_si128(_mm_srli_epi16(k, 1), _mm_set1_epi8(0x20));
	__m128i differs = _mm_andnot_si128(cases, _mm_xor_si128(name, k));

	return _mm_movemask_epi8(
		       _mm_cmpeq_epi8(differs, _mm_setzero_si128())) == 0xffff;
}
#endif

/* --- the form that this build takes ------------------------------------------ */

/* HTTP1_WORDS: as a machine without vectors. */
#if defined(__SSE2__) && !defined(HTTP1_WORDS)
#define HTTP1_BLOCK   16
#define http1_equal   http1_equal_vector
#define http1_control http1_control_vector
#define http1_is_name http1_is_name_vector
#else
#define HTTP1_BLOCK   8
#define http1_equal   http1_equal_word
#define http1_control http1_control_word
#define http1_is_name http1_is_name_word
#endif

/* --- the first one ----------------------------------------------------------- */

/* The first c, of ASCII, in [p, end); end when there is none. */
static inline const char *
http1_find(const char *p, const char *end, char c)
{
	for (; end - p >= HTTP1_BLOCK; p += HTTP1_BLOCK) {
		unsigned bits = http1_equal(p, c);
		if (bits)
			return p + __builtin_ctz(bits);
	}
	while (p < end && *p != c)
		p++;
	return p;
}

/* The first control byte or DEL in [p, end); end when there is none. */
static inline const char *
http1_find_control(const char *p, const char *end)
{
	for (; end - p >= HTTP1_BLOCK; p += HTTP1_BLOCK) {
		unsigned bits = http1_control(p);
		if (bits)
			return p + __builtin_ctz(bits);
	}
	while (p < end && (unsigned char)*p >= ' ' && *p != 0x7f)
		p++;
	return p;
}

#endif
