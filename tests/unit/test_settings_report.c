/* Settings: metrics, admin, audit, proxies in front. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/sha256.h"
#include "tests/unit/settings_fixture.h"

static void
test_metrics(void **state)
{
	static const struct {
		const char *text, *bind, *path;
		bool enabled;
		uint16_t port;
	} cases[] = {
		{"{enabled: true}", "", "/metrics", true, 0},
		{"{enabled: true, path: /m/x}", "", "/m/x", true, 0},
		{"{listen: '127.0.0.1:9'}", "127.0.0.1", "/metrics", false, 9},
		{"{listen: '*:65535'}", "*", "/metrics", false, 65535},
		/* An address of its own: there alone. */
		{"{enabled: true, listen: 'localhost:9'}", "127.0.0.1",
			"/metrics", false, 9},
		{"{listen: '[::1]:9', enabled: false}", "", "/metrics", false,
			0},
		{"{path: /p}", "", "/p", false, 0},
	};
	char text[256];
	struct fixture f;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		snprintf(text, sizeof(text),
			"auth: {type: none}\nglobal: {metrics: %s}",
			cases[i].text);
		compile(&f, text, no_env);
		const struct settings_metrics *m = &f.policy->settings.metrics;
		assert_string_equal(f.told, "");
		assert_int_equal(m->enabled, cases[i].enabled);
		assert_str(m->path, cases[i].path);
		assert_int_equal(m->bind.n, strlen(cases[i].bind));
		if (m->bind.n > 0) {
			assert_str(m->bind, cases[i].bind);
			assert_int_equal(m->port, cases[i].port);
		}
		fixture_fini(&f);
	}
}

static void
test_bad_reports(void **state)
{
	static const char *const addresses[] = {"9090", ":9090", "127.0.0.1",
		"127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:-1",
		"::1:9090", "[::1]", "host:9090", "127.0.0.1:9090x",
		"[::1:9090"};
	static const char *const paths[] = {"metrics", "/m?x=1", "/a//b",
		"/a/../b", "/a%20b", "/v1.40/metrics", "http://a/b"};
	char line[128];
	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		snprintf(line, sizeof(line), "metrics: {listen: '%s'}",
			addresses[i]);
		assert_bad_global(line, "listen must be address:port");
		snprintf(line, sizeof(line), "admin: {listen: '%s'}",
			addresses[i]);
		assert_bad_global(line, "listen must be address:port");
	}
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		snprintf(line, sizeof(line), "metrics: {path: '%s'}", paths[i]);
		assert_bad_global(line, "path must be the plain path");
	}
	assert_bad_global("metrics: true", "metrics must be a map");
	assert_bad_global("metrics: {enabled: 1}", "true or false");
	assert_bad_global("admin: '127.0.0.1:1'", "admin must be a map");
	assert_bad_global("audit: all", "audit: all needs an audit_log");
	assert_bad_global(
		"audit_chain: true", "audit_chain needs an audit_log");
	assert_bad_global(
		"audit_docker: true", "audit_docker needs an audit_log");
	assert_bad_global("{audit: all, audit_log: off}", "needs an audit_log");
	assert_bad_global("audit: some", "audit must be denied or all");
	assert_bad_global("audit_log: ''", "audit_log must not be empty");
	assert_bad_global("{audit_log: '${NONE}/a', audit: all}",
		"audit_log needs the variable NONE");
	assert_bad_global("watch: 1", "watch must be true or false");
	assert_bad_global("trusted_proxies: 10.0.0.0/8", "must be a list");
	assert_bad_global(
		"trusted_proxies: [proxy]", "an address or a network");
	assert_bad_global("trusted_proxies: [10.0.0.1/8]", "behind its prefix");
	assert_bad_global("trusted_proxies: [[]]", "single value");
}

static void
test_audit(void **state)
{
	static const struct {
		const char *log;
		enum audit_sink sink;
	} cases[] = {
		{"off", AUDIT_OFF},
		{"stdout", AUDIT_STDOUT},
		{"syslog", AUDIT_SYSLOG},
		{"/var/log/audit", AUDIT_FILE},
		{"audit.jsonl", AUDIT_FILE},
	};
	char text[128];
	struct fixture f;
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		bool on = cases[i].sink != AUDIT_OFF;
		snprintf(text, sizeof(text),
			"auth: {type: none}\nglobal: {audit_log: %s, "
			"audit: %s, audit_chain: %s}",
			cases[i].log, on ? "all" : "denied",
			on ? "true" : "false");
		compile(&f, text, no_env);
		const struct settings_audit *a = &f.policy->settings.audit;
		assert_string_equal(f.told, "");
		assert_int_equal(a->sink, cases[i].sink);
		assert_int_equal(a->all, on);
		assert_int_equal(a->chain, on);
		if (a->sink == AUDIT_FILE)
			assert_str(a->path, cases[i].log);
		else
			assert_int_equal(a->path.n, 0);
		fixture_fini(&f);
	}
}

static void
test_admin_proxies_watch(void **state)
{
	struct fixture f;
	struct ip ip;
	(void)state;
	compile(&f,
		"auth: {type: none}\nglobal:\n  watch: true\n"
		"  admin: {listen: '[::]:81'}\n"
		"  trusted_proxies: [10.0.0.0/8, 'fd00::1']\n",
		no_env);
	const struct settings *s = &f.policy->settings;
	assert_string_equal(f.told, "");
	assert_true(s->watch);
	assert_str(s->admin.bind, "::");
	assert_int_equal(s->admin.port, 81);
	assert_int_equal(s->ntrusted_proxies, 2);
	assert_true(ip_parse(STR("10.1.2.3"), &ip));
	assert_true(cidr_has(&s->trusted_proxies[0], &ip));
	assert_false(cidr_has(&s->trusted_proxies[1], &ip));
	assert_true(ip_parse(STR("fd00::1"), &ip));
	assert_true(cidr_has(&s->trusted_proxies[1], &ip));
	fixture_fini(&f);
	assert_warns("auth: {type: none}\nglobal: {trusted_proxies: ['::/0']}",
		"every client is believed");
}

static void
test_admin_token(void **state)
{
	struct fixture f;
	uint8_t digest[32];
	(void)state;
	compile(&f,
		"auth: {type: none}\nglobal:\n"
		"  admin: {listen: '[::1]:81', token: abcdefghijklmnop,\n"
		"    names: [a.example.com, b]}\n",
		no_env);
	const struct settings_admin *a = &f.policy->settings.admin;
	assert_string_equal(f.told, "");
	sha256(STR("abcdefghijklmnop"), digest);
	assert_true(a->has_token);
	assert_memory_equal(a->token_sha256, digest, sizeof(digest));
	assert_int_equal(a->nnames, 2);
	assert_str(a->names[0], "a.example.com");
	fixture_fini(&f);
	compile(&f, "auth: {type: none}\nglobal: {admin: {listen: '*:81'}}",
		no_env);
	assert_false(f.policy->settings.admin.has_token);
	fixture_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_bad_reports),
		cmocka_unit_test(test_audit),
		cmocka_unit_test(test_admin_proxies_watch),
		cmocka_unit_test(test_admin_token),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
