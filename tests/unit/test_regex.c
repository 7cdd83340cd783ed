/* Regular expressions: semantics, limits, and both ways to run one. */
#include "runtime/limits.h"
#include "runtime/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static int
setup(void **state)
{
	*state = regex_scratch_new();
	return *state ? 0 : -1;
}

static int
teardown(void **state)
{
	regex_scratch_free(*state);
	return 0;
}

static struct regex *
compiled(const char *pattern, bool nocase)
{
	char err[128] = "";
	size_t offset;
	struct regex *re = regex_compile(
		str_of(pattern), nocase, err, sizeof(err), &offset);
	if (!re)
		fail_msg("%s: %s", pattern, err);
	return re;
}

static enum regex_result
match(void **state, const char *pattern, struct str subject)
{
	struct regex *re = compiled(pattern, false);
	enum regex_result r = regex_match(re, subject, *state);
	regex_free(re);
	return r;
}

static void
test_semantics(void **state)
{
	static const struct {
		const char *pattern;
		struct str subject;
		bool nocase;
		enum regex_result want;
	} cases[] = {
		{"b", STR("abc"), false, REGEX_YES}, /* unanchored */
		{"^b", STR("abc"), false, REGEX_NO},
		{"^/info$", STR("/info"), false, REGEX_YES},
		{"^/info$", STR("/info\n"), false, REGEX_NO},
		{"^/info", STR("x\n/info"), false, REGEX_NO},
		{"a.c", STR("a\nc"), false, REGEX_NO},
		{"ABC", STR("abc"), false, REGEX_NO},
		{"ABC", STR("abc"), true, REGEX_YES},
		{"\xc3\x84", STR("\xc3\xa4"), true, REGEX_YES},
		{"^.$", STR("\xe2\x82\xac"), false, REGEX_YES},
		{"", STR(""), false, REGEX_YES},
		{"", STR("abc"), false, REGEX_YES},
		{"^$", {NULL, 0}, false, REGEX_YES},
		{"x", {NULL, 0}, false, REGEX_NO},
		{"a\\x00b", STR("a\0b"), false, REGEX_YES},
		{"(a)(b)(c)(d)", STR("abcd"), false, REGEX_YES},
		{"(?<x>a)\\k<x>", STR("aa"), false, REGEX_YES},
		{"(?C1)a", STR("a"), false, REGEX_YES},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct regex *re = compiled(cases[i].pattern, cases[i].nocase);
		assert_int_equal(regex_is_nocase(re), cases[i].nocase);
		if (regex_match(re, cases[i].subject, *state) != cases[i].want)
			fail_msg("%s", cases[i].pattern);
		regex_free(re);
	}
}

