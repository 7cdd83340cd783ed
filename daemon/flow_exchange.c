/* Flows: dialling the Engine, sending the request, returning the answer. */
#include "daemon/flow.h"

#include "daemon/exchange.h"
#include "daemon/log.h"
#include "daemon/pump.h"
#include "daemon/reply.h"
#include "daemon/request.h"
#include "daemon/tunnel.h"
#include "daemon/worker.h"
#include "runtime/http1_answer.h"
#include "runtime/http1_write.h"
#include "runtime/limits.h"
#include "runtime/redact.h"

#include <errno.h>
#include <string.h>

/* --- dialling ---------------------------------------------------------------- */

/* Queues the request's head, and a held body behind it. */
static bool
queue_request(struct flow *f)
{
	struct request *rq = f->rq;
	struct pipe_way *up = &rq->up;
	size_t need = rq->target.forward.n + http1_write_room(&rq->head);
	char *p = outq_reserve(&up->q, &f->worker->blocks, need);
	if (!p)
		return false;
	/* RFC 9110 section 7.8: Upgrade on HTTP/1.0 is ignored. */
	rq->upgrade = rq->head.upgrade.n && rq->head.minor > 0 &&
		      (rq->endpoint & ENDPOINT_UPGRADE);
	up->out = rq->is_held ? HTTP1_LENGTH : rq->head.framing;
	struct http1_writer w = {.p = p, .cap = need};
	http1_write_request(
		&w, &(struct http1_request_out){
			    .head = &rq->head,
			    .target = rq->target.forward,
			    .framing = up->out,
			    .length = rq->is_held ? rq->held_n
						  : rq->head.content_length,
			    .upgrade = rq->upgrade,
			    .expect = rq->head.expect_continue,
			    .request_id = rq->id_is_told ? STR("") : rq->id,
		    });
	if (w.n > w.cap)
		return false;
	outq_commit(&up->q, w.n);
	up->q.keep = up->q.used;
	up->done = rq->is_held;
	if (rq->is_held)
		outq_ref(&up->q, rq->held, rq->held_n);
	return true;
}

/* Its reason has a text of its own: "... at tcp://10.0.0.1:2375: ...". */
static enum flow_step
dial_failed(struct flow *f, enum why why, const char *text)
{
	struct str engine = f->worker->shared->engine.text;

	metrics_add(&f->worker->metrics, METRIC_ENGINE_CONNECT_FAILURES, 1);
	log_say(LOG_LEVEL_ERROR, "%s at %.*s: %s", why_text(why),
		STR_FMT(engine), text);
	f->rq->message =
		arena_fmt(&f->rq->arena, "docker-proxy: %s at %.*s: %s",
			why_text(why), STR_FMT(engine), text);
	return flow_refuse(f, why);
}

/* The connection stands. A head queued before (a request sent again) goes
 * out as it is. */
static enum flow_step
dialled(struct flow *f)
{
	struct request *rq = f->rq;

	deadline_clear(&f->deadline);
	if (outq_empty(&rq->up.q) && !queue_request(f))
		return flow_refuse(f, WHY_OUT_OF_MEMORY);
	flow_enter(f, FLOW_EXCHANGE);
	return FLOW_MORE;
}

/* A client that went away while we wait need not be served. */
static bool
client_left(struct flow *f)
{
	struct leg *c = &f->client;

	if (c->can_read && !c->rd_eof && leg_room(c))
		leg_fill(c);
	leg_watch_peer(c, !c->rd_eof && leg_room(c), false);
	return c->rd_failed || c->hung_up;
}

static const char *
handshake_error(const struct leg *leg)
{
	const char *text = leg_error(leg);

	return text ? text : "the connection broke off in the TLS handshake";
}

