/* JSON bodies: members, keys, and the text of values. */
#include "tests/unit/json_fixture.h"

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

/* --- values ------------------------------------------------------------- */

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_member),
		cmocka_unit_test(test_lookalikes),
		cmocka_unit_test(test_fold),
		cmocka_unit_test(test_data_maps),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_string_is_borrowed),
		cmocka_unit_test(test_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
