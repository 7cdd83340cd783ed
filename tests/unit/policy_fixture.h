/* Fixture of the compiler's tests: a text to a policy and what was told, a
 * request to its verdict. Include behind cmocka.h.
 */
#ifndef TESTS_UNIT_POLICY_FIXTURE_H
#define TESTS_UNIT_POLICY_FIXTURE_H

#include "compiler/policy.h"
#include "runtime/limits.h"
#include "runtime/vm.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
	struct arena arena; /* of diag */
	struct diag diag;
	struct policy *policy;
	char *told; /* owned: the diagnostics as text */
};

static const char *const no_env[] = {NULL};

static inline void
fixture_compile(struct fixture *f, const struct policy_input *in)
{
	size_t n;

	arena_init(&f->arena, POLICY_ARENA_MAX);
	f->policy = policy_compile(in, &f->arena, &f->diag);
	assert_true((f->policy != NULL) == (f->diag.errors == 0));
	FILE *out = open_memstream(&f->told, &n);
	assert_non_null(out);
	diag_write(&f->diag, out);
	assert_int_equal(fclose(out), 0);
}

static inline void
fixture_init(struct fixture *f, const char *text, const char *const *envp)
{
	struct policy_input in = {
		.file = "p.conf", .text = str_of(text), .envp = envp};
	fixture_compile(f, &in);
}

static inline void
fixture_fini(struct fixture *f)
{
	policy_free(f->policy);
	diag_fini(&f->diag);
	arena_fini(&f->arena);
	free(f->told);
}

static inline void
assert_tells_(
	const struct fixture *f, const char *what, const char *file, int line)
{
	if (strstr(f->told, what))
		return;
	print_error("not told: %s\nbut:\n%s\n", what, f->told);
	_fail(file, line);
}

/* The diagnostics contain the text. */
#define assert_tells(f, what) assert_tells_(f, what, __FILE__, __LINE__)

/* The text, alone, gives exactly one error, which says so. */
static inline void
assert_one_error_(
	const char *text, const char *what, const char *file, int line)
{
	struct fixture f;
	fixture_init(&f, text, no_env);
	assert_tells_(&f, what, file, line);
	if (f.diag.errors != 1) {
		print_error("%zu errors:\n%s\n", f.diag.errors, f.told);
		_fail(file, line);
	}
	fixture_fini(&f);
}

#define assert_one_error(text, what) \
	assert_one_error_(text, what, __FILE__, __LINE__)

/* The text compiles without error or warning. */
static inline void
assert_silent_(const char *text, const char *file, int line)
{
	struct fixture f;
	fixture_init(&f, text, no_env);
	if (f.told[0] != '\0') {
		print_error("told:\n%s\n", f.told);
		_fail(file, line);
	}
	fixture_fini(&f);
}

#define assert_silent(text) assert_silent_(text, __FILE__, __LINE__)

/* --- requests --------------------------------------------------------------- */

struct request {
	enum method method;
	const char *path, *query, *body; /* body NULL: not known yet */
	const char *header, *value;      /* one field */
	const char *ip, *role;
	unsigned weekday, minute;
	uint32_t retry_after_ms; /* what every bucket answers */
};

struct answer {
	bool allow;
	uint16_t status;
	char rule[64]; /* empty: the default */
	uint32_t ndry, doubts;
	enum why why;
	uint32_t nfilters, filters[16]; /* of the program's table */
	uint32_t tokens;                /* that were asked for */
	bool wants_body;                /* it stopped there */
};

static inline void
request_target(struct target *t, const struct request *q, struct arena *a)
{
	struct target_limits limits = {LIMIT_TARGET_BYTES, 1, 24};
	struct str raw = arena_fmt(a, "%s%s%s", q->path, q->query ? "?" : "",
		q->query ? q->query : "");
	assert_int_equal(target_parse(raw, &limits, a, t), WHY_OK);
}

static inline void
keep_verdict(
	struct answer *out, const struct program *p, const struct verdict *v)
{
	out->allow = v->allow;
	out->status = v->status;
	out->why = v->why;
	out->ndry = v->ndry;
	out->nfilters = v->nfilters;
	assert_true(v->nfilters <= sizeof(out->filters) / sizeof(uint32_t));
	for (uint32_t i = 0; i < v->nfilters; i++)
		out->filters[i] = v->filters[i];
	if (v->rule == PROGRAM_NO_RULE)
		return;
	struct str name = program_text(p, p->rules[v->rule].name);
	assert_true(name.n < sizeof(out->rule));
	memcpy(out->rule, name.p, name.n);
}

static inline struct answer
ask(const struct fixture *f, struct request q)
{
	struct arena a;
	struct vm vm;
	struct target target;
	struct docker docker = {0};
	struct json json;
	struct answer out = {0};
	struct json_limits limits = {LIMIT_JSON_DEPTH, 1};
	struct http1_field field = {0};
	struct facts facts = {.method = q.method, .target = &target};
	size_t at;

	assert_non_null(f->policy);
	arena_init(&a, MIB(16));
	request_target(&target, &q, &a);
	if (q.header) {
		field.name = str_of(q.header);
		field.value = str_of(q.value);
		facts.headers = &field;
		facts.nheaders = 1;
	}
	if (q.ip)
		assert_true(ip_parse(str_of(q.ip), &facts.client_ip));
	facts.role = str_of(q.role ? q.role : "");
	facts.weekday = (uint8_t)q.weekday;
	facts.minute = (uint16_t)q.minute;
	facts.docker = &docker;
	facts.arena = &a;
	if (q.body) {
		assert_int_equal(
			json_scan(str_of(q.body), &limits, &a, &json, &at),
			WHY_OK);
		facts.body = &json;
	}
	struct regex_scratch *scratch = regex_scratch_new();
	assert_non_null(scratch);
	assert_true(vm_init(&vm, &f->policy->program, &a));
	enum vm_status status = vm_run(&vm, &facts, scratch);
	for (; status == VM_NEED_BUCKET; out.tokens++) {
		vm_bucket_answer(&vm, q.retry_after_ms);
		status = vm_run(&vm, &facts, scratch);
	}
	if (status == VM_DONE)
		keep_verdict(&out, vm.program, &vm.verdict);
	out.wants_body = status == VM_NEED_BODY;
	out.doubts = vm.doubts;
	regex_scratch_free(scratch);
	arena_fini(&a);
	return out;
}

#endif
