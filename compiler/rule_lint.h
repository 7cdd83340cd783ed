/* Rules that cannot do what they were written for. */
#ifndef COMPILER_RULE_LINT_H
#define COMPILER_RULE_LINT_H

#include "compiler/rules.h"

/* Warns of an `allow` that holds where there is nothing to speak of. */
void rule_lint(struct diag *d, const struct rule *r);

/* Warns of
 *
 * - a rule that is never reached: one before it ends the evaluation, the
 *   other way, of every request that it is for. Told where it is certain;
 *   of policies with many long conditions not all is looked at;
 * - a not_ operator on "*" in a rule that restricts: it asks whether no
 *   element is so, where one that is not was meant.
 *
 * Of the rules of a file; those of toggles come behind them anyway. */
void rules_lint(const struct rule_list *l, struct arena *a, struct diag *d);

#endif
