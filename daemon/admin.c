/* Health, readiness, metrics, status: doors, connections, routes. */
#include "daemon/admin.h"

#include "daemon/admin_parts.h"
#include "daemon/denials.h"
#include "daemon/generation.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/reply.h"
#include "daemon/scrape.h"
#include "runtime/limits.h"
#include "runtime/lockout.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAUSE_MS   100
#define FIELDS_MAX 64
#define ACCEPT_MAX 8 /* connections a turn: requests wait meanwhile */

/* --- connections ------------------------------------------------------------ */

void
admin_conn_free(struct admin_conn *c)
{
	struct admin *a = c->admin;

	*(c->prev ? &c->prev->next : &a->first) = c->next;
	*(c->next ? &c->next->prev : &a->last) = c->prev;
	a->nconns--;
	a->stream.clients -= c->streams;
	if (c->timer)
		event_free(c->timer);
	bufferevent_free(c->bev);
	free(c);
}

void
admin_answer_with(struct admin_conn *c, uint16_t status, const char *type,
	const char *fields, struct str body)
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
		"X-Content-Type-Options: nosniff\r\n"
		"%s"
		"Connection: close\r\n"
		"\r\n",
		status, STR_FMT(reply_reason(status)), type, body.n,
		STR_FMT(reply_date()), fields);
	if (!c->is_head)
		evbuffer_add(out, body.p, body.n);
}

void
admin_answer(struct admin_conn *c, uint16_t status, const char *type,
	struct str body)
{
	admin_answer_with(c, status, type, "", body);
}

void
admin_answer_line(struct admin_conn *c, uint16_t status, const char *line)
{
	char buf[320];
	int n = snprintf(buf, sizeof(buf), "%.318s\n", line);

	admin_answer(c, status, ADMIN_TEXT, (struct str){buf, (size_t)n});
}

struct str
admin_field(const struct admin_request *rq, const char *name)
{
	const struct http1_field *found = NULL;

	for (size_t i = 0; i < rq->head->nfields; i++) {
		const struct http1_field *f = &rq->head->fields[i];
		if (!str_eq_nocase(f->name, str_of(name)))
			continue;
		if (found)
			return STR(",");
		found = f;
	}
	return found ? found->value : STR("");
}

/* --- routes ------------------------------------------------------------------ */

static void
answer_health(struct admin_conn *c, const struct admin_request *rq)
{
	(void)rq;

	if (c->admin->stopping)
		admin_answer_line(c, 503, "stopping");
	else
		admin_answer_line(c, 200, "ok");
}

static void
tell_ready(struct admin_conn *c)
{
	struct admin *a = c->admin;

	c->waits = false;
	if (a->stopping) {
		admin_answer_line(c, 503, "stopping");
		return;
	}
	switch (ready_ask(&a->ready)) {
	case READY_YES:
		admin_answer_line(c, 200, "ok");
		return;
	case READY_NO:
		admin_answer_line(c, 503, a->ready.reason);
		return;
	case READY_UNKNOWN:
		c->waits = true;
		return;
	}
}

static void
answer_ready(struct admin_conn *c, const struct admin_request *rq)
{
	(void)rq;

	tell_ready(c);
}

static void
on_readiness(void *arg)
{
	struct admin *a = arg;

	for (struct admin_conn *c = a->first; c; c = c->next)
		if (c->waits)
			tell_ready(c);
}

static void
answer_metrics(struct admin_conn *c, const struct admin_request *rq)
{
	size_t n;
	(void)rq;

	char *text =
		scrape_text(c->admin->shared, c->admin->shared->generation, &n);

	if (text)
		admin_answer(c, 200, SCRAPE_TYPE, (struct str){text, n});
	else
		admin_answer_line(c, 503, "out of memory");
	free(text);
}

enum guard { OPEN, PAGE, API };

