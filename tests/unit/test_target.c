/* Targets: forms, decoding, the API version, what is forwarded. */
#include "tests/unit/target_fixture.h"

#include <stdio.h>

/* --- paths -------------------------------------------------------------- */

static const struct {
	const char *raw, *path, *version, *forward;
} paths[] = {
	{"/", "/", "", "/"},
	{"/_ping", "/_ping", "", "/_ping"},
	{"/containers/json", "/containers/json", "", "/containers/json"},
	{"/v1.41/containers/json", "/containers/json", "1.41",
		"/v1.41/containers/json"},
	{"/v1.24/info", "/info", "1.24", "/v1.24/info"},
	{"/v1.100/info", "/info", "1.100", "/v1.100/info"},
	{"/v9.99/containers/create", "/containers/create", "9.99",
		"/v9.99/containers/create"},
	{"/v2.0/info", "/info", "2.0", "/v2.0/info"},
	{"/v65535.65535/info", "/info", "65535.65535", "/v65535.65535/info"},
	{"/v1.41/", "/", "1.41", "/v1.41/"},
	{"/secrets/", "/secrets/", "", "/secrets/"},
	{"/containers/create/", "/containers/create/", "",
		"/containers/create/"},
	{"/SECRETS", "/SECRETS", "", "/SECRETS"},
	{"/secrets;a", "/secrets;a", "", "/secrets;a"},

	/* decoded once, written in one way */
	{"/%63ontainers/json", "/containers/json", "", "/containers/json"},
	{"/containers%2Fjson", "/containers/json", "", "/containers/json"},
	{"/containers%2fjson", "/containers/json", "", "/containers/json"},
	{"/v1.41%2Fcontainers/json", "/containers/json", "1.41",
		"/v1.41/containers/json"},
	{"/v1%2e41/containers/json", "/containers/json", "1.41",
		"/v1.41/containers/json"},
	{"/%76%31.41/info", "/info", "1.41", "/v1.41/info"},
	{"/containers/%2563reate", "/containers/%63reate", "",
		"/containers/%2563reate"},
	{"/containers/a%252Fb/json", "/containers/a%2Fb/json", "",
		"/containers/a%252Fb/json"},
	{"/images/docker.io%2Flibrary%2Fbb/json",
		"/images/docker.io/library/bb/json", "",
		"/images/docker.io/library/bb/json"},
	{"/v1.41/images/bb%3Alatest/json", "/images/bb:latest/json", "1.41",
		"/v1.41/images/bb:latest/json"},
	{"/images/reg:5000/x@sha256:0a/json",
		"/images/reg:5000/x@sha256:0a/json", "",
		"/images/reg:5000/x@sha256:0a/json"},
	{"/images/a%20b/json", "/images/a b/json", "", "/images/a%20b/json"},
	{"/a%3Fb", "/a?b", "", "/a%3Fb"},
	{"/a%23b", "/a#b", "", "/a%23b"},
	{"/a%25b", "/a%b", "", "/a%25b"},
	{"/a%3bb", "/a;b", "", "/a;b"},
	{"/a+b", "/a+b", "", "/a+b"},
	{"/a%2Bb", "/a+b", "", "/a+b"},
	{"/a!$&'()*+,;=:@-._~z", "/a!$&'()*+,;=:@-._~z", "",
		"/a!$&'()*+,;=:@-._~z"},
	{"/a\"<>[\\]^`{|}", "/a\"<>[\\]^`{|}", "",
		"/a%22%3C%3E%5B%5C%5D%5E%60%7B%7C%7D"},
	{"/caf%C3%A9", "/caf\xc3\xa9", "", "/caf%C3%A9"},
	{"/%f0%9f%90%b3", "/\xf0\x9f\x90\xb3", "", "/%F0%9F%90%B3"},

	/* dots that are no dot segments */
	{"/...", "/...", "", "/..."},
	{"/.a/b.", "/.a/b.", "", "/.a/b."},
	{"/a/..b/c", "/a/..b/c", "", "/a/..b/c"},
	{"/%252e%252e/a", "/%2e%2e/a", "", "/%252e%252e/a"},

	/* segments that only resemble a version */
	{"/v/info", "/v/info", "", "/v/info"},
	{"/v1.41a/info", "/v1.41a/info", "", "/v1.41a/info"},
	{"/v1,41/info", "/v1,41/info", "", "/v1,41/info"},
	{"/x1.41/info", "/x1.41/info", "", "/x1.41/info"},
	{"/va/info", "/va/info", "", "/va/info"},
	{"/volumes", "/volumes", "", "/volumes"},
	{"/version", "/version", "", "/version"},
	{"/info/v1.41", "/info/v1.41", "", "/info/v1.41"},
	{"/v1.41/v1.41/info", "/v1.41/info", "1.41", "/v1.41/v1.41/info"},

	/* absolute form */
	{"http://docker/containers/json", "/containers/json", "",
		"/containers/json"},
	{"HTTP://docker:2375/v1.41/info", "/info", "1.41", "/v1.41/info"},
	{"hTtP://[::1]:2375/", "/", "", "/"},
	{"http://h/a%20b", "/a b", "", "/a%20b"},
};

