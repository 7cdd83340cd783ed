/* JSON bodies: what is refused, what is read, and whether jansson agrees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/json.h"
#include "runtime/json_keys.h"
#include "runtime/limits.h"

/* jansson's names that are also ours. */
#define JSON_NULL   JANSSON_NULL
#define JSON_FALSE  JANSSON_FALSE
#define JSON_TRUE   JANSSON_TRUE
#define JSON_STRING JANSSON_STRING
#define JSON_ARRAY  JANSSON_ARRAY
#define JSON_OBJECT JANSSON_OBJECT
#include <jansson.h>
#undef JSON_NULL
#undef JSON_FALSE
#undef JSON_TRUE
#undef JSON_STRING
#undef JSON_ARRAY
#undef JSON_OBJECT

#include <stdio.h>
#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct json_limits limits = {
	.depth = LIMIT_JSON_DEPTH,
	.hash_seed = 0x5eed,
};

/* A scan of a copy of exactly the text's size, so that a sanitizer sees any
 * byte read outside of it. */
struct fixture {
	struct arena arena;
	char *text;
	struct json json;
	size_t at;
	enum why why;
};

static void
scan(struct fixture *f, struct str text)
{
	arena_init(&f->arena, MIB(64));
	f->text = malloc(text.n ? text.n : 1);
	assert_non_null(f->text);
	if (text.n)
		memcpy(f->text, text.p, text.n);
	f->why = json_scan((struct str){f->text, text.n}, &limits, &f->arena,
		&f->json, &f->at);
}

static void
done(struct fixture *f)
{
	arena_fini(&f->arena);
	free(f->text);
}

static void
expect_why(struct str text, enum why want)
{
	struct fixture f;
	scan(&f, text);
	if (f.why != want)
		fail_msg("%.*s: %s instead of %s", STR_FMT(text),
			why_name(f.why), why_name(want));
	if (f.why != WHY_OK && f.json.count != 0)
		fail_msg("%.*s: refused, but with nodes", STR_FMT(text));
	done(&f);
}

/* --- accepted and refused --------------------------------------------------- */