static void
test_bad_patterns(void **state)
{
	static const struct {
		struct str pattern;
		size_t offset;
		const char *part; /* of the message */
	} cases[] = {
		{STR("ab(c"), 4, "parenthes"},
		{STR("a["), 2, "]"},
		{STR("*a"), 0, "quantifier"},
		{STR("a\\Cb"), 3, "\\C"},
		{STR("a\xff"), 1, "UTF-8"},
		{STR("(?<=a+)b"), 0, "lookbehind"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char err[128] = "";
		size_t offset = 99;
		assert_null(regex_compile(
			cases[i].pattern, false, err, sizeof(err), &offset));
		if (!strstr(err, cases[i].part))
			fail_msg("%s lacks %s", err, cases[i].part);
		assert_int_equal(offset, cases[i].offset);
	}
}

static void
test_message_is_cut_to_its_room(void **state)
{
	char err[8] = "xxxxxxx";
	size_t offset;

	(void)state;
	assert_null(regex_compile(STR("("), false, err, sizeof(err), &offset));
	assert_string_equal(err, "missing");
}

static void
test_pattern_length(void **state)
{
	static char text[REGEX_PATTERN_MAX + 1];
	char err[128] = "";
	size_t offset = 0;
	struct regex *re;

	(void)state;
	memset(text, 'a', sizeof(text));
	re = regex_compile((struct str){text, REGEX_PATTERN_MAX}, false, err,
		sizeof(err), &offset);
	assert_non_null(re);
	regex_free(re);
	re = regex_compile((struct str){text, REGEX_PATTERN_MAX + 1}, false,
		err, sizeof(err), &offset);
	assert_null(re);
	assert_true(offset <= REGEX_PATTERN_MAX + 1);
	assert_non_null(strstr(err, "long"));
}

static void
test_subject_that_is_no_utf8(void **state)
{
	static const struct str bad[] = {
		STR("a\xff"),
		STR("\xc3"),
		STR("\xc0\x80"),
		STR("\xed\xa0\x80"),
		STR("\xf4\x90\x80\x80"),
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(match(state, "a", bad[i]), REGEX_DOUBT);
		assert_int_equal(match(state, "", bad[i]), REGEX_DOUBT);
	}
}

static void
test_subject_length(void **state)
{
	static char text[REGEX_SUBJECT_MAX + 1];

	memset(text, 'a', sizeof(text));
	assert_int_equal(
		match(state, "a$", (struct str){text, REGEX_SUBJECT_MAX}),
		REGEX_YES);
	assert_int_equal(
		match(state, "a$", (struct str){text, REGEX_SUBJECT_MAX + 1}),
		REGEX_DOUBT);
}

/* Exponential backtracking ends in a doubt, compiled and interpreted. */
static void
test_match_limit(void **state)
{
	struct str subject = STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!");

	assert_int_equal(match(state, "^(a+)+$", subject), REGEX_DOUBT);
	assert_int_equal(
		match(state, "(*NO_JIT)^(a+)+$", subject), REGEX_DOUBT);
	/* A pattern cannot lift the limit. */
	assert_int_equal(
		match(state, "(*LIMIT_MATCH=4000000000)^(a+)+$", subject),
		REGEX_DOUBT);
}

static void
test_interpreter_answers_the_same(void **state)
{
	assert_int_equal(
		match(state, "(*NO_JIT)^/info$", STR("/info")), REGEX_YES);
	assert_int_equal(
		match(state, "(*NO_JIT)^/info$", STR("/info\n")), REGEX_NO);
	assert_int_equal(
		match(state, "(*NO_JIT)^$", (struct str){NULL, 0}), REGEX_YES);
}

/* Nested groups end JIT's stack on a long subject, and then the interpreter's
 * heap: a doubt, never a "no" for what does match. */
static void
test_jit_stack_limit(void **state)
{
	static char text[REGEX_SUBJECT_MAX];

	memset(text, 'x', sizeof(text));
	for (size_t n = 16; n <= sizeof(text); n *= 2)
		assert_int_not_equal(match(state, "^((((([^A]|B)))))*$",
					     (struct str){text, n}),
			REGEX_NO);
	assert_int_equal(
		match(state, "^((((([^A]|B)))))*$", (struct str){text, 256}),
		REGEX_YES);
	assert_int_equal(match(state, "^((((([^A]|B)))))*$",
				 (struct str){text, sizeof(text)}),
		REGEX_DOUBT);
}

/* A doubt leaves nothing behind in the scratch. */
static void
test_scratch_after_doubt(void **state)
{
	struct regex *bad = compiled("^(a+)+$", false);
	struct regex *good = compiled("^b+$", false);

	for (int i = 0; i < 3; i++) {
		assert_int_equal(
			regex_match(bad, STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"),
				*state),
			REGEX_DOUBT);
		assert_int_equal(
			regex_match(good, STR("bbb"), *state), REGEX_YES);
		assert_int_equal(
			regex_match(good, STR("bab"), *state), REGEX_NO);
	}
	regex_free(bad);
	regex_free(good);
}

static void
test_free_nothing(void **state)
{
	(void)state;
	regex_free(NULL);
	regex_scratch_free(NULL);
}

/* Where the first match is. */
static void
test_find(void **state)
{
	static const struct {
		const char *pattern, *subject;
		size_t start, end;
	} cases[] = {
		{"b+", "abbcb", 1, 3},
		{"", "ab", 0, 0},
		{"$", "ab", 2, 2},
		{"\xc3\xa9.", "a\xc3\xa9\xe2\x82\xac", 1, 6},
		{"a\\Kb", "xab", 2, 3},
		{"(b)(c)", "abcd", 1, 3},
	};
	size_t start, end;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct regex *re = compiled(cases[i].pattern, false);
		assert_int_equal(regex_find(re, str_of(cases[i].subject),
					 *state, &start, &end),
			REGEX_YES);
		assert_int_equal(start, cases[i].start);
		assert_int_equal(end, cases[i].end);
		assert_int_equal(
			regex_find(re, STR("\xff"), *state, &start, &end),
			REGEX_DOUBT);
		regex_free(re);
	}
	struct regex *re = compiled("x", false);
	assert_int_equal(
		regex_find(re, STR("y"), *state, &start, &end), REGEX_NO);
	regex_free(re);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_semantics),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_bad_patterns),
		cmocka_unit_test(test_message_is_cut_to_its_room),
		cmocka_unit_test(test_pattern_length),
		cmocka_unit_test(test_subject_that_is_no_utf8),
		cmocka_unit_test(test_subject_length),
		cmocka_unit_test(test_match_limit),
		cmocka_unit_test(test_interpreter_answers_the_same),
		cmocka_unit_test(test_jit_stack_limit),
		cmocka_unit_test(test_scratch_after_doubt),
		cmocka_unit_test(test_free_nothing),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
