/* Redaction: what each filter does to a value. */
#include "tests/unit/answers_fixture.h"

#define KEY_NAMES "(?i)(token|secret|password|key)="

struct example {
	const char *filters[3];
	const char *in;
	const char *want; /* NULL: as it came */
};

static void
check_example(const struct example *e)
{
	struct filters *f = filters_new();
	struct str in = str_of(e->in);
	struct str want = e->want ? str_of(e->want) : in;

	for (size_t i = 0; i < COUNT(e->filters) && e->filters[i]; i++)
		filters_add(f, e->filters[i]);
	check_pieces(f, in, want, SIZE_MAX / 2, 65536);
	for (size_t piece = 1; piece < 9; piece++)
		for (size_t cap = 1; cap < 9; cap++)
			check_pieces(f, in, want, piece, cap);
	filters_free(f);
}

static void
check_examples(const struct example *examples, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_example(&examples[i]);
}

static void
test_redact(void **state)
{
	static const struct example examples[] = {
		{{"redact a"}, "{\"a\":1}", "{\"a\":" GONE "}"},
		{{"redact a"}, "{\"a\":-1.5e+3,\"b\":1e9}",
			"{\"a\":" GONE ",\"b\":1e9}"},
		{{"redact a"}, "{\"a\":\"x\\\"y\"}", "{\"a\":" GONE "}"},
		{{"redact a"}, "{\"a\" : null }", "{\"a\" : " GONE " }"},
		{{"redact a"}, "{\"a\":{\"a\":[1,{}]}}", "{\"a\":" GONE "}"},
		{{"redact a"}, "{\"a\":[true,false]}", "{\"a\":" GONE "}"},
		{{"redact a"}, "{\"b\":{\"a\":1}}", NULL},
		{{"redact a"}, "[{\"a\":1}]", NULL},
		{{"redact a"}, "\"a\"", NULL},
		{{"redact a"}, "{\"a\":1,\"a\":2,\"A\":3}",
			"{\"a\":" GONE ",\"a\":" GONE ",\"A\":" GONE "}"},
		{{"redact a.b"}, "{\"a\":{\"b\":1,\"c\":2},\"b\":3}",
			"{\"a\":{\"b\":" GONE ",\"c\":2},\"b\":3}"},
		{{"redact a.b"}, "{\"a\":[1],\"a\":2,\"a\":{\"b\":{}}}",
			"{\"a\":[1],\"a\":2,\"a\":{\"b\":" GONE "}}"},
		{{"redact a\\.b"}, "{\"a\":{\"b\":1},\"a.b\":2}",
			"{\"a\":{\"b\":1},\"a.b\":" GONE "}"},
		{{"redact a", "redact b"}, "{\"b\":1,\"a\":2,\"c\":3}",
			"{\"b\":" GONE ",\"a\":" GONE ",\"c\":3}"},
		{{"redact "}, "{\"\":1,\"x\":2}", "{\"\":" GONE ",\"x\":2}"},
	};
	(void)state;
	check_examples(examples, COUNT(examples));
}

static void
test_remove(void **state)
{
	static const struct example examples[] = {
		{{"remove a"}, "{\"a\":1}", "{}"},
		{{"remove a"}, "{\"a\":1,\"b\":2}", "{\"b\":2}"},
		{{"remove b"}, "{\"a\":1,\"b\":2}", "{\"a\":1}"},
		{{"remove b"}, "{\"a\":1,\"b\":2,\"c\":3}",
			"{\"a\":1,\"c\":3}"},
		{{"remove a"}, "{\"a\":1,\"A\":2,\"b\":3,\"a\":[]}",
			"{\"b\":3}"},
		{{"remove a"}, "{\"a\":1,\"a\":2}", "{}"},
		{{"remove *"}, "{\"a\":1,\"b\":{\"c\":2}}", "{}"},
		{{"remove *"}, "[1,[2],{\"a\":3},\"4\"]", "[]"},
		{{"remove 1"}, "[1,2,3]", "[1,3]"},
		{{"remove 0"}, "[1,2,3]", "[2,3]"},
		{{"remove 2"}, "[1,2,3]", "[1,2]"},
		{{"remove 0", "remove 1"}, "[[],{},3,4]", "[3,4]"},
		{{"remove 0", "remove 2"}, "[1,2,3]", "[2]"},
		{{"remove a"}, "{ \"a\" : 1 , \"b\" : 2 }", "{   \"b\" : 2 }"},
		{{"remove b"}, "{ \"a\" : 1 , \"b\" : 2 }", "{ \"a\" : 1  }"},
		{{"remove 1"}, "[ 1 ,\n2 ,\n3 ]", "[ 1  ,\n3 ]"},
		{{"remove a.b"}, "{\"a\":{\"b\":1},\"b\":{\"b\":2}}",
			"{\"a\":{},\"b\":{\"b\":2}}"},
		{{"remove *.b"}, "[{\"b\":1,\"c\":2},[],{\"b\":3},4]",
			"[{\"c\":2},[],{},4]"},
	};
	(void)state;
	check_examples(examples, COUNT(examples));
}

