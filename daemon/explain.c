/* An explanation: judging, and asking what would be otherwise. */
#include "daemon/explain.h"

#include "compiler/policy.h"
#include "runtime/facts.h"

struct explaining {
	struct explanation *e;
	struct offline *o;
	const struct offline_from *from;
	struct str bytes;
	struct arena *arena;
	struct vm_trace trace;
	uint8_t *without; /* of the trace */
};

/* --- what was judged ----------------------------------------------------------- */

/* The words of the request line, whatever they are. */
static void
take_line(struct explaining *x)
{
	struct explanation *e = x->e;
	struct str s = x->bytes;

	s.n = str_find(s, STR("\n"));
	if (s.n && s.p[s.n - 1] == '\r')
		s.n--;
	size_t space = str_find(s, STR(" "));
	e->method = arena_str(x->arena, (struct str){s.p, space});
	s = str_from(s, space < s.n ? space + 1 : s.n);
	s.n = str_ends(s, STR(" HTTP/1.1")) ? s.n - strlen(" HTTP/1.1") : s.n;
	e->target = arena_str(x->arena, s);
}

static void
take_facts(struct explaining *x, const struct facts *f)
{
	struct explanation *e = x->e;
	struct arena *a = x->arena;
	char buf[46];

	e->path = arena_str(a, f->target->path);
	e->api_version = arena_str(a, f->target->api_version);
	e->listener = arena_str(a, f->listener);
	e->role = arena_str(a, f->role);
	e->identity = arena_str(a, f->identity);
	if (f->client_ip.set)
		e->client = arena_str(a, str_of(ip_text(&f->client_ip, buf)));
	else if (f->has_peer)
		e->client =
			arena_fmt(a, "uid:%u gid:%u", f->peer_uid, f->peer_gid);
}

static const uint32_t *
copy(struct arena *a, const uint32_t *v, uint32_t n)
{
	uint32_t *out = arena_alloc(a, n * sizeof(*out) + 1);

	if (out && n)
		memcpy(out, v, n * sizeof(*out));
	return out;
}

/* Away from the memory that the next judgement uses. */
static void
keep_verdict(struct explaining *x)
{
	struct offline_verdict *v = &x->e->verdict;

	v->message = arena_str(x->arena, v->message);
	v->dry = copy(x->arena, v->dry, v->ndry);
	v->filters = copy(x->arena, v->filters, v->nfilters);
	v->limits = copy(x->arena, v->limits, v->nlimits);
}

static void
explain_rules(struct explaining *x, const struct explain_asked *q)
{
	uint32_t n = q->program->nrules;
	struct explain_rule *rules =
		arena_alloc(x->arena, n * sizeof(*rules) + 1);

	for (uint32_t i = 0; rules && i < n; i++)
		rules[i] = explain_rule(q, i);
	x->e->rules = rules;
	x->e->nrules = n;
}

/* --- what would be otherwise ------------------------------------------------------ */

/* Keeps the nearest sorted; of equal ones the first. */
static void
insert_near(struct explanation *e, const struct explain_rule *r)
{
	unsigned at = e->nnearest;

	while (at > 0 &&
		explain_lacks(e->nearest[at - 1].when) > explain_lacks(r->when))
		at--;
	if (at == EXPLAIN_NEAREST)
		return;
	if (e->nnearest < EXPLAIN_NEAREST)
		e->nnearest++;
	for (unsigned i = e->nnearest - 1; i > at; i--)
		e->nearest[i] = e->nearest[i - 1];
	e->nearest[at] = *r;
}

/* Rules that are about such a call, and would allow it if less than all of
 * their conditions were otherwise. */
static void
find_nearest(struct explaining *x, const struct explain_asked *q)
{
	const struct program *p = q->program;

	for (uint32_t i = 0; i < p->nrules; i++) {
		if (p->rules[i].action != ACTION_ALLOW)
			continue;
		struct explain_rule r = explain_rule(q, i);
		unsigned lacks = explain_lacks(r.when);
		if (lacks > 0 && lacks < explain_tests(r.when) &&
			!explain_is_elsewhere(r.when))
			insert_near(x->e, &r);
	}
}

static bool
is_by_policy(const struct offline_verdict *v)
{
	return v->why == WHY_DENIED;
}

/* Takes away the rule that denies, and the next one, until none does. */
static void
find_without(struct explaining *x)
{
	struct explanation *e = x->e;
	struct offline_verdict v = e->verdict;

	x->trace.without = x->without;
	while (is_by_policy(&v) && v.rule != PROGRAM_NO_RULE &&
		e->nwithout < EXPLAIN_WITHOUT) {
		e->without[e->nwithout++] = v.rule;
		x->without[v.rule] = 1;
		v = offline_judge(x->o, x->from, x->bytes, &x->trace);
	}
	e->then_allowed = v.allow;
	e->then_rule = v.rule;
}

static void
explain_verdict(struct explaining *x, const struct facts *f)
{
	struct explanation *e = x->e;
	struct explain_asked q = {
		.program = &e->policy->program,
		.facts = f,
		.at = x->trace.at,
		.arena = x->arena,
	};

	e->judged = true;
	take_facts(x, f);
	explain_rules(x, &q);
	if (!is_by_policy(&e->verdict))
		return;
	if (e->verdict.rule != PROGRAM_NO_RULE) {
		find_without(x);
		return;
	}
	q.scratch = offline_scratch(x->o);
	find_nearest(x, &q);
}

bool
explain_make(struct explanation *e, struct offline *o,
	const struct policy *policy, const struct offline_from *from,
	struct str bytes, struct arena *a)
{
	const struct program *p = &policy->program;
	struct explaining x = {e, o, from, bytes, a, {0}, NULL};

	*e = (struct explanation){.policy = policy};
	x.trace.at = arena_alloc(a, p->ninsns);
	x.without = arena_alloc(a, p->nrules + 1);
	if (!x.trace.at || !x.without)
		return false;
	take_line(&x);
	e->verdict = offline_judge(o, from, bytes, &x.trace);
	keep_verdict(&x);
	const struct facts *f = offline_facts(o);
	if (f)
		explain_verdict(&x, f);
	return !arena_overflowed(a);
}
