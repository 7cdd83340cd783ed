/* Lock-outs: counting, waiting, and a flood of addresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/lockout.h"

static const struct lockout_rule rule = {
	.failures = 3,
	.window_ms = 1000,
	.lock_ms = 5000,
};

static struct ip
v4(uint32_t n)
{
	struct ip ip = {.set = true, .b = {[10] = 0xff, [11] = 0xff}};

	for (int i = 0; i < 4; i++)
		ip.b[15 - i] = (uint8_t)(n >> 8 * i);
	return ip;
}

static void
locks_after_failures_within_the_window(void **state)
{
	struct lockout *l = lockout_new(&rule, 7);
	struct ip a = v4(1), b = v4(2);
	(void)state;

	assert_false(lockout_fail(l, &a, 100));
	assert_false(lockout_fail(l, &a, 200));
	assert_int_equal(lockout_left_ms(l, &a, 200), 0);
	assert_true(lockout_fail(l, &a, 300));
	assert_int_equal(lockout_left_ms(l, &a, 300), 5000);
	assert_int_equal(lockout_left_ms(l, &b, 300), 0);
	/* Failing on while locked out neither counts nor prolongs. */
	assert_false(lockout_fail(l, &a, 400));
	assert_int_equal(lockout_left_ms(l, &a, 5299), 1);
	assert_int_equal(lockout_left_ms(l, &a, 5300), 0);
	/* And then it starts again from none. */
	assert_false(lockout_fail(l, &a, 5300));
	assert_false(lockout_fail(l, &a, 5301));
	assert_true(lockout_fail(l, &a, 5302));
	lockout_free(l);
}

static void
lists_who_is_locked_out(void **state)
{
	struct lockout *l = lockout_new(&rule, 7);
	struct lockout_one out[2] = {0};
	(void)state;

	assert_int_equal(lockout_list(l, 0, out, 2), 0);
	for (uint8_t i = 1; i <= 3; i++) {
		struct ip a = v4(i);
		while (!lockout_fail(l, &a, 100))
			assert_int_equal(lockout_list(l, 100, out, 2), i - 1);
	}
	assert_int_equal(lockout_list(l, 101, out, 2), 3);
	assert_true(out[0].ip.set && out[1].ip.set);
	assert_int_equal(out[0].left_ms, rule.lock_ms - 1);
	assert_int_equal(lockout_list(l, 101, NULL, 0), 3);
	assert_int_equal(lockout_list(l, 100 + rule.lock_ms, out, 2), 0);
	lockout_free(l);
}

static void
forgets_what_is_older_than_the_window(void **state)
{
	struct lockout *l = lockout_new(&rule, 7);
	struct ip a = v4(1);
	(void)state;

	for (uint64_t now = 0; now < 20000; now += 500)
		assert_false(lockout_fail(l, &a, now));
	lockout_free(l);
}

static void
counts_ipv6_by_its_64(void **state)
{
	struct lockout *l = lockout_new(&rule, 7);
	struct ip a = {.set = true, .b = {0x20, 1}}, b = a, c = a;
	(void)state;

	b.b[15] = 9; /* the same /64 */
	c.b[7] = 1;  /* another */
	assert_false(lockout_fail(l, &a, 0));
	assert_false(lockout_fail(l, &b, 0));
	assert_true(lockout_fail(l, &a, 0));
	assert_int_not_equal(lockout_left_ms(l, &b, 1), 0);
	assert_int_equal(lockout_left_ms(l, &c, 1), 0);
	lockout_free(l);
}

static void
keeps_the_locked_in_a_flood(void **state)
{
	struct lockout *l = lockout_new(&rule, 7);
	struct ip a = v4(1);
	(void)state;

	for (int i = 0; i < 3; i++)
		lockout_fail(l, &a, 0);
	for (uint32_t n = 1000; n < 1000000; n++) {
		struct ip other = v4(n);
		lockout_fail(l, &other, n / 1000);
	}
	assert_int_not_equal(lockout_left_ms(l, &a, 1000), 0);
	lockout_free(l);
}

static void
off_locks_nobody(void **state)
{
	const struct lockout_rule off = {0};
	struct lockout *l = lockout_new(&off, 7);
	struct ip a = v4(1);
	(void)state;

	for (int i = 0; i < 100; i++)
		assert_false(lockout_fail(l, &a, 0));
	assert_int_equal(lockout_left_ms(l, &a, 0), 0);
	lockout_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(locks_after_failures_within_the_window),
		cmocka_unit_test(lists_who_is_locked_out),
		cmocka_unit_test(forgets_what_is_older_than_the_window),
		cmocka_unit_test(counts_ipv6_by_its_64),
		cmocka_unit_test(keeps_the_locked_in_a_flood),
		cmocka_unit_test(off_locks_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
