/* docker-proxy: which command it is. */
#include "daemon/command.h"

int
main(int argc, char **argv)
{
	struct arguments a;

	if (!command_parse(&a, argc, argv, stderr))
		return EXIT_USAGE;
	if (a.help) {
		command_usage(a.first > 1 ? a.command : NULL, stdout);
		return EXIT_OK;
	}
	return a.command->run(&a);
}
