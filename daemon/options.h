/* The command line, and where the configuration comes from. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include "compiler/policy.h"

#include <stdbool.h>
#include <stdio.h>

/* Exit codes of the program. */
enum {
	EXIT_OK = 0,
	EXIT_INVALID = 1, /* the configuration, or what it asks for */
	EXIT_USAGE = 2,
};

enum command {
	COMMAND_SERVE,
	COMMAND_CHECK,
	COMMAND_HEALTHCHECK,
	COMMAND_DEMO_ENGINE,
	COMMAND_AUDIT_VERIFY,
	COMMAND_VERSION,
	COMMAND_HELP,
};

struct options {
	enum command command;
	const char *config; /* --config; NULL: not given */
	const char *socket; /* demo-engine --socket */
	const char *file;   /* audit verify FILE */
	bool demo;          /* serve --demo: where there is no Engine */
};

/* False on a usage error, told on err. */
bool options_parse(struct options *o, int argc, char **argv, FILE *err);
void options_usage(FILE *out);

/* The configuration's file: --config, else DOCKER_PROXY_CONFIG, else the
 * first of the usual places that exists; NULL: none, the toggles alone. */
const char *options_config(const struct options *o);

/* Finds, reads and compiles the configuration; warnings and errors go to err.
 * NULL after an error. */
struct policy *options_compile(const struct options *o, FILE *err);

#endif
