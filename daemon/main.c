/* docker-proxy: which command it is. */
#include "daemon/command.h"
#include "daemon/port.h"
#include "daemon/port_args.h"

int
main(int argc, char **argv)
{
	struct arguments a;

	if (port_args_ask(argc, argv))
		return port_main(argc, argv);
	if (!command_parse(&a, argc, argv, stderr))
		return EXIT_USAGE;
	if (a.help) {
		command_usage(a.first > 1 ? a.command : NULL, stdout);
		return EXIT_OK;
	}
	return a.command->run(&a);
}
