/* Passing over the plain part of a string, against a walk byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/json_plain.h"

#define ROOM 80

static size_t
naive(const unsigned char *p, size_t n)
{
	size_t i = 0;

	while (i < n && p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' &&
		p[i] != '\\')
		i++;
	return i;
}

/* In memory that ends where the text does, for the sanitizers. */
static void
check(const unsigned char *text, size_t n)
{
	char *p = malloc(n ? n : 1);

	assert_non_null(p);
	memcpy(p, text, n);
	assert_int_equal(json_plain_run(p, p + n) - p, naive(text, n));
	free(p);
}

/* Each byte, at each place, in texts of each length. */
static void
test_each_byte_everywhere(void **state)
{
	unsigned char text[ROOM];

	(void)state;
	for (unsigned c = 0; c < 256; c++)
		for (size_t n = 0; n <= 40; n++) {
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
	for (unsigned i = 0; i < 200000; i++) {
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
