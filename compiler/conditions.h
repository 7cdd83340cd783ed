/* Conditions: `{field, operator, value}` and their groups, typed. */
#ifndef COMPILER_CONDITIONS_H
#define COMPILER_CONDITIONS_H

#include "compiler/intern.h"
#include "compiler/read.h"
#include "compiler/rules.h"

extern const struct key_map condition_map;

struct cond_reader {
	struct reader *r;
	struct intern patterns; /* regexes that are known to compile */
};

/* A list of conditions as one of the kind given (AND or OR); NULL after an
 * error. */
struct cond *conditions_read(
	struct cond_reader *cr, const struct tree *list, enum cond_kind kind);

/* One value for the condition's field and operator; false after an error. */
bool cond_value_read(struct cond_reader *cr, const struct cond *c,
	const struct tree *node, struct cond_value *out);

/* Warns of a condition that cannot do what it was written for: it never
 * holds, or always. */
void cond_lint(struct diag *d, const struct cond *c);

/* --- what actions share with conditions ---------------------------------- */

/* Names separated by single dots, not more than bodies are deep. */
bool body_path_is_valid(struct str path);

/* The name in lower case; false after an error. */
bool header_name_read(struct reader *r, const struct tree *node,
	struct str name, struct str *out);

/* Warns of a header that rules never see. */
void header_name_lint(struct diag *d, struct pos pos, struct str name);

/* A scalar that is no null, with the type that it has in JSON; false after an
 * error. */
bool cond_typed_read(
	struct reader *r, const struct tree *node, struct cond_value *out);

/* A regex, which must compile; false after an error. */
bool cond_pattern_read(struct cond_reader *cr, const struct tree *node,
	bool nocase, struct cond_value *out);

#endif
