/* Tests against facts: each field, each operator, each odd value. */
#include "runtime/limits.h"
#include "runtime/match.h"
#include "tests/unit/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
	struct facts facts;
	struct docker docker;
	struct target target;
	struct json json;
	struct arena arena;
	struct regex_scratch *scratch;
};

static int
setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	if (!fx)
		return -1;
	arena_init(&fx->arena, MIB(4));
	fx->scratch = regex_scratch_new();
	fx->target.path = STR("/");
	fx->facts.target = &fx->target;
	fx->facts.body = &fx->json;
	fx->facts.docker = &fx->docker;
	fx->facts.arena = &fx->arena;
	*state = fx;
	return fx->scratch ? 0 : -1;
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;

	regex_scratch_free(fx->scratch);
	arena_fini(&fx->arena);
	free(fx);
	return 0;
}

/* One test, as a program of its own; up to four values. */
struct test_case {
	enum field field;
	const char *name;
	enum operator_id op;
	const char *values[4];
	enum truth want;
	enum test_flag flags;
};

static enum truth
run_case(struct fixture *fx, const struct test_case *c)
{
	struct image *im = image_new();
	size_t size;
	struct program p;
	const char *why;

	image_test(im, c->field, c->name, c->op, c->flags);
	for (size_t i = 0; i < 4 && c->values[i]; i++)
		image_value(im, c->values[i]);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	void *bytes = image_bytes(im, &size);
	free(im);
	if (!program_load(&p, bytes, size, &why))
		fail_msg("%s.%s: %s", field_info[c->field].name, c->name, why);
	enum truth truth = match_test(&p, p.tests, &fx->facts, fx->scratch);
	program_fini(&p);
	free(bytes);
	return truth;
}

static void
check_case(struct fixture *fx, const struct test_case *c, const char *context)
{
	enum truth truth = run_case(fx, c);

	if (truth != c->want)
		fail_msg("%s.%s %s %s on %s: %d", field_info[c->field].name,
			c->name, operator_info[c->op].name,
			c->values[0] ? c->values[0] : "", context, truth);
}

#define CHECK(fx, cases, context) \
	do { \
		for (size_t i_ = 0; i_ < sizeof(cases) / sizeof(*(cases)); \
			i_++) \
			check_case(fx, &(cases)[i_], context); \
	} while (0)

#define YES   TRUTH_TRUE
#define NO    TRUTH_FALSE
#define DOUBT TRUTH_DOUBT

/* --- text ---------------------------------------------------------------- */

static void
test_path(void **state)
{
	static const struct test_case cases[] = {
		{FIELD_PATH, "", OP_EQUALS, {"s/containers/json"}, YES, 0},
		{FIELD_PATH, "", OP_EQUALS, {"s/containers/jso"}, NO, 0},
		{FIELD_PATH, "", OP_EQUALS, {"s/containers/jsonx"}, NO, 0},
		{FIELD_PATH, "", OP_EQUALS, {"s/Containers/json"}, NO, 0},
		{FIELD_PATH, "", OP_EQUALS, {"s/Containers/JSON"}, YES,
			TEST_NOCASE},
		{FIELD_PATH, "", OP_EQUALS, {"s"}, NO, 0},
		{FIELD_PATH, "", OP_STARTS_WITH, {"s/containers/"}, YES, 0},
		{FIELD_PATH, "", OP_STARTS_WITH, {"s/containers/json"}, YES, 0},
		{FIELD_PATH, "", OP_STARTS_WITH, {"s/containers/jsonx"}, NO, 0},
		{FIELD_PATH, "", OP_STARTS_WITH, {"s"}, YES, 0},
		{FIELD_PATH, "", OP_STARTS_WITH, {"s/CONT"}, NO, 0},
		{FIELD_PATH, "", OP_STARTS_WITH, {"s/CONT"}, YES, TEST_NOCASE},
		{FIELD_PATH, "", OP_ENDS_WITH, {"s/json"}, YES, 0},
		{FIELD_PATH, "", OP_ENDS_WITH, {"s/containers/json"}, YES, 0},
		{FIELD_PATH, "", OP_ENDS_WITH, {"s/JSON"}, NO, 0},
		{FIELD_PATH, "", OP_ENDS_WITH, {"s/JSON"}, YES, TEST_NOCASE},
		{FIELD_PATH, "", OP_ENDS_WITH, {"sx/containers/json"}, NO, 0},
		{FIELD_PATH, "", OP_ENDS_WITH, {"s"}, YES, 0},
		{FIELD_PATH, "", OP_CONTAINS, {"sers/j"}, YES, 0},
		{FIELD_PATH, "", OP_CONTAINS, {"sersj"}, NO, 0},
		{FIELD_PATH, "", OP_CONTAINS, {"sERS"}, NO, 0},
		{FIELD_PATH, "", OP_CONTAINS, {"sERS"}, YES, TEST_NOCASE},
		{FIELD_PATH, "", OP_CONTAINS, {"s"}, YES, 0},
		{FIELD_PATH, "", OP_CONTAINS, {"s", NULL}, YES, TEST_NOCASE},
		{FIELD_PATH, "", OP_IN, {"s/a", "s/containers/json"}, YES, 0},
		{FIELD_PATH, "", OP_IN, {"s/a", "s/b"}, NO, 0},
		{FIELD_PATH, "", OP_IN, {NULL}, NO, 0},
		{FIELD_PATH, "", OP_IN, {"s/CONTAINERS/json"}, YES,
			TEST_NOCASE},
		{FIELD_PATH, "", OP_MATCHES, {"r^/containers/"}, YES, 0},
		{FIELD_PATH, "", OP_MATCHES, {"rjson$"}, YES, 0},
		{FIELD_PATH, "", OP_MATCHES, {"r^json$"}, NO, 0},
		{FIELD_PATH, "", OP_MATCHES, {"rJSON"}, NO, 0},
		{FIELD_PATH, "", OP_MATCHES, {"rJSON"}, YES, TEST_NOCASE},
	};
	struct fixture *fx = *state;

	fx->target.path = STR("/containers/json");
	CHECK(fx, cases, "/containers/json");
}

