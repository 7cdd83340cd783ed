/* Lowering: what programs decide, what they share, what they ask for. Random
 * conditions are checked three ways: the program, a naive walk of the text
 * they came from, and the listing that was won back from the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/listing.h"
#include "tests/unit/policy_fixture.h"

static void
compile(struct fixture *f, const char *text)
{
	fixture_init(f, text, no_env);
	if (f->policy)
		return;
	print_error("%s", f->told);
	fail();
}

static struct answer
get(const struct fixture *f, const char *path)
{
	return ask(f, (struct request){.path = path});
}

/* --- order and actions ----------------------------------------------------------- */

static void
test_order(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"rules:\n"
		"- {name: last, action: deny, priority: -1}\n"
		"- {name: first of two, action: deny, status: 410, conditions:"
		" [{field: path, operator: starts_with, value: /a}]}\n"
		"- {name: second of two, action: allow, conditions:"
		" [{field: path, operator: starts_with, value: /a}]}\n"
		"- {name: high, action: allow, priority: 9, conditions:"
		" [{field: path, operator: equals, value: /a/b}]}\n"
		"- {name: other, action: allow, conditions:"
		" [{field: path, operator: equals, value: /c}]}\n");
	struct answer a = get(&f, "/a");
	assert_false(a.allow);
	assert_int_equal(a.status, 410);
	assert_string_equal(a.rule, "first of two");
	assert_string_equal(get(&f, "/a/b").rule, "high");
	assert_true(get(&f, "/a/b").allow);
	assert_string_equal(get(&f, "/c").rule, "other");
	assert_string_equal(get(&f, "/x").rule, "last");
	assert_int_equal(get(&f, "/x").status, 403);
	fixture_fini(&f);
}

static void
test_defaults(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f, "auth: {type: none}");
	assert_true(get(&f, "/x").allow);
	assert_string_equal(get(&f, "/x").rule, "");
	fixture_fini(&f);
	compile(&f, "{auth: {type: none}, global: {default: deny}}");
	assert_false(get(&f, "/x").allow);
	assert_string_equal(get(&f, "/x").rule, "");
	fixture_fini(&f);
}

/* A rule on trial changes nothing for those behind it. */
static void
test_dry_run(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"rules:\n"
		"- {name: trial, action: deny, dry_run: true}\n"
		"- {name: trial 2, action: deny, dry_run: true, conditions: "
		"[{field: path, operator: equals, value: /y}]}\n"
		"- {name: real, action: deny, conditions: [{field: path, "
		"operator: equals, value: /x}]}\n");
	assert_string_equal(get(&f, "/x").rule, "real");
	assert_int_equal(get(&f, "/x").ndry, 1);
	assert_true(get(&f, "/y").allow);
	assert_int_equal(get(&f, "/y").ndry, 2);
	fixture_fini(&f);
}

/* Toggles come behind every rule, whatever its priority, and end it all. */
static void
test_toggles_last(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"toggles: {CONTAINERS: 1}\n"
		"rules:\n"
		"- {name: low, action: deny, priority: -2147483648, conditions:"
		" [{field: path, operator: equals, value: /containers/json}]}\n"
		"- {name: open, action: allow, conditions:"
		" [{field: path, operator: equals, value: /secrets}]}\n");
	assert_string_equal(get(&f, "/containers/json").rule, "low");
	assert_true(get(&f, "/containers/x/json").allow);
	assert_true(get(&f, "/secrets").allow);
	assert_false(get(&f, "/configs").allow);
	const struct program *p = &f.policy->program;
	struct answer a = get(&f, "/configs");
	assert_string_not_equal(a.rule, "");
	assert_true(p->rules[p->nrules - 1].flags & RULE_TOGGLE);
	assert_int_equal(p->rules[p->nrules - 1].line, 0);
	fixture_fini(&f);
}

static void
test_constant_rules(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"rules:\n"
		"- {name: never, action: deny, conditions: [{or: []}]}\n"
		"- {name: never 2, action: deny, conditions: [{not: []}, "
		"{field: path, operator: equals, value: /x}]}\n"
		"- {name: folded, action: deny, conditions: [{and: []}, {or: "
		"[{and: []}, {field: path, operator: equals, value: /x}]}, "
		"{field: path, operator: equals, value: /y}]}\n"
		"- {name: never 3, action: allow, conditions: [{or: []}]}\n");
	const struct program *p = &f.policy->program;
	assert_true(get(&f, "/x").allow);
	assert_string_equal(get(&f, "/y").rule, "folded");
	/* One test, one denial, with a NEXT before and behind; the end; and a
	 * second pass of a NEXT and its end. */
	assert_int_equal(p->ninsns, 7);
	assert_int_equal(p->nslots, 1);
	assert_int_equal(p->slots[0], p->rules[2].entry);
	assert_int_equal(p->rules[3].entry, 4);
	fixture_fini(&f);
}

