/* migrate: from the settings of other proxies to a configuration.
 *
 * What is written is compiled before it is shown: what does not compile is
 * an error of ours, or a setting that the other proxy could not use either.
 */
#include "daemon/cmd_migrate.h"

#include "compiler/migrate.h"
#include "compiler/policy.h"
#include "compiler/show.h"
#include "daemon/file.h"
#include "daemon/offline.h"
#include "runtime/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGS_MAX 1024

/* "-" is standard input. */
static bool
read_input(const char *file, struct arena *a, struct str *out)
{
	return file_read(strcmp(file, "-") == 0 ? "/dev/stdin" : file,
		SOURCE_BYTES_MAX, a, out);
}

/* --- tests of a policy that has none ---------------------------------------- */

struct trial {
	struct offline *offline;
	const struct policy *policy;
	struct arena *arena;
	FILE *out;
};

/* What the policy says now, so that a change of it is seen. */
static void
write_test(const struct trial *t, const struct migrate_call *c, struct str role)
{
	const struct judge_caller caller = {.role = role};
	struct offline_from from = {.caller = &caller, .weekday = 1};
	const struct offline_request q = {
		.method = str_of(c->method),
		.target = str_of(c->path),
		.has_body = c->body,
		.body = c->body ? str_of(c->body) : STR(""),
	};
	struct str bytes;

	ip_parse(STR("127.0.0.1"), &from.ip);
	if (!offline_bytes(&q, t->arena, &bytes))
		return;
	struct offline_verdict v =
		offline_judge(t->offline, &from, bytes, NULL);
	fprintf(t->out, "  - {request: %s %s, ip: 127.0.0.1, ", c->method,
		c->path);
	if (role.n > 0) {
		fputs("role: ", t->out);
		show_quoted(role, t->out);
		fputs(", ", t->out);
	}
	if (c->body)
		fprintf(t->out, "body: %s, ", c->body);
	fprintf(t->out, "expect: %s}\n", v.allow ? "allow" : "deny");
}

static bool
is_first_of_role(const struct settings_auth *a, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (str_eq(a->tokens[j].role, a->tokens[i].role))
			return false;
	return true;
}

/* For each role that a token gives; without tokens, for nobody. */
static void
write_tests(const struct policy *p, struct arena *a, FILE *out)
{
	const struct settings_auth *auth = &p->settings.auth;
	const struct trial t = {offline_new(p), p, a, out};

	if (!t.offline)
		return;
	fputs("# What it says of some requests today.\ntests:\n", out);
	for (const struct migrate_call *c = migrate_calls; c->method; c++) {
		if (auth->ntokens == 0)
			write_test(&t, c, STR(""));
		for (size_t i = 0; i < auth->ntokens; i++)
			if (is_first_of_role(auth, i))
				write_test(&t, c, auth->tokens[i].role);
	}
	offline_free(t.offline);
}

/* --- the command ---------------------------------------------------------------- */

/* Does what was written compile? Its errors go to standard error. */
static bool
check(struct str text, bool lacks_tests, FILE *out)
{
	struct policy_input in = {
		.file = "(migrated)",
		.text = text,
		.envp = (const char *const *)environ,
		.read_file = file_read_secret,
	};
	struct arena arena;
	struct diag diag;

	arena_init(&arena, POLICY_ARENA_MAX);
	struct policy *p = policy_compile(&in, &arena, &diag);
	if (!p)
		diag_write(&diag, stderr);
	else
		fwrite(text.p, 1, text.n, out);
	if (p && lacks_tests)
		write_tests(p, &arena, out);
	bool ok = p;
	policy_free(p);
	diag_fini(&diag);
	arena_fini(&arena);
	return ok;
}

static bool
convert(const struct migrate_input *in, struct arena *a)
{
	char *text = NULL;
	size_t size = 0;
	struct migrated done = {0};
	struct diag diag;
	FILE *out = open_memstream(&text, &size);

	diag_init(&diag, a);
	bool ok = out && migrate(in, a, &diag, out, &done);
	ok = out && fclose(out) == 0 && ok;
	diag_write(&diag, stderr);
	ok = ok && check((struct str){text, size}, done.lacks_tests, stdout);
	if (ok && done.notes > 0)
		fprintf(stderr,
			"docker-proxy: %u things are otherwise, or not carried "
			"over: see the end of what is written\n",
			done.notes);
	diag_fini(&diag);
	free(text);
	return ok;
}

static int
run(const struct arguments *a)
{
	const char *args[ARGS_MAX + 1] = {NULL};
	struct migrate_input in = {
		.from = argument_value(a, "--from"),
		.file = argument_operand(a, 0),
		.service = argument_value(a, "--service"),
		.args = args,
		.envp = (const char *const *)environ,
	};
	struct arena arena;
	bool ok = true;

	for (unsigned i = 0; i < ARGS_MAX; i++)
		args[i] = argument_nth(a, "--arg", i);
	if (!in.file && !args[0]) {
		fputs("docker-proxy: migrate what? a FILE, or --arg\n", stderr);
		return EXIT_USAGE;
	}
	arena_init(&arena, POLICY_ARENA_MAX);
	if (in.file && !read_input(in.file, &arena, &in.text)) {
		fprintf(stderr, "docker-proxy: cannot read %s: %s\n", in.file,
			strerror(errno));
		ok = false;
	}
	ok = ok && convert(&in, &arena);
	arena_fini(&arena);
	return ok && fflush(stdout) == 0 ? EXIT_OK : EXIT_INVALID;
}

static const struct flag flags[] = {
	{"--from", "tecnativa|linuxserver|wollomatic|rust",
		"whose settings they are; else the image tells, or what is "
		"set"},
	{"--service", "NAME",
		"of a compose file; else the one with such an "
		"image"},
	{"--arg", "SETTING",
		"a flag or NAME=value that the other proxy was given, before "
		"those of the file; may be repeated"},
	{0},
};

const struct command command_migrate = {
	.name = "migrate",
	.operands = "[FILE]",
	.least = 0,
	.most = 1,
	.flags = flags,
	.help = "write the configuration that other proxies' settings come "
		"to: from a compose file, an env file, the Rust "
		"docker-proxy's config.yaml; FILE may be -",
	.run = run,
};
