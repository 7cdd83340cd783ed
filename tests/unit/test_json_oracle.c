/* JSON bodies: random texts, where jansson must agree. */
#include "tests/unit/jansson.h"
#include "tests/unit/json_fixture.h"
#include "tests/unit/json_random.h"

/* The same value again, from its compact text. */
static void
check_same(const struct fixture *f, const json_t *want, struct arena *a)
{
	json_error_t error;
	struct str text = json_text(&f->json, f->json.nodes, a);
	if (f->json.nodes->type == JSON_STRING) {
		assert_true(str_eq(text, (struct str){json_string_value(want),
						 json_string_length(want)}));
		return;
	}
	json_t *got = json_loadb(text.p, text.n, JANSSON_STRICT, &error);
	if (!got || !json_equal(got, want))
		fail_msg("%.*s -> %.*s", STR_FMT(f->json.text), STR_FMT(text));
	json_decref(got);
}

/* Both take it or both refuse it, but for three things: nothing at all is an
 * empty body here, jansson has numbers no larger than its types, and no NUL
 * in keys. Returns whether the case was such a one. */
static bool
compare(const struct random_text *t, unsigned *accepted)
{
	json_error_t error = {.line = 0};
	struct fixture f;
	scan(&f, (struct str){t->p, t->n});
	json_t *want = json_loadb(t->p, t->n, JANSSON_STRICT, &error);
	bool excused = !want && f.why == WHY_OK &&
		       (f.json.count == 0 || jansson_cannot_keep(&error));
	if (!excused && (want != NULL) != (f.why == WHY_OK))
		fail_msg("%.*s: %s, jansson: %s", STR_FMT(f.json.text),
			why_name(f.why), want ? "accepts" : error.text);
	if (!want && json_error_code(&error) == json_error_duplicate_key)
		assert_int_equal(f.why, WHY_JSON_DUPLICATE);
	if (want) {
		check_same(&f, want, &f.arena);
		++*accepted;
	}
	json_decref(want);
	done(&f);
	return excused;
}

static void
test_against_jansson(void **state)
{
	(void)state;
	enum { ROUNDS = 10000 };
	unsigned accepted = 0, excused = 0;
	static struct random_text t = {.seed = 20240229};
	for (unsigned i = 0; i < ROUNDS; i++) {
		t.n = 0;
		random_value(&t, 0);
		for (uint32_t k = random_below(&t.seed, 3); k > 0; k--)
			t.n = random_mutate(t.p, t.n, &t.seed);
		excused += compare(&t, &accepted);
	}
	/* Neither side of the comparison may be nearly always the same. */
	assert_in_range(accepted, ROUNDS / 4, ROUNDS * 9 / 10);
	assert_in_range(excused, 0, ROUNDS / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_jansson),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