/* --- actions that go on ------------------------------------------------------------ */

static void
test_roles(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"rules:\n"
		"- {name: ops, action: require_role, role: ops, status: 404, "
		"conditions: [{field: path, operator: equals, value: /x}]}\n"
		"- {name: trial, action: require_role, dry_run: true}\n"
		"- {name: rest, action: deny, conditions: [{field: path, "
		"operator: equals, value: /y}]}\n");
	struct request q = {.path = "/x", .role = "ops"};
	struct answer a = ask(&f, q);
	assert_true(a.allow);
	assert_int_equal(a.ndry, 1);
	q.role = "admin";
	a = ask(&f, q);
	assert_true(a.allow);
	assert_int_equal(a.ndry, 0);
	q.role = "user";
	a = ask(&f, q);
	assert_false(a.allow);
	assert_string_equal(a.rule, "ops");
	assert_int_equal(a.status, 404);
	assert_int_equal(a.why, WHY_DENIED);
	/* Having a role allows nothing. */
	q = (struct request){.path = "/y", .role = "admin"};
	assert_string_equal(ask(&f, q).rule, "rest");
	fixture_fini(&f);
}

static void
test_limits(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"rules:\n"
		"- {name: trial, action: rate_limit, dry_run: true}\n"
		"- {name: slow, action: rate_limit, conditions: [{field: path,"
		" operator: equals, value: /x}]}\n"
		"- {name: rest, action: deny, conditions: [{field: path, "
		"operator: equals, value: /y}]}\n");
	struct request q = {.path = "/x"};
	struct answer a = ask(&f, q);
	assert_true(a.allow);
	assert_int_equal(a.tokens, 2);
	q.retry_after_ms = 1;
	a = ask(&f, q);
	assert_false(a.allow);
	assert_string_equal(a.rule, "slow");
	assert_int_equal(a.status, 429);
	assert_int_equal(a.why, WHY_RATE_LIMITED);
	assert_int_equal(a.ndry, 1);
	q.path = "/z";
	a = ask(&f, q);
	assert_true(a.allow);
	assert_int_equal(a.tokens, 1);
	assert_int_equal(a.ndry, 1);
	/* A token allows nothing. */
	q = (struct request){.path = "/y"};
	assert_string_equal(ask(&f, q).rule, "rest");
	fixture_fini(&f);
}

static const char filtering[] =
	"auth: {type: none}\n"
	"global: {default: deny}\n"
	"rules:\n"
	"- {name: open, action: allow, priority: 9, conditions: [{field: path,"
	" operator: in, value: [/x, /y]}]}\n"
	"- {name: y, action: response_filter, response_filter: [{field: a, "
	"action: remove}, {field: b, action: redact}], conditions: [{field: "
	"path, operator: equals, value: /y}]}\n"
	"- {name: trial, action: response_filter, dry_run: true, "
	"response_filter: [{field: c, action: remove}], conditions: [{field: "
	"body.t, operator: exists}]}\n"
	"- {name: shut, action: deny}\n"
	"- {name: body, action: response_filter, priority: -1, "
	"response_filter: [{field: a, action: remove}, {field: d, action: "
	"remove}], conditions: [{field: body.b, operator: exists}, {field: "
	"path, operator: equals, value: /y}]}\n";

/* Which filters fired, by their paths. */
static void
assert_filtered(
	const struct fixture *f, const struct answer *a, const char *want)
{
	const struct program *p = &f->policy->program;
	char got[64] = "";

	for (uint32_t i = 0; i < a->nfilters; i++) {
		const struct program_filter *r = &p->filters[a->filters[i]];
		struct str s = program_text(p, p->steps[r->step].raw);
		strncat(got, s.p, s.n);
	}
	assert_string_equal(got, want);
}