static const struct {
	struct str text;
	enum why why;
} verdicts[] = {
	/* nothing is an empty body */
	{STR(""), WHY_OK},
	{STR(" \t\r\n"), WHY_OK},

	{STR("null"), WHY_OK},
	{STR("true"), WHY_OK},
	{STR(" false\n"), WHY_OK},
	{STR("0"), WHY_OK},
	{STR("-0"), WHY_OK},
	{STR("1e999999"), WHY_OK},
	{STR("\"\""), WHY_OK},
	{STR("[]"), WHY_OK},
	{STR("[ ]"), WHY_OK},
	{STR("{}"), WHY_OK},
	{STR("{ }"), WHY_OK},
	{STR("[1,2]"), WHY_OK},
	{STR("[[],{}]"), WHY_OK},
	{STR(" \r\n\t{ \"a\" : 1 , \"b\" : [ 1 , 2 ] } "), WHY_OK},

	/* one value and nothing after it */
	{STR("{}{}"), WHY_JSON_TRAILING},
	{STR("{} garbage"), WHY_JSON_TRAILING},
	{STR("{}\0"), WHY_JSON_TRAILING},
	{STR("{}}"), WHY_JSON_TRAILING},
	{STR("[]]"), WHY_JSON_TRAILING},
	{STR("1 2"), WHY_JSON_TRAILING},
	{STR("nulll"), WHY_JSON_TRAILING},
	{STR("truefalse"), WHY_JSON_TRAILING},
	{STR("\"a\"\"b\""), WHY_JSON_TRAILING},
	{STR("{}/**/"), WHY_JSON_TRAILING},
	{STR("{},"), WHY_JSON_TRAILING},
	{STR("{}\xc2\xa0"), WHY_JSON_TRAILING},

	/* whitespace is four bytes */
	{STR("\v{}"), WHY_JSON_SYNTAX},
	{STR("\f{}"), WHY_JSON_SYNTAX},
	{STR("\xc2\xa0{}"), WHY_JSON_SYNTAX},
	{STR("\xef\xbb\xbf{}"), WHY_JSON_SYNTAX},
	{STR("\xff\xfe{\0}\0"), WHY_JSON_SYNTAX},
	{STR("\0"), WHY_JSON_SYNTAX},
	{STR("{\0}"), WHY_JSON_SYNTAX},
	{STR("[1\0]"), WHY_JSON_SYNTAX},

	{STR("{"), WHY_JSON_SYNTAX},
	{STR("["), WHY_JSON_SYNTAX},
	{STR("}"), WHY_JSON_SYNTAX},
	{STR("]"), WHY_JSON_SYNTAX},
	{STR(","), WHY_JSON_SYNTAX},
	{STR(":"), WHY_JSON_SYNTAX},
	{STR("[,]"), WHY_JSON_SYNTAX},
	{STR("[1,]"), WHY_JSON_SYNTAX},
	{STR("[1"), WHY_JSON_SYNTAX},
	{STR("[1,"), WHY_JSON_SYNTAX},
	{STR("[1 2]"), WHY_JSON_SYNTAX},
	{STR("[1}"), WHY_JSON_SYNTAX},
	{STR("{]"), WHY_JSON_SYNTAX},
	{STR("{,}"), WHY_JSON_SYNTAX},
	{STR("{\"a\"}"), WHY_JSON_SYNTAX},
	{STR("{\"a\":}"), WHY_JSON_SYNTAX},
	{STR("{\"a\":1,}"), WHY_JSON_SYNTAX},
	{STR("{\"a\":1"), WHY_JSON_SYNTAX},
	{STR("{\"a\":1 \"b\":2}"), WHY_JSON_SYNTAX},
	{STR("{\"a\" 1}"), WHY_JSON_SYNTAX},
	{STR("{\"a\"::1}"), WHY_JSON_SYNTAX},
	{STR("{a:1}"), WHY_JSON_SYNTAX},
	{STR("{1:1}"), WHY_JSON_SYNTAX},
	{STR("{null:1}"), WHY_JSON_SYNTAX},
	{STR("{'a':1}"), WHY_JSON_SYNTAX},
	{STR("{\"a\":'b'}"), WHY_JSON_SYNTAX},
	{STR("{/*x*/\"a\":1}"), WHY_JSON_SYNTAX},
	{STR("{\"a\":1//\n}"), WHY_JSON_SYNTAX},
	{STR("#\n{}"), WHY_JSON_SYNTAX},
	{STR("{\"a\":1]"), WHY_JSON_SYNTAX},

	{STR("nul"), WHY_JSON_SYNTAX},
	{STR("Null"), WHY_JSON_SYNTAX},
	{STR("TRUE"), WHY_JSON_SYNTAX},
	{STR("t"), WHY_JSON_SYNTAX},
	{STR("undefined"), WHY_JSON_SYNTAX},
	{STR("NaN"), WHY_JSON_SYNTAX},
	{STR("Infinity"), WHY_JSON_SYNTAX},
	{STR("-Infinity"), WHY_JSON_SYNTAX},
	{STR("-"), WHY_JSON_SYNTAX},
	{STR("+1"), WHY_JSON_SYNTAX},
	{STR("01"), WHY_JSON_SYNTAX},
	{STR("1."), WHY_JSON_SYNTAX},
	{STR(".5"), WHY_JSON_SYNTAX},
	{STR("1e"), WHY_JSON_SYNTAX},
	{STR("1-2"), WHY_JSON_SYNTAX},
	{STR("[0x10]"), WHY_JSON_SYNTAX},
	{STR("[1_0]"), WHY_JSON_SYNTAX},
	{STR("[1.2.3]"), WHY_JSON_SYNTAX},

	/* strings */
	{STR("\""), WHY_JSON_SYNTAX},
	{STR("\"a"), WHY_JSON_SYNTAX},
	{STR("\"\\\""), WHY_JSON_SYNTAX},
	{STR("\"\\"), WHY_JSON_SYNTAX},
	{STR("\"a\nb\""), WHY_JSON_SYNTAX},
	{STR("\"a\tb\""), WHY_JSON_SYNTAX},
	{STR("\"\x01\""), WHY_JSON_SYNTAX},
	{STR("\"\x1f\""), WHY_JSON_SYNTAX},
	{STR("\"a\0b\""), WHY_JSON_SYNTAX},
	{STR("\"\x7f\""), WHY_OK},
	{STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), WHY_OK},
	{STR("\"\\u0000\""), WHY_OK},
	{STR("\"\\u00e9\\u00E9\""), WHY_OK},
	{STR("\"\\x41\""), WHY_JSON_SYNTAX},
	{STR("\"\\a\""), WHY_JSON_SYNTAX},
	{STR("\"\\'\""), WHY_JSON_SYNTAX},
	{STR("\"\\0\""), WHY_JSON_SYNTAX},
	{STR("\"\\U0041\""), WHY_JSON_SYNTAX},
	{STR("\"\\\0\""), WHY_JSON_SYNTAX},
	{STR("\"\\\xc3\xa9\""), WHY_JSON_SYNTAX},
	{STR("\"\\u\""), WHY_JSON_SYNTAX},
	{STR("\"\\u123\""), WHY_JSON_SYNTAX},
	{STR("\"\\u123g\""), WHY_JSON_SYNTAX},
	{STR("\"\\u+123\""), WHY_JSON_SYNTAX},
	{STR("\"\\u123"), WHY_JSON_SYNTAX},
	{STR("\"\\ud83d\\udc33\""), WHY_OK},
	{STR("\"\\uD83D\\uDC33\""), WHY_OK},
	{STR("\"\\ud83d\""), WHY_JSON_SURROGATE},
	{STR("\"\\udc33\""), WHY_JSON_SURROGATE},
	{STR("\"\\udfff\""), WHY_JSON_SURROGATE},
	{STR("\"\\udc33\\ud83d\""), WHY_JSON_SURROGATE},
	{STR("\"\\ud83d\\ud83d\""), WHY_JSON_SURROGATE},
	{STR("\"\\ud83dx\""), WHY_JSON_SURROGATE},
	{STR("\"\\ud83d\\n\""), WHY_JSON_SURROGATE},
	{STR("\"\\ud83d\\u0041\""), WHY_JSON_SURROGATE},
	{STR("\"\\ud83d\\udc3"), WHY_JSON_SURROGATE},
	{STR("{\"\\udfff\":0}"), WHY_JSON_SURROGATE},

	/* UTF-8 */
	{STR("\"caf\xc3\xa9\""), WHY_OK},
	{STR("\"\xf0\x9f\x90\xb3\""), WHY_OK},
	{STR("\"\xef\xbb\xbf\""), WHY_OK},
	{STR("\"\xff\""), WHY_JSON_UTF8},
	{STR("\"abcdefgh\x80\""), WHY_JSON_UTF8},
	{STR("\"\xc3\""), WHY_JSON_UTF8},
	{STR("\"\xc3\\n\xa9\""), WHY_JSON_UTF8},
	{STR("\"\xc0\xaf\""), WHY_JSON_UTF8},
	{STR("\"\xed\xa0\xbd\xed\xb0\xb3\""), WHY_JSON_UTF8},
	{STR("\"\xf4\x90\x80\x80\""), WHY_JSON_UTF8},
	{STR("{\"\xff\":1}"), WHY_JSON_UTF8},
	{STR("{\"a\":\"\xe2\x84\"}"), WHY_JSON_UTF8},
	{STR("\"\xc3"), WHY_JSON_SYNTAX},

	/* keys */
	{STR("{\"a\":1,\"a\":1}"), WHY_JSON_DUPLICATE},
	{STR("{\"a\":1,\"b\":2,\"a\":null}"), WHY_JSON_DUPLICATE},
	{STR("{\"\":1,\"\":1}"), WHY_JSON_DUPLICATE},
	{STR("{\"a\":1,\"\\u0061\":1}"), WHY_JSON_DUPLICATE},
	{STR("{\"\\n\":1,\"\\u000a\":1}"), WHY_JSON_DUPLICATE},
	{STR("{\"a\":1,\"A\":1}"), WHY_JSON_DUPLICATE},
	{STR("{\"s\":1,\"\xc5\xbf\":1}"), WHY_JSON_DUPLICATE},
	{STR("{\"S\":1,\"\\u017f\":1}"), WHY_JSON_DUPLICATE},
	{STR("{\"k\":1,\"\xe2\x84\xaa\":1}"), WHY_JSON_DUPLICATE},
	{STR("{\"K\":1,\"\\u212A\":1}"), WHY_JSON_DUPLICATE},
	{STR("[{\"x\":{\"a\":1,\"A\":1}}]"), WHY_JSON_DUPLICATE},
	{STR("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}"), WHY_OK},
	{STR("{\"a\":1,\"a\\u0000\":1}"), WHY_OK},
	{STR("{\"ab\":1,\"a\":1,\"b\":1,\"\":1}"), WHY_OK},
	{STR("{\"\xc3\xa9\":1,\"\xc3\x89\":1}"), WHY_OK},
	{STR("{\"\xc4\xb0\":1,\"i\":1,\"\xc4\xb1\":1}"), WHY_OK},
	{STR("{\"\xef\xbc\xa8\":1,\"h\":1}"), WHY_OK},

	/* data maps: exact keys, directly inside only */
	{STR("{\"Labels\":{\"a\":1,\"A\":1,\"\xc5\xbf\":1,\"s\":1}}"), WHY_OK},
	{STR("{\"LABEL\xc5\xbf\":{\"a\":1,\"A\":1}}"), WHY_OK},
	{STR("{\"Labels\":{\"a\":1,\"a\":1}}"), WHY_JSON_DUPLICATE},
	{STR("{\"Labels\":{\"a\":1,\"\\u0061\":1}}"), WHY_JSON_DUPLICATE},
	{STR("{\"Labels\":[{\"a\":1,\"A\":1}]}"), WHY_JSON_DUPLICATE},
	{STR("{\"EndpointsConfig\":{\"n\":{\"Aliases\":1,\"aliases\":1}}}"),
		WHY_JSON_DUPLICATE},
	{STR("{\"EndpointsConfig\":{\"n\":{},\"N\":{}}}"), WHY_OK},
	/* ... where a key of the data is no name of a data map */
	{STR("{\"EndpointsConfig\":{\"labels\":{\"Aliases\":1,\"aliases\":1}}"
	     "}"),
		WHY_JSON_DUPLICATE},
	{STR("{\"EndpointsConfig\":{\"n\":{\"DriverOpts\":{\"a\":1,\"A\":1}}}"
	     "}"),
		WHY_OK},
	{STR("{\"Labels\":{\"x\":{\"Labels\":{\"a\":1,\"A\":1}}}}"), WHY_OK},
	{STR("{\"Labels\":{\"Labels\":{\"a\":1,\"A\":1}}}"),
		WHY_JSON_DUPLICATE},
	/* Config is data inside LogConfig alone */
	{STR("{\"LogConfig\":{\"Config\":{\"a\":1,\"A\":1}}}"), WHY_OK},
	{STR("{\"Config\":{\"a\":1,\"A\":1}}"), WHY_JSON_DUPLICATE},
	{STR("{\"LogConfig\":{\"a\":1,\"A\":1}}"), WHY_JSON_DUPLICATE},
	{STR("{\"LogConfig\":{\"x\":{\"Config\":{\"a\":1,\"A\":1}}}}"),
		WHY_JSON_DUPLICATE},
	{STR("{\"LogConfig\":[{\"Config\":{\"a\":1,\"A\":1}}]}"),
		WHY_JSON_DUPLICATE},
	{STR("{\"Labels\":{\"LogConfig\":{\"Config\":{\"a\":1,\"A\":1}}}}"),
		WHY_JSON_DUPLICATE},
};

