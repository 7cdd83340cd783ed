/* The YAML tree: positions, limits, what is refused, variables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/tree.h"
#include "runtime/limits.h"

#include <stdio.h>
#include <stdlib.h>

struct fixture {
	struct arena arena;
	struct diag diag;
	struct source source;
	struct tree *root;
};

static void
parse(struct fixture *f, struct str text, const char *const *envp)
{
	*f = (struct fixture){0};
	arena_init(&f->arena, POLICY_ARENA_MAX);
	diag_init(&f->diag, &f->arena);
	assert_true(source_init(
		&f->source, STR("p.conf"), text, &f->arena, &f->diag));
	f->root = tree_parse(&f->source, envp, &f->arena, &f->diag);
}

static void
done(struct fixture *f)
{
	diag_fini(&f->diag);
	arena_fini(&f->arena);
}

/* Exactly one error, there, that says so. */
static void
assert_error_(struct str text, uint32_t line, uint32_t col, const char *why,
	const char *file, int at)
{
	struct fixture f;
	parse(&f, text, NULL);
	if (f.diag.errors != 1 || f.diag.entries[0].pos.line != line ||
		f.diag.entries[0].pos.col != col ||
		!strstr(f.diag.entries[0].text.p, why)) {
		print_error("%zu errors; want %u:%u %s\n", f.diag.errors, line,
			col, why);
		diag_write(&f.diag, stderr);
		_fail(file, at);
	}
	done(&f);
}

#define assert_error(text, line, col, why) \
	assert_error_(STR(text), line, col, why, __FILE__, __LINE__)

static void
assert_pos(struct pos pos, uint32_t line, uint32_t col, uint32_t len)
{
	assert_int_equal(pos.line, line);
	assert_int_equal(pos.col, col);
	assert_int_equal(pos.len, len);
}

static void
test_positions(void **state)
{
	struct fixture f;
	(void)state;
	parse(&f,
		STR("a: é x\nlist:\n- one\n- {k: \"two\", l: [1,\n 2]}\n"
		    "block: |\n  hi\n  you\nnone:\nq: ''\n"),
		NULL);
	assert_non_null(f.root);
	assert_int_equal(f.diag.n, 0);
	assert_int_equal(f.root->count, 5);
	const struct tree *a = tree_get(f.root, "a");
	assert_true(str_eq(a->text, STR("é x")));
	assert_true(a->plain);
	assert_pos(a->pos, 1, 4, 3);
	assert_pos(a->key_pos, 1, 1, 1);
	const struct tree *list = tree_get(f.root, "list");
	assert_int_equal(list->kind, TREE_LIST);
	assert_int_equal(list->count, 2);
	assert_pos(list->first->pos, 3, 3, 3);
	const struct tree *map = list->first->next;
	assert_pos(map->pos, 4, 3, 1);
	const struct tree *k = tree_get(map, "k");
	assert_false(k->plain);
	assert_true(str_eq(k->text, STR("two")));
	assert_pos(k->pos, 4, 7, 5);
	const struct tree *l = tree_get(map, "l");
	assert_pos(l->pos, 4, 17, 1);
	assert_pos(l->first->next->pos, 5, 2, 1);
	const struct tree *block = tree_get(f.root, "block");
	assert_true(str_eq(block->text, STR("hi\nyou\n")));
	assert_false(block->plain);
	const struct tree *none = tree_get(f.root, "none");
	assert_true(tree_is_null(none));
	assert_pos(none->pos, 9, 1, 4);
	const struct tree *q = tree_get(f.root, "q");
	assert_false(tree_is_null(q));
	assert_int_equal(q->text.n, 0);
	done(&f);
}

static void
test_empty_documents(void **state)
{
	static const char *const texts[] = {
		"", "\n", "# nothing\n", "---\n", "{}", "null\n", "~"};
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct fixture f;
		parse(&f, str_of(texts[i]), NULL);
		assert_non_null(f.root);
		assert_int_equal(f.diag.n, 0);
		assert_int_equal(f.root->kind, TREE_MAP);
		assert_int_equal(f.root->count, 0);
		done(&f);
	}
}

