/* Redaction: answers of the Engine, where two oracles must agree: jansson's
 * tree, edited; and a naive rewriter of a whole text, for the bytes. */
#include "tests/unit/answers_fixture.h"

#include <jansson.h>

#define PATH_MAX_STEPS 16

/* A step of a path: a key, or NULL and an index; `any` is either. */
struct step {
	const char *key;
	size_t index;
	bool any;
};

struct edit {
	struct step steps[PATH_MAX_STEPS];
	size_t nsteps;
	enum filter_action action;
	const char *text; /* what is put in the place of a value */
};

static bool
takes(const struct step *s, const char *key, size_t index)
{
	if (s->any)
		return true;
	if (!key)
		return !s->key && s->index == index;
	return s->key && str_eq_nocase(str_of(s->key), str_of(key));
}

/* --- the tree ---------------------------------------------------------------- */

static json_t *
decoded(struct str text, size_t *used_out)
{
	json_error_t error = {.position = 0};
	json_t *value = json_loadb(text.p, text.n,
		JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL,
		&error);

	*used_out = (size_t)error.position;
	return value;
}

static json_t *edit_tree(json_t *value, const struct edit *e, size_t depth);

static void
edit_object(json_t *object, const struct edit *e, size_t depth)
{
	void *i = json_object_iter(object);

	while (i) {
		void *next = json_object_iter_next(object, i);
		const char *key = json_object_iter_key(i);
		if (takes(&e->steps[depth], key, 0)) {
			json_t *value = json_incref(json_object_iter_value(i));
			json_t *now = edit_tree(value, e, depth + 1);
			if (now)
				json_object_iter_set_new(object, i, now);
			else
				json_object_del(object, key);
		}
		i = next;
	}
}

static void
edit_array(json_t *array, const struct edit *e, size_t depth)
{
	size_t at = 0, size = json_array_size(array);

	for (size_t i = 0; i < size; i++, at++) {
		if (!takes(&e->steps[depth], NULL, i))
			continue;
		json_t *value = json_incref(json_array_get(array, at));
		json_t *now = edit_tree(value, e, depth + 1);
		if (now)
			json_array_set_new(array, at, now);
		else
			json_array_remove(array, at--);
	}
}

/* Takes a reference and gives one; NULL: the value is removed. */
static json_t *
edit_tree(json_t *value, const struct edit *e, size_t depth)
{
	size_t used;

	if (depth == e->nsteps) {
		json_decref(value);
		return e->action == FILTER_REMOVE
			       ? NULL
			       : decoded(str_of(e->text), &used);
	}
	if (json_is_object(value))
		edit_object(value, e, depth);
	if (json_is_array(value))
		edit_array(value, e, depth);
	return value;
}

/* --- the text ---------------------------------------------------------------- */

struct text {
	struct str in;
	size_t at;
	char out[4 * ANSWER_BYTES_MAX];
	size_t n;
};

static void
pass(struct text *t, size_t n)
{
	assert_true(n <= t->in.n - t->at && t->n + n <= sizeof(t->out));
	memcpy(t->out + t->n, t->in.p + t->at, n);
	t->n += n;
	t->at += n;
}

static size_t
spaces(const struct text *t)
{
	return strspn(t->in.p + t->at, " \t\r\n");
}

static char
peek(const struct text *t)
{
	return t->in.p[t->at];
}

static size_t
string_size(const char *p)
{
	size_t n = 1;

	while (p[n] != '"')
		n += p[n] == '\\' ? 2 : 1;
	return n + 1;
}

/* The bytes of the value at p, which is right. */
static size_t
value_size(const char *p)
{
	size_t n = 0, depth = 0;

	do {
		if (p[n] == '"') {
			n += string_size(p + n);
			continue;
		}
		depth += p[n] == '{' || p[n] == '[';
		depth -= p[n] == '}' || p[n] == ']';
		n++;
	} while (depth > 0);
	if (*p != '"' && *p != '{' && *p != '[')
		n = strspn(p, "+-.0123456789aeflnrstuE");
	return n;
}

static void rewrite_value(
	struct text *t, const struct edit *e, size_t depth, bool named);

