/* A generation: one policy in force, counted; and what was read with it.
 *
 * The main thread and each worker hold a reference each. What happens on a
 * worker counts in a plain number of that worker's own: a request keeps the
 * generation that it began with, and when the last request of one that the
 * worker has left ends, the worker drops its reference.
 *
 * Immutable but for the counts; freed by whoever drops the last reference.
 */
#ifndef DAEMON_GENERATION_H
#define DAEMON_GENERATION_H

#include "compiler/policy.h"
#include "runtime/metrics.h"

#include <stdatomic.h>
#include <stdint.h>

struct shared;
struct tls_context;

/* Of one worker: written by it alone, on a cache line of its own. */
struct generation_use {
	_Alignas(64) uint32_t requests;
};

struct generation {
	struct policy *policy;       /* owned */
	struct metrics_rules *rules; /* owned: the policy's counters */
	struct tls_context *tls;     /* ref: towards the Engine; NULL: plain */
	struct shared *shared;       /* borrowed */
	uint64_t number;             /* from 1 */
	atomic_uint refs;
	struct generation_use uses[]; /* of each worker */
};

/* Takes over the policy and the reference to tls, also when NULL is returned:
 * no memory. Counted in shared->generations until it is freed. */
struct generation *generation_new(struct policy *policy,
	struct tls_context *tls, uint64_t number, struct shared *shared);

struct generation *generation_ref(struct generation *g);
void generation_unref(struct generation *g); /* NULL is nothing */

#endif
