/* Rate limits: token buckets by rule and key, with a penalty.
 *
 * Pure: time comes in, in milliseconds of a monotonic clock. A bucket holds
 * `requests` tokens and refills continuously, requests per period; a request
 * takes one; when none is left, the key is refused for `penalty`, and then
 * the bucket is full again. One table serves one shard (a lock of the
 * daemon's); its memory is fixed when it is made: when it is full, the
 * bucket that has been full (idle) longest goes first; with none idle, the
 * one nearest to full. A bucket under penalty goes last of all, and a flood
 * of new keys cannot push one out while any other is left.
 */
#ifndef RUNTIME_BUCKET_H
#define RUNTIME_BUCKET_H

#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>

struct bucket_limit {
	uint32_t requests;   /* at least 1 */
	uint32_t period_ms;  /* at least 1 */
	uint32_t penalty_ms; /* 0: as soon as a token has refilled */
};

struct bucket_table;

/* NULL without memory. */
struct bucket_table *bucket_table_new(uint32_t buckets, uint32_t seed);
void bucket_table_free(struct bucket_table *t);

/* Takes a token for (rule, key). `rule` identifies the limit across reloads
 * (a hash of its name and figures). 0: taken; else the milliseconds after
 * which it is worth trying again. */
uint32_t bucket_take(struct bucket_table *t, uint64_t rule, struct str key,
	const struct bucket_limit *limit, uint64_t now_ms);

/* How many buckets are in use. */
uint32_t bucket_count(const struct bucket_table *t);

#endif