static void
test_paths(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct arena a;
		struct target t;
		arena_init(&a, MIB(1));
		struct str raw = str_of(paths[i].raw);
		enum why why = parse_in(&a, raw, &t);
		if (why != WHY_OK)
			fail_msg("%s: %s", raw.p, why_name(why));
		expect_str(raw.p, "path", t.path, paths[i].path);
		expect_str(raw.p, "version", t.api_version, paths[i].version);
		expect_str(raw.p, "forward", t.forward, paths[i].forward);
		assert_int_equal(t.nparams, 0);
		arena_fini(&a);
	}
}

static const struct {
	const char *raw;
	enum why why;
} refused[] = {
	{"", WHY_TARGET_FORM},
	{"*", WHY_TARGET_FORM},
	{"containers/json", WHY_TARGET_FORM},
	{"?a=1", WHY_TARGET_FORM},
	{"%2Fcontainers/json", WHY_TARGET_FORM},
	{"x:/containers/create", WHY_TARGET_FORM},
	{"foo://h/containers/json", WHY_TARGET_FORM},
	{"https://h/containers/json", WHY_TARGET_FORM},
	{"unix:///containers/json", WHY_TARGET_FORM},
	{"docker:2375", WHY_TARGET_FORM},
	{"http:", WHY_TARGET_FORM},
	{"http:/containers/json", WHY_TARGET_FORM},
	{"http:containers/json", WHY_TARGET_FORM},
	{"http://", WHY_TARGET_FORM},
	{"http:///containers/create", WHY_TARGET_FORM},
	{"http://docker", WHY_TARGET_FORM},
	{"http://docker?a=/b", WHY_TARGET_FORM},
	{"http://?/containers/json", WHY_TARGET_FORM},
	{"http://u:p@h/containers/json", WHY_TARGET_AUTHORITY},
	{"http://@h/info", WHY_TARGET_AUTHORITY},

	{"/a b", WHY_TARGET_BYTE},
	{" /a", WHY_TARGET_BYTE},
	{"/a\t", WHY_TARGET_BYTE},
	{"/a\r", WHY_TARGET_BYTE},
	{"/a\x7f", WHY_TARGET_BYTE},
	{"/caf\xc3\xa9", WHY_TARGET_BYTE},
	{"/a?b=\xc3\xa9", WHY_TARGET_BYTE},
	{"/containers/create#f?name=evq35", WHY_TARGET_BYTE},
	{"/a?b#c", WHY_TARGET_BYTE},
	{"/a%00b", WHY_TARGET_BYTE},
	{"/containers/create%0a", WHY_TARGET_BYTE},
	{"/a%0D", WHY_TARGET_BYTE},
	{"/a%1f", WHY_TARGET_BYTE},
	{"/a%7F", WHY_TARGET_BYTE},

	{"/containers/create%", WHY_TARGET_ESCAPE},
	{"/a%2", WHY_TARGET_ESCAPE},
	{"/a%2?b=1", WHY_TARGET_ESCAPE},
	{"/cre%zzate", WHY_TARGET_ESCAPE},
	{"/a%g0", WHY_TARGET_ESCAPE},
	{"/a%0g", WHY_TARGET_ESCAPE},
	{"/a%%41", WHY_TARGET_ESCAPE},
	{"/a%u0041", WHY_TARGET_ESCAPE},
	{"/a%+1", WHY_TARGET_ESCAPE},
	{"/a%-1", WHY_TARGET_ESCAPE},

	{"/%ff", WHY_TARGET_UTF8},
	{"/a%c3", WHY_TARGET_UTF8},
	{"/a%c3/", WHY_TARGET_UTF8},
	{"/%c0%af", WHY_TARGET_UTF8},
	{"/%c0%ae%c0%ae/a", WHY_TARGET_UTF8},
	{"/%ed%a0%80", WHY_TARGET_UTF8},
	{"/%f4%90%80%80", WHY_TARGET_UTF8},

	{"//", WHY_TARGET_UNCLEAN},
	{"//containers/create", WHY_TARGET_UNCLEAN},
	{"//h/containers/json", WHY_TARGET_UNCLEAN},
	{"/containers//json", WHY_TARGET_UNCLEAN},
	{"/containers/json//", WHY_TARGET_UNCLEAN},
	{"/v1.41//containers/json", WHY_TARGET_UNCLEAN},
	{"/%2Fcontainers/create", WHY_TARGET_UNCLEAN},
	{"/containers%2F%2Fjson", WHY_TARGET_UNCLEAN},
	{"/containers/%2Fjson", WHY_TARGET_UNCLEAN},
	{"/.", WHY_TARGET_UNCLEAN},
	{"/..", WHY_TARGET_UNCLEAN},
	{"/./containers/create", WHY_TARGET_UNCLEAN},
	{"/containers/.", WHY_TARGET_UNCLEAN},
	{"/containers/./", WHY_TARGET_UNCLEAN},
	{"/x/../secrets", WHY_TARGET_UNCLEAN},
	{"/containers/..", WHY_TARGET_UNCLEAN},
	{"/containers/%2e%2e/containers/create", WHY_TARGET_UNCLEAN},
	{"/containers/.%2E/create", WHY_TARGET_UNCLEAN},
	{"/containers%2F..%2Fcreate", WHY_TARGET_UNCLEAN},
	{"/v1.41/../containers/json", WHY_TARGET_UNCLEAN},
	{"http://h//containers/json", WHY_TARGET_UNCLEAN},

	{"/v1/info", WHY_API_VERSION_FORM},
	{"/v1./info", WHY_API_VERSION_FORM},
	{"/v.1/info", WHY_API_VERSION_FORM},
	{"/v1..24/info", WHY_API_VERSION_FORM},
	{"/v.../containers", WHY_API_VERSION_FORM},
	{"/v./info", WHY_API_VERSION_FORM},
	{"/v1.41.0/containers/create", WHY_API_VERSION_FORM},
	{"/v1.41./info", WHY_API_VERSION_FORM},
	{"/v01.41/info", WHY_API_VERSION_FORM},
	{"/v01.23/containers/x/start", WHY_API_VERSION_FORM},
	{"/v1.041/info", WHY_API_VERSION_FORM},
	{"/v1.00/info", WHY_API_VERSION_FORM},
	{"/v00.41/info", WHY_API_VERSION_FORM},
	{"/V1.41/containers/json", WHY_API_VERSION_FORM},
	{"/%561.41/containers/json", WHY_API_VERSION_FORM},
	{"/V1/info", WHY_API_VERSION_FORM},
	{"/v1.65536/info", WHY_API_VERSION_FORM},
	{"/v65536.1/info", WHY_API_VERSION_FORM},
	{"/v99999.1/info", WHY_API_VERSION_FORM},
	{"/v1.100000/info", WHY_API_VERSION_FORM},
	{"/v999999999999999999999.1/info", WHY_API_VERSION_FORM},
	{"/v1.41", WHY_API_VERSION_FORM},
	{"/v1.41?a=1", WHY_API_VERSION_FORM},
	{"/v1%2e41%2e0/info", WHY_API_VERSION_FORM},

	{"/v1.23/containers/x/start", WHY_API_VERSION_OLD},
	{"/v1.9/containers/create", WHY_API_VERSION_OLD},
	{"/v1.0/info", WHY_API_VERSION_OLD},
	{"/v0.0/info", WHY_API_VERSION_OLD},
	{"/v0.99/info", WHY_API_VERSION_OLD},
	{"/v1%2e23/containers/x/start", WHY_API_VERSION_OLD},
	{"http://h/v1.23/info", WHY_API_VERSION_OLD},
};

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		expect_why(str_of(refused[i].raw), refused[i].why);
	expect_why(STR("/a\0b"), WHY_TARGET_BYTE);
	expect_why(STR("/a?b=\0"), WHY_TARGET_BYTE);
	expect_why(STR("\0"), WHY_TARGET_BYTE);
	expect_why((struct str){NULL, 0}, WHY_TARGET_FORM);
}