/* A number in a policy, compared with text, is the text as written. */
static void
test_scalars_as_text(void **state)
{
	static const struct test_case cases[] = {
		{FIELD_ROLE, "", OP_EQUALS, {"n15"}, YES, 0},
		{FIELD_ROLE, "", OP_EQUALS, {"n15.0"}, NO, 0},
		{FIELD_ROLE, "", OP_STARTS_WITH, {"n1"}, YES, 0},
		{FIELD_ROLE, "", OP_IN, {"ttrue", "n15"}, YES, 0},
		{FIELD_IDENTITY, "", OP_EQUALS, {"ttrue"}, YES, 0},
		{FIELD_IDENTITY, "", OP_EQUALS, {"tTrue"}, NO, 0},
		{FIELD_LISTENER, "", OP_EQUALS, {"ffalse"}, NO, 0},
		{FIELD_LISTENER, "", OP_EQUALS, {"s"}, YES, 0},
		{FIELD_LISTENER, "", OP_CONTAINS, {"s"}, YES, 0},
		{FIELD_LISTENER, "", OP_CONTAINS, {"sx"}, NO, 0},
		{FIELD_LISTENER, "", OP_MATCHES, {"r^$"}, YES, 0},
		{FIELD_API_VERSION, "", OP_EQUALS, {"n1.43"}, YES, 0},
		{FIELD_API_VERSION, "", OP_IN, {"n1.42", "n1.4"}, NO, 0},
	};
	struct fixture *fx = *state;

	fx->facts.role = STR("15");
	fx->facts.identity = STR("true");
	fx->target.api_version = STR("1.43");
	CHECK(fx, cases, "role, identity, listener");
}

static void
test_method_ignores_case(void **state)
{
	static const struct test_case cases[] = {
		{FIELD_METHOD, "", OP_EQUALS, {"sPOST"}, YES, 0},
		{FIELD_METHOD, "", OP_EQUALS, {"spost"}, YES, 0},
		{FIELD_METHOD, "", OP_EQUALS, {"sGET"}, NO, 0},
		{FIELD_METHOD, "", OP_IN, {"sget", "sPost"}, YES, 0},
		{FIELD_METHOD, "", OP_STARTS_WITH, {"spo"}, YES, 0},
		{FIELD_METHOD, "", OP_ENDS_WITH, {"sst"}, YES, 0},
		{FIELD_METHOD, "", OP_CONTAINS, {"sos"}, YES, 0},
		{FIELD_METHOD, "", OP_MATCHES, {"r^(get|post)$"}, YES, 0},
		{FIELD_METHOD, "", OP_MATCHES, {"r^(get|head)$"}, NO, 0},
	};
	struct fixture *fx = *state;

	fx->facts.method = METHOD_POST;
	CHECK(fx, cases, "POST");
}

static void
test_text_that_is_no_utf8(void **state)
{
	static const struct test_case cases[] = {
		{FIELD_IDENTITY, "", OP_MATCHES, {"ra"}, DOUBT, 0},
		{FIELD_IDENTITY, "", OP_CONTAINS, {"sa"}, YES, 0},
		{FIELD_IDENTITY, "", OP_EQUALS, {"sa"}, NO, 0},
	};
	struct fixture *fx = *state;

	fx->facts.identity = STR("a\xff");
	CHECK(fx, cases, "a\\xff");
}

/* --- query and headers ---------------------------------------------------- */

