/* Tables, and the verifier: every promise, broken one at a time. */
#include "runtime/limits.h"
#include "runtime/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/breakage.h"

/* --- tables -------------------------------------------------------------- */

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(field_info[FIELD_PATH].name, "path");
	assert_string_equal(field_info[FIELD_TIME].name, "time");
	assert_int_equal(field_info[FIELD_BODY].kind, KIND_JSON);
	assert_int_equal(field_info[FIELD_BODY].flags & ~(unsigned)FIELD_PATHS,
		FIELD_NAMED | FIELD_NEEDS_BODY);
	assert_string_equal(operator_info[OP_EQUALS].name, "equals");
	assert_string_equal(operator_info[OP_LESS_THAN].name, "less_than");
	assert_int_equal(operator_info[OP_IN].operand, OPERAND_LIST);
	assert_int_equal(operator_info[OP_EMPTY].operand, OPERAND_NONE);
	assert_string_equal(opcode_name(OPCODE_TEST), "test");
	assert_string_equal(opcode_name(OPCODE_END), "end");
	assert_string_equal(opcode_name(OPCODE_COUNT), "?");
	assert_string_equal(action_name(ACTION_DENY), "deny");
	assert_string_equal(action_name(ACTION_ALLOW), "allow");
	assert_string_equal(
		action_name(ACTION_RESPONSE_FILTER), "response_filter");
	assert_string_equal(action_name(ACTION_COUNT), "?");
	assert_string_equal(bucket_key_name(BUCKET_CLIENT_IP), "client_ip");
	assert_string_equal(bucket_key_name(BUCKET_HEADER), "header");
	assert_string_equal(bucket_key_name(BUCKET_KEY_COUNT), "?");
	assert_string_equal(filter_action_name(FILTER_REDACT), "redact");
	assert_string_equal(filter_action_name(FILTER_REPLACE), "replace");
	assert_string_equal(filter_action_name(FILTER_ACTION_COUNT), "?");
}

/* Row by row, what the language's two tables say together. */
static void
test_operator_applies(void **state)
{
	static const struct {
		enum field field;
		const char *ops; /* of each operator, in order: y or n */
	} cases[] = {
		/*                  = c s e m i I u U x 0 > < */
		{FIELD_PATH, "yyyyyynynnnnn"},
		{FIELD_METHOD, "yyyyyynnnnnnn"},
		{FIELD_API_VERSION, "yyyyyynnnnnnn"},
		{FIELD_QUERY, "yyyyyyyyyyyyy"},
		{FIELD_HEADER, "yyyyyynynyynn"},
		{FIELD_BODY, "yyyyyyyyyyyyy"},
		{FIELD_CLIENT_IP, "yyyyyynnnnnnn"},
		{FIELD_ROLE, "yyyyyynnnnnnn"},
		{FIELD_IDENTITY, "yyyyyynnnnnnn"},
		{FIELD_LISTENER, "yyyyyynnnnnnn"},
		{FIELD_PEER_UID, "ynnnnynnnnnyy"},
		{FIELD_PEER_GID, "ynnnnynnnnnyy"},
		{FIELD_TIME, "nnnnnynnnnnnn"},
		/* docker.* fields are alike, but for which are paths */
		{FIELD_DOCKER_HOST_PATHS, "yyyyyyyyyyyyy"},
		{FIELD_DOCKER_DEVICES, "yyyyyyyyyyyyy"},
		{FIELD_DOCKER_CGROUP_PARENT, "yyyyyyyyyyyyy"},
		{FIELD_DOCKER_TARGET, "yyyyyyynnyyyy"},
		{FIELD_DOCKER_IMAGES, "yyyyyyynnyyyy"},
		{FIELD_DOCKER_UNKNOWN, "yyyyyyynnyyyy"},
	};
	(void)state;
	for (size_t f = 0; f < sizeof(cases) / sizeof(*cases); f++)
		for (unsigned op = 0; op < OP_COUNT; op++)
			if (operator_applies(op, cases[f].field) !=
				(cases[f].ops[op] == 'y'))
				fail_msg("%s %s",
					field_info[cases[f].field].name,
					operator_info[op].name);
}

/* --- a program that has everything ---------------------------------------- */

enum { T_PATH, T_METHOD, T_BODY, T_IP, T_TIME, T_QUERY, T_HEADER };
enum { R_DENY, R_ALLOW, R_DRY, R_ROLE, R_RATE, R_FILTER };

