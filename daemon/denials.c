/* Denials: rings of the latest. */
#include "daemon/denials.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct denial {
	int64_t time_ms;
	uint32_t n;
	char json[DENIAL_BYTES];
};

struct ring {
	_Alignas(64) pthread_mutex_t lock;
	uint64_t count; /* so far; the last is at (count - 1) % DENIALS_KEPT */
	struct denial kept[DENIALS_KEPT];
};

/* Where one is. */
struct place {
	int64_t time_ms;
	uint64_t number;
	unsigned worker;
};

struct denials {
	unsigned nworkers;
	struct place *places; /* owned: of one reading */
	struct ring rings[];
};

struct denials *
denials_new(unsigned nworkers)
{
	size_t size = sizeof(struct denials) + nworkers * sizeof(struct ring);
	assert(nworkers > 0);
	struct denials *d = aligned_alloc(_Alignof(struct ring), size);

	if (!d)
		return NULL;
	memset(d, 0, size);
	d->nworkers = nworkers;
	for (unsigned i = 0; i < nworkers; i++)
		pthread_mutex_init(&d->rings[i].lock, NULL);
	d->places = calloc((size_t)nworkers * DENIALS_KEPT, sizeof(*d->places));
	if (d->places)
		return d;
	denials_free(d);
	return NULL;
}

void
denials_free(struct denials *d)
{
	if (!d)
		return;
	for (unsigned i = 0; i < d->nworkers; i++)
		pthread_mutex_destroy(&d->rings[i].lock);
	free(d->places);
	free(d);
}

void
denials_put(
	struct denials *d, unsigned worker, int64_t time_ms, struct str json)
{
	struct ring *r = &d->rings[worker];

	pthread_mutex_lock(&r->lock);
	struct denial *to = &r->kept[r->count++ % DENIALS_KEPT];
	to->time_ms = time_ms;
	to->n = json.n <= sizeof(to->json) ? (uint32_t)json.n : 0;
	memcpy(to->json, json.p, to->n);
	pthread_mutex_unlock(&r->lock);
}

/* --- reading ---------------------------------------------------------------- */

static size_t
find_new(struct denials *d, unsigned worker, uint64_t *seen, size_t n)
{
	struct ring *r = &d->rings[worker];

	pthread_mutex_lock(&r->lock);
	uint64_t i = r->count - *seen > DENIALS_KEPT ? r->count - DENIALS_KEPT
						     : *seen;
	for (; i < r->count; i++)
		d->places[n++] = (struct place){
			r->kept[i % DENIALS_KEPT].time_ms, i, worker};
	*seen = r->count;
	pthread_mutex_unlock(&r->lock);
	return n;
}

/* False: it has been written over meanwhile. */
static bool
copy(struct denials *d, const struct place *p, struct denial *out)
{
	struct ring *r = &d->rings[p->worker];

	pthread_mutex_lock(&r->lock);
	bool there = r->count - p->number <= DENIALS_KEPT;
	const struct denial *from = &r->kept[p->number % DENIALS_KEPT];
	out->time_ms = from->time_ms;
	out->n = from->n;
	memcpy(out->json, from->json, from->n);
	pthread_mutex_unlock(&r->lock);
	return there;
}

static int
by_time(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->time_ms != y->time_ms)
		return x->time_ms < y->time_ms ? -1 : 1;
	if (x->worker != y->worker)
		return x->worker < y->worker ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

void
denials_read(struct denials *d, uint64_t *seen, const struct denials_reader *r)
{
	struct denial one;
	size_t n = 0;

	for (unsigned i = 0; i < d->nworkers; i++)
		n = find_new(d, i, &seen[i], n);
	if (n)
		qsort(d->places, n, sizeof(*d->places), by_time);
	size_t first = n > DENIALS_KEPT ? n - DENIALS_KEPT : 0;
	for (size_t i = first; i < n; i++) {
		const struct place *p = &d->places[i];
		if (!copy(d, p, &one) || one.n == 0)
			continue;
		r->take(r->ctx, p->number * d->nworkers + p->worker,
			one.time_ms, (struct str){one.json, one.n});
	}
}
