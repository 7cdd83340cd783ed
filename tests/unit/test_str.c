/* Counted strings: comparison, search, UTF-8. */
#include "runtime/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct str none = {NULL, 0};

static void
test_compare(void **state)
{
	(void)state;
	assert_true(str_eq(STR("a\0b"), STR("a\0b")));
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));
	assert_false(str_eq(STR("a"), STR("ab")));
	assert_false(str_eq(STR("a"), STR("A")));
	assert_true(str_eq(none, STR("")));
	assert_true(str_eq(str_of("abc"), STR("abc")));

	assert_true(str_starts(STR("abc"), STR("ab")));
	assert_true(str_starts(STR("abc"), STR("abc")));
	assert_false(str_starts(STR("abc"), STR("abcd")));
	assert_false(str_starts(STR("abc"), STR("b")));
	assert_true(str_starts(none, none));
	assert_true(str_starts(STR("a"), none));

	assert_true(str_ends(STR("abc"), STR("bc")));
	assert_true(str_ends(STR("abc"), STR("abc")));
	assert_false(str_ends(STR("abc"), STR("xabc")));
	assert_false(str_ends(STR("abc"), STR("b")));
	assert_true(str_ends(none, none));

	assert_true(str_eq(str_from(STR("abc"), 1), STR("bc")));
	assert_true(str_eq(str_from(STR("abc"), 3), none));
}

static void
test_nocase_is_ascii(void **state)
{
	(void)state;
	for (int a = -128; a < 128; a++)
		for (int b = -128; b < 128; b++) {
			char ca = (char)a, cb = (char)b;
			bool alpha = (ca >= 'a' && ca <= 'z') ||
				     (ca >= 'A' && ca <= 'Z');
			bool want = ca == cb || (alpha && (ca ^ cb) == 0x20);
			struct str sa = {&ca, 1}, sb = {&cb, 1};
			assert_int_equal(str_eq_nocase(sa, sb), want);
		}
	/* The same at each place of a longer one, read in words. */
	for (int a = -128; a < 128; a++)
		for (int b = -128; b < 128; b++)
			for (size_t at = 0; at < 9; at++) {
				char ca[9] = "Abcdefgh", cb[9] = "aBCDEFGH";
				struct str sa = {ca, 9}, sb = {cb, 9};
				ca[at] = (char)a;
				cb[at] = (char)b;
				struct str one = {&ca[at], 1};
				assert_int_equal(str_eq_nocase(sa, sb),
					str_eq_nocase(
						one, (struct str){&cb[at], 1}));
			}
	assert_true(str_eq_nocase(none, STR("")));
	assert_false(str_eq_nocase(STR("ab"), STR("AbC")));
	assert_true(str_eq_nocase(STR("aB-9"), STR("Ab-9")));
}

static void
test_find(void **state)
{
	static const struct {
		struct str s, needle;
		size_t at, at_nocase;
	} cases[] = {
		{STR("hello"), STR("l"), 2, 2},
		{STR("hello"), STR("lo"), 3, 3},
		{STR("hello"), STR("hello"), 0, 0},
		{STR("hello"), STR("hellox"), 5, 5},
		{STR("hello"), STR("x"), 5, 5},
		{STR("hello"), STR("LO"), 5, 3},
		{STR("aaab"), STR("aab"), 1, 1},
		{STR("a\0b\0c"), STR("\0c"), 3, 3},
		{STR("hello"), STR(""), 0, 0},
		{STR(""), STR(""), 0, 0},
		{STR(""), STR("a"), 0, 0},
		{{NULL, 0}, {NULL, 0}, 0, 0},
		{{NULL, 0}, STR("a"), 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(
			str_find(cases[i].s, cases[i].needle), cases[i].at);
		assert_int_equal(str_find_nocase(cases[i].s, cases[i].needle),
			cases[i].at_nocase);
	}
}

/* --- UTF-8 ------------------------------------------------------------------- */

static size_t
encode(uint32_t c, unsigned length, char out[4])
{
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

	if (length == 1) {
		out[0] = (char)c;
		return 1;
	}
	for (unsigned i = length; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(lead[length] | c);
	return length;
}

/* Every value in every length it fits: right in the shortest alone, and only
 * if it is a character. */
static void
test_every_character(void **state)
{
	static const uint32_t end[] = {0, 0x80, 0x800, 0x10000, 0x200000};

	(void)state;
	for (uint32_t c = 0; c < end[4]; c++) {
		bool character = c < 0xd800 || (c > 0xdfff && c < 0x110000);
		for (unsigned length = 1; length <= 4; length++) {
			char buf[4];
			if (c >= end[length])
				continue;
			struct str s = {buf, encode(c, length, buf)};
			bool shortest = length == 1 || c >= end[length - 1];
			if (str_is_utf8(s) != (character && shortest))
				fail_msg("U+%04X in %u bytes", c, length);
		}
	}
}

/* Wherever in a text it stands, a bad byte is found, and so is one that is
 * cut off; the block has exactly the text's length. */
static void
test_utf8_anywhere(void **state)
{
	static const struct str bad[] = {
		STR("\x80"),
		STR("\xbf"),
		STR("\xc0\x80"),
		STR("\xc3"),
		STR("\xe2\x82"),
		STR("\xf0\x9f\x98"),
		STR("\xf5\x80\x80\x80"),
		STR("\xfe"),
		STR("\xff"),
		STR("\xe2\x28\xa1"),
		STR("\xf0\x28\x8c\xbc"),
	};
	(void)state;
	for (size_t n = 0; n < 40; n++)
		for (size_t at = 0; at <= n; at++)
			for (size_t i = 0; i < sizeof(bad) / sizeof(*bad);
				i++) {
				struct str s = {NULL, n + bad[i].n};
				char *p = malloc(s.n);
				assert_non_null(p);
				memset(p, 'a', s.n);
				s.p = p;
				assert_true(str_is_utf8(s));
				memcpy(p + at, bad[i].p, bad[i].n);
				assert_false(str_is_utf8(s));
				free(p);
			}
	assert_true(str_is_utf8(none));
	assert_true(
		str_is_utf8(STR("a\0\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_nocase_is_ascii),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_every_character),
		cmocka_unit_test(test_utf8_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
