/* Rules that cannot do what they were written for.
 *
 * Warnings, as those on conditions: an `allow` before what was to restrict it
 * is a hole that nobody sees in the list.
 */
#include "compiler/rule_lint.h"

#include "compiler/read.h"
#include "compiler/regex_prefix.h"
#include "runtime/limits.h"

struct lint {
	struct arena *arena;
	struct diag *diag;
	uint32_t steps; /* left; 0: nothing more is found out */
};

/* They bound the arena's growth as well as the time. */
static bool
take_steps(struct lint *l, size_t n)
{
	l->steps = n < l->steps ? l->steps - (uint32_t)n : 0;
	return l->steps > 0;
}

/* --- what one condition says of another ------------------------------------ */

static bool
same_value(const struct cond_value *a, const struct cond_value *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == VALUE_TIME)
		return a->days == b->days && a->from == b->from &&
		       a->to == b->to;
	if (a->kind == VALUE_CIDR)
		return memcmp(&a->cidr, &b->cidr, sizeof(a->cidr)) == 0;
	return str_eq(a->text, b->text);
}

static bool
has_value(struct lint *l, const struct cond *c, const struct cond_value *v)
{
	for (size_t i = 0; i < c->nvalues && take_steps(l, 1); i++)
		if (same_value(&c->values[i], v))
			return true;
	return false;
}

/* Does each value that b takes satisfy a, of the same field? */
static bool
has_values(struct lint *l, const struct cond *a, const struct cond *b)
{
	for (size_t i = 0; i < b->nvalues; i++)
		if (!has_value(l, a, &b->values[i]))
			return false;
	return b->nvalues > 0;
}

static bool
is_one_of(const struct cond *c)
{
	return c->op == OP_EQUALS || c->op == OP_IN;
}

/* Does every path that b takes start with the prefix? */
static bool
paths_start(struct lint *l, const struct cond *b, struct str prefix)
{
	struct str known;

	if (b->op == OP_STARTS_WITH)
		return str_starts(b->values[0].text, prefix);
	if (b->op == OP_MATCHES)
		return take_steps(l, b->values[0].text.n) &&
		       regex_prefix(b->values[0].text, l->arena, &known) &&
		       str_starts(known, prefix);
	for (size_t i = 0; i < b->nvalues; i++)
		if (!str_starts(b->values[i].text, prefix))
			return false;
	return is_one_of(b) && b->nvalues > 0;
}

/* Of two operators on one field, both without their not_. */
static bool
operator_implies(struct lint *l, const struct cond *b, const struct cond *a)
{
	if (is_one_of(a) && is_one_of(b))
		return has_values(l, a, b);
	if (a->op == b->op && a->nvalues == b->nvalues &&
		(a->nvalues == 0 || has_values(l, a, b)))
		return true;
	return a->field == FIELD_PATH && a->op == OP_STARTS_WITH &&
	       !a->nocase && paths_start(l, b, a->values[0].text);
}

static bool
test_implies(struct lint *l, const struct cond *b, const struct cond *a)
{
	if (a->field != b->field || a->nocase != b->nocase ||
		a->negate != b->negate || !str_eq(a->name, b->name))
		return false;
	return a->negate ? operator_implies(l, a, b)
			 : operator_implies(l, b, a);
}

/* Each path begins with a slash. */
static bool
test_always_holds(const struct cond *c)
{
	static const char *const patterns[] = {"", "^", "/", "^/", ".*", "^.*",
		"^.*$", "/.*", "^/.*", "^/.*$"};

	if (c->field != FIELD_PATH || c->negate || c->nvalues != 1)
		return false;
	if (c->op == OP_STARTS_WITH || c->op == OP_CONTAINS)
		return c->values[0].text.n == 0 ||
		       str_eq(c->values[0].text, STR("/"));
	for (size_t i = 0; c->op == OP_MATCHES && i < COUNT_OF(patterns); i++)
		if (str_eq(c->values[0].text, str_of(patterns[i])))
			return true;
	return false;
}

static bool implies(struct lint *l, const struct cond *b, const struct cond *a);

/* Does b imply one, or each, of a's children? */
static bool
implies_one(struct lint *l, const struct cond *b, const struct cond *a)
{
	for (const struct cond *c = a->first; c; c = c->next)
		if (implies(l, b, c))
			return true;
	return false;
}

static bool
implies_each(struct lint *l, const struct cond *b, const struct cond *a)
{
	for (const struct cond *c = a->first; c; c = c->next)
		if (!implies(l, b, c))
			return false;
	return true;
}

