/* Targets: the query, decoded, checked and written anew. */
#include "tests/unit/target_fixture.h"

#include <stdio.h>

/* want: the pairs, decoded, each as [name=value]. */
static const struct {
	const char *raw, *want, *forward;
} queries[] = {
	{"/a", "", "/a"},
	{"/a?", "", "/a"},
	{"/a?&", "", "/a"},
	{"/a?&&&", "", "/a"},
	{"/a?b", "[b=]", "/a?b="},
	{"/a?b=", "[b=]", "/a?b="},
	{"/a?b=1", "[b=1]", "/a?b=1"},
	{"/a?=1", "[=1]", "/a?=1"},
	{"/a?=", "[=]", "/a?="},
	{"/a?b=1&c=2&d=3", "[b=1][c=2][d=3]", "/a?b=1&c=2&d=3"},
	{"/a?b=1&", "[b=1]", "/a?b=1"},
	{"/a?&b=1", "[b=1]", "/a?b=1"},
	{"/a?b=1&&c=2", "[b=1][c=2]", "/a?b=1&c=2"},
	{"/a?b=1=2", "[b=1=2]", "/a?b=1%3D2"},
	{"/a?b==", "[b==]", "/a?b=%3D"},
	{"/a?b=x+y", "[b=x y]", "/a?b=x%20y"},
	{"/a?b=x%2By", "[b=x+y]", "/a?b=x%2By"},
	{"/a?b+c=1", "[b c=1]", "/a?b%20c=1"},
	{"/a?b%3Dc=1", "[b=c=1]", "/a?b%3Dc=1"},
	{"/a?b=x%26c%3D1", "[b=x&c=1]", "/a?b=x%26c%3D1"},
	{"/a?b=%3B", "[b=;]", "/a?b=%3B"},
	{"/a?b=%23", "[b=#]", "/a?b=%23"},
	{"/a?b=%2500", "[b=%00]", "/a?b=%2500"},
	{"/a?b=%25zz", "[b=%zz]", "/a?b=%25zz"},
	{"/a?b=?", "[b=?]", "/a?b=%3F"},
	{"/a?b=/etc/passwd", "[b=/etc/passwd]", "/a?b=/etc/passwd"},
	{"/a?b=%2Fwww%2Findex.html", "[b=/www/index.html]",
		"/a?b=/www/index.html"},
	{"/a?b=reg:5000/x@y,z", "[b=reg:5000/x@y,z]", "/a?b=reg:5000/x@y,z"},
	{"/a?b=-._~", "[b=-._~]", "/a?b=-._~"},
	{"/a?b=!$'()*", "[b=!$'()*]", "/a?b=%21%24%27%28%29%2A"},
	{"/a?b=%C3%a9", "[b=\xc3\xa9]", "/a?b=%C3%A9"},
	{"/a?b=%0a%09%7f", "[b=\n\t\x7f]", "/a?b=%0A%09%7F"},
	{"/a?%62=%31", "[b=1]", "/a?b=1"},
	{"/build?%72emote=http://127.0.0.1:9/enc",
		"[remote=http://127.0.0.1:9/enc]",
		"/build?remote=http://127.0.0.1:9/enc"},
	{"/build?network%6dode=ho%73t", "[networkmode=host]",
		"/build?networkmode=host"},
	{"/containers/x?force=+1", "[force= 1]", "/containers/x?force=%201"},
	{"/containers/x?x=%20&&force=t", "[x= ][force=t]",
		"/containers/x?x=%20&force=t"},
	{"/a?filters=%7B%22status%22%3A%5B%22exited%22%5D%7D",
		"[filters={\"status\":[\"exited\"]}]",
		"/a?filters=%7B%22status%22:%5B%22exited%22%5D%7D"},
	{"/a?filters={\"a\":1}", "[filters={\"a\":1}]",
		"/a?filters=%7B%22a%22:1%7D"},
	{"/v1.41/a%20b?c=d%20e", "[c=d e]", "/v1.41/a%20b?c=d%20e"},
	{"/%61?b=1", "[b=1]", "/a?b=1"},
	/* names are told apart by case, and by all their bytes */
	{"/a?b=1&B=2&bb=3&b.=4", "[b=1][B=2][bb=3][b.=4]",
		"/a?b=1&B=2&bb=3&b.=4"},
	/* lists may repeat */
	{"/build?t=a&t=b&t=a", "[t=a][t=b][t=a]", "/build?t=a&t=b&t=a"},
	{"/images/get?names=a&x=1&names=b", "[names=a][x=1][names=b]",
		"/images/get?names=a&x=1&names=b"},
	{"/build?%74=a&t=b", "[t=a][t=b]", "/build?t=a&t=b"},
};