static void
test_replace(void **state)
{
	static const struct example examples[] = {
		{{"replace a = 0"}, "{\"a\":[1,2],\"b\":2}",
			"{\"a\":0,\"b\":2}"},
		{{"replace a.0 = {\"x\": null}"}, "{\"a\":[1,2]}",
			"{\"a\":[{\"x\": null},2]}"},
		{{"replace * = \"x\""}, "[1,[],{}]", "[\"x\",\"x\",\"x\"]"},
		{{"replace a = 1", "replace a = 2"}, "{\"a\":0}", "{\"a\":1}"},
	};
	(void)state;
	check_examples(examples, COUNT(examples));
}

/* `remove` wins over `redact`, which wins over `replace`. */
static void
test_precedence(void **state)
{
	static const struct example examples[] = {
		{{"redact a", "remove a"}, "{\"a\":1,\"b\":2}", "{\"b\":2}"},
		{{"remove a", "redact *"}, "{\"a\":1,\"b\":2}",
			"{\"b\":" GONE "}"},
		{{"replace a = 0", "redact *"}, "{\"a\":1}",
			"{\"a\":" GONE "}"},
		{{"replace * = 0", "remove a"}, "{\"a\":1,\"b\":2}",
			"{\"b\":0}"},
		{{"replace a = 0", "redact a ~ x"},
			"{\"a\":\"axb\",\"A\":\"b\",\"a\":1}",
			"{\"a\":\"***REDACTED***\",\"A\":0,\"a\":0}"},
		{{"redact a ~ x", "remove a ~ y"},
			"{\"b\":0,\"a\":\"xy\",\"a\":\"xz\",\"a\":\"z\"}",
			"{\"b\":0,\"a\":\"***REDACTED***\",\"a\":\"z\"}"},
		/* A value inside a redacted one is gone with it. */
		{{"redact a", "replace a.b = 0"}, "{\"a\":{\"b\":1}}",
			"{\"a\":" GONE "}"},
	};
	(void)state;
	check_examples(examples, COUNT(examples));
}

static void
test_paths(void **state)
{
	static const struct example examples[] = {
		/* Any element or member; merged with a key of the level. */
		{{"redact *.Labels"}, "[{\"Labels\":{},\"Id\":1},2]",
			"[{\"Labels\":" GONE ",\"Id\":1},2]"},
		{{"redact *.b", "remove a.c"},
			"{\"a\":{\"b\":1,\"c\":2},\"x\":{\"b\":3,\"c\":4}}",
			"{\"a\":{\"b\":" GONE "},\"x\":{\"b\":" GONE
			",\"c\":4}}"},
		{{"redact a.*.c", "redact *.b.d"},
			"{\"a\":{\"b\":{\"c\":1,\"d\":2,\"e\":3}}}",
			"{\"a\":{\"b\":{\"c\":" GONE ",\"d\":" GONE
			",\"e\":3}}}"},
		{{"redact a", "redact a.b", "redact a.b.c"},
			"{\"a\":1,\"b\":{\"c\":2}}",
			"{\"a\":" GONE ",\"b\":{\"c\":2}}"},
		/* A number is an index, and a key of an object. */
		{{"redact 1"}, "[0,1,2]", "[0," GONE ",2]"},
		{{"redact 1"}, "{\"1\":0,\"01\":1}",
			"{\"1\":" GONE ",\"01\":1}"},
		{{"redact a.10"}, "{\"a\":[0,1,2,3,4,5,6,7,8,9,10,11]}",
			"{\"a\":[0,1,2,3,4,5,6,7,8,9," GONE ",11]}"},
		{{"redact x"}, "[0,1,2]", NULL},
		/* Each value of the stream is looked at from its root. */
		{{"redact a"}, "{\"a\":1}{\"a\":2}\n[]3 {\"a\":4}\n",
			"{\"a\":" GONE "}{\"a\":" GONE "}\n[]3 {\"a\":" GONE
			"}\n"},
		{{"redact a"}, "1 2\"x\"true null[]{}-0\n", NULL},
		{{"redact a"}, "  \r\n\t", NULL},
	};
	(void)state;
	check_examples(examples, COUNT(examples));
}

