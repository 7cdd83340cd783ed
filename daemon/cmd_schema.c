/* schema: the JSON Schema of the configuration, for editors. */
#include "daemon/cmd_schema.h"

#include "compiler/schema.h"

static int
run(const struct arguments *a)
{
	(void)a;
	if (schema_write(stdout) && fflush(stdout) == 0)
		return EXIT_OK;
	perror("docker-proxy: the schema cannot be written");
	return EXIT_INVALID;
}

const struct command command_schema = {
	.name = "schema",
	.help = "print the JSON Schema of the configuration, for editors",
	.run = run,
};