static void
test_queries(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(queries); i++) {
		struct arena a;
		struct target t;
		arena_init(&a, MIB(1));
		struct str raw = str_of(queries[i].raw);
		enum why why = parse_in(&a, raw, &t);
		if (why != WHY_OK)
			fail_msg("%s: %s", raw.p, why_name(why));
		char got[256] = "";
		size_t n = 0;
		for (size_t k = 0; k < t.nparams; k++)
			n += (size_t)snprintf(got + n, sizeof(got) - n,
				"[%.*s=%.*s]", STR_FMT(t.params[k].name),
				STR_FMT(t.params[k].value));
		expect_str(
			raw.p, "query", (struct str){got, n}, queries[i].want);
		expect_str(raw.p, "forward", t.forward, queries[i].forward);
		/* ... and read again it is the same. */
		struct target again;
		why = target_parse(t.forward, &limits, &a, &again);
		assert_int_equal(why, WHY_OK);
		assert_int_equal(again.nparams, t.nparams);
		expect_str(raw.p, "forward", again.forward, queries[i].forward);
		arena_fini(&a);
	}
}

static const struct {
	const char *raw;
	enum why why;
} refused[] = {
	{"/containers/x?a=1;force=1", WHY_QUERY_SEMICOLON},
	{"/a?;", WHY_QUERY_SEMICOLON},
	{"/a?b=%3b;", WHY_QUERY_SEMICOLON},
	{"/a?%", WHY_QUERY_ESCAPE},
	{"/a?b=%4", WHY_QUERY_ESCAPE},
	{"/a?b=%4&c=1", WHY_QUERY_ESCAPE},
	{"/a?b%zz=1", WHY_QUERY_ESCAPE},
	{"/a?b=1&c=%g1", WHY_QUERY_ESCAPE},
	{"/a?b=%00", WHY_QUERY_UTF8},
	{"/a?b%00c=1", WHY_QUERY_UTF8},
	{"/a?b=%ff", WHY_QUERY_UTF8},
	{"/a?%c3=1", WHY_QUERY_UTF8},
	{"/a?b=%c3&c=%a9", WHY_QUERY_UTF8},
	{"/a?b=%ed%a0%80", WHY_QUERY_UTF8},

	{"/containers/x?force=1&force=0", WHY_QUERY_DUPLICATE},
	{"/containers/x?force=0&force=1", WHY_QUERY_DUPLICATE},
	{"/a?b&b", WHY_QUERY_DUPLICATE},
	{"/a?b=1&c=2&b=1", WHY_QUERY_DUPLICATE},
	{"/a?b=1&%62=2", WHY_QUERY_DUPLICATE},
	{"/a?x+y=1&x%20y=2", WHY_QUERY_DUPLICATE},
	{"/a?=1&=2", WHY_QUERY_DUPLICATE},
	{"/a?=&=", WHY_QUERY_DUPLICATE},
	{"/images/create?fromImage=127.0.0.1:9/evil&fromImage=bb",
		WHY_QUERY_DUPLICATE},
	{"/build?t=a&t=b&remote=x&remote=y", WHY_QUERY_DUPLICATE},
	{"/build?T=a&T=b", WHY_QUERY_DUPLICATE},
};

static void
test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++)
		expect_why(str_of(refused[i].raw), refused[i].why);
}

static void
test_lists(void **state)
{
	(void)state;
	static const char *const yes[] = {"t", "names", "changes", "extrahosts",
		"platform", "type", "cachefrom", "images", "reference"};
	static const char *const no[] = {"", "T", "name", "force", "remote",
		"filters", "fromImage", "namess", "Names"};
	for (size_t i = 0; i < COUNT(yes); i++)
		assert_true(target_param_is_list(str_of(yes[i])));
	for (size_t i = 0; i < COUNT(no); i++)
		assert_false(target_param_is_list(str_of(no[i])));
}

static void
test_param_count(void **state)
{
	(void)state;
	static char raw[QUERY_PARAMS_MAX * 8 + 16];
	struct target_limits wide = limits;
	wide.target_bytes = sizeof(raw);
	struct arena a;
	struct target t;
	arena_init(&a, MIB(1));

	size_t n = (size_t)snprintf(raw, sizeof(raw), "/a?");
	for (unsigned i = 0; i < QUERY_PARAMS_MAX; i++)
		n += (size_t)snprintf(
			raw + n, sizeof(raw) - n, "%s%x=1", i ? "&" : "", i);
	assert_int_equal(
		target_parse((struct str){raw, n}, &wide, &a, &t), WHY_OK);
	assert_int_equal(t.nparams, QUERY_PARAMS_MAX);
	/* Empty pairs do not count. */
	memcpy(raw + n, "&&", 2);
	assert_int_equal(
		target_parse((struct str){raw, n + 2}, &wide, &a, &t), WHY_OK);
	memcpy(raw + n, "&x", 2);
	assert_int_equal(target_parse((struct str){raw, n + 2}, &wide, &a, &t),
		WHY_QUERY_TOO_MANY);
	/* The last of many is a duplicate of the first. */
	n = (size_t)snprintf(raw, sizeof(raw), "/a?3fe=1");
	for (unsigned i = 0; i < QUERY_PARAMS_MAX - 1; i++)
		n += (size_t)snprintf(raw + n, sizeof(raw) - n, "&%x=1", i);
	assert_int_equal(target_parse((struct str){raw, n}, &wide, &a, &t),
		WHY_QUERY_DUPLICATE);
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_param_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