static enum flow_step
await_connect(struct flow *f)
{
	struct engine_conn *e = f->rq->engine;

	if (e->leg.connecting && e->leg.can_write) {
		int err = engine_connected(e);
		if (err)
			return dial_failed(
				f, WHY_ENGINE_CONNECT, strerror(err));
	}
	if (!e->leg.connecting) {
		switch (leg_handshake(&e->leg)) {
		case HANDSHAKE_DONE:
			return dialled(f);
		case HANDSHAKE_WAIT:
			leg_watch(&e->leg, true, false);
			break;
		case HANDSHAKE_NOT_TLS:
		case HANDSHAKE_BAD_CERT:
		case HANDSHAKE_FAILED:
			return dial_failed(
				f, WHY_ENGINE_TLS, handshake_error(&e->leg));
		}
	}
	if (!f->deadline.class)
		flow_deadline(f, DEADLINE_CONNECT);
	return client_left(f) ? flow_gone(f) : FLOW_WAIT;
}

enum flow_step
flow_step_dial(struct flow *f)
{
	struct request *rq = f->rq;
	struct metrics *m = &f->worker->metrics;
	const struct settings_timeouts *t = &flow_policy(f)->settings.timeouts;

	uint64_t now_us = deadlines_us(&f->worker->deadlines);
	if (!rq->dial_us)
		rq->dial_us = now_us;
	if (!rq->ask_us)
		rq->ask_us = now_us;
	bool late =
		t->engine_connect_ms &&
		now_us - rq->dial_us >= t->engine_connect_ms * UINT64_C(1000);
	if (f->expired == DEADLINE_CONNECT || (f->expired && late)) {
		f->expired = DEADLINE_NONE;
		metrics_add(m, METRIC_TIMEOUT_ENGINE_CONNECT, 1);
		metrics_add(m, METRIC_ENGINE_CONNECT_FAILURES, 1);
		if (leg_exhausted(rq->dial_errno))
			rq->message = arena_fmt(&rq->arena,
				"docker-proxy: no connection to the Docker "
				"Engine: %s",
				strerror(rq->dial_errno));
		return flow_refuse(f, WHY_ENGINE_CONNECT_TIMEOUT);
	}
	if (rq->engine)
		return await_connect(f);
	if (f->deadline.class == DEADLINE_REDIAL)
		return client_left(f) ? flow_gone(f) : FLOW_WAIT;
	f->expired = DEADLINE_NONE;
	switch (engine_get(f->worker, f, rq->retried, &rq->engine)) {
	case ENGINE_AGAIN:
		rq->dial_errno = errno;
		metrics_add(m, METRIC_LIMIT_DESCRIPTORS, leg_exhausted(errno));
		flow_deadline(f, DEADLINE_REDIAL);
		return client_left(f) ? flow_gone(f) : FLOW_WAIT;
	case ENGINE_FAIL:
		return dial_failed(f, WHY_ENGINE_CONNECT, strerror(errno));
	case ENGINE_OK:
		break;
	}
	return await_connect(f);
}

/* --- sending it again ---------------------------------------------------------
 */

/* The Engine had closed a reused connection. The request may be sent again
 * if none of it can have been acted on: no byte left us, or it is a GET or
 * HEAD without a body. Once, on a new connection. */
static bool
can_retry(const struct request *rq)
{
	bool safe = rq->up.in.framing == HTTP1_NO_BODY &&
		    (rq->head.method == METHOD_GET ||
			    rq->head.method == METHOD_HEAD);

	return rq->engine->reused && !rq->retried && !rq->answered &&
	       rq->engine->leg.in.start == rq->engine->leg.in.end &&
	       (safe || !rq->engine_sent);
}

static enum flow_step
retry(struct flow *f)
{
	struct request *rq = f->rq;

	engine_put(rq->engine, false);
	rq->engine = NULL;
	deadline_clear(&f->deadline); /* dialling has its own */
	rq->retried = true;
	rq->up_ended = false;
	rq->engine_seen = 0;
	if (rq->engine_sent) {
		/* The head is still in the queue's block: kept for this. */
		rq->up.q.first = rq->up.q.count = 0;
		outq_ref(&rq->up.q, rq->up.q.block, rq->up.q.keep);
		rq->engine_sent = false;
		rq->up.done = false;
	}
	rq->dial_us = 0;
	flow_enter(f, FLOW_DIAL);
	return FLOW_MORE;
}

/* --- the answer's head ----------------------------------------------------------
 */

