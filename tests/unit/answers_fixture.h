/* What the tests of runtime/redact* share: answers of the Engine, as it writes
 * them; random numbers; checks of an answer in pieces. */
#ifndef TESTS_UNIT_ANSWERS_FIXTURE_H
#define TESTS_UNIT_ANSWERS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/json_random.h"
#include "tests/unit/redact_fixture.h"

#include <stdio.h>

#define COUNT(table)     (sizeof(table) / sizeof((table)[0]))
#define ANSWER_BYTES_MAX 16384
#define GONE             "\"***REDACTED***\""

/* engine-*: recorded from Docker 20.10.24 with a swarm of one, but for its
 * folder. The others have what newer ones say, and rare values. */
static const char *const answer_files[] = {
	"tests/data/answers/containers.json",
	"tests/data/answers/engine-containers.json",
	"tests/data/answers/engine-events.json",
	"tests/data/answers/engine-images.json",
	"tests/data/answers/engine-info.json",
	"tests/data/answers/engine-inspect.json",
	"tests/data/answers/engine-networks.json",
	"tests/data/answers/engine-services.json",
	"tests/data/answers/engine-stats.json",
	"tests/data/answers/engine-tasks.json",
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

/* The input in pieces of a size, the output in pieces of a size. */
static inline void
check_pieces(struct filters *f, struct str in, struct str want, size_t piece,
	size_t cap)
{
	struct answer a;

	answer_begin(&a, f, cap);
	for (size_t at = 0; at < in.n; at += piece) {
		size_t n = in.n - at < piece ? in.n - at : piece;
		if (!answer_feed(&a, (struct str){in.p + at, n}))
			fail_msg("bad: %.*s after %.*s", STR_FMT(in),
				STR_FMT(answer_text(&a)));
	}
	if (!str_eq(answer_text(&a), want))
		fail_msg("%.*s\n gives %.*s\n   not %.*s\npieces %zu %zu",
			STR_FMT(in), STR_FMT(answer_text(&a)), STR_FMT(want),
			piece, cap);
	assert_true(redact_end(a.redact));
	answer_end(&a);
}

/* Bad in one piece and byte by byte; what has been written is the same. */
static inline void
check_bad(struct filters *f, struct str in, struct str want)
{
	for (size_t piece = in.n; piece > 0; piece = piece > 1) {
		struct answer a;
		bool good = true;
		answer_begin(&a, f, 64);
		for (size_t at = 0; good && at + piece <= in.n; at += piece)
			good = answer_feed(&a, (struct str){in.p + at, piece});
		if (good && redact_end(a.redact))
			fail_msg("good: %.*s", STR_FMT(in));
		if (!str_eq(answer_text(&a), want))
			fail_msg("%.*s gives %.*s not %.*s", STR_FMT(in),
				STR_FMT(answer_text(&a)), STR_FMT(want));
		if (!good) {
			assert_false(redact_end(a.redact));
			assert_false(answer_feed(&a, STR("{}")));
			assert_true(str_eq(answer_text(&a), want));
		}
		answer_end(&a);
	}
}

#endif
