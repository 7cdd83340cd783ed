/* Rules: every field, operator and value, and what is wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policy_fixture.h"

/* A policy of one denying rule with that condition. */
static const char *
with_condition(const char *condition)
{
	static char text[1024];
	int n = snprintf(text, sizeof(text),
		"auth: {type: none}\nrules:\n- name: r\n  action: deny\n"
		"  conditions:\n  - %s\n",
		condition);
	assert_true(n > 0 && (size_t)n < sizeof(text));
	return text;
}

#define assert_bad(condition, what) \
	assert_one_error(with_condition(condition), what)
#define assert_good(condition) assert_silent(with_condition(condition))

static const char *
with_rule(const char *rule)
{
	static char text[1024];
	int n = snprintf(
		text, sizeof(text), "auth: {type: none}\nrules:\n- %s\n", rule);
	assert_true(n > 0 && (size_t)n < sizeof(text));
	return text;
}

#define assert_bad_rule(rule, what) assert_one_error(with_rule(rule), what)
#define assert_good_rule(rule)      assert_silent(with_rule(rule))

/* --- rules ------------------------------------------------------------------------ */

static void
test_rules(void **state)
{
	struct fixture f;
	(void)state;
	fixture_init(&f,
		"auth: {type: none}\n"
		"rules:\n"
		"- {name: low, action: deny, priority: -5, status: 418}\n"
		"- {name: a, action: allow, conditions: [{field: path, "
		"operator: equals, value: /x}]}\n"
		"- {name: b, action: deny, dry_run: true, message: no}\n"
		"- {name: high, action: deny, description: '', priority: "
		"4294967295, conditions: [{field: path, operator: equals, "
		"value: /y}]}\n",
		no_env);
	assert_string_equal(f.told, "");
	const struct program *p = &f.policy->program;
	static const char *const names[] = {"high", "a", "b", "low"};
	static const uint32_t lines[] = {6, 4, 5, 3};
	static const uint16_t statuses[] = {403, 403, 403, 418};
	assert_int_equal(p->nrules, 4);
	for (unsigned i = 0; i < 4; i++) {
		const struct program_rule *r = &p->rules[i];
		assert_true(str_eq(program_text(p, r->name), str_of(names[i])));
		assert_true(str_eq(program_text(p, r->file), STR("p.conf")));
		assert_int_equal(r->line, lines[i]);
		assert_int_equal(r->status, statuses[i]);
	}
	assert_int_equal(p->rules[2].flags, RULE_DRY_RUN);
	assert_true(str_eq(program_text(p, p->rules[2].message), STR("no")));
	assert_int_equal(p->rules[3].priority, -5);
	fixture_fini(&f);
}

static void
test_bad_rules(void **state)
{
	(void)state;
	assert_bad_rule("text", "a rule must be a map");
	assert_bad_rule("{action: deny}", "a rule needs a name");
	assert_bad_rule("{name: , action: deny}", "a rule needs a name");
	assert_bad_rule("{name: '', action: deny}", "name must not be empty");
	assert_bad_rule("{name: \"\\e\", action: deny}", "control byte");
	assert_bad_rule("{name: a}", "a rule needs an action");
	assert_bad_rule("{name: a, action: }", "a rule needs an action");
	assert_bad_rule("{name: a, action: block}", "action must be deny");
	assert_bad_rule("{name: a, action: require_rol}",
		"did you mean \"require_role\"?");
	assert_bad_rule("{name: a, action: rate_limit, role: x}",
		"\"role\" does not go with this action");
	assert_bad_rule("{name: a, action: require_role, rate_limit: {}}",
		"\"rate_limit\" does not go with this action");
	assert_bad_rule("{name: a, action: allow, response_filter: []}",
		"\"response_filter\" does not go with this action");
	/* An action that is none is told alone. */
	assert_bad_rule(
		"{name: a, action: x, role: x}", "action must be deny, allow,");
	assert_bad_rule("{name: a, action: deny, status: 200}",
		"status must be a whole number from 400 to 599");
	assert_bad_rule(
		"{name: a, action: deny, priority: 1.5}", "priority must be");
	assert_bad_rule("{name: a, action: deny, dry_run: 1}",
		"dry_run must be true or false");
	assert_bad_rule("{name: a, action: allow, dry_run: true}",
		"dry_run is for rules that deny");
	assert_bad_rule(
		"{name: a, action: deny, conditions: }", "conditions is empty");
	assert_bad_rule("{name: a, action: deny, conditions: {}}",
		"conditions must be a list");
	assert_bad_rule("{name: a, action: deny, condition: []}",
		"did you mean \"conditions\"?");
	assert_bad_rule("{name: a, action: deny}\n- {name: a, action: deny}",
		"the rule in line 3 has the same name");
	assert_one_error("auth: {type: none}\nrules: {}", "must be a list");
	assert_good_rule("{name: a, action: allow, dry_run: false}");
}

