/* The policy language, said once more: the same policy and request through
 * the compiler and the VM. Include behind cmocka.h. */
#ifndef TESTS_DIFF_LANGUAGE_RUN_H
#define TESTS_DIFF_LANGUAGE_RUN_H

#include "compiler/policy.h"
#include "runtime/limits.h"
#include "runtime/vm.h"
#include "tests/diff/language_text.h"

#include <stdlib.h>

/* A compiled policy. */
struct lang_real {
	char *text; /* owned: its file */
	struct arena arena;
	struct diag diag;
	struct policy *policy;
	struct regex_scratch *scratch;
};

/* Takes over the text. no_index as of struct policy_input. */
static inline void
lang_compile_text(struct lang_real *real, char *text, bool no_index)
{
	static const char *const no_env[] = {NULL};

	real->text = text;
	arena_init(&real->arena, POLICY_ARENA_MAX);
	struct policy_input in = {.file = "p.conf",
		.text = str_of(text),
		.envp = no_env,
		.no_index = no_index};
	real->policy = policy_compile(&in, &real->arena, &real->diag);
	real->scratch = regex_scratch_new();
	assert_non_null(real->scratch);
	if (real->policy)
		return;
	fputs(real->text, stderr);
	diag_write(&real->diag, stderr);
	fail();
}

static inline void
lang_compile(struct lang_real *real, const struct lang_policy *p, bool no_index)
{
	char *text;
	size_t n;

	FILE *out = open_memstream(&text, &n);
	assert_non_null(out);
	lang_write_policy(p, out);
	assert_int_equal(fclose(out), 0);
	lang_compile_text(real, text, no_index);
}

static inline void
lang_free(struct lang_real *real)
{
	policy_free(real->policy);
	diag_fini(&real->diag);
	arena_fini(&real->arena);
	regex_scratch_free(real->scratch);
	free(real->text);
}

/* --- facts -------------------------------------------------------------------- */

struct lang_facts {
	struct facts facts;
	struct docker docker;
	struct target target;
	struct http1_field header[LANG_WIDTH];
	struct json json;
	char *body; /* owned */
	struct arena *arena;
};

static inline struct target
lang_target(const struct lang_request *q, struct arena *a)
{
	static const struct target_limits limits = {LIMIT_TARGET_BYTES, 1, 24};
	struct target t;
	char *text;
	size_t n;

	FILE *out = open_memstream(&text, &n);
	assert_non_null(out);
	lang_write_target(q, out);
	assert_int_equal(fclose(out), 0);
	struct str raw = arena_str(a, (struct str){text, n});
	assert_int_equal(target_parse(raw, &limits, a, &t), WHY_OK);
	free(text);
	return t;
}

static inline void
lang_set_body(struct lang_facts *f, struct str text)
{
	static const struct json_limits limits = {LIMIT_JSON_DEPTH, 7};
	size_t at;

	enum why why = json_scan(text, &limits, f->arena, &f->json, &at);
	if (why)
		fail_msg("%s at %zu of %.*s", why_name(why), at, STR_FMT(text));
	f->facts.body = &f->json;
}

/* Without the body. */
static inline void
lang_gather(struct lang_facts *f, const struct lang_request *q, struct arena *a)
{
	*f = (struct lang_facts){.target = lang_target(q, a), .arena = a};
	f->facts = (struct facts){
		.target = &f->target,
		.headers = f->header,
		.nheaders = q->nheaders,
		.role = str_of(q->role),
		.identity = str_of(q->identity),
		.listener = str_of(q->listener),
		.has_peer = !q->client_ip,
		.peer_uid = q->uid,
		.peer_gid = q->gid,
		.weekday = (uint8_t)q->weekday,
		.minute = (uint16_t)q->minute,
		.docker = &f->docker,
		.arena = a,
	};
	assert_true(method_parse(str_of(q->method), &f->facts.method));
	if (q->client_ip)
		assert_true(
			ip_parse(str_of(q->client_ip), &f->facts.client_ip));
	for (unsigned i = 0; i < q->nheaders; i++)
		f->header[i] = (struct http1_field){
			.name = str_of(q->header[i].name),
			.value = str_of(q->header[i].value),
			.hop = q->header[i].hop,
		};
}

static inline void
lang_bring_body(
	struct lang_facts *f, const struct lang_request *q, struct lang_dice *d)
{
	size_t n;

	assert_null(f->body); /* asked for once at most */
	FILE *out = open_memstream(&f->body, &n);
	assert_non_null(out);
	if (q->body)
		lang_write_body(q->body, d, out);
	assert_int_equal(fclose(out), 0);
	lang_set_body(f, (struct str){f->body, n});
}

/* --- the run --------------------------------------------------------------------- */

