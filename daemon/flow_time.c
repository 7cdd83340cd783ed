/* Flows: whose turn it is in an exchange, and how long it may take. */
#include "daemon/exchange.h"

#include "daemon/log.h"
#include "daemon/request.h"
#include "daemon/worker.h"

/* A half-closed client of an endless answer, or of work that the Engine would
 * stop, has gone when nothing moves any more. */
static bool
may_be_gone(const struct flow *f)
{
	const struct request *rq = f->rq;

	return f->client.rd_eof && rq->up_ended &&
	       (rq->endpoint & ENDPOINT_STREAM) &&
	       !(rq->endpoint & ENDPOINT_HIJACK);
}

/* Whose turn is it, and what time is there for it? Nobody's that has a limit
 * while the Engine is at its answer. */
static enum deadline_class
awaited(const struct flow *f)
{
	const struct request *rq = f->rq;

	if (may_be_gone(f))
		return DEADLINE_GONE;
	if (!rq->up_ended && outq_empty(&rq->up.q))
		return DEADLINE_BODY; /* of the client */
	if (!outq_empty(&rq->down.q))
		return DEADLINE_STALLED; /* the client takes nothing */
	return rq->answered ? DEADLINE_NONE : DEADLINE_RESPONSE;
}

void
exchange_watch_time(struct flow *f, bool sent, bool returned)
{
	enum deadline_class class = awaited(f);
	bool down = class == DEADLINE_GONE || class == DEADLINE_STALLED;

	if (class == f->deadline.class && !(down ? returned : sent))
		return;
	flow_deadline(f, class);
	if (f->deadline.class == DEADLINE_STALLED)
		f->rq->untaken = leg_untaken(&f->client);
}

/* Nothing could be written to it for too long. But megabytes may be on their
 * way already, and it may be at them. With a reset, since they would wait on.
 */
static enum flow_step
stalled(struct flow *f)
{
	uint32_t untaken = leg_untaken(&f->client);

	if (untaken < f->rq->untaken) {
		f->rq->untaken = untaken;
		flow_deadline(f, DEADLINE_STALLED);
		return FLOW_MORE;
	}
	metrics_add(&f->worker->metrics, METRIC_TIMEOUT_CLIENT_STALLED, 1);
	log_say(LOG_LEVEL_WARN, "a client stopped reading the answer to %.*s",
		STR_FMT(f->rq->target.path));
	leg_reset(&f->client);
	return flow_gone(f);
}

enum flow_step
exchange_expired(struct flow *f)
{
	enum deadline_class class = f->expired;
	struct request *rq = f->rq;

	f->expired = DEADLINE_NONE;
	if (class == DEADLINE_STALLED)
		return stalled(f);
	if (class == DEADLINE_GONE || (class == DEADLINE_BODY && rq->answered))
		return flow_gone(f);
	if (class == DEADLINE_BODY)
		return flow_refuse(f, WHY_BODY_TIMEOUT);
	return rq->answered ? FLOW_MORE : flow_refuse(f, WHY_ENGINE_TIMEOUT);
}