/* --- groups ------------------------------------------------------------------------ */

static void
test_groups(void **state)
{
	(void)state;
	assert_good("or: [{field: path, operator: equals, value: /x}]");
	assert_good("not: {field: path, operator: equals, value: /x}");
	assert_good("not: [{field: path, operator: equals, value: /x}]");
	assert_good("and: [{or: [{not: {field: role, operator: equals, "
		    "value: x}}]}]");
	assert_bad("or: {field: path, operator: equals, value: /x}",
		"or must be a list");
	assert_bad("or: text", "or must be a list");
	assert_bad("not: text", "a condition must be a map");
	assert_bad("{or: [{field: role, operator: equals, value: x}], "
		   "field: path}",
		"stand alone");
	assert_bad("{or: [{field: role, operator: equals, value: x}], "
		   "and: []}",
		"stand alone");
	assert_bad("xor: []", "did you mean \"or\"?");
	assert_bad("[]", "a condition must be a map");
}

/* As deep as trees may be, which the tree itself guards. */
static void
test_deep_groups(void **state)
{
	char text[1024] = "";
	struct fixture f;
	(void)state;
	for (int i = 0; i < 13; i++)
		strcat(text, "{or: [");
	strcat(text, "{field: role, operator: equals, value: x}");
	for (int i = 0; i < 13; i++)
		strcat(text, "]}");
	assert_good(text);
	memmove(text + 6, text, strlen(text) + 1);
	memcpy(text, "{or: [", 6);
	strcat(text, "]}");
	fixture_init(&f, with_condition(text), no_env);
	assert_tells(&f, "nested deeper than 32 levels");
	fixture_fini(&f);
}

/* --- fields and operators ------------------------------------------------------------ */

static void
test_fields(void **state)
{
	(void)state;
	assert_good("{field: header.X-a_1!, operator: exists}");
	assert_good("{field: query.a b, operator: exists}");
	assert_good("{field: body.a, operator: exists}");
	assert_good("{field: 'body.a.0.*.b\\.c', operator: exists}");
	assert_good("{field: peer.uid, operator: equals, value: 0}");
	assert_good("{field: listener, operator: equals, value: x}");
	assert_bad("{field: paht, operator: equals, value: /}",
		"did you mean \"path\"?");
	assert_bad("{field: Path, operator: equals, value: /}",
		"did you mean \"path\"?");
	assert_bad("{field: querry.x, operator: exists}",
		"did you mean \"query.x\"?");
	assert_bad("{field: bodyx, operator: exists}", "unknown field");
	assert_bad("{field: path.x, operator: exists}", "unknown field");
	assert_bad("{field: peer, operator: exists}", "unknown field");
	assert_bad("{field: header, operator: exists}",
		"header needs a name: header.<name>");
	assert_bad("{field: header., operator: exists}", "header needs a name");
	assert_bad("{field: header.a b, operator: exists}",
		"cannot be the name of a header");
	assert_bad("{field: \"header.a\\0\", operator: exists}",
		"cannot be the name of a header");
	assert_bad("{field: body..a, operator: exists}", "single dots");
	assert_bad("{field: body.a., operator: exists}", "single dots");
	assert_bad("{field: docker.image, operator: exists}",
		"did you mean \"docker.images\"?");
	assert_bad(
		"{field: docker.images.x, operator: exists}", "unknown field");
	assert_bad("{field: [path], operator: exists}", "must be a word");
	assert_bad("{operator: exists}", "a condition needs a field");
	assert_bad("{field: role}", "a condition needs an operator");
	assert_bad("{field: role, value: x, op: equals}",
		"unknown key \"op\" in a condition");
}

