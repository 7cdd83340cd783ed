/* --check-config. */
#include "daemon/cmd_check.h"

#include "compiler/policy.h"
#include "daemon/config.h"
#include "daemon/file.h"
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
	if (c->file &&
		!file_read(c->file, SOURCE_BYTES_MAX, &arena, &in.text)) {
		fprintf(err, "%s: error: %s\n", c->file, strerror(errno));
		goto out;
	}
	struct policy *p = policy_compile(&in, &arena, &diag);
	diag_write(&diag, err);
	if (p) {
		policy_write(p, out);
		status = 0;
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
	{"--policy", "NAME", "a ready policy, without a file"},
	{0},
};

const struct command command_check = {
	.name = "--check-config",
	.flags = flags,
	.help = "print the effective settings and rules; exit 0 when valid, "
		"1 when not",
	.run = run,
};
