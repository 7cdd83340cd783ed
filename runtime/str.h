/* Counted strings: a pointer and its length travel together.
 *
 * A struct str never owns its bytes and need not end in NUL. Comparison
 * without case is ASCII only: what HTTP and Docker's API call "case".
 */
#ifndef RUNTIME_STR_H
#define RUNTIME_STR_H

#include "runtime/word.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct str {
	const char *p; /* borrowed */
	size_t n;      /* bytes */
};

/* For string literals and char arrays initialised by one. */
#define STR(lit)   ((struct str){(lit), sizeof(lit) - 1})

/* For printf's "%.*s": two arguments. */
#define STR_FMT(s) (int)(s).n, (s).p ? (s).p : ""

static inline struct str
str_of(const char *cstr)
{
	return (struct str){cstr, strlen(cstr)};
}

static inline bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* By the bytes: below, at or above 0 as a sorts before, with or behind b. */
static inline int
str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int d = n ? memcmp(a.p, b.p, n) : 0;

	return d ? d : (a.n > b.n) - (a.n < b.n);
}

static inline bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n &&
	       (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool
str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       (suffix.n == 0 ||
		       memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

/* Without spaces and tabs around it: the OWS of RFC 9110 section 5.6.3. */
static inline struct str
str_trim(struct str s)
{
	const char *p = s.p, *end = s.p + s.n;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (p < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return (struct str){p, (size_t)(end - p)};
}

/* Without a pointer there is nothing to add to: C has no NULL + 0. */
static inline struct str
str_from(struct str s, size_t start)
{
	return (struct str){start ? s.p + start : s.p, s.n - start};
}

static inline char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* The value of a hexadecimal digit, of either case; -1: it is none. */
static inline int
ascii_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool
str_eq_nocase(struct str a, struct str b)
{
	const size_t word = sizeof(uint64_t);
	size_t i = 0;

	if (a.n != b.n)
		return false;
	if (a.n < word) {
		for (; i < a.n; i++)
			if (ascii_lower(a.p[i]) != ascii_lower(b.p[i]))
				return false;
		return true;
	}
	for (; i + word < a.n; i += word)
		if (word_lower(word_at(a.p + i)) !=
			word_lower(word_at(b.p + i)))
			return false;
	i = a.n - word; /* some bytes of the last word twice */
	return word_lower(word_at(a.p + i)) == word_lower(word_at(b.p + i));
}

/* Strict UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing
 * above U+10FFFF. str.c */
bool str_is_utf8(struct str s);

/* Where needle is in s, or s.n when it is nowhere. An empty needle is at 0. */
size_t str_find(struct str s, struct str needle);
size_t str_find_nocase(struct str s, struct str needle);

#endif
