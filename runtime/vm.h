/* The VM: run a verified program over the facts of a request.
 *
 * A run stops when it needs something, says what, and goes on from the same
 * instruction when called again. Each distinct test is evaluated at most once
 * a request: its answer is remembered.
 */
#ifndef RUNTIME_VM_H
#define RUNTIME_VM_H

#include "runtime/facts.h"
#include "runtime/match.h"
#include "runtime/program.h"

enum vm_status {
	VM_DONE,      /* vm->verdict holds */
	VM_NEED_BODY, /* set facts->body and run again */
};

struct verdict {
	bool allow;
	uint32_t rule;   /* that decided; PROGRAM_NO_RULE: the default */
	uint16_t status; /* of a denial */
	/* Rules in dry run that would have denied, in order. Kept in the
	 * facts' arena. */
	const uint32_t *dry;
	uint32_t ndry;
};

struct vm {
	const struct program *program; /* borrowed */
	uint32_t pc;
	uint8_t *memo; /* in the arena: an answer for each test */
	uint32_t *dry; /* in the arena */
	uint32_t ndry, dry_room;
	uint32_t doubts; /* tests that hit a limit, for the log */
	struct verdict verdict;
};

/* False when the arena has no room for the answers: refuse the request. */
bool vm_init(struct vm *vm, const struct program *p, struct arena *a);

/* An arena that overflows on the way makes the verdict a denial with
 * status 503. */
enum vm_status vm_run(
	struct vm *vm, const struct facts *f, struct regex_scratch *scratch);

#endif
