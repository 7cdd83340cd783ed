/* Ready policies: the files of policies/, as a part of the program.
 *
 * The table is made from them by compiler/ready.awk when the program is built.
 */
#ifndef COMPILER_READY_H
#define COMPILER_READY_H

#include "runtime/str.h"

#include <stdbool.h>

#define READY_MAX    64             /* of them, for the sake of arrays */
#define READY_PREFIX STR("policy:") /* of a name where a file may stand */

struct ready_policy {
	const char *name;        /* "traefik": the file's, without .yaml */
	const char *description; /* one line */
	bool guard;
	struct str text;
};

extern const struct ready_policy ready_policies[]; /* by name; the last has
						      none */

/* NULL: there is none of that name. */
const struct ready_policy *ready_find(struct str name);

#endif