static void
test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(verdicts); i++)
		expect_why(verdicts[i].text, verdicts[i].why);
	expect_why((struct str){NULL, 0}, WHY_OK);
}

/* Create bodies that engines merge or read in another way than they look. */
static void
test_crafted_bodies(void **state)
{
	(void)state;
	static const struct {
		struct str text;
		enum why why;
	} bodies[] = {
		{STR("{\"Image\":\"bb\",\"HostConfig\":{\"Privileged\":true},"
		     "\"HostConfig\":{\"Memory\":10000000}}"),
			WHY_JSON_DUPLICATE},
		{STR("{\"Image\":\"bb\",\"HostConfig\":{\"Privileged\":true,"
		     "\"Privileged\":null}}"),
			WHY_JSON_DUPLICATE},
		{STR("{\"hostconfig\":{\"Privileged\":true},"
		     "\"HostConfig\":{\"Memory\":10000000}}"),
			WHY_JSON_DUPLICATE},
		{STR("{\"HostConfig\":{\"Mounts\":[{\"Type\":\"bind\","
		     "\"Source\":\"/etc\",\"Target\":\"/h\"}],"
		     "\"Mounts\":[{}]}}"),
			WHY_JSON_DUPLICATE},
		{STR("{\"HostConfig\":{\"Mounts\":[{\"Type\":\"bind\","
		     "\"Type\":null,\"Source\":\"/etc\"}]}}"),
			WHY_JSON_DUPLICATE},
		{STR("{\"HostConfig\":{\"NetworkMode\":\"none\","
		     "\"networkmode\":\"host\"}}"),
			WHY_JSON_DUPLICATE},
		{STR("{\"Ho\xc5\xbftConfig\":{},\"HostConfig\":{}}"),
			WHY_JSON_DUPLICATE},
		{STR("{\"Name\":\"v\",\"DriverOpts\":{\"type\":\"none\","
		     "\"o\":\"bind\",\"device\":\"/etc\"},\"DriverOpts\":{}}"),
			WHY_JSON_DUPLICATE},
		{STR("{\"Cmd\":[\"id\"],\"Privileged\":false,"
		     "\"privileged\":true}"),
			WHY_JSON_DUPLICATE},
		{STR("{\"Image\":\"bb\"}{\"HostConfig\":"
		     "{\"Privileged\":true}}"),
			WHY_JSON_TRAILING},
		{STR("{\"Image\":\"bb\",\"HostConfig\":{\"Privileged\":true}"),
			WHY_JSON_SYNTAX},
		{STR("{\"Labels\":{\"a\":\"\xff\xfe\"},"
		     "\"HostConfig\":{\"Privileged\":true}}"),
			WHY_JSON_UTF8},
		{STR("{\"Labels\":{\"a\":\"\\u0000\"},"
		     "\"HostConfig\":{\"Privileged\":true}}"),
			WHY_OK},
		{STR("{\"Image\": \"bb\", \"Cmd\": [\"sh\", \"-c\", \"echo "
		     "'{\\\"HostConfig\\\":{\\\"Privileged\\\":true}}'\"]}"),
			WHY_OK},
		{STR("{\"Name\": \"v\", \"Driver\": \"local\", "
		     "\"DriverOpts\": {}, \"Labels\": {}}"),
			WHY_OK},
	};
	for (size_t i = 0; i < COUNT(bodies); i++)
		expect_why(bodies[i].text, bodies[i].why);
}