static void
test_filters(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f, filtering);
	/* An allow of a higher priority switches no filter off. */
	struct request q = {.path = "/y", .body = "{\"b\":1}"};
	struct answer a = ask(&f, q);
	assert_true(a.allow);
	assert_string_equal(a.rule, "open");
	assert_filtered(&f, &a, "abad");
	q.body = "{\"t\":1}";
	a = ask(&f, q);
	assert_filtered(&f, &a, "ab");
	/* The body is asked for only where a filter needs it: not by one on
	 * trial, and not for what is denied. */
	a = get(&f, "/x");
	assert_true(a.allow);
	assert_int_equal(a.nfilters, 0);
	assert_true(get(&f, "/y").wants_body);
	assert_string_equal(get(&f, "/z").rule, "shut");
	fixture_fini(&f);
}

/* Tests that both passes ask are one. */
static void
test_passes_share_tests(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"rules:\n"
		"- {name: a, action: allow, conditions: [{field: role, "
		"operator: matches, value: '^(a+)+$'}]}\n"
		"- {name: b, action: response_filter, response_filter: "
		"[{field: a, action: remove, match: '^(a+)+$'}], conditions: "
		"[{field: role, operator: matches, value: '^(a+)+$'}]}\n");
	assert_int_equal(f.policy->program.ntests, 1);
	assert_int_equal(f.policy->program.nvalues, 1);
	assert_int_equal(f.policy->program.filters[0].match, 0);
	/* In doubt nothing is allowed, and everything is filtered. */
	struct request q = {
		.path = "/", .role = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"};
	struct answer a = ask(&f, q);
	assert_int_equal(a.doubts, 1);
	assert_string_equal(a.rule, "");
	assert_int_equal(a.nfilters, 1);
	fixture_fini(&f);
}

/* --- sharing ------------------------------------------------------------------------ */

static void
test_equal_tests_are_one(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"rules:\n"
		"- {name: a, action: deny, conditions: [{field: path, operator:"
		" in, value: [/a, /b]}, {field: header.X, operator: exists}]}\n"
		"- {name: b, action: deny, conditions: [{field: path, operator:"
		" not_in, value: [/a, /b]}, {field: header.x, operator: "
		"not_exists}]}\n"
		"- {name: c, action: deny, conditions: [{field: path, operator:"
		" in, value: [/a, /b], ignore_case: true}]}\n"
		"- {name: d, action: deny, conditions: [{field: body.a.b, "
		"operator: equals, value: '1'}, {field: body.A.b, operator: "
		"equals, value: 1}]}\n");
	const struct program *p = &f.policy->program;
	assert_int_equal(p->ntests, 5);
	assert_int_equal(p->nvalues, 4);
	assert_int_equal(p->nsteps, 4);
	fixture_fini(&f);
}

/* A regex with case and the same without are two. */
static void
test_regexes_with_and_without_case(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"rules:\n"
		"- {name: a, action: deny, conditions: [{field: path, operator:"
		" matches, value: ^/A}]}\n"
		"- {name: b, action: deny, conditions: [{field: path, operator:"
		" matches, value: ^/A, ignore_case: true}]}\n"
		"- {name: c, action: deny, conditions: [{field: method, "
		"operator: matches, value: ^/A}]}\n"
		"- {name: d, action: deny, conditions: [{field: role, "
		"operator: matches, value: ^/A}]}\n");
	assert_int_equal(f.policy->program.nvalues, 2);
	assert_string_equal(get(&f, "/A").rule, "a");
	assert_string_equal(get(&f, "/a").rule, "b");
	fixture_fini(&f);
}

/* --- fields --------------------------------------------------------------------------- */

static void
test_fields(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"rules:\n"
		"- {name: method, action: deny, conditions: [{field: method, "
		"operator: equals, value: delete}]}\n"
		"- {name: header, action: deny, conditions: [{field: "
		"header.X-TEAM, operator: contains, value: OPS, "
		"ignore_case: true}]}\n"
		"- {name: net, action: deny, conditions: [{field: client_ip, "
		"operator: in, value: [10.0.0.0/8, '::1']}]}\n"
		"- {name: role, action: deny, conditions: [{field: role, "
		"operator: equals, value: guest}]}\n"
		"- {name: night, action: deny, conditions: [{field: time, "
		"operator: in, value: ['Fri 22:00-06:00']}]}\n"
		"- {name: query, action: deny, conditions: [{field: query.n, "
		"operator: greater_than, value: 10}]}\n");
	struct request q = {.path = "/x"};
	assert_true(ask(&f, q).allow);
	q.method = METHOD_DELETE;
	assert_string_equal(ask(&f, q).rule, "method");
	q = (struct request){
		.path = "/x", .header = "x-team", .value = "devops"};
	assert_string_equal(ask(&f, q).rule, "header");
	q = (struct request){.path = "/x", .ip = "10.9.8.7"};
	assert_string_equal(ask(&f, q).rule, "net");
	q.ip = "::1";
	assert_string_equal(ask(&f, q).rule, "net");
	q.ip = "192.0.2.1";
	assert_true(ask(&f, q).allow);
	q = (struct request){.path = "/x", .role = "guest"};
	assert_string_equal(ask(&f, q).rule, "role");
	q = (struct request){.path = "/x", .weekday = 5, .minute = 1400};
	assert_string_equal(ask(&f, q).rule, "night");
	q = (struct request){.path = "/x", .weekday = 6, .minute = 100};
	assert_string_equal(ask(&f, q).rule, "night");
	q.weekday = 5;
	assert_true(ask(&f, q).allow);
	q = (struct request){.path = "/x", .query = "n=11"};
	assert_string_equal(ask(&f, q).rule, "query");
	fixture_fini(&f);
}

