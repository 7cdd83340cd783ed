/* The special bytes of a string, by words and by vectors, against a walk byte
 * by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/json_plain.h"

#define ROOM 200

static bool
is_special(char c)
{
	return (unsigned char)c < 0x20 || (unsigned char)c >= 0x80 ||
	       c == '"' || c == '\\';
}

static size_t
naive_run(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && !is_special(p[i]))
		i++;
	return i;
}

static uint64_t
naive_mask(const char *p, size_t n)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < n; i++)
		mask |= (uint64_t)is_special(p[i]) << i;
	return mask;
}

/* One form for each machine: this one's may have both. */
static void
check_blocks(const char *p, size_t n)
{
	if (n >= 8)
		assert_int_equal(json_special_word(p), naive_mask(p, 8));
#ifdef __SSE2__
	if (n >= 16)
		assert_int_equal(json_special_vector(p), naive_mask(p, 16));
#endif
}

/* In twos, one after the other, and those behind each byte. */
static void
check_specials(const char *p, size_t n)
{
	const char *end = p + n;
	struct json_specials s;

	for (size_t step = 1; step == 1 || step < n; step += 5) {
		json_specials_begin(&s, p, end);
		for (size_t i = 0; i < n; i += step) {
			json_specials_skip(&s, p + i, end);
			i += naive_run(p + i, n - i);
			if (i == n)
				break;
			i++;
			i += naive_run(p + i, n - i);
			assert_ptr_equal(json_specials_second(&s, end), p + i);
		}
	}
}

/* In memory that ends where the text does, for the sanitizers. */
static void
check(const unsigned char *text, size_t n)
{
	char *p = malloc(n ? n : 1);

	assert_non_null(p);
	memcpy(p, text, n);
	assert_int_equal(json_plain_run(p, p + n) - p, naive_run(p, n));
	check_blocks(p, n);
	check_specials(p, n);
	free(p);
}

/* Each byte, at each place, in texts of each length. */
static void
test_each_byte_everywhere(void **state)
{
	unsigned char text[ROOM];

	(void)state;
	for (unsigned c = 0; c < 256; c++)
		for (size_t n = 0; n <= 72; n += n < 20 ? 1 : 13) {
			memset(text, 'a', sizeof(text));
			check(text, n);
			for (size_t at = 0; at < n; at++) {
				text[at] = (unsigned char)c;
				check(text, n);
				text[at] = 'a';
			}
		}
}

/* What is special, together: the first one counts. */
static void
test_random(void **state)
{
	static const unsigned char near[] = {0x1f, 0x20, 0x21, '"', '#', '[',
		'\\', ']', 0x7f, 0x80, 0xff, 0x00, 'a', 'a', 'a', 'a'};
	unsigned char text[ROOM];
	uint32_t x = 2463534242u;

	(void)state;
	for (unsigned i = 0; i < 50000; i++) {
		for (size_t k = 0; k < ROOM; k++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			text[k] = x % 7 ? 'a' : near[(x >> 8) % 16];
		}
		check(text, x % ROOM);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_byte_everywhere),
		cmocka_unit_test(test_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
