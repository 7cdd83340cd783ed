/* Random policies and requests: what the compiler and the VM say is what the
 * language's definition says, read by somebody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/listing.h"
#include "tests/diff/language_random.h"
#include "tests/diff/language_run.h"

#define POLICIES 3000
#define REQUESTS 50 /* of each */

static void
tell_rules(const char *what, const int *rules, unsigned n)
{
	print_error(" %s [", what);
	for (unsigned i = 0; i < n; i++)
		print_error("%s%d", i ? " " : "", rules[i]);
	print_error("]");
}

static void
tell_verdict(const char *who, const struct lang_verdict *v)
{
	print_error("%s: %s %u by %d retry %u", who,
		v->allow ? "allow" : "deny", v->status, v->rule,
		v->retry_after_ms);
	tell_rules("dry", v->dry, v->ndry);
	tell_rules("asked", v->asked, v->nasked);
	tell_rules("filters", v->filter, v->nfilters);
	print_error("\n");
}

static void
tell_request(const struct lang_request *q)
{
	fprintf(stderr, "%s ", q->method);
	lang_write_target(q, stderr);
	fprintf(stderr,
		"\nip %s uid %u gid %u role '%s' identity '%s' "
		"listener '%s' day %u minute %u\n",
		q->client_ip ? q->client_ip : "-", q->uid, q->gid, q->role,
		q->identity, q->listener, q->weekday, q->minute);
	for (unsigned i = 0; i < q->nheaders; i++)
		fprintf(stderr, "%s: %s%s\n", q->header[i].name,
			q->header[i].value, q->header[i].hop ? " (hop)" : "");
	if (q->body)
		lang_write_body(q->body, NULL, stderr);
	fputs("\n", stderr);
}

static bool
same_rules(const int *a, unsigned n, const int *b, unsigned m)
{
	return n == m && memcmp(a, b, n * sizeof(*a)) == 0;
}

static bool
same_verdict(const struct lang_verdict *a, const struct lang_verdict *b)
{
	return a->allow == b->allow && a->rule == b->rule &&
	       (a->allow || a->status == b->status) &&
	       a->rate_limited == b->rate_limited &&
	       a->retry_after_ms == b->retry_after_ms &&
	       same_rules(a->dry, a->ndry, b->dry, b->ndry) &&
	       same_rules(a->asked, a->nasked, b->asked, b->nasked) &&
	       same_rules(a->filter, a->nfilters, b->filter, b->nfilters);
}

/* What came of the pairs: a test that is always denied tells nothing. */
struct tally {
	unsigned pairs, allowed, by_default, limited, dry, filtered, held;
	unsigned decided[LANG_RULES];
	unsigned slots, always; /* of the policies' indices */
};

static void
count(struct tally *t, const struct lang_verdict *v, bool held)
{
	t->pairs++;
	t->allowed += v->allow;
	t->by_default += v->rule < 0;
	t->limited += v->rate_limited;
	t->dry += v->ndry > 0;
	t->filtered += v->nfilters > 0;
	t->held += held;
}

/* Is the verdict of the compiled policy the one wanted? Whether it asked for
 * the body to *held_out. */
static void
check_pair(const struct lang_real *real, const struct lang_policy *policy,
	const struct lang_request *q, const struct lang_verdict *want,
	struct lang_dice *d, struct arena *a, bool traced, bool *held_out)
{
	struct lang_verdict got =
		lang_run(real, policy, q, d, a, traced, held_out);

	if (same_verdict(want, &got))
		return;
	fputs(real->text, stderr);
	listing_code(&real->policy->program, stderr);
	tell_request(q);
	tell_verdict("language", want);
	tell_verdict("program", &got);
	fail();
}

/* With the candidate index, without, and traced. */
static void
check_policy(struct lang_dice *d, struct arena *a, struct tally *tally)
{
	struct lang_policy policy;
	struct lang_real indexed, plain;
	struct arena of_request;

	arena_init(&of_request, MIB(16));
	lang_random_policy(&policy, d, a);
	lang_compile(&indexed, &policy, false);
	lang_compile(&plain, &policy, true);
	for (unsigned i = 0; i < REQUESTS; i++) {
		struct lang_request q;
		bool held, held_too, held_traced;
		arena_reset(&of_request);
		lang_random_request(&q, d, &of_request);
		struct lang_verdict want = lang_decide(&policy, &q);
		check_pair(&indexed, &policy, &q, &want, d, &of_request, false,
			&held);
		check_pair(&plain, &policy, &q, &want, d, &of_request, false,
			&held_too);
		check_pair(&indexed, &policy, &q, &want, d, &of_request, true,
			&held_traced);
		assert_int_equal(held, held_too);
		assert_int_equal(held, held_traced);
		count(tally, &want, held);
	}
	tally->slots += indexed.policy->program.nslots;
	tally->always += indexed.policy->program.header->nalways;
	assert_int_equal(plain.policy->program.nslots, 0);
	lang_free(&plain);
	lang_free(&indexed);
	arena_fini(&of_request);
}

static void
test_random(void **state)
{
	struct lang_dice d = {0x2545f4914f6cdd1d};
	struct tally t = {0};
	struct arena a;

	(void)state;
	arena_init(&a, MIB(1));
	for (unsigned i = 0; i < POLICIES; i++) {
		arena_reset(&a);
		check_policy(&d, &a, &t);
	}
	arena_fini(&a);
	print_message("%u pairs: %u allowed, %u by default, %u without token, "
		      "%u noted, %u filtered, %u held; %u of %u rules in no "
		      "table\n",
		t.pairs, t.allowed, t.by_default, t.limited, t.dry, t.filtered,
		t.held, t.always, t.slots);
	/* Each way out is taken often. */
	unsigned few = t.pairs / 50;
	assert_in_range(t.allowed, t.pairs / 4, t.pairs * 3 / 4);
	assert_in_range(t.by_default, few, t.pairs / 2);
	assert_in_range(t.limited, few, t.pairs / 2);
	assert_in_range(t.dry, few, t.pairs / 2);
	assert_in_range(t.filtered, few, t.pairs / 2);
	assert_in_range(t.held, few, t.pairs - few);
	assert_in_range(t.always, t.slots / 50, t.slots * 3 / 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