/* Typed, without case in keys, `*`, indices, `\.`. */
static void
test_body(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"rules:\n"
		"- {name: bool, action: deny, conditions: [{field: "
		"body.HostConfig.Privileged, operator: equals, "
		"value: true}]}\n"
		"- {name: any, action: deny, conditions: [{field: body.L.*, "
		"operator: in, value: [1, x]}]}\n"
		"- {name: index, action: deny, conditions: [{field: body.L.1, "
		"operator: exists}]}\n"
		"- {name: dot, action: deny, conditions: [{field: "
		"'body.Labels.a\\.b', operator: exists}]}\n"
		"- {name: none, action: deny, conditions: [{field: body.M.*, "
		"operator: not_equals, value: 1}, {field: body.M, operator: "
		"exists}]}\n");
	static const struct {
		const char *body, *rule;
	} cases[] = {
		{"{\"HostConfig\":{\"Privileged\":true}}", "bool"},
		{"{\"hostconfig\":{\"PRIVILEGED\":true}}", "bool"},
		{"{\"HostConfig\":{\"Privileged\":\"true\"}}", ""},
		{"{\"L\":[2,\"x\"]}", "any"},
		{"{\"L\":[1.0]}", "any"},
		{"{\"L\":[\"1\"]}", ""},
		{"{\"L\":[0,0]}", "index"},
		{"{\"Labels\":{\"a.b\":\"\"}}", "dot"},
		{"{\"Labels\":{\"a\":{\"b\":1}}}", ""},
		{"{\"M\":[2,3]}", "none"},
		{"{\"M\":[2,1]}", ""},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct request q = {.path = "/x", .body = cases[i].body};
		assert_string_equal(ask(&f, q).rule, cases[i].rule);
	}
	fixture_fini(&f);
}

/* The body is asked for only where what is known without does not decide. */
static void
test_body_last(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f, "auth: {type: none}\n"
		    "rules:\n"
		    "- name: a\n"
		    "  action: deny\n"
		    "  conditions:\n"
		    "  - {field: body.a, operator: exists}\n"
		    "  - or:\n"
		    "    - {field: body.b, operator: exists}\n"
		    "    - {field: path, operator: equals, value: /b}\n"
		    "  - {field: path, operator: starts_with, value: /b}\n"
		    "- name: b\n"
		    "  action: deny\n"
		    "  conditions:\n"
		    "  - not:\n"
		    "    - {field: body.c, operator: exists}\n"
		    "    - {field: path, operator: not_equals, value: /c}\n"
		    "  - {field: role, operator: equals, value: x}\n");
	assert_true(f.policy->program.reads_body);
	struct answer a = get(&f, "/x");
	assert_true(a.allow && !a.wants_body);
	assert_true(get(&f, "/b").wants_body);
	struct request q = {.path = "/c", .role = "x"};
	a = ask(&f, q);
	assert_string_equal(a.rule, "b");
	assert_false(a.wants_body);
	q.path = "/x";
	assert_true(ask(&f, q).wants_body);
	q = (struct request){.path = "/b", .body = "{\"a\":1}"};
	assert_string_equal(ask(&f, q).rule, "a");
	q.path = "/bb";
	assert_true(ask(&f, q).allow);
	fixture_fini(&f);
}

/* --- doubts ------------------------------------------------------------------------------ */

#define EVIL "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"

/* A test that hits a limit pushes its rule towards a denial, whatever stands
 * between: the verdict on EVIL is always deny. */