/* How the body goes to this client: as it came when its length is known;
 * chunked for HTTP/1.1; until the connection closes for HTTP/1.0. */
static enum http1_framing
framing_out(const struct request *rq, const struct http1_head *h)
{
	if (h->framing == HTTP1_NO_BODY || h->framing == HTTP1_LENGTH)
		return h->framing;
	return rq->head.minor == 0 ? HTTP1_UNTIL_EOF : HTTP1_CHUNKED;
}

static bool
is_interim(const struct http1_head *h)
{
	return h->status < 200 && h->status != 101;
}

static bool
queue_response(struct flow *f, const struct http1_head *h,
	enum http1_framing framing, bool close)
{
	struct outq *q = &f->rq->down.q;
	size_t need = http1_write_room(h);
	char *p = outq_reserve(q, &f->worker->blocks, need);
	if (!p || !outq_has_room(q, 1))
		return false;
	struct http1_writer w = {.p = p, .cap = need};
	http1_write_response(&w,
		&(struct http1_response_out){
			.head = h,
			.framing = framing,
			.length = h->content_length,
			.has_length = h->has_length && h->status >= 200 &&
				      h->status != 204 && !f->rq->down.redact,
			.close = close,
			.upgrade = h->status == 101,
			.request_id = is_interim(h) ? STR("") : f->rq->id,
			.date = is_interim(h) || h->has_date ? STR("")
							     : reply_date(),
		});
	outq_commit(q, w.n);
	return w.n <= w.cap;
}

/* 100 to 199 but 101: passed on, but not to HTTP/1.0 (RFC 9110 15.2). */
static bool
on_interim(struct flow *f, const struct http1_head *h)
{
	return f->rq->head.minor == 0 ||
	       queue_response(f, h, HTTP1_NO_BODY, false);
}

static bool
is_raw_stream(const struct http1_head *h)
{
	static const struct str types[] = {
		STR("application/vnd.docker.raw-stream"),
		STR("application/vnd.docker.multiplexed-stream"),
	};
	if (h->status != 200 || h->framing != HTTP1_UNTIL_EOF)
		return false;
	return str_eq_nocase(h->content_type, types[0]) ||
	       str_eq_nocase(h->content_type, types[1]);
}

static bool
is_json(const struct request *rq, const struct http1_head *h)
{
	static const struct str types[] = {
		STR("application/json"),
		STR("application/x-ndjson"),
		STR("application/jsonl"),
	};
	/* Engines up to 24 stream stats without saying what it is. */
	if (h->content_type.n == 0)
		return str_ends(rq->target.path, STR("/stats"));
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct str start = {h->content_type.p, types[i].n};
		if (h->content_type.n >= types[i].n &&
			str_eq_nocase(start, types[i]))
			return true;
	}
	return false;
}

static bool
is_encoded(const struct http1_head *h)
{
	for (size_t i = 0; i < h->nfields; i++)
		if (h->fields[i].id == HTTP1_CONTENT_ENCODING &&
			!str_eq_nocase(h->fields[i].value, STR("identity")))
			return true;
	return false;
}

/* An answer that filters apply to is rewritten, and so has no length. False:
 * it cannot be, and must not go out as it is. */
static bool
plan_redaction(struct flow *f, const struct http1_head *h)
{
	struct request *rq = f->rq;

	if (!rq->plan || h->framing == HTTP1_NO_BODY || !is_json(rq, h))
		return true;
	if (is_encoded(h)) {
		rq->message = STR("docker-proxy: the answer is compressed and "
				  "cannot be filtered");
		return false;
	}
	rq->down.redact = redact_new(rq->plan, f->worker->scratch, &rq->arena);
	rq->down.out = rq->head.minor == 0 ? HTTP1_UNTIL_EOF : HTTP1_CHUNKED;
	return rq->down.redact;
}

