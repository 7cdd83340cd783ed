/* Rules, alone and in their order. */
#include "compiler/clash.h"
#include "compiler/lint_parts.h"

#include "runtime/limits.h"
#include "runtime/number.h"

/* --- contradictions ------------------------------------------------------------ */

static void
lint_contradiction(struct lint *l, const struct rule *r)
{
	for (size_t i = 0; i < l->ntop; i++)
		for (size_t k = i + 1; k < l->ntop; k++) {
			const struct cond *a = l->top[i], *b = l->top[k];
			if (!conds_clash(&l->implies, a, b))
				continue;
			diag_warning(l->diag, FINDING_CONTRADICTION, b->pos,
				"this and the condition in line %u cannot "
				"hold together: rule \"%.*s\" never fires",
				a->pos.line, STR_FMT(r->name));
			return;
		}
}

/* --- the same way ---------------------------------------------------------------- */

static bool
ends_alike(const struct rule *end, const struct rule *r)
{
	return !end->dry_run && !r->dry_run && end->action == r->action &&
	       (r->action == ACTION_DENY || r->action == ACTION_ALLOW);
}

/* Policies that are included may say the same: none knows of the others. */
static bool
is_of_others(const struct rule *end, const struct rule *r)
{
	return r->part != RULE_OWN && r->pos.file != end->pos.file;
}

static void
lint_shadow(struct lint *l, size_t i)
{
	const struct rule *r = l->rules[i];

	for (size_t k = 0; k < i && take_steps(&l->implies, 1); k++) {
		const struct rule *end = l->rules[k];
		if (!ends_alike(end, r) || is_of_others(end, r) ||
			!implies(&l->implies, r->when, end->when))
			continue;
		diag_warning(l->diag, FINDING_SHADOWED_RULE, r->pos,
			"rule \"%.*s\" never fires: rule \"%.*s\" in line %u "
			"comes first and %s all that it is for",
			STR_FMT(r->name), STR_FMT(end->name), end->pos.line,
			r->action == ACTION_ALLOW ? "allows" : "denies");
		return;
	}
}

/* --- actions ---------------------------------------------------------------------- */

static void
lint_limit(struct lint *l, const struct rule *r)
{
	bool shared = l->settings->auth.type == AUTH_NONE && !l->in->part &&
		      (r->limit.key == BUCKET_IDENTITY ||
			      r->limit.key == BUCKET_ROLE);

	if (shared)
		diag_warning(l->diag, FINDING_SHARED_BUCKET, r->pos,
			"auth.type is none, so that everybody has the same "
			"%s: all share one bucket of rule \"%.*s\"",
			bucket_key_name(r->limit.key), STR_FMT(r->name));
	if (r->limit.key == BUCKET_HEADER)
		diag_warning(l->diag, FINDING_BUCKET_BY_HEADER, r->pos,
			"with each new value of the header %.*s a client "
			"begins anew",
			STR_FMT(r->limit.header));
}

/* Calls whose answer is a list. */
static bool
answers_list(struct str path)
{
	static const char *const lists[] = {"/containers/json", "/images/json",
		"/images/search", "/networks", "/services", "/tasks", "/nodes",
		"/secrets", "/configs", "/plugins"};

	for (size_t i = 0; i < COUNT_OF(lists); i++)
		if (str_eq(path, str_of(lists[i])))
			return true;
	return false;
}

static bool
is_for_lists(const struct cond *c)
{
	if (c->kind != COND_TEST || c->field != FIELD_PATH || c->negate ||
		!cond_is_one_of(c))
		return false;
	for (size_t i = 0; i < c->nvalues; i++)
		if (!answers_list(c->values[i].text))
			return false;
	return c->nvalues > 0;
}

/* Calls whose answer is a stream of bytes, by the end of path or pattern. */
static bool
is_for_streams(const struct cond *c)
{
	static const char *const ends[] = {
		"/logs", "/archive", "/export", "/attach"};

	if (c->kind != COND_TEST || c->field != FIELD_PATH || c->negate ||
		c->nvalues != 1)
		return false;
	struct str s = c->values[0].text;
	if (c->op == OP_MATCHES && !str_ends(s, STR("$")))
		return false;
	if (c->op == OP_MATCHES)
		s.n--;
	else if (!cond_is_one_of(c) && c->op != OP_ENDS_WITH)
		return false;
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (str_ends(s, str_of(ends[i])) &&
			str_find(s, STR("|")) == s.n)
			return true;
	return false;
}

