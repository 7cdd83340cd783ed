/* The environment: moved, wiped where it was, and as good as before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char token[] = "TOKEN=abc", empty[] = "EMPTY=", zone[] = "TZ=UTC";
static char *original[] = {token, empty, zone, NULL};

static int
setup(void **state)
{
	(void)state;
	environ = original;
	return environment_hide() ? 0 : -1;
}

static void
test_it_reads_as_before(void **state)
{
	(void)state;

	assert_string_equal(getenv("TOKEN"), "abc");
	assert_string_equal(getenv("EMPTY"), "");
	assert_string_equal(getenv("TZ"), "UTC");
	assert_null(getenv("OTHER"));
	assert_null(environ[3]);
}

static void
test_nothing_is_left_where_it_was(void **state)
{
	static const char zeros[sizeof(token)];
	(void)state;

	assert_ptr_not_equal(environ, original);
	assert_memory_equal(token, zeros, sizeof(token));
	assert_memory_equal(empty, zeros, sizeof(empty));
	assert_memory_equal(zone, zeros, sizeof(zone));
}

static void
test_one_is_forgotten(void **state)
{
	const char *value = getenv("TOKEN");
	(void)state;

	environment_forget("OTHER");
	environment_forget("TOKEN");
	assert_memory_equal(value, "\0\0\0", 4);
	assert_string_equal(getenv("TOKEN"), "");
	assert_string_equal(getenv("TZ"), "UTC");
}

/* The end lies within the last page; behind it is none. */
static void
test_there_is_a_hole_behind(void **state)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t behind = ((uintptr_t)getenv("TZ") / page + 1) * page;
	int ends[2];
	(void)state;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], environ, page), (ssize_t)page);
	/* The kernel reads in our place, and returns what would be a crash. */
	assert_int_equal(write(ends[1], (const void *)behind, 1), -1);
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_reads_as_before),
		cmocka_unit_test(test_nothing_is_left_where_it_was),
		cmocka_unit_test(test_one_is_forgotten),
		cmocka_unit_test(test_there_is_a_hole_behind),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
