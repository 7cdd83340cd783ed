/* Settings: TLS of listeners, and towards the Engine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/settings_fixture.h"

static void
test_tls(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"global:\n  bind: '*'\n  proxy_protocol: true\n"
		"  tls: {cert: c, key: k, client_ca: a, crl: l, "
		"require_client_cert: true, min_version: 1.3}\n",
		no_env);
	const struct settings_listener *l = &f.policy->settings.listeners[0];
	assert_string_equal(f.told, "");
	assert_true(l->tls.on);
	assert_str(l->tls.cert, "c");
	assert_str(l->tls.key, "k");
	assert_str(l->tls.client_ca, "a");
	assert_str(l->tls.crl, "l");
	assert_true(l->tls.require_client_cert);
	assert_true(l->tls.tls13_only);
	assert_true(l->proxy_protocol);
	fixture_fini(&f);
	compile(&f,
		"auth: {type: none}\n"
		"global: {tls: {cert: c, key: k, min_version: '1.2'}}",
		no_env);
	l = &f.policy->settings.listeners[0];
	assert_true(l->tls.on);
	assert_false(l->tls.tls13_only);
	assert_false(l->tls.require_client_cert);
	assert_int_equal(l->tls.client_ca.n, 0);
	fixture_fini(&f);
}

/* What is forgotten must not be plain: TLS of `global` is for all TCP. */
static void
test_tls_of_listeners(void **state)
{
	static const char *const certs[] = {
		"c", "c", "own", "", "", "", "c", "own"};
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"global:\n  listeners:\n"
		"    - {name: a, port: 1}\n"
		"    - {name: b, port: 2, tls: on}\n"
		"    - {name: c, port: 3, tls: {cert: own, key: x}}\n"
		"    - {name: d, port: 4, tls: off}\n"
		"    - {name: e, port: 5, tls: False}\n"
		"    - {name: f, unix: /f}\n"
		"    - {name: g, unix: /g, tls: true, proxy_protocol: true}\n"
		"    - {name: h, unix: /h, tls: {cert: own, key: x}}\n"
		"  tls: {cert: c, key: k, client_ca: a}\n",
		no_env);
	const struct settings *s = &f.policy->settings;
	assert_string_equal(f.told, "");
	assert_int_equal(s->nlisteners, 8);
	for (size_t i = 0; i < s->nlisteners; i++) {
		const struct settings_tls *t = &s->listeners[i].tls;
		assert_int_equal(t->on, certs[i][0] != '\0');
		if (t->on)
			assert_str(t->cert, certs[i]);
		/* A map of its own is whole. */
		assert_int_equal(t->client_ca.n, certs[i][0] == 'c');
		assert_int_equal(s->listeners[i].proxy_protocol, i == 6);
	}
	fixture_fini(&f);
}

static void
test_bad_tls(void **state)
{
	(void)state;
	assert_bad_global("tls: {}", "tls needs cert and key");
	assert_bad_global("tls: {client_ca: a}", "tls needs cert and key");
	assert_bad_global("tls: {cert: a}", "cert needs key");
	assert_bad_global("tls: {key: a}", "key needs cert");
	assert_bad_global("tls: {key: a, cert: }", "key needs cert");
	assert_bad_global("tls: {cert: a, key: b, require_client_cert: true}",
		"require_client_cert needs client_ca");
	assert_bad_global(
		"tls: {cert: a, key: b, crl: c}", "crl needs client_ca");
	assert_bad_global("tls: {cert: a, key: b, min_version: 1.1}",
		"min_version must be 1.2 or 1.3");
	assert_bad_global("tls: {cert: '', key: b}", "must not be empty");
	assert_bad_global("tls: {cert: a, key: '${NONE}'}",
		"key needs the variable NONE");
	assert_bad_global("tls: {cert: a, key: b, client_ca: '/x/${NONE}'}",
		"client_ca needs the variable NONE");
	assert_bad_global("tls: {cert: a, key: b, ca: c}", "unknown key");
	assert_bad_global("tls: on", "tls must be a map");
	assert_bad_global("{proxy_protocol: true, "
			  "listeners: [{name: a, port: 1}]}",
		"each says it for itself");
	assert_bad_global("engine_tls: {ca: a}", "engine_tls needs a socket");
	assert_bad_global("{socket: 'tcp://a', engine_tls: {}}",
		"engine_tls needs a socket");
	assert_bad_global(
		"{socket: 'tls://a', engine_tls: {cert: a}}", "cert needs key");
	assert_bad_global(
		"{socket: 'tls://a', engine_tls: {key: a}}", "key needs cert");
	assert_bad_global("{socket: 'tls://a', engine_tls: {ca: '${NONE}'}}",
		"ca needs the variable NONE");
}

static void
test_plain_is_told(void **state)
{
	const char *const bind[] = {"DOCKER_PROXY_BIND=*", NULL};
	struct fixture f;
	(void)state;
	assert_warns("auth: {type: none}\nglobal: {bind: '::'}",
		"p.conf:2:16: warning: bind reaches beyond this machine");
	assert_warns("auth: {type: none}\nglobal: {bind: 10.0.0.1, tls: off}",
		"bind reaches beyond this machine");
	assert_warns("auth: {type: none}\nglobal: {listeners: [{name: a, "
		     "bind: '*', port: 1, tls: off}, {name: b, bind: '*', "
		     "port: 2}], tls: {cert: a, key: b}}",
		"p.conf:2:38: warning: bind reaches beyond this machine");
	assert_warns("auth: {type: none}\nglobal: {listeners: [{name: a, "
		     "unix: /a}], tls: {cert: a, key: b}}",
		"tls has no effect: no listener uses it");
	assert_silent("auth: {type: none}\nglobal: {bind: 127.9.9.9}");
	assert_silent("auth: {type: none}\nglobal: {tls: off}");
	compile(&f, "auth: {type: none}\nglobal: {tls: {cert: a, key: b}}",
		bind);
	assert_string_equal(f.told, "");
	fixture_fini(&f);
}

static void
test_engine_tls(void **state)
{
	const char *const plain[] = {"DOCKER_SOCKET=tcp://b", NULL};
	const char *const automatic[] = {"DOCKER_SOCKET=auto", NULL};
	const char *text = "auth: {type: none}\nglobal: {engine_tls: {ca: a, "
			   "cert: c, key: k}, socket: 'tls://a'}";
	struct fixture f;
	(void)state;
	compile(&f, text, no_env);
	const struct settings_engine *e = &f.policy->settings.engine;
	assert_true(e->tls.on);
	assert_str(e->tls.ca, "a");
	assert_str(e->tls.cert, "c");
	assert_str(e->tls.key, "k");
	fixture_fini(&f);
	/* The variable must not take the protection off. */
	fixture_init(&f, text, plain);
	assert_int_equal(f.diag.errors, 1);
	assert_tells(&f, "engine_tls needs a socket");
	fixture_fini(&f);
	compile(&f, "auth: {type: none}\nglobal: {socket: 'tls://a'}",
		automatic);
	assert_int_equal(f.policy->settings.engine.kind, ENGINE_AUTO);
	assert_false(f.policy->settings.engine.tls.on);
	assert_true(f.policy->settings.engine.candidates[0].n > 0);
	fixture_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_tls_of_listeners),
		cmocka_unit_test(test_bad_tls),
		cmocka_unit_test(test_plain_is_told),
		cmocka_unit_test(test_engine_tls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
