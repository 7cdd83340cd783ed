/* What actions take: roles, rate limits, response filters. Errors go to the
 * reader's diag. */
#ifndef COMPILER_ACTIONS_H
#define COMPILER_ACTIONS_H

#include "compiler/conditions.h"

extern const struct key_map rate_limit_map, filter_map;

/* `role`, a word or a list of them; NULL: the default. */
void roles_read(struct reader *r, const struct tree *node, struct rule *out);

/* `rate_limit`, a map; NULL: the defaults. */
void rate_limit_read(
	struct reader *r, const struct tree *node, struct rule_limit *out);

/* `response_filter`, a list; NULL: the rule has none, an error. filters.c */
void filters_read(struct cond_reader *cr, const struct tree *rule,
	const struct tree *node, struct rule *out);

#endif
