/* Interning: an open-addressing hash table. */
#include "compiler/intern.h"

#include <stdlib.h>

#define ROOM_MIN 64u

void
intern_init(struct intern *t, struct arena *a)
{
	*t = (struct intern){.arena = a};
}

void
intern_fini(struct intern *t)
{
	free(t->slots);
	*t = (struct intern){.arena = t->arena};
}

/* FNV-1a, with a last mix because the low bits pick the slot. A policy is
 * its operator's own text: nobody chooses collisions. */
static uint32_t
hash_of(struct str key)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < key.n; i++)
		h = (h ^ (unsigned char)key.p[i]) * 0x100000001b3u;
	return (uint32_t)(h ^ h >> 32);
}

/* The slot that holds key, or the free one where it belongs. */
static struct intern_slot *
find(const struct intern *t, struct str key, uint32_t hash)
{
	size_t i = hash & (t->room - 1);
	while (t->slots[i].key.p) {
		if (t->slots[i].hash == hash && str_eq(t->slots[i].key, key))
			break;
		i = (i + 1) & (t->room - 1);
	}
	return &t->slots[i];
}

static bool
grow(struct intern *t)
{
	struct intern old = *t;
	t->room = old.room ? old.room * 2 : ROOM_MIN;
	t->slots = calloc(t->room, sizeof(*t->slots));
	if (!t->slots) {
		*t = old;
		return false;
	}
	for (size_t i = 0; i < old.room; i++) {
		struct intern_slot *s = &old.slots[i];
		if (s->key.p)
			*find(t, s->key, s->hash) = *s;
	}
	free(old.slots);
	return true;
}

uint32_t
intern_put(struct intern *t, struct str key, uint32_t value, bool *new_out)
{
	if (new_out)
		*new_out = false;
	if (t->failed || (t->count * 2 >= t->room && !grow(t))) {
		t->failed = true;
		return value;
	}
	uint32_t hash = hash_of(key);
	struct intern_slot *s = find(t, key, hash);
	if (s->key.p)
		return s->value;
	struct str copy = arena_str(t->arena, key);
	if (arena_overflowed(t->arena)) {
		t->failed = true;
		return value;
	}
	*s = (struct intern_slot){copy, hash, value};
	t->count++;
	if (new_out)
		*new_out = true;
	return value;
}

bool
intern_has(const struct intern *t, struct str key)
{
	return t->room > 0 && find(t, key, hash_of(key))->key.p;
}
