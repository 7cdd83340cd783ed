/* The VM: instructions, jumps, and the memory of answers.
 *
 * Seen by vm.c and vm_trace.c alone, which make a function each of vm_loop():
 * one source, so that a trace cannot tell another story; two files, so that
 * of a trace nothing is left where there is none.
 */
#ifndef RUNTIME_VM_LOOP_H
#define RUNTIME_VM_LOOP_H

#include "runtime/candidates.h"
#include "runtime/vm.h"

#include <assert.h>

/* In vm->memo: 0 is not asked yet. */
#define MEMO(truth)   VM_SEEN(truth)

#define LIST_ROOM_MIN 8u

/* Seldom run: out of the way of the loop. */
#define APART         static __attribute__((noinline, unused))

/* Asks the test. */
static inline uint8_t
ask(struct vm *vm, uint32_t test, const struct facts *f,
	struct regex_scratch *scratch)
{
	const struct program *p = vm->program;
	enum truth truth = match_test(p, &p->tests[test], f, scratch);

	if (truth == TRUTH_DOUBT)
		vm->doubts++;
	if (test < p->header->nmemo)
		vm->memo[test] = MEMO(truth);
	return MEMO(truth);
}

/* What a body means is only asked where it can mean something: no archive is
 * held for it. */
static inline bool
needs_body(const struct program_test *t, const struct facts *f)
{
	unsigned flags = field_info[t->field].flags;

	if (!(flags & FIELD_NEEDS_BODY))
		return false;
	return !(flags & FIELD_DOCKER) || docker_reads_body(f);
}

/* --- lists ---------------------------------------------------------------- */

/* Room for n more. Out of it, the arena says so, and finish() asks it. */
APART bool
list_reserve(struct vm_list *l, uint32_t n, struct arena *a)
{
	if (n <= l->room - l->n)
		return true;
	size_t room = l->room ? l->room * (size_t)2 : LIST_ROOM_MIN;
	while (room - l->n < n)
		room *= 2;
	uint32_t *v =
		room <= UINT32_MAX ? arena_alloc(a, room * sizeof(*v)) : NULL;
	if (!v)
		return false;
	if (l->n)
		memcpy(v, l->v, l->n * sizeof(*v));
	l->v = v;
	l->room = (uint32_t)room;
	return true;
}

static inline void
note_dry(struct vm *vm, uint32_t rule, struct arena *a)
{
	if (list_reserve(&vm->dry, 1, a))
		vm->dry.v[vm->dry.n++] = rule;
}

static inline void
note_filters(struct vm *vm, uint32_t rule, struct arena *a)
{
	const struct program_rule *r = &vm->program->rules[rule];

	if (!list_reserve(&vm->filters, r->noperands, a))
		return;
	for (uint32_t i = 0; i < r->noperands; i++)
		vm->filters.v[vm->filters.n++] = r->operand + i;
}

/* --- ends ------------------------------------------------------------------ */

static inline enum vm_status
finish(struct vm *vm, const struct facts *f, struct verdict verdict)
{
	verdict.dry = vm->dry.v;
	verdict.ndry = vm->dry.n;
	if (arena_overflowed(f->arena)) {
		verdict.allow = false;
		verdict.why = WHY_OUT_OF_MEMORY;
		verdict.status = why_status(WHY_OUT_OF_MEMORY);
		verdict.rule = PROGRAM_NO_RULE;
		verdict.retry_after_ms = 0;
	}
	if (verdict.allow) {
		verdict.filters = vm->filters.v;
		verdict.nfilters = vm->filters.n;
	}
	vm->verdict = verdict;
	vm->done = true;
	return VM_DONE;
}

APART enum vm_status
deny(struct vm *vm, const struct facts *f, uint32_t rule)
{
	bool default_denies = rule == PROGRAM_NO_RULE;

	return finish(vm, f,
		(struct verdict){
			.why = WHY_DENIED,
			.status = default_denies
					  ? why_status(WHY_DENIED)
					  : vm->program->rules[rule].status,
			.rule = rule,
		});
}

static inline enum vm_status
refuse_rate(struct vm *vm, const struct facts *f, uint32_t rule)
{
	return finish(vm, f,
		(struct verdict){
			.why = WHY_RATE_LIMITED,
			.status = vm->program->rules[rule].status,
			.rule = rule,
			.retry_after_ms = vm->bucket.retry_after_ms,
		});
}

static inline enum vm_status
allow(struct vm *vm, const struct facts *f)
{
	return finish(
		vm, f, (struct verdict){.allow = true, .rule = vm->allow});
}

static inline enum vm_status
stop(struct vm *vm, const struct insn *at, enum vm_status need)
{
	vm->pc = (uint32_t)(at - vm->program->insns);
	return need;
}

/* --- roles and buckets -------------------------------------------------------- */

static inline bool
is_dry(const struct vm *vm, uint32_t rule)
{
	return vm->program->rules[rule].flags & RULE_DRY_RUN;
}

