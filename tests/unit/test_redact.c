/* Redaction: what each filter does to a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/redact_fixture.h"

#include <stdio.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define KEY_NAMES    "(?i)(token|secret|password|key)="
#define GONE         "\"***REDACTED***\""

struct example {
	const char *filters[3];
	const char *in;
	const char *want; /* NULL: as it came */
};

/* The input in pieces of a size, the output in pieces of a size. */
static void
check_pieces(struct filters *f, struct str in, struct str want, size_t piece,
	size_t cap)
{
	struct answer a;

	answer_begin(&a, f, cap);
	for (size_t at = 0; at < in.n; at += piece) {
		size_t n = in.n - at < piece ? in.n - at : piece;
		if (!answer_feed(&a, (struct str){in.p + at, n}))
			fail_msg("bad: %.*s after %.*s", STR_FMT(in),
				STR_FMT(answer_text(&a)));
	}
	if (!str_eq(answer_text(&a), want))
		fail_msg("%.*s\n gives %.*s\n   not %.*s\npieces %zu %zu",
			STR_FMT(in), STR_FMT(answer_text(&a)), STR_FMT(want),
			piece, cap);
	assert_true(redact_end(a.redact));
	answer_end(&a);
}

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
			"{\"a\":\"ax***REDACTED***\",\"A\":0,\"a\":0}"},
		{{"redact a ~ x", "remove a ~ y"},
			"{\"b\":0,\"a\":\"xy\",\"a\":\"xz\",\"a\":\"z\"}",
			"{\"b\":0,\"a\":\"x***REDACTED***\",\"a\":\"z\"}"},
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
			"[\"URL=//u?a=b&pw=***REDACTED***\"]"},
		{{"redact * ~ --pass "}, "[\"x --pass y\"]",
			"[\"x --pass ***REDACTED***\"]"},
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
			"[\"\\ud83d\\udc33\\n\\\"\xc3\xa9\\u00e9\\u20ac="
			"***REDACTED***\"]"},
		{{"redact a ~ x"}, "{\"b\":\"x\",\"a\":\"y\"}", NULL},
		/* Deeper filters go on where a pattern does not apply. */
		{{"redact a ~ x", "redact a.b"},
			"{\"a\":{\"b\":1},\"a\":\"wxy\"}",
			"{\"a\":{\"b\":" GONE "},\"a\":\"wx***REDACTED***\"}"},
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

/* Bad in one piece and byte by byte; what has been written is the same. */
static void
check_bad(struct filters *f, struct str in, struct str want)
{
	for (size_t piece = in.n; piece > 0; piece = piece > 1) {
		struct answer a;
		bool good = true;
		answer_begin(&a, f, 64);
		for (size_t at = 0; good && at + piece <= in.n; at += piece)
			good = answer_feed(&a, (struct str){in.p + at, piece});
		if (good && redact_end(a.redact))
			fail_msg("good: %.*s", STR_FMT(in));
		if (!str_eq(answer_text(&a), want))
			fail_msg("%.*s gives %.*s not %.*s", STR_FMT(in),
				STR_FMT(answer_text(&a)), STR_FMT(want));
		if (!good) {
			assert_false(redact_end(a.redact));
			assert_false(answer_feed(&a, STR("{}")));
			assert_true(str_eq(answer_text(&a), want));
		}
		answer_end(&a);
	}
}

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

/* --- limits ---------------------------------------------------------------- */

/* `text`, where each @ is n times c. */
static struct str
grown(const char *text, char c, size_t n)
{
	char *p = malloc(strlen(text) * (n + 1) + 1);
	size_t to = 0;

	assert_non_null(p);
	for (; *text; text++) {
		if (*text != '@') {
			p[to++] = *text;
			continue;
		}
		memset(p + to, c, n);
		to += n;
	}
	return (struct str){p, to};
}

static void
check_grown(
	const char *spec, const char *in, const char *want, char c, size_t n)
{
	static const size_t pieces[] = {SIZE_MAX / 2, 1000, 7, 1};
	struct filters *f = filters_new();
	struct str from = grown(in, c, n);
	struct str to = grown(want, c, n);

	filters_add(f, spec);
	for (size_t i = 0; i < COUNT(pieces); i++) {
		if (pieces[i] == 1 && from.n > 20000)
			continue;
		check_pieces(f, from, to, pieces[i], 3);
		check_pieces(f, from, to, pieces[i], 65536);
	}
	free((void *)(uintptr_t)from.p);
	free((void *)(uintptr_t)to.p);
	filters_free(f);
}