static void
test_query(void **state)
{
	static struct target_param params[] = {
		{STR("all"), STR("1")},
		{STR("empty"), STR("")},
		{STR("t"), STR("a:1")},
		{STR("limit"), STR("18446744073709551616")},
		{STR("t"), STR("")},
		{STR("t"), STR("b:2")},
		{STR("bad"), STR("0x10")},
		{STR("t2"), STR("\xff")},
		{STR("t2"), STR("match")},
	};
	static const struct test_case cases[] = {
		{FIELD_QUERY, "all", OP_EQUALS, {"s1"}, YES, 0},
		{FIELD_QUERY, "all", OP_EQUALS, {"n1"}, YES, 0},
		{FIELD_QUERY, "all", OP_EQUALS, {"ttrue"}, NO, 0},
		{FIELD_QUERY, "All", OP_EQUALS, {"s1"}, NO, 0},
		{FIELD_QUERY, "all", OP_EXISTS, {NULL}, YES, 0},
		{FIELD_QUERY, "empty", OP_EXISTS, {NULL}, YES, 0},
		{FIELD_QUERY, "none", OP_EXISTS, {NULL}, NO, 0},
		{FIELD_QUERY, "", OP_EXISTS, {NULL}, NO, 0},
		{FIELD_QUERY, "all", OP_EMPTY, {NULL}, NO, 0},
		{FIELD_QUERY, "empty", OP_EMPTY, {NULL}, YES, 0},
		{FIELD_QUERY, "none", OP_EMPTY, {NULL}, YES, 0},
		{FIELD_QUERY, "none", OP_EQUALS, {"s"}, NO, 0},
		{FIELD_QUERY, "none", OP_CONTAINS, {"s"}, NO, 0},
		{FIELD_QUERY, "none", OP_MATCHES, {"r"}, NO, 0},
		{FIELD_QUERY, "none", OP_IN, {"s"}, NO, 0},
		{FIELD_QUERY, "none", OP_LESS_THAN, {"n1"}, NO, 0},
		{FIELD_QUERY, "t", OP_EQUALS, {"sb:2"}, YES, 0},
		{FIELD_QUERY, "t", OP_EQUALS, {"sa:1"}, YES, 0},
		{FIELD_QUERY, "t", OP_EQUALS, {"sa:1, b:2"}, NO, 0},
		{FIELD_QUERY, "t", OP_IN, {"sx", "sb:2"}, YES, 0},
		{FIELD_QUERY, "t", OP_MATCHES, {"r^b"}, YES, 0},
		{FIELD_QUERY, "t", OP_MATCHES, {"r^c"}, NO, 0},
		{FIELD_QUERY, "t", OP_EMPTY, {NULL}, YES, 0},
		{FIELD_QUERY, "t2", OP_MATCHES, {"rmatch"}, YES, 0},
		{FIELD_QUERY, "t2", OP_MATCHES, {"rother"}, DOUBT, 0},
		{FIELD_QUERY, "limit", OP_GREATER_THAN,
			{"n18446744073709551615"}, YES, 0},
		{FIELD_QUERY, "limit", OP_GREATER_THAN,
			{"n18446744073709551616"}, NO, 0},
		{FIELD_QUERY, "limit", OP_LESS_THAN, {"n18446744073709551616"},
			NO, 0},
		{FIELD_QUERY, "limit", OP_LESS_THAN, {"n1e20"}, YES, 0},
		{FIELD_QUERY, "bad", OP_GREATER_THAN, {"n-1"}, NO, 0},
		{FIELD_QUERY, "bad", OP_LESS_THAN, {"n100"}, NO, 0},
		{FIELD_QUERY, "empty", OP_LESS_THAN, {"n100"}, NO, 0},
	};
	struct fixture *fx = *state;

	fx->target.params = params;
	fx->target.nparams = sizeof(params) / sizeof(*params);
	CHECK(fx, cases, "a query");
}

static void
test_header(void **state)
{
	static const struct http1_field fields[] = {
		{.name = STR("X-One"), .value = STR("1")},
		{.name = STR("X-Many"), .value = STR("a")},
		{.name = STR("X-Hop"), .value = STR("x"), .hop = true},
		{.name = STR("x-MANY"), .value = STR("")},
		{.name = STR("X-Many"), .value = STR("gone"), .hop = true},
		{.name = STR("X-Many"), .value = STR("b")},
		{.name = STR("X-Empty"), .value = {NULL, 0}},
		{.name = STR("X-Bytes"), .value = STR("caf\xe9")},
	};
	static const struct test_case cases[] = {
		{FIELD_HEADER, "x-one", OP_EQUALS, {"s1"}, YES, 0},
		{FIELD_HEADER, "X-ONE", OP_EXISTS, {NULL}, YES, 0},
		{FIELD_HEADER, "X-On", OP_EXISTS, {NULL}, NO, 0},
		{FIELD_HEADER, "X-On", OP_EQUALS, {"s"}, NO, 0},
		{FIELD_HEADER, "X-On", OP_CONTAINS, {"s"}, NO, 0},
		{FIELD_HEADER, "X-On", OP_MATCHES, {"r"}, NO, 0},
		{FIELD_HEADER, "X-On", OP_EMPTY, {NULL}, YES, 0},
		{FIELD_HEADER, "X-Many", OP_EQUALS, {"sa, , b"}, YES, 0},
		{FIELD_HEADER, "X-Many", OP_EQUALS, {"sa"}, NO, 0},
		{FIELD_HEADER, "X-Many", OP_EMPTY, {NULL}, NO, 0},
		{FIELD_HEADER, "X-Many", OP_IN, {"sa, , B"}, YES, TEST_NOCASE},
		{FIELD_HEADER, "X-Hop", OP_EXISTS, {NULL}, NO, 0},
		{FIELD_HEADER, "X-Hop", OP_EQUALS, {"sx"}, NO, 0},
		{FIELD_HEADER, "X-Empty", OP_EXISTS, {NULL}, YES, 0},
		{FIELD_HEADER, "X-Empty", OP_EMPTY, {NULL}, YES, 0},
		{FIELD_HEADER, "X-Empty", OP_EQUALS, {"s"}, YES, 0},
		{FIELD_HEADER, "X-Empty", OP_MATCHES, {"r^$"}, YES, 0},
		{FIELD_HEADER, "X-Bytes", OP_MATCHES, {"rcaf"}, DOUBT, 0},
		{FIELD_HEADER, "X-Bytes", OP_STARTS_WITH, {"scaf"}, YES, 0},
	};
	struct fixture *fx = *state;

	fx->facts.headers = fields;
	fx->facts.nheaders = sizeof(fields) / sizeof(*fields);
	CHECK(fx, cases, "headers");
}

/* --- addresses, peers, time ------------------------------------------------- */