static void
test_fault_offsets(void **state)
{
	(void)state;
	static const struct {
		struct str text;
		size_t at;
	} faults[] = {
		{STR("{\"a\":1,\"b\":x}"), 11},
		{STR("{\"a\":1,\"a\":2}"), 7},
		{STR("{\"a\":1"), 6},
		{STR("[1,2,]"), 5},
		{STR("[1] x"), 4},
		{STR("\"ab\\q\""), 3},
		{STR("\"ab\\ud83d\""), 3},
		{STR("\"ab\x01\""), 3},
		{STR("  ]"), 2},
	};
	for (size_t i = 0; i < COUNT(faults); i++) {
		struct fixture f;
		scan(&f, faults[i].text);
		assert_int_not_equal(f.why, WHY_OK);
		assert_int_equal(f.at, faults[i].at);
		done(&f);
	}
}

/* --- limits ------------------------------------------------------------------- */

static enum why
scan_nested(unsigned depth, unsigned limit, char open, char close)
{
	static char text[1024];
	struct json_limits l = {.depth = limit};
	struct json j;
	struct arena a;
	size_t at;

	assert_true(depth * 2 <= sizeof(text));
	memset(text, open, depth);
	memset(text + depth, close, depth);
	arena_init(&a, MIB(1));
	enum why why =
		json_scan((struct str){text, depth * 2}, &l, &a, &j, &at);
	arena_fini(&a);
	return why;
}

static void
test_depth(void **state)
{
	(void)state;
	assert_int_equal(scan_nested(64, 64, '[', ']'), WHY_OK);
	assert_int_equal(scan_nested(65, 64, '[', ']'), WHY_JSON_DEPTH);
	assert_int_equal(scan_nested(1, 0, '[', ']'), WHY_JSON_DEPTH);
	assert_int_equal(scan_nested(500, 64, '[', '['), WHY_JSON_DEPTH);
	/* A setting cannot go beyond what the stack was measured for. */
	assert_int_equal(scan_nested(JSON_DEPTH_MAX, 100000, '[', ']'), WHY_OK);
	assert_int_equal(scan_nested(JSON_DEPTH_MAX + 1, 100000, '[', ']'),
		WHY_JSON_DEPTH);
	/* Side by side is not deep. */
	struct json_limits two = {.depth = 2};
	struct json j;
	struct arena a;
	size_t at;
	arena_init(&a, MIB(1));
	assert_int_equal(
		json_scan(STR("[[],{},[],{\"a\":1}]"), &two, &a, &j, &at),
		WHY_OK);
	assert_int_equal(json_scan(STR("[[],{\"a\":{}}]"), &two, &a, &j, &at),
		WHY_JSON_DEPTH);
	arena_fini(&a);
}

static void
test_node_count(void **state)
{
	(void)state;
	size_t n = 2 * (size_t)JSON_NODES_MAX + 1;
	char *text = malloc(n);
	assert_non_null(text);
	/* [1,1,...,1]: the array and JSON_NODES_MAX elements */
	for (size_t i = 0; i + 1 < n; i += 2)
		memcpy(text + i, "1,", 2);
	text[0] = '[';
	memmove(text + 1, "1", 1);
	for (size_t i = 2; i + 1 < n; i += 2)
		memcpy(text + i, ",1", 2);
	text[n - 1] = ']';
	struct fixture f;
	scan(&f, (struct str){text, n});
	assert_int_equal(f.why, WHY_JSON_NODES);
	done(&f);
	text[n - 3] = ']';
	scan(&f, (struct str){text, n - 2});
	assert_int_equal(f.why, WHY_OK);
	assert_int_equal(f.json.count, JSON_NODES_MAX);
	done(&f);
	free(text);
}