static void
test_operators(void **state)
{
	(void)state;
	assert_good("{field: role, operator: not_equals, value: x}");
	assert_good("{field: role, operator: not_in, value: [x]}");
	assert_bad("{field: role, operator: equal, value: x}",
		"did you mean \"equals\"?");
	assert_bad("{field: role, operator: not_equal, value: x}",
		"did you mean \"not_equals\"?");
	assert_bad("{field: role, operator: not_not_equals, value: x}",
		"unknown operator");
	assert_bad("{field: role, operator: under, value: /x}",
		"operator \"under\" does not go with role");
	assert_bad("{field: path, operator: only_in, value: [/x]}",
		"operator \"only_in\" does not go with path");
	assert_bad("{field: query.q, operator: only_in, value: x}",
		"only_in takes a list");
	assert_bad("{field: query.q, operator: not_only_inn, value: [x]}",
		"did you mean \"not_only_in\"?");
	assert_bad("{field: role, operator: exists}", "does not go with role");
	assert_bad("{field: path, operator: greater_than, value: 1}",
		"path takes equals, contains, starts_with, ends_with, "
		"matches, in,");
	assert_bad("{field: role, operator: equals}", "equals needs a value");
	assert_bad("{field: role, operator: not_in}", "not_in needs a value");
	assert_bad("{field: body.a, operator: exists, value: false}",
		"exists takes no value");
	assert_bad("{field: body.a, operator: not_exists, value: 'true'}",
		"exists takes no value");
	assert_bad("{field: role, operator: in, value: x}", "in takes a list");
	assert_bad("{field: role, operator: equals, value: [x]}",
		"use in for a list");
	assert_bad("{field: role, operator: equals, value: {}}",
		"must be a single value");
	assert_bad("{field: role, operator: in, value: [[x]]}",
		"must be a single value");
}

/* Each operator with each field: taken exactly when the table says so. */
static void
test_each_operator_on_each_field(void **state)
{
	char text[256];
	(void)state;
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		for (unsigned j = 0; j < OP_COUNT; j++) {
			enum operand operand = operator_info[j].operand;
			const char *value = "1";
			if (field_info[i].kind == KIND_ADDR &&
				operand != OPERAND_NUMBER)
				value = "10.0.0.1";
			if (field_info[i].kind == KIND_TIME)
				value = "Sat";
			if (i == FIELD_METHOD)
				value = "get";
			if (i == FIELD_PATH || operand == OPERAND_PATHS)
				value = "/";
			if (i == FIELD_DOCKER_HOST_PATHS &&
				operand != OPERAND_NUMBER)
				value = "/a";
			if (i == FIELD_DOCKER_IMAGES &&
				operand != OPERAND_NUMBER)
				value = "localhost/a:1";
			if (i == FIELD_DOCKER_SECURITY &&
				operand != OPERAND_NUMBER)
				value = "a=b";
			if (i == FIELD_DOCKER_HOST_PATHS && j == OP_STARTS_WITH)
				continue; /* taken, with a warning */
			const char *open = operand == OPERAND_LIST ? "[" : "";
			const char *end = operand == OPERAND_LIST ? "]" : "";
			bool none = operand == OPERAND_NONE;
			bool named = field_info[i].flags & FIELD_NAMED;
			snprintf(text, sizeof(text),
				"{field: %s%s, operator: %s%s%s%s%s}",
				field_info[i].name, named ? ".x" : "",
				operator_info[j].name,
				none ? "" : ", value: ", open,
				none ? "" : value, end);
			if (operator_applies(
				    (enum operator_id)j, (enum field)i))
				assert_good(text);
			else
				assert_bad(text, "does not go with");
		}
	}
}