/* Keys as Go's decoder matches them to the fields of a struct. */
static void
test_keys(void **state)
{
	static const struct example examples[] = {
		{{"redact Secret"}, "{\"secret\":1}", "{\"secret\":" GONE "}"},
		{{"redact secret"}, "{\"SECRET\":1}", "{\"SECRET\":" GONE "}"},
		{{"redact secret"},
			"{\"\xc5\xbf"
			"ecret\":1}",
			"{\"\xc5\xbf"
			"ecret\":" GONE "}"},
		{{"redact key"},
			"{\"\xe2\x84\xaa"
			"ey\":1}",
			"{\"\xe2\x84\xaa"
			"ey\":" GONE "}"},
		{{"redact key"}, "{\"\\u212aey\":1}",
			"{\"\\u212aey\":" GONE "}"},
		{{"redact secret"}, "{\"\\u0073\\u0065cret\":1}",
			"{\"\\u0073\\u0065cret\":" GONE "}"},
		{{"remove secret"}, "{\"x\":0,\"\\u017FEC\\u0072et\":1}",
			"{\"x\":0}"},
		{{"redact a/b"}, "{\"a\\/b\":1}", "{\"a\\/b\":" GONE "}"},
		{{"redact \xc3\xa9"}, "{\"\xc3\xa9\":1,\"\\u00e9\":2}",
			"{\"\xc3\xa9\":" GONE ",\"\\u00e9\":" GONE "}"},
		{{"redact \xf0\x9f\x90\xb3"}, "{\"\\ud83d\\udc33\":1}",
			"{\"\\ud83d\\udc33\":" GONE "}"},
		{{"redact secret"}, "{\"secre\":1,\"secrets\":2,\"\":3}", NULL},
		{{"redact secret"}, "{\"\\\"secret\":1}", NULL},
	};
	(void)state;
	check_examples(examples, COUNT(examples));
}

static void
test_patterns(void **state)
{
	static const struct example examples[] = {
		{{"redact Config.Env.* ~ " KEY_NAMES},
			"{\"Config\":{\"Env\":[\"PATH=/bin\",\"DB_PASSWORD=x\","
			"\"a\",\"API_TOKEN=\"]}}",
			"{\"Config\":{\"Env\":[\"PATH=/bin\","
			"\"DB_PASSWORD=***REDACTED***\",\"a\","
			"\"API_TOKEN=***REDACTED***\"]}}"},
		{{"remove * ~ " KEY_NAMES},
			"[\"PATH=/bin\",\"DB_PASSWORD=x\",\"a\"]",
			"[\"PATH=/bin\",\"a\"]"},
		{{"remove * ~ " KEY_NAMES}, "[\"KEY=x\",\"a\",\"KEY=\"]",
			"[\"a\"]"},
		{{"remove * ~ x"}, "{ \"a\" : \"x\" , \"b\" : \"y\" }",
			"{   \"b\" : \"y\" }"},
		{{"replace * ~ KEY= = null"}, "[\"a\",\"KEY=\\u0078\",1]",
			"[\"a\",null,1]"},
		/* Only strings match. */
		{{"redact * ~ "}, "[1,-1,true,false,null,[\"\"],{\"a\":\"\"}]",
			NULL},
		{{"remove * ~ "}, "[[1],\"\",{}]", "[[1],{}]"},
		/* The name stays: up to the `=` in the match, else before
		 * it, else behind it. */
		{{"redact * ~ PASS"}, "[\"DB_PASS_X=a=b\"]",
			"[\"DB_PASS_X=***REDACTED***\"]"},
		{{"redact * ~ PASS.*"}, "[\"DB_PASS=a=b\"]",
			"[\"DB_PASS=***REDACTED***\"]"},
		{{"redact * ~ ghp_\\w+"}, "[\"T=ghp_x==\"]",
			"[\"T=***REDACTED***\"]"},
		{{"redact * ~ pw="}, "[\"URL=//u?a=b&pw=c&d=e\"]",
			"[\"URL=***REDACTED***\"]"},
		{{"redact * ~ --pass "}, "[\"x --pass y\"]",
			"[\"***REDACTED***\"]"},
		/* With nothing behind it, the match is the secret. */
		{{"redact * ~ ghp_\\w+"}, "[\"ghp_x\"]", "[" GONE "]"},
		{{"redact * ~ "}, "[\"\"]", "[" GONE "]"},
		/* Of several redactions the shortest rest stays. */
		{{"redact * ~ b=", "redact * ~ a="}, "[\"a=1,b=2\",\"b=2\"]",
			"[\"a=***REDACTED***\",\"b=***REDACTED***\"]"},
		{{"redact * ~ b=", "redact 0"}, "[\"b=2\",\"b=2\"]",
			"[" GONE ",\"b=***REDACTED***\"]"},
		/* The text matches, its spelling stays. */
		{{"redact * ~ KEY="}, "[\"\\u004b\\u0045Y\\u003d\\u003d1\"]",
			"[\"\\u004b\\u0045Y\\u003d***REDACTED***\"]"},
		{{"redact * ~ ="},
			"[\"\\ud83d\\udc33\\n\\\"\xc3\xa9\\u00e9\\u20ac=1\"]",
			"[\"***REDACTED***\"]"},
		{{"redact a ~ x"}, "{\"b\":\"x\",\"a\":\"y\"}", NULL},
		/* Deeper filters go on where a pattern does not apply. */
		{{"redact a ~ x", "redact a.b"},
			"{\"a\":{\"b\":1},\"a\":\"wxy\"}",
			"{\"a\":{\"b\":" GONE "},\"a\":\"***REDACTED***\"}"},
		{{"redact ~ x"}, "\"x\" \"y\"", NULL},
	};
	(void)state;
	check_examples(examples, COUNT(examples));
}

