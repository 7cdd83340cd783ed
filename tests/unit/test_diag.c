/* Diagnostics: excerpts, order, limits, what is covered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "compiler/diag.h"
#include "compiler/source.h"
#include "runtime/limits.h"

#include <stdlib.h>

struct fixture {
	struct arena arena;
	struct diag diag;
	struct source source;
	char *told;
};

static void
init(struct fixture *f, const char *text)
{
	*f = (struct fixture){0};
	arena_init(&f->arena, MIB(64));
	diag_init(&f->diag, &f->arena);
	assert_true(source_init(
		&f->source, STR("p.conf"), str_of(text), &f->arena, &f->diag));
}

static void
assert_told(struct fixture *f, const char *want)
{
	size_t n;
	FILE *out = open_memstream(&f->told, &n);
	assert_non_null(out);
	diag_write(&f->diag, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(f->told, want);
	free(f->told);
	diag_fini(&f->diag);
	arena_fini(&f->arena);
}

static void
test_excerpt(void **state)
{
	struct fixture f;
	(void)state;
	init(&f, "a: 1\n\top: équal\n");
	diag_error(
		&f.diag, (struct pos){2, 6, 5, 0}, "unknown \"%s\"", "équal");
	diag_help(&f.diag, "say %s", "equals");
	assert_told(&f, "p.conf:2:6: error: unknown \"équal\"\n"
			"  2 | \top: équal\n"
			"    | \t    ^~~~~\n"
			"    = help: say equals\n");
}

/* A place past the end of its line, and a length past it. */
static void
test_ends_of_lines(void **state)
{
	struct fixture f;
	(void)state;
	init(&f, "ab\n");
	diag_error(&f.diag, (struct pos){1, 2, 99, 0}, "long");
	diag_error(&f.diag, (struct pos){1, 3, 1, 0}, "behind");
	diag_error(&f.diag, (struct pos){7, 1, 1, 0}, "outside");
	assert_told(&f, "p.conf:1:2: error: long\n  1 | ab\n    |  ^\n"
			"p.conf:1:3: error: behind\n  1 | ab\n    |   ^\n"
			"p.conf:7:1: error: outside\n  7 | \n    | ^\n");
}

static void
test_order(void **state)
{
	struct fixture f;
	(void)state;
	init(&f, "a\nb\n");
	diag_env_error(&f.diag, "E");
	diag_file_warning(&f.diag, FINDING_NO_VALUE, "F");
	diag_error(&f.diag, (struct pos){2, 1, 1, 0}, "second");
	diag_warning(
		&f.diag, FINDING_NO_EFFECT, (struct pos){1, 1, 1, 0}, "first");
	diag_help(&f.diag, "of the first");
	assert_told(&f, "p.conf:1:1: warning: first [DP003]\n  1 | a\n    | ^\n"
			"    = help: of the first\n"
			"p.conf:2:1: error: second\n  2 | b\n    | ^\n"
			"environment: error: E\n"
			"p.conf: warning: F [DP002]\n");
}

static void
test_warning_at_the_place_of_an_error(void **state)
{
	struct fixture f;
	(void)state;
	init(&f, "a\n");
	diag_warning(
		&f.diag, FINDING_NO_EFFECT, (struct pos){1, 1, 1, 0}, "minor");
	diag_error(&f.diag, (struct pos){1, 1, 1, 0}, "major");
	assert_told(&f, "p.conf:1:1: error: major\n  1 | a\n    | ^\n");
}

static void
test_limit(void **state)
{
	struct fixture f;
	(void)state;
	init(&f, "a\n");
	for (int i = 0; i < DIAG_MAX + 23; i++) {
		diag_env_error(&f.diag, "error");
		diag_help(&f.diag, "%d", i);
	}
	assert_int_equal(f.diag.errors, DIAG_MAX + 23);
	assert_int_equal(f.diag.n, DIAG_MAX);
	/* The help of a dropped one does not go to the one before. */
	assert_string_equal(f.diag.entries[DIAG_MAX - 1].help.p, "99");
	char *want = calloc(DIAG_MAX + 1, 64);
	assert_non_null(want);
	for (int i = 0; i < DIAG_MAX; i++)
		sprintf(want + strlen(want),
			"environment: error: error\n  = help: %d\n", i);
	strcat(want, "and 23 more errors\n");
	assert_told(&f, want);
	free(want);
}

static void
test_strict_environment(void **state)
{
	struct fixture f;
	(void)state;
	init(&f, "");
	f.diag.strict_env = true;
	diag_env_warning(&f.diag, FINDING_TOGGLE_VALUE, "doubtful");
	assert_int_equal(f.diag.errors, 1);
	assert_told(&f, "environment: error: doubtful\n");
}

/* A text that quotes hostile bytes must not reach the terminal as they are. */
static void
test_hostile_text(void **state)
{
	struct fixture f;
	(void)state;
	init(&f, "");
	diag_env_error(&f.diag, "\"a\x1b[2J\n\xff\xc2\x9b\xe2\x80\xae\"");
	assert_told(&f, "environment: error: \"a\\x1b[2J\\x0a\\xff\\xc2\\x9b"
			"\\xe2\\x80\\xae\"\n");
}

