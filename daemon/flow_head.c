/* Flows: reading a head, holding a body, judging. */
#include "daemon/flow.h"

#include "daemon/flow_judge.h"
#include "daemon/judge.h"
#include "daemon/request.h"
#include "daemon/worker.h"
#include "runtime/limits.h"

#include <stdlib.h>

/* --- reading a head --------------------------------------------------------- */

static enum block_size
size_for(uint32_t bytes)
{
	enum block_size size = BLOCK_SMALL;

	while (size < BLOCK_LARGE && block_bytes(size) <= bytes)
		size++;
	return size;
}

/* Room for more of a head: bytes in front of it are moved away first, then
 * the block grows. */
static bool
make_room(struct flow *f)
{
	struct leg *c = &f->client;

	if (leg_room(c))
		return true;
	uint32_t have = c->in.end - c->in.start;
	return leg_reserve(c, size_for(have)) && leg_room(c);
}

static enum flow_step
await_head(struct flow *f)
{
	struct leg *c = &f->client;
	bool idle = c->in.start == c->in.end;

	if (c->rd_eof || (idle && f->worker->draining))
		return flow_gone(f);
	if (c->can_read) {
		if (!make_room(f))
			return flow_gone(f);
		leg_fill(c);
		return FLOW_MORE;
	}
	/* From accept, and from the first byte of each later request, the
	 * clock runs; it is not renewed by more bytes. */
	enum deadline_class class =
		idle && f->served ? DEADLINE_KEEPALIVE : DEADLINE_HEAD;
	if (f->deadline.class != class)
		flow_deadline(f, class);
	leg_relax(c);
	leg_watch(c, true, false);
	return FLOW_WAIT;
}

static enum flow_step
on_head(struct flow *f, size_t len)
{
	struct leg *c = &f->client;

	if (!flow_begin(f))
		return flow_gone(f);
	deadline_clear(&f->deadline);
	const char *head = c->in.block + c->in.start;
	leg_take(c, len);
	leg_pin(c); /* until the request is over */
	return flow_judge_head(f, head, len);
}

enum flow_step
flow_step_head(struct flow *f)
{
	struct leg *c = &f->client;
	struct str in = leg_input(c);
	size_t len;

	if (f->expired) {
		f->expired = DEADLINE_NONE;
		return in.n ? flow_refuse(f, WHY_HEAD_TIMEOUT) : flow_gone(f);
	}
	if (in.n == 0)
		return await_head(f);
	enum why why = judge_find_head(flow_policy(f), in, &f->seen, &len);
	if (why)
		return flow_refuse(f, why);
	return len ? on_head(f, len) : await_head(f);
}

/* --- holding a body --------------------------------------------------------- */

/* Room for n bytes more, counted among that of all held bodies: clients that
 * never send their last byte must not take all memory. */
static enum why
held_grow(struct flow *f, size_t n)
{
	struct request *rq = f->rq;
	struct shared *s = f->worker->shared;
	size_t each = flow_policy(f)->settings.limits.inspected_body_bytes;
	size_t room = rq->held_room ? rq->held_room * 2 : 4096;

	while (room - rq->held_n < n)
		room *= 2;
	size_t more = room - rq->held_room;
	if (each < LIMIT_INSPECTED_BODY)
		each = LIMIT_INSPECTED_BODY;
	if (atomic_fetch_add(&s->held_bytes, more) + more >
		each * HELD_BODIES_MAX) {
		atomic_fetch_sub(&s->held_bytes, more);
		return WHY_TOO_MANY_BODIES;
	}
	char *p = realloc(rq->held, room);
	if (!p) {
		atomic_fetch_sub(&s->held_bytes, more);
		return WHY_OUT_OF_MEMORY;
	}
	rq->held = p;
	rq->held_room = room;
	return WHY_OK;
}

static enum why
held_append(struct flow *f, struct str data)
{
	struct request *rq = f->rq;
	enum why why = WHY_OK;

	if (rq->held_room - rq->held_n < data.n)
		why = held_grow(f, data.n);
	if (why)
		return why;
	memcpy(rq->held + rq->held_n, data.p, data.n);
	rq->held_n += data.n;
	return WHY_OK;
}

/* Moves what has come of the body; WHY_OK with *end_out at its end, or when
 * more must come. */
static enum why
take_body(struct flow *f, bool *end_out)
{
	struct request *rq = f->rq;
	uint32_t max = flow_policy(f)->settings.limits.inspected_body_bytes;

	for (;;) {
		struct str in = leg_input(&f->client), data;
		size_t used;
		enum http1_step step =
			http1_body_next(&rq->up.in, in.p, in.n, &used, &data);
		if (step == HTTP1_STEP_BAD)
			return WHY_CHUNK;
		/* Before any refusal: what the decoder has seen is read. */
		leg_take(&f->client, used);
		if (step == HTTP1_STEP_DATA) {
			rq->up.bytes += data.n;
			if (data.n > max - rq->held_n)
				return WHY_BODY_TOO_LARGE;
			enum why why = held_append(f, data);
			if (why)
				return why;
		}
		*end_out = step == HTTP1_STEP_END;
		if (step != HTTP1_STEP_DATA)
			return WHY_OK;
	}
}

enum flow_step
flow_step_hold(struct flow *f)
{
	struct leg *c = &f->client;
	struct request *rq = f->rq;
	bool end = false;
	size_t wrote;

	if (f->expired) {
		f->expired = DEADLINE_NONE;
		return flow_refuse(f, WHY_BODY_TIMEOUT);
	}
	enum why why = take_body(f, &end);
	if (why)
		return flow_refuse(f, why);
	/* Our own 100 Continue, should there be one. */
	outq_flush(&rq->down.q, c, &wrote);
	if (end) {
		deadline_clear(&f->deadline);
		return flow_judge_body(f);
	}
	if (c->rd_eof)
		return flow_refuse(f, WHY_BODY_TRUNCATED);
	if (c->can_read) {
		if (!leg_make_room(c, c->in.size))
			return flow_refuse(f, WHY_OUT_OF_MEMORY);
		leg_fill(c);
		flow_deadline(f, DEADLINE_BODY);
		return FLOW_MORE;
	}
	if (!f->deadline.class)
		flow_deadline(f, DEADLINE_BODY);
	leg_watch(c, true, !outq_empty(&rq->down.q));
	return FLOW_WAIT;
}
