/* Heads of answers that come again, and that only seem to. */
#include "runtime/http1_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PONG \
	"HTTP/1.1 200 OK\r\nServer: Docker/20.10\r\nOstype: linux\r\n" \
	"Content-Length: 2\r\n\r\n"

static int
make(void **state)
{
	*state = http1_answer_new();
	return *state ? 0 : -1;
}

static int
drop(void **state)
{
	free(*state);
	return 0;
}

static bool
is_known(const struct http1_answer *a, struct str in, enum method method)
{
	size_t len;

	return http1_answer_is(a, in, method, &len);
}

static void
knows_the_last_one_alone(void **state)
{
	struct http1_answer *a = *state;
	struct str first = STR(PONG "OK"),
		   other = STR("HTTP/1.1 204 No\r\n\r\n");
	size_t n = first.n - 2, len;

	assert_false(is_known(a, first, METHOD_GET));
	assert_int_equal(http1_answer_parse(a, first.p, n, METHOD_GET), WHY_OK);
	assert_true(http1_answer_is(a, first, METHOD_GET, &len));
	assert_int_equal(len, n);
	assert_true(is_known(a, (struct str){first.p, n}, METHOD_GET));
	assert_int_equal(
		http1_answer_parse(a, other.p, other.n, METHOD_GET), WHY_OK);
	assert_true(is_known(a, other, METHOD_GET));
	assert_false(is_known(a, first, METHOD_GET));
}

/* What a HEAD is answered has no body. */
static void
another_method_is_another_answer(void **state)
{
	struct http1_answer *a = *state;
	struct str pong = STR(PONG);

	http1_answer_parse(a, pong.p, pong.n, METHOD_GET);
	assert_int_equal(a->head.framing, HTTP1_LENGTH);
	assert_false(is_known(a, pong, METHOD_HEAD));
	http1_answer_parse(a, pong.p, pong.n, METHOD_HEAD);
	assert_int_equal(a->head.framing, HTTP1_NO_BODY);
	assert_false(is_known(a, pong, METHOD_GET));
}

static void
every_byte_counts(void **state)
{
	struct http1_answer *a = *state;
	char in[] = PONG;
	size_t n = sizeof(in) - 1;

	http1_answer_parse(a, in, n, METHOD_GET);
	for (size_t i = 0; i < n; i++) {
		assert_false(is_known(a, (struct str){in, i}, METHOD_GET));
		in[i] ^= 1;
		assert_false(is_known(a, (struct str){in, n}, METHOD_GET));
		in[i] ^= 1;
	}
	assert_true(is_known(a, (struct str){in, n}, METHOD_GET));
}

/* What is remembered is a copy: the caller's bytes may go. */
static void
keeps_what_it_refers_to(void **state)
{
	struct http1_answer *a = *state;
	char in[] = PONG;

	http1_answer_parse(a, in, sizeof(in) - 1, METHOD_GET);
	memset(in, 'x', sizeof(in));
	assert_int_equal(a->head.status, 200);
	assert_true(str_eq(a->head.reason, STR("OK")));
	assert_int_equal(a->head.nfields, 3);
	assert_true(str_eq(a->head.fields[1].value, STR("linux")));
}

static void
forgets_at_one_that_is_malformed(void **state)
{
	static const struct str bad[] = {
		STR("HTTP/1.1 OK\r\n\r\n"),
		STR("HTTP/1.1 200 OK\r\nA : b\r\n\r\n"),
		STR("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
	};
	struct http1_answer *a = *state;
	struct str pong = STR(PONG);

	for (size_t i = 0; i < COUNT(bad); i++) {
		http1_answer_parse(a, pong.p, pong.n, METHOD_GET);
		assert_int_equal(
			http1_answer_parse(a, bad[i].p, bad[i].n, METHOD_GET),
			WHY_ENGINE_RESPONSE);
		assert_false(is_known(a, bad[i], METHOD_GET));
		assert_false(is_known(a, pong, METHOD_GET));
	}
}

/* As long as there is room for; one byte more is parsed where it lies. */
static void
long_ones_are_not_remembered(void **state)
{
	static const char start[] = "HTTP/1.1 200 OK\r\nA: ";
	struct http1_answer *a = *state;
	char in[HTTP1_ANSWER_BYTES + 1];

	for (size_t n = HTTP1_ANSWER_BYTES; n <= sizeof(in); n++) {
		memset(in, 'x', n);
		memcpy(in, start, sizeof(start) - 1);
		memcpy(in + n - 4, "\r\n\r\n", 4);
		assert_int_equal(
			http1_answer_parse(a, in, n, METHOD_GET), WHY_OK);
		assert_int_equal(
			a->head.fields[0].value.n, n - sizeof(start) + 1 - 4);
		assert_int_equal(is_known(a, (struct str){in, n}, METHOD_GET),
			n <= HTTP1_ANSWER_BYTES);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)
	const struct CMUnitTest tests[] = {
		TEST(knows_the_last_one_alone),
		TEST(another_method_is_another_answer),
		TEST(every_byte_counts),
		TEST(keeps_what_it_refers_to),
		TEST(forgets_at_one_that_is_malformed),
		TEST(long_ones_are_not_remembered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
