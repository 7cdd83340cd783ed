/* Health, readiness, metrics: doors, connections, routes. */
#include "daemon/admin.h"

#include "daemon/generation.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/ready.h"
#include "daemon/reply.h"
#include "daemon/scrape.h"
#include "runtime/http1.h"
#include "runtime/limits.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TEXT       "text/plain; charset=utf-8"
#define PAUSE_MS   100
#define FIELDS_MAX 64
#define ACCEPT_MAX 8 /* connections a turn: requests wait meanwhile */

enum door_kind { DOOR_ADMIN, DOOR_METRICS, DOORS };

struct door {
	struct admin *admin; /* borrowed */
	struct event *event; /* owned */
	struct event *pause; /* owned: accepts again after it */
	int fd;              /* owned; -1: not asked for */
	enum door_kind kind;
};

struct admin_conn {
	struct admin_conn *prev, *next; /* the oldest is first */
	struct admin *admin;            /* borrowed */
	struct bufferevent *bev;        /* owned */
	struct event *timer;            /* owned: the end of its life */
	enum door_kind kind;
	size_t seen; /* bookmark of http1_scan_head() */
	bool is_head;
	bool waits;    /* for readiness */
	bool answered; /* the answer is queued: the rest is dropped */
	bool eof;      /* the client will send no more */
};

struct admin {
	struct shared *shared; /* borrowed */
	struct door doors[DOORS];
	struct admin_conn *first, *last; /* owned */
	unsigned nconns;
	struct ready ready;
	bool stopping;
};

/* --- connections ------------------------------------------------------------ */

static void
conn_free(struct admin_conn *c)
{
	struct admin *a = c->admin;

	*(c->prev ? &c->prev->next : &a->first) = c->next;
	*(c->next ? &c->next->prev : &a->last) = c->prev;
	a->nconns--;
	if (c->timer)
		event_free(c->timer);
	bufferevent_free(c->bev);
	free(c);
}

/* Queues the answer; of a HEAD, its head. */
static void
answer(struct admin_conn *c, uint16_t status, const char *type, struct str body)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	c->answered = true;
	c->waits = false;
	evbuffer_add_printf(out,
		"HTTP/1.1 %u %.*s\r\n"
		"Content-Type: %s\r\n"
		"Content-Length: %zu\r\n"
		"Date: %.*s\r\n"
		"Cache-Control: no-store\r\n"
		"%s"
		"Connection: close\r\n"
		"\r\n",
		status, STR_FMT(reply_reason(status)), type, body.n,
		STR_FMT(reply_date()),
		status == 405 ? "Allow: GET, HEAD\r\n" : "");
	if (!c->is_head)
		evbuffer_add(out, body.p, body.n);
}

static void
answer_line(struct admin_conn *c, uint16_t status, const char *line)
{
	char buf[320];
	int n = snprintf(buf, sizeof(buf), "%s\n", line);

	answer(c, status, TEXT, (struct str){buf, (size_t)n});
}

/* --- routes ------------------------------------------------------------------ */

static void
answer_index(struct admin_conn *c)
{
	answer(c, 200, TEXT,
		STR("docker-proxy " DOCKER_PROXY_VERSION "\n"
		    "\n"
		    "/healthz  is this process well?\n"
		    "/readyz   does the Docker Engine answer it?\n"
		    "/metrics  counters, for Prometheus\n"));
}

static void
answer_health(struct admin_conn *c)
{
	if (c->admin->stopping)
		answer_line(c, 503, "stopping");
	else
		answer_line(c, 200, "ok");
}

static void
answer_ready(struct admin_conn *c)
{
	struct admin *a = c->admin;

	c->waits = false;
	if (a->stopping) {
		answer_line(c, 503, "stopping");
		return;
	}
	switch (ready_ask(&a->ready)) {
	case READY_YES:
		answer_line(c, 200, "ok");
		return;
	case READY_NO:
		answer_line(c, 503, a->ready.reason);
		return;
	case READY_UNKNOWN:
		c->waits = true;
		return;
	}
}

