/* Flows: tunnels. */
#include "daemon/tunnel.h"

#include "daemon/request.h"
#include "daemon/worker.h"

enum flow_step
tunnel_begin(struct flow *f)
{
	struct request *rq = f->rq;

	metrics_add(&f->worker->metrics, METRIC_UPGRADES, 1);
	/* What is still queued, the answer's head for one, goes first. */
	relay_init(&rq->raw_up, &rq->up.q, NULL);
	relay_init(&rq->raw_down, &rq->down.q, NULL);
	/* The client may always have more to say. */
	http1_body_init(&rq->up.in, HTTP1_UNTIL_EOF, 0);
	flow_enter(f, FLOW_TUNNEL);
	flow_deadline(f, DEADLINE_TUNNEL);
	return FLOW_MORE;
}

/* One direction. */
static enum relay_step
carry(struct pipe_way *way, struct relay *r, struct leg *src, struct leg *dst)
{
	uint64_t before = r->bytes;
	enum relay_step step = relay_run(r, src, dst);

	way->bytes += r->bytes - before;
	return step;
}

static void
watch(struct leg *leg, const struct relay *in, const struct relay *out)
{
	leg_watch(leg, !leg->rd_eof && !in->done && !relay_holds(in),
		relay_holds(out));
}

/* The Engine has said its last; and the client too, or nobody hears it. */
static bool
is_over(const struct flow *f)
{
	const struct request *rq = f->rq;

	return rq->raw_down.done &&
	       (rq->raw_up.done || rq->engine->leg.hung_up ||
		       f->worker->draining);
}

enum flow_step
flow_step_tunnel(struct flow *f)
{
	struct request *rq = f->rq;
	struct relay *up = &rq->raw_up, *down = &rq->raw_down;
	struct leg *c = &f->client, *e = &rq->engine->leg;

	if (f->expired)
		return flow_gone(f);
	/* An Engine that closes with input unread (typed too late) looks like
	 * a reset; what it said before has been passed on, and a reset to
	 * the client would destroy it. */
	if (carry(&rq->down, down, e, c) == RELAY_BROKEN)
		return c->failed ? flow_gone(f) : flow_linger(f);
	enum relay_step sent = carry(&rq->up, up, c, e);
	if (c->rd_failed || c->hung_up)
		return flow_gone(f);
	if (sent == RELAY_BROKEN) {
		/* The Engine takes no more; what it still says is read. */
		up->done = true;
		relay_clear(up, c->blocks);
		leg_relax(c);
	}
	if (is_over(f))
		return flow_linger(f);
	enum deadline_class class =
		down->done ? DEADLINE_TUNNEL_HALF : DEADLINE_TUNNEL;
	if (up->moved || down->moved || f->deadline.class != class)
		flow_deadline(f, class);
	watch(c, up, down);
	watch(e, down, up);
	return FLOW_WAIT;
}
