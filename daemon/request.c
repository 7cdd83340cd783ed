/* Requests: taken from and given back to the worker. */
#include "daemon/request.h"

#include "daemon/worker.h"
#include "runtime/limits.h"

#include <assert.h>
#include <stdlib.h>

#define SPARE_MAX 256u /* 10 KiB each with the default limits */

struct request *
request_memory(const struct settings_limits *l, struct arena *arena_out)
{
	arena_init(
		arena_out, REQUEST_ARENA_MIN + (size_t)l->inspected_body_bytes *
						       REQUEST_ARENA_FACTOR);
	return malloc(sizeof(struct request) +
		      l->headers * sizeof(struct http1_field));
}

void
request_init(struct request *rq, const struct arena *arena,
	const struct settings_limits *l)
{
	memset(rq, 0, offsetof(struct request, made_id));
	rq->arena = *arena;
	rq->scan.cap = arena->cap;
	docker_init(&rq->docker);
	rq->head.fields = rq->fields;
	rq->head.max_fields = l->headers;
	rq->up.q.refs = rq->refs[0];
	rq->down.q.refs = rq->refs[1];
}

struct request *
request_new(struct worker *w)
{
	const struct settings_limits *l =
		&w->generation->policy->settings.limits;
	struct request *rq = w->spare;
	struct arena arena;

	if (rq) {
		w->spare = rq->next;
		w->nspare--;
		arena = rq->arena;
	} else {
		rq = request_memory(l, &arena);
		if (!rq)
			return NULL;
	}
	request_init(rq, &arena, l);
	rq->generation = w->generation;
	rq->generation->uses[w->index].requests++;
	request_id_make(&w->ids, rq->made_id);
	rq->id = (struct str){rq->made_id, sizeof(rq->made_id)};
	return rq;
}

void
request_take_id(struct request *rq)
{
	struct http1_field *told = NULL;

	for (size_t i = 0; i < rq->head.nfields; i++) {
		struct http1_field *f = &rq->head.fields[i];
		if (f->id != HTTP1_REQUEST_ID)
			continue;
		if (told)
			return; /* several: which one would it be? */
		told = f;
	}
	if (!told || !request_id_is_sane(told->value))
		return;
	told->hop = false;
	rq->id = told->value;
	rq->id_is_told = true;
}

void
request_count_bytes(struct worker *w, struct request *rq)
{
	struct pipe_way *up = &rq->up, *down = &rq->down;

	metrics_add(&w->metrics, METRIC_BYTES_IN, up->bytes - up->counted);
	metrics_add(&w->metrics, METRIC_BYTES_OUT, down->bytes - down->counted);
	up->counted = up->bytes;
	down->counted = down->bytes;
}

/* The last request of a generation that the worker has left ends the
 * worker's hold on it. */
static void
leave(struct worker *w, struct generation *g)
{
	if (--g->uses[w->index].requests == 0 && g != w->generation)
		generation_unref(g);
}

void
request_free(struct worker *w, struct request *rq)
{
	assert(!rq->engine);
	request_count_bytes(w, rq);
	outq_clear(&rq->up.q, &w->blocks);
	outq_clear(&rq->down.q, &w->blocks);
	arena_fini(&rq->scan);
	free(rq->held);
	if (rq->held_room)
		atomic_fetch_sub(&w->shared->held_bytes, rq->held_room);
	/* Another generation's may have another size. */
	bool fits = rq->generation == w->generation;
	leave(w, rq->generation);
	if (w->nspare >= SPARE_MAX || !fits) {
		arena_fini(&rq->arena);
		free(rq);
		return;
	}
	arena_reset(&rq->arena);
	rq->next = w->spare;
	w->spare = rq;
	w->nspare++;
}