static void
test_client_ip(void **state)
{
	static const struct test_case v4[] = {
		{FIELD_CLIENT_IP, "", OP_EQUALS, {"c10.1.2.3"}, YES, 0},
		{FIELD_CLIENT_IP, "", OP_EQUALS, {"c::ffff:10.1.2.3"}, YES, 0},
		{FIELD_CLIENT_IP, "", OP_EQUALS, {"c10.1.2.4"}, NO, 0},
		{FIELD_CLIENT_IP, "", OP_IN, {"cfd00::/8", "c10.0.0.0/8"}, YES,
			0},
		{FIELD_CLIENT_IP, "", OP_IN, {"c::/0", "c192.168.0.0/16"}, NO,
			0},
		{FIELD_CLIENT_IP, "", OP_IN, {NULL}, NO, 0},
		{FIELD_CLIENT_IP, "", OP_STARTS_WITH, {"s10.1."}, YES, 0},
		{FIELD_CLIENT_IP, "", OP_STARTS_WITH, {"n10.1"}, YES, 0},
		{FIELD_CLIENT_IP, "", OP_ENDS_WITH, {"s.3"}, YES, 0},
		{FIELD_CLIENT_IP, "", OP_CONTAINS, {"sffff"}, NO, 0},
		{FIELD_CLIENT_IP, "", OP_MATCHES, {"r^10\\.1\\."}, YES, 0},
	};
	static const struct test_case v6[] = {
		{FIELD_CLIENT_IP, "", OP_EQUALS, {"c2001:db8:0::0001"}, YES, 0},
		{FIELD_CLIENT_IP, "", OP_IN, {"c2001:db8::/32"}, YES, 0},
		{FIELD_CLIENT_IP, "", OP_IN, {"c0.0.0.0/0"}, NO, 0},
		{FIELD_CLIENT_IP, "", OP_CONTAINS, {"sDB8"}, YES, TEST_NOCASE},
	};
	static const struct test_case none[] = {
		{FIELD_CLIENT_IP, "", OP_EQUALS, {"c::"}, NO, 0},
		{FIELD_CLIENT_IP, "", OP_IN, {"c::/0", "c0.0.0.0/0"}, NO, 0},
		{FIELD_CLIENT_IP, "", OP_CONTAINS, {"s"}, NO, 0},
		{FIELD_CLIENT_IP, "", OP_STARTS_WITH, {"s"}, NO, 0},
		{FIELD_CLIENT_IP, "", OP_ENDS_WITH, {"s"}, NO, 0},
		{FIELD_CLIENT_IP, "", OP_MATCHES, {"r"}, NO, 0},
	};
	struct fixture *fx = *state;

	assert_true(ip_parse(STR("10.1.2.3"), &fx->facts.client_ip));
	CHECK(fx, v4, "10.1.2.3");
	assert_true(ip_parse(STR("2001:db8::1"), &fx->facts.client_ip));
	CHECK(fx, v6, "2001:db8::1");
	fx->facts.client_ip = (struct ip){.set = false};
	CHECK(fx, none, "no address");
}

static void
test_peer(void **state)
{
	static const struct test_case there[] = {
		{FIELD_PEER_UID, "", OP_EQUALS, {"n1000"}, YES, 0},
		{FIELD_PEER_UID, "", OP_EQUALS, {"n1e3"}, YES, 0},
		{FIELD_PEER_UID, "", OP_EQUALS, {"n0"}, NO, 0},
		{FIELD_PEER_UID, "", OP_IN, {"n0", "n1000.0"}, YES, 0},
		{FIELD_PEER_UID, "", OP_GREATER_THAN, {"n999"}, YES, 0},
		{FIELD_PEER_UID, "", OP_GREATER_THAN, {"n1000"}, NO, 0},
		{FIELD_PEER_UID, "", OP_LESS_THAN, {"n1000"}, NO, 0},
		{FIELD_PEER_GID, "", OP_EQUALS, {"n4294967295"}, YES, 0},
		{FIELD_PEER_GID, "", OP_EQUALS, {"n-1"}, NO, 0},
		{FIELD_PEER_GID, "", OP_LESS_THAN, {"n4294967296"}, YES, 0},
	};
	static const struct test_case none[] = {
		{FIELD_PEER_UID, "", OP_EQUALS, {"n1000"}, NO, 0},
		{FIELD_PEER_UID, "", OP_IN, {"n0", "n1000"}, NO, 0},
		{FIELD_PEER_UID, "", OP_GREATER_THAN, {"n-1"}, NO, 0},
		{FIELD_PEER_GID, "", OP_LESS_THAN, {"n9999999999"}, NO, 0},
	};
	struct fixture *fx = *state;

	fx->facts.peer_uid = 1000;
	fx->facts.peer_gid = UINT32_MAX;
	fx->facts.has_peer = true;
	CHECK(fx, there, "1000");
	fx->facts.has_peer = false;
	CHECK(fx, none, "no peer");
}

/* Sunday is 0, Saturday 6. */
static void
test_time(void **state)
{
	static const struct {
		uint8_t day;
		uint16_t minute;
		const char *range;
		bool holds;
	} cases[] = {
		/* Mon-Fri 08:00-18:00 */
		{1, 480, "m3e 480 1080", true},
		{5, 1079, "m3e 480 1080", true},
		{5, 1080, "m3e 480 1080", false},
		{1, 479, "m3e 480 1080", false},
		{0, 600, "m3e 480 1080", false},
		{6, 600, "m3e 480 1080", false},
		/* Fri 22:00-06:00 */
		{5, 1320, "m20 1320 360", true},
		{5, 1439, "m20 1320 360", true},
		{6, 0, "m20 1320 360", true},
		{6, 300, "m20 1320 360", true},
		{6, 359, "m20 1320 360", true},
		{6, 360, "m20 1320 360", false},
		{6, 1380, "m20 1320 360", false},
		{5, 300, "m20 1320 360", false},
		{5, 1319, "m20 1320 360", false},
		/* Sat 23:00-01:00 goes into Sunday, Sun's into Monday */
		{0, 59, "m40 1380 60", true},
		{0, 60, "m40 1380 60", false},
		{1, 59, "m1 1380 60", true},
		/* all day, and never */
		{3, 0, "m8 0 1440", true},
		{3, 1439, "m8 0 1440", true},
		{3, 720, "m8 720 720", false},
		{3, 720, "m0 0 1440", false},
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct test_case c = {
			FIELD_TIME, "", OP_IN, {cases[i].range}, NO, 0};
		c.want = cases[i].holds ? YES : NO;
		fx->facts.weekday = cases[i].day;
		fx->facts.minute = cases[i].minute;
		check_case(fx, &c, "a time");
		/* The same with a range before it that never holds. */
		c.values[0] = "m7f 0 0";
		c.values[1] = cases[i].range;
		check_case(fx, &c, "a time of two ranges");
	}
}

