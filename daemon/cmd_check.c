/* --check-config. */
#include "daemon/cmd_check.h"

#include "compiler/policy.h"
#include "daemon/config.h"
#include "daemon/file.h"
#include "daemon/tls.h"
#include "runtime/limits.h"

#include <errno.h>
#include <unistd.h>

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

int
cmd_check(const char *file, const char *const *envp, FILE *out, FILE *err)
{
	struct arena arena;
	struct diag diag;
	int status = 1;
	struct policy_input in = {
		.file = file,
		.envp = envp,
		.read_file = file_read_secret,
		.tls_check = &cmd_check_tls,
		.strict = true,
		.lint = LINT_WARNINGS,
		.others_read = file && file_others_read(file),
	};
	arena_init(&arena, POLICY_ARENA_MAX);
	if (file && !file_read(file, SOURCE_BYTES_MAX, &arena, &in.text)) {
		fprintf(err, "%s: error: %s\n", file, strerror(errno));
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
	return cmd_check(config_find(argument_value(a, "--config")),
		(const char *const *)environ, stdout, stderr);
}

static const struct flag flags[] = {
	{"--config", "FILE", "the configuration"},
	{0},
};

const struct command command_check = {
	.name = "--check-config",
	.flags = flags,
	.help = "print the effective settings and rules; exit 0 when valid, "
		"1 when not",
	.run = run,
};
