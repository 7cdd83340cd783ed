/* The YAML tree: nodes with positions, built from libfyaml's events.
 *
 * The only file that sees libfyaml. Aliases, anchors, tags, merge keys, a
 * second document, duplicate keys, too much depth or too many nodes are
 * errors with a place. Scalars stay text; what type they have is decided by
 * who reads them. `${NAME}`, `${NAME:-text}` and `$$` in scalar values are
 * replaced here, after parsing, so that a variable never adds structure.
 */
#ifndef COMPILER_TREE_H
#define COMPILER_TREE_H

#include "compiler/diag.h"
#include "compiler/expand.h"
#include "compiler/source.h"

enum tree_kind {
	TREE_SCALAR,
	TREE_MAP,
	TREE_LIST,
};

struct tree {
	enum tree_kind kind;
	struct pos pos;
	struct tree *next; /* sibling */
	/* of a member of a map */
	struct str key;
	struct pos key_pos;
	/* TREE_SCALAR */
	struct str text;  /* variables replaced */
	bool plain;       /* neither quoted nor a block scalar */
	bool expanded;    /* it had a variable, or `$$` */
	struct str unset; /* the first ${NAME} in it that was not set; for
			      that a warning was given at unset_pos */
	struct pos unset_pos;
	/* TREE_MAP, TREE_LIST */
	struct tree *first;
	size_t count;
};

/* NULL when the text cannot be read at all. Other errors (a duplicate key, a
 * tag) are added to d and the tree is returned, so that the errors of its
 * readers are told in the same run. An empty document is an empty map. */
struct tree *tree_parse(const struct source *s, const char *const *envp,
	struct arena *a, struct diag *d);

struct tree *tree_get(const struct tree *map, const char *key);

/* Is it a plain null, ~, or nothing at all? */
bool tree_is_null(const struct tree *t);

#endif
