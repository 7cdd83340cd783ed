/* Random policies and requests: a rule of which lint says that it never fires
 * decides nothing, by the language's definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/diff/language_random.h"
#include "tests/diff/language_run.h"

#define POLICIES 6000
#define REQUESTS 60 /* of each that something is found in */

struct silent {
	bool rule[LANG_RULES];
	unsigned n;
};

/* What is told begins with the rule's name: rule "r3". */
static int
number_in(struct str text)
{
	struct str rest = str_from(text, str_find(text, STR("rule \"r")));
	char digits[16];

	assert_true(rest.n > 7);
	snprintf(digits, sizeof(digits), "%.*s", STR_FMT(str_from(rest, 7)));
	return atoi(digits);
}

static bool
says_never(enum finding f)
{
	return f == FINDING_DEAD_DENY || f == FINDING_DEAD_ALLOW ||
	       f == FINDING_DEAD_LIMIT || f == FINDING_SHADOWED_RULE ||
	       f == FINDING_CONTRADICTION;
}

static struct silent
find_silent(const struct diag *d, unsigned *found)
{
	struct silent s = {0};

	for (size_t i = 0; i < d->n; i++) {
		const struct diag_entry *e = &d->entries[i];
		if (e->level == DIAG_ERROR || !says_never(e->finding))
			continue;
		int rule = number_in(e->text);
		assert_in_range(rule, 0, LANG_RULES - 1);
		s.rule[rule] = true;
		s.n++;
		found[e->finding]++;
	}
	return s;
}

static void
compile(struct lang_real *real, const struct lang_policy *p)
{
	static const char *const no_env[] = {NULL};
	size_t n;

	FILE *out = open_memstream(&real->text, &n);
	assert_non_null(out);
	lang_write_policy(p, out);
	assert_int_equal(fclose(out), 0);
	arena_init(&real->arena, POLICY_ARENA_MAX);
	struct policy_input in = {.file = "p.conf",
		.text = {real->text, n},
		.envp = no_env,
		.lint = LINT_ALL};
	real->policy = policy_compile(&in, &real->arena, &real->diag);
	real->scratch = regex_scratch_new();
	assert_non_null(real->policy);
}

static void
check_silent(const struct silent *s, const int *rules, unsigned n,
	struct lang_real *real)
{
	for (unsigned i = 0; i < n; i++) {
		if (rules[i] < 0 || !s->rule[rules[i]])
			continue;
		fputs(real->text, stderr);
		diag_write(&real->diag, stderr);
		fail_msg("r%d fires", rules[i]);
	}
}

static void
check_policy(struct lang_dice *d, struct arena *a, unsigned *found)
{
	struct lang_policy policy;
	struct lang_real real;
	struct arena of_request;

	lang_random_policy(&policy, d, a);
	compile(&real, &policy);
	struct silent s = find_silent(&real.diag, found);
	arena_init(&of_request, MIB(16));
	for (unsigned i = 0; s.n > 0 && i < REQUESTS; i++) {
		struct lang_request q;
		arena_reset(&of_request);
		lang_random_request(&q, d, &of_request);
		struct lang_verdict v = lang_decide(&policy, &q);
		check_silent(&s, &v.rule, 1, &real);
		check_silent(&s, v.dry, v.ndry, &real);
		check_silent(&s, v.asked, v.nasked, &real);
		check_silent(&s, v.filter, v.nfilters, &real);
	}
	lang_free(&real);
	arena_fini(&of_request);
}

static void
test_what_never_fires(void **state)
{
	struct lang_dice d = {0x9e3779b97f4a7c15};
	unsigned found[FINDING_COUNT] = {0};
	struct arena a;

	(void)state;
	arena_init(&a, MIB(1));
	for (unsigned i = 0; i < POLICIES; i++) {
		arena_reset(&a);
		check_policy(&d, &a, found);
	}
	arena_fini(&a);
	for (unsigned f = 0; f < FINDING_COUNT; f++)
		if (says_never((enum finding)f))
			print_message("%s: %u\n",
				finding_info((enum finding)f)->name, found[f]);
	assert_true(found[FINDING_DEAD_DENY] > 50);
	assert_true(found[FINDING_DEAD_ALLOW] > 50);
	assert_true(found[FINDING_DEAD_LIMIT] > 50);
	assert_true(found[FINDING_SHADOWED_RULE] > 50);
	assert_true(found[FINDING_CONTRADICTION] > 50);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_never_fires),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
