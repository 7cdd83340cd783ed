/* The client behind proxies: whose word counts, and what it says. */
#include "runtime/forwarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FIELDS_MAX 4

struct line {
	const char *name, *value;
};

static struct cidr
net_of(const char *text)
{
	struct cidr net;
	bool host_bits;
	if (!cidr_parse(str_of(text), &net, &host_bits))
		fail_msg("%s is a network", text);
	return net;
}

/* The verdict on lines that came from that address; 10.0.0.0/8 and fd00::/8
 * are trusted. The client as text. */
static enum why
ask(const char *from, const struct line *lines, char text[46])
{
	const struct cidr nets[] = {net_of("10.0.0.0/8"), net_of("fd00::/8")};
	const struct forwarded_trust trust = {nets, 2};
	struct http1_field fields[FIELDS_MAX] = {0};
	struct ip ip = {0}, client;
	size_t n = 0;

	if (from)
		assert_true(ip_parse(str_of(from), &ip));
	for (; n < FIELDS_MAX && lines[n].name; n++) {
		fields[n].name = str_of(lines[n].name);
		fields[n].value = str_of(lines[n].value);
	}
	enum why why = forwarded_client(fields, n, &trust, &ip, &client);
	ip_text(&client, text);
	if (why)
		assert_string_equal(text, from);
	return why;
}

static void
expect_client(const struct line *lines, const char *client)
{
	char text[46];
	if (ask("10.0.0.1", lines, text) != WHY_OK)
		fail_msg("%s is refused", lines[0].value);
	assert_string_equal(text, client);
}

static void
expect_refusal(const struct line *lines, enum why why)
{
	char text[46];
	if (ask("10.0.0.1", lines, text) != why)
		fail_msg("%s: not refused so", lines[0].value);
}

static void
test_whose_word_counts(void **state)
{
	static const struct {
		const char *from, *client;
	} cases[] = {
		{"10.0.0.1", "192.0.2.9"}, {"::ffff:10.255.0.1", "192.0.2.9"},
		{"fd00::1", "192.0.2.9"}, {"11.0.0.1", "11.0.0.1"},
		{"fe80::1", "fe80::1"}, {NULL, ""}, /* a unix socket */
	};
	static const char *const names[] = {
		"Forwarded", "X-Forwarded-For", "x-real-ip"};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (size_t k = 0; k < 3; k++) {
			const struct line lines[FIELDS_MAX] = {
				{names[k], k ? "192.0.2.9" : "for=192.0.2.9"}};
			char text[46];
			assert_int_equal(
				ask(cases[i].from, lines, text), WHY_OK);
			assert_string_equal(text, cases[i].client);
		}
}

static void
test_not_trusted_is_not_even_read(void **state)
{
	static const struct line lines[FIELDS_MAX] = {{"Forwarded", "for=\""},
		{"X-Forwarded-For", ""}, {"X-Real-IP", "x"},
		{"X-Real-IP", "y"}};
	char text[46];
	(void)state;
	assert_int_equal(ask("11.0.0.1", lines, text), WHY_OK);
	assert_string_equal(text, "11.0.0.1");
}

static void
test_nothing_said(void **state)
{
	static const struct line lines[FIELDS_MAX] = {{"Via", "1.1 x"}};
	(void)state;
	expect_client(lines, "10.0.0.1");
}

