/* A connection to the demonstration engine: reading requests. */
#include "daemon/demo_conn.h"

#include "daemon/demo_exec.h"
#include "daemon/demo_route.h"
#include "daemon/demo_server.h"
#include "runtime/limits.h"

#include <assert.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_MAX  KIB(128) /* a whole head and more; then reading pauses */
#define OUTPUT_MAX KIB(256) /* then whatever makes more of it pauses */
#define PIECE_MAX  KIB(16)  /* of a tunnel: one frame */
#define BODY_MAX   KIB(64)  /* the rest of a longer one is read and dropped */

enum step {
	STEP_MORE, /* look again: the phase may have changed */
	STEP_WAIT, /* for bytes, the clock or the client's reading */
	STEP_GONE, /* nothing is left to do */
};

static size_t
output_length(const struct demo_conn *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

static struct str
peek(struct demo_conn *c, size_t max)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t n = evbuffer_get_length(in);

	if (n > max)
		n = max;
	return (struct str){(const char *)evbuffer_pullup(in, (ssize_t)n), n};
}

static void
consume(struct demo_conn *c, size_t n)
{
	evbuffer_drain(bufferevent_get_input(c->bev), n);
}

static void
forget_request(struct demo_conn *c)
{
	json_decref(c->req.body);
	json_decref(c->req.filters);
	c->req = (struct demo_request){.minor = 1};
	c->stream = (struct demo_stream){0};
	c->body_too_large = false;
	evbuffer_drain(c->body, evbuffer_get_length(c->body));
	arena_reset(&c->arena);
}

/* What cannot be read ends the connection. */
static enum step
refuse(struct demo_conn *c, enum why why)
{
	c->req.keep_alive = false;
	demo_reply_error(c, why_status(why), "%s", why_text(why));
	return STEP_MORE;
}

/* For the rest of a request, or the next one; if none can come, the end. */
static enum step
wait_for_more(struct demo_conn *c)
{
	if (!c->rd_eof)
		return STEP_WAIT;
	c->phase = DEMO_FLUSH;
	return STEP_MORE;
}

/* --- one step of each phase ----------------------------------------------- */

static enum why
take_head(struct demo_conn *c, struct str bytes)
{
	static const struct target_limits limits = {
		.target_bytes = LIMIT_TARGET_BYTES,
		.min_api_major = 1,
		.min_api_minor = 12,
	};
	struct http1_field fields[LIMIT_HEADERS];
	struct http1_head head = {
		.fields = fields, .max_fields = LIMIT_HEADERS};

	enum why why = http1_parse_request(bytes.p, bytes.n, &head);
	if (why != WHY_OK)
		return why;
	c->req.method = head.method;
	c->req.minor = head.minor;
	c->req.keep_alive = head.keep_alive;
	c->req.upgrade = head.upgrade.n > 0;
	struct str target = arena_str(&c->arena, head.target);
	why = target_parse(target, &limits, &c->arena, &c->req.target);
	if (why != WHY_OK)
		return why;
	http1_body_init(&c->framing, head.framing, head.content_length);
	if (head.expect_continue)
		evbuffer_add_printf(bufferevent_get_output(c->bev),
			"HTTP/1.1 100 Continue\r\n\r\n");
	c->phase = DEMO_BODY;
	return WHY_OK;
}

static enum step
read_head(struct demo_conn *c)
{
	size_t len = 0;

	if (output_length(c) > OUTPUT_MAX)
		return STEP_WAIT;
	struct str bytes = peek(c, INPUT_MAX);
	if (bytes.n == 0)
		return wait_for_more(c);
	forget_request(c);
	switch (http1_scan_head(bytes.p, bytes.n, &c->seen, &len)) {
	case HTTP1_BAD:
		return refuse(c, WHY_HEAD_LINE_END);
	case HTTP1_MORE:
		if (bytes.n > LIMIT_HEADER_BYTES)
			return refuse(c, WHY_HEAD_TOO_LARGE);
		return wait_for_more(c);
	case HTTP1_DONE:
		break;
	}
	c->seen = 0;
	enum why why = take_head(c, (struct str){bytes.p, len});
	consume(c, len);
	return why == WHY_OK ? STEP_MORE : refuse(c, why);
}

/* The whole request is here. */
static enum step
dispatch(struct demo_conn *c)
{
	size_t n = evbuffer_get_length(c->body);
	struct str filters = demo_param(c, "filters");

	if (n > 0 && !c->body_too_large)
		c->req.body = json_loadb(
			(const char *)evbuffer_pullup(c->body, -1), n, 0, NULL);
	c->req.body_bad = n > 0 && !json_is_object(c->req.body);
	if (filters.n > 0)
		c->req.filters = json_loadb(filters.p, filters.n, 0, NULL);
	if (filters.n > 0 && !json_is_object(c->req.filters))
		demo_reply_error(c, 400, "invalid filter");
	else
		demo_route(c);
	assert(c->phase != DEMO_BODY);
	return STEP_MORE;
}

