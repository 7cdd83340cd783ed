/* Tests of the JSON body: paths into it, and its typed values. */
#include "runtime/match_parts.h"

#include "runtime/number.h"

#include <assert.h>

static struct str
json_number(const struct json *j, const struct json_node *n)
{
	return (struct str){j->text.p + n->start, n->end - n->start};
}

/* Typed: text is the node's, of a string. */
static bool
json_equals(const struct match *m, const struct json_node *n, struct str text,
	const struct program_value *v)
{
	struct str want = program_text(m->p, v->text);

	switch ((enum value_kind)v->kind) {
	case VALUE_STRING:
		return n->type == JSON_STRING &&
		       match_compare(m->t, text, want) == TRUTH_TRUE;
	case VALUE_NUMBER:
		return n->type == JSON_NUMBER &&
		       number_cmp(json_number(m->f->body, n), want) == 0;
	case VALUE_TRUE:
		return n->type == JSON_TRUE;
	case VALUE_FALSE:
		return n->type == JSON_FALSE;
	case VALUE_REGEX:
	case VALUE_CIDR:
	case VALUE_TIME:
	case VALUE_KIND_COUNT:
		break;
	}
	assert(false && "an unverified kind of value");
	return false;
}

static enum truth
json_is_one_of(const struct match *m, const struct json_node *n)
{
	struct str text = {NULL, 0};

	if (n->type == JSON_STRING) {
		text = json_decoded(m->f->body, n, m->f->arena);
		if (arena_overflowed(m->f->arena))
			return TRUTH_DOUBT;
	}
	for (uint32_t i = 0; i < m->t->nvalues; i++)
		if (json_equals(m, n, text, &m->p->values[m->t->value + i]))
			return TRUTH_TRUE;
	return TRUTH_FALSE;
}

/* Does the test hold for a value that is there, which null is not? */
static enum truth
json_holds(const struct match *m, const struct json_node *n)
{
	const struct json *j = m->f->body;

	switch ((enum operator_id)m->t->op) {
	case OP_EQUALS:
	case OP_IN:
		return json_is_one_of(m, n);
	case OP_ONLY_IN:
		return match_opposite(json_is_one_of(m, n));
	case OP_UNDER:
	case OP_ONLY_UNDER:
		if (n->type != JSON_STRING)
			return match_truth(m->t->op == OP_ONLY_UNDER);
		break;
	case OP_GREATER_THAN:
	case OP_LESS_THAN:
		if (n->type != JSON_NUMBER)
			return TRUTH_FALSE;
		return match_value(m, json_number(j, n));
	case OP_EMPTY:
		return match_truth(json_empty(j, n));
	case OP_EXISTS:
		return TRUTH_TRUE;
	case OP_CONTAINS:
	case OP_STARTS_WITH:
	case OP_ENDS_WITH:
	case OP_MATCHES:
	case OP_COUNT:
		break;
	}
	struct str text = json_text(j, n, m->f->arena);
	if (arena_overflowed(m->f->arena))
		return TRUTH_DOUBT;
	return match_value(m, text);
}

static const struct json_node *
element(const struct json *j, const struct json_node *array, uint32_t index)
{
	if (index >= array->children)
		return NULL;
	const struct json_node *n = json_first(array);
	while (index--)
		n = json_next(j, n);
	return n;
}

/* A string is a list of one to the Engine wherever it may be one (moby
 * api/types/strslice), and so here. */
const struct json_node *
match_follow(const struct program *p, const struct json *j,
	const struct json_node *n, const struct program_step *s)
{
	switch ((enum json_type)n->type) {
	case JSON_OBJECT:
		return json_member(j, n, program_text(p, s->folded),
			program_text(p, s->raw));
	case JSON_ARRAY:
		return element(j, n, s->index);
	case JSON_STRING:
		return s->any || s->index == 0 ? n : NULL;
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
	case JSON_NUMBER:
		break;
	}
	return NULL;
}

static enum truth match_path(
	struct match *m, const struct json_node *n, uint32_t at);

static enum truth
match_children(struct match *m, const struct json_node *n, uint32_t at)
{
	const struct json *j = m->f->body;
	const struct json_node *child = json_first(n);
	enum truth truth = TRUTH_FALSE;

	if (!child)
		return match_absent(m);
	for (uint32_t i = 0; i < n->children; i++) {
		if (match_settled(m, &truth, match_path(m, child, at)))
			break;
		child = json_next(j, child);
	}
	return truth;
}

/* The steps of the path from number `at` on, from node n. A path may branch
 * at each `*`; a branch that leads nowhere is absent. As deep as the body is
 * nested at most. */
static enum truth
match_path(struct match *m, const struct json_node *n, uint32_t at)
{
	for (; n && at < m->t->nsteps; at++) {
		const struct program_step *s = &m->p->steps[m->t->step + at];
		if (s->any && (n->type == JSON_ARRAY || n->type == JSON_OBJECT))
			return match_children(m, n, at + 1);
		n = match_follow(m->p, m->f->body, n, s);
	}
	if (!n || n->type == JSON_NULL)
		return match_absent(m);
	return json_holds(m, n);
}

enum truth
match_body(struct match *m)
{
	const struct json *j = m->f->body;

	assert(j);
	return match_path(m, j->count ? j->nodes : NULL, 0);
}