static void
test_lists(void **state)
{
	static const struct {
		const char *value, *client;
	} cases[] = {
		{"192.0.2.9", "192.0.2.9"},
		{"  192.0.2.9\t", "192.0.2.9"},
		{"192.0.2.1, 192.0.2.9", "192.0.2.9"},
		{"192.0.2.1,192.0.2.9,10.0.0.2 , 10.0.0.3", "192.0.2.9"},
		{"10.0.0.4, 10.0.0.5", "10.0.0.4"},
		{"10.0.0.4, fd00::5", "10.0.0.4"},
		{"10.0.0.4", "10.0.0.4"},
		{"unknown, 192.0.2.9", "192.0.2.9"},
		{"_x, 192.0.2.9, 10.0.0.2", "192.0.2.9"},
		{"192.0.2.9:80", "192.0.2.9"},
		{"2001:db8::1", "2001:db8::1"},
		{"[2001:db8::1]", "2001:db8::1"},
		{"[2001:db8::1]:65535", "2001:db8::1"},
		{"::ffff:192.0.2.9", "192.0.2.9"},
		{"192.0.2.9, ::ffff:10.0.0.2", "192.0.2.9"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct line lines[FIELDS_MAX] = {
			{"X-Forwarded-For", cases[i].value}};
		expect_client(lines, cases[i].client);
	}
}

static void
test_bad_lists(void **state)
{
	static const char *const values[] = {"", ",", "192.0.2.9,",
		",192.0.2.9", "192.0.2.9,,10.0.0.2", "192.0.2.9 10.0.0.2", "x",
		"x, 192.0.2.9", "192.0.2", "192.0.2.09",
		"192.0.2.9:", "192.0.2.9:x", "192.0.2.9:123456", "192.0.2.9:_",
		"192.0.2.9/32", "[192.0.2.9]", "[2001:db8::1", "2001:db8::1]",
		"[2001:db8::1]80", "[2001:db8::1]:", "[]", "[", "fe80::1%eth0",
		"\"192.0.2.9\"", "for=192.0.2.9", "unknown", "_x",
		"192.0.2.9, unknown", "192.0.2.9, _x, 10.0.0.2", "_", "_x y"};
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		const struct line lines[FIELDS_MAX] = {
			{"X-Forwarded-For", values[i]}};
		expect_refusal(lines, WHY_FIELD_VALUE);
	}
}

static void
test_forwarded(void **state)
{
	static const struct {
		const char *value, *client;
	} cases[] = {
		{"for=192.0.2.9", "192.0.2.9"},
		{"For=\"192.0.2.9\"", "192.0.2.9"},
		{"FOR=\"192.0.2.9:4711\"", "192.0.2.9"},
		{"for=\"192.0.2.9:_port\"", "192.0.2.9"},
		{"for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"},
		{"proto=http;by=203.0.113.43;for=192.0.2.9", "192.0.2.9"},
		{"for=192.0.2.9; proto=http ;host=\"a,b;for=x\"", "192.0.2.9"},
		{"for=192.0.2.9;ext=\"\\\",for=10.0.0.9\"", "192.0.2.9"},
		{"for=192.0.2.1, for=192.0.2.9,for=10.0.0.2", "192.0.2.9"},
		{"for=unknown, for=192.0.2.9", "192.0.2.9"},
		{"for=\"_gazonk\", for=192.0.2.9", "192.0.2.9"},
		{"proto=https, for=192.0.2.9", "192.0.2.9"},
		{"for=10.0.0.2, for=\"[fd00::2]\"", "10.0.0.2"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct line lines[FIELDS_MAX] = {
			{"Forwarded", cases[i].value}};
		expect_client(lines, cases[i].client);
	}
}

static void
test_bad_forwarded(void **state)
{
	static const char *const values[] = {"", "for", "for=", "=192.0.2.9",
		"for =192.0.2.9", "for= 192.0.2.9", "for=192.0.2.9;",
		"for=192.0.2.9,", ",for=192.0.2.9", "for=192.0.2.9:80",
		"for=2001:db8::1", "for=\"2001:db8::1\"", "for=[2001:db8::1]",
		"for=\"192.0.2.9", "for=\"192.0.2.9\\\"", "for=\"192.0.2.\\9\"",
		"for=\"\"", "for=\"192.0.2.9\"x", "for=192.0.2.9 for=10.0.0.2",
		"for=192.0.2.9;for=192.0.2.9", "for=192.0.2.9;proto=\"",
		"for=\"x, for=192.0.2.9", "for=x, for=192.0.2.9",
		"for=192.0.2.9, for=unknown", "proto=http", "192.0.2.9",
		"for=192.0.2.9, proto=http", "for=192.0.2.9\\"};
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		const struct line lines[FIELDS_MAX] = {
			{"Forwarded", values[i]}};
		expect_refusal(lines, WHY_FIELD_VALUE);
	}
}