static enum step
read_body(struct demo_conn *c)
{
	struct str bytes = peek(c, INPUT_MAX);
	struct str piece;
	size_t used;
	enum http1_step step =
		http1_body_next(&c->framing, bytes.p, bytes.n, &used, &piece);

	if (step == HTTP1_STEP_DATA) {
		if (evbuffer_get_length(c->body) + piece.n > BODY_MAX)
			c->body_too_large = true;
		else
			evbuffer_add(c->body, piece.p, piece.n);
	}
	consume(c, used);
	switch (step) {
	case HTTP1_STEP_DATA:
		return STEP_MORE;
	case HTTP1_STEP_MORE:
		return wait_for_more(c);
	case HTTP1_STEP_BAD:
		return refuse(c, WHY_CHUNK);
	case HTTP1_STEP_END:
		break;
	}
	return dispatch(c);
}

/* The Engine, too, takes a half-closed client for one that has gone. */
static enum step
wait_stream(struct demo_conn *c)
{
	return c->rd_eof ? STEP_GONE : STEP_WAIT;
}

static enum step
read_tunnel(struct demo_conn *c)
{
	if (output_length(c) > OUTPUT_MAX)
		return STEP_WAIT;
	struct str bytes = peek(c, PIECE_MAX);
	if (bytes.n > 0) {
		demo_exec_input(c->exec, bytes);
		consume(c, bytes.n);
		return STEP_MORE;
	}
	if (!c->rd_eof)
		return STEP_WAIT;
	demo_exec_eof(c->exec);
	assert(c->phase == DEMO_FLUSH);
	return STEP_MORE;
}

static enum step
flush(struct demo_conn *c)
{
	static const struct timeval linger = {.tv_sec = 2};

	consume(c, peek(c, INPUT_MAX).n);
	if (output_length(c) > 0)
		return STEP_WAIT;
	shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	event_add(c->tick, &linger);
	c->phase = DEMO_LINGER;
	return STEP_MORE;
}

/* Closing over bytes not read would look like a reset to the client. */
static enum step
linger(struct demo_conn *c)
{
	consume(c, peek(c, INPUT_MAX).n);
	return c->rd_eof ? STEP_GONE : STEP_WAIT;
}

/* --- events --------------------------------------------------------------- */

/* Reading pauses by disabling it: a read watermark would spin. */
static void
pace(struct demo_conn *c)
{
	size_t waiting = evbuffer_get_length(bufferevent_get_input(c->bev));

	if (!c->rd_eof && waiting < INPUT_MAX && output_length(c) <= OUTPUT_MAX)
		bufferevent_enable(c->bev, EV_READ);
	else
		bufferevent_disable(c->bev, EV_READ);
}

static void
run(struct demo_conn *c)
{
	static enum step (*const steps[])(struct demo_conn *) = {
		[DEMO_HEAD] = read_head,
		[DEMO_BODY] = read_body,
		[DEMO_STREAM] = wait_stream,
		[DEMO_TUNNEL] = read_tunnel,
		[DEMO_FLUSH] = flush,
		[DEMO_LINGER] = linger,
	};
	enum step step;

	while ((step = steps[c->phase](c)) == STEP_MORE)
		;
	if (step == STEP_GONE)
		demo_conn_free(c);
	else
		pace(c);
}

static void
on_bytes(struct bufferevent *bev, void *arg)
{
	(void)bev;
	run(arg);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct demo_conn *c = arg;

	(void)bev;
	if (what & BEV_EVENT_ERROR) {
		demo_conn_free(c);
		return;
	}
	if (what & BEV_EVENT_EOF) {
		c->rd_eof = true;
		run(c);
	}
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct demo_conn *c = arg;

	(void)fd;
	(void)what;
	if (c->phase == DEMO_LINGER) {
		demo_conn_free(c);
		return;
	}
	if (c->phase == DEMO_STREAM && output_length(c) <= OUTPUT_MAX) {
		c->stream.n++;
		if (!c->stream.step(c))
			demo_stream_end(c);
	}
	run(c);
}

bool
demo_conn_start(struct demo_server *server, int fd)
{
	struct demo_conn *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return false;
	}
	c->server = server;
	arena_init(&c->arena, MIB(1));
	LIST_INSERT_HEAD(&server->conns, c, link);
	demo_server_count(server, 1);
	c->body = evbuffer_new();
	c->tick = event_new(server->base, -1, EV_PERSIST, on_tick, c);
	c->bev = bufferevent_socket_new(server->base, fd,
		BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!c->bev)
		close(fd);
	if (!c->bev || !c->body || !c->tick) {
		demo_conn_free(c);
		return false;
	}
	bufferevent_setcb(c->bev, on_bytes, on_bytes, on_event, c);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	return true;
}

void
demo_conn_free(struct demo_conn *c)
{
	if (c->exec)
		demo_exec_gone(c->exec);
	LIST_REMOVE(c, link);
	demo_server_count(c->server, -1);
	json_decref(c->req.body);
	json_decref(c->req.filters);
	if (c->tick)
		event_free(c->tick);
	if (c->body)
		evbuffer_free(c->body);
	if (c->bev)
		bufferevent_free(c->bev);
	arena_fini(&c->arena);
	free(c);
}
