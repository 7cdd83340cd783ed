/* Conditions that cannot hold together.
 *
 * Of conditions as they are written, as implies.c.
 */
#include "compiler/clash.h"

#include "compiler/regex_prefix.h"

/* --- tests -------------------------------------------------------------------- */

/* Can the field have one value only? */
static bool
is_single(const struct cond *c)
{
	static const struct str star = STR("*");
	enum field_kind kind = field_info[c->field].kind;

	return kind == KIND_TEXT || kind == KIND_ADDR ||
	       (kind == KIND_JSON && str_find(c->name, star) == c->name.n);
}

static bool
same_field(const struct cond *a, const struct cond *b)
{
	return a->field == b->field && str_eq(a->name, b->name);
}

/* Certainly: 1 and 1.0 are the same number. */
static bool
differ(const struct cond_value *a, const struct cond_value *b)
{
	if (a->kind != b->kind)
		return true;
	if (a->kind == VALUE_CIDR)
		return !cidr_covers(&a->cidr, &b->cidr) &&
		       !cidr_covers(&b->cidr, &a->cidr);
	return a->kind != VALUE_NUMBER && !str_eq(a->text, b->text);
}

/* Does a value certainly not pass the test? */
static bool
refuses(struct implies *l, const struct cond *c, const struct cond_value *v)
{
	struct str want = c->values[0].text;

	if (c->op == OP_MATCHES)
		return c->field == FIELD_PATH && take_steps(l, want.n) &&
		       regex_prefix(want, l->arena, &want) &&
		       !str_starts(v->text, want);
	if (c->op == OP_STARTS_WITH)
		return !str_starts(v->text, want);
	if (c->op == OP_ENDS_WITH)
		return !str_ends(v->text, want);
	if (c->op == OP_CONTAINS)
		return want.n > 0 && str_find(v->text, want) == v->text.n;
	if (!cond_is_one_of(c))
		return false;
	for (size_t i = 0; i < c->nvalues; i++)
		if (!differ(&c->values[i], v))
			return false;
	return true;
}

static bool
refuses_all(struct implies *l, const struct cond *c, const struct cond *values)
{
	for (size_t i = 0; i < values->nvalues; i++)
		if (!take_steps(l, c->nvalues + 1) ||
			!refuses(l, c, &values->values[i]))
			return false;
	return values->nvalues > 0;
}

static bool
tests_clash(struct implies *l, const struct cond *a, const struct cond *b)
{
	if (l->decided && (cond_may_be_in_doubt(a) || cond_may_be_in_doubt(b)))
		return false;
	if (a->negate || b->negate || a->nocase || b->nocase ||
		!same_field(a, b) || !is_single(a) || a->nvalues == 0 ||
		b->nvalues == 0)
		return false;
	/* A method is compared without case, and only whole ones are written
	 * in one; a network's text is not an address's. */
	if ((a->field == FIELD_METHOD || a->field == FIELD_CLIENT_IP) &&
		!cond_is_one_of(a))
		return false;
	if (cond_is_one_of(b))
		return refuses_all(l, a, b);
	if (a->op != OP_STARTS_WITH || b->op != OP_STARTS_WITH)
		return false;
	return !str_starts(a->values[0].text, b->values[0].text) &&
	       !str_starts(b->values[0].text, a->values[0].text);
}

/* Does b hold wherever the test n without its not_ does, so that both cannot?
 */
static bool
denies(struct implies *l, const struct cond *n, const struct cond *b)
{
	struct cond positive = *n;

	/* Doubt can make both true. */
	if (b->kind == COND_TEST && (field_info[b->field].flags & FIELD_DOCKER))
		return false;
	/* What never holds by itself is told as that. */
	if (n->kind == COND_NOT)
		return !cond_always_holds(n->first) && implies(l, b, n->first);
	if (n->kind != COND_TEST || !n->negate)
		return false;
	positive.negate = false;
	positive.next = NULL;
	return implies(l, b, &positive);
}

static bool
all_clash(struct implies *l, const struct cond *either, const struct cond *b)
{
	for (const struct cond *c = either->first; c; c = c->next)
		if (!conds_clash(l, c, b))
			return false;
	return either->first != NULL;
}

static bool
one_clashes(struct implies *l, const struct cond *both, const struct cond *b)
{
	for (const struct cond *c = both->first; c; c = c->next)
		if (conds_clash(l, c, b))
			return true;
	return false;
}

bool
conds_clash(struct implies *l, const struct cond *a, const struct cond *b)
{
	if (!take_steps(l, 1))
		return false;
	if (a->kind == COND_OR)
		return all_clash(l, a, b);
	if (b->kind == COND_OR)
		return all_clash(l, b, a);
	if (a->kind == COND_AND)
		return one_clashes(l, a, b);
	if (b->kind == COND_AND)
		return one_clashes(l, b, a);
	if (denies(l, a, b) || denies(l, b, a))
		return true;
	return a->kind == COND_TEST && b->kind == COND_TEST &&
	       (tests_clash(l, a, b) || tests_clash(l, b, a));
}