static void
test_null(void **state)
{
	struct fixture f;
	(void)state;
	const char *const envp[] = {"EMPTY=", NULL};
	parse(&f, STR("[~, null, NULL, Null, \"null\", nul, \"${EMPTY}\"]"),
		envp);
	assert_non_null(f.root);
	const struct tree *t = f.root->first;
	int nulls = 0;
	for (; t; t = t->next)
		nulls += tree_is_null(t);
	assert_int_equal(nulls, 4);
	assert_false(tree_is_null(f.root));
	done(&f);
	/* A variable's value is text, whatever it is. */
	parse(&f, STR("a: ${EMPTY}"), envp);
	assert_false(tree_is_null(f.root->first));
	done(&f);
}

static void
test_syntax_errors(void **state)
{
	(void)state;
	assert_error("a: [1, 2\n", 2, 1, "YAML: flow sequence without");
	assert_error("a: b: c", 1, 5, "YAML: invalid nested block mapping");
	assert_error("a:\n  b: 1\n c: 2", 3, 2, "YAML: invalid indentation");
	assert_error("a: @x", 1, 4, "YAML: plain scalar cannot start");
	assert_error("a: 1\nb: \"x\n", 2, 5, "YAML: ");
	assert_error("{a: 1}}", 1, 7, "YAML: ");
	assert_error("\tb: 1", 1, 1, "YAML: invalid tab");
}

/* What libfyaml would pass over or expand. */
static void
test_refused(void **state)
{
	(void)state;
	assert_error("a: 1\n---\nb: 2\n", 2, 1, "a second document");
	assert_error("a: 1\n...\n---\nb: 2\n", 3, 1, "a second document");
	assert_error("a: &x 1", 1, 4, "anchors");
	assert_error("a: &x [1]", 1, 4, "anchors");
	assert_error("a: &x {}", 1, 4, "anchors");
	assert_error("a: *x", 1, 4, "aliases");
	assert_error("a: !!str 1", 1, 4, "tags");
	assert_error("a: !x [1]", 1, 4, "tags");
	assert_error("a: {<<: 1}", 1, 5, "merge keys");
	assert_error("? [x]\n: 1", 1, 3, "a key must be a word");
	assert_error("? {x: 1}\n: 1", 1, 3, "a key must be a word");
	assert_error("'': 1", 1, 1, "a key must not be empty");
	assert_error("a: \"\\ud800\"", 1, 5, "");
}

/* 9^7 values out of 300 bytes, were aliases resolved. */
static void
test_many_laughs(void **state)
{
	struct fixture f;
	(void)state;
	parse(&f,
		STR("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a]\n"
		    "c: &c [*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n"),
		NULL);
	assert_int_equal(f.diag.errors, 21);
	assert_true(f.arena.used < KIB(64));
	done(&f);
}

static void
test_quoted_are_text(void **state)
{
	struct fixture f;
	(void)state;
	parse(&f, STR("{\"<<\": '*x', b: \"&y\", c: '!z', \"a\\0b\": \"\\0\"}"),
		NULL);
	assert_int_equal(f.diag.n, 0);
	assert_true(str_eq(tree_get(f.root, "c")->text, STR("!z")));
	assert_int_equal(f.root->count, 4);
	done(&f);
}

static void
test_duplicate_keys(void **state)
{
	(void)state;
	assert_error("a: 1\nb: 2\na: 3", 3, 1, "the key \"a\" stands twice");
	assert_error("a: 1\n\"\\x61\": 3", 2, 1, "the key \"a\" stands twice");
	assert_error("{x: {a: 1}, y: {a: 1, a: 2}}", 1, 23, "stands twice");
}