/* The final head. False: it makes no sense, or there is no memory. */
static bool
on_final(struct flow *f, const struct http1_head *h)
{
	struct request *rq = f->rq;
	bool hijack = (rq->endpoint & ENDPOINT_HIJACK) && is_raw_stream(h);

	/* RFC 9110 section 7.8: never to a protocol that was not asked for. */
	if (h->status == 101 &&
		(!rq->upgrade || !str_eq_nocase(h->upgrade, rq->head.upgrade)))
		return false;
	rq->answered = true;
	/* It will not be sent again: where it was written, this one may be. */
	if (rq->up_ended && outq_empty(&rq->up.q))
		outq_clear(&rq->up.q, &f->worker->blocks);
	metrics_latency(&f->worker->metrics,
		deadlines_us(&f->worker->deadlines) - rq->ask_us);
	rq->status = h->status;
	rq->engine_keeps = h->keep_alive;
	http1_body_init(&rq->down.in, h->framing, h->content_length);
	if (h->status == 101 || hijack) {
		if (!rq->up.done)
			return false; /* before it had the whole request */
		rq->close = true;
		rq->tunnel = true;
		return queue_response(f, h, HTTP1_UNTIL_EOF, false);
	}
	rq->down.out = framing_out(rq, h);
	if (!plan_redaction(f, h))
		return false;
	rq->close |= !rq->head.keep_alive || f->worker->draining ||
		     rq->down.out == HTTP1_UNTIL_EOF;
	return queue_response(f, h, rq->down.out, rq->close);
}

/* A head of len bytes: whatever comes next begins behind it. */
static bool
on_response(struct flow *f, const struct http1_head *h, size_t len)
{
	bool ok = is_interim(h) ? on_interim(f, h) : on_final(f, h);

	f->rq->engine_seen = 0;
	leg_take(&f->rq->engine->leg, len);
	return ok;
}

/* Takes the head that starts the Engine's input, if it is all there.
 * *more_out: it is not. False: malformed. */
static bool
take_head(struct flow *f, bool *more_out)
{
	struct request *rq = f->rq;
	struct http1_answer *a = f->worker->answer;
	enum method method = rq->head.method;
	struct str in = leg_input(&rq->engine->leg);
	size_t len;

	*more_out = in.n == 0;
	if (in.n == 0)
		return true;
	if (http1_answer_is(a, in, method, &len))
		return on_response(f, &a->head, len);
	switch (http1_scan_head(in.p, in.n, &rq->engine_seen, &len)) {
	case HTTP1_BAD:
		return false;
	case HTTP1_MORE:
		*more_out = true;
		return in.n < HEADER_BYTES_MAX;
	case HTTP1_DONE:
		break;
	}
	return !http1_answer_parse(a, in.p, len, method) &&
	       on_response(f, &a->head, len);
}

/* --- the exchange ---------------------------------------------------------------
 */

/* The Engine's answer cannot be had, and nothing of it has been sent. */
static enum flow_step
no_answer(struct flow *f, enum why why)
{
	struct request *rq = f->rq;

	if (can_retry(rq))
		return retry(f);
	/* In TLS 1.3 an Engine refuses our certificate after the handshake. */
	if (leg_error(&rq->engine->leg))
		return dial_failed(
			f, WHY_ENGINE_TLS, leg_error(&rq->engine->leg));
	log_say(LOG_LEVEL_WARN, "%s: %.*s %.*s", why_text(why),
		STR_FMT(method_name(rq->head.method)),
		STR_FMT(rq->target.path));
	return flow_refuse(f, why);
}

/* An answer that has begun cannot be finished: it must not look complete. */
static enum flow_step
cut(struct flow *f)
{
	log_say(LOG_LEVEL_WARN, "the Docker Engine's answer to %.*s broke off",
		STR_FMT(f->rq->target.path));
	if (f->rq->down.out == HTTP1_UNTIL_EOF)
		leg_reset(&f->client);
	return flow_gone(f);
}

