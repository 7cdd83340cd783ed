/* Variables in scalar values: ${NAME}, ${NAME:-text}, $$.
 *
 * A `$` before anything else is itself. Values come from the environment as
 * they are and are not looked at again.
 */
#ifndef COMPILER_EXPAND_H
#define COMPILER_EXPAND_H

#include "runtime/arena.h"
#include "runtime/str.h"

#include <stdbool.h>

enum expand_fault {
	EXPAND_UNSET, /* replaced by nothing */
	EXPAND_SYNTAX,
	EXPAND_UTF8, /* the value is no UTF-8 */
};

struct expand {
	const char *const *envp;
	struct arena *arena;
	/* Told of each fault; ref borrows the text, from the `$` up to the
	 * end of the name. */
	void (*fault)(void *ctx, enum expand_fault fault, struct str ref,
		struct str name);
	void *ctx;
};

/* text with its variables replaced; *expanded_out: there was something to
 * replace. */
struct str expand(const struct expand *x, struct str text, bool *expanded_out);

/* The variable's value; p is NULL when it is not set. */
struct str env_get(const char *const *envp, const char *name);

#endif
