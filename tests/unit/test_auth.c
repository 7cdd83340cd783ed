/* Credentials: tokens of Authorization fields, names of certificates. */
#include "runtime/auth.h"

#include "runtime/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* --- bearer tokens -------------------------------------------------------- */

static void
test_bearer(void **state)
{
	static const struct {
		struct str value;
		bool good;
	} cases[] = {
		{STR("Bearer secret"), true},
		{STR("bearer secret"), true},
		{STR("BEARER   secret"), true},
		{STR("Bearer "), false},
		{STR("Bearer"), false},
		{STR("Bearersecret"), false},
		{STR("Basic secret"), false},
		{STR(" Bearer secret"), false},
		{STR(""), false},
		{{NULL, 0}, false},
	};
	uint8_t want[32], got[32];
	(void)state;

	sha256(STR("secret"), want);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			auth_bearer_digest(cases[i].value, got), cases[i].good);
		if (cases[i].good)
			assert_true(auth_digest_equal(want, got));
	}
	assert_true(auth_bearer_digest(STR("Bearer secret "), got));
	assert_false(auth_digest_equal(want, got));
}

/* --- names ------------------------------------------------------------------ */

static void
check(struct str name, const char *pattern, bool matches)
{
	const struct auth_cert by_cn = {.cn = name};
	const struct str names[] = {STR("first.test"), name};
	const struct auth_cert by_san = {.names = names, .nnames = 2};

	if (auth_cert_matches(&by_cn, str_of(pattern)) != matches)
		fail_msg("CN %.*s, %s", STR_FMT(name), pattern);
	if (auth_cert_matches(&by_san, str_of(pattern)) != matches)
		fail_msg("SAN %.*s, %s", STR_FMT(name), pattern);
}

static void
test_exact_names(void **state)
{
	(void)state;
	check(STR("ci"), "ci", true);
	check(STR("CI"), "ci", true);
	check(STR("ops.Example.com"), "OPS.example.COM", true);
	check(STR("ci"), "c", false);
	check(STR("ci"), "cii", false);
	check(STR("ci"), "", false);
	check(STR("ops.example.com"), "example.com", false);
	check(STR("ci\0.evil"), "ci", false);
	check(STR("ops.example.com."), "ops.example.com", false);
}

static void
test_wildcards(void **state)
{
	(void)state;
	check(STR("a.example.com"), "*.example.com", true);
	check(STR("A.EXAMPLE.com"), "*.example.COM", true);
	check(STR("example.com"), "*.example.com", false);
	check(STR(".example.com"), "*.example.com", false);
	check(STR("a.b.example.com"), "*.example.com", false);
	check(STR("a.example.com.evil"), "*.example.com", false);
	check(STR("aexample.com"), "*.example.com", false);
	check(STR("a.example.co"), "*.example.com", false);
	/* A star elsewhere is a star. */
	check(STR("a.example.com"), "a.*.com", false);
	check(STR("aa.example.com"), "a*.example.com", false);
	check(STR("anything"), "*", false);
	/* What is a wildcard itself is only itself. */
	check(STR("*.example.com"), "*.example.com", true);
	check(STR("*.example.com"), "a.example.com", false);
}

static void
test_a_certificate_without_names(void **state)
{
	const struct auth_cert none = {0};
	(void)state;

	assert_false(auth_cert_matches(&none, STR("")));
	assert_false(auth_cert_matches(&none, STR("ci")));
	assert_false(auth_cert_matches(&none, STR("*.example.com")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bearer),
		cmocka_unit_test(test_exact_names),
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_a_certificate_without_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