/* Client to Engine. FLOW_WAIT is "nothing to decide". */
static enum flow_step
send_request(struct flow *f, bool *over, bool *moved)
{
	struct request *rq = f->rq;
	struct leg *e = &rq->engine->leg;

	*over = false;
	if (rq->up_ended)
		return FLOW_WAIT;
	enum pump r = pump(&rq->up, &f->client, e, moved);
	if (*moved)
		rq->engine_sent = true;
	switch (r) {
	case PUMP_WAIT:
		return FLOW_WAIT;
	case PUMP_DONE:
		/* What is broken may have answered before it closed. */
	case PUMP_BROKEN:
		rq->up_ended = true;
		return FLOW_WAIT;
	case PUMP_BAD:
	case PUMP_EOF:
		*over = true;
		if (rq->answered)
			return cut(f);
		return flow_refuse(
			f, r == PUMP_BAD ? WHY_CHUNK : WHY_BODY_TRUNCATED);
	}
	return FLOW_WAIT;
}

/* The head of the answer: reads until it is there, or the Engine ends. */
static enum flow_step
await_answer(struct flow *f, bool *over)
{
	struct request *rq = f->rq;
	struct leg *e = &rq->engine->leg;

	for (;;) {
		bool more;
		*over = true;
		if (!outq_has_room(&rq->down.q, 4) || !take_head(f, &more))
			return no_answer(f, WHY_ENGINE_RESPONSE);
		if (rq->answered)
			break;
		if (!more)
			continue;
		if (e->rd_eof)
			return no_answer(f, WHY_ENGINE_CLOSED);
		*over = false;
		if (!e->can_read)
			return FLOW_WAIT;
		if (!leg_reserve(e,
			    leg_room(e) ? e->in.size
					: block_fit(e->blocks, BLOCK_MEDIUM)) ||
			(!leg_room(e) && !leg_reserve(e, BLOCK_LARGE))) {
			*over = true;
			return flow_refuse(f, WHY_OUT_OF_MEMORY);
		}
		leg_fill(e);
	}
	*over = false;
	return FLOW_WAIT;
}

/* Engine to client, once the head is queued. */
static enum flow_step
return_answer(struct flow *f, bool *over, bool *moved)
{
	struct request *rq = f->rq;

	*over = true;
	switch (pump(&rq->down, &rq->engine->leg, &f->client, moved)) {
	case PUMP_WAIT:
		*over = false;
		return FLOW_WAIT;
	case PUMP_DONE:
		/* Upload not over: it cannot be told apart from what follows.
		 */
		if (!rq->up.done)
			return flow_linger(f);
		return flow_finish(f);
	case PUMP_BROKEN:
		return flow_gone(f);
	case PUMP_BAD:
	case PUMP_EOF:
		return cut(f);
	}
	return FLOW_WAIT;
}

/* What the client sends while its request is served: the next one, early
 * bytes for a tunnel, or its end. */
static void
watch_client(struct flow *f)
{
	struct request *rq = f->rq;
	struct leg *c = &f->client;

	if (rq->up_ended && c->can_read && !c->rd_eof && leg_room(c))
		leg_fill(c);
	bool read = !c->rd_eof &&
		    (rq->up_ended ? leg_room(c) > 0 : outq_empty(&rq->up.q));
	leg_watch_peer(c, read, !outq_empty(&rq->down.q));
}

static void
watch_engine(struct flow *f)
{
	struct request *rq = f->rq;
	struct leg *e = &rq->engine->leg;

	leg_watch(e, !e->rd_eof && outq_empty(&rq->down.q),
		!rq->up_ended && !outq_empty(&rq->up.q));
}

enum flow_step
flow_step_exchange(struct flow *f)
{
	struct request *rq = f->rq;
	bool over, sent = false, returned = false;

	if (f->expired)
		return exchange_expired(f);
	if (f->client.failed || f->client.rd_failed || f->client.hung_up)
		return flow_gone(f);
	enum flow_step step = send_request(f, &over, &sent);
	if (over)
		return step;
	if (!rq->answered) {
		step = await_answer(f, &over);
		if (over)
			return step;
	}
	if (rq->tunnel)
		return tunnel_begin(f);
	if (rq->answered) {
		step = return_answer(f, &over, &returned);
		if (over)
			return step;
	} else if (!outq_empty(&rq->down.q)) {
		size_t wrote; /* an interim answer */
		outq_flush(&rq->down.q, &f->client, &wrote);
	}
	watch_client(f);
	watch_engine(f);
	exchange_watch_time(f, sent, returned);
	return FLOW_WAIT;
}
