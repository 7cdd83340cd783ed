/* Nodes as JSON: what YAML says, in the types that it has there. */
#ifndef COMPILER_TREE_JSON_H
#define COMPILER_TREE_JSON_H

#include "compiler/read.h"

/* In the reader's arena; empty after an error. */
struct str tree_json(struct reader *r, const struct tree *node);

#endif