/* Rules are named r<number as written>. */
static inline int
lang_number(const struct program *p, uint32_t rule)
{
	struct str name = program_text(p, p->rules[rule].name);
	char text[16];

	assert_true(name.n > 1 && name.p[0] == 'r');
	snprintf(text, sizeof(text), "%.*s", STR_FMT(name));
	return atoi(text + 1);
}

/* Asks for a token as the rule would have it. */
static inline void
lang_answer_bucket(struct vm *vm, const struct facts *facts,
	const struct lang_policy *policy, const struct lang_request *q,
	struct lang_verdict *v)
{
	int rule = lang_number(vm->program, vm->bucket.rule);
	struct str key = vm_bucket_key(vm, facts);
	char want[256];

	lang_bucket_key(&policy->rule[rule], q, want, sizeof(want));
	if (!str_eq(key, str_of(want)))
		fail_msg("key \"%.*s\" instead of \"%s\"", STR_FMT(key), want);
	assert_true(v->nasked < LANG_RULES);
	v->asked[v->nasked++] = rule;
	vm_bucket_answer(vm, q->retry_after_ms[rule]);
}

/* Filters of rule 3 are of the fields r3f0, r3f1, ... */
static inline void
lang_name_filters(const struct program *p, const struct lang_policy *policy,
	const struct verdict *from, struct lang_verdict *v)
{
	for (uint32_t i = 0; i < from->nfilters;) {
		struct program_filter f = p->filters[from->filters[i]];
		struct str s = program_text(p, p->steps[f.step].raw);
		char name[16], want[16];
		snprintf(name, sizeof(name), "%.*s", STR_FMT(s));
		int rule = atoi(name + 1);
		for (unsigned j = 0; j < policy->rule[rule].nfilters; j++) {
			assert_true(i < from->nfilters);
			f = p->filters[from->filters[i++]];
			s = program_text(p, p->steps[f.step].raw);
			snprintf(want, sizeof(want), "r%df%u", rule, j);
			assert_true(str_eq(s, str_of(want)));
		}
		assert_true(v->nfilters < LANG_RULES);
		v->filter[v->nfilters++] = rule;
	}
}

static inline struct lang_verdict
lang_translate(const struct program *p, const struct lang_policy *policy,
	const struct verdict *from, struct lang_verdict v)
{
	v.allow = from->allow;
	v.rule =
		from->rule == PROGRAM_NO_RULE ? -1 : lang_number(p, from->rule);
	v.status = from->status;
	v.rate_limited = from->why == WHY_RATE_LIMITED;
	v.retry_after_ms = from->retry_after_ms;
	assert_int_equal(from->allow, from->why == WHY_OK);
	assert_true(from->ndry <= LANG_RULES);
	for (uint32_t i = 0; i < from->ndry; i++)
		v.dry[v.ndry++] = lang_number(p, from->dry[i]);
	lang_name_filters(p, policy, from, &v);
	return v;
}

/* The trace came by what decided. */
static inline void
lang_check_trace(const struct program *p, const struct vm_trace *trace,
	const struct verdict *v)
{
	unsigned ends = 0;

	for (uint32_t i = 0; i < p->ninsns; i++) {
		const struct insn *insn = &p->insns[i];
		if (insn->op == OPCODE_NEXT || insn->op == OPCODE_TEST)
			continue;
		if (insn->op == OPCODE_END ? v->rule == PROGRAM_NO_RULE
					   : insn->arg == v->rule)
			ends += trace->at[i] == VM_SEEN(TRUTH_TRUE);
	}
	assert_true(ends > 0);
}

/* The verdict of the compiled policy, run plainly or traced; *held_out: it
 * asked for the body. */
static inline struct lang_verdict
lang_run(const struct lang_real *real, const struct lang_policy *policy,
	const struct lang_request *q, struct lang_dice *d, struct arena *a,
	bool traced, bool *held_out)
{
	const struct program *p = &real->policy->program;
	struct lang_verdict v = {0};
	struct lang_facts f;
	struct vm vm;
	struct vm_trace trace = {.at = arena_alloc(a, p->ninsns)};

	lang_gather(&f, q, a);
	assert_true(vm_init(&vm, p, a));
	for (;;) {
		enum vm_status status =
			traced ? vm_run_traced(
					 &vm, &f.facts, real->scratch, &trace)
			       : vm_run(&vm, &f.facts, real->scratch);
		if (status == VM_DONE)
			break;
		if (status == VM_NEED_BODY)
			lang_bring_body(&f, q, d);
		else
			lang_answer_bucket(&vm, &f.facts, policy, q, &v);
	}
	*held_out = f.body != NULL;
	free(f.body);
	if (traced)
		lang_check_trace(p, &trace, &vm.verdict);
	return lang_translate(p, policy, &vm.verdict, v);
}

#endif
