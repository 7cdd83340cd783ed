/* Answers of the Engine, as it writes them, and random numbers, for the tests
 * of runtime/redact*. */
#ifndef TESTS_UNIT_ANSWERS_FIXTURE_H
#define TESTS_UNIT_ANSWERS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/redact_fixture.h"

#include <stdio.h>

#define COUNT(table)     (sizeof(table) / sizeof((table)[0]))
#define ANSWER_BYTES_MAX 16384

static const char *const answer_files[] = {
	"tests/data/answers/containers.json",
	"tests/data/answers/events.json",
	"tests/data/answers/images.json",
	"tests/data/answers/info.json",
	"tests/data/answers/inspect.json",
	"tests/data/answers/services.json",
	"tests/data/answers/stats.json",
	"tests/data/answers/volumes-indented.json",
};

/* Borrowed until the next is read. */
static inline struct str
answer_file(const char *name)
{
	static char text[ANSWER_BYTES_MAX];
	FILE *file = fopen(name, "rb");

	if (!file)
		fail_msg("%s: cannot be read", name);
	size_t n = fread(text, 1, sizeof(text), file);
	fclose(file);
	assert_in_range(n, 1, sizeof(text) - 1);
	return (struct str){text, n};
}

static inline uint32_t
random_below(uint32_t *state, uint32_t n)
{
	*state = *state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(*state >> 8) * n >> 24);
}

#endif
