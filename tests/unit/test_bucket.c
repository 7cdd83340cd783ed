/* Token buckets: against an exact model, at the extremes, and in floods. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/bucket.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>

#ifndef FLOOD
#define FLOOD 1000000u
#endif

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static uint64_t
random_below(uint64_t n)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x % n;
}

static uint32_t
take(struct bucket_table *t, unsigned key, const struct bucket_limit *limit,
	uint64_t now_ms)
{
	return bucket_take(t, 7, (struct str){(const char *)&key, sizeof(key)},
		limit, now_ms);
}

/* --- what the words say --------------------------------------------------- */

static void
the_first_too_many_is_blocked_for_the_penalty(void **state)
{
	static const struct bucket_limit limit = {50, 30000, 40000};
	struct bucket_table *t = bucket_table_new(16, 1);
	(void)state;

	for (int i = 0; i < 50; i++)
		assert_int_equal(take(t, 1, &limit, 1000), 0);
	/* One token takes 600 ms to refill. */
	assert_int_equal(take(t, 1, &limit, 1599), 40000);
	assert_int_equal(take(t, 2, &limit, 1599), 0);
	/* Asking on neither prolongs nor shortens it. */
	assert_int_equal(take(t, 1, &limit, 2000), 39599);
	assert_int_equal(take(t, 1, &limit, 41598), 1);
	/* And then the bucket is full. */
	for (int i = 0; i < 50; i++)
		assert_int_equal(take(t, 1, &limit, 41599), 0);
	assert_int_equal(take(t, 1, &limit, 41599), 40000);
	bucket_table_free(t);
}

static void
tokens_refill_continuously(void **state)
{
	static const struct bucket_limit limit = {50, 30000, 40000};
	struct bucket_table *t = bucket_table_new(16, 1);
	(void)state;

	for (int i = 0; i < 50; i++)
		assert_int_equal(take(t, 1, &limit, 1000), 0);
	for (uint64_t now = 1600; now < 100000; now += 600)
		assert_int_equal(take(t, 1, &limit, now), 0);
	bucket_table_free(t);
}

static void
without_penalty_it_is_worth_trying_when_a_token_is_there(void **state)
{
	static const struct bucket_limit limit = {3, 1000, 0};
	struct bucket_table *t = bucket_table_new(16, 1);
	(void)state;

	for (int i = 0; i < 3; i++)
		assert_int_equal(take(t, 1, &limit, 0), 0);
	assert_int_equal(take(t, 1, &limit, 0), 334);
	assert_int_equal(take(t, 1, &limit, 333), 1);
	assert_int_equal(take(t, 1, &limit, 334), 0);
	/* The 2/3 of a ms too late are not lost: 2 tokens at 667. */
	assert_int_equal(take(t, 1, &limit, 666), 1);
	assert_int_equal(take(t, 1, &limit, 667), 0);
	assert_int_equal(take(t, 1, &limit, 999), 1);
	assert_int_equal(take(t, 1, &limit, 1000), 0);
	bucket_table_free(t);
}

static void
rules_and_keys_have_buckets_of_their_own(void **state)
{
	static const struct bucket_limit limit = {1, 1000, 1000};
	static const struct str keys[] = {{"", 0}, {"a", 1}, {"a\0", 2}};
	struct bucket_table *t = bucket_table_new(16, 1);
	(void)state;

	for (uint64_t rule = 0; rule < 3; rule++)
		for (size_t i = 0; i < COUNT(keys); i++)
			assert_int_equal(
				bucket_take(t, rule, keys[i], &limit, 0), 0);
	assert_int_equal(bucket_count(t), 9);
	for (uint64_t rule = 0; rule < 3; rule++)
		for (size_t i = 0; i < COUNT(keys); i++)
			assert_int_equal(
				bucket_take(t, rule, keys[i], &limit, 0), 1000);
	bucket_table_free(t);
}

static void
the_extremes_of_the_figures(void **state)
{
	static const struct bucket_limit most = {UINT32_MAX, UINT32_MAX,
						 UINT32_MAX},
					 fast = {UINT32_MAX, 1, 0},
					 slow = {1, UINT32_MAX, 0},
					 harsh = {1, 1, UINT32_MAX};
	struct bucket_table *t = bucket_table_new(16, 1);
	const uint64_t late = UINT64_MAX - UINT32_MAX - 1;
	(void)state;

	for (int i = 0; i < 1000; i++) {
		assert_int_equal(take(t, 1, &most, 0), 0);
		assert_int_equal(take(t, 2, &fast, 0), 0);
	}
	assert_int_equal(take(t, 3, &slow, 0), 0);
	assert_int_equal(take(t, 3, &slow, 0), UINT32_MAX);
	assert_int_equal(take(t, 3, &slow, UINT32_MAX - 1u), 1);
	assert_int_equal(take(t, 3, &slow, UINT32_MAX), 0);
	assert_int_equal(take(t, 4, &harsh, late), 0);
	assert_int_equal(take(t, 4, &harsh, late), UINT32_MAX);
	assert_int_equal(take(t, 1, &most, late), 0);
	assert_int_equal(take(t, 2, &fast, late), 0);
	assert_int_equal(take(t, 4, &harsh, late + UINT32_MAX - 1), 1);
	assert_int_equal(take(t, 4, &harsh, late + UINT32_MAX), 0);
	bucket_table_free(t);
}