/* Every byte, raw and escaped, in a path and in a query. */
static void
test_every_byte(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char raw[] = {'/', 'a', (char)c, 'z'};
		bool printable = c > 0x20 && c < 0x7f && c != '#';
		enum why want = !printable ? WHY_TARGET_BYTE
				: c == '%' ? WHY_TARGET_ESCAPE
					   : WHY_OK;
		expect_why((struct str){raw, sizeof(raw)}, want);

		char text[16];
		int n = snprintf(text, sizeof(text), "/a%%%02xz", c);
		want = c < 0x20 || c == 0x7f ? WHY_TARGET_BYTE
		       : c >= 0x80           ? WHY_TARGET_UTF8
					     : WHY_OK;
		expect_why((struct str){text, (size_t)n}, want);

		n = snprintf(text, sizeof(text), "/a?b=%%%02Xz", c);
		want = c == 0 || c >= 0x80 ? WHY_QUERY_UTF8 : WHY_OK;
		expect_why((struct str){text, (size_t)n}, want);
	}
}

static void
test_authority(void **state)
{
	(void)state;
	struct arena a;
	struct target t;
	arena_init(&a, MIB(1));
	assert_int_equal(
		parse_in(&a, STR("http://docker:2375/info?x=1"), &t), WHY_OK);
	assert_true(str_eq(t.authority, STR("docker:2375")));
	assert_true(str_eq(t.forward, STR("/info?x=1")));
	assert_int_equal(parse_in(&a, STR("/info"), &t), WHY_OK);
	assert_int_equal(t.authority.n, 0);
	/* A URL in the path is a path. */
	assert_int_equal(parse_in(&a, STR("/http:/x"), &t), WHY_OK);
	assert_int_equal(t.authority.n, 0);
	arena_fini(&a);
}

