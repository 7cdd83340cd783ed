/* Lowering: the typed rules to a program image. */
#ifndef COMPILER_LOWER_H
#define COMPILER_LOWER_H

#include "compiler/rules.h"

struct image {
	void *bytes; /* owned: free() */
	size_t size;
};

struct lower_options {
	bool default_allow;
	bool no_index; /* no candidate index: each rule is run */
};

/* Emits rules in the order they are evaluated (higher priority first, equal
 * ones as written; rules of toggles last). Within a group, tests that need
 * the body come behind those that do not: order does not change the meaning,
 * and a request is held only if it must be. Equal tests are one test. False
 * with an error when a limit (PROGRAM_BYTES_MAX) is exceeded. */
bool lower(const struct rule_list *l, const struct lower_options *options,
	struct image *out, struct arena *a, struct diag *d);

#endif
