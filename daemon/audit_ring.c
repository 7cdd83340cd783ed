/* A bounded queue of records: reservation by compare-and-swap.
 *
 * The block is an array of cells of 8 bytes. A record is a cell with its
 * length and 1 and then its bytes, over the edge of the block where need be.
 * A cell that has not been published is 0: the consumer clears what it has
 * read before it gives it back. So the consumer sees a record when its first
 * cell is not 0, whatever has been reserved behind it.
 */
#include "daemon/audit_ring.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#define CACHE_LINE 64

struct audit_ring {
	/* In cells since the beginning; never more than the block apart. */
	alignas(CACHE_LINE) atomic_uint_fast64_t head; /* reserved up to */
	alignas(CACHE_LINE) atomic_uint_fast64_t tail; /* given back up to */
	alignas(CACHE_LINE) uint64_t mask;             /* of the cells */
	uint64_t *cells;                               /* owned */
};

struct audit_ring *
audit_ring_new(size_t bytes)
{
	struct audit_ring *r = aligned_alloc(CACHE_LINE, sizeof(*r));
	size_t cells = 1;

	if (!r)
		return NULL;
	while (cells * sizeof(uint64_t) < bytes)
		cells *= 2;
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);
	r->mask = cells - 1;
	r->cells = calloc(cells, sizeof(uint64_t));
	if (r->cells)
		return r;
	free(r);
	return NULL;
}

void
audit_ring_free(struct audit_ring *r)
{
	if (r)
		free(r->cells);
	free(r);
}

/* How many cells a record of n bytes takes. */
static uint64_t
cells_of(uint64_t n)
{
	return 1 + (n + sizeof(uint64_t) - 1) / sizeof(uint64_t);
}

/* What can be touched from a cell on before the edge, of n bytes. */
static size_t
before_edge(const struct audit_ring *r, uint64_t cell, size_t n)
{
	size_t room = (r->mask + 1 - (cell & r->mask)) * sizeof(uint64_t);

	return n < room ? n : room;
}

static bool
reserve(struct audit_ring *r, uint64_t cells, uint64_t *at_out)
{
	uint64_t head;

	do {
		/* In this order: the tail is never ahead of a later head. */
		uint64_t tail =
			atomic_load_explicit(&r->tail, memory_order_acquire);
		head = atomic_load_explicit(&r->head, memory_order_relaxed);
		if (head - tail + cells > r->mask + 1)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&r->head, &head,
		head + cells, memory_order_relaxed, memory_order_relaxed));
	*at_out = head;
	return true;
}

bool
audit_ring_put(struct audit_ring *r, struct str record)
{
	uint64_t at;

	if (!reserve(r, cells_of(record.n), &at))
		return false;
	size_t first = before_edge(r, at + 1, record.n);
	memcpy(&r->cells[(at + 1) & r->mask], record.p, first);
	memcpy(r->cells, record.p + first, record.n - first);
	/* In one order with whatever tells the consumer to look. */
	__atomic_store_n(
		&r->cells[at & r->mask], record.n + 1, __ATOMIC_SEQ_CST);
	return true;
}

static uint64_t
first_cell(const struct audit_ring *r)
{
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	return __atomic_load_n(&r->cells[tail & r->mask], __ATOMIC_SEQ_CST);
}

bool
audit_ring_ready(const struct audit_ring *r)
{
	return first_cell(r) != 0;
}

bool
audit_ring_take(struct audit_ring *r, char *buf, size_t cap, size_t *n_out)
{
	uint64_t first = first_cell(r);

	if (first == 0)
		return false;
	uint64_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	size_t n = first - 1;
	assert(n <= cap);
	size_t part = before_edge(r, tail + 1, n);
	memcpy(buf, &r->cells[(tail + 1) & r->mask], part);
	memcpy(buf + part, r->cells, n - part);
	size_t used = cells_of(n) * sizeof(uint64_t);
	part = before_edge(r, tail, used);
	memset(&r->cells[tail & r->mask], 0, part);
	memset(r->cells, 0, used - part);
	atomic_store_explicit(
		&r->tail, tail + cells_of(n), memory_order_release);
	*n_out = n;
	return true;
}