static void
test_versions(void **state)
{
	(void)state;
	struct arena a;
	struct target t;
	arena_init(&a, MIB(1));
	assert_int_equal(parse_in(&a, STR("/v1.43/info"), &t), WHY_OK);
	assert_int_equal(t.api_major, 1);
	assert_int_equal(t.api_minor, 43);
	assert_int_equal(parse_in(&a, STR("/info"), &t), WHY_OK);
	assert_int_equal(t.api_major, 0);
	assert_int_equal(t.api_minor, 0);
	assert_int_equal(parse_in(&a, STR("/v2.3/info"), &t), WHY_OK);

	struct target_limits other = limits;
	other.min_api_major = 2;
	other.min_api_minor = 5;
	static const struct {
		struct str raw;
		enum why why;
	} table[] = {
		{STR("/v1.99/a"), WHY_API_VERSION_OLD},
		{STR("/v2.4/a"), WHY_API_VERSION_OLD},
		{STR("/v2.5/a"), WHY_OK},
		{STR("/v3.0/a"), WHY_OK},
		{STR("/a"), WHY_OK},
	};
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(target_parse(table[i].raw, &other, &a, &t),
			table[i].why);
	other.min_api_major = 0;
	other.min_api_minor = 0;
	assert_int_equal(target_parse(STR("/v0.0/a"), &other, &a, &t), WHY_OK);
	arena_fini(&a);
}

