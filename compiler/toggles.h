/* Toggles: CONTAINERS=1 and the like, lowered to ordinary rules.
 *
 * Three profiles: strict (ours), tecnativa and linuxserver (those images'
 * variables, defaults, C-integer booleans and rule order).
 */
#ifndef COMPILER_TOGGLES_H
#define COMPILER_TOGGLES_H

#include "compiler/rules.h"

enum toggle_profile {
	PROFILE_STRICT,
	PROFILE_TECNATIVA,
	PROFILE_LINUXSERVER,
};

/* One variable and what it came to: what start-up and --check-config print. */
struct toggle_state {
	const char *name;
	bool on;
	bool is_default;
};

struct toggles {
	enum toggle_profile profile;
	const struct toggle_state *states; /* in the arena */
	size_t nstates;
};

/* Reads the toggles from envp, or from the `toggles` node of a file (a map
 * of names, or the word `env`; NULL means env), appends their rules to l with
 * a last one that denies the rest, and warns of values that are no boolean,
 * of names that look like a toggle and are none, and of toggles without
 * effect. */
void toggles_read(const struct tree *node, const char *const *envp,
	struct toggles *out, struct rule_list *l, struct arena *a,
	struct diag *d);

const char *toggle_profile_name(enum toggle_profile p);

#endif