/* The text of the first value of a condition that compiles. */
static void
assert_value(const char *condition, const char *want)
{
	struct fixture f;

	fixture_init(&f, with_condition(condition), no_env);
	if (!f.policy)
		print_error("%s", f.told);
	assert_non_null(f.policy);
	const struct program *p = &f.policy->program;
	struct str got = program_text(p, p->values[p->tests[0].value].text);
	if (!str_eq(got, str_of(want)))
		fail_msg("%s: %.*s", condition, STR_FMT(got));
	fixture_fini(&f);
}

/* Values of docker.* fields have one form, and paths are clean. */
static void
test_docker_values(void **state)
{
	(void)state;
	assert_value("{field: docker.host_paths, operator: not_only_under, "
		     "value: [/srv//app/]}",
		"/srv/app");
	assert_value("{field: docker.host_paths, operator: under, value: "
		     "'/etc:ro'}",
		"/etc:ro");
	assert_value("{field: path, operator: under, value: /}", "/");
	assert_bad("{field: docker.host_paths, operator: under, value: srv}",
		"write \"/srv\"");
	assert_bad("{field: path, operator: under, value: /a/../b}",
		"write \"/b\"");
	assert_bad("{field: path, operator: under, value: /a/.}",
		"this must be an absolute path");
	assert_bad("{field: path, operator: under, value: ''}",
		"this must be an absolute path");
	assert_value("{field: docker.images, operator: in, value: [alpine]}",
		"docker.io/library/alpine:latest");
	assert_bad("{field: docker.images, operator: in, value: [Alpine]}",
		"no value of docker.images is like this");
	assert_value("{field: docker.capabilities, operator: equals, value: "
		     "cap_sys_admin}",
		"SYS_ADMIN");
	assert_value("{field: docker.user, operator: not_only_in, value: [0]}",
		"root");
	assert_value("{field: docker.security, operator: equals, value: "
		     "'seccomp:unconfined'}",
		"seccomp=unconfined");
	assert_value(
		"{field: docker.host_paths, operator: in, value: [/a/]}", "/a");
	assert_value(
		"{field: docker.env, operator: in, value: [cap_x]}", "cap_x");
	/* Parts of values are as they are written. */
	assert_value("{field: docker.capabilities, operator: starts_with, "
		     "value: cap_}",
		"cap_");
}

static void
assert_warns(const char *rule, const char *what)
{
	char text[512];
	struct fixture f;

	snprintf(text, sizeof(text), "auth: {type: none}\nrules:\n%s", rule);
	fixture_init(&f, text, no_env);
	assert_non_null(f.policy);
	if (what)
		assert_tells(&f, what);
	else if (f.told[0] != '\0')
		fail_msg("told: %s", f.told);
	fixture_fini(&f);
}

