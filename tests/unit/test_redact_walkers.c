/* Redaction: the quick walker against the slow one, on random JSON. Of an
 * answer that comes byte by byte the quick one takes nothing. */
#include "tests/unit/answers_fixture.h"

#define TEXT_MAX 400 /* of each, all splits are tried */

/* Filters of each kind, by names that random keys have. */
static struct filters *
random_filters(uint32_t *seed)
{
	static const char *const specs[] = {
		"redact a",
		"remove b",
		"replace k = [1]",
		"redact *.a",
		"remove *.*",
		"remove *.b",
		"replace *.*.s = null",
		"remove 0.*.a",
		"redact 1",
		"redact *.0.*",
		"remove a.* ~ a",
		"redact *.* ~ b",
		"replace b.1 ~ k = {}",
		"remove *.k.a ~ .",
	};
	struct filters *f = filters_new();

	for (uint32_t i = 1 + random_below(seed, 3); i > 0; i--)
		filters_add(f, specs[random_below(seed, COUNT(specs))]);
	return f;
}

/* What comes out: owned. */
struct outcome {
	char *p;
	size_t n;
	bool good;
};

/* Split at `cut`; or, when that is behind the end, byte by byte. */
static struct outcome
rewrite(struct filters *f, struct str in, size_t cut, size_t cap)
{
	struct answer a;
	struct outcome o = {.good = true};

	answer_begin(&a, f, cap);
	size_t step = cut > in.n ? 1 : cut;
	for (size_t at = 0; o.good && at < in.n;) {
		size_t n = step && step < in.n - at ? step : in.n - at;
		o.good = answer_feed(&a, (struct str){in.p + at, n});
		at += n;
		if (cut <= in.n)
			step = 0;
	}
	o.good = o.good && redact_end(a.redact);
	o.p = malloc(a.n + 1);
	assert_non_null(o.p);
	memcpy(o.p, answer_text(&a).p, a.n);
	o.n = a.n;
	answer_end(&a);
	return o;
}

static void
check_all_splits(struct filters *f, struct str in, uint32_t *seed, bool *good)
{
	struct outcome want = rewrite(f, in, SIZE_MAX, 4096);

	for (size_t cut = 0; cut <= in.n; cut++) {
		bool narrow = random_below(seed, 4) == 0;
		size_t cap = narrow ? 1 + random_below(seed, 64) : 4096;
		struct outcome got = rewrite(f, in, cut, cap);
		if (got.good != want.good || got.n != want.n ||
			memcmp(got.p, want.p, want.n) != 0)
			fail_msg("%.*s\n split at %zu gives %d %.*s\n"
				 "   not %d %.*s",
				STR_FMT(in), cut, got.good, (int)got.n, got.p,
				want.good, (int)want.n, want.p);
		free(got.p);
	}
	*good = want.good;
	free(want.p);
}

static void
test_random(void **state)
{
	enum { ROUNDS = 4000 };
	static struct random_text t = {.seed = 20241122};
	unsigned kept = 0, rounds = 0;

	(void)state;
	while (rounds < ROUNDS) {
		t.n = 0;
		random_value(&t, 0);
		if (t.n < 16 || t.n > TEXT_MAX)
			continue;
		struct filters *f = random_filters(&t.seed);
		for (uint32_t k = random_below(&t.seed, 3); k > 0; k--)
			t.n = random_mutate(t.p, t.n, &t.seed);
		bool good;
		check_all_splits(f, (struct str){t.p, t.n}, &t.seed, &good);
		kept += good;
		rounds++;
		filters_free(f);
	}
	/* Neither may be nearly always the case. */
	assert_in_range(kept, ROUNDS / 4, ROUNDS * 3 / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