static void
on_readiness(void *arg)
{
	struct admin *a = arg;

	for (struct admin_conn *c = a->first; c; c = c->next)
		if (c->waits)
			answer_ready(c);
}

static void
answer_metrics(struct admin_conn *c)
{
	size_t n;
	char *text =
		scrape_text(c->admin->shared, c->admin->shared->generation, &n);

	if (text)
		answer(c, 200, SCRAPE_TYPE, (struct str){text, n});
	else
		answer_line(c, 503, "out of memory");
	free(text);
}

static void
route(struct admin_conn *c, struct str path)
{
	static const struct {
		enum door_kind door;
		struct str path;
		void (*answer)(struct admin_conn *c);
	} routes[] = {
		{DOOR_ADMIN, STR("/"), answer_index},
		{DOOR_ADMIN, STR("/healthz"), answer_health},
		{DOOR_ADMIN, STR("/readyz"), answer_ready},
		{DOOR_ADMIN, STR("/metrics"), answer_metrics},
	};
	const struct settings *s =
		&c->admin->shared->generation->policy->settings;

	if (c->kind == DOOR_METRICS && str_eq(path, s->metrics.path)) {
		answer_metrics(c);
		return;
	}
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (routes[i].door == c->kind && str_eq(path, routes[i].path)) {
			routes[i].answer(c);
			return;
		}
	answer_line(c, 404, "there is nothing here");
}

/* --- requests ----------------------------------------------------------------- */

static void
on_request(struct admin_conn *c, const char *head, size_t len)
{
	struct http1_field fields[FIELDS_MAX];
	struct http1_head h = {.fields = fields, .max_fields = FIELDS_MAX};

	enum why why = http1_parse_request(head, len, &h);
	if (why) {
		answer_line(c, why_status(why), why_text(why));
		return;
	}
	c->is_head = h.method == METHOD_HEAD;
	if (h.method != METHOD_GET && h.method != METHOD_HEAD) {
		answer_line(c, 405, "GET and HEAD only");
		return;
	}
	const char *query = memchr(h.target.p, '?', h.target.n);
	if (query)
		h.target.n = (size_t)(query - h.target.p);
	route(c, h.target);
}

static void
on_input(struct bufferevent *bev, void *arg)
{
	struct admin_conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n = evbuffer_get_length(in), len;

	if (c->answered || c->waits) {
		evbuffer_drain(in, n);
		return;
	}
	const char *p = (const char *)evbuffer_pullup(in, -1);
	switch (http1_scan_head(p, n, &c->seen, &len)) {
	case HTTP1_DONE:
		on_request(c, p, len);
		break;
	case HTTP1_BAD:
		answer_line(c, 400, why_text(WHY_HEAD_LINE_END));
		break;
	case HTTP1_MORE:
		if (n < ADMIN_HEAD_BYTES)
			return;
		answer_line(c, 431, why_text(WHY_HEAD_TOO_LARGE));
		break;
	}
	evbuffer_drain(in, n);
}

/* Written. What the client still sends is read, until it ends: closing on
 * unread bytes would destroy the answer on its way. */
static void
on_written(struct bufferevent *bev, void *arg)
{
	struct admin_conn *c = arg;

	if (!c->answered)
		return;
	if (c->eof)
		conn_free(c);
	else
		shutdown(bufferevent_getfd(bev), SHUT_WR);
}

static void
on_end(struct bufferevent *bev, short what, void *arg)
{
	struct admin_conn *c = arg;
	struct evbuffer *out = bufferevent_get_output(bev);

	c->eof = true;
	if ((what & BEV_EVENT_ERROR) || (!c->answered && !c->waits) ||
		(c->answered && evbuffer_get_length(out) == 0))
		conn_free(c);
}

static void
on_old(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;

	conn_free(arg);
}

