/* JSON without a tree: one pass over a held body into a flat list of nodes.
 *
 * Strict where the Engine's decoder (Go's encoding/json) is lax, and folding
 * keys where it folds them, so that what is looked up here is what the
 * Engine will act on: one value and nothing after it, valid UTF-8, no lone
 * surrogate, no byte-order mark, no key twice, no two keys that Go would
 * match to one struct field (ASCII case, U+017F as s, U+212A as k) except
 * directly inside the data maps, whose keys are data.
 *
 * Nodes are in document order; the subtree of node i is [i, nodes[i].next).
 * Everything lives in the caller's arena or borrows the text.
 */
#ifndef RUNTIME_JSON_H
#define RUNTIME_JSON_H

#include "runtime/arena.h"
#include "runtime/str.h"
#include "runtime/why.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_type {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

enum json_flag {
	JSON_ESCAPED = 1 << 0,     /* a string with a backslash in it */
	JSON_DATA_MAP = 1 << 1,    /* an object whose keys are data */
	JSON_KEY_ESCAPED = 1 << 2, /* its key, as written, has a backslash */
};

struct json_node {
	struct str key;    /* of a member: decoded, and folded unless the
			      parent is a data map; empty elsewhere */
	uint32_t raw_key;  /* offset in the text of the key's opening quote;
			      of a member only */
	uint32_t start;    /* offset of the value's first byte */
	uint32_t end;      /* offset past its last byte */
	uint32_t next;     /* index of the node after this subtree */
	uint32_t children; /* members or elements directly inside */
	uint8_t type;      /* enum json_type */
	uint8_t flags;     /* enum json_flag */
};

struct json {
	struct str text; /* borrowed */
	const struct json_node *nodes;
	uint32_t count; /* 0 for an empty body: no value at all */
};

struct json_limits {
	unsigned depth;     /* containers nested at most */
	uint32_t hash_seed; /* unpredictable, against chosen collisions */
};

/* Scans text; whitespace alone is an empty body (count 0). Linear, also on
 * an object of 100,000 keys. On refusal *at_out is the offset of the fault.
 */
enum why json_scan(struct str text, const struct json_limits *limits,
	struct arena *a, struct json *out, size_t *at_out);

/* The member of object node `parent` with that key, as the Engine would find
 * it; NULL when there is none. Inside a data map: exact, by raw_name. */
const struct json_node *json_member(const struct json *j,
	const struct json_node *parent, struct str folded_name,
	struct str raw_name);

/* The decoded text of a string node: borrowed when nothing is escaped. (Not
 * json_string: that is jansson's, which a program may link as well.) */
struct str json_decoded(
	const struct json *j, const struct json_node *n, struct arena *a);

/* The value as text, for substring and regex tests: a string decoded, a
 * number as written, true, false, null; an array or object as compact JSON
 * (no space, shortest escapes: only ", \ and control bytes escaped). */
struct str json_text(
	const struct json *j, const struct json_node *n, struct arena *a);

/* Is it what the language calls empty: null "" [] {} 0 false? */
bool json_empty(const struct json *j, const struct json_node *n);

/* Folds name as Go's decoder folds a struct field's: ASCII lower case,
 * U+017F to s, U+212A to k. */
struct str json_fold(struct str name, struct arena *a);

/* Are the keys of an object that is the value of this folded key data
 * (Labels, Sysctls, ...)? parent is the folded key of the object around it:
 * Config is a data map only directly inside LogConfig. */
bool json_is_data_map(struct str folded_key, struct str folded_parent);

static inline const struct json_node *
json_first(const struct json_node *n)
{
	return n->children ? n + 1 : NULL;
}

static inline const struct json_node *
json_next(const struct json *j, const struct json_node *n)
{
	return j->nodes + n->next;
}

#endif
