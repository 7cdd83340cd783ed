/* Parsing one target, for the tests of runtime/target.c. */
#ifndef TESTS_UNIT_TARGET_FIXTURE_H
#define TESTS_UNIT_TARGET_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/limits.h"
#include "runtime/target.h"

#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct target_limits limits = {
	.target_bytes = LIMIT_TARGET_BYTES,
	.min_api_major = 1,
	.min_api_minor = 24,
};

/* Parses a copy of exactly that size, so that a sanitizer sees any byte read
 * outside of it. */
static inline enum why
parse_in(struct arena *a, struct str raw, struct target *out)
{
	char *copy = malloc(raw.n ? raw.n : 1);
	assert_non_null(copy);
	if (raw.n)
		memcpy(copy, raw.p, raw.n);
	/* Kept for as long as the result: the arena's user frees nothing. */
	static char *last;
	free(last);
	last = copy;
	return target_parse((struct str){copy, raw.n}, &limits, a, out);
}

static inline void
expect_why(struct str raw, enum why want)
{
	struct arena a;
	struct target t;
	arena_init(&a, MIB(1));
	enum why got = parse_in(&a, raw, &t);
	if (got != want)
		fail_msg("%.*s: %s instead of %s", STR_FMT(raw), why_name(got),
			why_name(want));
	arena_fini(&a);
}

static inline void
expect_str(const char *raw, const char *what, struct str got, const char *want)
{
	if (!str_eq(got, str_of(want)))
		fail_msg("%s: %s is \"%.*s\" instead of \"%s\"", raw, what,
			STR_FMT(got), want);
}

#endif
