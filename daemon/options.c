/* The command line; finding and reading the configuration. */
#include "daemon/options.h"

#include "daemon/file.h"
#include "runtime/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
options_usage(FILE *out)
{
	fputs("usage: docker-proxy [serve] [--config FILE] [--demo]\n"
	      "       docker-proxy --check-config [--config FILE]\n"
	      "       docker-proxy healthcheck [--config FILE]\n"
	      "       docker-proxy demo-engine --socket PATH\n"
	      "       docker-proxy audit verify FILE\n"
	      "       docker-proxy --version | --help\n"
	      "\n"
	      "A policy-enforcing proxy for the Docker Engine's API.\n"
	      "\n"
	      "  --config FILE    the configuration; else "
	      "DOCKER_PROXY_CONFIG,\n"
	      "                   ./docker-proxy.conf, ./config.yaml,\n"
	      "                   /etc/docker-proxy/docker-proxy.conf; without "
	      "a\n"
	      "                   file, toggles such as CONTAINERS=1 alone\n"
	      "  --check-config   print the effective settings and rules; exit "
	      "0\n"
	      "                   when valid, 1 when not\n"
	      "  --demo           where there is no Engine, start a small "
	      "built-in\n"
	      "                   demonstration engine with sample data\n"
	      "\n"
	      "  audit verify     is the chain of an audit log whole? exit 0 "
	      "when\n"
	      "                   it is, 1 when not; FILE may be -\n",
		out);
}

/* --- argv ----------------------------------------------------------------- */

/* The value of --name VALUE or --name=VALUE at argv[*i]; NULL: another
 * argument. *missing_out: it is that option, without a value. */
static const char *
value_of(const char *name, int argc, char **argv, int *i, bool *missing_out)
{
	size_t n = strlen(name);

	*missing_out = false;
	if (strncmp(argv[*i], name, n) != 0)
		return NULL;
	if (argv[*i][n] == '=')
		return argv[*i] + n + 1;
	if (argv[*i][n] != '\0')
		return NULL;
	*missing_out = *i + 1 >= argc;
	return *missing_out ? NULL : argv[++*i];
}

static bool
parse_flag(struct options *o, const char *arg)
{
	static const struct {
		const char *name;
		enum command command;
	} flags[] = {
		{"--check-config", COMMAND_CHECK},
		{"--version", COMMAND_VERSION},
		{"-V", COMMAND_VERSION},
		{"--help", COMMAND_HELP},
		{"-h", COMMAND_HELP},
	};
	if (strcmp(arg, "--demo") == 0)
		return o->demo = true;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(arg, flags[i].name) == 0) {
			o->command = flags[i].command;
			return true;
		}
	}
	return false;
}

static bool
parse_command(struct options *o, const char *arg)
{
	if (strcmp(arg, "serve") == 0)
		o->command = COMMAND_SERVE;
	else if (strcmp(arg, "healthcheck") == 0)
		o->command = COMMAND_HEALTHCHECK;
	else if (strcmp(arg, "demo-engine") == 0)
		o->command = COMMAND_DEMO_ENGINE;
	else
		return false;
	return true;
}

/* "audit verify FILE", which is all there is to say. */
static bool
parse_audit(struct options *o, int argc, char **argv, int *i, FILE *err)
{
	if (argc != 4 || strcmp(argv[2], "verify") != 0) {
		fputs("docker-proxy: it is: audit verify FILE\n", err);
		return false;
	}
	o->command = COMMAND_AUDIT_VERIFY;
	o->file = argv[3];
	*i = 3;
	return true;
}

static bool
parse_argument(struct options *o, int argc, char **argv, int *i, FILE *err)
{
	bool missing;
	const char *v = value_of("--config", argc, argv, i, &missing);

	if (v) {
		o->config = v;
		return true;
	}
	if (!missing) {
		v = value_of("--socket", argc, argv, i, &missing);
		if (v) {
			o->socket = v;
			return true;
		}
	}
	if (missing) {
		fprintf(err, "docker-proxy: %s needs a value\n", argv[*i]);
		return false;
	}
	if (*i == 1 && strcmp(argv[1], "audit") == 0)
		return parse_audit(o, argc, argv, i, err);
	if (parse_flag(o, argv[*i]) || (*i == 1 && parse_command(o, argv[*i])))
		return true;
	fprintf(err, "docker-proxy: unknown argument \"%s\"; see --help\n",
		argv[*i]);
	return false;
}

bool
options_parse(struct options *o, int argc, char **argv, FILE *err)
{
	*o = (struct options){.command = COMMAND_SERVE};
	for (int i = 1; i < argc; i++)
		if (!parse_argument(o, argc, argv, &i, err))
			return false;
	if (o->command == COMMAND_DEMO_ENGINE && !o->socket) {
		fputs("docker-proxy: demo-engine needs --socket PATH\n", err);
		return false;
	}
	return true;
}

/* --- the configuration ------------------------------------------------------ */

const char *
options_config(const struct options *o)
{
	static const char *const places[] = {
		"docker-proxy.conf",
		"config.yaml",
		"/etc/docker-proxy/docker-proxy.conf",
	};
	if (o->config)
		return o->config;
	const char *env = getenv("DOCKER_PROXY_CONFIG");
	if (env && *env)
		return env;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], F_OK) == 0)
			return places[i];
	return NULL;
}

struct policy *
options_compile(const struct options *o, FILE *err)
{
	const char *path = options_config(o);
	struct policy_input in = {
		.file = path,
		.envp = (const char *const *)environ,
		.read_file = file_read_secret,
	};
	struct policy *policy = NULL;
	struct arena arena;
	struct diag diag;

	arena_init(&arena, POLICY_ARENA_MAX);
	if (path && !file_read(path, SOURCE_BYTES_MAX, &arena, &in.text)) {
		fprintf(err, "docker-proxy: cannot read %s: %s\n", path,
			strerror(errno));
	} else {
		policy = policy_compile(&in, &arena, &diag);
		diag_write(&diag, err);
		diag_fini(&diag);
	}
	arena_fini(&arena);
	return policy;
}