static inline bool
has_role(const struct program *p, uint32_t rule, struct str role)
{
	const struct program_rule *r = &p->rules[rule];

	if (str_eq(role, STR(ROLE_ADMIN)))
		return true;
	for (uint32_t i = 0; i < r->noperands; i++)
		if (str_eq(role,
			    program_text(p, p->values[r->operand + i].text)))
			return true;
	return false;
}

static inline enum vm_status
need_bucket(struct vm *vm, const struct insn *at)
{
	vm->bucket.rule = at->arg;
	vm->bucket.index = vm->program->rules[at->arg].operand;
	return stop(vm, at, VM_NEED_BUCKET);
}

/* The token that was asked for: is there one? */
static inline bool
took_token(struct vm *vm)
{
	vm->bucket.answered = false;
	return vm->bucket.retry_after_ms == 0;
}

/* --- instructions ----------------------------------------------------------------- */

static inline uint8_t
if_doubt(const struct insn *i)
{
	return i->flags & INSN_DOUBT_IS_TRUE ? MEMO(TRUTH_TRUE)
					     : MEMO(TRUTH_FALSE);
}

/* Out of memory, the end of the pass sees it. A trace looks at all. */
static inline const struct insn *
next_candidate(struct vm *vm, const struct insn *i, const struct facts *f,
	const struct vm_trace *trace)
{
	const struct program *p = vm->program;

	if (trace)
		return &p->insns[i->arg < i->jt ? p->slots[i->arg] : i->jf];
	if (!vm->candidates)
		vm->candidates = candidates_find(p, f);
	if (!vm->candidates)
		return &p->insns[i->jf];
	uint32_t slot = candidates_next(vm->candidates, i->arg, i->jt);
	return &p->insns[slot < i->jt ? p->slots[slot] : i->jf];
}

static inline void
note(struct vm_trace *trace, const struct program *p, const struct insn *i,
	uint8_t answer)
{
	if (trace)
		trace->at[i - p->insns] = answer;
}

static inline bool
is_left_out(const struct vm_trace *trace, const struct insn *i)
{
	return trace && trace->without && i->op != OPCODE_NEXT &&
	       i->op != OPCODE_END && trace->without[i->arg];
}

static inline enum vm_status
vm_loop(struct vm *vm, const struct facts *f, struct regex_scratch *scratch,
	struct vm_trace *trace)
{
	const struct program *p = vm->program;
	const struct insn *const insns = p->insns;
	const struct insn *const pass = insns + p->header->pass;
	const struct insn *i = &insns[vm->pc];
	const uint8_t *const memo = vm->memo;
	const uint32_t nmemo = p->header->nmemo;
	bool lacks_body = p->reads_body && !f->body;

	if (vm->done)
		return VM_DONE;
	/* Ends: jumps go forward only, and each pass ends in END. */
	for (;;) {
		while (i->op == OPCODE_TEST) {
			uint8_t answer = i->arg < nmemo ? memo[i->arg] : 0;
			if (!answer) {
				if (lacks_body &&
					needs_body(&p->tests[i->arg], f))
					return stop(vm, i, VM_NEED_BODY);
				answer = ask(vm, i->arg, f, scratch);
			}
			note(trace, p, i, answer);
			if (answer == MEMO(TRUTH_DOUBT))
				answer = if_doubt(i);
			i = &insns[answer == MEMO(TRUTH_TRUE) ? i->jt : i->jf];
		}
		if (is_left_out(trace, i)) {
			i++;
			continue;
		}
		note(trace, p, i, MEMO(TRUTH_TRUE));
		switch ((enum opcode)i->op) {
		case OPCODE_DENY:
			return deny(vm, f, i->arg);
		case OPCODE_ALLOW:
			vm->allow = i->arg;
			i = pass;
			continue;
		case OPCODE_DRY:
			note_dry(vm, i->arg, f->arena);
			break;
		case OPCODE_ROLE:
			if (has_role(p, i->arg, f->role))
				break;
			if (!is_dry(vm, i->arg))
				return deny(vm, f, i->arg);
			note_dry(vm, i->arg, f->arena);
			break;
		case OPCODE_TAKE:
			if (!vm->bucket.answered)
				return need_bucket(vm, i);
			if (took_token(vm))
				break;
			if (!is_dry(vm, i->arg))
				return refuse_rate(vm, f, i->arg);
			note_dry(vm, i->arg, f->arena);
			break;
		case OPCODE_FILTER:
			note_filters(vm, i->arg, f->arena);
			break;
		case OPCODE_NEXT:
			i = next_candidate(vm, i, f, trace);
			continue;
		case OPCODE_END:
			if (i >= pass)
				return allow(vm, f);
			if (!p->header->default_allow)
				return deny(vm, f, PROGRAM_NO_RULE);
			vm->allow = PROGRAM_NO_RULE;
			i = pass;
			continue;
		case OPCODE_TEST:
		case OPCODE_COUNT:
			assert(false && "an unverified instruction");
		}
		i++;
	}
}

#endif
