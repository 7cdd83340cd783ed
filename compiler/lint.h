/* Lint: what a policy that compiles does, and hardly should.
 *
 * Behind the readers, which find what is wrong in one place: here the rules
 * are looked at together, with the settings, and the compiled program is
 * asked about requests that lead to the host. Only what is certain is told.
 */
#ifndef COMPILER_LINT_H
#define COMPILER_LINT_H

#include "compiler/policy.h"
#include "compiler/rules.h"

struct lint_input {
	const struct policy *policy; /* compiled */
	const struct rule_list *rules;
	/* Sections of the file; NULL: it has none. */
	const struct tree *global, *auth, *toggles, *tests;
	bool has_file;
	bool others_read; /* every user of the machine can read the file */
	/* It has rules and tests alone: what is said elsewhere, settings and
	 * the default, is not missed. */
	bool part;
};

/* Adds findings to d; what is needed on the way is in the arena. */
void lint_policy(const struct lint_input *in, struct arena *a, struct diag *d);

/* Marks what comments of the source accept. tell_unused: all findings have been
 * looked for, so that a comment which accepts none is told. */
void lint_accept(struct diag *d, bool tell_unused);

#endif
