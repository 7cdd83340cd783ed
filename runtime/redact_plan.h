/* The automaton of a set of filters: a trie of their paths.
 *
 * A value is named by a set of nodes: of each filter's path at most one, since
 * a step takes exactly one level. A set is found from that of the container
 * around and the key or index of the value. Immutable once built.
 */
#ifndef RUNTIME_REDACT_PLAN_H
#define RUNTIME_REDACT_PLAN_H

#include "runtime/program.h"
#include "runtime/redact.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>

/* A filter whose path ends at a node. */
struct redact_final {
	struct redact_final *next; /* of the node, in their order */
	const struct regex *match; /* borrowed; NULL: any value */
	struct str replacement;    /* of FILTER_REPLACE; borrowed */
	enum filter_action action;
};

struct redact_node {
	struct str key;      /* the step, folded; borrowed */
	struct str spelling; /* as some filter has it; borrowed */
	uint32_t index;      /* the step as an index; UINT32_MAX: it is none */
	bool any;            /* the step is `*` */
	bool patterns;       /* some final has a match */
	bool removes;        /* some child has a final that removes */
	bool indices;        /* some child is an index */
	uint32_t child;      /* the first of its children; 0: none */
	uint32_t next;       /* its parent's next child; 0: the last */
	uint64_t keys;       /* redact_key_bits() of its children's, or all */
	struct redact_final *finals;     /* in their order */
	const struct redact_final *best; /* that applies to any value */
};

struct redact_plan {
	const struct redact_node *nodes; /* the first is the root */
	uint32_t count;
	uint32_t levels;        /* of nodes, the root's included */
	const uint32_t *widths; /* nodes of each level */
	bool patterns;          /* some filter has a match */
	uint32_t key_max;       /* a longer key, as written, is no step */
};

/* The nodes that name a value, and what they say together. */
struct redact_set {
	uint32_t *nodes; /* room for those of the level */
	uint32_t count;
	bool live;     /* some value inside may be named */
	bool patterns; /* a string here has to be looked at */
	bool removes;  /* some value directly inside may be removed */
	bool indices;  /* some element directly inside is unlike others */
	uint64_t keys; /* redact_key_bits() of those inside that are named */
	const struct redact_final *best; /* that applies to any value */
};

/* Two bits for the length, the ends and the middle of a key, case aside. */
static inline unsigned
redact_key_bit(struct str key, bool last)
{
	unsigned n = (unsigned)key.n;

	if (n == 0)
		return 0;
	if (!last)
		return (n + 5 * ((unsigned char)key.p[0] | 0x20u)) & 63;
	return (3 * n + 5 * ((unsigned char)key.p[n - 1] | 0x20u) +
		       7 * ((unsigned char)key.p[n / 2] | 0x20u)) &
	       63;
}

static inline uint64_t
redact_key_bits(struct str key)
{
	return UINT64_C(1) << redact_key_bit(key, false) |
	       UINT64_C(1) << redact_key_bit(key, true);
}

/* May the key be one of those with these bits? */
static inline bool
redact_may_be(struct str key, uint64_t keys)
{
	return keys >> redact_key_bit(key, false) & 1 &&
	       keys >> redact_key_bit(key, true) & 1;
}

/* Of two filters that apply, the one that wins; either may be NULL. */
const struct redact_final *redact_stronger(
	const struct redact_final *first, const struct redact_final *second);

/* The set of a value of the stream. */
void redact_plan_root(const struct redact_plan *plan, struct redact_set *out);

/* The set of a member of the object that `from` names; of an element of the
 * array; of a member whose key is too long to be a step. The key is decoded,
 * and folded where it is not ASCII. */
void redact_plan_key(const struct redact_plan *plan,
	const struct redact_set *from, struct str key, struct redact_set *out);
void redact_plan_index(const struct redact_plan *plan,
	const struct redact_set *from, uint32_t index, struct redact_set *out);
void redact_plan_any(const struct redact_plan *plan,
	const struct redact_set *from, struct redact_set *out);

/* The set that names nothing. */
static inline void
redact_set_clear(struct redact_set *s)
{
	*s = (struct redact_set){.nodes = s->nodes};
}

#endif
