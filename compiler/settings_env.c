/* Settings: variables that are named as ours are, and that nobody reads. */
#include "compiler/settings_parts.h"

#include <string.h>

#define PREFIX STR("DOCKER_PROXY_")

static const char *const known[] = {
	"DOCKER_PROXY_BIND",
	"DOCKER_PROXY_CONFIG",
	"DOCKER_PROXY_FORWARD", /* the port proxy's, in dockerd's own */
	"DOCKER_PROXY_LOG_LEVEL",
	"DOCKER_PROXY_PORT",
	"DOCKER_PROXY_PROFILE",
	"DOCKER_PROXY_SANDBOX",
	"DOCKER_PROXY_SECRET",
};

/* What Kubernetes sets in every container beside a Service "docker-proxy". */
static bool
is_of_a_service(struct str name)
{
	return str_starts(name, STR("DOCKER_PROXY_SERVICE_")) ||
	       str_starts(name, STR("DOCKER_PROXY_PORT_"));
}

static bool
is_known(struct str name)
{
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (str_eq(name, str_of(known[i])))
			return true;
	return false;
}

void
settings_warn_env(struct reader *r, const char *const *envp)
{
	for (const char *const *e = envp; *e; e++) {
		struct str name = {*e, strcspn(*e, "=")};
		if (!str_starts(name, PREFIX) || is_known(name) ||
			is_of_a_service(name))
			continue;
		diag_env_warning(r->diag, FINDING_UNKNOWN_VARIABLE,
			"%.*s has no effect: there is no such variable",
			STR_FMT(name));
		diag_did_you_mean(r->diag, name, known, COUNT_OF(known));
	}
}