/* 100,000 keys: with a comparison for each pair this would take minutes. */
static void
test_many_keys(void **state)
{
	(void)state;
	enum { N = 100000 };
	size_t room = N * 20;
	char *text = malloc(room);
	assert_non_null(text);
	size_t n = 0;
	for (unsigned i = 0; i < N; i++)
		n += (size_t)snprintf(text + n, room - n, "%c\"Key%06u\":%u",
			i ? ',' : '{', i, i);
	memcpy(text + n, "}", 1);
	struct fixture f;
	scan(&f, (struct str){text, n + 1});
	assert_int_equal(f.why, WHY_OK);
	assert_int_equal(f.json.count, N + 1);
	const struct json_node *last = json_member(
		&f.json, f.json.nodes, STR("key099999"), STR("Key099999"));
	assert_non_null(last);
	assert_true(str_eq(json_text(&f.json, last, &f.arena), STR("99999")));
	done(&f);

	/* The same, but the last key is the first one in another case. */
	n += (size_t)snprintf(text + n, room - n, ",\"kEY000000\":1}");
	scan(&f, (struct str){text, n});
	assert_int_equal(f.why, WHY_JSON_DUPLICATE);
	done(&f);
	free(text);
}

/* Keys are told apart whatever the seed; objects have keys of their own. */
static void
test_key_table(void **state)
{
	(void)state;
	static const uint32_t seeds[] = {0, 1, 0x80000000, UINT32_MAX};
	for (size_t s = 0; s < COUNT(seeds); s++) {
		struct arena a;
		struct json_keys keys;
		static char names[3000][8];
		arena_init(&a, MIB(4));
		json_keys_init(&keys, seeds[s], &a);
		for (unsigned i = 0; i < COUNT(names); i++) {
			int n = snprintf(names[i], sizeof(names[i]), "%u", i);
			struct str name = {names[i], (size_t)n};
			assert_true(json_keys_add(&keys, 1, name));
			assert_true(json_keys_add(&keys, 2, name));
		}
		for (unsigned i = 0; i < COUNT(names); i++) {
			assert_false(json_keys_add(&keys, 1, str_of(names[i])));
			assert_false(json_keys_add(&keys, 2, str_of(names[i])));
			assert_true(
				json_keys_add(&keys, 3 + i, str_of(names[i])));
		}
		assert_false(arena_overflowed(&a));
		arena_fini(&a);
	}
}

static void
test_out_of_memory(void **state)
{
	(void)state;
	struct str text = STR("{\"HostConfig\":{\"Binds\":[\"/a:/b\"],"
			      "\"\\u004demory\":1},\"Labels\":{\"a\":\"b\"}}");
	bool refused_once = false;
	for (size_t cap = 0; cap < 16384; cap += 16) {
		struct arena a;
		struct json j;
		size_t at;
		arena_init(&a, cap);
		enum why why = json_scan(text, &limits, &a, &j, &at);
		if (arena_overflowed(&a))
			assert_int_equal(why, WHY_OUT_OF_MEMORY);
		else
			assert_int_equal(why, WHY_OK);
		refused_once |= why == WHY_OUT_OF_MEMORY;
		arena_fini(&a);
	}
	assert_true(refused_once);
	/* Growing tables, too. */
	struct arena a;
	struct json j;
	size_t at;
	char many[2000];
	memset(many, '0', sizeof(many));
	for (size_t i = 1; i < sizeof(many); i += 2)
		many[i] = ',';
	many[0] = '[';
	many[1] = '0';
	many[sizeof(many) - 1] = ']';
	for (size_t i = 2; i + 1 < sizeof(many); i++)
		many[i] = i % 2 ? '0' : ',';
	arena_init(&a, 20000);
	assert_int_equal(json_scan((struct str){many, sizeof(many)}, &limits,
				 &a, &j, &at),
		WHY_OUT_OF_MEMORY);
	arena_fini(&a);
}

/* --- nodes -------------------------------------------------------------------- */

static void
test_nodes(void **state)
{
	(void)state;
	struct str text = STR(" {\"A\": [1, {\"b\":null}, \"x\"], "
			      "\"\\u0043\": true , \"Labels\":{\"D\":false}} ");
	static const struct {
		const char *key, *written;
		uint32_t next, children;
		enum json_type type;
		unsigned flags;
	} want[] = {
		{"", NULL, 8, 3, JSON_OBJECT, 0},
		{"a", "[1, {\"b\":null}, \"x\"]", 6, 3, JSON_ARRAY, 0},
		{"", "1", 3, 0, JSON_NUMBER, 0},
		{"", "{\"b\":null}", 5, 1, JSON_OBJECT, 0},
		{"b", "null", 5, 0, JSON_NULL, 0},
		{"", "\"x\"", 6, 0, JSON_STRING, 0},
		{"c", "true", 7, 0, JSON_TRUE, JSON_KEY_ESCAPED},
		{"labels", "{\"D\":false}", 9, 1, JSON_OBJECT, JSON_DATA_MAP},
		{"D", "false", 9, 0, JSON_FALSE, 0},
	};
	struct fixture f;
	scan(&f, text);
	assert_int_equal(f.why, WHY_OK);
	assert_int_equal(f.json.count, COUNT(want));
	for (size_t i = 0; i < COUNT(want); i++) {
		const struct json_node *n = &f.json.nodes[i];
		assert_true(str_eq(n->key, str_of(want[i].key)));
		if (want[i].written)
			assert_true(str_eq((struct str){f.text + n->start,
						   n->end - n->start},
				str_of(want[i].written)));
		assert_int_equal(n->next, i ? want[i].next : COUNT(want));
		assert_int_equal(n->children, want[i].children);
		assert_int_equal(n->type, want[i].type);
		assert_int_equal(n->flags, want[i].flags);
		if (n->key.n)
			assert_int_equal(f.text[n->raw_key], '"');
	}
	assert_int_equal(f.json.nodes[0].start, 1);
	assert_int_equal(f.json.nodes[0].end, text.n - 1);
	assert_int_equal(f.at, text.n);

	const struct json_node *array = json_first(f.json.nodes);
	assert_ptr_equal(array, &f.json.nodes[1]);
	const struct json_node *one = json_first(array);
	assert_ptr_equal(json_next(&f.json, one), &f.json.nodes[3]);
	assert_null(json_first(one));
	done(&f);
}

