/* Rate limits: a chained hash table of buckets, in two orders of time. */
#include "runtime/bucket.h"

#include "runtime/siphash.h"

#include <assert.h>
#include <stdlib.h>

/* Buckets dropped in a take, which adds one at most: idle ones do not pile
 * up, and none has to clean up after a flood. */
#define DROPS 2

#define NONE  0u /* of a `struct bucket *` as an index, which begins at 1 */

enum kind { OPEN, BLOCKED, KINDS };

struct bucket {
	uint64_t hash[2];
	uint64_t level;   /* in units of 1/period_ms of a token, at at_ms */
	uint64_t at_ms;   /* when level was right */
	uint64_t full_ms; /* when it is full again, or its penalty over */
	uint32_t next;    /* in its chain, or of the free ones */
	uint32_t place;   /* in the order of its kind */
	enum kind kind;
};

/* A binary heap of indices: the bucket that is full first is at 0. */
struct order {
	uint32_t *at; /* owned */
	uint32_t n;
};

struct bucket_table {
	struct bucket *buckets; /* owned; [0] is not used */
	uint32_t *chains;       /* owned; mask + 1 of them */
	struct order orders[KINDS];
	uint64_t mask, now_ms, lost;
	uint32_t room, touched; /* of the buckets, how many ever used */
	uint32_t free;          /* the first of the free ones among those */
	uint32_t seed;
};

struct bucket_table *
bucket_table_new(uint32_t buckets, uint32_t seed)
{
	struct bucket_table *t = calloc(1, sizeof(*t));
	uint32_t room = buckets ? buckets : 1;

	if (!t)
		return NULL;
	while (t->mask + 1 < room)
		t->mask = t->mask * 2 + 1;
	t->room = room;
	t->seed = seed;
	t->buckets = calloc((size_t)room + 1, sizeof(*t->buckets));
	t->chains = calloc(t->mask + 1, sizeof(*t->chains));
	t->orders[OPEN].at = calloc(room, sizeof(uint32_t));
	t->orders[BLOCKED].at = calloc(room, sizeof(uint32_t));
	if (t->buckets && t->chains && t->orders[OPEN].at &&
		t->orders[BLOCKED].at)
		return t;
	bucket_table_free(t);
	return NULL;
}

void
bucket_table_free(struct bucket_table *t)
{
	if (!t)
		return;
	free(t->buckets);
	free(t->chains);
	free(t->orders[OPEN].at);
	free(t->orders[BLOCKED].at);
	free(t);
}

uint64_t
bucket_lost(const struct bucket_table *t)
{
	return t->lost;
}

uint32_t
bucket_count(const struct bucket_table *t)
{
	return t->orders[OPEN].n + t->orders[BLOCKED].n;
}

/* --- order ------------------------------------------------------------- */

static void
order_put(struct bucket_table *t, struct order *o, uint32_t place, uint32_t i)
{
	o->at[place] = i;
	t->buckets[i].place = place;
}

static uint64_t
order_key(const struct bucket_table *t, const struct order *o, uint32_t place)
{
	return t->buckets[o->at[place]].full_ms;
}