static void
a_clock_that_jumps_gives_nothing_away(void **state)
{
	static const struct bucket_limit limit = {2, 1000, 5000};
	struct bucket_table *t = bucket_table_new(16, 1);
	(void)state;

	assert_int_equal(take(t, 1, &limit, 1000000), 0);
	/* Backwards: no refill, and none twice. */
	assert_int_equal(take(t, 1, &limit, 0), 0);
	assert_int_equal(take(t, 1, &limit, 1000499), 5000);
	assert_int_equal(take(t, 1, &limit, 0), 5000);
	assert_int_equal(take(t, 1, &limit, 1005498), 1);
	/* Far ahead: full, and no fuller. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(take(t, 1, &limit, 1ull << 60), 0);
	assert_int_equal(take(t, 1, &limit, 1ull << 60), 5000);
	bucket_table_free(t);
}

static void
a_table_of_none_has_room_for_one(void **state)
{
	static const struct bucket_limit limit = {1, 1000, 1000};
	struct bucket_table *t = bucket_table_new(0, 1);
	(void)state;

	assert_int_equal(take(t, 1, &limit, 0), 0);
	assert_int_equal(take(t, 1, &limit, 0), 1000);
	assert_int_equal(take(t, 2, &limit, 0), 0);
	assert_int_equal(bucket_count(t), 1);
	bucket_table_free(t);
}

/* --- against a model ------------------------------------------------------ */

/* A bucket as the words describe it; a token is period_ms units. */
struct model {
	bool used;
	unsigned __int128 level;
	uint64_t at_ms, blocked_ms;
};

static uint32_t
model_take(struct model *m, const struct bucket_limit *limit, uint64_t now_ms)
{
	unsigned __int128 full =
		(unsigned __int128)limit->requests * limit->period_ms;

	if (m->blocked_ms > now_ms)
		return (uint32_t)(m->blocked_ms - now_ms);
	if (!m->used || m->blocked_ms) {
		*m = (struct model){.used = true, .level = full};
	} else {
		m->level += (unsigned __int128)limit->requests *
			    (now_ms - m->at_ms);
		if (m->level > full)
			m->level = full;
	}
	m->at_ms = now_ms;
	if (m->level >= limit->period_ms) {
		m->level -= limit->period_ms;
		return 0;
	}
	if (limit->penalty_ms) {
		m->blocked_ms = now_ms + limit->penalty_ms;
		return limit->penalty_ms;
	}
	uint32_t wait = 0;
	while (m->level + (unsigned __int128)limit->requests * wait <
		limit->period_ms)
		wait++;
	return wait;
}

static void
takes_as_the_model_does(void **state)
{
	static const struct bucket_limit limits[] = {
		{50, 30000, 30000},
		{3, 1000, 0},
		{7, 997, 13},
		{1, 1, 1},
		{1000, 7, 50},
		{5, 1000, 100000},
		{UINT32_MAX, 1000, 10},
	};
	static struct model models[COUNT(limits)][5];
	struct bucket_table *t = bucket_table_new(64, 3);
	uint64_t now_ms = 0;
	unsigned refused = 0;
	(void)state;

	for (unsigned step = 0; step < 100000; step++) {
		uint64_t rule = random_below(COUNT(limits));
		unsigned key = (unsigned)random_below(5);
		static const uint64_t pace[] = {1, 3, 50, 2000, 60000};
		now_ms += random_below(
			pace[random_below(step / 1000 % COUNT(pace) + 1)]);
		uint32_t want =
			model_take(&models[rule][key], &limits[rule], now_ms);
		uint32_t got = bucket_take(t, rule,
			(struct str){(const char *)&key, sizeof(key)},
			&limits[rule], now_ms);
		assert_int_equal(got, want);
		refused += got != 0;
	}
	assert_in_range(refused, 10000, 90000);
	bucket_table_free(t);
}

/* --- a full table ----------------------------------------------------------- */

#define ROOM 8u
#define KEYS 24u

/* Time goes in steps of 8; so no two buckets are full at one time, and which
 * one goes is never a matter of choice. */
static const struct bucket_limit unlike[] = {
	{1, 1000, 1704},
	{1, 3001, 805},
	{1, 202, 4006},
};

/* The header's words on who goes, over an array. One token each: a bucket
 * that is kept refuses, one that is gone takes. */
struct slot {
	unsigned key;
	uint64_t full_ms;
	bool blocked;
};

/* Which of the slots goes first at now_ms. */
static bool
goes_before(const struct slot *a, const struct slot *b, uint64_t now_ms)
{
	bool a_held = a->blocked && a->full_ms > now_ms;
	bool b_held = b->blocked && b->full_ms > now_ms;

	if (a_held != b_held)
		return b_held;
	return a->full_ms < b->full_ms;
}

static bool
slots_take(struct slot *slots, unsigned *n, unsigned key, uint64_t now_ms)
{
	const struct bucket_limit *limit = &unlike[key % COUNT(unlike)];

	for (unsigned i = 0; i < *n; i++) {
		if (slots[i].key != key || slots[i].full_ms <= now_ms)
			continue;
		if (!slots[i].blocked) {
			slots[i].blocked = true;
			slots[i].full_ms = now_ms + limit->penalty_ms;
		}
		return false;
	}
	unsigned to = 0;
	if (*n < ROOM) {
		to = (*n)++;
	} else {
		for (unsigned i = 1; i < *n; i++)
			if (goes_before(&slots[i], &slots[to], now_ms))
				to = i;
	}
	slots[to] = (struct slot){key, now_ms + limit->period_ms, false};
	return true;
}

static void
the_right_one_goes_when_it_is_full(void **state)
{
	struct bucket_table *t = bucket_table_new(ROOM, 3);
	struct slot slots[ROOM];
	unsigned n = 0, refused = 0;
	uint64_t now_ms = 0;
	(void)state;

	for (unsigned step = 0; step < 100000; step++) {
		unsigned key = (unsigned)random_below(KEYS);
		now_ms += 8 + 8 * random_below(step / 1000 % 2 ? 5 : 50);
		bool want = slots_take(slots, &n, key, now_ms);
		bool got =
			take(t, key, &unlike[key % COUNT(unlike)], now_ms) == 0;
		assert_int_equal(got, want);
		assert_in_range(bucket_count(t), 1, ROOM);
		refused += !got;
	}
	assert_in_range(refused, 10000, 90000);
	bucket_table_free(t);
}

static void
a_flood_of_keys_frees_nobody_and_takes_no_memory(void **state)
{
	static const struct bucket_limit limit = {1, 3600000, 3600000};
	struct bucket_table *t = bucket_table_new(1024, 3);
	size_t before = mallinfo2().uordblks;
	(void)state;

	take(t, 0, &limit, 0);
	assert_int_equal(take(t, 0, &limit, 0), 3600000);
	for (unsigned key = 1; key <= FLOOD; key++) {
		assert_int_equal(take(t, key, &limit, key / 1000), 0);
		assert_in_range(bucket_count(t), 1, 1024);
	}
	assert_int_equal(
		take(t, 0, &limit, FLOOD / 1000), 3600000 - FLOOD / 1000);
	assert_int_equal(mallinfo2().uordblks, before);
	bucket_table_free(t);
}

static void
what_is_full_again_is_dropped(void **state)
{
	static const struct bucket_limit limit = {10, 1000, 5000};
	struct bucket_table *t = bucket_table_new(1024, 3);
	(void)state;

	for (unsigned key = 0; key < 1000; key++)
		take(t, key, &limit, 0);
	assert_int_equal(bucket_count(t), 1000);
	for (unsigned i = 0; i < 1000; i++)
		take(t, 5000, &limit, 1000);
	assert_int_equal(bucket_count(t), 1);
	bucket_table_free(t);
}

static void
many_penalties_that_end_at_once(void **state)
{
	static const struct bucket_limit limit = {1, 1000, 5000};
	struct bucket_table *t = bucket_table_new(1024, 3);
	(void)state;

	for (unsigned key = 0; key < 100; key++) {
		assert_int_equal(take(t, key, &limit, 0), 0);
		assert_int_equal(take(t, key, &limit, 0), 5000);
	}
	for (unsigned i = 0; i < 100; i++) {
		unsigned key = i * 37 % 100;
		assert_int_equal(take(t, key, &limit, 5000), 0);
		assert_int_equal(take(t, key, &limit, 5000), 5000);
	}
	bucket_table_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_too_many_is_blocked_for_the_penalty),
		cmocka_unit_test(tokens_refill_continuously),
		cmocka_unit_test(
			without_penalty_it_is_worth_trying_when_a_token_is_there),
		cmocka_unit_test(rules_and_keys_have_buckets_of_their_own),
		cmocka_unit_test(the_extremes_of_the_figures),
		cmocka_unit_test(a_clock_that_jumps_gives_nothing_away),
		cmocka_unit_test(a_table_of_none_has_room_for_one),
		cmocka_unit_test(takes_as_the_model_does),
		cmocka_unit_test(the_right_one_goes_when_it_is_full),
		cmocka_unit_test(
			a_flood_of_keys_frees_nobody_and_takes_no_memory),
		cmocka_unit_test(what_is_full_again_is_dropped),
		cmocka_unit_test(many_penalties_that_end_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
