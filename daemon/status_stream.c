/* Server-sent events: what the status page shows, as it changes. */
#include "daemon/status_stream.h"

#include "daemon/admin_parts.h"
#include "daemon/clock.h"
#include "daemon/denials.h"
#include "daemon/generation.h"
#include "daemon/json_out.h"
#include "daemon/reply.h"
#include "daemon/status_json.h"
#include "daemon/worker.h"
#include "runtime/limits.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* --- what is told ------------------------------------------------------------ */

static void
put_status(struct admin *a, FILE *out)
{
	fputs("event: status\ndata: ", out);
	status_json_status(a, out);
	fputs("\n\n", out);
}

static void
take_denial(void *ctx, uint64_t id, int64_t time_ms, struct str json)
{
	FILE *out = ctx;

	fputs("event: denial\ndata: ", out);
	status_json_denial(out, id, time_ms, json);
	fputs("\n\n", out);
}

/* Those that were hit since, from where the last ones ended: it is the next
 * time's turn of those that there is no room for. */
static void
put_rules(struct admin *a, FILE *out)
{
	const struct metrics_rules *m = a->shared->generation->rules;
	struct status_stream *s = &a->stream;
	unsigned told = 0;

	for (uint32_t n = 0; n < m->nslots && told < STATUS_RULES_TICK; n++) {
		uint32_t i = s->next++;
		s->next %= m->nslots;
		const struct metrics_hits hits = metrics_hits(m, i);
		if (hits.n == s->hits[i])
			continue;
		s->hits[i] = hits.n;
		fputs(told++ ? "," : "event: rules\ndata: [", out);
		fprintf(out, "[%" PRIu32 ",%" PRIu64 ",%" PRId64 "]", i, hits.n,
			clock_wall_of(hits.last_ms));
	}
	if (told)
		fputs("]\n\n", out);
}

static void
take_nothing(void *ctx, uint64_t id, int64_t time_ms, struct str json)
{
	(void)ctx;
	(void)id;
	(void)time_ms;
	(void)json;
}

/* What there is by now is asked for otherwise. False without memory. */
static bool
begin(struct admin *a)
{
	const struct generation *g = a->shared->generation;
	const struct denials_reader nobody = {take_nothing, NULL};
	struct status_stream *s = &a->stream;

	free(s->hits);
	s->hits = calloc(g->rules->nslots + 1, sizeof(*s->hits));
	if (!s->hits)
		return false;
	for (uint32_t i = 0; i < g->rules->nslots; i++)
		s->hits[i] = metrics_hits(g->rules, i).n;
	s->next = 0;
	s->generation = g->number;
	denials_read(a->shared->denials, s->denials, &nobody);
	return true;
}

/* --- whom ---------------------------------------------------------------------- */

static void
send_all(struct admin *a, struct str text)
{
	struct admin_conn *next;

	for (struct admin_conn *c = a->first; c; c = next) {
		next = c->next;
		if (!c->streams)
			continue;
		struct evbuffer *out = bufferevent_get_output(c->bev);
		if (evbuffer_get_length(out) > STATUS_LAG_BYTES ||
			evbuffer_add(out, text.p, text.n) != 0)
			admin_conn_free(c);
	}
}

static void
drop_all(struct admin *a)
{
	struct admin_conn *next;

	for (struct admin_conn *c = a->first; c; c = next) {
		next = c->next;
		if (c->streams)
			admin_conn_free(c);
	}
}

static void
wait_tick(struct status_stream *s)
{
	const struct timeval tv = {
		.tv_sec = STATUS_TICK_MS / 1000,
		.tv_usec = STATUS_TICK_MS % 1000 * 1000,
	};

	evtimer_add(s->tick, &tv);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct admin *a = arg;
	char *text = NULL;
	size_t n = 0;
	(void)fd;
	(void)what;

	if (a->stream.clients == 0)
		return;
	if (a->stream.generation != a->shared->generation->number) {
		drop_all(a);
		return;
	}
	FILE *out = open_memstream(&text, &n);
	if (!out) {
		drop_all(a);
		return;
	}
	const struct denials_reader reader = {take_denial, out};
	denials_read(a->shared->denials, a->stream.denials, &reader);
	put_rules(a, out);
	put_status(a, out);
	bool failed = ferror(out);
	if (fclose(out) == 0 && !failed)
		send_all(a, (struct str){text, n});
	else
		drop_all(a);
	free(text);
	if (a->stream.clients)
		wait_tick(&a->stream);
}

/* --- a new one ------------------------------------------------------------------- */

static bool
put_first(struct admin_conn *c)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return false;
	fprintf(out,
		"HTTP/1.1 200 OK\r\n"
		"Content-Type: text/event-stream\r\n"
		"Date: %.*s\r\n"
		"Cache-Control: no-store\r\n"
		"X-Content-Type-Options: nosniff\r\n"
		"Connection: close\r\n"
		"\r\n",
		STR_FMT(reply_date()));
	if (!c->is_head)
		put_status(c->admin, out);
	bool ok = !ferror(out);
	ok = fclose(out) == 0 && ok &&
	     evbuffer_add(bufferevent_get_output(c->bev), text, n) == 0;
	free(text);
	return ok;
}

void
status_events(struct admin_conn *c, const struct admin_request *rq)
{
	const int bytes = STATUS_SOCKET_BYTES;
	struct admin *a = c->admin;
	struct status_stream *s = &a->stream;
	(void)rq;

	if (s->clients == ADMIN_STREAMS) {
		admin_answer_line(c, 503, "too many are told events already");
		return;
	}
	if ((s->clients == 0 && !begin(a)) || !put_first(c)) {
		admin_answer_line(c, 503, "out of memory");
		return;
	}
	c->answered = true;
	if (c->is_head)
		return;
	/* Else the kernel would keep megabytes for who takes nothing. */
	setsockopt(bufferevent_getfd(c->bev), SOL_SOCKET, SO_SNDBUF, &bytes,
		sizeof(bytes));
	event_del(c->timer);
	c->streams = true;
	if (s->clients++ == 0)
		wait_tick(s);
}

bool
status_stream_init(struct admin *a)
{
	struct status_stream *s = &a->stream;

	s->tick = evtimer_new(a->shared->first->base, on_tick, a);
	s->denials = calloc(a->shared->nworkers, sizeof(*s->denials));
	return s->tick && s->denials;
}

void
status_stream_fini(struct admin *a)
{
	struct status_stream *s = &a->stream;

	if (s->tick)
		event_free(s->tick);
	free(s->hits);
	free(s->denials);
}
