/* Counted strings: UTF-8 check and substring search. */
#include "runtime/str.h"

#include <stdint.h>

/* How many continuation bytes follow c, and the smallest and largest value
 * the first of them may have (RFC 3629, section 4); -1 when c leads nothing.
 */
static int
utf8_lead(unsigned char c, unsigned char *lo, unsigned char *hi)
{
	*lo = 0x80;
	*hi = 0xbf;
	if (c >= 0xc2 && c <= 0xdf)
		return 1;
	if (c >= 0xe0 && c <= 0xef) {
		if (c == 0xe0)
			*lo = 0xa0;
		if (c == 0xed)
			*hi = 0x9f;
		return 2;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		if (c == 0xf0)
			*lo = 0x90;
		if (c == 0xf4)
			*hi = 0x8f;
		return 3;
	}
	return -1;
}

bool
str_is_utf8(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	const unsigned char *end = p + s.n;

	while (p < end) {
		uint64_t word;
		if (end - p >= 8) {
			memcpy(&word, p, 8);
			if (!(word & 0x8080808080808080u)) {
				p += 8;
				continue;
			}
		}
		if (*p < 0x80) {
			p++;
			continue;
		}
		unsigned char lo, hi;
		int more = utf8_lead(*p++, &lo, &hi);
		if (more < 0 || end - p < more)
			return false;
		if (*p < lo || *p > hi)
			return false;
		for (p++; more > 1; more--, p++)
			if ((*p & 0xc0) != 0x80)
				return false;
	}
	return true;
}

size_t
str_find(struct str s, struct str needle)
{
	if (needle.n == 0)
		return 0;
	if (s.n < needle.n)
		return s.n;
	const char *hit = memmem(s.p, s.n, needle.p, needle.n);
	return hit ? (size_t)(hit - s.p) : s.n;
}

size_t
str_find_nocase(struct str s, struct str needle)
{
	if (needle.n == 0)
		return 0;
	for (size_t i = 0; i + needle.n <= s.n; i++)
		if (str_eq_nocase((struct str){s.p + i, needle.n}, needle))
			return i;
	return s.n;
}
