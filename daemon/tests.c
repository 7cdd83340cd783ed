/* The `tests` of a policy, run. */
#include "daemon/tests.h"

#include "compiler/policy.h"
#include "daemon/asked.h"
#include "runtime/limits.h"

struct running {
	const struct policy *policy;
	struct offline *offline;
	struct vm_trace trace; /* of all tests together */
	struct arena arena;    /* of one test */
	struct asked asked;
};

/* --- what is wanted, and what came -------------------------------------------- */

static struct str
rule_name(const struct running *r, uint32_t rule)
{
	const struct program *p = &r->policy->program;

	return rule == PROGRAM_NO_RULE ? STR("")
				       : program_text(p, p->rules[rule].name);
}

static struct str
in_words(struct running *r, const char *verdict, uint16_t status,
	struct str rule)
{
	struct arena *a = &r->arena;
	struct str out = str_of(verdict);

	if (status)
		out = arena_fmt(
			a, "%s%s%u", verdict, *verdict ? " " : "", status);
	return rule.n ? arena_fmt(a, "%.*s by rule %.*s", STR_FMT(out),
				STR_FMT(rule))
		      : out;
}

static struct str
expected(struct running *r, const struct testcase *t)
{
	static const char *const verdicts[] = {
		[TESTCASE_ALLOW] = "allow",
		[TESTCASE_DENY] = "deny",
		[TESTCASE_STATUS] = "",
	};

	return in_words(r, verdicts[t->expect], t->status, t->rule);
}

static struct str
got(struct running *r, const struct offline_verdict *v)
{
	if (v->allow || v->rule != PROGRAM_NO_RULE)
		return in_words(r, v->allow ? "allow" : "deny", v->status,
			rule_name(r, v->rule));
	return arena_fmt(
		&r->arena, "deny %u: %.*s", v->status, STR_FMT(v->message));
}

/* Our own metrics are the one answer that is no refusal. */
static uint16_t
status_of(const struct offline_verdict *v)
{
	return v->is_scrape ? 200 : v->status;
}

static bool
is_expected(const struct running *r, const struct testcase *t,
	const struct offline_verdict *v)
{
	if (t->rule.n && !str_eq(t->rule, rule_name(r, v->rule)))
		return false;
	switch (t->expect) {
	case TESTCASE_ALLOW:
		return v->allow;
	case TESTCASE_DENY:
		return !v->allow;
	case TESTCASE_STATUS:
		break;
	}
	return t->status == status_of(v);
}

/* --- running ------------------------------------------------------------------------ */

static struct offline_verdict
judge(struct running *r)
{
	return offline_judge(
		r->offline, &r->asked.from, r->asked.bytes, &r->trace);
}

/* False without memory. */
static bool
run_one(struct running *r, const struct testcase *t, struct explanation *e,
	struct tests_outcome *out)
{
	const char *why =
		asked_make(t, &r->policy->settings, &r->arena, &r->asked);

	*out = (struct tests_outcome){.test = t, .expected = expected(r, t)};
	if (why) {
		out->got = str_of(why);
		return true;
	}
	struct offline_verdict v = judge(r);
	out->passed = is_expected(r, t, &v);
	if (!out->passed && t->expect == TESTCASE_STATUS && v.nlimits > 0) {
		r->asked.from.has_no_tokens = true;
		struct offline_verdict none = judge(r);
		out->passed = is_expected(r, t, &none);
		r->asked.from.has_no_tokens = false;
	}
	if (out->passed)
		return true;
	out->explanation = e;
	if (!explain_make(e, r->offline, r->policy, &r->asked.from,
		    r->asked.bytes, &r->arena))
		return false;
	out->got = got(r, &e->verdict);
	return true;
}

static bool
run_all(struct running *r, struct tests_hearer *h, struct tests_count *count)
{
	const struct testcases *tests = &r->policy->tests;
	struct tests_outcome o;
	struct explanation e;

	for (size_t i = 0; i < tests->n; i++) {
		arena_reset(&r->arena);
		if (!run_one(r, &tests->v[i], &e, &o))
			return false;
		count->run++;
		count->failed += !o.passed;
		h->hear(h, &o);
	}
	return true;
}

bool
tests_run(const struct policy *policy, struct tests_hearer *h, bool *fired,
	struct tests_count *count_out)
{
	const struct program *p = &policy->program;
	struct running r = {.policy = policy};
	struct arena arena;
	bool ok = false;

	*count_out = (struct tests_count){0, 0};
	arena_init(&arena, POLICY_ARENA_MAX);
	arena_init(&r.arena, POLICY_ARENA_MAX);
	r.offline = offline_new(policy);
	r.trace.at = arena_alloc(&arena, p->ninsns);
	if (r.offline && r.trace.at)
		ok = run_all(&r, h, count_out);
	for (uint32_t i = 0; ok && fired && i < p->nrules; i++)
		fired[i] = explain_fired(p, i, r.trace.at);
	offline_free(r.offline);
	arena_fini(&r.arena);
	arena_fini(&arena);
	return ok;
}
