/* Arena: alignment, the cap, the sticky overflow, reuse. */
#include "runtime/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
test_aligned_and_zeroed(void **state)
{
	static const uint8_t zero[20000];
	struct arena a;

	(void)state;
	arena_init(&a, 1u << 20);
	for (int round = 0; round < 2; round++) {
		for (size_t n = 1; n < sizeof(zero); n = n * 2 + 1) {
			void *p = arena_alloc(&a, n);
			assert_non_null(p);
			assert_int_equal((uintptr_t)p % 16, 0);
			assert_memory_equal(p, zero, n);
			memset(p, 0xff, n);
		}
		arena_reset(&a); /* used bytes come back as zeros */
	}
	assert_non_null(arena_alloc(&a, 0));
	arena_fini(&a);
}

/* Blocks do not overlap, across chunks as within. */
static void
test_blocks_are_apart(void **state)
{
	enum { N = 500 };
	uint8_t *blocks[N];
	struct arena a;

	(void)state;
	arena_init(&a, 1u << 20);
	for (size_t i = 0; i < N; i++) {
		blocks[i] = arena_alloc(&a, i + 1);
		assert_non_null(blocks[i]);
		memset(blocks[i], (int)(i & 0xff), i + 1);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j <= i; j++)
			assert_int_equal(blocks[i][j], i & 0xff);
	arena_fini(&a);
}

static void
test_cap(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	assert_null(arena_alloc(&a, 4097));
	assert_true(arena_overflowed(&a));
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 4096));
	assert_false(arena_overflowed(&a));
	assert_null(arena_alloc(&a, 1));
	assert_true(arena_overflowed(&a));
	arena_reset(&a);
	size_t got = 0;
	while (arena_alloc(&a, 1))
		got++;
	assert_int_equal(got, 4096 / 16); /* rounded up to the alignment */
	arena_fini(&a);
}

static void
test_absurd_sizes(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	assert_non_null(arena_alloc(&a, 100));
	for (unsigned i = 0; i < 40; i++) {
		assert_null(arena_alloc(&a, SIZE_MAX - i));
		assert_true(arena_overflowed(&a));
		a.overflow = false;
	}
	arena_fini(&a);
}

/* Once over, nothing is handed out, however small, until a reset. */
static void
test_overflow_is_sticky(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 100);
	assert_null(arena_alloc(&a, 101));
	assert_null(arena_alloc(&a, 1));
	struct str s = arena_str(&a, STR("abc"));
	assert_non_null(s.p);
	assert_int_equal(s.n, 0);
	s = arena_fmt(&a, "%d", 5);
	assert_non_null(s.p);
	assert_int_equal(s.n, 0);
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 1));
	arena_fini(&a);
}

static void
test_strings(void **state)
{
	char text[] = "abc";
	struct arena a;

	(void)state;
	arena_init(&a, 1u << 16);
	struct str s = arena_str(&a, STR(text));
	text[0] = 'x';
	assert_true(str_eq(s, STR("abc")));
	assert_int_equal(s.p[s.n], 0);
	s = arena_str(&a, (struct str){NULL, 0});
	assert_int_equal(s.n, 0);
	assert_int_equal(s.p[0], 0);
	s = ARENA_JOIN(&a, STR("a"), (struct str){NULL, 0}, STR("bc"));
	assert_true(str_eq(s, STR("abc")));
	assert_int_equal(s.p[s.n], 0);
	s = arena_fmt(&a, "%s-%d", "a", 7);
	assert_true(str_eq(s, STR("a-7")));
	assert_int_equal(s.p[s.n], 0);
	s = arena_fmt(&a, "%05000d", 1);
	assert_int_equal(s.n, 5000);
	assert_int_equal(s.p[4999], '1');
	arena_fini(&a);
}

/* A reset keeps memory: as many rounds as one likes take no more of it. */
static void
test_reset_reuses(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 1u << 16);
	void *first = arena_alloc(&a, 64);
	for (int i = 0; i < 1000; i++) {
		for (int j = 0; j < 20; j++)
			assert_non_null(arena_alloc(&a, 1000));
		arena_reset(&a);
		assert_int_equal(a.used, 0);
		assert_ptr_equal(arena_alloc(&a, 64), first);
	}
	arena_fini(&a);
	arena_fini(&a); /* again is harmless */
	arena_reset(&a);
	assert_non_null(arena_alloc(&a, 64)); /* usable after fini */
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aligned_and_zeroed),
		cmocka_unit_test(test_blocks_are_apart),
		cmocka_unit_test(test_cap),
		cmocka_unit_test(test_absurd_sizes),
		cmocka_unit_test(test_overflow_is_sticky),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_reset_reuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
