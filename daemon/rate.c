/* Rate limits of all workers. */
#include "daemon/rate.h"

#include "daemon/deadline.h"

#include <pthread.h>
#include <stdlib.h>

#define SHARDS 16u

struct shard {
	_Alignas(64) pthread_mutex_t lock; /* a cache line of its own */
	struct bucket_table *table;        /* owned */
};

struct rate {
	uint32_t seed;
	struct shard shards[SHARDS];
};

void
rate_free(struct rate *r)
{
	if (!r)
		return;
	for (unsigned i = 0; i < SHARDS; i++) {
		bucket_table_free(r->shards[i].table);
		pthread_mutex_destroy(&r->shards[i].lock);
	}
	free(r);
}

struct rate *
rate_new(uint32_t room, uint32_t seed)
{
	struct rate *r = aligned_alloc(64, sizeof(*r));
	bool ok = true;

	if (!r)
		return NULL;
	r->seed = seed;
	for (unsigned i = 0; i < SHARDS; i++) {
		struct shard *s = &r->shards[i];
		pthread_mutex_init(&s->lock, NULL);
		s->table = bucket_table_new(room / SHARDS + 1, seed + i);
		ok = ok && s->table;
	}
	if (ok)
		return r;
	rate_free(r);
	return NULL;
}

/* FNV-1a from a start that is not known outside. */
static struct shard *
shard_of(struct rate *r, uint64_t rule, struct str key)
{
	uint32_t h = 2166136261u ^ r->seed ^ (uint32_t)rule;

	for (size_t i = 0; i < key.n; i++)
		h = (h ^ (unsigned char)key.p[i]) * 16777619u;
	return &r->shards[(h ^ h >> 16) % SHARDS];
}

uint32_t
rate_take(struct rate *r, uint64_t rule, struct str key,
	const struct bucket_limit *limit, uint64_t *lost_out)
{
	struct shard *s = shard_of(r, rule, key);

	pthread_mutex_lock(&s->lock);
	uint64_t lost = bucket_lost(s->table);
	uint32_t retry_ms = bucket_take(s->table, rule, key, limit, now_ms());
	*lost_out = bucket_lost(s->table) - lost;
	pthread_mutex_unlock(&s->lock);
	return retry_ms;
}
