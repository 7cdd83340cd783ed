/* --version: which one this is. */
#include "daemon/cmd_version.h"

static int
run(const struct arguments *a)
{
	(void)a;
	printf("docker-proxy %s\n", DOCKER_PROXY_VERSION);
	return EXIT_OK;
}

const struct command command_version = {
	.name = "--version",
	.alias = "-V",
	.help = "print the version",
	.run = run,
};
