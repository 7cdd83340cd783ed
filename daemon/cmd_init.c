/* init: a wizard that writes a configuration.
 *
 * What is written was compiled and linted before, and its own tests were run.
 */
#include "daemon/cmd_init.h"

#include "compiler/policy.h"
#include "daemon/cmd_check.h"
#include "daemon/init.h"
#include "runtime/limits.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX (INIT_TOKENS_MAX + 3)

struct wizard {
	struct init_answers answers;
	struct init_token tokens[INIT_TOKENS_MAX];
	size_t ntokens;
	struct init_file files[FILES_MAX];
	size_t nfiles;
	struct arena arena;
};

static bool
try_config(struct wizard *w, struct str text)
{
	struct policy_input in = {
		.file = w->answers.v[INIT_OUTPUT].p,
		.text = text,
		.envp = (const char *const *)environ,
		.lint = LINT_WARNINGS,
	};
	struct diag diag;
	struct policy *p = policy_compile(&in, &w->arena, &diag);
	diag_write(&diag, stderr);
	bool ok = p && check_tests(p, in.file, stderr);
	diag_fini(&diag);
	policy_free(p);
	return ok;
}

/* --- making the files -------------------------------------------------------------- */

static bool
make_tokens(struct wizard *w)
{
	struct str list = w->answers.v[INIT_TOKENS];

	while (list.n > 0) {
		assert(w->ntokens < INIT_TOKENS_MAX);
		struct init_token *t = &w->tokens[w->ntokens++];
		t->name = init_next(&list);
		if (!init_token_new(t)) {
			perror("docker-proxy: no random bytes");
			return false;
		}
	}
	return true;
}

static void
add_file(struct wizard *w, struct str name, mode_t mode, struct str text)
{
	if (name.n == 0)
		return;
	w->files[w->nfiles++] =
		(struct init_file){.name = name.p, .mode = mode, .text = text};
}

typedef void writer(
	const struct init_answers *a, const char *config, FILE *out);

static struct str
text_of(struct wizard *w, const char *config, writer *write)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	struct str s = STR("");

	if (!out)
		return s;
	if (write)
		write(&w->answers, config, out);
	else
		init_write_config(&w->answers, w->tokens, w->ntokens, out);
	if (fclose(out) == 0)
		s = arena_str(&w->arena, (struct str){text, n});
	free(text);
	return s;
}

/* The name of a file in the folder of the configuration. */
static struct str
beside(struct wizard *w, struct str name)
{
	const char *output = w->answers.v[INIT_OUTPUT].p;
	const char *slash = strrchr(output, '/');
	int n = slash ? (int)(slash + 1 - output) : 0;

	return arena_fmt(&w->arena, "%.*s%.*s.token", n, output, STR_FMT(name));
}

static struct str
absolute(struct wizard *w)
{
	struct str output = w->answers.v[INIT_OUTPUT];
	char *cwd = getcwd(NULL, 0);
	struct str s = str_starts(output, STR("/"))
			       ? output
			       : arena_fmt(&w->arena, "%s/%.*s",
					 cwd ? cwd : ".", STR_FMT(output));

	free(cwd);
	return s;
}

static bool
make_files(struct wizard *w)
{
	const struct str *v = w->answers.v;
	struct str config = text_of(w, NULL, NULL), place = absolute(w);

	if (config.n == 0 || !try_config(w, config))
		return false;
	add_file(w, v[INIT_OUTPUT], 0644, config);
	for (size_t i = 0; i < w->ntokens; i++)
		add_file(w, beside(w, w->tokens[i].name), 0600,
			arena_fmt(&w->arena, "%s\n", w->tokens[i].text));
	if (v[INIT_COMPOSE].n > 0)
		add_file(w, v[INIT_COMPOSE], 0644,
			text_of(w, place.p, init_write_compose));
	if (v[INIT_SYSTEMD].n > 0)
		add_file(w, v[INIT_SYSTEMD], 0644,
			text_of(w, place.p, init_write_unit));
	return init_write_files(w->files, w->nfiles, w->answers.force);
}

static void
tell(const struct wizard *w)
{
	const struct str *v = w->answers.v;
	const char *config = v[INIT_OUTPUT].p;

	puts("\nWritten:");
	for (size_t i = 0; i < w->nfiles; i++)
		printf("  %s\n", w->files[i].name);
	printf("\nNext:\n"
	       "  docker-proxy --check-config --config %s\n"
	       "  docker-proxy --config %s\n",
		config, config);
	if (w->ntokens > 0)
		puts("  Give each client its token (Authorization: Bearer "
		     "TOKEN), then remove the files *.token:\n"
		     "  the configuration has their hashes.");
	if (v[INIT_COMPOSE].n > 0)
		printf("  DOCKER_GID=$(stat -c %%g /var/run/docker.sock) "
		       "docker compose -f %s up -d\n",
			v[INIT_COMPOSE].p);
	if (v[INIT_SYSTEMD].n > 0)
		printf("  install -m 644 %s /etc/systemd/system/ && systemctl "
		       "daemon-reload\n",
			v[INIT_SYSTEMD].p);
}

/* --- the command ---------------------------------------------------------------- */

static int
run_wizard(struct wizard *w, const struct arguments *a, bool yes)
{
	bool usage;

	if (!init_ask(&w->answers, a, yes, &usage))
		return usage ? EXIT_USAGE : EXIT_INVALID;
	/* From here on it is a moment: all files, or none. */
	signal(SIGINT, SIG_IGN);
	if (!make_tokens(w) || !make_files(w)) {
		fputs("docker-proxy: nothing was written\n", stderr);
		return EXIT_INVALID;
	}
	tell(w);
	return EXIT_OK;
}

static int
run(const struct arguments *a)
{
	bool yes = argument_given(a, "--yes");
	struct wizard *w;

	if (!yes && !isatty(STDIN_FILENO)) {
		fputs("docker-proxy: this is no terminal: give --yes, and "
		      "flags for what is not as usual\n",
			stderr);
		return EXIT_USAGE;
	}
	w = calloc(1, sizeof(*w));
	if (!w) {
		perror("docker-proxy");
		return EXIT_INVALID;
	}
	arena_init(&w->arena, POLICY_ARENA_MAX);
	w->answers.arena = &w->arena;
	w->answers.force = argument_given(a, "--force");
	int status = run_wizard(w, a, yes);
	arena_fini(&w->arena);
	explicit_bzero(w->tokens, sizeof(w->tokens));
	free(w);
	return status;
}

static const struct flag flags[] = {
#define QUESTION(id, flag, value, preset, text, help) {flag, value, help},
#include "daemon/init_questions.def"
#undef QUESTION
	{"--yes", NULL, "ask nothing: the presets, but for what flags say"},
	{"--force", NULL, "replace files that are there"},
	{0},
};

const struct command command_init = {
	.name = "init",
	.flags = flags,
	.help = "write a configuration, with questions at the terminal",
	.run = run,
};
