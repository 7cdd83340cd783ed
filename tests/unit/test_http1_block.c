/* The blocks that heads are read by, in words and in vectors, against a walk
 * byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "runtime/http1_block.h"

#include <strings.h>

#define ROOM 80

static bool
is_control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

static unsigned
naive_equal(const char *p, size_t n, char c)
{
	unsigned bits = 0;

	for (size_t i = 0; i < n; i++)
		bits |= (unsigned)(p[i] == c) << i;
	return bits;
}

static unsigned
naive_control(const char *p, size_t n)
{
	unsigned bits = 0;

	for (size_t i = 0; i < n; i++)
		bits |= (unsigned)is_control(p[i]) << i;
	return bits;
}

/* One form for each machine: this one's may have both. */
static void
check_blocks(const char *p, size_t n, char c)
{
	if (n >= 8) {
		assert_int_equal(http1_equal_word(p, c), naive_equal(p, 8, c));
		assert_int_equal(http1_control_word(p), naive_control(p, 8));
	}
#ifdef __SSE2__
	if (n >= 16) {
		assert_int_equal(
			http1_equal_vector(p, c), naive_equal(p, 16, c));
		assert_int_equal(http1_control_vector(p), naive_control(p, 16));
	}
#endif
}

/* In memory that ends where the text does, for the sanitizers. */
static void
check(const unsigned char *text, size_t n, char c)
{
	char *p = malloc(n ? n : 1);
	size_t i = 0;

	assert_non_null(p);
	memcpy(p, text, n);
	check_blocks(p, n, c);
	while (i < n && p[i] != c)
		i++;
	assert_ptr_equal(http1_find(p, p + n, c), p + i);
	for (i = 0; i < n && !is_control(p[i]);)
		i++;
	assert_ptr_equal(http1_find_control(p, p + n), p + i);
	free(p);
}

/* Each byte, at each place, in texts of each length. */
static void
finds_each_byte_everywhere(void **state)
{
	static const char looked_for[] = {'\n', '\r', ' ', ':'};
	unsigned char text[ROOM];

	(void)state;
	for (unsigned c = 0; c < 256; c++)
		for (size_t n = 0; n <= 40; n++) {
			memset(text, 'a', sizeof(text));
			for (size_t at = 0; at < n; at++) {
				text[at] = (unsigned char)c;
				check(text, n, looked_for[at % 4]);
				check(text, n, (char)(c & 0x7f));
				text[at] = 'a';
			}
		}
}

/* Neighbours of what ends something, together: the first one counts. */
static void
finds_the_first_of_many(void **state)
{
	static const unsigned char near[] = {0x00, '\t', '\n', 0x0b, '\r', 0x1f,
		' ', '!', '9', ':', ';', 0x7e, 0x7f, 0x80, 0x8a, 0xff};
	unsigned char text[ROOM];
	uint32_t x = 2463534242u;

	(void)state;
	for (unsigned i = 0; i < 50000; i++) {
		for (size_t k = 0; k < ROOM; k++) {
			x ^= x << 13;
			x ^= x >> 17;
			x ^= x << 5;
			text[k] = x % 5 ? 'a' : near[(x >> 8) % 16];
		}
		check(text, x % ROOM, (char)(near[(x >> 16) % 16] & 0x7f));
	}
}

static void
check_name(const char *p, size_t n, const char *known, size_t nknown)
{
	bool same = n == nknown && !strncasecmp(p, known, n);

	assert_int_equal(http1_is_name_word(p, n, known), same);
#ifdef __SSE2__
	assert_int_equal(http1_is_name_vector(p, n, known), same);
#endif
}

/* Each byte, at each place of a name; names of other lengths; whatever is
 * behind. */
static void
tells_names_from_all_others(void **state)
{
	static const char all[] = "x-request2-id-zz";

	(void)state;
	for (size_t n = 0; n <= HTTP1_NAME; n++) {
		char known[HTTP1_NAME] = {0}, name[HTTP1_NAME];
		memcpy(known, all, n);
		for (int behind = 0; behind < 256; behind++) {
			memset(name, behind, sizeof(name));
			memcpy(name, all, n);
			check_name(name, n, known, n);
			for (size_t k = 0; k <= HTTP1_NAME; k++)
				if (k < n || behind != 0)
					check_name(name, k, known, n);
		}
		for (size_t at = 0; at < n; at++)
			for (int c = 0; c < 256; c++) {
				memcpy(name, all, n);
				name[at] = (char)c;
				check_name(name, n, known, n);
			}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_each_byte_everywhere),
		cmocka_unit_test(finds_the_first_of_many),
		cmocka_unit_test(tells_names_from_all_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
