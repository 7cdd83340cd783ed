/* What follows from a condition: where it holds, does another? */
#ifndef COMPILER_IMPLIES_H
#define COMPILER_IMPLIES_H

#include "compiler/rules.h"

struct implies {
	struct arena *arena; /* borrowed */
	/* Only of tests that are always decided. In doubt an allow does not
	 * fire and a deny does, though they ask the same. */
	bool decided;
	uint32_t steps; /* left; 0: nothing more is found out. They bound
				the arena's growth as well as the time */
};

/* False when none are left. */
bool take_steps(struct implies *l, size_t n);

/* Does a hold wherever b does? False when that is not sure. */
bool implies(struct implies *l, const struct cond *b, const struct cond *a);

/* Does it hold whatever is asked? Of a group without children, and of tests
 * that each path passes. */
bool cond_always_holds(const struct cond *c);

/* Can it be that a request does not decide it? Facts that only the Engine can
 * read; and patterns on texts that may be long. */
bool cond_may_be_in_doubt(const struct cond *c);

/* Is the value equal to one of those listed? */
static inline bool
cond_is_one_of(const struct cond *c)
{
	return c->op == OP_EQUALS || c->op == OP_IN;
}

/* Does the operator, without its not_, hold where there is no value? */
static inline bool
cond_holds_of_none(const struct cond *c)
{
	return c->op == OP_EMPTY || c->op == OP_ONLY_IN ||
	       c->op == OP_ONLY_UNDER;
}

#endif