/* An allow list of values is one of calls only together with a path. */
static void
test_docker_warnings(void **state)
{
#define ALLOW(conditions) \
	"- {name: a, action: allow, conditions: [" conditions "]}\n"
#define ONLY "{field: docker.images, operator: only_in, value: ['a.b/c:1']}"
	static const char *const silent[] = {
		ALLOW(ONLY ", {field: path, operator: equals, value: /x}"),
		ALLOW("{field: docker.images, operator: exists}, " ONLY),
		ALLOW(ONLY
			", {and: [{field: path, operator: in, value: [/]}]}"),
		ALLOW("{field: docker.images, operator: not_only_in, value: "
		      "['a.b/c:1']}"),
		"- {name: d, action: deny, conditions: [" ONLY "]}\n",
	};
	static const char *const loud[] = {
		ALLOW(ONLY),
		ALLOW(ONLY ", {field: role, operator: equals, value: ci}"),
		ALLOW(ONLY ", {or: [{field: path, operator: equals, value: /}, "
			   "{field: role, operator: equals, value: ci}]}"),
		ALLOW(ONLY ", {not: [{field: path, operator: equals, value: "
			   "/}]}"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(silent) / sizeof(*silent); i++)
		assert_warns(silent[i], NULL);
	for (size_t i = 0; i < sizeof(loud) / sizeof(*loud); i++)
		assert_warns(loud[i], "this allows every other call");
	assert_warns("- {name: d, action: deny, conditions: [{field: "
		     "docker.images, operator: starts_with, value: alpine}]}\n",
		"each starts with its registry");
	assert_warns("- {name: d, action: deny, conditions: [{field: "
		     "docker.host_paths, operator: starts_with, value: /a}]}\n",
		"use under");
}

/* --- values ------------------------------------------------------------------------------ */

/* The kind that the value of a body field gets. */
static enum value_kind
kind_of(const char *value)
{
	char text[256];
	struct fixture f;
	snprintf(text, sizeof(text),
		"{field: body.a, operator: equals, value: %s}", value);
	fixture_init(&f, with_condition(text), no_env);
	if (!f.policy)
		print_error("%s", f.told);
	assert_non_null(f.policy);
	assert_int_equal(f.policy->program.nvalues, 1);
	enum value_kind kind = f.policy->program.values[0].kind;
	fixture_fini(&f);
	return kind;
}

static void
test_typed_values(void **state)
{
	static const char *const doubtful[] = {"yes", "No", "ON", "off"};
	static const char *const odd[] = {"0x10", "0o17", "010", "+5", ".5",
		"5.", "-.5e3", ".inf", "-.INF", ".NaN", "+1e3"};
	char text[128];
	(void)state;
	assert_int_equal(kind_of("true"), VALUE_TRUE);
	assert_int_equal(kind_of("True"), VALUE_TRUE);
	assert_int_equal(kind_of("FALSE"), VALUE_FALSE);
	assert_int_equal(kind_of("'true'"), VALUE_STRING);
	assert_int_equal(kind_of("\"1\""), VALUE_STRING);
	assert_int_equal(kind_of("1"), VALUE_NUMBER);
	assert_int_equal(kind_of("-1.5e-3"), VALUE_NUMBER);
	assert_int_equal(kind_of("18446744073709551616"), VALUE_NUMBER);
	assert_int_equal(kind_of("1_000"), VALUE_STRING);
	assert_int_equal(kind_of("12ab"), VALUE_STRING);
	assert_int_equal(kind_of("1.2.3"), VALUE_STRING);
	assert_int_equal(kind_of("'yes'"), VALUE_STRING);
	assert_int_equal(kind_of("'0x10'"), VALUE_STRING);
	assert_int_equal(kind_of("tRUE"), VALUE_STRING);
	assert_int_equal(kind_of("0xfg"), VALUE_STRING);
	assert_int_equal(kind_of("-x"), VALUE_STRING);
	for (size_t i = 0; i < sizeof(doubtful) / sizeof(*doubtful); i++) {
		snprintf(text, sizeof(text),
			"{field: body.a, operator: equals, value: %s}",
			doubtful[i]);
		assert_bad(text, "write true or false, or quote");
	}
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		snprintf(text, sizeof(text),
			"{field: body.a, operator: in, value: [%s]}", odd[i]);
		assert_bad(text, "write a plain decimal number, or quote");
	}
	assert_bad("{field: body.a, operator: equals, value: null}",
		"use not_exists");
	assert_bad("{field: body.a, operator: in, value: [1, ~]}",
		"null cannot be compared with");
	assert_bad("{field: path, operator: equals, value: }",
		"null cannot be compared with");
	assert_bad("{field: body.a, operator: less_than, value: many}",
		"must be a decimal number");
	assert_bad("{field: peer.uid, operator: equals, value: root}",
		"must be a decimal number");
	assert_good("{field: query.a, operator: equals, value: yes}");
}

