/* Includes: order, kinds, names, places, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/ready.h"
#include "tests/unit/policy_fixture.h"

#include <errno.h>

/* The files that there are, by the name that they are opened by. */
struct file {
	const char *path, *text;
};

static const char GUARD[] = "kind: guard\n"
			    "rules:\n"
			    "- name: no-kill\n"
			    "  conditions: [{field: path, operator: ends_with, "
			    "value: /kill}]\n"
			    "  action: deny\n";
static const char ALL[] = "rules: [{name: all, action: allow}]\n";

static const struct file files[] = {
	{"conf/guard", GUARD},
	{"conf/all", ALL},
	{"/etc/all", ALL},
	{"conf/sub/both", "include: [../all, guard]\n"},
	{"conf/sub/../all", ALL},
	{"conf/sub/guard", GUARD},
	{"conf/first", "rules:\n"
		       "- {name: a, action: allow, priority: 1, conditions: "
		       "[{field: path, operator: equals, value: /a}]}\n"
		       "- {name: b, action: allow, priority: 9, conditions: "
		       "[{field: path, operator: equals, value: /b}]}\n"},
	{"conf/self", "include: [./self]\n"},
	{"conf/one", "include: [two]\n"},
	{"conf/two", "include: [one]\n"},
	{"conf/loose-guard", "kind: guard\ninclude: [all]\n"},
	{"conf/guard-that-allows",
		"kind: guard\nrules: [{name: x, action: allow}]\n"},
	{"conf/policy-that-denies",
		"kind: policy\nrules: [{name: x, action: deny}]\n"},
	{"conf/empty", ""},
	{"conf/cut-off", "kind: guard\nrules:\n"},
	{"conf/no-rules", "kind: guard\nrules: []\n"},
	{"conf/broken", "rules: [\n"},
	{"conf/wrong", "kind: guard\n\nrules: [{name: x, action: denny}]\n"},
	{"conf/settings", "global: {default: allow}\nauth: {type: none}\n"
			  "toggles: env\n"
			  "rules: [{name: y, action: allow}]\n"},
};

static bool
read_include(void *ctx, const char *path, struct arena *a, struct str *out)
{
	size_t *nread = ctx;
	(*nread)++;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		if (strcmp(files[i].path, path) == 0) {
			*out = arena_str(a, str_of(files[i].text));
			return true;
		}
	errno = ENOENT;
	return false;
}

static size_t
compile(struct fixture *f, const char *text, const char *const *policies)
{
	size_t nread = 0;
	struct policy_input in = {
		.file = text ? "conf/p.conf" : NULL,
		.text = str_of(text ? text : ""),
		.policies = policies,
		.envp = no_env,
		.read_include = read_include,
		.read_file_ctx = &nread,
	};
	fixture_compile(f, &in);
	return nread;
}

/* The rules in the order of evaluation, as "file:name file:name". */
static void
assert_order_(const char *text, const char *want, const char *file, int line)
{
	struct fixture f;
	char got[512] = "";
	compile(&f, text, NULL);
	if (!f.policy) {
		print_error("%s\n", f.told);
		_fail(file, line);
	}
	const struct program *p = &f.policy->program;
	for (uint32_t i = 0; i < p->nrules; i++) {
		struct str name = program_text(p, p->rules[i].name);
		struct str from = program_text(p, p->rules[i].file);
		size_t n = strlen(got);
		snprintf(got + n, sizeof(got) - n, "%s%.*s:%.*s", n ? " " : "",
			STR_FMT(from), STR_FMT(name));
	}
	if (strcmp(got, want) != 0) {
		print_error("want %s\ngot  %s\n", want, got);
		_fail(file, line);
	}
	fixture_fini(&f);
}

#define assert_order(text, want) assert_order_(text, want, __FILE__, __LINE__)

