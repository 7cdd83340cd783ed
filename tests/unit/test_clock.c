/* When something was, by the wall clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/clock.h"

#include <stdbool.h>
#include <time.h>

#define ROUNDS 100000

static uint64_t
monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Never later than it was: a clock that lags by a tick would tell a time that
 * is not yet. Earlier only while this program is kept from running, so not in
 * every round. Either clock is cut to a millisecond. */
static void
tells_when_it_was(uint64_t age_ms)
{
	bool exact = false;

	for (unsigned n = 0; n < ROUNDS; n++) {
		int64_t before = clock_wall_ms();
		uint64_t then = monotonic_ms() - age_ms;
		int64_t told = clock_wall_of(then) + (int64_t)age_ms;
		int64_t after = clock_wall_ms();

		assert_true(told <= after + 1);
		exact = exact || told >= before - 1;
	}
	assert_true(exact);
}

static void
test_just_now(void **state)
{
	(void)state;
	tells_when_it_was(0);
}

static void
test_a_while_ago(void **state)
{
	(void)state;
	tells_when_it_was(1234);
}

static void
test_not_yet(void **state)
{
	(void)state;
	assert_true(clock_wall_of(monotonic_ms() + 60000) <= clock_wall_ms());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_just_now),
		cmocka_unit_test(test_a_while_ago),
		cmocka_unit_test(test_not_yet),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