static void
lint_list_filter(struct lint *l, const struct rule *r)
{
	for (size_t i = 0; i < r->nfilters; i++) {
		struct str path = r->filters[i].path;
		struct str first = {path.p, body_path_step(path)};
		if (str_eq(first, STR("*")) || number_is(first))
			continue;
		diag_warning(l->diag, FINDING_FILTER_MISSES_LIST, r->pos,
			"the answer is a list, and has no member \"%.*s\"",
			STR_FMT(first));
		diag_help(l->diag, "write *.%.*s", STR_FMT(path));
		return;
	}
}

static void
lint_filter(struct lint *l, const struct rule *r)
{
	for (size_t i = 0; i < l->ntop; i++) {
		const struct cond *c = l->top[i];
		if (is_for_lists(c))
			lint_list_filter(l, r);
		if (is_for_streams(c))
			diag_warning(l->diag, FINDING_FILTER_WITHOUT_JSON,
				c->pos,
				"the answer of this call is no JSON, and is "
				"not filtered");
	}
}

/* --- what is open by itself ---------------------------------------------------------- */

/* Does a rule before that one ask everybody for a role? */
static bool
asks_everybody(const struct lint *l, const struct rule *end)
{
	for (size_t i = 0; i < l->nrules && l->rules[i] != end; i++) {
		const struct rule *r = l->rules[i];
		if (r->action == ACTION_REQUIRE_ROLE && !r->dry_run &&
			cond_always_holds(r->when))
			return true;
	}
	return false;
}

static void
lint_allow(struct lint *l, const struct rule *r)
{
	if (!cond_always_holds(r->when) || asks_everybody(l, r))
		return;
	diag_warning(l->diag, FINDING_ALLOWS_EVERYTHING, r->pos,
		"rule \"%.*s\" allows every call that no rule before it ends",
		STR_FMT(r->name));
}

static bool
any_rule(const struct lint *l, bool (*is)(const struct rule *r))
{
	for (size_t i = 0; i < l->nall; i++)
		if (is(l->rules[i]))
			return true;
	return false;
}

static bool
changes_something(const struct rule *r)
{
	return r->action != ACTION_ALLOW && !r->dry_run;
}

static void
lint_default(struct lint *l)
{
	const struct tree *said = read_given(l->in->global, "default");

	if (l->in->part || l->nrules == 0 || l->nall > l->nrules ||
		!l->settings->default_allow || asks_everybody(l, NULL))
		return;
	bool changes = any_rule(l, changes_something);
	enum finding f = changes ? FINDING_DEFAULT_ALLOW : FINDING_ONLY_ALLOWS;
	const char *text =
		changes ? "what no rule ends is allowed"
			: "what no rule ends is allowed, and none denies "
			  "anything: the rules change nothing";
	if (said)
		diag_warning(l->diag, f, said->pos, "%s", text);
	else
		diag_file_warning(l->diag, f, "%s", text);
	diag_help(l->diag, "say \"default: deny\" in global");
}

/* --- all of it -------------------------------------------------------------------------- */

static size_t
count_top(const struct cond *group)
{
	size_t n = 0;

	for (const struct cond *c = group->first; c; c = c->next)
		n += c->kind == COND_AND ? count_top(c) : 1;
	return n;
}

static void
gather_top(struct lint *l, const struct cond *group)
{
	for (const struct cond *c = group->first; c; c = c->next)
		if (c->kind == COND_AND)
			gather_top(l, c);
		else
			l->top[l->ntop++] = c;
}

static bool
find_top(struct lint *l, const struct rule *r)
{
	l->ntop = 0;
	l->top = arena_alloc(
		l->arena, (count_top(r->when) + 1) * sizeof(struct cond *));
	if (l->top)
		gather_top(l, r->when);
	return l->top;
}

static void
lint_rule(struct lint *l, const struct rule *r)
{
	lint_conds(l, r);
	lint_contradiction(l, r);
	if (r->action == ACTION_ALLOW)
		lint_allow(l, r);
	if (r->action == ACTION_RATE_LIMIT)
		lint_limit(l, r);
	if (r->action == ACTION_RESPONSE_FILTER)
		lint_filter(l, r);
	if (r->dry_run)
		diag_warning(l->diag, FINDING_DRY_RUN_LEFT, r->pos,
			"rule \"%.*s\" is in dry run: it denies nothing",
			STR_FMT(r->name));
}

void
lint_rules(struct lint *l)
{
	for (size_t i = 0; i < l->nrules; i++)
		if (find_top(l, l->rules[i]))
			lint_rule(l, l->rules[i]);
	l->implies.steps = LINT_STEPS_MAX;
	for (size_t i = 0; i < l->nrules; i++)
		lint_shadow(l, i);
	lint_default(l);
}