static void
add_actions(struct image *im)
{
	image_rule(im, ACTION_REQUIRE_ROLE, 403, RULE_DRY_RUN);
	image_role(im, "ops");
	image_role(im, "dev");
	image_rule(im, ACTION_RATE_LIMIT, 429, 0);
	image_bucket(im, BUCKET_HEADER, "x-team");
	image_rule(im, ACTION_RESPONSE_FILTER, 403, 0);
	image_filter(im, "Config.Env.*", FILTER_REDACT, "");
	image_filter(im, "Name", FILTER_REPLACE, "null");
	im->filters[0].match = image_next(im, SECTION_VALUES);
	im->values[im->filters[0].match] = (struct program_value){
		.kind = VALUE_REGEX, .text = image_text(im, STR("^PASS"))};
}

static struct image *
everything(void)
{
	struct image *im = image_new();

	im->forgetful = true;
	image_test(im, FIELD_PATH, "", OP_EQUALS, 0);
	image_value(im, "s/info");
	image_test(im, FIELD_METHOD, "", OP_MATCHES, 0);
	image_value(im, "rget");
	image_test(im, FIELD_BODY, "A.*.1", OP_IN, TEST_NOCASE);
	image_value(im, "sx");
	image_value(im, "n1.5");
	image_value(im, "ttrue");
	image_test(im, FIELD_CLIENT_IP, "", OP_EQUALS, 0);
	image_value(im, "c10.0.0.0/8");
	image_test(im, FIELD_TIME, "", OP_IN, 0);
	image_value(im, "m3e 480 1080");
	image_test(im, FIELD_QUERY, "q", OP_GREATER_THAN, 0);
	image_value(im, "n5");
	image_test(im, FIELD_HEADER, "h", OP_EXISTS, 0);

	image_rule(im, ACTION_DENY, 403, 0);
	image_rule(im, ACTION_ALLOW, 403, RULE_TOGGLE);
	image_rule(im, ACTION_DENY, 599, RULE_DRY_RUN);
	add_actions(im);
	image_insn(im, OPCODE_TEST, T_PATH, 1, 2, INSN_DOUBT_IS_TRUE);
	image_insn(im, OPCODE_TEST, T_BODY, 3, 4, 0);
	image_insn(im, OPCODE_TEST, T_IP, 3, 4, 0);
	image_insn(im, OPCODE_DRY, 2, 0, 0, 0);
	image_insn(im, OPCODE_TEST, T_TIME, 5, 6, 0);
	image_insn(im, OPCODE_DENY, 0, 0, 0, 0);
	image_insn(im, OPCODE_TEST, T_METHOD, 7, 8, 0);
	image_insn(im, OPCODE_ALLOW, 1, 0, 0, 0);
	image_insn(im, OPCODE_ROLE, R_ROLE, 0, 0, 0);
	image_insn(im, OPCODE_TAKE, R_RATE, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	image_second_pass(im);
	image_insn(im, OPCODE_TEST, T_QUERY, 12, 13, 0);
	image_insn(im, OPCODE_FILTER, R_FILTER, 0, 0, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	return im;
}

static void
test_well_formed(void **state)
{
	struct image *im = everything();
	size_t size;
	void *bytes = image_bytes(im, &size);
	struct program p;
	const char *why = "";

	(void)state;
	assert_null(program_verify(bytes, size));
	assert_true(program_load(&p, bytes, size, &why));
	assert_null(why);
	assert_true(p.reads_body);
	assert_int_equal(p.ninsns, 14);
	assert_int_equal(p.ntests, 7);
	assert_int_equal(p.nsteps, 7);
	assert_int_equal(p.nvalues, 11);
	assert_int_equal(p.nrules, 6);
	assert_int_equal(p.nbuckets, 1);
	assert_int_equal(p.nfilters, 2);
	assert_int_equal(p.rules[2].status, 599);
	assert_true(str_eq(program_text(&p, p.tests[T_QUERY].name), STR("q")));
	assert_null(p.regexes[0]);
	assert_non_null(p.regexes[1]);
	assert_true(regex_is_nocase(p.regexes[1])); /* a method's */
	assert_non_null(p.regexes[p.filters[0].match]);
	assert_false(regex_is_nocase(p.regexes[p.filters[0].match]));
	program_fini(&p);
	program_fini(&p); /* again is harmless */
	free(bytes);
	free(im);
}

static void
test_smallest(void **state)
{
	struct image *im = image_new();
	size_t size;
	struct program p;
	const char *why;

	(void)state;
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	void *bytes = image_bytes(im, &size);
	assert_true(program_load(&p, bytes, size, &why));
	assert_false(p.reads_body);
	program_fini(&p);
	free(bytes);
	free(im);
}

/* --- one promise broken --------------------------------------------------- */

#define TEST(i, member, value, why) \
	{ \
		SECTION_TESTS, i, AT(struct program_test, member), value, why \
	}
#define STEP(i, member, value, why) \
	{ \
		SECTION_STEPS, i, AT(struct program_step, member), value, why \
	}
#define VALUE(i, member, value, why) \
	{ \
		SECTION_VALUES, i, AT(struct program_value, member), value, \
			why \
	}
#define RULE(i, member, value, why) \
	{ \
		SECTION_RULES, i, AT(struct program_rule, member), value, why \
	}
#define BUCKET(member, value, why) \
	{ \
		SECTION_BUCKETS, 0, AT(struct program_bucket, member), value, \
			why \
	}
#define FILTER(i, member, value, why) \
	{ \
		SECTION_FILTERS, i, AT(struct program_filter, member), value, \
			why \
	}

enum {
	V_INFO,
	V_GET,
	V_X,
	V_NUMBER,
	V_TRUE,
	V_CIDR,
	V_TIME,
	V_FIVE,
	V_OPS,
	V_DEV,
	V_MATCH
};

static const struct breakage breakages[] = {
	HEADER(magic[0], 'd', "not a program: no magic"),
	HEADER(magic[7], 'd', "not a program: no magic"),
	HEADER(version, PROGRAM_VERSION - 1, "a program of another version"),
	HEADER(version, PROGRAM_VERSION + 1, "a program of another version"),
	HEADER(size, 0, "not of the size it says"),
	HEADER(default_allow, 2, "a default that is neither allow nor deny"),
	HEADER(reserved[0], 1, "reserved bytes of the header are set"),
	HEADER(reserved[2], 1, "reserved bytes of the header are set"),
	HEADER(pass, 0, "a program without its two passes"),
	HEADER(pass, 14, "a program without its two passes"),
	HEADER(pass, UINT32_MAX, "a program without its two passes"),
	HEADER(pass, 10, "the last instruction of a pass is not the end"),
	HEADER(pass, 12, "the last instruction of a pass is not the end"),
	HEADER(section[SECTION_TESTS].off, 81, "a section is not aligned"),
	HEADER(section[SECTION_INSNS].off, 0,
		"a section overlaps what is before it"),
	HEADER(section[SECTION_RULES].off, 80,
		"a section overlaps what is before it"),
	HEADER(section[SECTION_INSNS].count, UINT32_MAX,
		"a section ends outside the image"),
	HEADER(section[SECTION_INSNS].count, 0x10000001,
		"a section ends outside the image"),
	HEADER(section[SECTION_TESTS].off, 0xfffffff8,
		"a section ends outside the image"),
	HEADER(section[SECTION_STRINGS].count, 0x7fffffff,
		"a section ends outside the image"),
	HEADER(nmemo, 1000, "more answers are remembered than there are tests"),
	HEADER(section[SECTION_INSNS].count, 0,
		"a rule's entry is out of range"),
	HEADER(section[SECTION_INSNS].count, 11,
		"a program without its two passes"),
	HEADER(section[SECTION_INSNS].count, 13,
		"the last instruction of a pass is not the end"),
	HEADER(section[SECTION_BUCKETS].count, 0,
		"a rule's rate limit is out of range"),
	HEADER(section[SECTION_FILTERS].count, 1,
		"a rule's filters are out of bounds"),
	HEADER(section[SECTION_RULES].count, 0,
		"an instruction's rule is out of range"),
	HEADER(section[SECTION_TESTS].count, 0,
		"an instruction's test is out of range"),
	HEADER(section[SECTION_VALUES].count, 0, "a filter's regex is none"),
	HEADER(section[SECTION_STEPS].count, 0,
		"a filter's steps are out of bounds"),
	HEADER(section[SECTION_STRINGS].count, 0,
		"a value's text is out of bounds"),

	VALUE(V_INFO, kind, VALUE_KIND_COUNT, "an unknown kind of value"),
	VALUE(V_INFO, kind, 255, "an unknown kind of value"),
	VALUE(V_INFO, kind, VALUE_NUMBER, "a number that is none"),
	VALUE(V_INFO, kind, VALUE_CIDR, "a network that is none"),
	VALUE(V_INFO, kind, VALUE_REGEX,
		"a value of a kind its test does not take"),
	VALUE(V_INFO, kind, VALUE_TIME,
		"a value of a kind its test does not take"),
	VALUE(V_GET, kind, VALUE_STRING,
		"a value of a kind its test does not take"),
	VALUE(V_CIDR, kind, VALUE_STRING,
		"a value of a kind its test does not take"),
	VALUE(V_TIME, kind, VALUE_STRING,
		"a value of a kind its test does not take"),
	VALUE(V_FIVE, kind, VALUE_STRING,
		"a value of a kind its test does not take"),
	VALUE(V_X, kind, VALUE_TIME,
		"a value of a kind its test does not take"),
	VALUE(V_TRUE, kind, VALUE_REGEX,
		"a value of a kind its test does not take"),
	VALUE(V_INFO, reserved, 1, "reserved bytes of a value are set"),
	VALUE(V_INFO, text.off, UINT32_MAX, "a value's text is out of bounds"),
	VALUE(V_INFO, text.len, UINT32_MAX, "a value's text is out of bounds"),
	VALUE(V_NUMBER, text.len, 0, "a number that is none"),
	VALUE(V_NUMBER, text.len, 2, "a number that is none"),
	VALUE(V_CIDR, text.len, 16, "a network that is none"),
	VALUE(V_CIDR, text.len, 18, "a network that is none"),
	VALUE(V_TIME, days, 0x80, "a time out of range"),
	VALUE(V_TIME, from, 1441, "a time out of range"),
	VALUE(V_TIME, to, 1441, "a time out of range"),

	STEP(0, raw.off, 0x1000, "a step's name is out of bounds"),
	STEP(1, raw.len, 0x1000, "a step's name is out of bounds"),
	STEP(2, folded.off, 0x1000, "a step's name is out of bounds"),
	STEP(0, folded.len, UINT32_MAX, "a step's name is out of bounds"),
	STEP(0, any, 2, "a step that is neither a name nor a *"),

	RULE(0, name.off, 0x1000, "a rule's text is out of bounds"),
	RULE(0, message.len, 0x1000, "a rule's text is out of bounds"),
	RULE(0, file.off, 0x1000, "a rule's text is out of bounds"),
	RULE(0, entry, 14, "a rule's entry is out of range"),
	RULE(0, entry, UINT32_MAX, "a rule's entry is out of range"),
	RULE(0, status, 399, "a rule's status is out of range"),
	RULE(0, status, 600, "a rule's status is out of range"),
	RULE(1, status, 0, "a rule's status is out of range"),
	RULE(0, action, ACTION_COUNT, "an unknown action"),
	RULE(0, flags, 4, "an unknown flag of a rule"),
	RULE(0, reserved, 1, "reserved bytes of a rule are set"),
	RULE(0, action, ACTION_ALLOW, "an instruction contradicts its rule"),
	RULE(1, action, ACTION_DENY, "an instruction contradicts its rule"),
	RULE(2, action, ACTION_ALLOW, "an instruction contradicts its rule"),
	RULE(0, flags, RULE_DRY_RUN, "an instruction contradicts its rule"),
	RULE(2, flags, 0, "an instruction contradicts its rule"),
	RULE(R_FILTER, flags, RULE_DRY_RUN,
		"an instruction contradicts its rule"),
	RULE(0, operand, 1, "operands of an action that takes none"),
	RULE(1, noperands, 1, "operands of an action that takes none"),
	RULE(R_ROLE, action, ACTION_DENY,
		"operands of an action that takes none"),
	RULE(R_ROLE, operand, 10, "a rule's roles are out of bounds"),
	RULE(R_ROLE, operand, UINT32_MAX, "a rule's roles are out of bounds"),
	RULE(R_ROLE, noperands, 4, "a rule's roles are out of bounds"),
	RULE(R_ROLE, noperands, UINT32_MAX, "a rule's roles are out of bounds"),
	RULE(R_ROLE, operand, V_DEV, "a role that is no text"),
	RULE(R_ROLE, operand, V_NUMBER, "a role that is no text"),
	RULE(R_RATE, operand, 1, "a rule's rate limit is out of range"),
	RULE(R_RATE, noperands, 0, "a rule's rate limit is out of range"),
	RULE(R_RATE, noperands, 2, "a rule's rate limit is out of range"),
	RULE(R_FILTER, operand, 1, "a rule's filters are out of bounds"),
	RULE(R_FILTER, noperands, 3, "a rule's filters are out of bounds"),
	RULE(R_FILTER, operand, UINT32_MAX,
		"a rule's filters are out of bounds"),

	BUCKET(requests, 0, "a rate limit without requests or period"),
	BUCKET(period_ms, 0, "a rate limit without requests or period"),
	BUCKET(key, BUCKET_KEY_COUNT, "an unknown key of a rate limit"),
	BUCKET(key, BUCKET_ROLE,
		"a rate limit by a header without name, or with one by none"),
	BUCKET(header.len, 0,
		"a rate limit by a header without name, or with one by none"),
	BUCKET(header.off, 0x1000, "a rate limit's header is out of bounds"),
	BUCKET(reserved[0], 1, "reserved bytes of a rate limit are set"),
	BUCKET(reserved[2], 1, "reserved bytes of a rate limit are set"),

	FILTER(0, nsteps, 0, "a filter's steps are out of bounds"),
	FILTER(0, nsteps, 5, "a filter's steps are out of bounds"),
	FILTER(1, step, 7, "a filter's steps are out of bounds"),
	FILTER(1, step, UINT32_MAX, "a filter's steps are out of bounds"),
	FILTER(0, match, V_INFO, "a filter's regex is none"),
	FILTER(0, match, 11, "a filter's regex is none"),
	FILTER(1, match, UINT32_MAX - 1, "a filter's regex is none"),
	FILTER(0, match, V_GET, "one regex is used with and without case"),
	FILTER(0, action, FILTER_ACTION_COUNT, "an unknown action of a filter"),
	FILTER(0, action, FILTER_REPLACE,
		"a filter that replaces by nothing, or one that does not by "
		"something"),
	FILTER(1, action, FILTER_REMOVE,
		"a filter that replaces by nothing, or one that does not by "
		"something"),
	FILTER(1, reserved[0], 1, "reserved bytes of a filter are set"),
	FILTER(1, replacement.off, 0x1000,
		"a filter's replacement is out of bounds"),
	FILTER(1, replacement.len, UINT32_MAX,
		"a filter's replacement is out of bounds"),

	TEST(T_PATH, field, FIELD_COUNT, "an unknown field"),
	TEST(T_PATH, field, 255, "an unknown field"),
	TEST(T_PATH, op, OP_COUNT, "an unknown operator"),
	TEST(T_PATH, op, 255, "an unknown operator"),
	TEST(T_PATH, op, OP_EXISTS,
		"an operator that does not apply to its field"),
	TEST(T_TIME, op, OP_EQUALS,
		"an operator that does not apply to its field"),
	TEST(T_PATH, flags, 2, "an unknown flag of a test"),
	TEST(T_PATH, reserved, 1, "reserved bytes of a test are set"),
	TEST(T_PATH, name.off, 0x1000, "a field's name is out of bounds"),
	TEST(T_QUERY, name.len, UINT32_MAX, "a field's name is out of bounds"),
	TEST(T_BODY, step, 5, "a test's steps are out of bounds"),
	TEST(T_BODY, step, UINT32_MAX, "a test's steps are out of bounds"),
	TEST(T_BODY, nsteps, 8, "a test's steps are out of bounds"),
	TEST(T_BODY, nsteps, 0,
		"a body test without steps, or steps without a body"),
	TEST(T_PATH, nsteps, 1,
		"a body test without steps, or steps without a body"),
	TEST(T_BODY, value, 9, "a test's values are out of bounds"),
	TEST(T_BODY, value, UINT32_MAX, "a test's values are out of bounds"),
	TEST(T_BODY, nvalues, UINT32_MAX, "a test's values are out of bounds"),
	TEST(T_PATH, nvalues, 0, "a test with too many or too few values"),
	TEST(T_PATH, nvalues, 2, "a test with too many or too few values"),
	TEST(T_METHOD, nvalues, 0, "a test with too many or too few values"),
	TEST(T_QUERY, nvalues, 0, "a test with too many or too few values"),
	TEST(T_HEADER, op, OP_CONTAINS,
		"a test with too many or too few values"),
	TEST(T_QUERY, op, OP_EXISTS, "a test with too many or too few values"),

	INSN(0, op, OPCODE_COUNT, "an unknown instruction"),
	INSN(0, op, 255, "an unknown instruction"),
	INSN(0, flags, 2, "an unknown flag of an instruction"),
	INSN(3, flags, 1, "an unknown flag of an instruction"),
	INSN(8, flags, 1, "an unknown flag of an instruction"),
	INSN(12, flags, 1, "an unknown flag of an instruction"),
	INSN(13, flags, 1, "an unknown flag of an instruction"),
	INSN(0, reserved, 1, "reserved bytes of an instruction are set"),
	INSN(0, arg, 7, "an instruction's test is out of range"),
	INSN(0, arg, UINT32_MAX, "an instruction's test is out of range"),
	INSN(3, arg, 6, "an instruction's rule is out of range"),
	INSN(5, arg, 6, "an instruction's rule is out of range"),
	INSN(8, arg, 6, "an instruction's rule is out of range"),
	INSN(9, arg, 6, "an instruction's rule is out of range"),
	INSN(12, arg, 6, "an instruction's rule is out of range"),
	INSN(7, arg, UINT32_MAX, "an instruction's rule is out of range"),
	INSN(5, arg, 1, "an instruction contradicts its rule"),
	INSN(5, arg, 2, "an instruction contradicts its rule"),
	INSN(7, arg, 0, "an instruction contradicts its rule"),
	INSN(3, arg, 0, "an instruction contradicts its rule"),
	INSN(8, arg, R_RATE, "an instruction contradicts its rule"),
	INSN(9, arg, R_ROLE, "an instruction contradicts its rule"),
	INSN(12, arg, R_DENY, "an instruction contradicts its rule"),
	INSN(8, op, OPCODE_DRY, "an instruction contradicts its rule"),
	INSN(8, op, OPCODE_FILTER, "an instruction in the wrong pass"),
	INSN(12, op, OPCODE_DENY, "an instruction in the wrong pass"),
	INSN(12, op, OPCODE_ALLOW, "an instruction in the wrong pass"),
	INSN(12, op, OPCODE_DRY, "an instruction in the wrong pass"),
	INSN(12, op, OPCODE_ROLE, "an instruction in the wrong pass"),
	INSN(12, op, OPCODE_TAKE, "an instruction in the wrong pass"),
	INSN(0, jt, 0, "a jump that does not go forward"),
	INSN(1, jt, 1, "a jump that does not go forward"),
	INSN(6, jf, 5, "a jump that does not go forward"),
	INSN(6, jt, 11, "a jump out of its pass"),
	INSN(6, jt, 13, "a jump out of its pass"),
	INSN(6, jf, UINT32_MAX, "a jump out of its pass"),
	INSN(11, jt, 14, "a jump out of its pass"),
	INSN(11, jt, 11, "a jump that does not go forward"),
	INSN(11, jf, 0, "a jump that does not go forward"),
	INSN(10, op, OPCODE_DENY,
		"the last instruction of a pass is not the end"),
	INSN(13, op, OPCODE_FILTER,
		"the last instruction of a pass is not the end"),
};

static void
test_each_promise(void **state)
{
	struct image *im = everything();

	(void)state;
	assert_each_breaks(
		im, breakages, sizeof(breakages) / sizeof(*breakages));
	free(im);
}

/* Paths of `under`: match.c compares them as they are. */
static void
test_paths(void **state)
{
	static const struct {
		const char *value, *why; /* NULL: it is good */
	} cases[] = {
		{"s/", NULL},
		{"s/a/b", NULL},
		{"s/a:ro", NULL},
		{"s", "a path that is not absolute and clean"},
		{"sa", "a path that is not absolute and clean"},
		{"s/a/", "a path that is not absolute and clean"},
		{"s//a", "a path that is not absolute and clean"},
		{"s/a/../b", "a path that is not absolute and clean"},
		{"n1", "a value of a kind its test does not take"},
		{"r/a", "a value of a kind its test does not take"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct image *im = image_new();
		struct program p;
		const char *why;
		size_t size;
		image_test(im, FIELD_DOCKER_HOST_PATHS, "", OP_ONLY_UNDER, 0);
		image_value(im, "s/ok");
		image_value(im, cases[i].value);
		image_insn(im, OPCODE_END, 0, 0, 0, 0);
		void *bytes = image_bytes(im, &size);
		free(im);
		assert_int_equal(
			program_load(&p, bytes, size, &why), !cases[i].why);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
		else
			program_fini(&p);
		free(bytes);
	}
}

/* The last value on the right side of each limit. */
static void
test_edges(void **state)
{
	static const struct breakage edges[] = {
		HEADER(default_allow, 1, NULL), VALUE(V_TIME, days, 0x7f, NULL),
		VALUE(V_TIME, days, 0, NULL), VALUE(V_TIME, from, 1440, NULL),
		VALUE(V_TIME, to, 1440, NULL), STEP(0, any, 1, NULL),
		RULE(0, status, 400, NULL), RULE(0, status, 599, NULL),
		RULE(0, entry, 13, NULL), RULE(R_ROLE, noperands, 0, NULL),
		RULE(R_ROLE, flags, 0, NULL), RULE(R_RATE, flags, 1, NULL),
		RULE(R_FILTER, noperands, 0, NULL), BUCKET(penalty_ms, 0, NULL),
		BUCKET(requests, 1, NULL), BUCKET(period_ms, 1, NULL),
		BUCKET(requests, UINT32_MAX, NULL),
		FILTER(0, match, FILTER_ANY_VALUE, NULL),
		FILTER(0, action, FILTER_REMOVE, NULL), INSN(6, jt, 10, NULL),
		INSN(11, jt, 13, NULL), TEST(T_BODY, nvalues, 0, NULL),
		TEST(T_PATH, flags, TEST_NOCASE, NULL), INSN(0, jt, 8, NULL),
		INSN(7, jt, 0, NULL), /* not a jump's */
	};
	struct image *im = everything();

	(void)state;
	for (size_t i = 0; i < sizeof(edges) / sizeof(*edges); i++) {
		size_t size;
		char *bytes = image_bytes(im, &size);
		break_image(bytes, &edges[i]);
		const char *why = program_verify(bytes, size);
		if (why)
			fail_msg("%zu: %s", i, why);
		free(bytes);
	}
	free(im);
}

/* An image cut anywhere, or with something behind it. */
static void
test_every_size(void **state)
{
	struct image *im = everything();
	size_t size;
	char *bytes = image_bytes(im, &size);

	(void)state;
	for (size_t n = 0; n < size; n++) {
		char *cut = malloc(n ? n : 1);
		assert_non_null(cut);
		memcpy(cut, bytes, n);
		assert_non_null(program_verify(cut, n));
		if (n >= sizeof(struct program_header)) {
			/* It may also say that it is so short. */
			((struct program_header *)(void *)cut)->size =
				(uint32_t)n;
			assert_non_null(program_verify(cut, n));
		}
		free(cut);
	}
	char *longer = calloc(1, size + 8);
	assert_non_null(longer);
	memcpy(longer, bytes, size);
	assert_string_equal(
		program_verify(longer, size + 8), "not of the size it says");
	free(longer);
	free(bytes);
	free(im);
}

static void
test_misaligned(void **state)
{
	struct image *im = everything();
	size_t size;
	char *bytes = image_bytes(im, &size);
	char *moved = malloc(size + 4);

	(void)state;
	assert_non_null(moved);
	memcpy(moved + 4, bytes, size);
	assert_string_equal(
		program_verify(moved + 4, size), "the image is not aligned");
	free(moved);
	free(bytes);
	free(im);
}

static void
test_network_bits(void **state)
{
	struct image *im = everything();
	struct program_str text = im->values[V_CIDR].text;
	size_t size;

	(void)state;
	im->strings[text.off + 16] = (char)129;
	void *bytes = image_bytes(im, &size);
	assert_string_equal(
		program_verify(bytes, size), "a network that is none");
	free(bytes);
	im->strings[text.off + 16] = (char)128;
	bytes = image_bytes(im, &size);
	assert_null(program_verify(bytes, size));
	free(bytes);
	free(im);
}

/* An image of two ENDs, with room for n records of each of these sections
 * behind them; the others are empty. */
static char *
with_sections(const enum program_section *sections, size_t nsections,
	uint32_t n, size_t *size_out)
{
	struct image *im = image_new();
	size_t size;

	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	void *small = image_bytes(im, &size);
	size_t total = size;
	for (size_t i = 0; i < nsections; i++)
		total += n * program_record_size[sections[i]];
	total = (total + 7) & ~(size_t)7;
	char *bytes = calloc(1, total);
	assert_non_null(bytes);
	memcpy(bytes, small, size);
	struct program_header *h = (void *)bytes;
	h->size = (uint32_t)total;
	for (unsigned s = SECTION_TESTS; s < SECTION_COUNT; s++)
		h->section[s].off = 0;
	for (size_t i = 0; i < nsections; i++) {
		h->section[sections[i]].off = (uint32_t)size;
		h->section[sections[i]].count = n;
		size += n * program_record_size[sections[i]];
	}
	free(small);
	free(im);
	*size_out = total;
	return bytes;
}

#define WITH(n, size_out, ...) \
	with_sections((const enum program_section[]){__VA_ARGS__}, \
		sizeof((const enum program_section[]){__VA_ARGS__}) / \
			sizeof(enum program_section), \
		n, size_out)

static void *
records(char *bytes, enum program_section s)
{
	const struct program_header *h = (const void *)bytes;
	return bytes + h->section[s].off;
}

enum { MANY = 30000 };

/* Tests may share values and steps, but a hostile image must not make each of
 * its many tests look at all of its many values. */
static void
test_overlap_is_bounded(void **state)
{
	size_t size;

	(void)state;
	char *bytes = WITH(MANY, &size, SECTION_TESTS, SECTION_VALUES);
	struct program_test *t = records(bytes, SECTION_TESTS);
	for (uint32_t i = 0; i < MANY; i++)
		t[i] = (struct program_test){.op = OP_IN, .nvalues = MANY};
	assert_string_equal(program_verify(bytes, size),
		"tests name more values than an image can hold");
	for (uint32_t i = 0; i < MANY; i++)
		t[i].nvalues = 10;
	assert_null(program_verify(bytes, size));
	free(bytes);

	bytes = WITH(MANY, &size, SECTION_TESTS, SECTION_STEPS);
	t = records(bytes, SECTION_TESTS);
	for (uint32_t i = 0; i < MANY; i++)
		t[i] = (struct program_test){
			.field = FIELD_BODY, .op = OP_EXISTS, .nsteps = MANY};
	assert_string_equal(program_verify(bytes, size),
		"tests name more steps than an image can hold");
	for (uint32_t i = 0; i < MANY; i++)
		t[i].nsteps = 10;
	assert_null(program_verify(bytes, size));
	free(bytes);
}

/* The same of rules, their roles and filters. */
static void
test_overlap_of_operands_is_bounded(void **state)
{
	size_t size;

	(void)state;
	char *bytes = WITH(MANY, &size, SECTION_STEPS, SECTION_VALUES,
		SECTION_RULES, SECTION_FILTERS);
	struct program_filter *f = records(bytes, SECTION_FILTERS);
	struct program_rule *r = records(bytes, SECTION_RULES);
	for (uint32_t i = 0; i < MANY; i++) {
		f[i] = (struct program_filter){
			.match = FILTER_ANY_VALUE, .nsteps = MANY};
		r[i] = (struct program_rule){.status = 403,
			.action = ACTION_REQUIRE_ROLE,
			.noperands = MANY};
	}
	assert_string_equal(program_verify(bytes, size),
		"filters name more steps than an image can hold");
	for (uint32_t i = 0; i < MANY; i++)
		f[i].nsteps = 10;
	assert_string_equal(program_verify(bytes, size),
		"rules name more roles than an image can hold");
	for (uint32_t i = 0; i < MANY; i++)
		r[i].action = ACTION_RESPONSE_FILTER;
	assert_string_equal(program_verify(bytes, size),
		"rules name more filters than an image can hold");
	for (uint32_t i = 0; i < MANY; i++)
		r[i].noperands = 10;
	assert_null(program_verify(bytes, size));
	free(bytes);
}

/* Nor make each of its numbers a long one. */
static void
test_shared_digits_are_bounded(void **state)
{
	enum { N = 8192 }; /* N * N is PROGRAM_BYTES_MAX */

	(void)state;
	for (uint32_t n = N; n <= N + 1; n++) {
		size_t size;
		char *bytes = WITH(n, &size, SECTION_VALUES, SECTION_STRINGS);
		struct program_value *v = records(bytes, SECTION_VALUES);
		memset(records(bytes, SECTION_STRINGS), '7', n);
		for (uint32_t i = 0; i < n; i++)
			v[i] = (struct program_value){
				.kind = VALUE_NUMBER, .text = {0, n}};
		const char *why = program_verify(bytes, size);
		if (n == N)
			assert_null(why);
		else
			assert_string_equal(
				why, "more digits than an image can hold");
		free(bytes);
	}
}

/* --- regexes --------------------------------------------------------------- */

static const char *
load_error(struct image *im)
{
	size_t size;
	void *bytes = image_bytes(im, &size);
	struct program p;
	const char *why;

	assert_null(program_verify(bytes, size));
	bool ok = program_load(&p, bytes, size, &why);
	assert_int_equal(ok, why == NULL);
	program_fini(&p);
	free(bytes);
	return why;
}

static void
test_regexes_of_a_program(void **state)
{
	struct image *im = image_new();
	uint32_t t;

	(void)state;
	image_test(im, FIELD_PATH, "", OP_MATCHES, 0);
	image_value(im, "ra+");
	t = image_test(im, FIELD_ROLE, "", OP_MATCHES, 0);
	im->tests[t].value = 0;
	im->tests[t].nvalues = 1;
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	assert_null(load_error(im)); /* shared */
	im->tests[t].flags = TEST_NOCASE;
	assert_string_equal(
		load_error(im), "one regex is used with and without case");
	im->tests[t].flags = 0;
	im->strings[im->values[0].text.off] = '(';
	assert_string_equal(load_error(im), "a regex does not compile");
	free(im);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_operator_applies),
		cmocka_unit_test(test_well_formed),
		cmocka_unit_test(test_smallest),
		cmocka_unit_test(test_each_promise),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_misaligned),
		cmocka_unit_test(test_network_bits),
		cmocka_unit_test(test_overlap_is_bounded),
		cmocka_unit_test(test_overlap_of_operands_is_bounded),
		cmocka_unit_test(test_shared_digits_are_bounded),
		cmocka_unit_test(test_regexes_of_a_program),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
