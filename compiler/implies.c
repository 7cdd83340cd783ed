/* What follows from a condition.
 *
 * Of conditions as they are written, without asking what the Engine takes.
 * Whatever is not certain does not follow.
 */
#include "compiler/implies.h"

#include "compiler/clash.h"
#include "compiler/read.h"
#include "compiler/regex_prefix.h"

bool
take_steps(struct implies *l, size_t n)
{
	l->steps = n < l->steps ? l->steps - (uint32_t)n : 0;
	return l->steps > 0;
}

/* --- values ------------------------------------------------------------------ */

static bool
same_value(const struct cond_value *a, const struct cond_value *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == VALUE_TIME)
		return a->days == b->days && a->from == b->from &&
		       a->to == b->to;
	return str_eq(a->text, b->text);
}

/* Is it that value, or a network that holds it? */
static bool
holds(const struct cond_value *c, const struct cond_value *v)
{
	if (c->kind == VALUE_CIDR && v->kind == VALUE_CIDR)
		return cidr_covers(&c->cidr, &v->cidr);
	return same_value(c, v);
}

static bool
has_value(struct implies *l, const struct cond *c, const struct cond_value *v)
{
	for (size_t i = 0; i < c->nvalues && take_steps(l, 1); i++)
		if (holds(&c->values[i], v))
			return true;
	return false;
}

/* Does each value that b takes satisfy a, of the same field? */
static bool
has_values(struct implies *l, const struct cond *a, const struct cond *b)
{
	for (size_t i = 0; i < b->nvalues; i++)
		if (!has_value(l, a, &b->values[i]))
			return false;
	return b->nvalues > 0;
}

/* Does every path that b takes start with the prefix? */
static bool
paths_start(struct implies *l, const struct cond *b, struct str prefix)
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
	return cond_is_one_of(b) && b->nvalues > 0;
}

/* --- conditions ---------------------------------------------------------------- */

/* Of two operators on one field, both without their not_. */
static bool
operator_implies(struct implies *l, const struct cond *b, const struct cond *a)
{
	if (cond_is_one_of(a) && cond_is_one_of(b))
		return has_values(l, a, b);
	if (a->op == OP_EXISTS && !cond_holds_of_none(b))
		return true;
	if (a->op == b->op && a->nvalues == b->nvalues &&
		(a->nvalues == 0 || has_values(l, a, b)))
		return true;
	return a->field == FIELD_PATH && a->op == OP_STARTS_WITH &&
	       !a->nocase && paths_start(l, b, a->values[0].text);
}

bool
cond_may_be_in_doubt(const struct cond *c)
{
	enum field f = c->field;

	if (field_info[f].flags & FIELD_DOCKER)
		return true;
	return c->op == OP_MATCHES &&
	       (f == FIELD_BODY || f == FIELD_QUERY || f == FIELD_HEADER);
}

static bool
test_implies(struct implies *l, const struct cond *b, const struct cond *a)
{
	if (l->decided && (cond_may_be_in_doubt(a) || cond_may_be_in_doubt(b)))
		return false;
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

/* Does b imply one, or each, of a's children? */
static bool
implies_one(struct implies *l, const struct cond *b, const struct cond *a)
{
	for (const struct cond *c = a->first; c; c = c->next)
		if (implies(l, b, c))
			return true;
	return false;
}

static bool
implies_each(struct implies *l, const struct cond *b, const struct cond *a)
{
	for (const struct cond *c = a->first; c; c = c->next)
		if (!implies(l, b, c))
			return false;
	return true;
}

/* Is a implied by one, or by each, of b's children? */
static bool
one_implies(struct implies *l, const struct cond *b, const struct cond *a)
{
	for (const struct cond *c = b->first; c; c = c->next)
		if (implies(l, c, a))
			return true;
	return false;
}

static bool
each_implies(struct implies *l, const struct cond *b, const struct cond *a)
{
	for (const struct cond *c = b->first; c; c = c->next)
		if (!implies(l, c, a))
			return false;
	return b->first != NULL;
}

/* Does b keep a from holding, a being what a not is before? */
static bool
implies_not(struct implies *l, const struct cond *b, const struct cond *a)
{
	struct cond positive = *a;

	if (a->kind == COND_NOT)
		return conds_clash(l, b, a->first);
	if (a->kind != COND_TEST || !a->negate)
		return false;
	positive.negate = false;
	positive.next = NULL;
	return conds_clash(l, b, &positive);
}

bool
implies(struct implies *l, const struct cond *b, const struct cond *a)
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
	if (implies_not(l, b, a))
		return true;
	if (b->kind == COND_AND)
		return one_implies(l, b, a);
	if (a->kind == COND_NOT && b->kind == COND_NOT)
		return implies(l, a->first, b->first);
	return a->kind == COND_TEST && b->kind == COND_TEST &&
	       test_implies(l, b, a);
}

bool
cond_always_holds(const struct cond *c)
{
	if (c->kind == COND_TEST)
		return test_always_holds(c);
	if (c->kind != COND_AND)
		return false;
	for (const struct cond *i = c->first; i; i = i->next)
		if (!cond_always_holds(i))
			return false;
	return true;
}
