/* Flows: their life, the state machine's frame, our own answers. */
#include "daemon/flow.h"

#include "daemon/flow_denial.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/reply.h"
#include "daemon/request.h"
#include "daemon/tls.h"
#include "daemon/worker.h"
#include "runtime/proxyproto.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

/* What of an unread body is still read so that a denial need not cost the
 * connection. */
#define DISCARD_MAX  (64u * 1024)

#define AFTER(state) (1u << FLOW_##state)

/* Which states may follow which. */
static const unsigned may_follow[FLOW_STATES] = {
	[FLOW_PROXY] = AFTER(HANDSHAKE) | AFTER(GONE),
	[FLOW_HANDSHAKE] =
		AFTER(HEAD) | AFTER(REPLY) | AFTER(LINGER) | AFTER(GONE),
	[FLOW_HEAD] = AFTER(HOLD) | AFTER(DIAL) | AFTER(REPLY) | AFTER(GONE),
	[FLOW_HOLD] = AFTER(DIAL) | AFTER(REPLY) | AFTER(GONE),
	[FLOW_DIAL] = AFTER(EXCHANGE) | AFTER(REPLY) | AFTER(GONE),
	[FLOW_EXCHANGE] = AFTER(HEAD) | AFTER(DIAL) | AFTER(TUNNEL) |
			  AFTER(REPLY) | AFTER(LINGER) | AFTER(GONE),
	[FLOW_TUNNEL] = AFTER(LINGER) | AFTER(GONE),
	[FLOW_REPLY] = AFTER(HEAD) | AFTER(LINGER) | AFTER(GONE),
	[FLOW_LINGER] = AFTER(GONE),
	[FLOW_GONE] = 0,
};

void
flow_enter(struct flow *f, enum flow_state state)
{
	assert(may_follow[f->state] & (1u << state));
	if (f->state == FLOW_TUNNEL)
		metrics_sub(&f->worker->metrics, METRIC_TUNNELS, 1);
	if (state == FLOW_TUNNEL)
		metrics_add(&f->worker->metrics, METRIC_TUNNELS, 1);
	f->state = state;
}

/* --- birth and death ------------------------------------------------------ */

static struct flow *
flow_of(struct leg *leg)
{
	return (struct flow *)((char *)leg - offsetof(struct flow, client));
}

static void
on_client(struct leg *leg)
{
	flow_run(flow_of(leg));
}

/* What is no setting's timeout is counted nowhere; and of a stalled client it
 * is not yet known. */
static void
count_timeout(struct worker *w, enum deadline_class class)
{
	static const struct {
		bool counts;
		enum metric id;
	} metrics[DEADLINE_CLASSES] = {
		[DEADLINE_HANDSHAKE] = {true, METRIC_TIMEOUT_TLS_HANDSHAKE},
		[DEADLINE_HEAD] = {true, METRIC_TIMEOUT_REQUEST_HEAD},
		[DEADLINE_BODY] = {true, METRIC_TIMEOUT_REQUEST_BODY},
		[DEADLINE_KEEPALIVE] = {true, METRIC_TIMEOUT_KEEPALIVE},
		[DEADLINE_RESPONSE] = {true, METRIC_TIMEOUT_ENGINE_RESPONSE},
		[DEADLINE_TUNNEL] = {true, METRIC_TIMEOUT_TUNNEL_IDLE},
	};
	if (metrics[class].counts)
		metrics_add(&w->metrics, metrics[class].id, 1);
}

static void
on_deadline(struct deadline *d, enum deadline_class class)
{
	struct flow *f =
		(struct flow *)((char *)d - offsetof(struct flow, deadline));

	f->expired = class;
	count_timeout(f->worker, class);
	flow_run(f);
}

static void
link_flow(struct worker *w, struct flow *f)
{
	f->next = w->flows;
	if (w->flows)
		w->flows->prev = f;
	w->flows = f;
	w->nflows++;
}

static void
unlink_flow(struct worker *w, struct flow *f)
{
	if (f->prev)
		f->prev->next = f->next;
	else
		w->flows = f->next;
	if (f->next)
		f->next->prev = f->prev;
	w->nflows--;
}

/* The connection, its PROXY header to come, its TLS. False: closed. */
static bool
open_client(struct flow *f, struct worker *w, const struct arrival *a)
{
	struct leg *c = &f->client;

	if (a->listener->proxy_protocol) {
		f->proxy = calloc(1, sizeof(*f->proxy));
		if (!f->proxy) {
			close(a->fd);
			return false;
		}
	}
	if (!leg_open(c, w->base, &w->blocks, a->fd, on_client))
		return false;
	if (!a->tls || leg_start_tls(c, a->tls))
		return true;
	leg_close(c);
	return false;
}

