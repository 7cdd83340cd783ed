/* Conditions won back from instructions. */
#include "compiler/decompile.h"

#include "runtime/limits.h"

/* Not of an AND is an OR of the nots: the tree is turned over. */
static void
negate(struct expr *e)
{
	uint32_t yes = e->yes;
	e->yes = e->no;
	e->no = yes;
	if (e->kind == EXPR_TEST)
		e->negate = !e->negate;
	else
		e->kind = e->kind == EXPR_AND ? EXPR_OR : EXPR_AND;
	for (struct expr *i = e->first; i; i = i->next)
		negate(i);
}

/* Makes e a group of that kind: a group of one when it is something else. */
static struct expr *
as_group(struct arena *a, struct expr *e, enum expr_kind kind)
{
	if (e->kind == kind)
		return e;
	struct expr *g = arena_alloc(a, sizeof(*g));
	if (!g)
		return NULL;
	*g = *e;
	g->kind = kind;
	g->first = g->last = e;
	e->next = NULL;
	return g;
}

/* x and y, which x alone leads to, as one; NULL when they do not go together.
 * If x holds and leads to y, it is an AND, and both are left the same way
 * when they do not hold; else an OR. y is turned over to fit. */
static struct expr *
merge(struct arena *a, struct expr *x, struct expr *y)
{
	bool is_and = x->yes == y->start;
	if (is_and == (x->no == y->start))
		return NULL;
	uint32_t away = is_and ? x->no : x->yes;
	if (away == (is_and ? y->yes : y->no))
		negate(y);
	if (away != (is_and ? y->no : y->yes))
		return NULL;
	enum expr_kind kind = is_and ? EXPR_AND : EXPR_OR;
	struct expr *g = as_group(a, x, kind);
	struct expr *rest = as_group(a, y, kind);
	if (!g || !rest)
		return NULL;
	g->yes = y->yes;
	g->no = y->no;
	g->last->next = rest->first;
	g->last = rest->last;
	return g;
}

struct expr *
decompile(const struct program *p, uint32_t at, uint32_t end, struct arena *a)
{
	struct expr *stack[4 * TREE_DEPTH_MAX];
	size_t n = 0;
	for (; at < end; at++) {
		struct expr *e = arena_alloc(a, sizeof(*e));
		if (!e || n == sizeof(stack) / sizeof(*stack))
			return NULL;
		*e = (struct expr){.kind = EXPR_TEST,
			.start = at,
			.yes = p->insns[at].jt,
			.no = p->insns[at].jf,
			.test = p->insns[at].arg};
		while (n > 0) {
			struct expr *both = merge(a, stack[n - 1], e);
			if (!both)
				break;
			e = both;
			n--;
		}
		stack[n++] = e;
	}
	if (n != 1)
		return NULL;
	if (stack[0]->yes != end)
		negate(stack[0]);
	return stack[0]->yes == end ? stack[0] : NULL;
}

bool
decompile_end(const struct program *p, uint32_t rule, uint32_t *end_out)
{
	uint32_t end = p->rules[rule].entry;

	while (p->insns[end].op == OPCODE_TEST)
		end++;
	const struct insn *i = &p->insns[end];
	*end_out = end;
	return i->op != OPCODE_END && i->op != OPCODE_NEXT && i->arg == rule;
}
