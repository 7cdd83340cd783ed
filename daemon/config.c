/* Finding, reading and compiling the configuration. */
#include "daemon/config.h"

#include "daemon/file.h"
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

struct policy *
config_compile(const char *file, FILE *err)
{
	struct policy_input in = {
		.file = file,
		.envp = (const char *const *)environ,
		.read_file = file_read_secret,
	};
	struct policy *policy = NULL;
	struct arena arena;
	struct diag diag;

	arena_init(&arena, POLICY_ARENA_MAX);
	if (file && !file_read(file, SOURCE_BYTES_MAX, &arena, &in.text)) {
		fprintf(err, "docker-proxy: cannot read %s: %s\n", file,
			strerror(errno));
	} else {
		policy = policy_compile(&in, &arena, &diag);
		diag_write(&diag, err);
		diag_fini(&diag);
	}
	arena_fini(&arena);
	return policy;
}
