/* A JSON text, scanned, for the tests of runtime/json*. */
#ifndef TESTS_UNIT_JSON_FIXTURE_H
#define TESTS_UNIT_JSON_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/json.h"
#include "runtime/limits.h"

#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct json_limits limits = {
	.depth = LIMIT_JSON_DEPTH,
	.hash_seed = 0x5eed,
};

/* A scan of a copy of exactly the text's size, so that a sanitizer sees any
 * byte read outside of it. */
struct fixture {
	struct arena arena;
	char *text;
	struct json json;
	size_t at;
	enum why why;
};

static inline void
scan(struct fixture *f, struct str text)
{
	arena_init(&f->arena, MIB(64));
	f->text = malloc(text.n ? text.n : 1);
	assert_non_null(f->text);
	if (text.n)
		memcpy(f->text, text.p, text.n);
	f->why = json_scan((struct str){f->text, text.n}, &limits, &f->arena,
		&f->json, &f->at);
}

static inline void
done(struct fixture *f)
{
	arena_fini(&f->arena);
	free(f->text);
}

#endif
