/* JSON bodies: random texts, where jansson must agree. */
#include "tests/unit/json_fixture.h"

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
		cmocka_unit_test(test_against_jansson),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
