/* The PROXY protocol: each header whole, in every split, and broken. */
#include "runtime/proxyproto.h"

#include "runtime/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4 \
	"\xc0\x00\x02\x01" \
	"\x0a\x00\x00\x01" \
	"\x30\x39\x00\x50"
#define V6 \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01" \
	"\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01" \
	"\x30\x39\x00\x50"

struct good {
	struct str header;
	const char *ip; /* empty: not told */
	uint16_t port;
};

static const struct good goods[] = {
	{STR("PROXY TCP4 192.0.2.1 10.0.0.1 12345 80\r\n"), "192.0.2.1", 12345},
	{STR("PROXY TCP4 0.0.0.0 0.0.0.0 0 65535\r\n"), "0.0.0.0", 0},
	{STR("PROXY TCP6 2001:db8::1 fd00::1 65535 1\r\n"), "2001:db8::1",
		65535},
	{STR("PROXY UNKNOWN\r\n"), "", 0},
	{STR("PROXY UNKNOWN what ever 1 2 3\r\n"), "", 0},
	{STR(SIGNATURE "\x21\x11\0\x0c" V4), "192.0.2.1", 12345},
	{STR(SIGNATURE "\x21\x11\0\x10" V4 "\x04\0\x01x"), "192.0.2.1", 12345},
	{STR(SIGNATURE "\x21\x21\0\x24" V6), "2001:db8::1", 12345},
	{STR(SIGNATURE "\x21\0\0\0"), "", 0},
	{STR(SIGNATURE "\x21\0\0\x03"
		       "abc"),
		"", 0},
	{STR(SIGNATURE "\x20\0\0\0"), "", 0},
	{STR(SIGNATURE "\x20\x11\0\x0c" V4), "", 0},
	{STR(SIGNATURE "\x20\x31\0\x01x"), "", 0},
};

static void
expect(const struct proxyproto *pp, const struct good *g)
{
	char text[46];
	assert_string_equal(ip_text(&pp->ip, text), g->ip);
	assert_int_equal(pp->port, g->port);
}

/* Nothing behind the header is taken, wherever the bytes are split. */
static void
test_every_split(void **state)
{
	char buf[256];
	(void)state;
	for (size_t i = 0; i < sizeof(goods) / sizeof(*goods); i++) {
		const struct good *g = &goods[i];
		memcpy(buf, g->header.p, g->header.n);
		memset(buf + g->header.n, '\n', 3);
		for (size_t at = 0; at <= g->header.n; at++) {
			struct proxyproto pp = {0};
			size_t used, rest = g->header.n - at;
			enum proxyproto_step step =
				proxyproto_feed(&pp, buf, at, &used);
			assert_int_equal(used, at);
			assert_int_equal(
				step, rest ? PROXYPROTO_MORE : PROXYPROTO_DONE);
			if (rest) {
				step = proxyproto_feed(
					&pp, buf + at, rest + 3, &used);
				assert_int_equal(step, PROXYPROTO_DONE);
				assert_int_equal(used, rest);
			}
			expect(&pp, g);
		}
	}
}

static void
test_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(goods) / sizeof(*goods); i++) {
		const struct good *g = &goods[i];
		struct proxyproto pp = {0};
		for (size_t at = 0; at < g->header.n; at++) {
			size_t used;
			enum proxyproto_step step = proxyproto_feed(
				&pp, g->header.p + at, 1, &used);
			assert_int_equal(step, at + 1 < g->header.n
						       ? PROXYPROTO_MORE
						       : PROXYPROTO_DONE);
		}
		expect(&pp, g);
	}
}

