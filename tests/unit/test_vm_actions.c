/* Runs: roles, tokens, and the second pass with its filters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/vm_fixture.h"

static void
restart(struct fixture *fx)
{
	assert_true(vm_init(&fx->vm, &fx->program, &fx->arena));
}

static void
assert_denied(
	const struct fixture *fx, uint32_t rule, uint16_t status, enum why why)
{
	const struct verdict *v = &fx->vm.verdict;

	assert_false(v->allow);
	assert_int_equal(v->rule, rule);
	assert_int_equal(v->status, status);
	assert_int_equal(v->why, why);
	assert_int_equal(v->nfilters, 0);
}

static void
assert_allowed(const struct fixture *fx, uint32_t rule)
{
	const struct verdict *v = &fx->vm.verdict;

	assert_true(v->allow);
	assert_int_equal(v->rule, rule);
	assert_int_equal(v->why, WHY_OK);
	assert_int_equal(v->retry_after_ms, 0);
}

/* --- roles ------------------------------------------------------------------- */

static void
test_role(void **state)
{
	static const struct {
		const char *role;
		bool passes;
	} cases[] = {{"ops", true}, {"dev", true}, {"admin", true}, {"", false},
		{"op", false}, {"opsx", false}, {"OPS", false},
		{"Admin", false}, {"user", false}};
	struct fixture *fx = *state;

	for (unsigned dry = 0; dry < 2; dry++) {
		struct image *im = image_new();
		image_rule(im, ACTION_REQUIRE_ROLE, 404, dry);
		image_role(im, "ops");
		image_role(im, "dev");
		image_rule(im, ACTION_ALLOW, 403, 0);
		image_insn(im, OPCODE_ROLE, 0, 0, 0, 0);
		image_insn(im, OPCODE_ALLOW, 1, 0, 0, 0);
		image_insn(im, OPCODE_END, 0, 0, 0, 0);
		load(fx, im);
		for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
			restart(fx);
			fx->facts.role = str_of(cases[i].role);
			assert_int_equal(run(fx), VM_DONE);
			if (!dry && !cases[i].passes)
				assert_denied(fx, 0, 404, WHY_DENIED);
			else
				assert_allowed(fx, 1);
			assert_int_equal(
				fx->vm.verdict.ndry, dry && !cases[i].passes);
		}
	}
}