static void
conn_new(struct door *d, int fd)
{
	const struct timeval life = {.tv_sec = ADMIN_MS / 1000};
	struct admin *a = d->admin;
	struct event_base *base = a->shared->first->base;
	struct admin_conn *c = calloc(1, sizeof(*c));
	struct bufferevent *bev =
		bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);

	if (!c || !bev) {
		free(c);
		if (bev)
			bufferevent_free(bev);
		else
			close(fd);
		return;
	}
	if (a->nconns == ADMIN_CONNECTIONS)
		conn_free(a->first);
	*c = (struct admin_conn){
		.prev = a->last,
		.admin = a,
		.bev = bev,
		.timer = evtimer_new(base, on_old, c),
		.kind = d->kind,
	};
	*(a->last ? &a->last->next : &a->first) = c;
	a->last = c;
	a->nconns++;
	if (!c->timer || evtimer_add(c->timer, &life) != 0) {
		conn_free(c);
		return;
	}
	bufferevent_setwatermark(bev, EV_READ, 0, ADMIN_HEAD_BYTES);
	bufferevent_setcb(bev, on_input, on_written, on_end, c);
	bufferevent_enable(bev, EV_READ);
}

/* --- doors -------------------------------------------------------------------- */

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval pause = {.tv_usec = PAUSE_MS * 1000};
	struct door *d = arg;
	(void)what;

	for (int i = 0; i < ACCEPT_MAX; i++) {
		int client =
			accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client >= 0) {
			conn_new(d, client);
			continue;
		}
		if (errno == ECONNABORTED || errno == EINTR)
			continue;
		/* Out of descriptors or memory: the loop would spin. */
		if (errno != EAGAIN) {
			event_del(d->event);
			evtimer_add(d->pause, &pause);
		}
		return;
	}
}

static void
on_pause_over(evutil_socket_t fd, short what, void *arg)
{
	struct door *d = arg;
	(void)fd;
	(void)what;

	event_add(d->event, NULL);
}

static bool
open_door(struct admin *a, enum door_kind kind, const char *name,
	struct str bind, uint16_t port)
{
	const struct settings_listener l = {.bind = bind, .port = port};
	struct event_base *base = a->shared->first->base;
	struct door *d = &a->doors[kind];
	char text[160];

	if (bind.n == 0)
		return true;
	listener_text(&l, text, sizeof(text));
	d->fd = listener_bind(&l);
	if (d->fd < 0) {
		log_say(LOG_LEVEL_ERROR, "cannot listen on %s (%s): %s", text,
			name, strerror(errno));
		return false;
	}
	d->event = event_new(base, d->fd, EV_READ | EV_PERSIST, on_accept, d);
	d->pause = evtimer_new(base, on_pause_over, d);
	if (!d->event || !d->pause || event_add(d->event, NULL) != 0)
		return false;
	log_say(LOG_LEVEL_INFO, "%s on %s", name, text);
	return true;
}

struct admin *
admin_open(struct shared *shared)
{
	const struct settings *s = &shared->generation->policy->settings;
	struct admin *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->shared = shared;
	for (int i = 0; i < DOORS; i++)
		a->doors[i] = (struct door){
			.admin = a, .fd = -1, .kind = (enum door_kind)i};
	if (ready_init(&a->ready, shared->first, on_readiness, a) &&
		open_door(
			a, DOOR_ADMIN, "admin", s->admin_bind, s->admin_port) &&
		open_door(a, DOOR_METRICS, "metrics", s->metrics.bind,
			s->metrics.port))
		return a;
	admin_close(a);
	return NULL;
}

void
admin_stop(struct admin *a)
{
	a->stopping = true;
}

void
admin_close(struct admin *a)
{
	if (!a)
		return;
	for (int i = 0; i < DOORS; i++) {
		struct door *d = &a->doors[i];
		if (d->event)
			event_free(d->event);
		if (d->pause)
			event_free(d->pause);
		if (d->fd >= 0)
			close(d->fd);
	}
	while (a->first)
		conn_free(a->first);
	ready_fini(&a->ready);
	free(a);
}