bool
flow_new(struct worker *w, const struct arrival *a)
{
	struct flow *f = calloc(1, sizeof(*f));

	if (!f)
		close(a->fd);
	struct arrival from = *a;
	if (!f || !open_client(f, w, a)) {
		arrival_fini(w->shared, &from);
		if (f)
			free(f->proxy);
		free(f);
		return false;
	}
	/* The connection has a reference of its own. */
	tls_context_unref(from.tls);
	from.tls = NULL;
	f->worker = w;
	f->from = from;
	f->deadline.fire = on_deadline;
	link_flow(w, f);
	/* Most clients have sent their request by now. */
	f->client.can_read = true;
	flow_run(f);
	return true;
}

static void
drop_engine(struct flow *f, bool reusable)
{
	struct request *rq = f->rq;

	if (rq && rq->engine) {
		engine_put(rq->engine, reusable);
		rq->engine = NULL;
	}
}

enum flow_step
flow_gone(struct flow *f)
{
	struct worker *w = f->worker;

	if (f->state == FLOW_GONE)
		return FLOW_WAIT;
	/* Between requests an end is one that both sides may take for it. */
	if (f->state == FLOW_HEAD && !f->rq)
		leg_farewell(&f->client);
	flow_enter(f, FLOW_GONE);
	deadline_clear(&f->deadline);
	drop_engine(f, false);
	if (f->rq) {
		reply_log(f);
		request_free(w, f->rq);
		f->rq = NULL;
	}
	flow_log_tls(f);
	leg_close(&f->client);
	free(f->proxy);
	f->proxy = NULL;
	free(f->cert);
	f->cert = NULL;
	arrival_fini(w->shared, &f->from);
	unlink_flow(w, f);
	f->next = w->graveyard;
	w->graveyard = f;
	worker_tidy_soon(w);
	return FLOW_WAIT;
}

void
flow_bury(struct worker *w)
{
	while (w->graveyard) {
		struct flow *f = w->graveyard;
		w->graveyard = f->next;
		free(f);
	}
}

void
flow_free_spare(struct worker *w)
{
	while (w->spare) {
		struct request *rq = w->spare;
		w->spare = rq->next;
		arena_fini(&rq->arena);
		free(rq);
	}
	w->nspare = 0;
}

/* --- the frame -------------------------------------------------------------- */

static enum flow_step step_reply(struct flow *f);
static enum flow_step step_linger(struct flow *f);

static enum flow_step
step_gone(struct flow *f)
{
	(void)f;
	return FLOW_WAIT;
}

void
flow_run(struct flow *f)
{
	static enum flow_step (*const steps[FLOW_STATES])(struct flow *) = {
		[FLOW_PROXY] = flow_step_proxy,
		[FLOW_HANDSHAKE] = flow_step_handshake,
		[FLOW_HEAD] = flow_step_head,
		[FLOW_HOLD] = flow_step_hold,
		[FLOW_DIAL] = flow_step_dial,
		[FLOW_EXCHANGE] = flow_step_exchange,
		[FLOW_TUNNEL] = flow_step_tunnel,
		[FLOW_REPLY] = step_reply,
		[FLOW_LINGER] = step_linger,
		[FLOW_GONE] = step_gone,
	};

	assert(!f->running);
	f->running = true;
	while (steps[f->state](f) == FLOW_MORE)
		;
	f->running = false;
	if (f->rq)
		request_count_bytes(f->worker, f->rq);
}

/* Endless answers would hold a stop up until the drain time is over; their
 * clients reconnect. */
static bool
is_endless(const struct request *rq)
{
	return (rq->endpoint & ENDPOINT_STREAM) &&
	       rq->head.method == METHOD_GET;
}

void
flow_drain(struct flow *f, bool now)
{
	if (f->rq)
		f->rq->close = true;
	if (now || (f->rq && is_endless(f->rq)) ||
		(!f->rq && f->client.in.start == f->client.in.end) ||
		f->state == FLOW_LINGER)
		flow_gone(f);
	else
		flow_run(f);
}

/* --- our own answers -------------------------------------------------------- */

/* Can the rest of the request's body be skipped cheaply? */
static bool
can_keep(const struct flow *f, enum why why)
{
	const struct request *rq = f->rq;

	if (why_status(why) == 400 || why == WHY_BODY_TIMEOUT || !rq->parsed ||
		rq->close || !rq->head.keep_alive || f->worker->draining ||
		f->client.rd_eof)
		return false;
	if (http1_body_ended(&rq->up.in))
		return true;
	return !rq->head.expect_continue &&
	       (rq->up.in.framing == HTTP1_CHUNKED ||
		       rq->up.in.left <= DISCARD_MAX);
}

enum flow_step
flow_answer(struct flow *f, bool (*queue)(struct flow *f))
{
	struct request *rq = f->rq;

	rq->close = !can_keep(f, rq->why);
	outq_clear(&rq->up.q, &f->worker->blocks);
	flow_enter(f, FLOW_REPLY);
	if (!queue(f))
		return flow_gone(f);
	flow_deadline(f, DEADLINE_BODY);
	return FLOW_MORE;
}

