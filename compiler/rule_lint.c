/* Rules that cannot do what they were written for.
 *
 * Warnings, as those on conditions: an `allow` before what was to restrict it
 * is a hole that nobody sees in the list.
 */
#include "compiler/rule_lint.h"

#include "compiler/implies.h"
#include "compiler/read.h"
#include "runtime/limits.h"

/* --- an allow of what says nothing ------------------------------------------- */

static bool
is_about_all(const struct cond *c)
{
	return c->kind == COND_TEST && !c->negate &&
	       (c->op == OP_ONLY_IN || c->op == OP_ONLY_UNDER);
}

/* Does it hold for some calls of the API alone? */
static bool
picks_calls(const struct cond *c)
{
	bool any = false;
	if (c->kind == COND_NOT)
		return false;
	if (c->kind == COND_TEST)
		return c->field == FIELD_PATH ||
		       (!c->negate && !is_about_all(c) &&
			       (field_info[c->field].flags & FIELD_DOCKER));
	for (const struct cond *i = c->first; i; i = i->next) {
		bool picks = picks_calls(i);
		if (c->kind == COND_OR && !picks)
			return false;
		any |= picks;
	}
	return any;
}

void
rule_lint(struct diag *d, const struct rule *r)
{
	if (r->action != ACTION_ALLOW || picks_calls(r->when))
		return;
	for (const struct cond *i = r->when->first; i; i = i->next) {
		if (!is_about_all(i))
			continue;
		diag_warning(d, FINDING_ALLOWS_THE_ABSENT, i->pos,
			"%s holds where there is no %s as well: this allows "
			"every other call",
			operator_info[i->op].name, field_info[i->field].name);
		diag_help(d, "add a condition on the path");
		return;
	}
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
	return end->action == ACTION_ALLOW && rule_restricts(r);
}

static void
tell_unreached(struct diag *d, const struct rule *r, const struct rule *end)
{
	bool allows = end->action == ACTION_ALLOW;
	enum finding f = r->action == ACTION_ALLOW  ? FINDING_DEAD_ALLOW
			 : r->action == ACTION_DENY ? FINDING_DEAD_DENY
						    : FINDING_DEAD_LIMIT;

	diag_warning(d, f, r->pos,
		"rule \"%.*s\" is never reached: rule \"%.*s\" in line %u "
		"comes first and %s all that it is for",
		STR_FMT(r->name), STR_FMT(end->name), end->pos.line,
		allows ? "allows" : "denies");
	diag_help(d, "put it before that one, or give it a higher priority");
}

static void
lint_reach(struct implies *l, struct diag *d, const struct rule *const *rules,
	size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < i && take_steps(l, 1); k++) {
			l->decided = rules[k]->action == ACTION_ALLOW;
			if (!takes_from(rules[k], rules[i]) ||
				!implies(l, rules[i]->when, rules[k]->when))
				continue;
			tell_unreached(d, rules[i], rules[k]);
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
lint_star(struct diag *d, const struct cond *c)
{
	const char *name = operator_info[c->op].name;

	if (c->kind == COND_TEST && c->field == FIELD_BODY && c->negate &&
		!asks_for_one(c) && has_star(c->name)) {
		diag_warning(d, FINDING_NEGATED_STAR, c->pos,
			"with \"*\", not_%s holds when no element is so: a "
			"single one that is lets all others pass",
			name);
		diag_help(d,
			"not_only_in, not_only_under, or matches with (?!...) "
			"find an element that is not so");
	}
	if (c->kind == COND_AND || c->kind == COND_OR)
		for (const struct cond *i = c->first; i; i = i->next)
			lint_star(d, i);
}

void
rules_lint(const struct rule_list *list, struct arena *a, struct diag *d)
{
	struct implies l = {.arena = a, .steps = LINT_STEPS_MAX};
	const struct rule **rules = rules_in_order(list, a);
	size_t n = 0;

	if (!rules)
		return;
	while (n < list->count && !rules[n]->toggle)
		n++;
	for (size_t i = 0; i < n; i++)
		if (rule_restricts(rules[i]))
			lint_star(d, rules[i]->when);
	lint_reach(&l, d, rules, n);
}
