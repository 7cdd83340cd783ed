/* docker-proxy: which command it is. */
#include "daemon/cmd_audit.h"
#include "daemon/cmd_check.h"
#include "daemon/cmd_healthcheck.h"
#include "daemon/demo.h"
#include "daemon/options.h"
#include "daemon/port.h"
#include "daemon/port_args.h"
#include "daemon/serve.h"

#include <stdio.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct options o;

	if (port_args_ask(argc, argv))
		return port_main(argc, argv);
	if (!options_parse(&o, argc, argv, stderr))
		return EXIT_USAGE;
	switch (o.command) {
	case COMMAND_SERVE:
		return serve(&o);
	case COMMAND_CHECK:
		return cmd_check(options_config(&o),
			(const char *const *)environ, stdout, stderr);
	case COMMAND_HEALTHCHECK:
		return cmd_healthcheck(&o, stdout);
	case COMMAND_DEMO_ENGINE:
		return demo_run(o.socket, -1);
	case COMMAND_AUDIT_VERIFY:
		return cmd_audit_verify(o.file, stdout, stderr);
	case COMMAND_VERSION:
		printf("docker-proxy %s\n", DOCKER_PROXY_VERSION);
		return EXIT_OK;
	case COMMAND_HELP:
		options_usage(stdout);
		return EXIT_OK;
	}
	return EXIT_USAGE;
}