bool
flow_begin(struct flow *f)
{
	f->rq = request_new(f->worker);
	if (!f->rq)
		return false;
	f->rq->start_ms = deadlines_ms(&f->worker->deadlines);
	f->rq->facts.client_ip = f->from.ip;
	return true;
}

enum flow_step
flow_refuse(struct flow *f, enum why why)
{
	drop_engine(f, false);
	metrics_refusal(&f->worker->metrics, why);
	if (f->state < FLOW_DIAL)
		metrics_add(&f->worker->metrics, METRIC_DENIED, 1);
	if (!f->rq && !flow_begin(f))
		return flow_gone(f);
	f->rq->why = why;
	if (f->state < FLOW_DIAL)
		flow_denial(f);
	return flow_answer(f, reply_queue);
}

/* Reads and drops the rest of a refused request. True at its end. */
static bool
discard_body(struct flow *f, bool *broken_out)
{
	struct request *rq = f->rq;
	struct leg *c = &f->client;

	for (;;) {
		struct str in = leg_input(c), data;
		size_t used;
		switch (http1_body_next(&rq->up.in, in.p, in.n, &used, &data)) {
		case HTTP1_STEP_END:
			leg_take(c, used);
			return true;
		case HTTP1_STEP_DATA:
			leg_take(c, used);
			rq->up.bytes += data.n;
			*broken_out = rq->up.bytes > DISCARD_MAX;
			if (*broken_out)
				return false;
			continue;
		case HTTP1_STEP_BAD:
			*broken_out = true;
			return false;
		case HTTP1_STEP_MORE:
			leg_take(c, used);
			break;
		}
		if (!leg_make_room(c, c->in.size) || c->rd_eof) {
			*broken_out = true;
			return false;
		}
		if (!c->can_read)
			return false;
		leg_fill(c);
	}
}

static enum flow_step
step_reply(struct flow *f)
{
	struct request *rq = f->rq;
	struct leg *c = &f->client;
	bool broken = false;
	size_t wrote;

	if (f->expired)
		return flow_gone(f);
	if (!outq_flush(&rq->down.q, c, &wrote)) {
		if (c->failed)
			return flow_gone(f);
		leg_watch(c, false, true);
		return FLOW_WAIT;
	}
	if (rq->close)
		return flow_linger(f);
	if (discard_body(f, &broken))
		return flow_finish(f);
	if (broken)
		return flow_linger(f);
	leg_watch(c, true, false);
	return FLOW_WAIT;
}

/* --- endings ---------------------------------------------------------------- */

/* Unpins the request's head; the bytes behind it, if any, are the start of
 * the next one. */
static void
release(struct flow *f)
{
	reply_log(f);
	leg_unpin(&f->client);
	request_free(f->worker, f->rq);
	f->rq = NULL;
	f->seen = 0;
	f->served++;
	leg_relax(&f->client);
}

enum flow_step
flow_finish(struct flow *f)
{
	struct request *rq = f->rq;

	/* It may have answered before it took all of the request: what is
	 * still queued will not be sent. */
	drop_engine(
		f, rq->engine_keeps && rq->up.done && outq_empty(&rq->up.q));
	/* What was pipelined before the client shut its side down is still
	 * served. */
	if (rq->close || f->worker->draining)
		return flow_linger(f);
	release(f);
	deadline_clear(&f->deadline);
	flow_enter(f, FLOW_HEAD);
	return FLOW_MORE;
}

enum flow_step
flow_linger(struct flow *f)
{
	struct leg *c = &f->client;
	bool quiet =
		c->rd_eof || (c->in.start == c->in.end && !leg_has_more(c) &&
				     f->rq && http1_body_ended(&f->rq->up.in));

	drop_engine(f, false);
	/* With nothing unread, closing cannot turn into a reset that would
	 * destroy the answer on its way. */
	if (quiet && leg_farewell(c))
		return flow_gone(f);
	release(f);
	c->in.start = c->in.end = 0;
	leg_shutdown(c);
	flow_enter(f, FLOW_LINGER);
	flow_deadline(f, DEADLINE_LINGER);
	return FLOW_MORE;
}

static enum flow_step
step_linger(struct flow *f)
{
	struct leg *c = &f->client;

	if (f->expired || (c->rd_eof && leg_farewell(c)))
		return flow_gone(f);
	if (!leg_reserve(c, BLOCK_SMALL))
		return flow_gone(f);
	if (c->can_read && !c->rd_eof) {
		leg_fill(c);
		c->in.start = c->in.end = 0;
		return FLOW_MORE;
	}
	leg_relax(c);
	leg_watch(c, !c->rd_eof, false);
	return FLOW_WAIT;
}
