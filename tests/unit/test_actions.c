/* Actions: what require_role, rate_limit and response_filter take, as it
 * stands in the program, and what they do not take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policy_fixture.h"

/* A policy of one rule of that action with those members. */
static const char *
with_action(const char *action, const char *members)
{
	static char text[1024];
	int n = snprintf(text, sizeof(text),
		"auth: {type: none}\nrules:\n- {name: r, action: %s%s%s}\n",
		action, *members ? ", " : "", members);
	assert_true(n > 0 && (size_t)n < sizeof(text));
	return text;
}

static void
compile(struct fixture *f, const char *action, const char *members)
{
	fixture_init(f, with_action(action, members), no_env);
	if (f->policy)
		return;
	print_error("%s", f->told);
	fail();
}

#define assert_bad(action, members, what) \
	assert_one_error(with_action(action, members), what)

/* --- require_role --------------------------------------------------------------- */

static void
assert_roles(const char *members, const char *want)
{
	struct fixture f;
	char got[128] = "";

	compile(&f, "require_role", members);
	const struct program *p = &f.policy->program;
	const struct program_rule *r = &p->rules[0];
	assert_int_equal(r->status, 403);
	for (uint32_t i = 0; i < r->noperands; i++) {
		struct str s = program_text(p, p->values[r->operand + i].text);
		strncat(got, s.p, s.n);
		strcat(got, ";");
	}
	assert_string_equal(got, want);
	fixture_fini(&f);
}

static void
test_role(void **state)
{
	(void)state;
	assert_roles("", "admin;");
	assert_roles("role: ops", "ops;");
	assert_roles("role: [ops]", "ops;");
	assert_roles("role: [ops, 1, ops]", "ops;1;ops;");
	assert_roles("role: ~", "admin;"); /* with a warning */
	assert_bad("require_role", "role: ''", "role must not be empty");
	assert_bad("require_role", "role: []", "role must not be empty");
	assert_bad("require_role", "role: [a, '']", "must not be empty");
	assert_bad("require_role", "role: {}", "must be a single value");
	assert_bad("require_role", "role: [[a]]", "must be a single value");
}

/* --- rate_limit ------------------------------------------------------------------- */

static struct program_bucket
bucket_of(const char *members, char *header)
{
	struct fixture f;

	compile(&f, "rate_limit", members);
	const struct program *p = &f.policy->program;
	const struct program_rule *r = &p->rules[0];
	assert_int_equal(p->nbuckets, 1);
	assert_int_equal(r->operand, 0);
	assert_int_equal(r->noperands, 1);
	assert_int_equal(r->status, 429);
	struct program_bucket b = p->buckets[0];
	memcpy(header, p->strings + b.header.off, b.header.len);
	header[b.header.len] = '\0';
	fixture_fini(&f);
	return b;
}

static void
test_rate_limit(void **state)
{
	static const struct {
		const char *members;
		uint32_t requests, period_ms, penalty_ms;
		enum bucket_key key;
		const char *header;
	} cases[] = {
		{"", 50, 30000, 30000, BUCKET_CLIENT_IP, ""},
		{"rate_limit: {}", 50, 30000, 30000, BUCKET_CLIENT_IP, ""},
		{"rate_limit: ~", 50, 30000, 30000, BUCKET_CLIENT_IP, ""},
		{"rate_limit: {requests: 1, period: 1ms, penalty: 0}", 1, 1, 0,
			BUCKET_CLIENT_IP, ""},
		{"rate_limit: {period: 2h, key: identity}", 50, 7200000, 30000,
			BUCKET_IDENTITY, ""},
		{"rate_limit: {penalty: 7, key: role}", 50, 30000, 7000,
			BUCKET_ROLE, ""},
		{"rate_limit: {key: header.X-Team}", 50, 30000, 30000,
			BUCKET_HEADER, "x-team"},
	};
	char header[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct program_bucket b = bucket_of(cases[i].members, header);
		assert_int_equal(b.requests, cases[i].requests);
		assert_int_equal(b.period_ms, cases[i].period_ms);
		assert_int_equal(b.penalty_ms, cases[i].penalty_ms);
		assert_int_equal(b.key, cases[i].key);
		assert_string_equal(header, cases[i].header);
	}
}

