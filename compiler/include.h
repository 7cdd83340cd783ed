/* Include: the configuration's file, and those that it includes.
 *
 *   include: [policy:no-host-escape, policy:traefik, ./ours.yaml]
 *
 * An included file has a kind. A guard restricts: its rules are asked before
 * all others, and none of them allows. A policy allows, and does nothing else.
 * So a guard wins, and the order in which files are included changes no
 * verdict. A name without `policy:` is a file, beside the one that says it.
 */
#ifndef COMPILER_INCLUDE_H
#define COMPILER_INCLUDE_H

#include "compiler/policy.h"
#include "compiler/rules.h"
#include "compiler/source.h"

/* The members of a file. */
struct sections {
	const struct tree *global, *auth, *toggles, *include, *rules, *tests;
	int kind; /* enum rule_part; RULE_OWN: not said */
	struct str description;
};

/* A file that was read. */
struct unit {
	struct unit *next;         /* in the order of reading */
	const struct unit *parent; /* who includes it; NULL: the configuration,
				      or the command line */
	struct source source;
	struct sections sections;
	enum rule_part part;
};

struct units {
	struct unit *first, **tail;
};

/* Reads in->file, if there is one, in->policies, and all that is included:
 * each file once. Errors go to d, in whose arena the texts are kept; trees go
 * to `scratch`. False when the configuration's own file is no map at all. */
bool include_read(const struct policy_input *in, struct arena *scratch,
	struct diag *d, struct units *out);

/* Warns of what is included and comes to nothing, now that the default and the
 * rules (those of toggles, too) are known. */
void include_check(const struct units *units, const struct rule_list *rules,
	bool default_allow, struct diag *d);

#endif
