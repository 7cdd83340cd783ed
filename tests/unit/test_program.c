/* Tables, and the verifier: every promise, broken one at a time. */
#include "runtime/limits.h"
#include "runtime/program.h"
#include "tests/unit/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* --- tables -------------------------------------------------------------- */

static void
test_names(void **state)
{
	(void)state;
	assert_string_equal(field_info[FIELD_PATH].name, "path");
	assert_string_equal(field_info[FIELD_TIME].name, "time");
	assert_int_equal(field_info[FIELD_BODY].kind, KIND_JSON);
	assert_int_equal(
		field_info[FIELD_BODY].flags, FIELD_NAMED | FIELD_NEEDS_BODY);
	assert_string_equal(operator_info[OP_EQUALS].name, "equals");
	assert_string_equal(operator_info[OP_LESS_THAN].name, "less_than");
	assert_int_equal(operator_info[OP_IN].operand, OPERAND_LIST);
	assert_int_equal(operator_info[OP_EMPTY].operand, OPERAND_NONE);
	assert_string_equal(opcode_name(OPCODE_TEST), "test");
	assert_string_equal(opcode_name(OPCODE_END), "end");
	assert_string_equal(opcode_name(OPCODE_COUNT), "?");
	assert_string_equal(action_name(ACTION_DENY), "deny");
	assert_string_equal(action_name(ACTION_ALLOW), "allow");
	assert_string_equal(action_name(ACTION_COUNT), "?");
}

/* Row by row, what the language's two tables say together. */
static void
test_operator_applies(void **state)
{
	static const struct {
		enum field field;
		const char *ops; /* of each operator, in order: y or n */
	} cases[] = {
		/*                  = c s e m i x 0 > < */
		{FIELD_PATH, "yyyyyynnnn"},
		{FIELD_METHOD, "yyyyyynnnn"},
		{FIELD_API_VERSION, "yyyyyynnnn"},
		{FIELD_QUERY, "yyyyyyyyyy"},
		{FIELD_HEADER, "yyyyyyyynn"},
		{FIELD_BODY, "yyyyyyyyyy"},
		{FIELD_CLIENT_IP, "yyyyyynnnn"},
		{FIELD_ROLE, "yyyyyynnnn"},
		{FIELD_IDENTITY, "yyyyyynnnn"},
		{FIELD_LISTENER, "yyyyyynnnn"},
		{FIELD_PEER_UID, "ynnnnynnyy"},
		{FIELD_PEER_GID, "ynnnnynnyy"},
		{FIELD_TIME, "nnnnnynnnn"},
	};
	(void)state;
	assert_int_equal(sizeof(cases) / sizeof(*cases), FIELD_COUNT);
	for (unsigned f = 0; f < FIELD_COUNT; f++)
		for (unsigned op = 0; op < OP_COUNT; op++)
			if (operator_applies(op, cases[f].field) !=
				(cases[f].ops[op] == 'y'))
				fail_msg("%s %s", field_info[f].name,
					operator_info[op].name);
}

/* --- a program that has everything ---------------------------------------- */

enum { T_PATH, T_METHOD, T_BODY, T_IP, T_TIME, T_QUERY, T_HEADER };

