/* From the settings of other proxies to a configuration of ours.
 *
 * They are read from a compose file's environment and command, from an env
 * file, from flags, or from the Rust docker-proxy's configuration. What is
 * written compiles, says by comments where each line comes from, and ends
 * with what has no counterpart.
 */
#ifndef COMPILER_MIGRATE_H
#define COMPILER_MIGRATE_H

#include "compiler/diag.h"

#include <stdio.h>

struct migrate_input {
	/* tecnativa, linuxserver, wollomatic, rust; NULL: the image, or what
	 * is set, tells. */
	const char *from;
	const char *file; /* NULL: flags and variables alone */
	struct str text;
	const char *service; /* of a compose file; NULL: the one it is */
	/* Flags and NAME=value, as the other proxy was given them; before
	 * those of the file. Ended by NULL. */
	const char *const *args;
	const char *const *envp; /* what ${NAME} in a compose file is */
};

/* Calls of which `tests` are written; ended by NULL. */
struct migrate_call {
	const char *method, *path;
	const char *body; /* JSON; NULL: none */
};
extern const struct migrate_call migrate_calls[];

/* What is known of what was written. */
struct migrated {
	unsigned notes;   /* lines of what is otherwise, at its end */
	bool lacks_tests; /* it has none: who can run a policy may add some */
};

/* Writes the configuration; errors go to d, and then nothing of use is
 * written. */
bool migrate(const struct migrate_input *in, struct arena *a, struct diag *d,
	FILE *out, struct migrated *done);

#endif
