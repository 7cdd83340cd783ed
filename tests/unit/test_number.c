/* Numbers: JSON's grammar, and comparison by decimal value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/number.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void
test_grammar(void **state)
{
	(void)state;
	static const char *const good[] = {
		"0",
		"-0",
		"1",
		"-1",
		"10",
		"123456789012345678901234567890",
		"0.0",
		"0.5",
		"-0.5",
		"1.50",
		"1e5",
		"1E5",
		"1e+5",
		"1e-5",
		"1e05",
		"0e0",
		"1.5e10",
		"1e999999",
		"-1.25E-7",
	};
	static const char *const bad[] = {
		"",
		"-",
		"+1",
		"01",
		"-01",
		"00",
		"1.",
		".5",
		"-.5",
		"1.e5",
		"1e",
		"1e+",
		"1e-",
		"e5",
		"1e5.0",
		"1 ",
		" 1",
		"1a",
		"0x10",
		"1_000",
		"1,5",
		"--1",
		"1-",
		"1.2.3",
		"1ee5",
		"NaN",
		"Infinity",
		"-Infinity",
		"true",
	};
	for (size_t i = 0; i < COUNT(good); i++)
		if (!number_is(str_of(good[i])))
			fail_msg("%s is a number", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		if (number_is(str_of(bad[i])))
			fail_msg("%s is no number", bad[i]);
	assert_false(number_is((struct str){NULL, 0}));
	assert_false(number_is(STR("1\0")));
	assert_false(number_is(STR("1\0002")));
	/* The length counts, not a NUL. */
	assert_true(number_is((struct str){"12x", 2}));
}

/* Each row holds spellings of one value, and rows ascend. */
static const char *const ascending[][6] = {
	{"-1e99999999999999999999", "-10e99999999999999999998"},
	{"-1e400", "-10e399"},
	{"-18446744073709551616"},
	{"-18446744073709551615", "-18446744073709551615.000"},
	{"-100", "-1e2", "-1.0E+2", "-0.1e3", "-1000e-1"},
	{"-99.9999999999999999999999"},
	{"-1", "-1.0", "-10e-1", "-0.01e2"},
	{"-0.1", "-1e-1"},
	{"-1e-400"},
	{"0", "-0", "0.0", "-0.0e5", "0e-9", "0e99999999999999999999"},
	{"1e-99999999999999999999"},
	{"1e-400", "0.1e-399"},
	{"0.05", "5e-2", "0.5e-1", "0.050"},
	{"0.1", "1e-1", "0.10"},
	{"0.3", "0.30", "3e-1"},
	{"0.30000000000000004"},
	{"1", "1.0", "10e-1", "1e0", "1e-0", "0.001e3"},
	{"1.0000000000000000000000001"},
	{"9", "9.0"},
	{"10", "1e1", "1E1", "1e+1", "100e-1", "1e0001"},
	{"11"},
	{"99"},
	{"100", "1e2"},
	{"9007199254740992"},
	{"9007199254740993"},
	{"18446744073709551615", "1844674407370955161.5e1"},
	{"18446744073709551616"},
	{"1e400", "0.1e401"},
	{"1e99999999999999999999", "10e99999999999999999998"},
};

static void
test_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ascending); i++) {
		for (size_t j = 0; j < COUNT(ascending); j++) {
			struct str a = str_of(ascending[i][0]);
			struct str b = str_of(ascending[j][0]);
			int want = (i > j) - (i < j);
			int got = number_cmp(a, b);
			if ((got > 0) - (got < 0) != want)
				fail_msg("%s against %s: %d", a.p, b.p, got);
		}
	}
}

static void
test_equal_spellings(void **state)
{
	(void)state;
	/* Saturated exponents are all equal: only finite rows. */
	for (size_t i = 1; i + 1 < COUNT(ascending); i++) {
		for (size_t k = 1; k < 6 && ascending[i][k]; k++) {
			struct str a = str_of(ascending[i][0]);
			struct str b = str_of(ascending[i][k]);
			if (number_cmp(a, b) != 0 || number_cmp(b, a) != 0)
				fail_msg("%s is %s", a.p, b.p);
		}
	}
}

/* Exponents that leave the range of any integer do not wrap. */
static void
test_saturation(void **state)
{
	(void)state;
	struct str huge = STR("1e123456789012345678901234567890");
	struct str tiny = STR("1e-123456789012345678901234567890");
	assert_true(number_cmp(huge, STR("1e1000000")) > 0);
	assert_true(number_cmp(tiny, STR("1e-1000000")) < 0);
	assert_true(number_cmp(tiny, STR("0")) > 0);
	assert_true(number_cmp(huge, tiny) > 0);
	assert_true(number_cmp(STR("1e9223372036854775807"), huge) == 0);
	assert_true(number_cmp(STR("1e-9223372036854775808"), tiny) == 0);
	assert_true(number_cmp(STR("1e9223372036854775808"), STR("1")) > 0);
	assert_true(number_cmp(STR("1e18446744073709551617"), STR("1e2")) > 0);
}

/* Long numbers are compared by every digit. */
static void
test_long(void **state)
{
	(void)state;
	enum { N = 100000 };
	char *a = malloc(N);
	char *b = malloc(N);
	assert_non_null(a);
	assert_non_null(b);
	memset(a, '7', N);
	memset(b, '7', N);
	struct str x = {a, N};
	struct str y = {b, N};
	assert_true(number_is(x));
	assert_int_equal(number_cmp(x, y), 0);
	b[N - 1] = '8';
	assert_true(number_cmp(x, y) < 0);
	assert_true(number_cmp(y, x) > 0);
	/* 0.000...1 with leading zeros only */
	memset(a, '0', N);
	a[1] = '.';
	assert_int_equal(number_cmp(x, STR("0")), 0);
	a[N - 1] = '1';
	assert_true(number_cmp(x, STR("0")) > 0);
	assert_int_equal(number_cmp(x, STR("1e-99998")), 0);
	free(a);
	free(b);
}

/* Small integers and halves against what the machine says. */
static void
test_against_double(void **state)
{
	(void)state;
	for (int i = -60; i <= 60; i++) {
		for (int j = -60; j <= 60; j++) {
			char a[32], b[32];
			snprintf(a, sizeof(a), "%.2f", i / 4.0);
			snprintf(b, sizeof(b), "%de-2", j * 25);
			int got = number_cmp(str_of(a), str_of(b));
			if ((got > 0) - (got < 0) != (i > j) - (i < j))
				fail_msg("%s against %s: %d", a, b, got);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_equal_spellings),
		cmocka_unit_test(test_saturation),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_against_double),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
