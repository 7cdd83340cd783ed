/* The key table: same and different keys, many of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/json_keys.h"
#include "runtime/limits.h"

#include <stdio.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Keys are told apart whatever the seed; objects have keys of their own. */
static void
test_key_table(void **state)
{
	(void)state;
	static const uint32_t seeds[] = {0, 1, 0x80000000, UINT32_MAX};
	for (size_t s = 0; s < COUNT(seeds); s++) {
		struct arena a;
		struct json_keys keys;
		static char names[3000][8];
		arena_init(&a, MIB(4));
		json_keys_init(&keys, seeds[s], &a);
		for (unsigned i = 0; i < COUNT(names); i++) {
			int n = snprintf(names[i], sizeof(names[i]), "%u", i);
			struct str name = {names[i], (size_t)n};
			assert_true(json_keys_add(&keys, 1, name));
			assert_true(json_keys_add(&keys, 2, name));
		}
		for (unsigned i = 0; i < COUNT(names); i++) {
			assert_false(json_keys_add(&keys, 1, str_of(names[i])));
			assert_false(json_keys_add(&keys, 2, str_of(names[i])));
			assert_true(
				json_keys_add(&keys, 3 + i, str_of(names[i])));
		}
		assert_false(arena_overflowed(&a));
		arena_fini(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_key_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
