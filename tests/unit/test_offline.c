/* Judging without a connection: each way out, and what is told of it. That it
 * is the running proxy's own is shown by tests/flow/test_explain_agrees.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/offline.h"
#include "tests/unit/policy_fixture.h"

#define OPEN  "auth: {type: none}\nglobal:\n  default: deny\n"
#define RULES "rules:\n"
#define READ \
	"- {name: read, action: allow, conditions: " \
	"[{field: method, operator: equals, value: GET}]}\n"

struct judged {
	struct fixture f;
	struct offline *o;
	struct arena arena;
	struct offline_verdict v;
};

static void
judged_init(struct judged *j, const char *text)
{
	fixture_init(&j->f, text, no_env);
	if (!j->f.policy)
		fail_msg("%s", j->f.told);
	j->o = offline_new(j->f.policy);
	assert_non_null(j->o);
	arena_init(&j->arena, MIB(8));
}

static void
judged_fini(struct judged *j)
{
	offline_free(j->o);
	arena_fini(&j->arena);
	fixture_fini(&j->f);
}

static void
judge_bytes(struct judged *j, const char *bytes)
{
	const struct offline_from from = {.weekday = 1, .minute = 600};

	j->v = offline_judge(j->o, &from, str_of(bytes), NULL);
}

/* body NULL: none. */
static void
judge_words(struct judged *j, const char *method, const char *target,
	const char *body)
{
	const struct offline_from from = {.weekday = 1, .minute = 600};
	const struct offline_request q = {
		.method = str_of(method),
		.target = str_of(target),
		.has_body = body != NULL,
		.body = str_of(body ? body : ""),
	};
	struct str bytes;

	assert_true(offline_bytes(&q, &j->arena, &bytes));
	j->v = offline_judge(j->o, &from, bytes, NULL);
}

static void
assert_refused(const struct judged *j, enum why why)
{
	assert_false(j->v.allow);
	assert_string_equal(why_name(j->v.why), why_name(why));
	assert_int_equal(j->v.status, why_status(why));
	assert_true(j->v.message.n > 0);
	assert_int_equal(j->v.rule, PROGRAM_NO_RULE);
}

static void
assert_rule(const struct judged *j, uint32_t rule, const char *name)
{
	const struct program *p = &j->f.policy->program;

	assert_true(rule < p->nrules);
	struct str s = program_text(p, p->rules[rule].name);
	assert_int_equal(s.n, strlen(name));
	assert_memory_equal(s.p, name, s.n);
}

static void
test_policy(void **state)
{
	struct judged j;

	(void)state;
	judged_init(&j, OPEN RULES READ
		"- {name: no-put, action: deny, status: 418, message: no, "
		"conditions: [{field: method, operator: equals, value: "
		"PUT}]}\n");
	judge_words(&j, "GET", "/v1.43/info?a=%20", NULL);
	assert_true(j.v.allow);
	assert_rule(&j, j.v.rule, "read");
	assert_non_null(offline_facts(j.o));
	judge_words(&j, "PUT", "/info", NULL);
	assert_false(j.v.allow);
	assert_int_equal(j.v.status, 418);
	assert_true(str_eq(j.v.message, STR("no")));
	assert_rule(&j, j.v.rule, "no-put");
	judge_words(&j, "POST", "/info", NULL);
	assert_refused(&j, WHY_DENIED);
	judged_fini(&j);
}