/* --- the body ----------------------------------------------------------------- */

static void
set_body(struct fixture *fx, const char *text)
{
	static const struct json_limits limits = {LIMIT_JSON_DEPTH, 1};
	size_t at;

	arena_reset(&fx->arena);
	enum why why =
		json_scan(str_of(text), &limits, &fx->arena, &fx->json, &at);
	if (why)
		fail_msg("%s: %s", text, why_text(why));
}

struct body_case {
	const char *body, *path;
	enum operator_id op;
	const char *values[3];
	enum truth want;
	enum test_flag flags;
};

static void
check_bodies(struct fixture *fx, const struct body_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct test_case c = {
			.field = FIELD_BODY,
			.name = cases[i].path,
			.op = cases[i].op,
			.want = cases[i].want,
			.flags = cases[i].flags,
		};
		memcpy(c.values, cases[i].values, sizeof(cases[i].values));
		set_body(fx, cases[i].body);
		check_case(fx, &c, cases[i].body);
	}
}

#define CHECK_BODIES(state, cases) \
	check_bodies(*(state), cases, sizeof(cases) / sizeof(*(cases)))

static void
test_body_typed(void **state)
{
	static const struct body_case cases[] = {
		{"{\"A\":true}", "A", OP_EQUALS, {"ttrue"}, YES, 0},
		{"{\"A\":true}", "A", OP_EQUALS, {"strue"}, NO, 0},
		{"{\"A\":\"true\"}", "A", OP_EQUALS, {"ttrue"}, NO, 0},
		{"{\"A\":\"true\"}", "A", OP_EQUALS, {"strue"}, YES, 0},
		{"{\"A\":false}", "A", OP_EQUALS, {"ffalse"}, YES, 0},
		{"{\"A\":false}", "A", OP_EQUALS, {"ttrue"}, NO, 0},
		{"{\"A\":true}", "A", OP_EQUALS, {"ffalse"}, NO, 0},
		{"{\"A\":1}", "A", OP_EQUALS, {"n1"}, YES, 0},
		{"{\"A\":1.0}", "A", OP_EQUALS, {"n1"}, YES, 0},
		{"{\"A\":10e-1}", "A", OP_EQUALS, {"n1"}, YES, 0},
		{"{\"A\":\"1\"}", "A", OP_EQUALS, {"n1"}, NO, 0},
		{"{\"A\":1}", "A", OP_EQUALS, {"s1"}, NO, 0},
		{"{\"A\":18446744073709551615}", "A", OP_EQUALS,
			{"n18446744073709551616"}, NO, 0},
		{"{\"A\":1}", "A", OP_EQUALS, {"ttrue"}, NO, 0},
		{"{\"A\":0}", "A", OP_EQUALS, {"ffalse"}, NO, 0},
		{"{\"A\":[]}", "A", OP_EQUALS, {"s[]"}, NO, 0},
		{"{\"A\":{}}", "A", OP_EQUALS, {"s{}"}, NO, 0},
		{"{\"A\":[1]}", "A", OP_EQUALS, {"n1"}, NO, 0},
		{"{\"A\":null}", "A", OP_EQUALS, {"snull"}, NO, 0},
		{"{\"A\":null}", "A", OP_EQUALS, {"ffalse"}, NO, 0},
		{"{\"A\":\"x\"}", "A", OP_IN, {"n1", "sx"}, YES, 0},
		{"{\"A\":1}", "A", OP_IN, {"sx", "n1"}, YES, 0},
		{"{\"A\":true}", "A", OP_IN, {"sx", "n1", "ttrue"}, YES, 0},
		{"{\"A\":false}", "A", OP_IN, {"sx", "n1", "ttrue"}, NO, 0},
		{"{\"A\":\"Bridge\"}", "A", OP_EQUALS, {"sbridge"}, NO, 0},
		{"{\"A\":\"Bridge\"}", "A", OP_EQUALS, {"sbridge"}, YES,
			TEST_NOCASE},
		{"{\"A\":\"ho\\u0073t\"}", "A", OP_EQUALS, {"shost"}, YES, 0},
		{"{\"A\":\"ho\\u0073t\"}", "A", OP_IN, {"sx", "sHost"}, YES,
			TEST_NOCASE},
		{"{\"A\":\"\"}", "A", OP_EQUALS, {"s"}, YES, 0},
		{"{}", "A", OP_EQUALS, {"s"}, NO, 0},
	};
	CHECK_BODIES(state, cases);
}