/* What no filter touches passes byte for byte. */
static void
test_untouched(void **state)
{
	static const char text[] =
		" {\"a\" :[ 1,2.50,-0,1E+2,1e-05,18446744073709551616 ,"
		"12345678901234567890.123456789012345678901234567890],\n"
		"\t\"\\u0061\":\"\\/\\u00e9\xc3\xa9\\b\\f\\n\\r\\t\\\\\\\"\x7f"
		"\\ud83d\\udc33\xf0\x9f\x90\xb3\\u0000\" , \"a\":[],\"a\":{} ,"
		"\"deep\":[[[[[[[{\"a\":[[[{}]]]}]]]]]]]}\r\n\r\n ";
	static const struct example examples[] = {
		{{"remove b"}, text, NULL},
		{{"redact *.zz", "remove deep.0.0.1"}, text, NULL},
		{{"remove * ~ no such text"}, text, NULL},
		{{"remove *.*.*.*.*.*.*.*.*.b"}, text, NULL},
	};
	(void)state;
	check_examples(examples, COUNT(examples));
}

/* --- not JSON -------------------------------------------------------------- */

static void
test_bad(void **state)
{
	/* The part that passes, and what follows. */
	static const struct {
		const char *in, *want;
	} cases[] = {
		{"{\"b\":1,\"c\"x", "{\"b\":1,\"c\""},
		{"{\"b\":1,\"r\"x", "{\"b\":1"},
		{"{\"b\":1,}", "{\"b\":1"},
		{"{,", "{"},
		{"{1", "{"},
		{"{\"b\":]", "{\"b\":"},
		{"{\"b\":1]", "{\"b\":1"},
		{"[1}", "[1"},
		{"[1,]", "[1,"},
		{"[,", "["},
		{"]", ""},
		{",", ""},
		{"1,", "1"},
		{"[01]", "[0"},
		{"[1.]", "[1."},
		{"[-]", "[-"},
		{"[+1]", "["},
		{"[.5]", "["},
		{"[1e]", "[1e"},
		{"[1e+]", "[1e+"},
		{"[0x1]", "[0"},
		{"[nul]", "[nul"},
		{"[True]", "["},
		{"[truex]", "[true"},
		{"[NaN]", "["},
		{"['a']", "["},
		{"[\"\x1f\"]", "[\""},
		{"[\"a\n\"]", "[\"a"},
		{"[\"\\x\"]", "[\"\\"},
		{"[\"\\u12g4\"]", "[\"\\u12"},
		{"[\"\\ud83dx\"]", "[\"\\ud83d"},
		{"[\"\\ud83d\\n\"]", "[\"\\ud83d\\"},
		{"[\"\\ud83d\\ud83d\"]", "[\"\\ud83d\\ud83"},
		{"[\"\\udc33\"]", "[\"\\udc3"},
		{"[\"\x80\"]", "[\""},
		{"[\"\xc0\x80\"]", "[\""},
		{"[\"\xc3\"]", "[\"\xc3"},
		{"[\"\xe0\x80\x80\"]", "[\"\xe0"},
		{"[\"\xed\xa0\x80\"]", "[\"\xed"},
		{"[\"\xf4\x90\x80\x80\"]", "[\"\xf4"},
		{"[\"\xf5\"]", "[\""},
		{"\xef\xbb\xbf{}", ""},
		{"[1]\x01", "[1]"},
		{"/**/", ""},
		/* in what is redacted, removed, looked at */
		{"{\"a\":[1,}", "{\"a\":" GONE},
		{"{\"a\":tru,", "{\"a\":" GONE},
		{"{\"x\":0,\"r\":[}", "{\"x\":0"},
		{"{\"x\":0,\"m\":\"KEY=\n", "{\"x\":0"},
		{"{\"x\":0,\"m\":\"KEY=\"x", "{\"x\":0,\"m\":\"KEY="
					     "***REDACTED***\""},
		/* not whole */
		{"{", "{"},
		{"[1,", "[1"},
		{"{\"b\":", "{\"b\":"},
		{"{\"r\":", "{"},
		{"{\"b\":1", "{\"b\":1"},
		{"\"abc", "\"abc"},
		{"tru", "tru"},
		{"-", "-"},
		{"1.", "1."},
	};
	struct filters *f = filters_new();

	(void)state;
	filters_add(f, "redact a");
	filters_add(f, "remove r");
	filters_add(f, "redact m ~ KEY=");
	for (size_t i = 0; i < COUNT(cases); i++)
		check_bad(f, str_of(cases[i].in), str_of(cases[i].want));
	filters_free(f);
}