/* Nobody but admin has one of no roles. */
static void
test_no_roles(void **state)
{
	struct fixture *fx = *state;
	struct image *im = image_new();

	im->default_allow = true;
	image_rule(im, ACTION_REQUIRE_ROLE, 403, 0);
	image_insn(im, OPCODE_ROLE, 0, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	load(fx, im);
	assert_int_equal(run(fx), VM_DONE);
	assert_denied(fx, 0, 403, WHY_DENIED);
	restart(fx);
	fx->facts.role = STR("admin");
	assert_int_equal(run(fx), VM_DONE);
	assert_allowed(fx, PROGRAM_NO_RULE);
}

/* --- tokens -------------------------------------------------------------------- */

/* Two limits, the first in dry run or not, then an allow. */
static void
load_limits(struct fixture *fx, unsigned dry, enum bucket_key key,
	const char *header)
{
	struct image *im = image_new();

	image_rule(im, ACTION_RATE_LIMIT, 429, dry);
	image_bucket(im, key, header);
	image_rule(im, ACTION_ALLOW, 403, 0);
	image_rule(im, ACTION_RATE_LIMIT, 503, 0);
	image_bucket(im, BUCKET_ROLE, "");
	image_insn(im, OPCODE_TAKE, 0, 0, 0, 0);
	image_insn(im, OPCODE_TAKE, 2, 0, 0, 0);
	image_insn(im, OPCODE_ALLOW, 1, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	load(fx, im);
}

static void
test_tokens(void **state)
{
	struct fixture *fx = *state;

	load_limits(fx, 0, BUCKET_CLIENT_IP, "");
	/* Asked until it is answered. */
	assert_int_equal(run(fx), VM_NEED_BUCKET);
	assert_int_equal(run(fx), VM_NEED_BUCKET);
	assert_int_equal(fx->vm.bucket.rule, 0);
	assert_int_equal(fx->vm.bucket.index, 0);
	vm_bucket_answer(&fx->vm, 0);
	/* An answer is good for one token. */
	assert_int_equal(run(fx), VM_NEED_BUCKET);
	assert_int_equal(fx->vm.bucket.rule, 2);
	assert_int_equal(fx->vm.bucket.index, 1);
	vm_bucket_answer(&fx->vm, 0);
	assert_int_equal(run(fx), VM_DONE);
	assert_allowed(fx, 1);
}

static void
test_no_token(void **state)
{
	struct fixture *fx = *state;

	load_limits(fx, 0, BUCKET_CLIENT_IP, "");
	assert_int_equal(run(fx), VM_NEED_BUCKET);
	vm_bucket_answer(&fx->vm, 1500);
	assert_int_equal(run(fx), VM_DONE);
	assert_denied(fx, 0, 429, WHY_RATE_LIMITED);
	assert_int_equal(fx->vm.verdict.retry_after_ms, 1500);
	assert_int_equal(run(fx), VM_DONE); /* for good */
	assert_denied(fx, 0, 429, WHY_RATE_LIMITED);
}

/* A limit on trial takes its token, and goes on without. */
static void
test_no_token_in_dry_run(void **state)
{
	struct fixture *fx = *state;

	load_limits(fx, RULE_DRY_RUN, BUCKET_CLIENT_IP, "");
	assert_int_equal(run(fx), VM_NEED_BUCKET);
	vm_bucket_answer(&fx->vm, 1500);
	assert_int_equal(run(fx), VM_NEED_BUCKET);
	assert_int_equal(fx->vm.bucket.rule, 2);
	vm_bucket_answer(&fx->vm, 0);
	assert_int_equal(run(fx), VM_DONE);
	assert_allowed(fx, 1);
	assert_int_equal(fx->vm.verdict.ndry, 1);
	assert_int_equal(fx->vm.verdict.dry[0], 0);
	restart(fx);
	assert_int_equal(run(fx), VM_NEED_BUCKET);
	vm_bucket_answer(&fx->vm, 0);
	assert_int_equal(run(fx), VM_NEED_BUCKET);
	vm_bucket_answer(&fx->vm, 70);
	assert_int_equal(run(fx), VM_DONE);
	assert_denied(fx, 2, 503, WHY_RATE_LIMITED);
	assert_int_equal(fx->vm.verdict.ndry, 0);
	assert_int_equal(fx->vm.verdict.retry_after_ms, 70);
}

static void
assert_key(struct fixture *fx, enum bucket_key key, const char *want)
{
	load_limits(fx, 0, key, key == BUCKET_HEADER ? "x-team" : "");
	assert_int_equal(run(fx), VM_NEED_BUCKET);
	struct str got = vm_bucket_key(&fx->vm, &fx->facts);
	assert_non_null(got.p);
	if (!str_eq(got, str_of(want)))
		fail_msg("\"%.*s\" instead of \"%s\"", STR_FMT(got), want);
}

static void
test_keys(void **state)
{
	static const struct http1_field fields[] = {
		{.name = STR("X-Team"), .value = STR("hop"), .hop = true},
		{.name = STR("X-Team"), .value = STR("a")},
		{.name = STR("x-team"), .value = STR("b")},
	};
	struct fixture *fx = *state;

	/* What a request has not: one bucket for all such requests. */
	assert_key(fx, BUCKET_CLIENT_IP, "");
	assert_key(fx, BUCKET_IDENTITY, "");
	assert_key(fx, BUCKET_ROLE, "");
	assert_key(fx, BUCKET_HEADER, "");
	fx->facts.role = STR("user");
	fx->facts.identity = STR("ci");
	fx->facts.headers = fields;
	fx->facts.nheaders = 2;
	assert_key(fx, BUCKET_IDENTITY, "ci");
	assert_key(fx, BUCKET_ROLE, "user");
	assert_key(fx, BUCKET_HEADER, "a");
	fx->facts.nheaders = 3;
	assert_key(fx, BUCKET_HEADER, "a, b");
	fx->facts.has_peer = true;
	fx->facts.peer_uid = 1000;
	assert_key(fx, BUCKET_CLIENT_IP, "uid:1000");
	assert_true(ip_parse(STR("::ffff:10.0.0.1"), &fx->facts.client_ip));
	assert_key(fx, BUCKET_CLIENT_IP, "10.0.0.1");
	assert_true(ip_parse(STR("2001:db8::1"), &fx->facts.client_ip));
	assert_key(fx, BUCKET_CLIENT_IP, "2001:db8::1");
}

/* A key that does not fit is an empty one, and the request is denied. */
static void
test_key_without_memory(void **state)
{
	struct fixture *fx = *state;

	assert_true(ip_parse(STR("10.0.0.1"), &fx->facts.client_ip));
	load_limits(fx, 0, BUCKET_CLIENT_IP, "");
	assert_int_equal(run(fx), VM_NEED_BUCKET);
	fx->arena.cap = fx->arena.used;
	assert_int_equal(vm_bucket_key(&fx->vm, &fx->facts).n, 0);
	vm_bucket_answer(&fx->vm, 0);
	assert_int_equal(run(fx), VM_NEED_BUCKET);
	vm_bucket_answer(&fx->vm, 0);
	assert_int_equal(run(fx), VM_DONE);
	assert_denied(fx, PROGRAM_NO_RULE, 503, WHY_OUT_OF_MEMORY);
}

/* --- filters ---------------------------------------------------------------------- */

enum { R_DENY, R_ALLOW, R_FILTER, R_OTHER };

/* A denial of /deny, an allow of /allow, then the default; in the second pass
 * the filters 0 and 1 for all, and 2 for a body with A. */
static struct image *
filtering(bool default_allow)
{
	struct image *im = image_new();
	uint32_t deny = path_is(im, "s/deny"), open = path_is(im, "s/allow");
	uint32_t body = image_test(im, FIELD_BODY, "A", OP_EXISTS, 0);

	im->default_allow = default_allow;
	image_rule(im, ACTION_DENY, 403, 0);
	image_rule(im, ACTION_ALLOW, 403, 0);
	image_rule(im, ACTION_RESPONSE_FILTER, 403, 0);
	image_filter(im, "a", FILTER_REDACT, "");
	image_filter(im, "b", FILTER_REMOVE, "");
	image_rule(im, ACTION_RESPONSE_FILTER, 403, 0);
	image_filter(im, "c", FILTER_REPLACE, "{}");
	image_insn(im, OPCODE_TEST, deny, 1, 2, 0);
	image_insn(im, OPCODE_DENY, R_DENY, 0, 0, 0);
	image_insn(im, OPCODE_TEST, open, 3, 4, 0);
	image_insn(im, OPCODE_ALLOW, R_ALLOW, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	image_second_pass(im);
	image_insn(im, OPCODE_FILTER, R_FILTER, 0, 0, 0);
	image_insn(im, OPCODE_TEST, body, 7, 8, 0);
	image_insn(im, OPCODE_FILTER, R_OTHER, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	return im;
}

static void
assert_filters(const struct fixture *fx, uint32_t n)
{
	assert_int_equal(fx->vm.verdict.nfilters, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(fx->vm.verdict.filters[i], i);
}

static void
run_for(struct fixture *fx, const char *path, const char *body)
{
	fx->target.path = str_of(path);
	set_body(fx, body);
	restart(fx);
	assert_int_equal(run(fx), VM_DONE);
}

static void
test_filters(void **state)
{
	struct fixture *fx = *state;

	load(fx, filtering(true));
	run_for(fx, "/deny", "{\"a\":1}");
	assert_denied(fx, R_DENY, 403, WHY_DENIED);
	/* An allow that comes first switches none off, nor does a default. */
	run_for(fx, "/allow", "{\"a\":1}");
	assert_allowed(fx, R_ALLOW);
	assert_filters(fx, 3);
	run_for(fx, "/allow", "{}");
	assert_filters(fx, 2);
	run_for(fx, "/other", "{\"a\":1}");
	assert_allowed(fx, PROGRAM_NO_RULE);
	assert_filters(fx, 3);
	load(fx, filtering(false));
	run_for(fx, "/other", "{\"a\":1}");
	assert_denied(fx, PROGRAM_NO_RULE, 403, WHY_DENIED);
}

/* The second pass may ask for the body; until it has it there is no verdict,
 * and what was allowed is not forgotten. */
static void
test_body_of_the_second_pass(void **state)
{
	struct fixture *fx = *state;

	load(fx, filtering(false));
	fx->target.path = STR("/deny");
	assert_int_equal(run(fx), VM_DONE);
	assert_denied(fx, R_DENY, 403, WHY_DENIED);
	fx->target.path = STR("/allow");
	restart(fx);
	assert_int_equal(run(fx), VM_NEED_BODY);
	assert_false(fx->vm.verdict.allow);
	set_body(fx, "{\"A\":0}");
	assert_int_equal(run(fx), VM_DONE);
	assert_allowed(fx, R_ALLOW);
	assert_filters(fx, 3);
}

/* Out of memory, what should be filtered is not allowed. */
static void
test_filters_without_memory(void **state)
{
	struct fixture *fx = *state;

	load(fx, filtering(true));
	set_body(fx, "{}");
	fx->arena.cap = fx->arena.used;
	assert_int_equal(run(fx), VM_DONE);
	assert_denied(fx, PROGRAM_NO_RULE, 503, WHY_OUT_OF_MEMORY);
}

/* More filters than there is room for at first; the order is the rules'. */
static void
test_many_filters(void **state)
{
	enum { RULES = 60, EACH = 7 };
	struct fixture *fx = *state;
	struct image *im = image_new();

	im->default_allow = true;
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	image_second_pass(im);
	for (uint32_t i = 0; i < RULES; i++) {
		image_rule(im, ACTION_RESPONSE_FILTER, 403, 0);
		for (uint32_t j = 0; j < EACH; j++)
			image_filter(im, "a", FILTER_REDACT, "");
		image_insn(im, OPCODE_FILTER, i, 0, 0, 0);
	}
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	load(fx, im);
	assert_int_equal(run(fx), VM_DONE);
	assert_filters(fx, RULES * EACH);
	assert_int_equal(run(fx), VM_DONE);
	assert_filters(fx, RULES * EACH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_role),
		T(test_no_roles),
		T(test_tokens),
		T(test_no_token),
		T(test_no_token_in_dry_run),
		T(test_keys),
		T(test_key_without_memory),
		T(test_filters),
		T(test_body_of_the_second_pass),
		T(test_filters_without_memory),
		T(test_many_filters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
