/* Redaction: in whatever pieces an answer comes and goes, it is the same. */
#include "tests/unit/answers_fixture.h"

/* The filters of every kind, by names that the answers have. */
static struct filters *
all_kinds(void)
{
	static const char *const specs[] = {
		"redact *.Labels",
		"remove *.HostConfig",
		"remove *.*.*.*.Gateway",
		"replace *.Command = {\"a\": [1, 2]}",
		"redact Config.Env.* ~ (?i)(token|secret|password|key)=",
		"remove Config.Env.* ~ ^LC_",
		"remove HostConfig.LogConfig.*",
		"remove Swarm.*",
		"redact *.0 ~ x",
		"remove 0.Ports.1",
		"remove Actor.Attributes.* ~ nginx",
		"redact status ~ password",
		"remove read",
		"remove scope",
		"redact networks.*.rx_bytes",
		"redact *.*.Options",
		"remove *.Spec.TaskTemplate.*.Env.*",
		"replace *.Spec.Name = null",
		"remove *.RepoTags.*",
		"redact m\xc3\xa9m\xc3\xa9 ~ =",
	};
	struct filters *f = filters_new();

	for (size_t i = 0; i < COUNT(specs); i++)
		filters_add(f, specs[i]);
	return f;
}

/* In one piece. Owned; it must differ from the input when `changes`. */
static struct str
whole(struct filters *f, struct str in, bool changes)
{
	struct answer a;

	answer_begin(&a, f, 65536);
	assert_true(answer_feed(&a, in));
	assert_true(redact_end(a.redact));
	assert_int_equal(!str_eq(in, answer_text(&a)), changes);
	char *copy = malloc(a.n + 1);
	assert_non_null(copy);
	memcpy(copy, answer_text(&a).p, a.n);
	struct str want = {copy, a.n};
	answer_end(&a);
	return want;
}

static void
check_same(struct answer *a, struct str in, struct str want)
{
	if (!str_eq(answer_text(a), want))
		fail_msg("%.*s\n gives %.*s\n   not %.*s", STR_FMT(in),
			STR_FMT(answer_text(a)), STR_FMT(want));
	assert_true(redact_end(a->redact));
	answer_end(a);
}

/* All there is to split: escapes, characters, numbers, words, what is held,
 * and what is put in its place. */
static const struct str small[] = {
	STR("[{\"Labels\":[1,\"a\\\"b\"],\"x\":-1.5e+3,\"\\u0048ostConfig\":{}"
	    "},true,null]"),
	STR("{\"Config\":{\"Env\":[\"a\\u003dKEY=\xc3\xa9\\ud83d\\udc33\","
	    "\"LC_=1\",0,\"b\" ]}}"),
	STR("{ \"read\" : 1 ,\n\"m\xc3\xa9m\xc3\xa9\" : "
	    "\"\xf0\x9f\x90\xb3=\\n\""
	    ", \"READ\":false}\n{\"read\":2} 12 \"x\""),
};

static void
test_every_split(void **state)
{
	static const size_t caps[] = {1, 2, 3, 5, 17, 4096};
	struct filters *f = all_kinds();

	(void)state;
	for (size_t i = 0; i < COUNT(small); i++) {
		struct str in = small[i];
		struct str want = whole(f, in, true);
		for (size_t cut = 0; cut <= in.n; cut++)
			for (size_t cap = 0; cap < COUNT(caps); cap++) {
				struct answer a;
				answer_begin(&a, f, caps[cap]);
				assert_true(answer_feed(
					&a, (struct str){in.p, cut}));
				assert_true(answer_feed(&a, str_from(in, cut)));
				check_same(&a, in, want);
			}
		free((void *)(uintptr_t)want.p);
	}
	filters_free(f);
}

static void
test_every_two_splits(void **state)
{
	struct filters *f = all_kinds();

	(void)state;
	for (size_t i = 0; i < COUNT(small); i++) {
		struct str in = small[i];
		struct str want = whole(f, in, true);
		for (size_t x = 0; x <= in.n; x++)
			for (size_t y = x; y <= in.n; y++) {
				struct answer a;
				answer_begin(&a, f, 7);
				assert_true(
					answer_feed(&a, (struct str){in.p, x}));
				assert_true(answer_feed(
					&a, (struct str){in.p + x, y - x}));
				assert_true(answer_feed(&a, str_from(in, y)));
				check_same(&a, in, want);
			}
		free((void *)(uintptr_t)want.p);
	}
	filters_free(f);
}

/* Pieces of up to `most` bytes, each into an output of its own size. */
static void
check_random(struct filters *f, struct str in, struct str want, uint32_t most,
	uint32_t *seed)
{
	struct answer a;
	size_t at = 0;

	answer_begin(&a, f, 1 + random_below(seed, most));
	while (at < in.n) {
		size_t n = random_below(seed, most + 1);
		if (n > in.n - at)
			n = in.n - at;
		assert_true(answer_feed(&a, (struct str){in.p + at, n}));
		at += n;
	}
	check_same(&a, in, want);
}

static void
test_random_splits(void **state)
{
	struct filters *f = all_kinds();
	uint32_t seed = 20240301;

	(void)state;
	for (size_t i = 0; i < COUNT(answer_files); i++) {
		struct str in = answer_file(answer_files[i]);
		struct str want = whole(f, in, true);
		for (unsigned round = 0; round < 60; round++)
			check_random(f, in, want, 1u << (round % 12), &seed);
		free((void *)(uintptr_t)want.p);
	}
	filters_free(f);
}

static void
test_every_split_of_an_answer(void **state)
{
	struct filters *f = all_kinds();
	uint32_t seed = 20240303;

	(void)state;
	for (size_t i = 0; i < COUNT(answer_files); i++) {
		struct str in = answer_file(answer_files[i]);
		struct str want = whole(f, in, true);
		for (size_t cut = 0; cut <= in.n; cut++) {
			struct answer a;
			answer_begin(&a, f, 1 + random_below(&seed, 8192));
			assert_true(answer_feed(&a, (struct str){in.p, cut}));
			assert_true(answer_feed(&a, str_from(in, cut)));
			check_same(&a, in, want);
		}
		free((void *)(uintptr_t)want.p);
	}
	filters_free(f);
}

/* A filter of each kind that names nothing here leaves every byte. */
static void
test_nothing_named(void **state)
{
	struct filters *f = filters_new();
	uint32_t seed = 7;

	(void)state;
	filters_add(f, "redact *.*.*.*.*.*.Nothing");
	filters_add(f, "remove *.Nothing.*");
	filters_add(f, "remove *.*.*.99");
	filters_add(f, "replace Nothing = 1");
	filters_add(f, "remove *.* ~ nothing of the kind");
	filters_add(f, "redact *.*.*.* ~ nothing of the kind");
	for (size_t i = 0; i < COUNT(answer_files); i++) {
		struct str in = answer_file(answer_files[i]);
		struct str want = whole(f, in, false);
		for (unsigned round = 0; round < 24; round++)
			check_random(f, in, want, 1u << (round % 12), &seed);
		free((void *)(uintptr_t)want.p);
	}
	filters_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_every_two_splits),
		cmocka_unit_test(test_every_split_of_an_answer),
		cmocka_unit_test(test_random_splits),
		cmocka_unit_test(test_nothing_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
