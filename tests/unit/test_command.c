/* The command line: which command, its options and operands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/command.h"

#include <stdlib.h>
#include <string.h>

enum { ARGS_MAX = 12 };

static char *argv_[ARGS_MAX];
static char line_[256];

/* A command line of words; what is told of it lands in *err_out, the
 * caller's. */
static bool
parse(struct arguments *a, const char *line, char **err_out)
{
	size_t n;
	int argc = 0;
	char *rest = NULL;
	FILE *err = open_memstream(err_out, &n);

	snprintf(line_, sizeof(line_), "docker-proxy %s", line);
	for (char *w = strtok_r(line_, " ", &rest); w;
		w = strtok_r(NULL, " ", &rest))
		argv_[argc++] = w;
	argv_[argc] = NULL;
	bool ok = command_parse(a, argc, argv_, err);
	fclose(err);
	return ok;
}

static void
test_commands(void **state)
{
	static const struct {
		const char *line, *name;
	} cases[] = {
		{"", "serve"},
		{"serve", "serve"},
		{"--config F", "serve"},
		{"--config F --check-config", "--check-config"},
		{"--check-config --config F", "--check-config"},
		{"audit verify -", "audit verify"},
		{"audit verify F", "audit verify"},
		{"-V", "--version"},
		{"--version", "--version"},
		{"demo-engine --socket=S", "demo-engine"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arguments a;
		char *err;
		assert_true(parse(&a, cases[i].line, &err));
		assert_string_equal(a.command->name, cases[i].name);
		assert_false(a.help);
		assert_string_equal(err, "");
		free(err);
	}
	(void)state;
}

static void
test_usage_errors(void **state)
{
	static const struct {
		const char *line, *err;
	} cases[] = {
		{"audit", "docker-proxy: unknown argument \"audit\"; "
			  "see --help\n"},
		{"audit verify", "docker-proxy: it is: audit verify FILE\n"},
		{"audit verify a b",
			"docker-proxy: it is: audit verify FILE\n"},
		{"verify", "docker-proxy: unknown argument \"verify\"; "
			   "see --help\n"},
		{"--configs F", "docker-proxy: unknown argument "
				"\"--configs\"; see --help\n"},
		{"serve --config", "docker-proxy: --config needs a value\n"},
		{"--demo=1", "docker-proxy: --demo takes no value\n"},
		{"--version --config F", "docker-proxy: unknown argument "
					 "\"--config\"; see --help\n"},
		{"serve healthcheck", "docker-proxy: unknown argument "
				      "\"healthcheck\"; see --help\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arguments a;
		char *err;
		assert_false(parse(&a, cases[i].line, &err));
		assert_string_equal(err, cases[i].err);
		free(err);
	}
	(void)state;
}

static void
test_what_was_given(void **state)
{
	struct arguments a;
	char *err;

	assert_true(parse(&a, "--config A --demo --config=B", &err));
	free(err);
	assert_string_equal(argument_value(&a, "--config"), "B");
	assert_string_equal(argument_nth(&a, "--config", 0), "A");
	assert_string_equal(argument_nth(&a, "--config", 1), "B");
	assert_null(argument_nth(&a, "--config", 2));
	assert_true(argument_given(&a, "--demo"));
	assert_null(argument_operand(&a, 0));

	assert_true(parse(&a, "audit verify -", &err));
	free(err);
	assert_string_equal(argument_operand(&a, 0), "-");
	assert_null(argument_operand(&a, 1));
	assert_null(argument_value(&a, "--config"));
	(void)state;
}

static void
test_help(void **state)
{
	struct arguments a;
	char *err, *text;
	size_t n;

	assert_true(parse(&a, "--help", &err));
	free(err);
	assert_true(a.help);
	assert_int_equal(a.first, 1);
	assert_true(parse(&a, "audit verify -h", &err));
	free(err);
	assert_true(a.help);
	assert_string_equal(a.command->name, "audit verify");

	FILE *out = open_memstream(&text, &n);
	command_usage(NULL, out);
	fclose(out);
	for (const struct command *const *c = commands; *c; c++)
		assert_non_null(strstr(text, (*c)->name));
	free(text);
	(void)state;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_usage_errors),
		cmocka_unit_test(test_what_was_given),
		cmocka_unit_test(test_help),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
