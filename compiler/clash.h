/* Do two conditions exclude each other? */
#ifndef COMPILER_CLASH_H
#define COMPILER_CLASH_H

#include "compiler/implies.h"

/* Can the two never hold together? False when that is not sure. */
bool conds_clash(struct implies *l, const struct cond *a, const struct cond *b);

#endif