/* The same limit after a reload is the same bucket; another one is not. */
static void
test_bucket_ids(void **state)
{
	static const char *const limits[] = {"", "rate_limit: {requests: 51}",
		"rate_limit: {period: 31}", "rate_limit: {penalty: 31}",
		"rate_limit: {key: role}", "rate_limit: {key: header.a}",
		"rate_limit: {key: header.b}"};
	enum { N = sizeof(limits) / sizeof(*limits) };
	uint64_t ids[N];
	char header[64];
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		ids[i] = bucket_of(limits[i], header).id;
		assert_true(ids[i] == bucket_of(limits[i], header).id);
		for (size_t j = 0; j < i; j++)
			assert_true(ids[i] != ids[j]);
	}
	/* What is around the rule does not matter, its name does. */
	fixture_init(&f,
		"auth: {type: none}\nrules:\n- {name: q, action: deny}\n"
		"- {name: s, action: rate_limit}\n"
		"- {name: r, action: rate_limit, priority: 3, status: 503}\n",
		no_env);
	assert_non_null(f.policy);
	const struct program *p = &f.policy->program;
	assert_true(p->buckets[p->rules[0].operand].id == ids[0]);
	assert_true(p->buckets[p->rules[2].operand].id != ids[0]);
	fixture_fini(&f);
}

static void
test_bad_rate_limit(void **state)
{
	(void)state;
	assert_bad("rate_limit", "rate_limit: 5", "rate_limit must be a map");
	assert_bad("rate_limit", "rate_limit: {requests: 0}",
		"requests must be a whole number from 1 to");
	assert_bad("rate_limit", "rate_limit: {period: 0}",
		"period must be from 1 to 604800000 milliseconds");
	assert_bad("rate_limit", "rate_limit: {penalty: 8000h}",
		"penalty must be from 0");
	assert_bad("rate_limit", "rate_limit: {window: 1}",
		"unknown key \"window\" in rate_limit");
	assert_bad("rate_limit", "rate_limit: {key: [role]}",
		"key must be a single value");
	assert_bad("rate_limit", "rate_limit: {key: roles}",
		"did you mean \"role\"?");
	assert_bad("rate_limit", "rate_limit: {key: header}",
		"key must be client_ip, identity, role or header.<name>");
	assert_bad("rate_limit", "rate_limit: {key: header.}",
		"cannot be the name of a header");
	assert_bad("rate_limit", "rate_limit: {key: 'header.a b'}",
		"cannot be the name of a header");
}

static void
test_limit_by_unseen_header(void **state)
{
	struct fixture f;

	(void)state;
	compile(&f, "rate_limit", "rate_limit: {key: header.Authorization}");
	assert_tells(&f, "rules never see the header authorization");
	fixture_fini(&f);
}

/* --- response_filter -------------------------------------------------------------- */

static void
compile_filter(struct fixture *f, const char *filter)
{
	char members[512];
	int n = snprintf(
		members, sizeof(members), "response_filter: [%s]", filter);

	assert_true(n > 0 && (size_t)n < sizeof(members));
	compile(f, "response_filter", members);
	assert_int_equal(f->policy->program.nfilters, 1);
}

static void
assert_bad_filter_(const char *filter, const char *what, int line)
{
	char members[512];
	int n = snprintf(
		members, sizeof(members), "response_filter: [%s]", filter);

	assert_true(n > 0 && (size_t)n < sizeof(members));
	assert_one_error_(
		with_action("response_filter", members), what, __FILE__, line);
}

#define assert_bad_filter(filter, what) \
	assert_bad_filter_(filter, what, __LINE__)

static void
test_filter(void **state)
{
	struct fixture f;

	(void)state;
	compile_filter(&f, "{field: 'Config.Env.*.0.a\\.b', action: redact, "
			   "match: '^A'}");
	const struct program *p = &f.policy->program;
	const struct program_filter *r = &p->filters[0];
	assert_int_equal(r->action, FILTER_REDACT);
	assert_int_equal(r->nsteps, 5);
	const struct program_step *s = &p->steps[r->step];
	assert_true(str_eq(program_text(p, s[0].raw), STR("Config")));
	assert_true(str_eq(program_text(p, s[0].folded), STR("config")));
	assert_true(s[2].any && !s[1].any);
	assert_int_equal(s[3].index, 0);
	assert_true(str_eq(program_text(p, s[4].raw), STR("a.b")));
	assert_int_equal(p->values[r->match].kind, VALUE_REGEX);
	assert_non_null(p->regexes[r->match]);
	assert_int_equal(r->replacement.len, 0);
	fixture_fini(&f);
	compile_filter(&f, "{field: a, action: remove}");
	assert_int_equal(f.policy->program.filters[0].action, FILTER_REMOVE);
	assert_int_equal(f.policy->program.filters[0].match, FILTER_ANY_VALUE);
	fixture_fini(&f);
}