/* --- streams --------------------------------------------------------------- */

/* Nothing of a value waits for the next one. */
static void
test_events(void **state)
{
	struct filters *f = filters_new();
	struct answer a;

	(void)state;
	filters_add(f, "redact Actor.Attributes.* ~ secret");
	filters_add(f, "remove from");
	answer_begin(&a, f, 64);
	for (unsigned i = 0; i < 3; i++) {
		a.n = 0;
		assert_true(answer_feed(
			&a, STR("{\"from\":1,\"Actor\":{\"Attributes\":"
				"{\"secret\":\"secret!\"}},\"from\":2}")));
		assert_true(str_eq(answer_text(&a),
			STR("{\"Actor\":{\"Attributes\":{\"secret\":"
			    "\"***REDACTED***\"}}}")));
		assert_true(redact_end(a.redact));
		assert_true(answer_feed(&a, STR("\n")));
	}
	answer_end(&a);
	filters_free(f);
}

/* All memory is there at the start. */
static void
test_memory(void **state)
{
	struct filters *f = filters_new();
	struct answer a;
	static char out[8192];

	(void)state;
	filters_add(f, "redact *.Env.* ~ KEY=");
	filters_add(f, "remove Actor.*.image");
	answer_begin(&a, f, 64);
	size_t used = f->arena.used;
	assert_in_range(used, 1, KIB(128));
	for (unsigned i = 0; i < 200000; i++) {
		static const char event[] =
			"{\"Actor\":{\"Attributes\":{\"image\":\"x\"}},\"x\":"
			"{\"Env\":[\"KEY=1\",\"A=2\"],\"y\":[[[{\"z\":0}]]]}}";
		size_t took, n = 0;
		assert_int_equal(redact_run(a.redact, event, sizeof(event) - 1,
					 &took, out, sizeof(out), &n),
			REDACT_MORE);
	}
	assert_int_equal(f->arena.used, used);
	answer_end(&a);
	filters_free(f);
}

static void
test_overflow(void **state)
{
	struct filters *f = filters_new();
	unsigned failures = 0;

	(void)state;
	filters_add(f, "redact a.b.c.* ~ x");
	for (size_t cap = 0;; cap += 16) {
		struct arena a;
		arena_init(&a, cap);
		const struct redact_plan *plan =
			redact_plan_new(&f->program, f->all, 1, &a);
		struct redact *r =
			plan ? redact_new(plan, f->scratch, &a) : NULL;
		assert_int_equal(r == NULL, arena_overflowed(&a));
		arena_fini(&a);
		if (r)
			break;
		failures++;
	}
	assert_true(failures > 10);
	filters_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_redact),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_untouched),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
