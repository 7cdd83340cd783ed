/* Rate limits of all workers: bucket tables, each behind a lock of its own.
 *
 * A key always falls into the same shard, so its bucket is one; two workers
 * wait for each other only when their keys share a shard.
 */
#ifndef DAEMON_RATE_H
#define DAEMON_RATE_H

#include "runtime/bucket.h"

#include <stdint.h>

struct rate;

/* room: limits.idle_buckets. NULL without memory. */
struct rate *rate_new(uint32_t room, uint32_t seed);
void rate_free(struct rate *r);

/* As bucket_take(), now. *lost_out: how many others lost their bucket to it. */
uint32_t rate_take(struct rate *r, uint64_t rule, struct str key,
	const struct bucket_limit *limit, uint64_t *lost_out);

#endif