static void
test_long_keys(void **state)
{
	static const size_t sizes[] = {REDACT_KEY_MIN - 3, REDACT_KEY_MIN - 2,
		REDACT_KEY_MIN - 1, REDACT_KEY_MIN, REDACT_KEY_MIN + 1, 10000};

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t n = sizes[i];
		bool known = n < REDACT_KEY_MIN;
		/* No step, but `*`. */
		check_grown("remove b", "{\"@\":1,\"b\":2,\"@\":3}",
			"{\"@\":1,\"@\":3}", 'a', n);
		check_grown("redact b", "{\"@\":1,\"b\":2,\"@\":3}",
			"{\"@\":1,\"b\":" GONE ",\"@\":3}", 'a', n);
		check_grown("remove *", "{\"@\":1,\"b\":[]}", "{}", 'a', n);
		check_grown("redact *", "{\"@\":1,\"b\":[]}",
			"{\"@\":" GONE ",\"b\":" GONE "}", 'a', n);
		check_grown("redact * ~ x", "{\"@\":\"axb\",\"@\":1}",
			"{\"@\":\"ax***REDACTED***\",\"@\":1}", 'a', n);
		/* Held no longer, it counts as a match. */
		check_grown("remove * ~ x",
			"{\"b\":0,\"@\":\"x\",\"@\":{},\"c\":0}",
			known ? "{\"b\":0,\"@\":{},\"c\":0}"
			      : "{\"b\":0,\"c\":0}",
			'a', n);
	}
}

static void
test_long_steps(void **state)
{
	static char name[1000];
	char spec[1100];
	struct filters *f = filters_new();

	(void)state;
	/* However it is written, a step is found. */
	memset(name, 'k', sizeof(name) - 1);
	snprintf(spec, sizeof(spec), "redact %s", name);
	filters_add(f, spec);
	filters_add(f, "remove x");
	char *in = malloc(8000), *want = malloc(8000);
	assert_true(in && want);
	strcpy(in, "{\"");
	for (size_t i = 0; i < sizeof(name) - 1; i++)
		strcat(in, "\\u212a");
	strcat(in, "\":");
	strcpy(want, in);
	strcat(in, "1}");
	strcat(want, GONE "}");
	for (size_t piece = 1; piece < 10000; piece *= 3)
		check_pieces(f, str_of(in), str_of(want), piece, 100);
	free(in);
	free(want);
	filters_free(f);
}

/* One that is redacted so has not been removed: the comma behind it stays. */
static void
test_long_string_first(void **state)
{
	struct filters *f = filters_new();
	struct str in = grown("{\"a\":\"@\",\"b\":1}", 'a', 100000);

	(void)state;
	filters_add(f, "redact a ~ x");
	filters_add(f, "remove z");
	check_pieces(f, in, STR("{\"a\":" GONE ",\"b\":1}"), 5000, 100);
	check_pieces(f, in, STR("{\"a\":" GONE ",\"b\":1}"), in.n, 200000);
	free((void *)(uintptr_t)in.p);
	filters_free(f);
}

/* A string longer than any subject of a regex counts as a match, without
 * being held for longer than that takes. */
static void
test_long_strings(void **state)
{
	static const size_t sizes[] = {REGEX_SUBJECT_MAX, REGEX_SUBJECT_MAX + 1,
		REDACT_MATCH_MAX - 2, REDACT_MATCH_MAX - 1, REDACT_MATCH_MAX,
		100000};

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		bool known = sizes[i] <= REGEX_SUBJECT_MAX;
		check_grown("redact * ~ x", "[\"@\",1,\"b\"]",
			known ? "[\"@\",1,\"b\"]" : "[" GONE ",1,\"b\"]", 'a',
			sizes[i]);
		check_grown("remove * ~ x", "[0,\"@\",1,\"@\"]",
			known ? "[0,\"@\",1,\"@\"]" : "[0,1]", 'a', sizes[i]);
		check_grown("remove * ~ x", "{\"a\":\"@\",\"b\":\"@\"}",
			known ? "{\"a\":\"@\",\"b\":\"@\"}" : "{}", 'a',
			sizes[i]);
	}
	/* However much of it is escapes. */
	check_grown(
		"redact *", "[\"\\n@\",1]", "[" GONE "," GONE "]", 'a', 100000);
	check_grown(
		"redact * ~ x", "[\"\\n@\",1]", "[" GONE ",1]", 'a', 100000);
	check_grown("redact a", "{\"b\":\"@\",\"a\":\"@\"}",
		"{\"b\":\"@\",\"a\":" GONE "}", 'a', 300000);
}