static void
test_body_numbers(void **state)
{
	static const struct body_case cases[] = {
		{"{\"A\":2}", "A", OP_GREATER_THAN, {"n1.5"}, YES, 0},
		{"{\"A\":1}", "A", OP_GREATER_THAN, {"n1.5"}, NO, 0},
		{"{\"A\":-2}", "A", OP_LESS_THAN, {"n-1"}, YES, 0},
		{"{\"A\":1}", "A", OP_LESS_THAN, {"n1"}, NO, 0},
		{"{\"A\":18446744073709551616}", "A", OP_GREATER_THAN,
			{"n18446744073709551615"}, YES, 0},
		{"{\"A\":\"2\"}", "A", OP_GREATER_THAN, {"n1"}, NO, 0},
		{"{\"A\":null}", "A", OP_LESS_THAN, {"n1"}, NO, 0},
		{"{\"A\":true}", "A", OP_GREATER_THAN, {"n0"}, NO, 0},
		{"{\"A\":[5]}", "A", OP_GREATER_THAN, {"n1"}, NO, 0},
		{"{\"A\":[0,5]}", "A.*", OP_GREATER_THAN, {"n1"}, YES, 0},
		{"{}", "A", OP_LESS_THAN, {"n1"}, NO, 0},
	};
	CHECK_BODIES(state, cases);
}

static void
test_body_text(void **state)
{
	static const struct body_case cases[] = {
		{"{\"A\":\"xyz\"}", "A", OP_CONTAINS, {"sy"}, YES, 0},
		{"{\"A\":\"x\\ny\"}", "A", OP_CONTAINS, {"s\n"}, YES, 0},
		{"{\"A\":\"xYz\"}", "A", OP_CONTAINS, {"sy"}, NO, 0},
		{"{\"A\":\"xYz\"}", "A", OP_CONTAINS, {"sy"}, YES, TEST_NOCASE},
		{"{\"A\":\"/etc/x\"}", "A", OP_STARTS_WITH, {"s/etc"}, YES, 0},
		{"{\"A\":\"\\/etc\"}", "A", OP_STARTS_WITH, {"s/etc"}, YES, 0},
		{"{\"A\":\"x:latest\"}", "A", OP_ENDS_WITH, {"s:latest"}, YES,
			0},
		{"{\"A\":\"abc\"}", "A", OP_MATCHES, {"r^a.c$"}, YES, 0},
		{"{\"A\":\"ABC\"}", "A", OP_MATCHES, {"r^a.c$"}, YES,
			TEST_NOCASE},
		{"{\"A\":1.50}", "A", OP_STARTS_WITH, {"n1.5"}, YES, 0},
		{"{\"A\":1.50}", "A", OP_MATCHES, {"r^1\\.50$"}, YES, 0},
		{"{\"A\":true}", "A", OP_MATCHES, {"r^true$"}, YES, 0},
		{"{\"A\":false}", "A", OP_CONTAINS, {"sals"}, YES, 0},
		{"{\"A\": [ \"SYS_ADMIN\" , 1 ]}", "A", OP_CONTAINS,
			{"s[\"SYS_ADMIN\",1]"}, YES, 0},
		{"{\"A\":[\"SYS_ADMIN\"]}", "A", OP_CONTAINS, {"sSYS_ADMIN"},
			YES, 0},
		{"{\"A\":[\"SYS\\u005fADMIN\"]}", "A", OP_CONTAINS,
			{"sSYS_ADMIN"}, YES, 0},
		{"{\"A\":[\"x\"]}", "A", OP_CONTAINS, {"sSYS_ADMIN"}, NO, 0},
		{"{\"A\":{\"b\" : \"c\"}}", "A", OP_CONTAINS, {"s:\"c\"}"}, YES,
			0},
		{"{\"A\":[]}", "A", OP_MATCHES, {"r^\\[\\]$"}, YES, 0},
		{"{\"A\":null}", "A", OP_CONTAINS, {"s"}, NO, 0},
		{"{\"A\":null}", "A", OP_MATCHES, {"rnull"}, NO, 0},
		{"{\"A\":null}", "A", OP_STARTS_WITH, {"s"}, NO, 0},
		{"{}", "A", OP_CONTAINS, {"s"}, NO, 0},
		{"{}", "A", OP_MATCHES, {"r"}, NO, 0},
		{"{\"A\":\"a\"}", "A", OP_CONTAINS, {"s"}, YES, 0},
		{"{\"A\":\"\"}", "A", OP_CONTAINS, {"s"}, YES, 0},
	};
	CHECK_BODIES(state, cases);
}