/* In a large map too, and in linear time. */
static void
test_duplicate_keys_of_a_large_map(void **state)
{
	enum { KEYS = 100000 };
	struct fixture f;
	char *text = malloc(KEYS * 16);
	size_t n = 0;
	(void)state;
	assert_non_null(text);
	for (int i = 0; i < KEYS; i++)
		n += (size_t)sprintf(text + n, "k%d: 1\n", i);
	n += (size_t)sprintf(text + n, "k3: 1\nk20: 1\nk99999: 1\nx: 1\n");
	parse(&f, (struct str){text, n}, NULL);
	assert_int_equal(f.diag.errors, 3);
	assert_pos(f.diag.entries[0].pos, KEYS + 1, 1, 2);
	done(&f);
	free(text);
}

static void
nest(char *text, int depth)
{
	memset(text, '[', (size_t)depth);
	memset(text + depth, ']', (size_t)depth);
	text[2 * depth] = '\0';
}

static void
test_depth(void **state)
{
	struct fixture f;
	char text[2 * TREE_DEPTH_MAX + 3];
	(void)state;
	nest(text, TREE_DEPTH_MAX);
	parse(&f, str_of(text), NULL);
	assert_non_null(f.root);
	assert_int_equal(f.diag.n, 0);
	done(&f);
	nest(text, TREE_DEPTH_MAX + 1);
	parse(&f, str_of(text), NULL);
	assert_null(f.root);
	assert_int_equal(f.diag.errors, 1);
	assert_pos(f.diag.entries[0].pos, 1, TREE_DEPTH_MAX + 1, 1);
	done(&f);
}

/* A list of n empty values, and itself. */
static void
parse_list(struct fixture *f, size_t n)
{
	char *text = malloc(2 * n);
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		memcpy(text + 2 * i, "-\n", 2);
	parse(f, (struct str){text, 2 * n}, NULL);
	free(text);
}

static void
test_nodes(void **state)
{
	struct fixture f;
	(void)state;
	parse_list(&f, TREE_NODES_MAX - 1);
	assert_int_equal(f.diag.errors, 0);
	assert_non_null(f.root);
	done(&f);
	parse_list(&f, TREE_NODES_MAX);
	assert_null(f.root);
	assert_int_equal(f.diag.errors, 1);
	assert_non_null(strstr(f.diag.entries[0].text.p, "a million values"));
	done(&f);
}

/* --- variables -------------------------------------------------------------- */

static void
assert_expands_(const char *text, const char *want, const char *file, int line)
{
	const char *const envp[] = {"NAME=value", "EMPTY=", "A=$NAME${NAME}",
		"NL=1\nb: 2", "NAME2=two", NULL};
	struct fixture f;
	char doc[128];
	snprintf(doc, sizeof(doc), "- '%s'", text);
	parse(&f, str_of(doc), envp);
	assert_non_null(f.root);
	if (f.diag.n != 0 || !str_eq(f.root->first->text, str_of(want))) {
		print_error("%s: %.*s\n", text, STR_FMT(f.root->first->text));
		diag_write(&f.diag, stderr);
		_fail(file, line);
	}
	done(&f);
}

#define assert_expands(text, want) \
	assert_expands_(text, want, __FILE__, __LINE__)

static void
test_variables(void **state)
{
	(void)state;
	assert_expands("${NAME}", "value");
	assert_expands("a${NAME}b${NAME2}c", "avaluebtwoc");
	assert_expands("${EMPTY}", "");
	assert_expands("${NONE:-text}", "text");
	assert_expands("${NONE:-}", "");
	assert_expands("${EMPTY:-text}", "text");
	assert_expands("${NAME:-text}", "value");
	assert_expands("${NONE:-a:b $x}", "a:b $x");
	assert_expands("$$", "$");
	assert_expands("$${NAME}", "${NAME}");
	assert_expands("$$$$x", "$$x");
	assert_expands("$NAME", "$NAME");
	assert_expands("^/x$", "^/x$");
	assert_expands("(a$|b$)", "(a$|b$)");
	assert_expands("$", "$");
	/* A value is not looked at again, and adds no structure. */
	assert_expands("${A}", "$NAME${NAME}");
	assert_expands("${NL}", "1\nb: 2");
}

