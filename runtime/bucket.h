/* Rate limits: token buckets by rule and key, with a penalty.
 *
 * Pure: time comes in, in milliseconds of a monotonic clock; a time older
 * than one seen before counts as that one, since the threads that share a
 * table read the clock before they lock. A bucket starts full with
 * `requests` tokens and refills continuously, requests per period, counted
 * in units of 1/period_ms: nothing is rounded. A request takes one token;
 * the first that finds none is refused, and the key with it for `penalty`,
 * however often it asks; then the bucket is full again.
 *
 * One table serves one shard (a lock of the daemon's); its memory is fixed
 * when it is made, and no byte of a key is kept, only a keyed hash of 128
 * bits. A bucket that is full again is as good as none and is dropped, the
 * longest idle first. When all room is taken by others, the one nearest to
 * full goes; one under penalty goes last of all, so that a flood of new keys
 * cannot push it out while any other is left.
 *
 * A take costs O(log buckets) at worst, and next to nothing where keys come
 * back.
 */
#ifndef RUNTIME_BUCKET_H
#define RUNTIME_BUCKET_H

#include "runtime/str.h"

#include <stdint.h>

struct bucket_limit {
	uint32_t requests;   /* at least 1 */
	uint32_t period_ms;  /* at least 1 */
	uint32_t penalty_ms; /* 0: as soon as a token has refilled */
};

struct bucket_table;

/* Room for at least one bucket. NULL without memory. */
struct bucket_table *bucket_table_new(uint32_t buckets, uint32_t seed);
void bucket_table_free(struct bucket_table *t);

/* Takes a token for (rule, key). `rule` identifies the limit across reloads
 * (a hash of its name and figures): one rule, one limit. 0: taken; else the
 * milliseconds after which it is worth trying again. */
uint32_t bucket_take(struct bucket_table *t, uint64_t rule, struct str key,
	const struct bucket_limit *limit, uint64_t now_ms);

/* How many were forgotten so far, to make room, that were not yet full. */
uint64_t bucket_lost(const struct bucket_table *t);

/* How many buckets are in use. */
uint32_t bucket_count(const struct bucket_table *t);

#endif
