/* Readiness: one ping at a time. */
#include "daemon/ready.h"

#include "daemon/engine.h"
#include "daemon/worker.h"
#include "runtime/http1_answer.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>

static const char ping[] =
	"GET /_ping HTTP/1.1\r\n"
	"Host: docker\r\n"
	"User-Agent: docker-proxy/" DOCKER_PROXY_VERSION "\r\n"
	"Connection: close\r\n"
	"\r\n";

/* --- results ---------------------------------------------------------------- */

/* Keeps the result; the connection is not for requests of others. */
static void
conclude(struct ready *r, enum readiness result)
{
	if (r->conn)
		engine_put(r->conn, false);
	r->conn = NULL;
	outq_clear(&r->request, &r->worker->blocks);
	evtimer_del(r->timer);
	r->result = result;
	r->asked_ms = now_ms();
}

static enum readiness refuse(struct ready *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static enum readiness
refuse(struct ready *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->reason, sizeof(r->reason), fmt, ap);
	va_end(ap);
	conclude(r, READY_NO);
	return READY_NO;
}

/* --- the answer -------------------------------------------------------------- */

static enum readiness
judge_answer(struct ready *r, size_t len)
{
	struct http1_answer *a = r->worker->answer;
	const char *head = leg_input(&r->conn->leg).p;

	if (http1_answer_parse(a, head, len, METHOD_GET))
		return refuse(r, "the Docker Engine's answer is malformed");
	if (a->head.status != 200)
		return refuse(
			r, "the Docker Engine answers %u", a->head.status);
	conclude(r, READY_YES);
	return READY_YES;
}

static enum readiness
read_answer(struct ready *r)
{
	struct leg *leg = &r->conn->leg;
	size_t len;

	for (;;) {
		if (!leg_reserve(leg, BLOCK_SMALL))
			return refuse(r, "out of memory");
		struct str in = leg_input(leg);
		switch (http1_scan_head(in.p, in.n, &r->seen, &len)) {
		case HTTP1_DONE:
			return judge_answer(r, len);
		case HTTP1_BAD:
			return refuse(
				r, "the Docker Engine's answer is malformed");
		case HTTP1_MORE:
			break;
		}
		if (leg->rd_eof)
			return refuse(
				r, "the Docker Engine closed the connection");
		if (!leg_room(leg))
			return refuse(
				r, "the Docker Engine's answer is malformed");
		if (!leg->can_read)
			return READY_UNKNOWN;
		leg_fill(leg);
	}
}

/* Goes on as far as it can. */
static enum readiness
step(struct ready *r)
{
	struct leg *leg = &r->conn->leg;
	size_t wrote;

	if (leg->connecting) {
		if (!leg->can_write)
			return READY_UNKNOWN;
		int err = engine_connected(r->conn);
		if (err)
			return refuse(r,
				"cannot connect to the Docker Engine: %s",
				strerror(err));
	}
	switch (leg_handshake(leg)) {
	case HANDSHAKE_DONE:
		break;
	case HANDSHAKE_WAIT:
		leg_watch(leg, true, false);
		return READY_UNKNOWN;
	case HANDSHAKE_NOT_TLS:
	case HANDSHAKE_BAD_CERT:
	case HANDSHAKE_FAILED:
		return refuse(r, "cannot connect to the Docker Engine: %s",
			leg_error(leg) ? leg_error(leg)
				       : "the TLS handshake broke off");
	}
	outq_flush(&r->request, leg, &wrote);
	enum readiness result = read_answer(r);
	if (result == READY_UNKNOWN)
		leg_watch(leg, true, !outq_empty(&r->request));
	return result;
}

/* --- asking ------------------------------------------------------------------ */

static void
on_wake(struct leg *leg)
{
	struct engine_conn *c =
		(struct engine_conn *)((char *)leg -
				       offsetof(struct engine_conn, leg));
	struct ready *r = c->worker->shared->ready;

	if (r->conn == c && step(r) != READY_UNKNOWN)
		r->done(r->arg);
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	struct ready *r = arg;
	(void)fd;
	(void)what;

	refuse(r, "the Docker Engine does not answer within %d ms", READY_MS);
	r->done(r->arg);
}

enum readiness
ready_ask(struct ready *r)
{
	const struct timeval tv = {
		.tv_sec = READY_MS / 1000,
		.tv_usec = READY_MS % 1000 * 1000,
	};

	if (r->conn)
		return READY_UNKNOWN;
	if (r->result != READY_UNKNOWN &&
		now_ms() - r->asked_ms < READY_AGAIN_MS)
		return r->result;
	switch (engine_get(r->worker, NULL, true, &r->conn)) {
	case ENGINE_AGAIN:
		return refuse(r, "the Docker Engine's backlog is full");
	case ENGINE_FAIL:
		return refuse(r, "cannot connect to the Docker Engine: %s",
			strerror(errno));
	case ENGINE_OK:
		break;
	}
	r->conn->leg.wake = on_wake;
	r->seen = 0;
	r->request.refs = r->refs;
	outq_ref(&r->request, ping, sizeof(ping) - 1);
	evtimer_add(r->timer, &tv);
	return step(r);
}

bool
ready_init(struct ready *r, struct worker *worker, void (*done)(void *arg),
	void *arg)
{
	*r = (struct ready){
		.worker = worker,
		.done = done,
		.arg = arg,
		.timer = evtimer_new(worker->base, on_late, r),
	};
	worker->shared->ready = r;
	return r->timer;
}

void
ready_fini(struct ready *r)
{
	if (r->conn)
		engine_put(r->conn, false);
	r->conn = NULL;
	outq_clear(&r->request, &r->worker->blocks);
	if (r->timer)
		event_free(r->timer);
	r->worker->shared->ready = NULL;
}