/* --- what is forwarded says the same ------------------------------------ */

static bool
same_target(const struct target *x, const struct target *y)
{
	if (!str_eq(x->path, y->path) ||
		!str_eq(x->api_version, y->api_version) ||
		x->nparams != y->nparams)
		return false;
	for (size_t i = 0; i < x->nparams; i++)
		if (!str_eq(x->params[i].name, y->params[i].name) ||
			!str_eq(x->params[i].value, y->params[i].value))
			return false;
	return true;
}

/* Parsing what is forwarded gives the same target, and forwards the same
 * bytes: nothing that was judged can change on the way. */
static void
check_stable(struct str raw)
{
	struct arena a;
	struct target t, again;
	arena_init(&a, MIB(1));
	if (target_parse(raw, &limits, &a, &t) == WHY_OK) {
		enum why why = target_parse(t.forward, &limits, &a, &again);
		if (why != WHY_OK || !same_target(&t, &again) ||
			!str_eq(t.forward, again.forward))
			fail_msg("%.*s -> %.*s -> %.*s (%s)", STR_FMT(raw),
				STR_FMT(t.forward), STR_FMT(again.forward),
				why_name(why));
		for (size_t i = 0; i < t.forward.n; i++)
			assert_true(
				t.forward.p[i] > ' ' && t.forward.p[i] < 0x7f);
	}
	arena_fini(&a);
}

static void
test_stable(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++)
		check_stable(str_of(paths[i].raw));

	static const char alphabet[] = "/.%v1?&=+;a2e2Fc3A9bB-:@ {";
	uint32_t seed = 1;
	for (unsigned i = 0; i < 20000; i++) {
		char raw[24] = "/";
		size_t n = 1;
		while (n < sizeof(raw)) {
			seed = seed * 1664525u + 1013904223u;
			if (n > 3 && seed >> 28 == 0)
				break;
			raw[n++] =
				alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		check_stable((struct str){raw, n});
	}
}

/* --- limits ------------------------------------------------------------- */

static void
test_length(void **state)
{
	(void)state;
	char raw[64];
	memset(raw, 'a', sizeof(raw));
	raw[0] = '/';
	struct target_limits small = limits;
	small.target_bytes = sizeof(raw) - 1;
	struct arena a;
	struct target t;
	arena_init(&a, MIB(1));
	assert_int_equal(
		target_parse((struct str){raw, sizeof(raw)}, &small, &a, &t),
		WHY_TARGET_TOO_LONG);
	assert_int_equal(target_parse((struct str){raw, sizeof(raw) - 1},
				 &small, &a, &t),
		WHY_OK);
	arena_fini(&a);
}

/* A full arena is a refusal wherever it happens. */
static void
test_out_of_memory(void **state)
{
	(void)state;
	struct str raw = STR("/v1.41/a%20b?c=d%20e&f=g&h=%21");
	struct target t;
	bool refused_once = false;
	for (size_t cap = 0; cap < 4096; cap += 8) {
		struct arena a;
		arena_init(&a, cap);
		enum why why = target_parse(raw, &limits, &a, &t);
		if (arena_overflowed(&a))
			assert_int_equal(why, WHY_OUT_OF_MEMORY);
		else
			assert_int_equal(why, WHY_OK);
		refused_once |= why == WHY_OUT_OF_MEMORY;
		arena_fini(&a);
	}
	assert_true(refused_once);
}

/* The plain requests that clients send need no memory but for parameters. */
static void
test_plain_targets_are_not_copied(void **state)
{
	(void)state;
	struct arena a;
	struct target t;
	struct str raw = STR("/v1.41/containers/web/json");
	arena_init(&a, 0);
	assert_int_equal(target_parse(raw, &limits, &a, &t), WHY_OK);
	assert_ptr_equal(t.forward.p, raw.p);
	assert_ptr_equal(t.path.p, raw.p + 6);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_authority),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_stable),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_plain_targets_are_not_copied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
