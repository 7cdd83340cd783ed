/* Addresses and networks: parse, print, membership. */
#include "runtime/cidr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct ip
ip_of(const char *text)
{
	struct ip ip;
	if (!ip_parse(str_of(text), &ip))
		fail_msg("%s is an address", text);
	return ip;
}

static void
test_parse_and_print(void **state)
{
	static const struct {
		const char *text, *printed;
	} cases[] = {
		{"10.0.0.1", "10.0.0.1"},
		{"0.0.0.0", "0.0.0.0"},
		{"255.255.255.255", "255.255.255.255"},
		{"::ffff:10.0.0.1", "10.0.0.1"},
		{"::FFFF:a00:1", "10.0.0.1"},
		{"::1", "::1"},
		{"::", "::"},
		{"FD00:0:0::00AB", "fd00::ab"},
		{"::10.0.0.1", "::10.0.0.1"}, /* compatible, not mapped */
		{"1111:2222:3333:4444:5555:6666:7777:8888",
			"1111:2222:3333:4444:5555:6666:7777:8888"},
		{"1111:2222:3333:4444:5555:6666:255.255.255.254",
			"1111:2222:3333:4444:5555:6666:ffff:fffe"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char buf[46];
		struct ip ip = ip_of(cases[i].text);
		assert_true(ip.set);
		assert_string_equal(ip_text(&ip, buf), cases[i].printed);
	}
}

static void
test_parse_is_strict(void **state)
{
	static const struct str bad[] = {
		{"", 0},
		{NULL, 0},
		STR("10.0.0"),
		STR("10.0.0.256"),
		STR("10.0.0.01"),
		STR("10.0.0.1 "),
		STR(" 10.0.0.1"),
		STR("0x0a.0.0.1"),
		STR("167772161"),
		STR("10.0.0.1\0"),
		STR("10.0.0.1\0.2"),
		STR("fe80::1%eth0"),
		STR("[::1]"),
		STR("::1/128"),
		STR("1:2:3:4:5:6:7:8:9"),
		STR("1111:2222:3333:4444:5555:6666:255.255.255.2555"),
		STR("11111111111111111111111111111111111111111111111111111"),
		STR("localhost"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct ip ip;
		if (ip_parse(bad[i], &ip))
			fail_msg("%.*s is no address", STR_FMT(bad[i]));
	}
}

static void
test_networks(void **state)
{
	static const struct {
		const char *net;
		bool host_bits;
		const char *ip;
		bool has;
	} cases[] = {
		{"10.0.0.0/8", false, "10.255.255.255", true},
		{"10.0.0.0/8", false, "11.0.0.0", false},
		{"10.0.0.0/8", false, "9.255.255.255", false},
		{"10.1.0.0/8", true, "10.9.9.9", true},
		{"192.168.4.0/22", false, "192.168.7.255", true},
		{"192.168.4.0/22", false, "192.168.8.0", false},
		{"192.168.4.0/22", false, "192.168.3.255", false},
		{"10.0.0.1", false, "10.0.0.1", true},
		{"10.0.0.1", false, "10.0.0.2", false},
		{"10.0.0.1/32", false, "::ffff:10.0.0.1", true},
		{"10.0.0.2/31", false, "10.0.0.3", true},
		{"10.0.0.3/31", true, "10.0.0.2", true},
		{"0.0.0.0/0", false, "203.0.113.9", true},
		{"0.0.0.0/0", false, "2001:db8::1", false},
		{"1.2.3.4/0", true, "203.0.113.9", true},
		{"::/0", false, "2001:db8::1", true},
		{"::/0", false, "10.0.0.1", false},
		{"::/80", false, "10.0.0.1", false},
		{"::ffff:0:0/96", false, "10.0.0.1", true},
		{"::ffff:10.0.0.0/104", false, "10.1.2.3", true},
		{"::ffff:10.0.0.0/104", false, "11.1.2.3", false},
		{"fd00::/8", false, "fdff::1", true},
		{"fd00::/8", false, "fe00::1", false},
		{"fd00::/7", true, "fc00::1", true},
		{"2001:db8::/33", false, "2001:db8:7fff::", true},
		{"2001:db8::/33", false, "2001:db8:8000::", false},
		{"2001:db8::1/128", false, "2001:db8::1", true},
		{"2001:db8::1/127", true, "2001:db8::", true},
		{"2001:db8::1", false, "2001:db8::2", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct cidr net;
		bool host_bits = !cases[i].host_bits;
		struct ip ip = ip_of(cases[i].ip);
		assert_true(cidr_parse(str_of(cases[i].net), &net, &host_bits));
		assert_int_equal(host_bits, cases[i].host_bits);
		if (cidr_has(&net, &ip) != cases[i].has)
			fail_msg("%s in %s", cases[i].ip, cases[i].net);
	}
}

static void
test_host_bits_are_cleared(void **state)
{
	struct cidr dirty, clean;
	bool host_bits;

	(void)state;
	assert_true(cidr_parse(STR("192.168.5.77/22"), &dirty, &host_bits));
	assert_true(cidr_parse(STR("192.168.4.0/22"), &clean, &host_bits));
	assert_memory_equal(&dirty, &clean, sizeof(clean));
}

/* Every length of prefix, against the definition: bit by bit. */
static void
test_every_prefix(void **state)
{
	static const uint8_t ones[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	(void)state;
	for (unsigned bits = 0; bits <= 128; bits++) {
		struct cidr net = {.bits = (uint8_t)bits};
		memcpy(net.b, ones, sizeof(ones));
		for (unsigned flip = 0; flip < 128; flip++) {
			struct ip ip = {.set = true};
			memcpy(ip.b, ones, sizeof(ones));
			ip.b[flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
			assert_int_equal(cidr_has(&net, &ip), flip >= bits);
		}
	}
}

/* Networks within networks; the families are apart. */
static void
test_covers(void **state)
{
	static const struct {
		const char *outer, *inner;
		bool covers;
	} cases[] = {
		{"10.0.0.0/8", "10.0.0.0/8", true},
		{"10.0.0.0/8", "10.255.0.0/16", true},
		{"10.0.0.0/8", "10.1.2.3", true},
		{"10.1.0.0/16", "10.0.0.0/8", false},
		{"10.0.0.0/9", "10.128.0.0/9", false},
		{"0.0.0.0/0", "10.0.0.0/8", true},
		{"::/0", "fd00::/8", true},
		{"::/0", "10.0.0.0/8", false},
		{"::/0", "0.0.0.0/0", false},
		{"0.0.0.0/0", "::/0", false},
		{"0.0.0.0/0", "fd00::/8", false},
		{"fd00::/8", "fd12::/16", true},
		{"fd12::/16", "fd00::/8", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cidr outer, inner;
		bool bits;
		assert_true(cidr_parse(str_of(cases[i].outer), &outer, &bits));
		assert_true(cidr_parse(str_of(cases[i].inner), &inner, &bits));
		if (cidr_covers(&outer, &inner) != cases[i].covers)
			fail_msg("%s, %s", cases[i].outer, cases[i].inner);
	}
}

static void
test_bad_networks(void **state)
{
	static const struct str bad[] = {
		STR(""),
		STR("/8"),
		STR("10.0.0.0/"),
		STR("10.0.0.0/33"),
		STR("10.0.0.0/-1"),
		STR("10.0.0.0/+8"),
		STR("10.0.0.0/08"),
		STR("10.0.0.0/8 "),
		STR("10.0.0.0/8/8"),
		STR("10.0.0.0/255.0.0.0"),
		STR("10.0.0.0/4294967304"),
		STR("10.0.0/8"),
		STR("::/129"),
		STR("::/0128"),
		STR("::%lo/64"),
		STR("10.0.0.0/8\0"),
		STR("example.org/8"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct cidr net;
		bool host_bits;
		if (cidr_parse(bad[i], &net, &host_bits))
			fail_msg("%.*s is no network", STR_FMT(bad[i]));
	}
}

static void
test_no_address_is_nowhere(void **state)
{
	struct ip none = {.set = false};
	struct cidr all = {.bits = 0};
	char buf[46] = "x";

	(void)state;
	assert_false(cidr_has(&all, &none));
	assert_string_equal(ip_text(&none, buf), "");
}

static void
test_clients(void **state)
{
	static const char *const cases[][2] = {
		{"10.1.2.3", "10.1.2.3"},
		{"::ffff:10.1.2.3", "10.1.2.3"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
		{"2001:db8:1:2:ffff::", "2001:db8:1:2::"},
		{"2001:db8:1:3::1", "2001:db8:1:3::"},
		{"::1", "::"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct ip ip = ip_of(cases[i][0]);
		const struct ip client = ip_client(&ip);
		char buf[46];
		assert_true(client.set);
		assert_string_equal(ip_text(&client, buf), cases[i][1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_and_print),
		cmocka_unit_test(test_parse_is_strict),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_host_bits_are_cleared),
		cmocka_unit_test(test_every_prefix),
		cmocka_unit_test(test_covers),
		cmocka_unit_test(test_bad_networks),
		cmocka_unit_test(test_no_address_is_nowhere),
		cmocka_unit_test(test_clients),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