/* A member or element: what separates it, its key, its value. */
static void
rewrite_member(struct text *t, const struct edit *e, size_t depth, bool named,
	bool object, size_t index, bool *kept)
{
	size_t before = t->n;
	size_t value = t->n;
	char *key = NULL;

	if (peek(t) == ',') {
		pass(t, 1);
		if (!*kept)
			t->n--; /* the comma of a removed first one */
		pass(t, spaces(t));
	}
	if (object) {
		size_t used, n = string_size(t->in.p + t->at);
		json_t *name = decoded((struct str){t->in.p + t->at, n}, &used);
		key = strdup(json_string_value(name));
		json_decref(name);
		pass(t, n);
		pass(t, spaces(t));
		pass(t, 1);
		pass(t, spaces(t));
	}
	named = named && takes(&e->steps[depth], key, index);
	free(key);
	value = t->n;
	rewrite_value(t, e, depth + 1, named);
	if (named && depth + 1 == e->nsteps && e->action == FILTER_REMOVE)
		t->n = before;
	else
		*kept = true;
	assert_true(t->n >= value || !*kept || t->n == before);
}

static void
rewrite_value(struct text *t, const struct edit *e, size_t depth, bool named)
{
	if (named && depth == e->nsteps) {
		t->at += value_size(t->in.p + t->at);
		t->n += (size_t)snprintf(
			t->out + t->n, sizeof(t->out) - t->n, "%s", e->text);
		return;
	}
	if (peek(t) != '{' && peek(t) != '[') {
		pass(t, value_size(t->in.p + t->at));
		return;
	}
	bool object = peek(t) == '{';
	bool kept = false;
	pass(t, 1);
	pass(t, spaces(t));
	for (size_t i = 0; peek(t) != '}' && peek(t) != ']'; i++) {
		rewrite_member(t, e, depth, named, object, i, &kept);
		pass(t, spaces(t));
	}
	pass(t, 1);
}

/* --- every value ---------------------------------------------------------------- */

static void
add_filter(struct filters *f, const struct edit *e)
{
	filters_begin(f, e->action, (struct str){NULL, 0}, str_of(e->text));
	for (size_t i = 0; i < e->nsteps; i++) {
		const struct step *s = &e->steps[i];
		char index[24];
		snprintf(index, sizeof(index), "%zu", s->index);
		filters_step(f, s->any   ? STR("*")
				: s->key ? str_of(s->key)
					 : str_of(index));
	}
}

/* The values of both texts, one after the other. */
static void
check_tree(struct str in, struct str out, const struct edit *e)
{
	size_t used;

	for (;;) {
		json_t *want = decoded(in, &used);
		in = str_from(in, used);
		json_t *got = decoded(out, &used);
		out = str_from(out, used);
		assert_int_equal(want == NULL, got == NULL);
		if (!want)
			return;
		want = edit_tree(want, e, 0);
		if (!json_equal(want, got))
			fail_msg("%s\n is not %s", json_dumps(got, 0),
				json_dumps(want, 0));
		json_decref(want);
		json_decref(got);
	}
}

static void
check_edit(
	struct filters *f, struct str in, const struct edit *e, uint32_t *seed)
{
	static struct text t;
	struct answer a;

	t.in = in;
	t.at = 0;
	t.n = 0;
	while (t.at < in.n) {
		pass(&t, spaces(&t));
		if (t.at < in.n)
			rewrite_value(&t, e, 0, true);
	}
	struct str want = {t.out, t.n};
	f->program.nfilters = 0;
	f->program.nsteps = 0;
	f->nstrings = 0;
	add_filter(f, e);
	answer_begin(&a, f, 1 + random_below(seed, 8192));
	size_t cut = random_below(seed, (uint32_t)in.n);
	assert_true(answer_feed(&a, (struct str){in.p, cut}));
	assert_true(answer_feed(&a, str_from(in, cut)));
	assert_true(redact_end(a.redact));
	if (!str_eq(answer_text(&a), want))
		fail_msg("%.*s\n gives %.*s\n   not %.*s", STR_FMT(in),
			STR_FMT(answer_text(&a)), STR_FMT(want));
	check_tree(in, answer_text(&a), e);
	answer_end(&a);
}

struct walk {
	struct filters *filters;
	struct str in;
	struct edit edit;
	uint32_t seed;
	unsigned edits;
};

/* All three actions, by the path itself and with a step that is any. */
static void
check_path(struct walk *w)
{
	static const char *const texts[FILTER_ACTION_COUNT] = {
		[FILTER_REDACT] = "\"***REDACTED***\"",
		[FILTER_REMOVE] = "",
		[FILTER_REPLACE] = "{\"was\": null}",
	};

	for (unsigned i = 0; i < FILTER_ACTION_COUNT; i++) {
		w->edit.action = (enum filter_action)i;
		w->edit.text = texts[i];
		check_edit(w->filters, w->in, &w->edit, &w->seed);
		struct edit any = w->edit;
		any.steps[random_below(&w->seed, (uint32_t)any.nsteps)].any =
			true;
		check_edit(w->filters, w->in, &any, &w->seed);
		w->edits += 2;
	}
}