/* Lines of a name are one list (RFC 9110 section 5.3). */
static void
test_several_lines(void **state)
{
	static const struct line untrusted_last[FIELDS_MAX] = {
		{"X-Forwarded-For", "192.0.2.1"}, {"Accept", "x"},
		{"x-forwarded-for", "192.0.2.9, 10.0.0.2"}};
	static const struct line untrusted_first[FIELDS_MAX] = {
		{"Forwarded", "for=192.0.2.9"}, {"Forwarded", "for=10.0.0.2"}};
	static const struct line bad[FIELDS_MAX] = {
		{"Forwarded", "for=\"192.0.2.9"}, {"Forwarded", "\""}};
	(void)state;
	expect_client(untrusted_last, "192.0.2.9");
	expect_client(untrusted_first, "192.0.2.9");
	expect_refusal(bad, WHY_FIELD_VALUE);
}

static void
test_several_kinds(void **state)
{
	static const struct line agreed[][FIELDS_MAX] = {
		{{"X-Real-IP", "192.0.2.1"},
			{"X-Forwarded-For", "192.0.2.7, 192.0.2.1, 10.0.0.2"},
			{"Forwarded", "for=\"192.0.2.1:80\""}},
		{{"X-Real-IP", "::ffff:192.0.2.1"},
			{"X-Forwarded-For", "192.0.2.1"}},
	};
	static const struct line conflicts[][FIELDS_MAX] = {
		{{"X-Forwarded-For", "192.0.2.2"},
			{"Forwarded", "for=192.0.2.1"}},
		{{"Forwarded", "for=192.0.2.1"}, {"X-Real-IP", "192.0.2.2"}},
		{{"X-Real-IP", "192.0.2.3"}, {"X-Forwarded-For", "192.0.2.2"}},
		{{"X-Real-IP", "192.0.2.2"}, {"X-Forwarded-For", "192.0.2.2"},
			{"Forwarded", "for=192.0.2.1"}},
		/* Somebody, and one of the proxies. */
		{{"X-Real-IP", "10.0.0.2"}, {"X-Forwarded-For", "192.0.2.2"}},
	};
	/* A bad one does not give way to another. */
	static const struct line bad[][FIELDS_MAX] = {
		{{"Forwarded", "for=x"}, {"X-Forwarded-For", "192.0.2.2"}},
		{{"Forwarded", "for=192.0.2.2"}, {"X-Real-IP", "unknown"}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(agreed) / sizeof(*agreed); i++)
		expect_client(agreed[i], "192.0.2.1");
	for (size_t i = 0; i < sizeof(conflicts) / sizeof(*conflicts); i++)
		expect_refusal(conflicts[i], WHY_FORWARDED_CONFLICT);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_refusal(bad[i], WHY_FIELD_VALUE);
}

static void
test_real_ip(void **state)
{
	static const struct line trusted[FIELDS_MAX] = {
		{"X-Real-IP", "10.0.0.7"}};
	static const struct line list[FIELDS_MAX] = {
		{"X-Real-IP", "192.0.2.9, 192.0.2.8"}};
	static const struct line twice[FIELDS_MAX] = {
		{"X-Real-IP", "192.0.2.9"}, {"X-Real-IP", "192.0.2.9"}};
	(void)state;
	expect_client(trusted, "10.0.0.7");
	expect_refusal(list, WHY_FIELD_VALUE);
	expect_refusal(twice, WHY_FIELD_DUPLICATE);
}

/* `Connection: X-Forwarded-For` must not hide the client. */
static void
test_hop_by_hop_ones_are_read(void **state)
{
	const struct cidr net = net_of("10.0.0.0/8");
	const struct forwarded_trust trust = {&net, 1};
	const struct http1_field field = {.name = STR("X-Forwarded-For"),
		.value = STR("192.0.2.9"),
		.hop = true};
	struct ip from, client;
	char text[46];
	(void)state;
	assert_true(ip_parse(STR("10.0.0.1"), &from));
	assert_int_equal(
		forwarded_client(&field, 1, &trust, &from, &client), WHY_OK);
	assert_string_equal(ip_text(&client, text), "192.0.2.9");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose_word_counts),
		cmocka_unit_test(test_not_trusted_is_not_even_read),
		cmocka_unit_test(test_nothing_said),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_forwarded),
		cmocka_unit_test(test_bad_forwarded),
		cmocka_unit_test(test_several_lines),
		cmocka_unit_test(test_several_kinds),
		cmocka_unit_test(test_real_ip),
		cmocka_unit_test(test_hop_by_hop_ones_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