static void
test_doubts(void **state)
{
	static const char *const forms[] = {
		"{field: path, operator: matches, value: '^/(a+)+$'}",
		"{field: path, operator: not_matches, value: '^/(a+)+$'}",
		"not: {field: path, operator: matches, value: '^/(a+)+$'}",
		"not: {field: path, operator: not_matches, value: "
		"'^/(a+)+$'}",
		"not: {not: {field: path, operator: matches, value: "
		"'^/(a+)+$'}}",
		"or: [{field: role, operator: equals, value: x}, {not: [{field:"
		" path, operator: not_matches, value: '^/(a+)+$'}]}]",
	};
	static const struct {
		const char *action, *otherwise;
	} kinds[] = {{"deny", "allow"}, {"allow", "deny"},
		{"require_role", "allow"}, {"rate_limit", "allow"}};
	char text[512];
	struct fixture f;
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		for (size_t j = 0; j < sizeof(kinds) / sizeof(*kinds); j++) {
			snprintf(text, sizeof(text),
				"auth: {type: none}\n"
				"global: {default: %s}\n"
				"rules:\n- name: r\n  action: %s\n"
				"  conditions:\n  - %s\n",
				kinds[j].otherwise, kinds[j].action, forms[i]);
			compile(&f, text);
			struct request q = {.path = EVIL, .retry_after_ms = 1};
			struct answer a = ask(&f, q);
			assert_int_equal(a.doubts, 1);
			assert_false(a.allow);
			fixture_fini(&f);
		}
	}
}

/* --- random conditions ------------------------------------------------------------------- */

#define VARIABLES 5
#define ROUNDS    400

static uint64_t seed = 88172645463325252u;

static unsigned
roll(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 32) % n);
}

/* A naive reading of conditions: kind, children; true variables as bits. */
struct naive {
	enum { LEAF, LEAF_NOT, AND, OR, NOT } kind;
	unsigned variable, n;
	struct naive *child[4];
};

static struct naive *
random_condition(unsigned depth, char *out, struct arena *a)
{
	struct naive *c = arena_alloc(a, sizeof(*c));
	assert_non_null(c);
	c->kind = depth == 0 || roll(3) == 0 ? roll(2) : 2 + roll(3);
	if (c->kind <= LEAF_NOT) {
		c->variable = roll(VARIABLES);
		sprintf(out + strlen(out),
			"{field: query.v%u, operator: %s, value: '1'}",
			c->variable, c->kind == LEAF ? "equals" : "not_equals");
		return c;
	}
	static const char *const words[] = {"and", "or", "not"};
	c->n = roll(5);
	if (c->n > 4)
		c->n = 4;
	sprintf(out + strlen(out), "{%s: [", words[c->kind - AND]);
	for (unsigned i = 0; i < c->n; i++) {
		strcat(out, i ? ", " : "");
		c->child[i] = random_condition(depth - 1, out, a);
	}
	strcat(out, "]}");
	return c;
}

static bool
holds(const struct naive *c, unsigned bits)
{
	bool all = true, any = false;
	if (c->kind <= LEAF_NOT)
		return ((bits >> c->variable) & 1) == (c->kind == LEAF);
	for (unsigned i = 0; i < c->n; i++) {
		bool one = holds(c->child[i], bits);
		all &= one;
		any |= one;
	}
	return c->kind == AND ? all : c->kind == OR ? any : !all;
}

/* The listing's lines from *at on that are indented by `indent`, as an AND
 * or an OR. */
static bool
listed_holds(char **at, int indent, bool is_and, unsigned bits)
{
	bool all = true, any = false;
	for (;;) {
		int n = (int)strspn(*at, " ");
		if (n < indent || !(*at)[n])
			return is_and ? all : any;
		char *line = *at + n;
		char *end = strchr(line, '\n');
		assert_non_null(end);
		*at = end + 1;
		bool one;
		unsigned v;
		if (sscanf(line, "query.v%u", &v) == 1) {
			bool negated = memmem(line, (size_t)(end - line),
					       "not_equals", 10) != NULL;
			one = ((bits >> v) & 1) != negated;
		} else if (strncmp(line, "always\n", 7) == 0) {
			one = true;
		} else if (strncmp(line, "never\n", 6) == 0) {
			one = false;
		} else {
			bool is_group_and = strncmp(line, "and:\n", 5) == 0;
			assert_true(
				is_group_and || strncmp(line, "or:\n", 4) == 0);
			one = listed_holds(at, indent + 2, is_group_and, bits);
		}
		all &= one;
		any |= one;
	}
}