/* Whitespace passes, any amount of it, but where a member may go. */
static void
test_long_space(void **state)
{
	(void)state;
	check_grown("redact a", "@{@\"a\"@:@1@,@\"b\"@:@[@1@]@}@",
		"@{@\"a\"@:@" GONE "@,@\"b\"@:@[@1@]@}@", ' ', 20000);
	check_grown("remove a", "@{\"b\"@:@1@,@\"a\"@:@[@1@]@,\"c\":0}@",
		"@{\"b\"@:@1@@,\"c\":0}@", '\t', REDACT_SPACE_MAX / 2 - 1);

	static const char *const bad[] = {
		"{\"b\":1,@\"a\":2}", "{\"a\"@:1}", "{\"a\":@1}"};
	struct filters *f = filters_new();
	filters_add(f, "remove a");
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct str in = grown(bad[i], ' ', REDACT_SPACE_MAX + 10);
		check_bad(f, in, i ? STR("{") : STR("{\"b\":1"));
		free((void *)(uintptr_t)in.p);
	}
	filters_free(f);
}

static void
test_depth(void **state)
{
	struct filters *f = filters_new();
	char *in = malloc(2 * REDACT_DEPTH_MAX + 2);
	struct answer a;

	(void)state;
	assert_non_null(in);
	filters_add(f, "remove *.*.x");
	memset(in, '[', REDACT_DEPTH_MAX + 1);
	memset(in + REDACT_DEPTH_MAX, ']', REDACT_DEPTH_MAX);
	struct str whole = {in, 2 * REDACT_DEPTH_MAX};
	check_pieces(f, whole, whole, whole.n, 4096);
	check_pieces(f, whole, whole, 1, 4096);
	in[REDACT_DEPTH_MAX] = '[';
	for (size_t piece = 1; piece <= whole.n; piece += whole.n - 1) {
		bool good = true;
		answer_begin(&a, f, 64);
		for (size_t at = 0; good && at < whole.n; at += piece)
			good = answer_feed(&a, (struct str){in + at, piece});
		assert_false(good);
		assert_int_equal(a.n, REDACT_DEPTH_MAX);
		answer_end(&a);
	}
	free(in);
	filters_free(f);
}

/* A pattern that hits its limits redacts; and is not asked for ever. */
static void
test_doubts(void **state)
{
	struct filters *f = filters_new();
	struct answer a;
	char evil[200] = "[\"";

	(void)state;
	filters_add(f, "redact * ~ ^(a|a|aa)+$");
	memset(evil + 2, 'a', 100);
	strcat(evil, "!\",\"b\"]");
	answer_begin(&a, f, 64);
	assert_true(answer_feed(&a, str_of(evil)));
	assert_true(str_eq(answer_text(&a), STR("[" GONE ",\"b\"]")));
	answer_end(&a);

	answer_begin(&a, f, 64);
	evil[103] = '\0';
	assert_true(answer_feed(&a, STR("[")));
	for (unsigned i = 0; i < REGEX_DOUBTS_MAX; i++) {
		assert_true(answer_feed(&a, str_of(evil + 1)));
		assert_true(answer_feed(&a, STR("\",")));
	}
	a.n = 0;
	assert_true(answer_feed(&a, STR("\"b\"]")));
	assert_true(str_eq(answer_text(&a), STR(GONE "]")));
	/* The next value of the stream is not its fault. */
	a.n = 0;
	assert_true(answer_feed(&a, STR("[\"b\"]")));
	assert_true(str_eq(answer_text(&a), STR("[\"b\"]")));
	answer_end(&a);
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
			    "\"secret***REDACTED***\"}}}")));
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
		cmocka_unit_test(test_long_keys),
		cmocka_unit_test(test_long_steps),
		cmocka_unit_test(test_long_strings),
		cmocka_unit_test(test_long_string_first),
		cmocka_unit_test(test_long_space),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