static void
test_methods(void **state)
{
	(void)state;
	assert_good("{field: method, operator: in, value: [get, Post, PUT]}");
	assert_good("{field: method, operator: starts_with, value: P}");
	assert_good("{field: method, operator: matches, value: '^(get|x)'}");
	assert_bad("{field: method, operator: equals, value: GTE}",
		"did you mean \"GET\"?");
	assert_bad("{field: method, operator: in, value: [GET, FOO]}",
		"\"FOO\" is no method");
}

static void
test_addresses(void **state)
{
	(void)state;
	assert_good("{field: client_ip, operator: in, value: [10.0.0.0/8, "
		    "192.0.2.1, 'fd00::/8', '::1', '::ffff:10.0.0.1']}");
	assert_good("{field: client_ip, operator: equals, value: '::1'}");
	assert_good("{field: client_ip, operator: starts_with, value: 10.}");
	assert_bad("{field: client_ip, operator: equals, value: 10.0.0.0/8}",
		"use in for a network");
	assert_bad("{field: client_ip, operator: in, value: [10.0.0.1/8]}",
		"the network is 10.0.0.0/8");
	assert_bad("{field: client_ip, operator: in, value: ['fd00::1/8']}",
		"the network is fd00::/8");
	assert_bad("{field: client_ip, operator: in, value: [10.0.0.0/33]}",
		"must be an address or a network");
	assert_bad("{field: client_ip, operator: in, value: [localhost]}",
		"must be an address or a network");
}

static void
assert_place(const char *text, uint32_t line, uint32_t col)
{
	struct fixture f;
	fixture_init(&f, text, no_env);
	assert_int_equal(f.diag.errors, 1);
	if (f.diag.entries[0].pos.line != line ||
		f.diag.entries[0].pos.col != col) {
		print_error("%s", f.told);
		fail();
	}
	fixture_fini(&f);
}

/* The caret stands inside the pattern where the source shows it as it is. */
static void
test_patterns(void **state)
{
	(void)state;
	assert_good("{field: path, operator: matches, value: '^/a(b)$'}");
	assert_bad("{field: path, operator: matches, value: 'a(b'}",
		"bad regular expression at byte 3: missing closing");
	assert_bad("{field: path, operator: matches, value: 'a\\C'}",
		"bad regular expression");
	assert_place(with_condition("{field: path, operator: matches, value: "
				    "'é(b'"
				    "}"),
		6, 49);
	assert_place(with_condition("{field: path, operator: matches, value: "
				    "é(b"
				    "}"),
		6, 48);
	assert_place(with_condition("{field: path, operator: matches, value: "
				    "\"\\x41(b\""
				    "}"),
		6, 45);
	/* The same bad pattern twice is told twice. */
	struct fixture f;
	fixture_init(&f,
		with_condition("or: [{field: path, operator: matches, value: "
			       "'('}, {field: path, operator: matches, "
			       "value: '('}]"),
		no_env);
	assert_int_equal(f.diag.errors, 2);
	fixture_fini(&f);
}