static void
list(const struct program *p, char **text_out)
{
	size_t n;
	FILE *out = open_memstream(text_out, &n);
	assert_non_null(out);
	listing_rules(p, out);
	assert_int_equal(fclose(out), 0);
}

static void
check_random(struct arena *a)
{
	static char text[65536];
	struct fixture f;
	const char *action = roll(2) ? "deny" : "allow";
	sprintf(text,
		"auth: {type: none}\nglobal: {default: %s}\nrules:\n"
		"- name: r\n  action: %s\n  conditions:\n  - ",
		*action == 'd' ? "allow" : "deny", action);
	struct naive *c = random_condition(5, text, a);
	compile(&f, text);
	char *listing = NULL;
	list(&f.policy->program, &listing);
	char *conditions = strchr(listing, '\n') + 1;
	*strstr(conditions, "      default: ") = '\0';
	for (unsigned bits = 0; bits < 1u << VARIABLES; bits++) {
		char query[64];
		char *at = conditions;
		sprintf(query, "v0=%u&v1=%u&v2=%u&v3=%u&v4=%u", bits & 1,
			bits >> 1 & 1, bits >> 2 & 1, bits >> 3 & 1,
			bits >> 4 & 1);
		struct request q = {.path = "/", .query = query};
		bool fired = *ask(&f, q).rule != '\0';
		bool listed = listed_holds(&at, 6, true, bits);
		if (fired == holds(c, bits) && fired == listed)
			continue;
		print_error("%s\n%s\nfor %s\n", text, listing, query);
		fail();
	}
	free(listing);
	fixture_fini(&f);
}

static void
test_random_conditions(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct arena a;
		arena_init(&a, MIB(1));
		check_random(&a);
		arena_fini(&a);
	}
}

/* --- size ----------------------------------------------------------------------------------- */

/* Ten thousand rules: every one is there, and can be asked. */
static void
test_many_rules(void **state)
{
	enum { RULES = 10000 };
	struct fixture f;
	char *text = malloc(RULES * 160 + 64);
	size_t n = 0;
	(void)state;
	assert_non_null(text);
	n += (size_t)sprintf(text, "auth: {type: none}\nrules:\n");
	for (int i = 0; i < RULES; i++)
		n += (size_t)sprintf(text + n,
			"- {name: r%d, action: deny, conditions: [{field: "
			"path, operator: equals, value: /p%d}, {field: method, "
			"operator: in, value: [GET, HEAD]}]}\n",
			i, i);
	compile(&f, text);
	assert_int_equal(f.policy->program.nrules, RULES);
	assert_int_equal(f.policy->program.ntests, RULES + 1);
	assert_string_equal(get(&f, "/p0").rule, "r0");
	assert_string_equal(get(&f, "/p9999").rule, "r9999");
	assert_true(get(&f, "/p10000").allow);
	fixture_fini(&f);
	free(text);
}

/* A variable may make the file grow beyond what an image holds: an error, not
 * a crash. */
static void
test_too_large(void **state)
{
	enum { COPIES = 1000, BYTES = 100000 };
	char *env = malloc(BYTES + 3);
	char *text = malloc(COPIES * 32 + 256);
	const char *const envp[] = {env, NULL};
	struct fixture f;
	size_t n = 0;
	(void)state;
	assert_non_null(env);
	assert_non_null(text);
	memset(env, 'x', BYTES + 2);
	memcpy(env, "V=", 2);
	env[BYTES + 2] = '\0';
	n += (size_t)sprintf(text, "auth: {type: none}\nrules:\n"
				   "- name: a\n  action: deny\n  conditions:\n"
				   "  - {field: path, operator: in, value: [");
	for (int i = 0; i < COPIES; i++)
		n += (size_t)sprintf(text + n, "'/%d${V}',", i);
	sprintf(text + n, "]}\n");
	fixture_init(&f, text, envp);
	assert_int_equal(f.diag.errors, 1);
	assert_tells(&f, "the compiled policy is larger than 64 MiB");
	fixture_fini(&f);
	free(env);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_dry_run),
		cmocka_unit_test(test_toggles_last),
		cmocka_unit_test(test_constant_rules),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_passes_share_tests),
		cmocka_unit_test(test_equal_tests_are_one),
		cmocka_unit_test(test_regexes_with_and_without_case),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_body_last),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_random_conditions),
		cmocka_unit_test(test_many_rules),
		cmocka_unit_test(test_too_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
