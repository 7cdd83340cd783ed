/* Connections per client: counting up and down, and who is one client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/clients.h"

#define ROOM 64u

static struct ip
ip_of(const char *text)
{
	struct ip ip;

	assert_true(ip_parse(str_of(text), &ip));
	return ip;
}

static void
counts_up_and_down(void **state)
{
	struct clients *c = clients_new(2, ROOM, 7);
	const struct ip a = ip_of("10.0.0.1"), b = ip_of("10.0.0.2");
	(void)state;

	assert_true(clients_enter(c, &a));
	assert_true(clients_enter(c, &a));
	assert_false(clients_enter(c, &a));
	assert_true(clients_enter(c, &b));
	clients_leave(c, &a);
	assert_true(clients_enter(c, &a));
	assert_false(clients_enter(c, &a));
	clients_free(c);
}

/* A host has a /64 to itself, and would have as many connections as it has
 * addresses. */
static void
a_network_of_ipv6_is_one_client(void **state)
{
	struct clients *c = clients_new(2, ROOM, 7);
	const struct ip a = ip_of("2001:db8::1"), b = ip_of("2001:db8::2"),
			d = ip_of("2001:db8::ffff:0:0:3"),
			other = ip_of("2001:db8:0:1::1");
	(void)state;

	assert_true(clients_enter(c, &a));
	assert_true(clients_enter(c, &b));
	assert_false(clients_enter(c, &d));
	assert_true(clients_enter(c, &other));
	clients_leave(c, &b);
	assert_true(clients_enter(c, &d));
	assert_false(clients_enter(c, &a));
	clients_free(c);
}

/* Whoever comes and goes in whatever order, the counts stay right. */
static void
full_of_clients(void **state)
{
	struct clients *c = clients_new(1, ROOM, 7);
	struct ip ips[ROOM];
	(void)state;

	for (uint32_t i = 0; i < ROOM; i++) {
		ips[i] = ip_of("10.0.0.0");
		ips[i].b[15] = (uint8_t)i;
		assert_true(clients_enter(c, &ips[i]));
	}
	for (uint32_t i = 0; i < ROOM; i += 3)
		clients_leave(c, &ips[i]);
	for (uint32_t i = 0; i < ROOM; i++)
		assert_int_equal(clients_enter(c, &ips[i]), i % 3 == 0);
	for (uint32_t i = 0; i < ROOM; i++)
		clients_leave(c, &ips[ROOM - 1 - i]);
	for (uint32_t i = 0; i < ROOM; i++)
		assert_true(clients_enter(c, &ips[i]));
	clients_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_up_and_down),
		cmocka_unit_test(a_network_of_ipv6_is_one_client),
		cmocka_unit_test(full_of_clients),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
