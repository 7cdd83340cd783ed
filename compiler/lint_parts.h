/* The parts of lint. Seen by lint*.c. */
#ifndef COMPILER_LINT_PARTS_H
#define COMPILER_LINT_PARTS_H

#include "compiler/implies.h"
#include "compiler/lint.h"
#include "compiler/read.h"

struct lint {
	const struct lint_input *in;
	const struct settings *settings;
	struct implies implies;
	struct arena *arena; /* borrowed */
	struct diag *diag;
	const struct rule *const *rules; /* in the order of evaluation */
	size_t nrules;                   /* of the file: they come first */
	size_t nall;                     /* and those of toggles */
	/* Of the rule that is looked at, what holds whenever it fires: all
	 * conditions that stand in and groups alone. */
	const struct cond **top;
	size_t ntop;
};

/* --- lint_rules.c: rules, alone and in their order ------------------------- */

void lint_rules(struct lint *l);

/* --- lint_conds.c: single conditions of a rule ------------------------------ */

void lint_conds(struct lint *l, const struct rule *r);

/* --- lint_settings.c ----------------------------------------------------------- */

void lint_settings(struct lint *l);

/* --- lint_names.c: roles, listeners and peers that rules name ------------------- */

void lint_names(struct lint *l);

/* --- lint_probe.c: the compiled program, asked ---------------------------------- */

void lint_probe(struct lint *l);

#endif