static void
test_order(void **state)
{
	(void)state;
	/* Guards, own rules, policies: wherever they are named. */
	assert_order("rules: [{name: own, action: deny}]\n"
		     "include: [all, guard]\n",
		"conf/guard:no-kill conf/p.conf:own conf/all:all");
	/* Files as they are named, priorities within one. */
	assert_order("include: [first, /etc/all]\n"
		     "rules: [{name: own, action: deny, priority: -5, "
		     "conditions: [{field: path, operator: equals, "
		     "value: /x}]}]\n",
		"conf/p.conf:own conf/first:b conf/first:a /etc/all:all");
	/* What an included file includes; beside that file. */
	assert_order("include: [sub/both]\n",
		"conf/sub/guard:no-kill conf/sub/../all:all");
	assert_order("include: []\n", "");
}

static void
test_each_file_once(void **state)
{
	struct fixture f;
	(void)state;
	assert_int_equal(
		compile(&f, "include: [all, ./all, guard, all]\n", NULL), 2);
	assert_int_equal(f.policy->program.nrules, 2);
	fixture_fini(&f);
}

static void
test_a_guard_wins(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"include: [all, guard]\n"
		"rules: [{name: own, action: allow, priority: 999}]\n",
		NULL);
	assert_false(ask(&f, (struct request){.method = METHOD_POST,
				     .path = "/containers/web/kill"})
			     .allow);
	assert_true(ask(&f, (struct request){.method = METHOD_POST,
				    .path = "/containers/web/stop"})
			    .allow);
	fixture_fini(&f);
}

/* A file of rules alone allows by default, as the Rust docker-proxy's do; what
 * includes is ours. */
static void
test_the_default(void **state)
{
	static const struct {
		const char *text;
		bool allow;
	} cases[] = {
		{"rules: []\n", true},
		{"include: []\n", true},
		{"include: [first]\n", false},
		{"include: [guard]\n", false},
		{"include: [guard]\nglobal: {default: allow}\n", true},
		{"kind: policy\nrules: []\n", false},
		{"kind: guard\nrules: []\n", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct fixture f;
		compile(&f, cases[i].text, NULL);
		assert_non_null(f.policy);
		assert_int_equal(
			f.policy->settings.default_allow, cases[i].allow);
		fixture_fini(&f);
	}
}

/* The text gives one error, which says so, and where. */
static void
assert_refused_(const char *text, const char *what, const char *file, int line)
{
	struct fixture f;
	compile(&f, text, NULL);
	assert_tells_(&f, what, file, line);
	if (f.diag.errors != 1) {
		print_error("%zu errors:\n%s\n", f.diag.errors, f.told);
		_fail(file, line);
	}
	fixture_fini(&f);
}

#define assert_refused(text, what) \
	assert_refused_(text, what, __FILE__, __LINE__)

static void
test_refused(void **state)
{
	(void)state;
	assert_refused("include:\n", "p.conf:1:1: error: include has no value");
	assert_refused("include: all\n", "include must be a list");
	assert_refused("include: [none]\n",
		"p.conf:1:11: error: cannot read conf/none: No such file");
	assert_refused("include: [policy:trafik]\n",
		"there is no ready policy \"trafik\"\n"
		"  1 | include: [policy:trafik]\n"
		"    |           ^~~~~~~~~~~~~\n"
		"    = help: did you mean \"traefik\"?");
	assert_refused("include: [empty]\n",
		"p.conf:1:11: error: conf/empty has no rules");
	assert_refused("include: [all, cut-off]\n",
		"p.conf:1:16: error: conf/cut-off has no rules");
	assert_order("include: [all, no-rules]\n", "conf/all:all");
	assert_refused("include: [self]\n",
		"conf/self:1:11: error: conf/self includes itself\n");
	assert_refused("include: [one]\n",
		"conf/two:1:11: error: conf/one includes itself\n");
	assert_refused("include: [../conf/p.conf]\n", "cannot read");
	assert_refused("include: [p.conf]\n", "conf/p.conf includes itself");
	assert_refused("include: [loose-guard]\n",
		"conf/loose-guard:2:11: error: a "
		"guard can include guards only");
	assert_refused("include: [guard-that-allows]\n",
		"conf/guard-that-allows:2:27: error: a guard allows nothing");
	assert_refused("include: [policy-that-denies]\n",
		"conf/policy-that-denies:2:27: error: a policy only allows");
	assert_refused("include: [wrong]\n",
		"conf/wrong:3:27: error: action must be deny, allow, "
		"require_role, rate_limit or response_filter\n"
		"  3 | rules: [{name: x, action: denny}]\n");
	assert_refused("include: [broken]\n", "conf/broken:");
	assert_refused("include: [all]\nrules: [{name: all, action: deny}]\n",
		"conf/all:1:16: error: the rule in conf/p.conf:2 has the same");
	assert_refused("include: ['${NONE}']\n", "NONE");
}

static void
test_settings_of_an_included_file(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f, "include: [settings]\n", NULL);
	assert_int_equal(f.diag.errors, 3);
	assert_tells(&f, "conf/settings:1:1: error: \"global\" is for the "
			 "configuration itself");
	assert_tells(&f, "conf/settings:3:1: error: \"toggles\" is for");
	fixture_fini(&f);
}

