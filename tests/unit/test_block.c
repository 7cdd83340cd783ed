/* Blocks: taken, given back, and smaller ones when many are in use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/block.h"

#define MANY 8192

static char *taken[MANY];

static void
the_one_given_back_last_comes_first(void **state)
{
	struct blocks b = {0};
	(void)state;

	char *p = block_take(&b, BLOCK_MEDIUM);
	assert_non_null(p);
	assert_int_equal(b.in_use, block_bytes(BLOCK_MEDIUM));
	block_give(&b, BLOCK_MEDIUM, p);
	assert_int_equal(b.in_use, 0);
	assert_ptr_equal(block_take(&b, BLOCK_MEDIUM), p);
	block_give(&b, BLOCK_MEDIUM, p);
	block_give(&b, BLOCK_SMALL, NULL);
	assert_int_equal(b.in_use, 0);
	blocks_fini(&b);
}

/* As many slow clients as there may be: the most of them get small ones. */
static void
the_more_in_use_the_smaller(void **state)
{
	struct blocks b = {0};
	enum block_size size[MANY];
	(void)state;

	assert_int_equal(block_fit(&b, BLOCK_LARGE), BLOCK_LARGE);
	assert_int_equal(block_fit(&b, BLOCK_SMALL), BLOCK_SMALL);
	for (size_t i = 0; i < MANY; i++) {
		size[i] = block_fit(&b, BLOCK_LARGE);
		assert_true(i == 0 || size[i] <= size[i - 1]);
		taken[i] = block_take(&b, size[i]);
		assert_non_null(taken[i]);
	}
	assert_int_equal(size[0], BLOCK_LARGE);
	assert_int_equal(size[MANY / 16], BLOCK_MEDIUM);
	assert_int_equal(size[MANY - 1], BLOCK_SMALL);
	assert_true(
		b.in_use <
		64 * 1024 * 1024 + (uint64_t)MANY * block_bytes(BLOCK_SMALL));
	for (size_t i = 0; i < MANY; i++)
		block_give(&b, size[i], taken[i]);
	assert_int_equal(b.in_use, 0);
	assert_int_equal(block_fit(&b, BLOCK_LARGE), BLOCK_LARGE);
	blocks_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_given_back_last_comes_first),
		cmocka_unit_test(the_more_in_use_the_smaller),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