static struct image *
everything(void)
{
	struct image *im = image_new();

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
	image_insn(im, OPCODE_TEST, T_PATH, 1, 2, INSN_DOUBT_IS_TRUE);
	image_insn(im, OPCODE_TEST, T_BODY, 3, 4, 0);
	image_insn(im, OPCODE_TEST, T_IP, 3, 4, 0);
	image_insn(im, OPCODE_DRY, 2, 0, 0, 0);
	image_insn(im, OPCODE_TEST, T_TIME, 5, 6, 0);
	image_insn(im, OPCODE_DENY, 0, 0, 0, 0);
	image_insn(im, OPCODE_TEST, T_METHOD, 7, 8, 0);
	image_insn(im, OPCODE_ALLOW, 1, 0, 0, 0);
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
	assert_int_equal(p.ninsns, 9);
	assert_int_equal(p.ntests, 7);
	assert_int_equal(p.nsteps, 3);
	assert_int_equal(p.nvalues, 8);
	assert_int_equal(p.nrules, 3);
	assert_int_equal(p.rules[2].status, 599);
	assert_true(str_eq(program_text(&p, p.tests[T_QUERY].name), STR("q")));
	assert_null(p.regexes[0]);
	assert_non_null(p.regexes[1]);
	assert_true(regex_is_nocase(p.regexes[1])); /* a method's */
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

/* Bytes to write over a record of a section; SECTION_COUNT: the header. */
struct breakage {
	enum program_section section;
	uint32_t record;
	size_t offset;
	unsigned width;
	uint64_t value;
	const char *why;
};

#define AT(type, member) \
	offsetof(type, member), sizeof(((const type *)NULL)->member)
#define HEADER(member, value, why) \
	{ \
		SECTION_COUNT, 0, AT(struct program_header, member), value, \
			why \
	}
#define INSN(i, member, value, why) \
	{ \
		SECTION_INSNS, i, AT(struct insn, member), value, why \
	}
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

enum { V_INFO, V_GET, V_X, V_NUMBER, V_TRUE, V_CIDR, V_TIME, V_FIVE };

static const struct breakage breakages[] = {
	HEADER(magic[0], 'd', "not a program: no magic"),
	HEADER(magic[7], 'd', "not a program: no magic"),
	HEADER(version, 2, "a program of another version"),
	HEADER(size, 0, "not of the size it says"),
	HEADER(default_allow, 2, "a default that is neither allow nor deny"),
	HEADER(reserved[0], 1, "reserved bytes of the header are set"),
	HEADER(reserved[6], 1, "reserved bytes of the header are set"),
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
	HEADER(section[SECTION_INDEX].count, UINT32_MAX,
		"a section ends outside the image"),
	HEADER(section[SECTION_INSNS].count, 0,
		"a rule's entry is out of range"),
	HEADER(section[SECTION_INSNS].count, 8,
		"the last instruction is not the end"),
	HEADER(section[SECTION_RULES].count, 0,
		"an instruction's rule is out of range"),
	HEADER(section[SECTION_TESTS].count, 0,
		"an instruction's test is out of range"),
	HEADER(section[SECTION_VALUES].count, 0,
		"a test's values are out of bounds"),
	HEADER(section[SECTION_STEPS].count, 0,
		"a test's steps are out of bounds"),
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
	RULE(0, entry, 9, "a rule's entry is out of range"),
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
	TEST(T_BODY, step, 1, "a test's steps are out of bounds"),
	TEST(T_BODY, step, UINT32_MAX, "a test's steps are out of bounds"),
	TEST(T_BODY, nsteps, 4, "a test's steps are out of bounds"),
	TEST(T_BODY, nsteps, 0,
		"a body test without steps, or steps without a body"),
	TEST(T_PATH, nsteps, 1,
		"a body test without steps, or steps without a body"),
	TEST(T_BODY, value, 6, "a test's values are out of bounds"),
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
	INSN(0, reserved, 1, "reserved bytes of an instruction are set"),
	INSN(0, arg, 7, "an instruction's test is out of range"),
	INSN(0, arg, UINT32_MAX, "an instruction's test is out of range"),
	INSN(3, arg, 3, "an instruction's rule is out of range"),
	INSN(5, arg, 3, "an instruction's rule is out of range"),
	INSN(7, arg, UINT32_MAX, "an instruction's rule is out of range"),
	INSN(5, arg, 1, "an instruction contradicts its rule"),
	INSN(5, arg, 2, "an instruction contradicts its rule"),
	INSN(7, arg, 0, "an instruction contradicts its rule"),
	INSN(3, arg, 0, "an instruction contradicts its rule"),
	INSN(0, jt, 0, "a jump that does not go forward"),
	INSN(1, jt, 1, "a jump that does not go forward"),
	INSN(6, jf, 5, "a jump that does not go forward"),
	INSN(6, jt, 9, "a jump out of the program"),
	INSN(6, jf, UINT32_MAX, "a jump out of the program"),
	INSN(8, op, OPCODE_DENY, "the last instruction is not the end"),
	INSN(8, op, OPCODE_DRY, "the last instruction is not the end"),
};

static void
break_image(char *bytes, const struct breakage *b)
{
	static const size_t sizes[SECTION_COUNT] = {
		[SECTION_INSNS] = sizeof(struct insn),
		[SECTION_TESTS] = sizeof(struct program_test),
		[SECTION_STEPS] = sizeof(struct program_step),
		[SECTION_VALUES] = sizeof(struct program_value),
		[SECTION_RULES] = sizeof(struct program_rule),
	};
	struct program_header h;
	size_t at = b->offset;

	memcpy(&h, bytes, sizeof(h));
	if (b->section != SECTION_COUNT)
		at += h.section[b->section].off + b->record * sizes[b->section];
	memcpy(bytes + at, &b->value, b->width);
}

static void
test_each_promise(void **state)
{
	struct image *im = everything();

	(void)state;
	for (size_t i = 0; i < sizeof(breakages) / sizeof(*breakages); i++) {
		const struct breakage *b = &breakages[i];
		size_t size;
		char *bytes = image_bytes(im, &size);
		struct program p;
		const char *why;
		break_image(bytes, b);
		assert_false(program_load(&p, bytes, size, &why));
		assert_null(p.regexes);
		if (strcmp(why, b->why) != 0)
			fail_msg("%zu: \"%s\", not \"%s\"", i, why, b->why);
		free(bytes);
	}
	free(im);
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
		RULE(0, entry, 8, NULL), TEST(T_BODY, nvalues, 0, NULL),
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
test_index_is_refused(void **state)
{
	struct image *im = everything();
	size_t size;

	(void)state;
	image_text(im, STR("12345678")); /* room for it */
	char *bytes = image_bytes(im, &size);
	struct program_header *h = (void *)bytes;
	uint32_t end = h->section[SECTION_STRINGS].off +
		       h->section[SECTION_STRINGS].count - 8;
	h->section[SECTION_STRINGS].count -= 8;
	h->section[SECTION_INDEX].off = (end + 7) & ~7u;
	h->section[SECTION_INDEX].count = 1;
	assert_string_equal(program_verify(bytes, size),
		"an index, which this version does not know");
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

/* An image of END, with room for n records of each of two sections behind
 * it; the sections between are empty. */
static char *
two_sections(enum program_section one, size_t one_size,
	enum program_section two, size_t two_size, uint32_t n, size_t *size_out)
{
	struct image *im = image_new();
	size_t size;

	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	void *small = image_bytes(im, &size);
	size_t total = size + n * one_size + n * two_size;
	char *bytes = calloc(1, total);
	assert_non_null(bytes);
	memcpy(bytes, small, size);
	struct program_header *h = (void *)bytes;
	h->size = (uint32_t)total;
	for (unsigned s = SECTION_TESTS; s < SECTION_COUNT; s++)
		h->section[s].off = 0;
	h->section[one].off = (uint32_t)size;
	h->section[one].count = n;
	h->section[two].off = (uint32_t)(size + n * one_size);
	h->section[two].count = n;
	free(small);
	free(im);
	*size_out = total;
	return bytes;
}

/* Tests may share values and steps, but a hostile image must not make each of
 * its many tests look at all of its many values. */
static void
test_overlap_is_bounded(void **state)
{
	enum { N = 30000 };
	size_t size;

	(void)state;
	char *bytes = two_sections(SECTION_TESTS, sizeof(struct program_test),
		SECTION_VALUES, sizeof(struct program_value), N, &size);
	struct program_header *h = (void *)bytes;
	struct program_test *t =
		(void *)(bytes + h->section[SECTION_TESTS].off);
	for (uint32_t i = 0; i < N; i++)
		t[i] = (struct program_test){.op = OP_IN, .nvalues = N};
	assert_string_equal(program_verify(bytes, size),
		"tests name more values than an image can hold");
	for (uint32_t i = 0; i < N; i++)
		t[i].nvalues = 10;
	assert_null(program_verify(bytes, size));
	free(bytes);

	bytes = two_sections(SECTION_TESTS, sizeof(struct program_test),
		SECTION_STEPS, sizeof(struct program_step), N, &size);
	h = (void *)bytes;
	t = (void *)(bytes + h->section[SECTION_TESTS].off);
	for (uint32_t i = 0; i < N; i++)
		t[i] = (struct program_test){
			.field = FIELD_BODY, .op = OP_EXISTS, .nsteps = N};
	assert_string_equal(program_verify(bytes, size),
		"tests name more steps than an image can hold");
	for (uint32_t i = 0; i < N; i++)
		t[i].nsteps = 10;
	assert_null(program_verify(bytes, size));
	free(bytes);
}

/* Nor make each of its numbers a long one. */
static void
test_shared_digits_are_bounded(void **state)
{
	enum { N = 8192 }; /* N * N is PROGRAM_BYTES_MAX */
	size_t size;

	(void)state;
	char *bytes = two_sections(SECTION_VALUES, sizeof(struct program_value),
		SECTION_STRINGS, 1, N, &size);
	struct program_header *h = (void *)bytes;
	struct program_value *v =
		(void *)(bytes + h->section[SECTION_VALUES].off);
	memset(bytes + h->section[SECTION_STRINGS].off, '7', N);
	for (uint32_t i = 0; i < N; i++)
		v[i] = (struct program_value){
			.kind = VALUE_NUMBER, .text = {0, N}};
	assert_null(program_verify(bytes, size));
	free(bytes);

	bytes = two_sections(SECTION_VALUES, sizeof(struct program_value),
		SECTION_STRINGS, 1, N + 1, &size);
	h = (void *)bytes;
	v = (void *)(bytes + h->section[SECTION_VALUES].off);
	memset(bytes + h->section[SECTION_STRINGS].off, '7', N + 1);
	for (uint32_t i = 0; i < N + 1; i++)
		v[i] = (struct program_value){
			.kind = VALUE_NUMBER, .text = {0, N + 1}};
	assert_string_equal(program_verify(bytes, size),
		"more digits than an image can hold");
	free(bytes);
}

/* --- regexes --------------------------------------------------------------- */

static const char *
load_error(const struct image *im)
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
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_every_size),
		cmocka_unit_test(test_misaligned),
		cmocka_unit_test(test_index_is_refused),
		cmocka_unit_test(test_network_bits),
		cmocka_unit_test(test_overlap_is_bounded),
		cmocka_unit_test(test_shared_digits_are_bounded),
		cmocka_unit_test(test_regexes_of_a_program),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
