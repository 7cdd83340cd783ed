/* Paths: what is clean, and the clean form of what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/path.h"

static void
test_clean(void **state)
{
	/* As Go's path.Clean("/" + s) has it. */
	static const char *const cases[][2] = {
		{"", "/"},
		{"/", "/"},
		{"//", "/"},
		{"/a", "/a"},
		{"a", "/a"},
		{"/a/", "/a"},
		{"/a//b", "/a/b"},
		{"//a", "/a"},
		{"/a/./b", "/a/b"},
		{"/.", "/"},
		{"/a/.", "/a"},
		{"/..", "/"},
		{"/../a", "/a"},
		{"../../../etc", "/etc"},
		{"/srv/ok/../../etc", "/etc"},
		{"/srv/ok/./../../etc", "/etc"},
		{"/a/b/../c", "/a/c"},
		{"/a/b/..", "/a"},
		{"/a/../../..", "/"},
		{"/...", "/..."},
		{"/..a/.b", "/..a/.b"},
		{"/a b/\xc3\xa9", "/a b/\xc3\xa9"},
	};
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str path = str_of(cases[i][0]);
		struct str got = path_clean(path, &a);
		if (!str_eq(got, str_of(cases[i][1])))
			fail_msg("%s is %.*s", cases[i][0], STR_FMT(got));
		assert_true(path_is_clean(got));
		assert_int_equal(path_is_clean(path), str_eq(path, got));
	}
	arena_fini(&a);
}

static void
test_overflow(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1);
	assert_int_equal(path_clean(STR("/a//b/c/d/e/f/g/h/i/j"), &a).n, 0);
	assert_true(arena_overflowed(&a));
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