static const struct route {
	enum door_kind door;
	enum guard guard;
	bool is_post;
	struct str path;
	void (*answer)(struct admin_conn *c, const struct admin_request *rq);
} routes[] = {
	{DOOR_ADMIN, OPEN, false, STR("/healthz"), answer_health},
	{DOOR_ADMIN, OPEN, false, STR("/readyz"), answer_ready},
	{DOOR_ADMIN, OPEN, false, STR("/metrics"), answer_metrics},
	{DOOR_ADMIN, PAGE, false, STR("/"), status_page},
	{DOOR_ADMIN, API, false, STR("/api/status"), status_status},
	{DOOR_ADMIN, API, false, STR("/api/rules"), status_rules},
	{DOOR_ADMIN, API, false, STR("/api/denials"), status_denials},
	{DOOR_ADMIN, API, false, STR("/api/events"), status_events},
	{DOOR_ADMIN, API, true, STR("/api/explain"), status_explain},
};

static const struct route *
find_route(const struct admin_conn *c, struct str path)
{
	static const struct route metrics = {.answer = answer_metrics};
	const struct settings *s =
		&c->admin->shared->generation->policy->settings;

	if (c->kind == DOOR_METRICS)
		return str_eq(path, s->metrics.path) ? &metrics : NULL;
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (str_eq(path, routes[i].path))
			return &routes[i];
	return NULL;
}

static void
refuse_method(struct admin_conn *c, bool is_post)
{
	struct str text =
		is_post ? STR("POST only\n") : STR("GET and HEAD only\n");

	admin_answer_with(c, 405, ADMIN_TEXT,
		is_post ? "Allow: POST\r\n" : "Allow: GET, HEAD\r\n", text);
}

static void
route(struct admin_conn *c, const struct admin_request *rq)
{
	enum method method = rq->head->method;
	const struct route *r = find_route(c, rq->path);
	bool is_post = r && r->is_post;

	c->is_head = method == METHOD_HEAD;
	if (is_post ? method != METHOD_POST
		    : method != METHOD_GET && method != METHOD_HEAD) {
		refuse_method(c, is_post);
		return;
	}
	if (!r) {
		admin_answer_line(c, 404, "there is nothing here");
		return;
	}
	if (r->guard == OPEN || status_guard(c, rq, r->guard == API))
		r->answer(c, rq);
}

/* --- requests ----------------------------------------------------------------- */

/* False: more of its body must come. */
static bool
take_body(struct admin_conn *c, const struct http1_head *h, struct str rest,
	struct str *body_out)
{
	*body_out = STR("");
	if (h->method != METHOD_POST || h->framing == HTTP1_NO_BODY)
		return true;
	if (h->framing != HTTP1_LENGTH) {
		admin_answer_line(c, 411, "a Content-Length is needed");
		return true;
	}
	if (h->content_length > ADMIN_BODY_BYTES) {
		admin_answer_line(c, 413, why_text(WHY_BODY_TOO_LARGE));
		return true;
	}
	if (rest.n < h->content_length)
		return false;
	*body_out = (struct str){rest.p, h->content_length};
	return true;
}

/* False: more of it must come. */
static bool
on_request(struct admin_conn *c, struct str in)
{
	struct http1_field fields[FIELDS_MAX];
	struct http1_head h = {.fields = fields, .max_fields = FIELDS_MAX};
	struct admin_request rq = {.head = &h};

	enum why why = http1_parse_request(in.p, c->head, &h);
	if (why) {
		admin_answer_line(c, why_status(why), why_text(why));
		return true;
	}
	if (!take_body(c, &h, str_from(in, c->head), &rq.body))
		return false;
	rq.path = h.target;
	rq.path.n = str_find(h.target, STR("?"));
	if (!c->answered)
		route(c, &rq);
	return true;
}

/* The head's end, if it has come; else it may be the end of the request. */
static bool
find_head(struct admin_conn *c, struct str in)
{
	if (c->head)
		return true;
	switch (http1_scan_head(in.p, in.n, &c->seen, &c->head)) {
	case HTTP1_BAD:
		admin_answer_line(c, 400, why_text(WHY_HEAD_LINE_END));
		return false;
	case HTTP1_DONE:
		if (c->head <= ADMIN_HEAD_BYTES)
			return true;
		break;
	case HTTP1_MORE:
		if (in.n < ADMIN_HEAD_BYTES)
			return false;
		break;
	}
	admin_answer_line(c, 431, why_text(WHY_HEAD_TOO_LARGE));
	return false;
}

