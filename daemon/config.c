/* Finding, reading and compiling the configuration. */
#include "daemon/config.h"

#include "daemon/command.h"
#include "daemon/file.h"
#include "daemon/watch.h"
#include "runtime/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *
config_find(const char *given)
{
	static const char *const places[] = {
		"docker-proxy.conf",
		"config.yaml",
		"/etc/docker-proxy/docker-proxy.conf",
	};
	if (given)
		return given;
	const char *env = getenv("DOCKER_PROXY_CONFIG");
	if (env && *env)
		return env;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], F_OK) == 0)
			return places[i];
	return NULL;
}

/* --policy, as often as it is given. */
static int
read_policies(const struct arguments *a, struct config *out, FILE *err)
{
	const char *name;

	for (unsigned n = 0; (name = argument_nth(a, "--policy", n)); n++) {
		if (n == READY_MAX) {
			fprintf(err, "docker-proxy: more than %d policies\n",
				READY_MAX);
			return EXIT_USAGE;
		}
		if (!ready_find(str_of(name))) {
			fprintf(err,
				"docker-proxy: there is no policy \"%s\"; see "
				"docker-proxy policies\n",
				name);
			return EXIT_USAGE;
		}
		out->policies[n] = name;
	}
	return EXIT_OK;
}

int
config_read(const struct arguments *a, struct config *out, FILE *err)
{
	*out = (struct config){0};
	if (!argument_given(a, "--policy")) {
		out->file = config_find(argument_value(a, "--config"));
		return EXIT_OK;
	}
	if (argument_given(a, "--config")) {
		fputs("docker-proxy: --policy is for a proxy without a "
		      "file; a file has \"include: [policy:NAME]\"\n",
			err);
		return EXIT_USAGE;
	}
	return read_policies(a, out, err);
}

static bool
read_include(void *ctx, const char *path, struct arena *a, struct str *out)
{
	struct watch_list *files = ctx;

	if (files)
		watch_list_add(files, path);
	return file_read_regular(path, INCLUDE_BYTES_MAX, a, out);
}

struct policy_input
config_input(const struct config *c, struct watch_list *files)
{
	return (struct policy_input){
		.file = c->file,
		.policies = c->policies[0] ? c->policies : NULL,
		.envp = (const char *const *)environ,
		.read_file = file_read_secret,
		.read_include = read_include,
		.read_file_ctx = files,
	};
}

bool
config_text(const char *file, struct arena *a, struct str *out)
{
	struct str name = str_of(file);

	if (!str_starts(name, READY_PREFIX))
		return file_read(file, SOURCE_BYTES_MAX, a, out);
	const struct ready_policy *p =
		ready_find(str_from(name, READY_PREFIX.n));
	errno = ENOENT;
	if (p)
		*out = p->text;
	return p;
}

struct policy *
config_compile(const struct config *c, struct watch_list *files, FILE *err)
{
	struct policy_input in = config_input(c, files);
	struct policy *policy = NULL;
	struct arena arena;
	struct diag diag;

	arena_init(&arena, POLICY_ARENA_MAX);
	if (c->file && files)
		watch_list_add(files, c->file);
	if (c->file && !config_text(c->file, &arena, &in.text)) {
		fprintf(err, "docker-proxy: cannot read %s: %s\n", c->file,
			strerror(errno));
	} else {
		policy = policy_compile(&in, &arena, &diag);
		diag_write(&diag, err);
		diag_fini(&diag);
	}
	arena_fini(&arena);
	return policy;
}