static void
test_empty_body(void **state)
{
	(void)state;
	struct fixture f;
	scan(&f, STR("  "));
	assert_int_equal(f.why, WHY_OK);
	assert_int_equal(f.json.count, 0);
	done(&f);
}

static void
test_member(void **state)
{
	(void)state;
	struct fixture f;
	scan(&f, STR("{\"Ho\xc5\xbftConfig\":{\"Networ\\u212AMode\":\"host\"},"
		     "\"Labels\":{\"App\":1,\"app\":2},\"List\":[1]}"));
	assert_int_equal(f.why, WHY_OK);
	const struct json *j = &f.json;
	const struct json_node *host =
		json_member(j, j->nodes, STR("hostconfig"), STR("HostConfig"));
	assert_non_null(host);
	const struct json_node *mode =
		json_member(j, host, STR("networkmode"), STR("NetworkMode"));
	assert_non_null(mode);
	assert_true(str_eq(json_text(j, mode, &f.arena), STR("host")));

	/* Exact by the raw name in a data map. */
	const struct json_node *labels =
		json_member(j, j->nodes, STR("labels"), STR("LABELS"));
	assert_non_null(labels);
	const struct json_node *app =
		json_member(j, labels, STR("app"), STR("App"));
	assert_non_null(app);
	assert_true(str_eq(json_text(j, app, &f.arena), STR("1")));
	app = json_member(j, labels, STR("app"), STR("app"));
	assert_non_null(app);
	assert_true(str_eq(json_text(j, app, &f.arena), STR("2")));
	assert_null(json_member(j, labels, STR("app"), STR("APP")));

	assert_null(json_member(j, j->nodes, STR("hostconfi"), STR("")));
	assert_null(json_member(j, j->nodes, STR("hostconfigx"), STR("")));
	assert_null(json_member(j, j->nodes, STR(""), STR("")));
	assert_null(json_member(j, mode, STR("a"), STR("a")));
	const struct json_node *list =
		json_member(j, j->nodes, STR("list"), STR("List"));
	assert_non_null(list);
	assert_null(json_member(j, list, STR(""), STR("")));
	done(&f);
}

/* Keys that resemble a field's name to the eye are other keys to Go. */
static void
test_lookalikes(void **state)
{
	(void)state;
	static const struct str bodies[] = {
		STR("{\"HostConf\xc4\xb0g\":1}"),
		STR("{\"HostConf\xc4\xb1g\":1}"),
		STR("{\"\xef\xbc\xa8ostConfig\":1}"),
		STR("{\"H\xd0\xbestConfig\":1}"),
		STR("{\"HostConfig\\u0000\":1}"),
		STR("{\" HostConfig\":1}"),
		STR("{\"HostConfig.Privileged\":1}"),
		STR("{\"Host\\/Config\":1}"),
		STR("{\"\":1}"),
	};
	static const struct str same[] = {
		STR("{\"hostconfig\":1}"),
		STR("{\"HOSTCONFIG\":1}"),
		STR("{\"Ho\xc5\xbftConfig\":1}"),
		STR("{\"Ho\\u017ftConfig\":1}"),
		STR("{\"\\u0048\\u006f\\u0073\\u0074\\u0043onfig\":1}"),
	};
	for (size_t i = 0; i < COUNT(bodies) + COUNT(same); i++) {
		bool found = i >= COUNT(bodies);
		struct fixture f;
		scan(&f, found ? same[i - COUNT(bodies)] : bodies[i]);
		assert_int_equal(f.why, WHY_OK);
		assert_int_equal(found,
			json_member(&f.json, f.json.nodes, STR("hostconfig"),
				STR("HostConfig")) != NULL);
		done(&f);
	}
}

static void
test_fold(void **state)
{
	(void)state;
	static const struct {
		struct str name, want;
	} folds[] = {
		{STR(""), STR("")},
		{STR("abc"), STR("abc")},
		{STR("HostConfig"), STR("hostconfig")},
		{STR("AZ@[`{"), STR("az@[`{")},
		{STR("\xc5\xbf\xe2\x84\xaa\xc5\xbf"), STR("sks")},
		{STR("\xc5"), STR("\xc5")},
		{STR("\xe2\x84"), STR("\xe2\x84")},
		{STR("\xc5\xbe\xe2\x84\xab"), STR("\xc5\xbe\xe2\x84\xab")},
		{STR("\xc3\x89"), STR("\xc3\x89")},
		{STR("A\0B"), STR("a\0b")},
	};
	struct arena a;
	arena_init(&a, MIB(1));
	for (size_t i = 0; i < COUNT(folds); i++)
		assert_true(
			str_eq(json_fold(folds[i].name, &a), folds[i].want));
	arena_fini(&a);
}

