/* The keys of a JSON document: open addressing, SipHash-1-3. */
#include "runtime/json_keys.h"

#define ROOM_MIN 128u

struct json_key {
	const char *p; /* NULL: the slot is free */
	uint32_t n;
	uint32_t hash;
	uint32_t object;
};

/* --- SipHash-1-3 (Aumasson and Bernstein, 2012) ------------------------- */

static inline uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static inline void
sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

static uint32_t
hash_key(uint64_t k0, uint64_t k1, struct str key)
{
	uint64_t v[4] = {
		k0 ^ UINT64_C(0x736f6d6570736575),
		k1 ^ UINT64_C(0x646f72616e646f6d),
		k0 ^ UINT64_C(0x6c7967656e657261),
		k1 ^ UINT64_C(0x7465646279746573),
	};
	uint64_t last = (uint64_t)key.n << 56;
	uint64_t word;

	for (; key.n >= sizeof(word); key = str_from(key, sizeof(word))) {
		memcpy(&word, key.p, sizeof(word));
		sip_word(v, word);
	}
	for (size_t i = 0; i < key.n; i++)
		last |= (uint64_t)(unsigned char)key.p[i] << (8 * i);
	sip_word(v, last);
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}

/* --- the table ---------------------------------------------------------- */

void
json_keys_init(struct json_keys *k, uint32_t seed, struct arena *a)
{
	/* Spread over 64 bits, as splitmix64 does. */
	*k = (struct json_keys){
		.arena = a,
		.seed = ((uint64_t)seed + 1) * UINT64_C(0x9e3779b97f4a7c15),
	};
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
		.hash = hash_key(k->seed, ~k->seed ^ object, key),
		.object = object,
	};
	struct json_key *slot = find(k, &entry);
	if (slot->p)
		return false;
	*slot = entry;
	k->used++;
	return true;
}
