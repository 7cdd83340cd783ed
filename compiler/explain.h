/* Rules explained: what each of their conditions saw, and came to.
 *
 * Won back from the program with what a trace (vm_run_traced) came by. All
 * that is handed out is in the arena and says nothing of the request's own
 * memory.
 */
#ifndef COMPILER_EXPLAIN_H
#define COMPILER_EXPLAIN_H

#include "runtime/match.h"
#include "runtime/seen.h"

enum explain_kind {
	EXPLAIN_TEST,
	EXPLAIN_ALL, /* of its children */
	EXPLAIN_ANY,
};

enum explain_outcome {
	EXPLAIN_UNASKED, /* it was decided without, or the body is not known */
	EXPLAIN_HELD,
	EXPLAIN_FAILED,
};

struct explain_cond {
	enum explain_kind kind;
	enum explain_outcome outcome;
	const struct explain_cond *first, *next; /* children, sibling */
	/* of a test */
	enum field field;
	bool doubt;      /* it could not be decided: towards a denial */
	struct str text; /* field, operator and operand */
	struct seen seen;
};

struct explain_rule {
	uint32_t rule;
	bool reached, fired;
	bool never; /* its conditions cannot hold, or it is a filter on trial */
	const struct explain_cond *when; /* NULL: it always fires, or never */
};

struct explain_asked {
	const struct program *program;
	const struct facts *facts;
	const uint8_t *at; /* of the trace */
	/* Not NULL: tests that were not asked are now, where it is known. */
	struct regex_scratch *scratch;
	struct arena *arena;
};

struct explain_rule explain_rule(const struct explain_asked *q, uint32_t rule);

/* Did a trace come by what the rule does? */
bool explain_fired(const struct program *p, uint32_t rule, const uint8_t *at);

/* Can it fire at all? */
bool explain_can_fire(const struct program *p, uint32_t rule);

/* Of a group: did that child make it come out as it did? Is one such enough
 * (of ALL that failed, of ANY that held)? */
bool explain_is_proof(
	const struct explain_cond *group, const struct explain_cond *c);
bool explain_one_is_enough(const struct explain_cond *group);

/* Must it fail for what the call is: its method, path and version, or that it
 * has no such docker.* facts? */
bool explain_is_elsewhere(const struct explain_cond *c);

/* How many tests would have to come out otherwise for it to hold, as far as
 * known: of EXPLAIN_ANY the least. */
unsigned explain_lacks(const struct explain_cond *c);

/* How many there are. */
unsigned explain_tests(const struct explain_cond *c);

#endif
