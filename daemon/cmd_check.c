/* --check-config. */
#include "daemon/cmd_check.h"

#include "compiler/policy.h"
#include "compiler/show.h"
#include "daemon/config.h"
#include "daemon/file.h"
#include "daemon/tests.h"
#include "daemon/tls.h"
#include "runtime/limits.h"

#include <errno.h>

static void
check_server(const struct settings_tls *s, struct file_hearer *h)
{
	if (tls_load(h))
		tls_context_unref(tls_server_context(s, h));
}

static void
check_client(const struct settings_engine_tls *s, struct str host,
	struct file_hearer *h)
{
	if (tls_load(h))
		tls_context_unref(tls_client_context(s, host, h));
}

const struct tls_check cmd_check_tls = {check_server, check_client};

/* --- its tests ---------------------------------------------------------------- */

struct check {
	struct tests_hearer hearer; /* first: it is found by it */
	const char *file;
	FILE *err;
};

static void
hear_test(struct tests_hearer *h, const struct tests_outcome *o)
{
	const struct check *c = (const struct check *)(void *)h;

	if (o->passed)
		return;
	fprintf(c->err, "%s:%u: error: a test fails: ", c->file, o->test->line);
	show_text(o->test->method, c->err);
	putc(' ', c->err);
	show_text(o->test->target, c->err);
	fputs(": expected: ", c->err);
	show_text(o->expected, c->err);
	fputs("; got: ", c->err);
	show_text(o->got, c->err);
	fputs("\n  = help: see why: docker-proxy test ", c->err);
	fprintf(c->err, "%s\n", c->file);
}

bool
check_tests(const struct policy *p, const char *file, FILE *err)
{
	struct check c = {{hear_test}, file, err};
	struct tests_count count;

	if (tests_run(p, &c.hearer, NULL, &count))
		return count.failed == 0;
	fprintf(err, "%s: error: out of memory\n", file);
	return false;
}

/* --- all of it ----------------------------------------------------------------- */

/* Prints errors and warnings to err and, of a valid policy, its settings and
 * rules to out. */
static int
check(const struct config *c, FILE *out, FILE *err)
{
	struct arena arena;
	struct diag diag;
	int status = 1;
	struct policy_input in = config_input(c, NULL);
	in.tls_check = &cmd_check_tls;
	in.strict = true;
	in.lint = LINT_WARNINGS;
	in.others_read = c->file && file_others_read(c->file);
	arena_init(&arena, POLICY_ARENA_MAX);
	if (c->file && !config_text(c->file, &arena, &in.text)) {
		fprintf(err, "%s: error: %s\n", c->file, strerror(errno));
		goto out;
	}
	struct policy *p = policy_compile(&in, &arena, &diag);
	diag_write(&diag, err);
	if (p) {
		policy_write(p, out);
		status = check_tests(p, c->file, err) ? 0 : 1;
	}
	policy_free(p);
	diag_fini(&diag);
out:
	arena_fini(&arena);
	return status;
}

static int
run(const struct arguments *a)
{
	struct config c;
	int status = config_read(a, &c, stderr);

	return status == EXIT_OK ? check(&c, stdout, stderr) : status;
}

static const struct flag flags[] = {
	{"--config", "FILE", "the configuration"},
	{"--policy", "POLICY", "a ready policy, without a file"},
	{0},
};

const struct command command_check = {
	.name = "--check-config",
	.flags = flags,
	.help = "print the effective settings and rules, and run the tests; "
		"exit 0 when valid, 1 when not",
	.run = run,
};
