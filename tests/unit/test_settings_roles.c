/* Settings: roles of certificates and of local users. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/settings_fixture.h"

#define WITH_CA "global: {tls: {cert: c, key: k, client_ca: a}}\n"

static void
test_mtls(void **state)
{
	const char *const envp[] = {"DOCKER_PROXY_SECRET=hidden", NULL};
	struct fixture f;
	(void)state;
	compile(&f,
		WITH_CA "auth:\n  type: mtls\n  mtls:\n    cert_role_map:\n"
			"      - {cn: admin.ops.example.com, role: admin}\n"
			"      - {cn: '*.ro.example.com', role: readonly}\n"
			"    default_role: user\n",
		no_env);
	const struct settings_auth *a = &f.policy->settings.auth;
	assert_string_equal(f.told, "");
	assert_int_equal(a->type, AUTH_MTLS);
	assert_int_equal(a->ncert_roles, 2);
	assert_str(a->cert_roles[0].cn, "admin.ops.example.com");
	assert_str(a->cert_roles[0].role, "admin");
	assert_str(a->cert_roles[1].cn, "*.ro.example.com");
	assert_str(a->default_role, "user");
	fixture_fini(&f);
	/* Names are roles then; and no token is another way in. */
	compile(&f, WITH_CA "auth: {type: mtls, tokens: [{token: a}]}", envp);
	a = &f.policy->settings.auth;
	assert_int_equal(a->type, AUTH_MTLS);
	assert_int_equal(a->ncert_roles, 0);
	assert_int_equal(a->default_role.n, 0);
	assert_int_equal(a->ntokens, 0);
	assert_tells(&f, "auth.type is mtls: the secret and tokens are not");
	assert_tells(
		&f, "DOCKER_PROXY_SECRET has no effect: auth.type is mtls");
	fixture_fini(&f);
}

static void
test_bad_mtls(void **state)
{
	static const char *const cns[] = {
		"'*'", "'*.'", "'a.*'", "'*a.b'", "'*.*.b'", "''"};
	char text[256];
	struct fixture f;
	(void)state;
	assert_one_error("auth: {type: mtls}", "needs a listener whose tls");
	assert_one_error("global: {tls: {cert: c, key: k}}\n"
			 "auth: {type: mtls}",
		"needs a listener whose tls");
	for (size_t i = 0; i < sizeof(cns) / sizeof(*cns); i++) {
		snprintf(text, sizeof(text),
			WITH_CA "auth: {type: mtls, mtls: {cert_role_map: "
				"[{cn: %s, role: a}]}}",
			cns[i]);
		assert_one_error(text, i < 5 ? "only be the first" : "empty");
	}
	assert_one_error(WITH_CA "auth: {type: mtls, mtls: {cert_role_map: "
				 "[{cn: a}]}}",
		"needs cn and role");
	assert_one_error(WITH_CA "auth: {type: mtls, mtls: {cert_role_map: "
				 "[{cn: 'a${NONE}', role: b}]}}",
		"cn needs the variable NONE");
	assert_one_error(WITH_CA "auth: {type: mtls, mtls: {default_role: ''}}",
		"default_role must not be empty");
	assert_warns("auth: {type: none, mtls: {default_role: a}}",
		"mtls has no effect");
	assert_warns(WITH_CA "auth: {type: mtls, mtls: {cert_role_map: "
			     "[{cn: a, role: b}, {cn: A, role: c}]}}",
		"stands twice");
	compile(&f,
		"global:\n  listeners:\n    - {name: a, port: 1}\n"
		"    - {name: b, port: 2, tls: {cert: c, key: k, "
		"client_ca: a}}\n    - {name: c, unix: /c}\n"
		"auth: {type: mtls, peers: [{uid: 0, role: admin}]}\n",
		no_env);
	assert_int_equal(f.diag.warnings, 1);
	assert_tells(&f, "the listener \"a\" has no client_ca");
	fixture_fini(&f);
}

static void
test_peers(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"global: {listeners: [{name: a, unix: /a}]}\n"
		"auth: {peers: [{uid: 0, role: admin}, {gid: 4294967294, "
		"role: b}, {uid: 1, gid: 2, role: c}]}",
		no_env);
	const struct settings_auth *a = &f.policy->settings.auth;
	assert_string_equal(f.told, "");
	assert_int_equal(a->type, AUTH_BEARER);
	assert_int_equal(a->ntokens, 0);
	assert_int_equal(a->npeers, 3);
	assert_true(a->peers[0].has_uid && !a->peers[0].has_gid);
	assert_int_equal(a->peers[0].uid, 0);
	assert_str(a->peers[0].role, "admin");
	assert_true(a->peers[1].has_gid && !a->peers[1].has_uid);
	assert_int_equal(a->peers[1].gid, 4294967294u);
	assert_true(a->peers[2].has_uid && a->peers[2].has_gid);
	fixture_fini(&f);
	/* Without a unix listener they open nothing. */
	compile(&f, "auth: {peers: [{uid: 0, role: admin}]}", no_env);
	assert_int_equal(f.policy->settings.auth.type, AUTH_CLOSED);
	assert_int_equal(f.policy->settings.auth.npeers, 0);
	assert_tells(&f, "peers has no effect");
	fixture_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mtls),
		cmocka_unit_test(test_bad_mtls),
		cmocka_unit_test(test_peers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