static void
test_data_maps(void **state)
{
	(void)state;
	static const char *const maps[] = {"labels", "annotations", "sysctls",
		"options", "driveropts", "volumes", "portbindings",
		"exposedports", "tmpfs", "storageopt", "endpointsconfig",
		"auxiliaryaddresses", "buildargs", "authconfigs"};
	static const char *const others[] = {"", "Labels", "label", "labelss",
		"hostconfig", "config", "logconfig", "mounts", "networks"};
	for (size_t i = 0; i < COUNT(maps); i++)
		assert_true(json_is_data_map(str_of(maps[i]), STR("")));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(json_is_data_map(str_of(others[i]), STR("x")));
	assert_true(json_is_data_map(STR("config"), STR("logconfig")));
	assert_false(json_is_data_map(STR("config"), STR("hostconfig")));
}

/* --- values ---------------------------------------------------------------------- */

static void
test_text(void **state)
{
	(void)state;
	static const struct {
		struct str text, want;
	} values[] = {
		{STR(" null "), STR("null")},
		{STR("true"), STR("true")},
		{STR("false"), STR("false")},
		{STR(" 1.50e+3 "), STR("1.50e+3")},
		{STR("18446744073709551616"), STR("18446744073709551616")},
		{STR("\"\""), STR("")},
		{STR("\"abc\""), STR("abc")},
		{STR("\"a b\\tc\""), STR("a b\tc")},
		{STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), STR("\"\\/\b\f\n\r\t")},
		{STR("\"\\u0041\\u00e9\\u20ac\\ud83d\\udc33z\""),
			STR("A\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb3z")},
		{STR("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\""),
			STR("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf")},
		{STR("\"\\ud800\\udc00\\udbff\\udfff\""),
			STR("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")},
		{STR("\"a\\u0000b\""), STR("a\0b")},
		{STR("[]"), STR("[]")},
		{STR(" [ ] "), STR("[]")},
		{STR("{ }"), STR("{}")},
		{STR(" { \"B\" : [ 1 , \"x y\" , null ] ,\n\t\"a\" : { } } "),
			STR("{\"B\":[1,\"x y\",null],\"a\":{}}")},
		{STR("[\"\\u0041\\/\\u0022\\u005c\\u000a\\u0001\\u001f\"]"),
			STR("[\"A/\\\"\\\\\\n\\u0001\\u001f\"]")},
		{STR("[\"\\b\\f\\n\\r\\t\\u0008\\u007f\"]"),
			STR("[\"\\b\\f\\n\\r\\t\\b\x7f\"]")},
		{STR("[\"\\ud83d\\udc33 \xf0\x9f\x90\xb3\"]"),
			STR("[\"\xf0\x9f\x90\xb3 \xf0\x9f\x90\xb3\"]")},
		{STR("{\"\\u0048ost\" : \"[ , ]\"}"),
			STR("{\"Host\":\"[ , ]\"}")},
	};
	for (size_t i = 0; i < COUNT(values); i++) {
		struct fixture f;
		scan(&f, values[i].text);
		assert_int_equal(f.why, WHY_OK);
		struct str got = json_text(&f.json, f.json.nodes, &f.arena);
		if (!str_eq(got, values[i].want))
			fail_msg("%.*s: \"%.*s\"", STR_FMT(values[i].text),
				STR_FMT(got));
		done(&f);
	}
}

static void
test_string_is_borrowed(void **state)
{
	(void)state;
	struct fixture f;
	scan(&f, STR("[\"plain\",\"esc\\u0061ped\"]"));
	const struct json_node *plain = json_first(f.json.nodes);
	const struct json_node *escaped = json_next(&f.json, plain);
	assert_int_equal(plain->flags, 0);
	assert_int_equal(escaped->flags, JSON_ESCAPED);
	struct str s = json_decoded(&f.json, plain, &f.arena);
	assert_ptr_equal(s.p, f.text + 2);
	assert_true(str_eq(s, STR("plain")));
	s = json_decoded(&f.json, escaped, &f.arena);
	assert_true(str_eq(s, STR("escaped")));

	/* A full arena gives empty text and says so. */
	struct arena none;
	arena_init(&none, 0);
	assert_int_equal(json_decoded(&f.json, escaped, &none).n, 0);
	assert_true(arena_overflowed(&none));
	arena_reset(&none);
	assert_int_equal(json_text(&f.json, f.json.nodes, &none).n, 0);
	assert_true(arena_overflowed(&none));
	arena_reset(&none);
	assert_int_equal(json_fold(STR("A"), &none).n, 0);
	assert_true(arena_overflowed(&none));
	arena_fini(&none);
	done(&f);
}

static void
test_empty(void **state)
{
	(void)state;
	static const char *const empty[] = {"null", "\"\"", "[]", "[ ]", "{}",
		"0", "-0", "0.0", "0e5", "-0.00E-1", "false"};
	static const char *const full[] = {"true", "\" \"", "\"0\"", "[0]",
		"[[]]", "{\"a\":null}", "1", "-1", "0.1", "1e-400",
		"\"\\u0000\""};
	for (size_t i = 0; i < COUNT(empty) + COUNT(full); i++) {
		bool want = i < COUNT(empty);
		const char *text = want ? empty[i] : full[i - COUNT(empty)];
		struct fixture f;
		scan(&f, str_of(text));
		assert_int_equal(f.why, WHY_OK);
		if (json_empty(&f.json, f.json.nodes) != want)
			fail_msg("%s", text);
		done(&f);
	}
}

/* --- against jansson --------------------------------------------------------------- */

static uint32_t random_state;

static uint32_t
random_below(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(random_state >> 8) * n >> 24);
}

struct text {
	char p[4096];
	size_t n;
};