/* Before any rule. */
static void
test_refused_as_it_is(void **state)
{
	struct judged j;

	(void)state;
	judged_init(&j, OPEN "  min_api_version: '1.30'\n" RULES READ);
	judge_words(&j, "GET", "/a/../b", NULL);
	assert_refused(&j, WHY_TARGET_UNCLEAN);
	judge_words(&j, "GET", "/v1.29/info", NULL);
	assert_refused(&j, WHY_API_VERSION_OLD);
	judge_words(&j, "BREW", "/info", NULL);
	assert_refused(&j, WHY_METHOD);
	judge_words(&j, "POST", "/containers/x/start", "{}");
	assert_refused(&j, WHY_BODY_ON_START);
	judge_bytes(&j, "GET /info HTTP/1.1\nHost: a\r\n\r\n");
	assert_refused(&j, WHY_HEAD_LINE_END);
	judge_bytes(&j, "GET /info HTTP/1.1\r\n\r\n");
	assert_refused(&j, WHY_HOST_MISSING);
	judge_bytes(&j, "\x16\x03\x01");
	assert_refused(&j, WHY_TLS_UNEXPECTED);
	judge_bytes(&j, "GET /info HTTP/1.1\r\nHost: a\r\n");
	assert_refused(&j, WHY_HEAD_TIMEOUT);
	assert_true(j.v.is_cut);
	assert_null(offline_facts(j.o));
	judged_fini(&j);
}

#define CREATE \
	"- {name: no-privileged, action: deny, conditions: " \
	"[{field: docker.capabilities, operator: equals, value: " \
	"PRIVILEGED}]}\n" \
	"- {name: rest, action: allow, conditions: []}\n"

static void
test_bodies(void **state)
{
	static const char create[] = "/containers/create";
	struct judged j;

	(void)state;
	judged_init(&j,
		OPEN "  limits: {inspected_body_bytes: 4KiB}\n" RULES CREATE);
	judge_words(
		&j, "POST", create, "{\"HostConfig\":{\"Privileged\":true}}");
	assert_rule(&j, j.v.rule, "no-privileged");
	assert_true(j.v.is_held);
	judge_words(&j, "POST", create, "{}");
	assert_rule(&j, j.v.rule, "rest");
	judge_words(&j, "POST", create, "{\"a\":1,\"a\":1}");
	assert_refused(&j, WHY_JSON_DUPLICATE);
	judge_words(&j, "POST", create, "{\"Privileged\":true}");
	assert_refused(&j, WHY_JSON_TOP_LEVEL);
	judge_words(&j, "POST", "/images/load", "no JSON");
	assert_true(j.v.allow && !j.v.is_held);

	char *large = arena_alloc(&j.arena, KIB(4) + 2);
	memset(large, ' ', KIB(4) + 1);
	judge_words(&j, "POST", create, large);
	assert_refused(&j, WHY_BODY_TOO_LARGE);
	judged_fini(&j);
}

#define POST "POST /containers/create HTTP/1.1\r\nHost: a\r\n"

static void
test_framing(void **state)
{
	static const char two[] = POST "Transfer-Encoding: chunked\r\n\r\n"
				       "2\r\n{}\r\n0\r\n\r\nGET / HTTP/1.1\r\n";
	struct judged j;

	(void)state;
	judged_init(&j, OPEN RULES CREATE);
	judge_bytes(&j, two);
	assert_true(j.v.allow && j.v.is_held);
	assert_string_equal(two + j.v.used, "GET / HTTP/1.1\r\n");
	judge_bytes(&j, POST "Transfer-Encoding: chunked\r\n\r\nx\r\n");
	assert_refused(&j, WHY_CHUNK);
	judge_bytes(&j, POST "Content-Length: 3\r\n\r\n{}");
	assert_refused(&j, WHY_BODY_TRUNCATED);
	assert_true(j.v.is_cut);
	/* No rule looks at it, and yet. */
	judge_bytes(&j, "POST /images/load HTTP/1.1\r\nHost: a\r\n"
			"Transfer-Encoding: chunked\r\n\r\nx\r\n");
	assert_refused(&j, WHY_CHUNK);
	judge_bytes(&j, POST "Content-Length: 2\r\n"
			     "Transfer-Encoding: chunked\r\n\r\n{}");
	assert_refused(&j, WHY_FRAMING_BOTH);
	judged_fini(&j);
}

