/* The keys seen in a JSON document, to find one that stands twice.
 *
 * One hash table for all objects of a document: an entry is an object's
 * number and a key. The hash is keyed, since whoever writes the document
 * chooses the keys. Lives in the arena.
 */
#ifndef RUNTIME_JSON_KEYS_H
#define RUNTIME_JSON_KEYS_H

#include "runtime/arena.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>

struct json_key;

struct json_keys {
	struct arena *arena;    /* borrowed */
	struct json_key *slots; /* in the arena; room of them, a power of 2 */
	uint32_t room, used;
	uint32_t seed;
};

void json_keys_init(struct json_keys *k, uint32_t seed, struct arena *a);

/* False when the object has the key already. The key's bytes must stay. An
 * overflowing arena is true: the caller looks at the arena. */
bool json_keys_add(struct json_keys *k, uint32_t object, struct str key);

#endif
