/* The VM: run a verified program over the facts of a request.
 *
 * A run stops when it needs something, says what, and goes on from the same
 * instruction when called again. Each distinct test is evaluated at most once
 * a request: its answer is remembered, where more than one instruction asks.
 */
#ifndef RUNTIME_VM_H
#define RUNTIME_VM_H

#include "runtime/facts.h"
#include "runtime/match.h"
#include "runtime/program.h"
#include "runtime/why.h"

enum vm_status {
	VM_DONE,        /* vm->verdict holds */
	VM_NEED_BODY,   /* set facts->body and run again */
	VM_NEED_BUCKET, /* ask for a token of vm->bucket, answer, run again */
};

struct verdict {
	bool allow;
	enum why why;            /* of a denial; WHY_OK of an allow */
	uint16_t status;         /* of a denial */
	uint32_t rule;           /* that decided; PROGRAM_NO_RULE: none */
	uint32_t retry_after_ms; /* of WHY_RATE_LIMITED, else 0 */
	/* Rules in dry run that would have denied, in order. Kept in the
	 * facts' arena, as the filters are. */
	const uint32_t *dry;
	uint32_t ndry;
	/* Of an allow, records of the filter table: those of every rule that
	 * fired, in the order of the rules. */
	const uint32_t *filters;
	uint32_t nfilters;
};

/* Indices, collected in an arena. */
struct vm_list {
	uint32_t *v;
	uint32_t n, room;
};

struct vm {
	const struct program *program; /* borrowed */
	uint32_t pc;
	uint8_t *memo; /* in the arena: answers of the first tests */
	const uint64_t *candidates; /* in the arena; NULL: not yet asked for */
	uint32_t allow; /* the rule that allowed, for the second pass */
	struct vm_list dry, filters;
	struct {
		uint32_t rule, index; /* of the tables of rules and buckets */
		bool answered;
		uint32_t retry_after_ms;
	} bucket;
	uint32_t doubts; /* tests that hit a limit, for the log */
	bool done;
	struct verdict verdict;
};

/* False when the arena has no room for the answers: refuse the request. */
bool vm_init(struct vm *vm, const struct program *p, struct arena *a);

/* An arena that overflows on the way makes the verdict a denial with
 * WHY_OUT_OF_MEMORY. What is done stays done. */
enum vm_status vm_run(
	struct vm *vm, const struct facts *f, struct regex_scratch *scratch);

#define VM_SEEN(truth) ((uint8_t)((truth) + 1))

/* What a run came by, for who explains it. */
struct vm_trace {
	/* Of each instruction: 0, it did not come by, else VM_SEEN() of what a
	 * test answered, of TRUTH_TRUE for any other. The caller's, zeroed. */
	uint8_t *at;
	/* Of each rule: 1, it does nothing, for what would be without it.
	 * The caller's; NULL: all do. */
	const uint8_t *without;
};

/* As vm_run(), and with the same verdict; but no rule is passed over by the
 * candidate index, so that of each it is known why it did not fire. From the
 * first run of a vm to its last with the same trace. */
enum vm_status vm_run_traced(struct vm *vm, const struct facts *f,
	struct regex_scratch *scratch, struct vm_trace *trace);

/* After VM_NEED_BUCKET: what tells requests apart, in the facts' arena or
 * borrowed from them: an address (or "uid:1000", without one), an identity, a
 * role, a header. Empty for a request that has none: those share a bucket. */
struct str vm_bucket_key(const struct vm *vm, const struct facts *f);

/* After VM_NEED_BUCKET: 0, a token was taken; else when to try again. */
void vm_bucket_answer(struct vm *vm, uint32_t retry_after_ms);

#endif
