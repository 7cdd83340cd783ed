/* Flows: tunnels. */
#include "daemon/tunnel.h"

#include "daemon/pump.h"
#include "daemon/request.h"
#include "daemon/worker.h"

enum flow_step
tunnel_begin(struct flow *f)
{
	struct request *rq = f->rq;

	metrics_add(&f->worker->metrics, METRIC_UPGRADES, 1);
	deadline_clear(&f->deadline);
	http1_body_init(&rq->up.in, HTTP1_UNTIL_EOF, 0);
	http1_body_init(&rq->down.in, HTTP1_UNTIL_EOF, 0);
	rq->up.out = rq->down.out = HTTP1_UNTIL_EOF;
	rq->up.done = rq->down.done = rq->up_ended = false;
	flow_enter(f, FLOW_TUNNEL);
	flow_deadline(f, DEADLINE_TUNNEL);
	return FLOW_MORE;
}

/* One direction: moves bytes; at the source's end, shuts the sink down.
 * False: the tunnel is broken. */
static bool
carry(struct pipe_way *way, struct leg *src, struct leg *dst,
	bool *moved)
{
	switch (pump(way, src, dst, moved)) {
	case PUMP_DONE:
		leg_shutdown(dst);
		return true;
	case PUMP_WAIT:
		return true;
	case PUMP_EOF:
	case PUMP_BAD:
	case PUMP_BROKEN:
		return false;
	}
	return false;
}

static void
watch(struct leg *leg, const struct pipe_way *in, const struct pipe_way *out)
{
	leg_watch(leg, !leg->rd_eof && !in->done && outq_empty(&in->q),
		!outq_empty(&out->q));
}

/* The Engine has said its last; and the client too, or nobody hears it. */
static bool
is_over(const struct flow *f)
{
	const struct request *rq = f->rq;

	if (!rq->down.done || !outq_empty(&rq->down.q))
		return false;
	return (rq->up.done && outq_empty(&rq->up.q)) ||
	       rq->engine->leg.hung_up || f->worker->draining;
}

enum flow_step
flow_step_tunnel(struct flow *f)
{
	struct request *rq = f->rq;
	struct leg *c = &f->client, *e = &rq->engine->leg;
	bool moved = false;

	if (f->expired)
		return flow_gone(f);
	bool down = carry(&rq->down, e, c, &moved);
	/* An Engine that closes with input unread (typed too late) looks like
	 * a reset; what it said before has been passed on, and a reset to
	 * the client would destroy it. */
	if (!down)
		return c->failed ? flow_gone(f) : flow_linger(f);
	bool up = carry(&rq->up, c, e, &moved);
	if (c->rd_failed || c->hung_up)
		return flow_gone(f);
	if (!up) {
		/* The Engine takes no more; what it still says is read. */
		rq->up.done = true;
		outq_clear(&rq->up.q, c->blocks);
	}
	if (is_over(f))
		return flow_linger(f);
	if (moved || !f->deadline.class)
		flow_deadline(f,
			rq->down.done ? DEADLINE_TUNNEL_HALF : DEADLINE_TUNNEL);
	watch(c, &rq->up, &rq->down);
	watch(e, &rq->down, &rq->up);
	return FLOW_WAIT;
}