static void
on_input(struct bufferevent *bev, void *arg)
{
	struct admin_conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n = evbuffer_get_length(in);

	if (!c->answered && !c->waits) {
		const char *p = (const char *)evbuffer_pullup(in, -1);
		const struct str all = {p, n};
		if (find_head(c, all) && !on_request(c, all))
			return;
		if (!c->head && !c->answered)
			return;
	}
	evbuffer_drain(in, n);
}

/* Written. What the client still sends is read, until it ends: closing on
 * unread bytes would destroy the answer on its way. */
static void
on_written(struct bufferevent *bev, void *arg)
{
	struct admin_conn *c = arg;

	if (!c->answered || c->streams)
		return;
	if (c->eof)
		admin_conn_free(c);
	else
		shutdown(bufferevent_getfd(bev), SHUT_WR);
}

static void
on_end(struct bufferevent *bev, short what, void *arg)
{
	struct admin_conn *c = arg;
	struct evbuffer *out = bufferevent_get_output(bev);

	c->eof = true;
	if ((what & BEV_EVENT_ERROR) || c->streams ||
		(!c->answered && !c->waits) ||
		(c->answered && evbuffer_get_length(out) == 0))
		admin_conn_free(c);
}

static void
on_old(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;

	admin_conn_free(arg);
}

/* The oldest that is not there to stay. */
static void
make_room(struct admin *a)
{
	struct admin_conn *c = a->first;

	while (c && c->streams)
		c = c->next;
	if (c)
		admin_conn_free(c);
}

static struct ip
ip_of(const struct sockaddr_storage *sa)
{
	struct ip ip = {.b = {[10] = 0xff, [11] = 0xff}, .set = true};

	if (sa->ss_family == AF_INET)
		memcpy(ip.b + 12, &((const struct sockaddr_in *)sa)->sin_addr,
			4);
	else
		memcpy(ip.b, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	return ip;
}

static void
conn_new(struct door *d, int fd, const struct sockaddr_storage *sa)
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
		make_room(a);
	*c = (struct admin_conn){
		.prev = a->last,
		.admin = a,
		.bev = bev,
		.timer = evtimer_new(base, on_old, c),
		.ip = ip_of(sa),
		.kind = d->kind,
	};
	*(a->last ? &a->last->next : &a->first) = c;
	a->last = c;
	a->nconns++;
	if (!c->timer || evtimer_add(c->timer, &life) != 0) {
		admin_conn_free(c);
		return;
	}
	bufferevent_setwatermark(
		bev, EV_READ, 0, ADMIN_HEAD_BYTES + ADMIN_BODY_BYTES);
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
		struct sockaddr_storage sa = {0};
		socklen_t len = sizeof(sa);
		int client = accept4(fd, (struct sockaddr *)&sa, &len,
			SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client >= 0) {
			conn_new(d, client, &sa);
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

/* What the status page needs; without the listener nothing. */
static bool
open_status(struct admin *a, const struct settings_admin *s)
{
	struct shared *shared = a->shared;

	if (s->bind.n == 0)
		return true;
	a->beyond = settings_is_beyond(s->bind);
	shared->denials = denials_new(shared->nworkers);
	return shared->denials && status_stream_init(a);
}

struct admin *
admin_open(struct shared *shared, const struct reload *reload)
{
	const struct settings *s = &shared->generation->policy->settings;
	struct admin *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->shared = shared;
	a->reload = reload;
	for (int i = 0; i < DOORS; i++)
		a->doors[i] = (struct door){
			.admin = a, .fd = -1, .kind = (enum door_kind)i};
	if (ready_init(&a->ready, shared->first, on_readiness, a) &&
		open_status(a, &s->admin) &&
		open_door(
			a, DOOR_ADMIN, "admin", s->admin.bind, s->admin.port) &&
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
		admin_conn_free(a->first);
	status_stream_fini(a);
	lockout_free(a->lockout);
	ready_fini(&a->ready);
	free(a);
}