static void
test_ignore_case(void **state)
{
	(void)state;
	assert_good("{field: path, operator: equals, value: /x, "
		    "ignore_case: true}");
	assert_good("{field: body.a, operator: in, value: [x], "
		    "ignore_case: true}");
	assert_good("{field: body.a, operator: exists, ignore_case: false}");
	assert_bad("{field: body.a, operator: exists, ignore_case: true}",
		"ignore_case has no effect");
	assert_bad("{field: client_ip, operator: equals, value: 10.0.0.1, "
		   "ignore_case: true}",
		"ignore_case has no effect");
	assert_bad("{field: path, operator: equals, value: /x, "
		   "ignore_case: yes}",
		"ignore_case must be true or false");
}

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		uint8_t days;
		uint16_t from, to;
	} good[] = {
		{"Mon-Fri 08:00-18:00", 0x3e, 480, 1080},
		{"Sat", 0x40, 0, 1440},
		{"sun", 0x01, 0, 1440},
		{"Fri-Mon 00:00-24:00", 0x63, 0, 1440},
		{"22:00-06:00", 0x7f, 1320, 360},
		{"Sat-Sat  23:59-00:00", 0x40, 1439, 0},
	};
	static const char *const bad[] = {"", "Monday", "Mon-", "Mon Tue",
		"Mon-Fri08:00-18:00", "8:00-18:00", "08:00", "08:00-",
		"08:00-08:00", "24:00-08:00", "08:60-09:00", "25:00-26:00",
		"08:00-18:00 Mon", "-1:00-02:00", "Mon 08:00-24:01"};
	char text[128];
	struct fixture f;
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(text, sizeof(text),
			"{field: time, operator: in, value: ['%s']}",
			good[i].text);
		fixture_init(&f, with_condition(text), no_env);
		assert_non_null(f.policy);
		const struct program_value *v = f.policy->program.values;
		assert_int_equal(v->days, good[i].days);
		assert_int_equal(v->from, good[i].from);
		assert_int_equal(v->to, good[i].to);
		fixture_fini(&f);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text),
			"{field: time, operator: in, value: ['%s']}", bad[i]);
		assert_bad(text, "a time is written");
	}
}

/* --- all at once ---------------------------------------------------------------------------- */

static void
test_all_errors_are_told(void **state)
{
	struct fixture f;
	(void)state;
	fixture_init(&f,
		"auth: {type: nnoe}\n"
		"global: {port: x}\n"
		"rules:\n"
		"- {name: a, action: dney, conditions: [{field: x, operator: "
		"y}, {field: path, operator: matches, value: '('}]}\n"
		"- {name: a, action: deny, status: 1}\n"
		"tests: [{request: /x, expect: maybe, colour: 1}]\n",
		no_env);
	assert_int_equal(f.diag.errors, 11);
	fixture_fini(&f);
}

static void
test_tests(void **state)
{
	(void)state;
	assert_silent("auth: {type: none}\n"
		      "tests:\n"
		      "- request: POST /v1.43/containers/create\n"
		      "  role: r\n  identity: i\n  ip: 10.0.0.1\n"
		      "  headers: {X-A: b}\n  body: {a: [1, null]}\n"
		      "  expect: 403\n  rule: r\n"
		      "- {request: GET /, expect: allow, listener: l,\n"
		      "   peer: {uid: 1, gid: 2}, time: sat 23:59}\n");
	assert_one_error(
		"auth: {type: none}\n"
		"tests: [{request: GET /, expect: deny, time: Sat 24:00}]",
		"time must be a day and a time of the day");
	assert_one_error("auth: {type: none}\n"
			 "tests: [{request: GET /, expect: deny, peer: 7}]",
		"the peer of a test must be a map");
	assert_one_error("auth: {type: none}\ntests: {}", "must be a list");
	assert_one_error("auth: {type: none}\ntests: [{expect: deny}]",
		"a test needs a request");
	assert_one_error("auth: {type: none}\ntests: [{request: GET /}]",
		"must say what to expect");
	assert_one_error(
		"auth: {type: none}\ntests: [{request: G /, expect: deny}]",
		"request must be a method and a path");
	assert_one_error("auth: {type: none}\n"
			 "tests: [{request: GET x, expect: deny}]",
		"request must be a method and a path");
	assert_one_error("auth: {type: none}\n"
			 "tests: [{request: GET /, expect: deny, ip: x}]",
		"ip must be an IP address");
	assert_one_error("auth: {type: none}\n"
			 "tests: [{request: GET /, expect: 99}]",
		"expect must be");
	assert_one_error("auth: {type: none}\n"
			 "tests: [{request: GET /, expect: 403, headers: []}]",
		"headers must be a map");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_bad_rules),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_deep_groups),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_each_operator_on_each_field),
		cmocka_unit_test(test_docker_values),
		cmocka_unit_test(test_docker_warnings),
		cmocka_unit_test(test_typed_values),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_ignore_case),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_all_errors_are_told),
		cmocka_unit_test(test_tests),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
