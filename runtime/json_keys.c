/* The keys of a JSON document: open addressing, SipHash-1-3. */
#include "runtime/json_keys.h"

#include "runtime/siphash.h"

#define ROOM_MIN 128u

struct json_key {
	const char *p; /* NULL: the slot is free */
	uint32_t n;
	uint32_t hash;
	uint32_t object;
};

void
json_keys_init(struct json_keys *k, uint32_t seed, struct arena *a)
{
	*k = (struct json_keys){.arena = a, .seed = seed};
}

/* The slot that holds the entry, or the free one where it belongs. */
static struct json_key *
find(const struct json_keys *k, const struct json_key *entry)
{
	for (uint32_t i = entry->hash;; i++) {
		struct json_key *slot = &k->slots[i & (k->room - 1)];
		if (!slot->p ||
			(slot->hash == entry->hash &&
				slot->object == entry->object &&
				slot->n == entry->n &&
				memcmp(slot->p, entry->p, entry->n) == 0))
			return slot;
	}
}

/* Doubles the table. The old one stays in the arena: together they are no
 * larger than the new one. */
static bool
grow(struct json_keys *k)
{
	struct json_keys old = *k;
	k->room = old.room ? old.room * 2 : ROOM_MIN;
	k->slots = arena_alloc(k->arena, k->room * sizeof(*k->slots));
	if (!k->slots) {
		*k = old;
		return false;
	}
	for (uint32_t i = 0; i < old.room; i++)
		if (old.slots[i].p)
			*find(k, &old.slots[i]) = old.slots[i];
	return true;
}

bool
json_keys_add(struct json_keys *k, uint32_t object, struct str key)
{
	if (k->used >= k->room / 4 * 3 && !grow(k))
		return true;
	struct json_key entry = {
		.p = key.p,
		.n = (uint32_t)key.n,
		.hash = (uint32_t)siphash13(siphash_key(k->seed, object), key),
		.object = object,
	};
	struct json_key *slot = find(k, &entry);
	if (slot->p)
		return false;
	*slot = entry;
	k->used++;
	return true;
}