/* Is a implied by one, or by each, of b's children? */
static bool
one_implies(struct lint *l, const struct cond *b, const struct cond *a)
{
	for (const struct cond *c = b->first; c; c = c->next)
		if (implies(l, c, a))
			return true;
	return false;
}

static bool
each_implies(struct lint *l, const struct cond *b, const struct cond *a)
{
	for (const struct cond *c = b->first; c; c = c->next)
		if (!implies(l, c, a))
			return false;
	return b->first != NULL;
}

/* Does a hold wherever b does? False when that is not sure. */
static bool
implies(struct lint *l, const struct cond *b, const struct cond *a)
{
	if (!take_steps(l, 1))
		return false;
	if (a->kind == COND_AND)
		return implies_each(l, b, a);
	if (a->kind == COND_TEST && test_always_holds(a))
		return true;
	if (b->kind == COND_OR)
		return each_implies(l, b, a);
	if (a->kind == COND_OR && implies_one(l, b, a))
		return true;
	if (b->kind == COND_AND)
		return one_implies(l, b, a);
	if (a->kind == COND_NOT && b->kind == COND_NOT)
		return implies(l, a->first, b->first);
	return a->kind == COND_TEST && b->kind == COND_TEST &&
	       test_implies(l, b, a);
}

/* --- rules that are never reached ------------------------------------------- */

/* Does `end`, where it fires, leave nothing for r to do that it would do
 * otherwise? What a deny leaves undone of others that deny is no loss, nor
 * what an allow leaves of others that allow. */
static bool
takes_from(const struct rule *end, const struct rule *r)
{
	if (end->action == ACTION_DENY)
		return !end->dry_run && r->action == ACTION_ALLOW;
	return end->action == ACTION_ALLOW &&
	       (r->action == ACTION_DENY || r->action == ACTION_REQUIRE_ROLE ||
		       r->action == ACTION_RATE_LIMIT);
}

static void
tell_unreached(struct lint *l, const struct rule *r, const struct rule *end)
{
	bool allows = end->action == ACTION_ALLOW;

	diag_warning(l->diag, r->pos,
		"rule \"%.*s\" is never reached: rule \"%.*s\" in line %u "
		"comes first and %s all that it is for",
		STR_FMT(r->name), STR_FMT(end->name), end->pos.line,
		allows ? "allows" : "denies");
	diag_help(l->diag, "put it before that one, or give it a higher "
			   "priority");
}

static void
lint_reach(struct lint *l, const struct rule *const *rules, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < i && take_steps(l, 1); k++) {
			if (!takes_from(rules[k], rules[i]) ||
				!implies(l, rules[i]->when, rules[k]->when))
				continue;
			tell_unreached(l, rules[i], rules[k]);
			break;
		}
}

/* --- not_ and "*" ------------------------------------------------------------- */

static bool
has_star(struct str path)
{
	while (path.n > 0) {
		size_t n = body_path_step(path);
		if (n == 1 && path.p[0] == '*')
			return true;
		path = str_from(path, n < path.n ? n + 1 : n);
	}
	return false;
}

/* Of these the negation is about one element as it is; through a list,
 * not_exists is that there is none. */
static bool
asks_for_one(const struct cond *c)
{
	return c->op == OP_ONLY_IN || c->op == OP_ONLY_UNDER ||
	       c->op == OP_EXISTS;
}

static void
lint_star(struct lint *l, const struct cond *c)
{
	const char *name = operator_info[c->op].name;

	if (c->kind == COND_TEST && c->field == FIELD_BODY && c->negate &&
		!asks_for_one(c) && has_star(c->name)) {
		diag_warning(l->diag, c->pos,
			"with \"*\", not_%s holds when no element is so: a "
			"single one that is lets all others pass",
			name);
		diag_help(l->diag,
			"not_only_in, not_only_under, or matches with (?!...) "
			"find an element that is not so");
	}
	if (c->kind == COND_AND || c->kind == COND_OR)
		for (const struct cond *i = c->first; i; i = i->next)
			lint_star(l, i);
}

static bool
restricts(const struct rule *r)
{
	return r->action == ACTION_DENY || r->action == ACTION_REQUIRE_ROLE ||
	       r->action == ACTION_RATE_LIMIT;
}

void
rules_lint(const struct rule_list *list, struct arena *a, struct diag *d)
{
	struct lint l = {.arena = a, .diag = d, .steps = LINT_STEPS_MAX};
	const struct rule **rules = rules_in_order(list, a);
	size_t n = 0;

	if (!rules)
		return;
	while (n < list->count && !rules[n]->toggle)
		n++;
	for (size_t i = 0; i < n; i++)
		if (restricts(rules[i]))
			lint_star(&l, rules[i]->when);
	lint_reach(&l, rules, n);
}
