/* The VM: instructions, jumps, and the memory of answers. */
#include "runtime/vm.h"

#include "runtime/why.h"

#include <assert.h>

/* In vm->memo: 0 is not asked yet. */
#define MEMO(truth)  ((uint8_t)((truth) + 1))

#define DRY_ROOM_MIN 8u

bool
vm_init(struct vm *vm, const struct program *p, struct arena *a)
{
	*vm = (struct vm){
		.program = p,
		.memo = arena_alloc(a, p->ntests),
	};
	return vm->memo != NULL;
}

/* Asks the test, for the first time. */
static uint8_t
ask(struct vm *vm, uint32_t test, const struct facts *f,
	struct regex_scratch *scratch)
{
	const struct program *p = vm->program;
	enum truth truth = match_test(p, &p->tests[test], f, scratch);

	if (truth == TRUTH_DOUBT)
		vm->doubts++;
	return vm->memo[test] = MEMO(truth);
}

static bool
needs_body(const struct program_test *t)
{
	return field_info[t->field].flags & FIELD_NEEDS_BODY;
}

/* Out of room, the arena says so, and finish() asks it. */
static void
note_dry(struct vm *vm, uint32_t rule, struct arena *a)
{
	if (vm->ndry == vm->dry_room) {
		uint32_t room = vm->dry_room ? vm->dry_room * 2 : DRY_ROOM_MIN;
		uint32_t *dry = arena_alloc(a, room * sizeof(*dry));
		if (!dry)
			return;
		if (vm->ndry)
			memcpy(dry, vm->dry, vm->ndry * sizeof(*dry));
		vm->dry = dry;
		vm->dry_room = room;
	}
	vm->dry[vm->ndry++] = rule;
}

static enum vm_status
finish(struct vm *vm, const struct facts *f, bool allow, uint32_t rule,
	uint16_t status)
{
	vm->verdict = (struct verdict){
		.allow = allow,
		.rule = rule,
		.status = status,
		.dry = vm->dry,
		.ndry = vm->ndry,
	};
	if (arena_overflowed(f->arena)) {
		vm->verdict.allow = false;
		vm->verdict.rule = PROGRAM_NO_RULE;
		vm->verdict.status = why_status(WHY_OUT_OF_MEMORY);
	}
	return VM_DONE;
}

static uint8_t
if_doubt(const struct insn *i)
{
	return i->flags & INSN_DOUBT_IS_TRUE ? MEMO(TRUTH_TRUE)
					     : MEMO(TRUTH_FALSE);
}

static enum vm_status
stop(struct vm *vm, const struct insn *at)
{
	vm->pc = (uint32_t)(at - vm->program->insns);
	return VM_NEED_BODY;
}

enum vm_status
vm_run(struct vm *vm, const struct facts *f, struct regex_scratch *scratch)
{
	const struct program *p = vm->program;
	const struct insn *const insns = p->insns;
	const struct insn *i = &insns[vm->pc];
	const uint8_t *const memo = vm->memo;
	bool lacks_body = p->reads_body && !f->body;

	/* Ends: jumps go forward only, and the last instruction is END. */
	for (;;) {
		while (i->op == OPCODE_TEST) {
			uint8_t answer = memo[i->arg];
			if (!answer) {
				if (lacks_body && needs_body(&p->tests[i->arg]))
					return stop(vm, i);
				answer = ask(vm, i->arg, f, scratch);
			}
			if (answer == MEMO(TRUTH_DOUBT))
				answer = if_doubt(i);
			i = &insns[answer == MEMO(TRUTH_TRUE) ? i->jt : i->jf];
		}
		switch ((enum opcode)i->op) {
		case OPCODE_DENY:
			return finish(
				vm, f, false, i->arg, p->rules[i->arg].status);
		case OPCODE_ALLOW:
			return finish(vm, f, true, i->arg, 0);
		case OPCODE_DRY:
			note_dry(vm, i->arg, f->arena);
			i++;
			continue;
		case OPCODE_END:
			return finish(vm, f, p->header->default_allow,
				PROGRAM_NO_RULE, why_status(WHY_DENIED));
		case OPCODE_TEST:
		case OPCODE_COUNT:
			break;
		}
		assert(false && "an unverified instruction");
	}
}