/* Any YAML becomes JSON that our own scanner reads. */
static void
test_replacements(void **state)
{
	static const struct {
		const char *yaml, *json;
	} cases[] = {
		{"x", "\"x\""},
		{"''", "\"\""},
		{"", "null"},
		{"~", "null"},
		{"'~'", "\"~\""},
		{"True", "true"},
		{"FALSE", "false"},
		{"'true'", "\"true\""},
		{"12", "12"},
		{"-1.5e3", "-1.5e3"},
		{"'12'", "\"12\""},
		{"18446744073709551616", "18446744073709551616"},
		{"1_0", "\"1_0\""},
		{"[]", "[]"},
		{"{}", "{}"},
		{"[1, a, [~]]", "[1,\"a\",[null]]"},
		{"{b: 1, a: {x: }, '\"': 2}",
			"{\"b\":1,\"a\":{\"x\":null},\"\\\"\":2}"},
		{"\"a\\\"b\\\\c\\n\\t\\e\"",
			"\"a\\\"b\\\\c\\u000a\\u0009\\u001b\""},
		{"é€😀", "\"é€😀\""},
	};
	static const struct json_limits limits = {LIMIT_JSON_DEPTH, 1};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char filter[256];
		struct fixture f;
		struct json json;
		size_t at;
		snprintf(filter, sizeof(filter),
			"{field: a, action: replace, replacement: %s}",
			cases[i].yaml);
		compile_filter(&f, filter);
		const struct program *p = &f.policy->program;
		struct str got = program_text(p, p->filters[0].replacement);
		if (!str_eq(got, str_of(cases[i].json)))
			fail_msg("%s: %.*s", cases[i].yaml, STR_FMT(got));
		assert_int_equal(
			json_scan(got, &limits, &f.arena, &json, &at), WHY_OK);
		fixture_fini(&f);
	}
}

static void
test_bad_filters(void **state)
{
	(void)state;
	assert_bad("response_filter", "", "needs a list of filters");
	assert_bad("response_filter",
		"response_filter: ", "needs a list of filters");
	assert_bad("response_filter", "response_filter: {field: a}",
		"response_filter must be a list");
	assert_bad_filter("a", "a filter must be a map");
	assert_bad_filter("{action: remove}", "a filter needs a field");
	assert_bad_filter("{field: ~, action: remove}", "needs a field");
	assert_bad_filter("{field: '', action: remove}", "must not be empty");
	assert_bad_filter("{field: a..b, action: remove}", "single dots");
	assert_bad_filter("{field: a., action: remove}", "single dots");
	assert_bad_filter("{field: [a], action: remove}", "single value");
	assert_bad_filter("{field: a}", "a filter needs an action: redact,");
	assert_bad_filter("{field: a, action: delete}",
		"action must be redact, remove or replace");
	assert_bad_filter(
		"{field: a, action: remov}", "did you mean \"remove\"?");
	assert_bad_filter(
		"{field: a, action: replace}", "replace needs a replacement");
	assert_bad_filter("{field: a, action: replace, replacement: yes}",
		"write true or false, or quote this");
	assert_bad_filter(
		"{field: a, action: replace, replacement: [{a: 0x1}]}",
		"write a plain decimal number, or quote this");
	assert_bad_filter("{field: a, action: redact, match: '('}",
		"bad regular expression");
	assert_bad_filter("{field: a, action: redact, match: ~}",
		"match needs a regular expression");
	assert_bad_filter("{field: a, action: redact, match: [a]}",
		"match must be a single value");
	assert_bad_filter("{field: a, action: redact, regex: a}",
		"unknown key \"regex\" in a filter");
}

static void
test_doubtful_filters(void **state)
{
	struct fixture f;

	(void)state;
	compile_filter(&f, "{field: a, action: redact, replacement: x}");
	assert_tells(&f, "replacement has no effect with redact");
	assert_int_equal(f.policy->program.filters[0].replacement.len, 0);
	fixture_fini(&f);
	compile_filter(&f, "{field: body.a, action: redact}");
	assert_tells(&f, "answers of the Engine have no member \"body\"");
	assert_tells(&f, "help: write a");
	fixture_fini(&f);
	compile(&f, "response_filter", "response_filter: []");
	assert_tells(&f, "an empty list filters nothing");
	assert_int_equal(f.policy->program.rules[0].noperands, 0);
	fixture_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_role),
		cmocka_unit_test(test_rate_limit),
		cmocka_unit_test(test_bucket_ids),
		cmocka_unit_test(test_bad_rate_limit),
		cmocka_unit_test(test_limit_by_unseen_header),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_replacements),
		cmocka_unit_test(test_bad_filters),
		cmocka_unit_test(test_doubtful_filters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