static void
test_hostile_source_line(void **state)
{
	struct fixture f;
	(void)state;
	f = (struct fixture){0};
	arena_init(&f.arena, MIB(1));
	diag_init(&f.diag, &f.arena);
	assert_false(source_init(&f.source, STR("p.conf"),
		STR("a: \x1b[2J\xff"), &f.arena, &f.diag));
	assert_told(&f, "p.conf:1:4: error: the file contains a control byte\n"
			"  1 | a: ?[2J?\n    |    ^\n    = help: remove it\n");
}

static void
test_long_text_and_line(void **state)
{
	struct fixture f;
	char line[1001];
	(void)state;
	memset(line, 'x', 1000);
	line[1000] = '\0';
	init(&f, line);
	diag_error(&f.diag, (struct pos){1, 500, 3, 0}, "%s", line);
	assert_true(f.diag.entries[0].text.n < 700);
	f.diag.entries[0].text = STR("long");
	assert_told(&f,
		"p.conf:1:500: error: long\n"
		"  1 | "
		"...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\n"
		"    |                                                     "
		"^~~\n");
}

/* What is printed ends in logs: the value of a secret is covered. */
static void
assert_last_line(const char *text, const char *want)
{
	struct fixture f;
	char told[256];
	uint32_t line = 1;
	init(&f, text);
	for (const char *p = text; *p; p++)
		line += *p == '\n';
	diag_error(&f.diag, (struct pos){line, 1, 1, 0}, "x");
	snprintf(told, sizeof(told),
		"p.conf:%u:1: error: x\n  %u | %s\n    | ^\n", line, line,
		want);
	assert_told(&f, told);
}

static void
test_secrets_are_covered(void **state)
{
	(void)state;
	assert_last_line("secret: hunter2", "secret: *******");
	assert_last_line(
		"- {name: x, token: hunter2}", "- {name: x, token: ********");
	assert_last_line("{\"token\" : \"a,b}c\", x: 1}",
		"{\"token\" : \"*************");
	assert_last_line("token:   'hé' # c", "token:   '*******");
	assert_last_line("secret: 'a''b'", "secret: '*****");
	assert_last_line("secret: a,b", "secret: ***");
	assert_last_line(
		"{token: ${A}, secret: b}", "{token: ${A}, secret: **");
	assert_last_line("token_sha256: 12ab", "token_sha256: ****");
	assert_last_line("secret: ${NAME}", "secret: ${NAME}");
	assert_last_line("secret: \"${NAME}\"", "secret: \"${NAME}\"");
	assert_last_line("secret:", "secret:");
	assert_last_line("field: header.x-token", "field: header.x-token");
}

static void
test_secrets_of_many_lines_are_covered(void **state)
{
	(void)state;
	assert_last_line("auth:\n  secret: |\n    hunter2", "    *******");
	assert_last_line("secret:\n  \"hunter2\"", "  *********");
	assert_last_line("secret: \"a\n    b\n  c\"", "  **");
	assert_last_line("secret: \"a\n  b\n\n    c\"", "    **");
	assert_last_line("- token: >-\n    hunter2", "    *******");
	assert_last_line("- token: a\n  role: x", "  role: x");
	assert_last_line("- token: a\n- name: x", "- name: x");
	assert_last_line("token: a\nname:\n  x", "  x");
}

static const char *
nearest(const char *word)
{
	static const char *const names[] = {"equals", "contains", "port",
		"bind", "in", "exists", "starts_with"};
	static char help[64];
	struct fixture f;
	init(&f, "");
	diag_env_error(&f.diag, "x");
	diag_did_you_mean(&f.diag, str_of(word), names, 7);
	snprintf(help, sizeof(help), "%.*s", STR_FMT(f.diag.entries[0].help));
	diag_fini(&f.diag);
	arena_fini(&f.arena);
	return help;
}

static void
test_did_you_mean(void **state)
{
	(void)state;
	assert_string_equal(nearest("equal"), "did you mean \"equals\"?");
	assert_string_equal(nearest("EQUALS"), "did you mean \"equals\"?");
	assert_string_equal(nearest("prot"), "did you mean \"port\"?");
	assert_string_equal(nearest("contian"), "did you mean \"contains\"?");
	assert_string_equal(
		nearest("startswith"), "did you mean \"starts_with\"?");
	assert_string_equal(nearest("bond"), "did you mean \"bind\"?");
	assert_string_equal(nearest("zz"), "");
	assert_string_equal(nearest("x"), "");
	assert_string_equal(nearest(""), "");
	assert_string_equal(nearest("something_else"), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_excerpt),
		cmocka_unit_test(test_ends_of_lines),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_warning_at_the_place_of_an_error),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_strict_environment),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_hostile_source_line),
		cmocka_unit_test(test_long_text_and_line),
		cmocka_unit_test(test_secrets_are_covered),
		cmocka_unit_test(test_secrets_of_many_lines_are_covered),
		cmocka_unit_test(test_did_you_mean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
