/* Lint: its parts in turn. */
#include "compiler/lint_parts.h"

#include "runtime/limits.h"

void
lint_policy(const struct lint_input *in, struct arena *a, struct diag *d)
{
	struct lint l = {
		.in = in,
		.settings = &in->policy->settings,
		.implies = {.arena = a, .steps = LINT_STEPS_MAX},
		.arena = a,
		.diag = d,
		.rules = rules_in_order(in->rules, a),
		.nall = in->rules->count,
	};
	if (!l.rules)
		return;
	while (l.nrules < l.nall && !l.rules[l.nrules]->toggle)
		l.nrules++;
	lint_rules(&l);
	lint_probe(&l);
	if (in->part)
		return;
	l.implies.steps = LINT_STEPS_MAX;
	lint_names(&l);
	lint_settings(&l);
}