static void
test_body_presence(void **state)
{
	static const struct body_case cases[] = {
		{"{\"A\":1}", "A", OP_EXISTS, {NULL}, YES, 0},
		{"{\"A\":false}", "A", OP_EXISTS, {NULL}, YES, 0},
		{"{\"A\":null}", "A", OP_EXISTS, {NULL}, NO, 0},
		{"{}", "A", OP_EXISTS, {NULL}, NO, 0},
		{"", "A", OP_EXISTS, {NULL}, NO, 0},
		{"  ", "A", OP_EXISTS, {NULL}, NO, 0},
		{"[]", "A", OP_EXISTS, {NULL}, NO, 0},
		{"[{\"A\":1}]", "A", OP_EXISTS, {NULL}, NO, 0},
		{"\"A\"", "A", OP_EXISTS, {NULL}, NO, 0},
		{"null", "A", OP_EXISTS, {NULL}, NO, 0},
		{"7", "A", OP_EXISTS, {NULL}, NO, 0},
		{"{\"A\":{\"B\":1}}", "A.B", OP_EXISTS, {NULL}, YES, 0},
		{"{\"A\":null}", "A.B", OP_EXISTS, {NULL}, NO, 0},
		{"{\"A\":\"x\"}", "A.B", OP_EXISTS, {NULL}, NO, 0},
		{"{\"A\":true}", "A.0", OP_EXISTS, {NULL}, NO, 0},
		{"{\"A\":[]}", "A.*", OP_EXISTS, {NULL}, NO, 0},
		{"{\"A\":[null]}", "A.*", OP_EXISTS, {NULL}, NO, 0},
		{"{\"A\":[null,0]}", "A.*", OP_EXISTS, {NULL}, YES, 0},
		{"{\"A\":{}}", "A.*", OP_EXISTS, {NULL}, NO, 0},
		{"{\"A\":{\"x\":0}}", "A.*", OP_EXISTS, {NULL}, YES, 0},

		{"{\"A\":1}", "A", OP_EMPTY, {NULL}, NO, 0},
		{"{\"A\":0}", "A", OP_EMPTY, {NULL}, YES, 0},
		{"{\"A\":false}", "A", OP_EMPTY, {NULL}, YES, 0},
		{"{\"A\":true}", "A", OP_EMPTY, {NULL}, NO, 0},
		{"{\"A\":\"\"}", "A", OP_EMPTY, {NULL}, YES, 0},
		{"{\"A\":\"0\"}", "A", OP_EMPTY, {NULL}, NO, 0},
		{"{\"A\":[]}", "A", OP_EMPTY, {NULL}, YES, 0},
		{"{\"A\":{}}", "A", OP_EMPTY, {NULL}, YES, 0},
		{"{\"A\":[0]}", "A", OP_EMPTY, {NULL}, NO, 0},
		{"{\"A\":null}", "A", OP_EMPTY, {NULL}, YES, 0},
		{"{}", "A", OP_EMPTY, {NULL}, YES, 0},
		{"", "A", OP_EMPTY, {NULL}, YES, 0},
		{"{}", "A.B.C", OP_EMPTY, {NULL}, YES, 0},
		{"{\"A\":[1,\"\"]}", "A.*", OP_EMPTY, {NULL}, YES, 0},
		{"{\"A\":[1,\"x\"]}", "A.*", OP_EMPTY, {NULL}, NO, 0},
		{"{\"A\":[]}", "A.*", OP_EMPTY, {NULL}, YES, 0},
		{"{}", "A.*", OP_EMPTY, {NULL}, YES, 0},
		{"{\"A\":[{\"B\":1},{}]}", "A.*.B", OP_EMPTY, {NULL}, YES, 0},
		{"{\"A\":[{\"B\":1}]}", "A.*.B", OP_EMPTY, {NULL}, NO, 0},
	};
	CHECK_BODIES(state, cases);
}

static void
test_body_path(void **state)
{
	static const struct body_case cases[] = {
		/* keys fold, as the Engine's decoder folds them */
		{"{\"hostconfig\":{\"PRIVILEGED\":true}}",
			"HostConfig.Privileged", OP_EQUALS, {"ttrue"}, YES, 0},
		{"{\"Ho\\u017ftConfig\":{\"Privileged\":true}}",
			"HostConfig.Privileged", OP_EQUALS, {"ttrue"}, YES, 0},
		/* but not inside the data maps */
		{"{\"Labels\":{\"com.x/Y\":\"v\"}}", "Labels.com\\.x/Y",
			OP_EQUALS, {"sv"}, YES, 0},
		{"{\"labels\":{\"com.x/y\":\"v\"}}", "Labels.com\\.x/Y",
			OP_EQUALS, {"sv"}, NO, 0},
		{"{\"Labels\":{\"com\":{\"x/Y\":\"v\"}}}", "Labels.com\\.x/Y",
			OP_EXISTS, {NULL}, NO, 0},
		/* elements */
		{"{\"A\":[10,20,30]}", "A.0", OP_EQUALS, {"n10"}, YES, 0},
		{"{\"A\":[10,20,30]}", "A.2", OP_EQUALS, {"n30"}, YES, 0},
		{"{\"A\":[10,20,30]}", "A.3", OP_EXISTS, {NULL}, NO, 0},
		{"{\"A\":[[1],[2,3]]}", "A.1.1", OP_EQUALS, {"n3"}, YES, 0},
		{"{\"A\":[{\"x\":[1,2]},5]}", "A.1", OP_EQUALS, {"n5"}, YES, 0},
		{"{\"A\":[10]}", "A.x", OP_EXISTS, {NULL}, NO, 0},
		{"{\"A\":[10]}", "A.4294967295", OP_EXISTS, {NULL}, NO, 0},
		/* digits on an object are a key */
		{"{\"A\":{\"0\":1}}", "A.0", OP_EQUALS, {"n1"}, YES, 0},
		/* any */
		{"{\"A\":[\"x\",\"y\"]}", "A.*", OP_EQUALS, {"sy"}, YES, 0},
		{"{\"A\":[\"x\",\"y\"]}", "A.*", OP_EQUALS, {"sz"}, NO, 0},
		{"{\"A\":{\"k\":\"x\",\"l\":\"y\"}}", "A.*", OP_EQUALS, {"sy"},
			YES, 0},
		{"{\"A\":[{\"B\":[1]},{\"B\":[2,{\"C\":3}]}]}", "A.*.B.*.C",
			OP_EQUALS, {"n3"}, YES, 0},
		{"{\"A\":[{\"B\":[1]},{\"B\":[2,{\"C\":3}]}]}", "*.*.b.0",
			OP_EQUALS, {"n2"}, YES, 0},
		{"{\"A\":[[[7]]]}", "A.*.*.*", OP_EQUALS, {"n7"}, YES, 0},
		{"{\"A\":[[[7]]]}", "A.*.*.*.*", OP_EXISTS, {NULL}, NO, 0},
		{"[{\"A\":1}]", "*.A", OP_EQUALS, {"n1"}, YES, 0},
		{"{\"*\":{\"b\":1},\"c\":2}", "*", OP_EQUALS, {"n2"}, YES, 0},
		/* a string where the Engine takes a list of strings */
		{"{\"CapAdd\":\"SYS_ADMIN\"}", "CapAdd.*", OP_EQUALS,
			{"sSYS_ADMIN"}, YES, 0},
		{"{\"Cmd\":\"sh\"}", "Cmd.0", OP_EQUALS, {"ssh"}, YES, 0},
		{"{\"Cmd\":\"sh\"}", "Cmd.1", OP_EXISTS, {NULL}, NO, 0},
		{"{\"Cmd\":\"sh\"}", "Cmd.x", OP_EXISTS, {NULL}, NO, 0},
		{"{\"Cmd\":5}", "Cmd.*", OP_EXISTS, {NULL}, NO, 0},
	};
	CHECK_BODIES(state, cases);
}

