/* Conditions won back from instructions: what was lowered, without its
 * negations (they are at the tests) and constants.
 */
#ifndef COMPILER_DECOMPILE_H
#define COMPILER_DECOMPILE_H

#include "runtime/arena.h"
#include "runtime/program.h"

enum expr_kind {
	EXPR_TEST,
	EXPR_AND,
	EXPR_OR,
};

/* A stretch of tests that is entered at its start only and left by two ways:
 * a condition. Two neighbours become one as long as the ways allow. */
struct expr {
	enum expr_kind kind;
	bool negate; /* of a test */
	uint32_t start, yes, no;
	uint32_t test;
	struct expr *first, *last, *next; /* children; sibling */
};

/* Where a rule's tests, which begin at its entry, end and its action stands:
 * behind its tests a rule does what it does. False: what does something else
 * there is the next one, and this one has no code. */
bool decompile_end(const struct program *p, uint32_t rule, uint32_t *end_out);

/* The condition of the tests from `at` on, up to the action at `end`; NULL
 * when the code has no such shape, or there are none. */
struct expr *decompile(
	const struct program *p, uint32_t at, uint32_t end, struct arena *a);

#endif
