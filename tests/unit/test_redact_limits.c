/* Redaction: what is longer than it can be held, deeper than it may be, or
 * cannot be decided. */
#include "tests/unit/answers_fixture.h"

#include <malloc.h>

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
			"{\"@\":\"***REDACTED***\",\"@\":1}", 'a', n);
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

/* Memory depends on the depth, not on the length: 64 MiB of values, each with
 * something for each filter. */
static void
test_an_endless_stream(void **state)
{
	static const struct str in =
		STR("{\"Env\":[\"A=1\",\"TOKEN=hunter2\"],\"Labels\":{\"a\":"
		    "\"b\"},\"Ports\":[{\"a\":[1,2,3]}],\"Id\":123456789}\n");
	static const struct str want = STR(
		"{\"Env\":[\"A=1\",\"TOKEN=***REDACTED***\"],\"Labels\":" GONE
		",\"Id\":123456789}\n");
	static char block[65536], out[sizeof(block)];
	struct filters *f = filters_new();
	struct answer a;
	size_t n = 0;

	(void)state;
	filters_add(f, "redact Env.* ~ TOKEN=");
	filters_add(f, "redact Labels");
	filters_add(f, "remove Ports");
	answer_begin(&a, f, 1);
	while (n + in.n <= sizeof(block)) {
		memcpy(block + n, in.p, in.n);
		n += in.n;
	}
	size_t arena = f->arena.used, heap = mallinfo2().uordblks;
	for (size_t sum = 0; sum < MIB(64); sum += n) {
		size_t used, wrote = 0;
		assert_int_equal(redact_run(a.redact, block, n, &used, out,
					 sizeof(out), &wrote),
			REDACT_MORE);
		assert_int_equal(wrote, n / in.n * want.n);
		assert_memory_equal(out + wrote - want.n, want.p, want.n);
	}
	assert_true(redact_end(a.redact));
	assert_int_equal(f->arena.used, arena);
	assert_int_equal(mallinfo2().uordblks, heap);
	answer_end(&a);
	filters_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_keys),
		cmocka_unit_test(test_long_steps),
		cmocka_unit_test(test_long_strings),
		cmocka_unit_test(test_long_string_first),
		cmocka_unit_test(test_long_space),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_doubts),
		cmocka_unit_test(test_an_endless_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