static void
test_bad(void **state)
{
	static const struct str bad[] = {STR("GET / HTTP/1.1\r\n"),
		STR("\x16\x03\x01"), STR("proxy "), STR("PROXX"),
		STR("PROXY\r\n"), STR("PROXY \r\n"), STR("PROXY TCP4\r\n"),
		STR("PROXY TCP5 192.0.2.1 10.0.0.1 1 2\r\n"),
		STR("PROXY tcp4 192.0.2.1 10.0.0.1 1 2\r\n"),
		STR("PROXY  TCP4 192.0.2.1 10.0.0.1 1 2\r\n"),
		STR("PROXY TCP4  192.0.2.1 10.0.0.1 1 2\r\n"),
		STR("PROXY TCP4 192.0.2.1 10.0.0.1 1 2 \r\n"),
		STR("PROXY TCP4 192.0.2.1 10.0.0.1 1 2 3\r\n"),
		STR("PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n"),
		STR("PROXY TCP4 192.0.2.1 10.0.0.1 65536 2\r\n"),
		STR("PROXY TCP4 192.0.2.1 10.0.0.1 1 65536\r\n"),
		STR("PROXY TCP4 192.0.2.1 10.0.0.1 01 2\r\n"),
		STR("PROXY TCP4 192.0.2.1 10.0.0.1 -1 2\r\n"),
		STR("PROXY TCP4 192.0.2.1 10.0.0.1 1 2\n"),
		STR("PROXY TCP4 192.0.2.1 10.0.0.1 1 2\rx"),
		STR("PROXY TCP4 192.0.2.256 10.0.0.1 1 2\r\n"),
		STR("PROXY TCP4 192.0.2.1 x 1 2\r\n"),
		STR("PROXY TCP4 2001:db8::1 fd00::1 1 2\r\n"),
		STR("PROXY TCP6 192.0.2.1 10.0.0.1 1 2\r\n"),
		STR("PROXY UNKNOWNS\r\n"), STR("PROXY UNKNOWN\n"),
		STR("\r\n\r\n\0\r\nQUIT\r"), STR("\r\n\r\n\r"),
		STR(SIGNATURE "\x11\x11\0\x0c" V4),
		STR(SIGNATURE "\x22\x11\0\x0c" V4),
		STR(SIGNATURE "\x21\x11\0\x0b" V4),
		STR(SIGNATURE "\x21\x21\0\x23" V6),
		STR(SIGNATURE "\x21\x12\0\x0c" V4), /* datagrams */
		STR(SIGNATURE "\x21\x10\0\x0c" V4),
		STR(SIGNATURE "\x21\x31\0\xd8"), /* unix addresses */
		STR(SIGNATURE "\x21\x41\0\x0c" V4),
		STR(SIGNATURE "\x21\x11\x0f\xf1"),
		STR(SIGNATURE "\x20\0\xff\xff")};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct proxyproto pp = {0};
		size_t used;
		if (proxyproto_feed(&pp, bad[i].p, bad[i].n, &used) !=
			PROXYPROTO_BAD)
			fail_msg("number %zu: %s", i, bad[i].p);
		assert_false(pp.ip.set);
	}
}

static void
test_the_longest_line(void **state)
{
	char line[PROXYPROTO_V1_MAX + 1];
	(void)state;
	for (unsigned over = 0; over < 2; over++) {
		struct proxyproto pp = {0};
		size_t used, n = PROXYPROTO_V1_MAX + over;
		memset(line, 'x', sizeof(line));
		memcpy(line, "PROXY UNKNOWN ", 14);
		line[n - 2] = '\r';
		line[n - 1] = '\n';
		assert_int_equal(proxyproto_feed(&pp, line, n, &used),
			over ? PROXYPROTO_BAD : PROXYPROTO_DONE);
	}
}

/* What is behind the addresses is read past, up to the limit. */
static void
test_the_longest_v2(void **state)
{
	static char header[PROXYPROTO_V2_MAX + 1];
	const unsigned len = PROXYPROTO_V2_MAX - 16;
	struct proxyproto pp = {0};
	size_t used;
	(void)state;
	memcpy(header, SIGNATURE "\x21\x11\0\0" V4, 28);
	header[14] = (char)(len >> 8);
	header[15] = (char)(len & 0xff);
	assert_int_equal(proxyproto_feed(&pp, header, sizeof(header), &used),
		PROXYPROTO_DONE);
	assert_int_equal(used, PROXYPROTO_V2_MAX);
	expect(&pp, &goods[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_the_longest_line),
		cmocka_unit_test(test_the_longest_v2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
