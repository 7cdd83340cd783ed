/* Metrics: counters that each worker owns, summed and written as Prometheus
 * text (exposition format 0.0.4).
 *
 * A counter has one writer, its worker; anybody may read it at any time: both
 * are relaxed, so bumping one is a plain load, add and store. What is read is
 * never torn, and may be a moment old.
 */
#ifndef RUNTIME_METRICS_H
#define RUNTIME_METRICS_H

#include "runtime/program.h"
#include "runtime/why.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric {
#define METRIC(id, name, type, labels, help) METRIC_##id,
#include "runtime/metrics.def"
#undef METRIC
	METRIC_COUNT
};

/* Upper bounds of the Engine's latency, ms; the last bucket has none. */
#define METRICS_BOUNDS \
	1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000
#define METRICS_BUCKETS 14

#define METRICS_PAD     64 /* a cache line: neighbours do not slow us down */

typedef _Atomic uint64_t metrics_cell;

struct metrics {
	char before[METRICS_PAD];
	metrics_cell count[METRIC_COUNT];
	metrics_cell why[WHY_COUNT];
	metrics_cell latency[METRICS_BUCKETS];
	metrics_cell latency_us;
	char behind[METRICS_PAD];
};

static inline void
metrics_bump(metrics_cell *c, uint64_t n)
{
	uint64_t v = atomic_load_explicit(c, memory_order_relaxed);

	atomic_store_explicit(c, v + n, memory_order_relaxed);
}

static inline void
metrics_add(struct metrics *m, enum metric id, uint64_t n)
{
	metrics_bump(&m->count[id], n);
}

/* For gauges. */
static inline void
metrics_sub(struct metrics *m, enum metric id, uint64_t n)
{
	metrics_bump(&m->count[id], 0 - n);
}

/* Something was refused, for this reason. */
static inline void
metrics_refusal(struct metrics *m, enum why why)
{
	metrics_bump(&m->why[why], 1);
}

/* The Engine took so long to begin its answer. */
void metrics_latency(struct metrics *m, uint64_t us);

/* --- rules ---------------------------------------------------------------- */

/* Counters of one policy's rules, and when each was hit last; a row for each
 * worker. Rules of one name
 * and mode (those that one toggle is lowered to) are one series. */
struct metrics_rules {
	const struct program *program; /* borrowed */
	uint32_t nslots;
	size_t row; /* cells from one worker's to the next one's */
	unsigned nworkers;
	uint32_t *slot;      /* owned: of each rule */
	uint32_t *rule;      /* owned: of each slot, one rule */
	metrics_cell *cells; /* owned: of each slot hits, and the last one's
				time */
};

struct metrics_hits {
	uint64_t n;
	uint64_t last_ms; /* of whatever clock metrics_rule() was given */
};

/* NULL without memory. The program must outlive it. */
struct metrics_rules *metrics_rules_new(
	const struct program *p, unsigned nworkers);
void metrics_rules_free(struct metrics_rules *r);

/* The rule decided a request, or would have. By that worker alone. */
static inline void
metrics_rule(struct metrics_rules *r, unsigned worker, uint32_t rule,
	uint64_t now_ms)
{
	metrics_cell *c =
		&r->cells[worker * r->row + 2 * (size_t)r->slot[rule]];

	metrics_bump(c, 1);
	atomic_store_explicit(c + 1, now_ms, memory_order_relaxed);
}

/* Of all workers. */
struct metrics_hits metrics_hits(const struct metrics_rules *r, uint32_t slot);

/* Is the rule on trial? An allow has nothing to try: its dry_run changes
 * nothing. */
bool metrics_is_dry(const struct program_rule *r);

/* --- reading -------------------------------------------------------------- */

#define METRICS_UNKNOWN UINT64_MAX /* a number that is not to be had */

struct metrics_snapshot {
	uint64_t count[METRIC_COUNT];
	uint64_t why[WHY_COUNT];
	uint64_t latency[METRICS_BUCKETS];
	uint64_t latency_us;
};

/* Adds a worker's counters. */
void metrics_collect(struct metrics_snapshot *s, const struct metrics *m);

/* Sets what is the number of some refusals, or the sum of other rows. */
void metrics_derive(struct metrics_snapshot *s);

/* Upper bounds of the latency's buckets but the last. */
extern const uint32_t metrics_bounds_ms[METRICS_BUCKETS - 1];

/* Where text goes, piece by piece. */
struct metrics_out {
	void (*put)(void *ctx, const char *p, size_t n);
	void *ctx;
};

/* All of it as text. What METRIC rows the workers do not count is set in the
 * snapshot by the caller, who derives the others; METRICS_UNKNOWN leaves one
 * out. */
void metrics_write(const struct metrics_out *out,
	const struct metrics_snapshot *s, const struct metrics_rules *rules,
	const char *version);

#endif