/* Of one file a chain that is too long for us. */
static bool
read_another(void *ctx, const char *path, struct arena *a, struct str *out)
{
	(void)ctx;
	*out = arena_fmt(a, "include: [x%s]\n", path);
	return true;
}

static void
test_too_many(void **state)
{
	struct fixture f;
	struct policy_input in = {
		.file = "x",
		.text = STR("include: [y]\n"),
		.envp = no_env,
		.read_include = read_another,
	};
	(void)state;
	fixture_compile(&f, &in);
	assert_int_equal(f.diag.errors, 1);
	assert_tells(&f, "error: more than 32 files");
	fixture_fini(&f);
}

static void
test_warnings(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f, "include: [guard]\nauth: {type: none}\n", NULL);
	assert_tells(&f, "nothing is allowed: a guard only refuses");
	fixture_fini(&f);
	compile(&f,
		"include: [all]\nauth: {type: none}\n"
		"global: {default: allow}\n",
		NULL);
	assert_tells(&f, "a policy that allows adds nothing");
	fixture_fini(&f);
}

static void
test_ready_policies_without_a_file(void **state)
{
	static const char *const names[] = {"traefik", "no-host-escape", NULL};
	struct fixture f;
	(void)state;
	compile(&f, NULL, names);
	assert_string_equal(f.told, "");
	assert_false(f.policy->settings.default_allow);
	assert_int_equal(f.policy->toggles.nstates, 0);
	assert_true(ask(&f, (struct request){.method = METHOD_GET,
				    .path = "/v1.43/containers/json"})
			    .allow);
	assert_false(ask(&f, (struct request){.method = METHOD_GET,
				     .path = "/v1.43/images/json"})
			     .allow);
	fixture_fini(&f);
}

/* Each alone: without an error or a warning; guards say that nothing is
 * allowed. */
static void
test_each_ready_policy(void **state)
{
	const char *before = "";
	(void)state;
	for (const struct ready_policy *p = ready_policies; p->name; p++) {
		const char *const names[] = {p->name, NULL};
		struct fixture f;
		compile(&f, NULL, names);
		if (!f.policy || f.diag.warnings != p->guard)
			fail_msg("%s: %s", p->name, f.told);
		fixture_fini(&f);
		assert_true(strcmp(before, p->name) < 0);
		before = p->name;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_each_file_once),
		cmocka_unit_test(test_a_guard_wins),
		cmocka_unit_test(test_the_default),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_settings_of_an_included_file),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_ready_policies_without_a_file),
		cmocka_unit_test(test_each_ready_policy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