static void
test_who(void **state)
{
	static const struct judge_caller deployer = {STR("deploy"), STR("ci")};
	struct offline_from from = {.weekday = 1};
	struct offline_field field = {STR("authorization"), STR("Bearer tok")};
	struct offline_request q = {
		.method = STR("GET"), .target = STR("/info")};
	struct str bytes;
	struct judged j;

	(void)state;
	judged_init(&j, "auth: {type: bearer, tokens: [{token: tok, role: "
			"deploy}]}\n" RULES
			"- {name: deploy, action: allow, conditions: "
			"[{field: role, operator: equals, value: deploy}]}\n"
			"- {name: others, action: deny, conditions: []}\n");
	judge_words(&j, "GET", "/info", NULL);
	assert_refused(&j, WHY_UNAUTHENTICATED);
	q.fields = &field;
	q.nfields = 1;
	assert_true(offline_bytes(&q, &j.arena, &bytes));
	j.v = offline_judge(j.o, &from, bytes, NULL);
	assert_rule(&j, j.v.rule, "deploy");
	field.value = STR("Bearer wrong");
	assert_true(offline_bytes(&q, &j.arena, &bytes));
	j.v = offline_judge(j.o, &from, bytes, NULL);
	assert_refused(&j, WHY_UNAUTHENTICATED);
	q.nfields = 0;
	assert_true(offline_bytes(&q, &j.arena, &bytes));
	from.caller = &deployer;
	j.v = offline_judge(j.o, &from, bytes, NULL);
	assert_rule(&j, j.v.rule, "deploy");
	judged_fini(&j);
}

/* What would be done besides is told, and not done. */
static void
test_side_effects(void **state)
{
	struct judged j;

	(void)state;
	judged_init(&j, OPEN
		"  metrics: {enabled: true}\n" RULES
		"- {name: slow, action: rate_limit, conditions: [], "
		"rate_limit: {requests: 1, period: 1h, penalty: 1h}}\n"
		"- {name: try, action: deny, dry_run: true, conditions: []}\n"
		"- {name: hide, action: response_filter, conditions: [], "
		"response_filter: [{field: Config.Env, action: "
		"remove}]}\n" READ);
	for (int i = 0; i < 3; i++) {
		judge_words(&j, "GET", "/info", NULL);
		assert_true(j.v.allow);
		assert_int_equal(j.v.nlimits, 1);
		assert_rule(&j, j.v.limits[0], "slow");
		assert_int_equal(j.v.ndry, 1);
		assert_rule(&j, j.v.dry[0], "try");
		assert_int_equal(j.v.nfilters, 1);
	}
	judge_words(&j, "GET", "/metrics", NULL);
	assert_true(j.v.allow && j.v.is_scrape);
	assert_int_equal(j.v.nlimits, 0);
	judged_fini(&j);
}

static void
test_words(void **state)
{
	struct offline_field field = {STR("X-A"), STR("1\r\nX-B: 2")};
	struct offline_request q = {
		.method = STR("GET"), .target = STR("http://h:1/info")};
	struct arena a;
	struct str bytes;

	(void)state;
	arena_init(&a, MIB(1));
	assert_true(offline_bytes(&q, &a, &bytes));
	assert_true(str_eq(bytes,
		STR("GET http://h:1/info HTTP/1.1\r\nHost: h:1\r\n\r\n")));
	q.fields = &field;
	q.nfields = 1;
	assert_false(offline_bytes(&q, &a, &bytes));
	field.value = STR("1");
	q.target = STR("/info\r\n");
	assert_false(offline_bytes(&q, &a, &bytes));
	q.target = STR("/a");
	q.has_body = true;
	q.body = STR("{}");
	assert_true(offline_bytes(&q, &a, &bytes));
	assert_true(str_eq(
		bytes, STR("GET /a HTTP/1.1\r\nHost: docker\r\nX-A: 1\r\n"
			   "Content-Type: application/json\r\n"
			   "Content-Length: 2\r\n\r\n{}")));
	arena_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_refused_as_it_is),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_framing),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_side_effects),
		cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
