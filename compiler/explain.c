/* Rules explained. */
#include "compiler/explain.h"

#include "compiler/decompile.h"
#include "compiler/listing.h"
#include "runtime/vm.h"

#include <limits.h>
#include <stdlib.h>

static struct str
test_text(const struct explain_asked *q, const struct expr *e)
{
	struct str out = STR("");
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return out;
	listing_test(q->program, e->test, e->negate, f);
	if (fclose(f) == 0)
		out = arena_str(q->arena, (struct str){text, n});
	free(text);
	return out;
}

/* What it came to, or would now; 0: nobody knows. */
static uint8_t
answer(const struct explain_asked *q, const struct expr *e, bool unknown)
{
	const struct program *p = q->program;
	uint8_t seen = q->at[e->start];

	if (seen || !q->scratch || unknown)
		return seen;
	return VM_SEEN(match_test(p, &p->tests[e->test], q->facts, q->scratch));
}

static void
explain_test(const struct explain_asked *q, const struct expr *e,
	struct explain_cond *c)
{
	const struct program *p = q->program;
	const struct insn *i = &p->insns[e->start];

	c->field = (enum field)p->tests[e->test].field;
	c->text = test_text(q, e);
	c->seen = seen_values(p, &p->tests[e->test], q->facts, q->arena);
	uint8_t seen = answer(q, e, c->seen.unknown);
	if (!seen)
		return;
	c->doubt = seen == VM_SEEN(TRUTH_DOUBT);
	bool holds = c->doubt ? i->flags & INSN_DOUBT_IS_TRUE
			      : seen == VM_SEEN(TRUTH_TRUE);
	c->outcome = holds != e->negate ? EXPLAIN_HELD : EXPLAIN_FAILED;
}

/* What decides a group: one that fails, of ALL; one that holds, of ANY. */
static enum explain_outcome
group_outcome(const struct explain_cond *c)
{
	bool all = c->kind == EXPLAIN_ALL;
	enum explain_outcome decides = all ? EXPLAIN_FAILED : EXPLAIN_HELD;
	enum explain_outcome out = all ? EXPLAIN_HELD : EXPLAIN_FAILED;

	for (const struct explain_cond *i = c->first; i; i = i->next) {
		if (i->outcome == decides)
			return decides;
		if (i->outcome == EXPLAIN_UNASKED)
			out = EXPLAIN_UNASKED;
	}
	return out;
}

/* As deep as conditions nest. NULL without memory. */
static struct explain_cond *
explain_expr(const struct explain_asked *q, const struct expr *e)
{
	struct explain_cond *c = arena_alloc(q->arena, sizeof(*c));
	const struct explain_cond **tail;

	if (!c)
		return NULL;
	if (e->kind == EXPR_TEST) {
		explain_test(q, e, c);
		return c;
	}
	c->kind = e->kind == EXPR_AND ? EXPLAIN_ALL : EXPLAIN_ANY;
	tail = &c->first;
	for (const struct expr *i = e->first; i; i = i->next) {
		struct explain_cond *child = explain_expr(q, i);
		if (!child)
			return NULL;
		*tail = child;
		tail = &child->next;
	}
	c->outcome = group_outcome(c);
	return c;
}

struct explain_rule
explain_rule(const struct explain_asked *q, uint32_t rule)
{
	const struct program *p = q->program;
	struct explain_rule out = {.rule = rule};
	uint32_t entry = p->rules[rule].entry, end;

	if (!decompile_end(p, rule, &end)) {
		out.never = true;
		return out;
	}
	out.reached = q->at[entry];
	out.fired = q->at[end];
	struct expr *e = decompile(p, entry, end, q->arena);
	if (e)
		out.when = explain_expr(q, e);
	return out;
}

bool
explain_fired(const struct program *p, uint32_t rule, const uint8_t *at)
{
	uint32_t end;

	return decompile_end(p, rule, &end) && at[end];
}

bool
explain_can_fire(const struct program *p, uint32_t rule)
{
	uint32_t end;

	return decompile_end(p, rule, &end);
}

bool
explain_is_proof(const struct explain_cond *group, const struct explain_cond *c)
{
	return c->outcome == group->outcome;
}

bool
explain_one_is_enough(const struct explain_cond *group)
{
	return (group->kind == EXPLAIN_ALL) ==
	       (group->outcome == EXPLAIN_FAILED);
}

static bool
is_of_call(const struct explain_cond *c)
{
	const struct seen *seen = &c->seen;

	if (c->field == FIELD_PATH || c->field == FIELD_METHOD ||
		c->field == FIELD_API_VERSION)
		return true;
	return (field_info[c->field].flags & FIELD_DOCKER) &&
	       seen->total == 0 && !seen->unknown && !seen->doubt;
}

bool
explain_is_elsewhere(const struct explain_cond *c)
{
	bool all = c->kind == EXPLAIN_ALL;

	if (c->kind == EXPLAIN_TEST)
		return c->outcome == EXPLAIN_FAILED && is_of_call(c);
	for (const struct explain_cond *i = c->first; i; i = i->next)
		if (explain_is_elsewhere(i) == all)
			return all;
	return !all;
}

unsigned
explain_lacks(const struct explain_cond *c)
{
	unsigned n = 0, least = UINT_MAX;

	if (!c || c->outcome == EXPLAIN_HELD)
		return 0;
	if (c->kind == EXPLAIN_TEST)
		return c->outcome == EXPLAIN_FAILED;
	for (const struct explain_cond *i = c->first; i; i = i->next) {
		unsigned lacks = explain_lacks(i);
		n += lacks;
		least = lacks < least ? lacks : least;
	}
	return c->kind == EXPLAIN_ALL ? n : least;
}

unsigned
explain_tests(const struct explain_cond *c)
{
	unsigned n = 0;

	if (!c)
		return 0;
	if (c->kind == EXPLAIN_TEST)
		return 1;
	for (const struct explain_cond *i = c->first; i; i = i->next)
		n += explain_tests(i);
	return n;
}
