/* The audit queue: records in their order, a full ring, many producers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/audit_ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#define THREADS 4
#define RECORDS 100000u

static void
takes_what_was_put_in_its_order(void **state)
{
	struct audit_ring *r = audit_ring_new(256);
	char record[64], buf[64];
	size_t n;
	(void)state;

	assert_false(audit_ring_ready(r));
	assert_false(audit_ring_take(r, buf, sizeof(buf), &n));
	/* Every length, over the edge at every place. */
	for (unsigned i = 0; i < 10000; i++) {
		size_t len[2] = {i % 64, i / 64 % 64};
		for (int k = 0; k < 2; k++) {
			memset(record, (int)(i + (unsigned)k), len[k]);
			assert_true(audit_ring_put(
				r, (struct str){record, len[k]}));
		}
		assert_true(audit_ring_ready(r));
		for (int k = 0; k < 2; k++) {
			memset(record, (int)(i + (unsigned)k), len[k]);
			assert_true(audit_ring_take(r, buf, sizeof(buf), &n));
			assert_int_equal(n, len[k]);
			assert_memory_equal(buf, record, n);
		}
		assert_false(audit_ring_ready(r));
	}
	audit_ring_free(r);
}

static void
refuses_what_there_is_no_room_for(void **state)
{
	struct audit_ring *r = audit_ring_new(128);
	char record[128] = {0}, buf[128];
	size_t n;
	(void)state;

	assert_false(audit_ring_put(r, (struct str){record, 121}));
	assert_true(audit_ring_put(r, (struct str){record, 120}));
	assert_false(audit_ring_put(r, STR("")));
	assert_true(audit_ring_take(r, buf, sizeof(buf), &n));
	assert_int_equal(n, 120);
	for (int i = 0; i < 16; i++)
		assert_true(audit_ring_put(r, STR("")));
	assert_false(audit_ring_put(r, STR("")));
	assert_true(audit_ring_take(r, buf, sizeof(buf), &n));
	assert_int_equal(n, 0);
	assert_true(audit_ring_put(r, STR("")));
	audit_ring_free(r);
}

struct producer {
	struct audit_ring *ring;
	pthread_t thread;
	uint32_t id;
};

struct record {
	uint32_t id, number;
	unsigned char fill[56];
};

static size_t
record_make(struct record *rec, uint32_t id, uint32_t number)
{
	size_t fill = (id * 31 + number * 7) % sizeof(rec->fill);

	rec->id = id;
	rec->number = number;
	memset(rec->fill, (int)(id + number), fill);
	return offsetof(struct record, fill) + fill;
}

static void *
produce(void *arg)
{
	struct producer *p = arg;

	for (uint32_t i = 0; i < RECORDS; i++) {
		struct record rec;
		size_t n = record_make(&rec, p->id, i);
		while (!audit_ring_put(
			p->ring, (struct str){(const char *)&rec, n}))
			sched_yield();
	}
	return NULL;
}

static void
no_record_of_many_threads_is_lost_or_torn(void **state)
{
	struct audit_ring *r = audit_ring_new(1024);
	struct producer producers[THREADS];
	uint32_t next[THREADS] = {0};
	(void)state;

	for (uint32_t i = 0; i < THREADS; i++) {
		producers[i] = (struct producer){.ring = r, .id = i};
		assert_int_equal(pthread_create(&producers[i].thread, NULL,
					 produce, &producers[i]),
			0);
	}
	for (uint32_t taken = 0; taken < THREADS * RECORDS;) {
		struct record got, want;
		size_t n;
		if (!audit_ring_take(r, (char *)&got, sizeof(got), &n)) {
			sched_yield();
			continue;
		}
		assert_in_range(got.id, 0, THREADS - 1);
		assert_int_equal(n, record_make(&want, got.id, next[got.id]++));
		assert_memory_equal(&got, &want, n);
		taken++;
	}
	for (uint32_t i = 0; i < THREADS; i++)
		pthread_join(producers[i].thread, NULL);
	assert_false(audit_ring_ready(r));
	audit_ring_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_was_put_in_its_order),
		cmocka_unit_test(refuses_what_there_is_no_room_for),
		cmocka_unit_test(no_record_of_many_threads_is_lost_or_torn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
