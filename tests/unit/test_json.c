/* JSON bodies: what is refused, where, and the nodes of the rest. */
#include "tests/unit/json_fixture.h"

#include <stdio.h>

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

/* --- accepted and refused ----------------------------------------------- */

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

/* --- limits ------------------------------------------------------------- */

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

/* --- nodes -------------------------------------------------------------- */

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
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_empty_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