/* Moves the bucket i, which is at `place` or will be, to where it belongs. */
static void
order_sift(struct bucket_table *t, struct order *o, uint32_t place, uint32_t i)
{
	uint64_t key = t->buckets[i].full_ms;

	while (place > 0 && order_key(t, o, (place - 1) / 2) > key) {
		order_put(t, o, place, o->at[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	for (;;) {
		uint64_t child = (uint64_t)place * 2 + 1;
		if (child >= o->n)
			break;
		if (child + 1 < o->n &&
			order_key(t, o, (uint32_t)child + 1) <
				order_key(t, o, (uint32_t)child))
			child++;
		if (order_key(t, o, (uint32_t)child) >= key)
			break;
		order_put(t, o, place, o->at[child]);
		place = (uint32_t)child;
	}
	order_put(t, o, place, i);
}

static void
order_add(struct bucket_table *t, enum kind kind, uint32_t i)
{
	struct order *o = &t->orders[kind];

	t->buckets[i].kind = kind;
	order_sift(t, o, o->n++, i);
}

static void
order_remove(struct bucket_table *t, uint32_t i)
{
	struct order *o = &t->orders[t->buckets[i].kind];
	uint32_t place = t->buckets[i].place;
	uint32_t last = o->at[--o->n];

	if (last != i)
		order_sift(t, o, place, last);
}

/* --- the table ---------------------------------------------------------- */

static uint32_t *
chain_of(struct bucket_table *t, const uint64_t hash[2])
{
	return &t->chains[hash[0] & t->mask];
}

static uint32_t
find(struct bucket_table *t, const uint64_t hash[2])
{
	uint32_t i = *chain_of(t, hash);

	while (i != NONE && (t->buckets[i].hash[0] != hash[0] ||
				    t->buckets[i].hash[1] != hash[1]))
		i = t->buckets[i].next;
	return i;
}

static void
drop(struct bucket_table *t, uint32_t i)
{
	struct bucket *b = &t->buckets[i];
	uint32_t *link = chain_of(t, b->hash);

	while (*link != i)
		link = &t->buckets[*link].next;
	*link = b->next;
	order_remove(t, i);
	b->next = t->free;
	t->free = i;
}

static void
drop_idle(struct bucket_table *t)
{
	for (int drops = 0; drops < DROPS; drops++) {
		for (enum kind kind = OPEN; kind < KINDS; kind++) {
			struct order *o = &t->orders[kind];
			if (o->n > 0 && order_key(t, o, 0) <= t->now_ms)
				drop(t, o->at[0]);
		}
	}
}

/* One that is not in use; of a full table, the one to lose. */
static uint32_t
pick(struct bucket_table *t)
{
	if (t->free == NONE && t->touched < t->room)
		return ++t->touched;
	if (t->free == NONE) {
		enum kind kind = t->orders[OPEN].n > 0 ? OPEN : BLOCKED;
		t->lost += order_key(t, &t->orders[kind], 0) > t->now_ms;
		drop(t, t->orders[kind].at[0]);
	}
	uint32_t i = t->free;
	t->free = t->buckets[i].next;
	return i;
}

/* A full bucket. */
static uint32_t
add(struct bucket_table *t, const uint64_t hash[2])
{
	uint32_t i = pick(t);
	uint32_t *chain = chain_of(t, hash);

	t->buckets[i] = (struct bucket){
		.hash = {hash[0], hash[1]},
		.full_ms = t->now_ms,
		.next = *chain,
	};
	*chain = i;
	order_add(t, OPEN, i);
	return i;
}

/* --- tokens ------------------------------------------------------------- */

static void
move(struct bucket_table *t, uint32_t i, enum kind kind, uint64_t full_ms)
{
	struct bucket *b = &t->buckets[i];

	if (b->kind == kind && b->full_ms == full_ms)
		return;
	order_remove(t, i);
	b->full_ms = full_ms;
	order_add(t, kind, i);
}

/* Until full_ms there is room for all that refills, and so no overflow: the
 * sum stays below requests * period_ms, which is below 2^64. */
static void
refill(struct bucket *b, const struct bucket_limit *limit, uint64_t now_ms)
{
	if (b->full_ms <= now_ms)
		b->level = (uint64_t)limit->requests * limit->period_ms;
	else
		b->level += (now_ms - b->at_ms) * limit->requests;
	b->at_ms = now_ms;
}

/* How long until `units` have refilled; at most period_ms. */
static uint64_t
refill_time(const struct bucket_limit *limit, uint64_t units)
{
	return units / limit->requests + (units % limit->requests != 0);
}

uint32_t
bucket_take(struct bucket_table *t, uint64_t rule, struct str key,
	const struct bucket_limit *limit, uint64_t now_ms)
{
	uint64_t full = (uint64_t)limit->requests * limit->period_ms;
	uint64_t hash[2];

	assert(limit->requests > 0 && limit->period_ms > 0);
	if (now_ms > t->now_ms)
		t->now_ms = now_ms;
	now_ms = t->now_ms;
	drop_idle(t);
	siphash24_128(siphash_key(t->seed, rule), key, hash);
	uint32_t i = find(t, hash);
	if (i == NONE)
		i = add(t, hash);
	struct bucket *b = &t->buckets[i];
	if (b->kind == BLOCKED && b->full_ms > now_ms)
		return (uint32_t)(b->full_ms - now_ms);
	refill(b, limit, now_ms);
	assert(b->level <= full);
	if (b->level >= limit->period_ms) {
		b->level -= limit->period_ms;
		move(t, i, OPEN, now_ms + refill_time(limit, full - b->level));
		return 0;
	}
	if (limit->penalty_ms > 0) {
		move(t, i, BLOCKED, now_ms + limit->penalty_ms);
		return limit->penalty_ms;
	}
	return (uint32_t)refill_time(limit, limit->period_ms - b->level);
}