static void
put(struct text *t, const char *s)
{
	size_t n = strlen(s);
	if (t->n + n <= sizeof(t->p)) {
		memcpy(t->p + t->n, s, n);
		t->n += n;
	}
}

static void
put_one_of(struct text *t, const char *const *from, uint32_t n)
{
	put(t, from[random_below(n)]);
}

static const char *const spaces[] = {"", "", "", " ", "\n\t", "\r "};

static void
random_string(struct text *t)
{
	static const char *const pieces[] = {"a", "b", "0", "longer text ", "k",
		"s", "\\n", "\\\"", "\\\\", "\\/", "\\u0061", "\\u00e9",
		"\\ud83d\\udc33", "\xc3\xa9", "\xf0\x9f\x90\xb3",
		"\xe2\x84\xab", "\x7f", "{", "]", ",", "\\u0001", "\\t"};
	put(t, "\"");
	for (uint32_t i = random_below(5); i > 0; i--)
		put_one_of(t, pieces, COUNT(pieces));
	put(t, "\"");
}

static void
random_value(struct text *t, unsigned depth)
{
	static const char *const scalars[] = {"null", "true", "false", "0",
		"-1", "12345", "1.5", "-0.25e1", "100E-2"};

	put_one_of(t, spaces, COUNT(spaces));
	switch (random_below(depth < 5 ? 4 : 2)) {
	case 0:
		put_one_of(t, scalars, COUNT(scalars));
		break;
	case 1:
		random_string(t);
		break;
	case 2:
		put(t, "[");
		for (uint32_t i = random_below(4); i > 0; i--) {
			random_value(t, depth + 1);
			put(t, i > 1 ? "," : "");
		}
		put(t, "]");
		break;
	default:
		put(t, "{");
		for (uint32_t i = random_below(4); i > 0; i--) {
			put_one_of(t, spaces, COUNT(spaces));
			random_string(t);
			put_one_of(t, spaces, COUNT(spaces));
			put(t, ":");
			random_value(t, depth + 1);
			put(t, i > 1 ? "," : "");
		}
		put(t, "}");
		break;
	}
	put_one_of(t, spaces, COUNT(spaces));
}

/* Breaks a text, maybe: another byte, one less, one more, or cut short. The
 * bytes have no capital letters, so no keys differ by case alone. */
static void
mutate(struct text *t)
{
	static const char bytes[] = "\"\\{}[]:,0189.e+-tnfu \n\x01\x80\xc3\xff";
	if (t->n == 0)
		return;
	size_t at = random_below((uint32_t)t->n);
	char c = bytes[random_below(sizeof(bytes) - 1)];
	switch (random_below(4)) {
	case 0:
		t->p[at] = c;
		break;
	case 1:
		memmove(t->p + at, t->p + at + 1, t->n - at - 1);
		t->n--;
		break;
	case 2:
		if (t->n == sizeof(t->p))
			break;
		memmove(t->p + at + 1, t->p + at, t->n - at);
		t->p[at] = c;
		t->n++;
		break;
	default:
		t->n = at;
		break;
	}
}

/* The same value again, from its compact text. */
static void
check_same(const struct fixture *f, const json_t *want, struct arena *a)
{
	json_error_t error;
	struct str text = json_text(&f->json, f->json.nodes, a);
	if (f->json.nodes->type == JSON_STRING) {
		assert_true(str_eq(text, (struct str){json_string_value(want),
						 json_string_length(want)}));
		return;
	}
	json_t *got = json_loadb(text.p, text.n,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL,
		&error);
	if (!got || !json_equal(got, want))
		fail_msg("%.*s -> %.*s", STR_FMT(f->json.text), STR_FMT(text));
	json_decref(got);
}

/* Both take it or both refuse it, but for three things: nothing at all is an
 * empty body here, jansson has numbers no larger than its types, and no NUL
 * in keys. Returns whether the case was such a one. */
static bool
compare(const struct text *t, unsigned *accepted)
{
	json_error_t error = {.line = 0};
	struct fixture f;
	scan(&f, (struct str){t->p, t->n});
	json_t *want = json_loadb(t->p, t->n,
		JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL,
		&error);
	enum json_error_code code = want ? 0 : json_error_code(&error);
	bool excused =
		!want && f.why == WHY_OK &&
		(f.json.count == 0 || code == json_error_numeric_overflow ||
			code == json_error_null_byte_in_key);
	if (!excused && (want != NULL) != (f.why == WHY_OK))
		fail_msg("%.*s: %s, jansson: %s", STR_FMT(f.json.text),
			why_name(f.why), want ? "accepts" : error.text);
	if (!excused && code == json_error_duplicate_key)
		assert_int_equal(f.why, WHY_JSON_DUPLICATE);
	if (want) {
		check_same(&f, want, &f.arena);
		++*accepted;
	}
	json_decref(want);
	done(&f);
	return excused;
}

static void
test_against_jansson(void **state)
{
	(void)state;
	enum { ROUNDS = 10000 };
	unsigned accepted = 0, excused = 0;
	random_state = 20240229;
	for (unsigned i = 0; i < ROUNDS; i++) {
		static struct text t;
		t.n = 0;
		random_value(&t, 0);
		for (uint32_t k = random_below(3); k > 0; k--)
			mutate(&t);
		excused += compare(&t, &accepted);
	}
	/* Neither side of the comparison may be nearly always the same. */
	assert_in_range(accepted, ROUNDS / 4, ROUNDS * 9 / 10);
	assert_in_range(excused, 0, ROUNDS / 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_crafted_bodies),
		cmocka_unit_test(test_fault_offsets),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_node_count),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_key_table),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_empty_body),
		cmocka_unit_test(test_member),
		cmocka_unit_test(test_lookalikes),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_data_maps),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_string_is_borrowed),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_against_jansson),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