static void
test_keys_are_not_expanded(void **state)
{
	struct fixture f;
	const char *const envp[] = {"NAME=value", NULL};
	(void)state;
	parse(&f, STR("\"${NAME}\": 1"), envp);
	assert_non_null(tree_get(f.root, "${NAME}"));
	done(&f);
}

static void
test_unset_variable(void **state)
{
	struct fixture f;
	(void)state;
	parse(&f, STR("a: x\nb: \"é ${A} ${B} ${A}\"\n"), NULL);
	const struct tree *b = tree_get(f.root, "b");
	assert_true(str_eq(b->text, STR("é   ")));
	assert_true(str_eq(b->unset, STR("A")));
	assert_int_equal(f.diag.errors, 0);
	assert_int_equal(f.diag.warnings, 3);
	assert_pos(f.diag.entries[0].pos, 2, 7, 3);
	assert_pos(f.diag.entries[1].pos, 2, 12, 3);
	assert_pos(f.diag.entries[2].pos, 2, 17, 3);
	assert_non_null(strstr(f.diag.entries[1].text.p, "B is not set"));
	done(&f);
}

static void
test_bad_variables(void **state)
{
	struct fixture f;
	const char *const envp[] = {"BAD=\xff", NULL};
	(void)state;
	assert_error("a: '${'", 1, 5, "${NAME}");
	assert_error("a: '${}'", 1, 5, "${NAME}");
	assert_error("a: '${A'", 1, 5, "${NAME}");
	assert_error("a: '${1A}'", 1, 5, "${NAME}");
	assert_error("a: '${A-x}'", 1, 5, "${NAME}");
	assert_error("a: 'x ${A:=x}'", 1, 7, "${NAME}");
	parse(&f, STR("a: ${BAD}"), envp);
	assert_int_equal(f.diag.errors, 1);
	assert_non_null(strstr(f.diag.entries[0].text.p, "not valid UTF-8"));
	done(&f);
}

/* libfyaml reads most of these otherwise: without their end, or with bytes of
 * nobody behind it. */
static void
test_texts(void **state)
{
	static const struct {
		struct str source, text;
	} cases[] = {
		{STR("k: ''\n"), STR("")},
		{STR("k: 'a'\n"), STR("a")},
		{STR("k: ''''\n"), STR("'")},
		{STR("k: ''''''\n"), STR("''")},
		{STR("k: 'a''''b'\n"), STR("a''b")},
		{STR("{k: '''''''''''''''g'}\n"), STR("'''''''g")},
		{STR("k: '''''\t'\n"), STR("''\t")},
		{STR("k: 'a\\''b\"'\n"), STR("a\\'b\"")},
		{STR("k: 'a\n\n  b'\n"), STR("a\nb")},
		{STR("k: \"a\\\\''\\x41\\u00e9\"\n"), STR("a\\''Aé")},
		{STR("k: \"a\\\n  b\"\n"), STR("ab")},
		{STR("k: >\n  a\n  b\n\n  c\n"), STR("a b\nc\n")},
		{STR("k: |-\n  a\n   b\n"), STR("a\n b")},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fixture f;
		parse(&f, cases[i].source, NULL);
		assert_non_null(f.root);
		struct str text = f.root->first->text;
		assert_int_equal(text.n, cases[i].text.n);
		assert_memory_equal(text.p, cases[i].text.p, text.n);
		done(&f);
	}
}

static void
test_texts_that_are_not_sure(void **state)
{
	(void)state;
	assert_error("k: 'a\n  ''b'\n", 1, 4, "cannot be read for sure");
	assert_error("k: \"a\\ \n  b\"\n", 1, 4, "cannot be read for sure");
	assert_error("k: >\n  a\n\n   b\n", 2, 1, "cannot be read for sure");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_empty_documents),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_syntax_errors),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_many_laughs),
		cmocka_unit_test(test_quoted_are_text),
		cmocka_unit_test(test_duplicate_keys),
		cmocka_unit_test(test_duplicate_keys_of_a_large_map),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_keys_are_not_expanded),
		cmocka_unit_test(test_unset_variable),
		cmocka_unit_test(test_bad_variables),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_texts_that_are_not_sure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
