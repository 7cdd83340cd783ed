/* Where the configuration comes from. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include "compiler/policy.h"
#include "compiler/ready.h"

#include <stdio.h>

struct arguments;
struct watch_list;

/* What there is to compile. */
struct config {
	const char *file; /* NULL: none */
	/* of --policy; ends with NULL. There is no file then; with neither,
	 * the toggles alone */
	const char *policies[READY_MAX + 1];
};

/* What `--policy` and `--config` say. EXIT_OK, or EXIT_USAGE with the error
 * told on err. */
int config_read(const struct arguments *a, struct config *out, FILE *err);

/* The configuration's file: the one given, else DOCKER_PROXY_CONFIG, else the
 * first of the usual places that exists; NULL: none, the toggles alone. */
const char *config_find(const char *given);

/* The text of the configuration's file, or of the ready policy that it names
 * as policy:NAME. False with errno set. */
bool config_text(const char *file, struct arena *a, struct str *out)
	__attribute__((warn_unused_result));

/* What a compilation is to be given, but for the text of c->file. *files gets
 * the files that are included; may be NULL. */
struct policy_input config_input(
	const struct config *c, struct watch_list *files);

/* Reads and compiles it; warnings and errors go to err. NULL after an error.
 * *files gets all the files that were asked for, those that could not be read,
 * too; it may be NULL. */
struct policy *config_compile(
	const struct config *c, struct watch_list *files, FILE *err);

#endif
