/* The `tests` of a policy: requests with the verdict they must get. */
#ifndef COMPILER_TESTCASES_H
#define COMPILER_TESTCASES_H

#include "compiler/read.h"

extern const struct key_map testcase_map;

/* Checks their shape. NULL: the file has none. */
void testcases_check(struct reader *r, const struct tree *node);

#endif