/* One value that holds wins over doubts about others, and a doubt over values
 * that do not hold. */
static void
test_body_doubt(void **state)
{
#define EVIL "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\""
	static const struct body_case cases[] = {
		{"{\"A\":" EVIL "}", "A", OP_MATCHES, {"r^(a+)+$"}, DOUBT, 0},
		{"{\"A\":[\"b\"," EVIL "]}", "A.*", OP_MATCHES, {"r^(a+)+$"},
			DOUBT, 0},
		{"{\"A\":[" EVIL ",\"b\"]}", "A.*", OP_MATCHES, {"r^(a+)+$"},
			DOUBT, 0},
		{"{\"A\":[" EVIL ",\"a\",\"b\"]}", "A.*", OP_MATCHES,
			{"r^(a+)+$"}, YES, 0},
		{"{\"A\":[[\"b\"],[" EVIL "],[\"c\"]]}", "A.*.*", OP_MATCHES,
			{"r^(a+)+$"}, DOUBT, 0},
	};
	CHECK_BODIES(state, cases);
}

static void
list_of(char *out, const char *element, unsigned n, const char *last)
{
	char *p = out + sprintf(out, "{\"A\":[");
	for (unsigned i = 0; i < n; i++)
		p += sprintf(p, "%s,", element);
	sprintf(p, "%s]}", last);
}

/* So many doubts, and the rest is not tried: time is bounded. */
static void
test_doubts_are_bounded(void **state)
{
	static char body[65536];
	struct body_case c = {body, "A.*", OP_MATCHES, {"r^(a+)+$"}, YES, 0};

	list_of(body, EVIL, REGEX_DOUBTS_MAX - 1, "\"a\"");
	check_bodies(*state, &c, 1);
	list_of(body, EVIL, REGEX_DOUBTS_MAX, "\"a\"");
	c.want = DOUBT;
	check_bodies(*state, &c, 1);
}

static void
test_long_text_is_a_doubt(void **state)
{
	static char body[REGEX_SUBJECT_MAX + 64];
	struct body_case c = {body, "A", OP_MATCHES, {"rx"}, DOUBT, 0};
	char *p = body + sprintf(body, "{\"A\":\"");

	memset(p, 'x', REGEX_SUBJECT_MAX + 1);
	strcpy(p + REGEX_SUBJECT_MAX + 1, "\"}");
	check_bodies(*state, &c, 1);
	c.op = OP_CONTAINS;
	c.values[0] = "sxx";
	c.want = YES;
	check_bodies(*state, &c, 1);
}

/* --- out of memory --------------------------------------------------------------- */

static void
test_arena_overflow_is_a_doubt(void **state)
{
	static const struct http1_field fields[] = {
		{.name = STR("X"), .value = STR("a")},
		{.name = STR("X"), .value = STR("b")},
	};
	static const struct test_case cases[] = {
		{FIELD_BODY, "A", OP_EQUALS, {"ss"}, DOUBT, 0},
		{FIELD_BODY, "A", OP_IN, {"ss"}, DOUBT, 0},
		{FIELD_BODY, "A", OP_CONTAINS, {"ss"}, DOUBT, 0},
		{FIELD_BODY, "B", OP_CONTAINS, {"s1"}, DOUBT, 0},
		{FIELD_BODY, "A", OP_EXISTS, {NULL}, YES, 0},
		{FIELD_HEADER, "X", OP_EQUALS, {"sa, b"}, DOUBT, 0},
		{FIELD_HEADER, "X", OP_EXISTS, {NULL}, DOUBT, 0},
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fx->facts.headers = fields;
		fx->facts.nheaders = 2;
		set_body(fx, "{\"A\":\"\\u0073\",\"B\":[1]}");
		fx->arena.cap = fx->arena.used;
		check_case(fx, &cases[i], "a full arena");
		fx->arena.cap = MIB(4);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(test_path),
		T(test_scalars_as_text),
		T(test_method_ignores_case),
		T(test_text_that_is_no_utf8),
		T(test_query),
		T(test_header),
		T(test_client_ip),
		T(test_peer),
		T(test_time),
		T(test_body_typed),
		T(test_body_numbers),
		T(test_body_text),
		T(test_body_presence),
		T(test_body_path),
		T(test_body_doubt),
		T(test_doubts_are_bounded),
		T(test_long_text_is_a_doubt),
		T(test_arena_overflow_is_a_doubt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
