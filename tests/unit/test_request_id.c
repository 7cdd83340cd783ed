/* Request ids: which of a client's do, and that ours do not repeat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/request_id.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS 10000

static void
test_sane(void **state)
{
	static const struct str good[] = {
		STR("a"),
		STR("0"),
		STR("7b4f9a1e-55f1-4a38-8d2b-0d2f6c0a9d11"),
		STR("Root=1-67891233-abcdef012345678912345678"),
		STR("user@host:80/a.b_c~d+e=="),
	};
	(void)state;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(request_id_is_sane(good[i]));
}

/* Every byte but those named, alone and among good ones. */
static void
test_bytes(void **state)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._~+/=:@-";
	(void)state;

	for (int c = 0; c < 256; c++) {
		const char id[3] = {'a', (char)c, 'b'};
		bool want = c && strchr(plain, c);
		assert_int_equal(request_id_is_sane((struct str){id, 3}), want);
		assert_int_equal(
			request_id_is_sane((struct str){id + 1, 1}), want);
	}
}

static void
test_length(void **state)
{
	char id[REQUEST_ID_MAX + 1];
	(void)state;

	memset(id, 'x', sizeof(id));
	assert_false(request_id_is_sane(STR("")));
	assert_true(request_id_is_sane((struct str){id, REQUEST_ID_MAX}));
	assert_false(request_id_is_sane((struct str){id, REQUEST_ID_MAX + 1}));
}

static int
compare(const void *a, const void *b)
{
	return memcmp(a, b, REQUEST_ID_MADE);
}

static void
test_made(void **state)
{
	static char ids[2 * ROUNDS][REQUEST_ID_MADE];
	struct request_ids one = {.key = {1, 2}}, two = {.key = {1, 3}};
	(void)state;

	for (size_t i = 0; i < ROUNDS; i++) {
		request_id_make(&one, ids[2 * i]);
		request_id_make(&two, ids[2 * i + 1]);
	}
	for (size_t i = 0; i < 2 * ROUNDS; i++)
		assert_true(request_id_is_sane(
			(struct str){ids[i], REQUEST_ID_MADE}));
	qsort(ids, 2 * ROUNDS, REQUEST_ID_MADE, compare);
	for (size_t i = 1; i < 2 * ROUNDS; i++)
		assert_memory_not_equal(ids[i - 1], ids[i], REQUEST_ID_MADE);
}

/* Each digit takes each value: nothing of the hash is lost, nothing stands
 * still. */
static void
test_made_digits(void **state)
{
	static const char hex[] = "0123456789abcdef";
	struct request_ids ids = {.key = {7, 8}};
	unsigned seen[REQUEST_ID_MADE] = {0};
	char id[REQUEST_ID_MADE];
	uint64_t hash[2];
	(void)state;

	for (size_t i = 0; i < ROUNDS; i++) {
		const uint64_t made = ids.made;
		siphash24_128(ids.key,
			(struct str){(const char *)&made, sizeof(made)}, hash);
		request_id_make(&ids, id);
		for (size_t d = 0; d < REQUEST_ID_MADE; d++) {
			const char *at = memchr(hex, id[d], 16);
			assert_non_null(at);
			assert_int_equal(
				at - hex, hash[d / 16] >> (d % 16 * 4) & 15);
			seen[d] |= 1u << (at - hex);
		}
	}
	for (size_t d = 0; d < REQUEST_ID_MADE; d++)
		assert_int_equal(seen[d], 0xffff);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sane),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_made_digits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
