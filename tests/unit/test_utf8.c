/* UTF-8: characters one by one, and which of them are hidden. */
#include "runtime/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
test_characters(void **state)
{
	static const struct {
		struct str text;
		size_t bytes;
		uint32_t code;
	} rows[] = {
		{STR("a"), 1, 'a'},
		{STR("\0a"), 1, 0},
		{STR("\xc3\xa9t"), 2, 0xe9},
		{STR("\xe2\x80\xae"), 3, 0x202e},
		{STR("\xf3\xa0\x80\x81x"), 4, 0xe0001},
		{STR("\xf4\x8f\xbf\xbf"), 4, 0x10ffff},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str c = rows[i].text;
		c.n = utf8_bytes(c);
		assert_int_equal(c.n, rows[i].bytes);
		assert_int_equal(utf8_code(c), rows[i].code);
	}
}

static void
test_no_characters(void **state)
{
	static const struct str rows[] = {
		STR("\x80"),
		STR("\xc3"),
		STR("\xc0\x80"),
		STR("\xed\xa0\x80"),
		STR("\xe2\x80"),
		STR("\xf4\x90\x80\x80"),
		STR("\xff"),
	};
	(void)state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(utf8_bytes(rows[i]), 0);
}

static void
test_hidden(void **state)
{
	static const uint32_t hidden[] = {0, 0x1b, 0x7f, 0x9b, 0xad, 0x61c,
		0x200b, 0x202e, 0x2066, 0xfeff, 0xe0001};
	static const uint32_t shown[] = {
		' ', '~', 0xa0, 0xe9, 0x5d0, 0x2010, 0x4e2d, 0x1f433};
	(void)state;

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		assert_true(utf8_is_hidden(hidden[i]));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		assert_false(utf8_is_hidden(shown[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_no_characters),
		cmocka_unit_test(test_hidden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