static void
walk(struct walk *w, const json_t *value)
{
	size_t n = w->edit.nsteps;
	const char *key;
	json_t *inside;
	size_t i;

	if (n > 0)
		check_path(w);
	assert_true(n < PATH_MAX_STEPS);
	w->edit.nsteps = n + 1;
	json_array_foreach (value, i, inside) {
		w->edit.steps[n] = (struct step){.index = i};
		walk(w, inside);
	}
	void *at;
	for (at = json_object_iter((json_t *)(uintptr_t)value); at;
		at = json_object_iter_next((json_t *)(uintptr_t)value, at)) {
		key = json_object_iter_key(at);
		w->edit.steps[n] = (struct step){.key = key};
		walk(w, json_object_iter_value(at));
	}
	w->edit.nsteps = n;
}

static void
test_every_value(void **state)
{
	struct walk w = {.filters = filters_new(), .seed = 1};

	(void)state;
	for (size_t i = 0; i < COUNT(answer_files); i++) {
		struct str rest = w.in = answer_file(answer_files[i]);
		size_t used;
		json_t *value;
		while ((value = decoded(rest, &used))) {
			walk(&w, value);
			json_decref(value);
			rest = str_from(rest, used);
		}
	}
	/* So many values the corpus has. */
	assert_in_range(w.edits, 6 * 1400, 6 * 2500);
	filters_free(w.filters);
}

/* --- what is no JSON -------------------------------------------------------------- */

enum verdict { GOOD, FAULTY, UNSURE };

/* Are these values that jansson takes? It is not asked about numbers larger
 * than its types, a NUL in a key, and where one of its tokens runs into the
 * next outside of any container. */
static enum verdict
verdict(struct str text)
{
	for (;;) {
		json_error_t error = {.position = 0};
		text = str_from(text, strspn(text.p, " \t\r\n"));
		if (text.n == 0)
			return GOOD;
		json_t *value = json_loadb(text.p, text.n,
			JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK |
				JSON_ALLOW_NUL,
			&error);
		if (!value) {
			enum json_error_code code = json_error_code(&error);
			bool unsure = code == json_error_numeric_overflow ||
				      code == json_error_null_byte_in_key ||
				      !strchr("{[\"", text.p[0]);
			return unsure ? UNSURE : FAULTY;
		}
		json_decref(value);
		text = str_from(text, (size_t)error.position);
	}
}

static void
check_mutant(struct filters *f, struct str in, unsigned counts[3])
{
	struct answer whole, bytes;
	bool good[2];

	answer_begin(&whole, f, 65536);
	good[0] = answer_feed(&whole, in) && redact_end(whole.redact);
	struct arena first = f->arena;
	arena_init(&f->arena, MIB(16));
	answer_begin(&bytes, f, 3);
	good[1] = true;
	for (size_t i = 0; good[1] && i < in.n; i++)
		good[1] = answer_feed(&bytes, (struct str){in.p + i, 1});
	good[1] = good[1] && redact_end(bytes.redact);

	enum verdict want = verdict(in);
	counts[want]++;
	if (good[0] != good[1] || (want != UNSURE && good[0] != (want == GOOD)))
		fail_msg("%.*s: %d %d %d", STR_FMT(in), good[0], good[1], want);
	if (!str_eq(answer_text(&whole), answer_text(&bytes)))
		fail_msg("%.*s gives %.*s and %.*s", STR_FMT(in),
			STR_FMT(answer_text(&whole)),
			STR_FMT(answer_text(&bytes)));
	answer_end(&whole);
	answer_end(&bytes);
	arena_fini(&first);
}

static void
test_mutants(void **state)
{
	enum { ROUNDS = 12000 };
	static char text[ANSWER_BYTES_MAX + 16];
	struct filters *f = filters_new();
	unsigned counts[3] = {0};
	uint32_t seed = 20240302;

	(void)state;
	filters_add(f, "redact Config.Env.* ~ PASSWORD");
	filters_add(f, "remove *.Labels");
	filters_add(f, "remove Actor.*");
	filters_add(f, "replace *.* = 0");
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct str in =
			answer_file(answer_files[i % COUNT(answer_files)]);
		size_t n = in.n;
		memcpy(text, in.p, n);
		for (uint32_t k = 1 + random_below(&seed, 2); k && n > 1; k--)
			n = random_mutate(text, n, &seed);
		text[n] = '\0';
		check_mutant(f, (struct str){text, n}, counts);
	}
	/* Neither verdict may be nearly always the same. */
	assert_in_range(counts[GOOD], ROUNDS / 4, ROUNDS * 3 / 4);
	assert_in_range(counts[UNSURE], 0, ROUNDS / 20);
	filters_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_value),
		cmocka_unit_test(test_mutants),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
