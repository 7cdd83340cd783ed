/* The Engine's side: addresses, dialling, the pool. */
#include "daemon/engine.h"

#include "daemon/flow.h"
#include "daemon/generation.h"
#include "daemon/log.h"
#include "daemon/worker.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#define POOL_MIN 4u   /* idle connections kept whatever the load was */
#define POOL_MAX 512u /* and at most, a worker */

/* --- addresses ------------------------------------------------------------ */

static void
add_unix(struct engine_address *a, struct str path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	if (path.n == 0 || path.n >= sizeof(un.sun_path) ||
		a->n == sizeof(a->at) / sizeof(a->at[0]))
		return;
	memcpy(un.sun_path, path.p, path.n);
	memcpy(&a->at[a->n].sa, &un, sizeof(un));
	a->at[a->n].len = sizeof(un);
	a->n++;
}

static bool
add_tcp(struct engine_address *a, struct str host, uint16_t port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
	char service[8];

	snprintf(service, sizeof(service), "%u", port);
	int err = getaddrinfo(host.p, service, &hints, &list);
	if (err) {
		log_say(LOG_LEVEL_ERROR, "cannot resolve the Engine %.*s: %s",
			STR_FMT(host), gai_strerror(err));
		return false;
	}
	for (struct addrinfo *ai = list;
		ai && a->n < sizeof(a->at) / sizeof(a->at[0]);
		ai = ai->ai_next) {
		memcpy(&a->at[a->n].sa, ai->ai_addr, ai->ai_addrlen);
		a->at[a->n++].len = ai->ai_addrlen;
	}
	freeaddrinfo(list);
	return a->n > 0;
}

bool
engine_resolve(const struct settings_engine *e, struct engine_address *out)
{
	*out = (struct engine_address){0};
	if (e->kind == ENGINE_TCP) {
		out->text = e->host;
		return add_tcp(out, e->host, e->port);
	}
	if (e->kind == ENGINE_UNIX) {
		out->text = e->path;
		add_unix(out, e->path);
		if (out->n == 0)
			log_say(LOG_LEVEL_ERROR,
				"the Engine's socket path is too long: %.*s",
				STR_FMT(e->path));
		return out->n > 0;
	}
	for (size_t i = 0; i < 3; i++)
		add_unix(out, e->candidates[i]);
	out->text = e->candidates[0];
	return out->n > 0;
}

bool
engine_answers(const struct engine_address *a)
{
	/* One that hangs, its backlog full, must not hold our start up. */
	const struct timeval patience = {.tv_sec = 1};

	for (size_t i = 0; i < a->n; i++) {
		int fd = socket(
			a->at[i].sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
			sizeof(patience));
		int err = connect(fd, (const struct sockaddr *)&a->at[i].sa,
			a->at[i].len);
		close(fd);
		if (err == 0)
			return true;
	}
	return false;
}

/* --- the pool --------------------------------------------------------------- */

static struct engine_conn *
conn_of(struct leg *leg)
{
	return (struct engine_conn *)((char *)leg -
				      offsetof(struct engine_conn, leg));
}

static void
unlink_idle(struct engine_conn *c)
{
	struct engine_pool *p = &c->worker->pool;

	if (c->prev)
		c->prev->next = c->next;
	else
		p->idle = c->next;
	if (c->next)
		c->next->prev = c->prev;
	c->prev = c->next = NULL;
	p->nidle--;
	metrics_sub(&c->worker->metrics, METRIC_ENGINE_IDLE, 1);
	deadline_clear(&c->deadline);
}

/* Closed now; freed after the loop turn, since libevent may still have its
 * event among the active ones. */
static void
discard(struct engine_conn *c)
{
	struct engine_pool *p = &c->worker->pool;

	leg_close(&c->leg);
	c->flow = NULL;
	c->next = p->dead;
	p->dead = c;
	worker_tidy_soon(c->worker);
}

static void
on_wake(struct leg *leg)
{
	struct engine_conn *c = conn_of(leg);

	if (leg->fd < 0)
		return;
	if (c->flow) {
		flow_run(c->flow);
		return;
	}
	if (leg_is_silent(leg))
		return;
	/* Idle: whatever it is, it is not an answer to anything. */
	unlink_idle(c);
	discard(c);
}

static void
on_deadline(struct deadline *d, enum deadline_class class)
{
	struct engine_conn *c =
		(struct engine_conn *)((char *)d -
				       offsetof(struct engine_conn, deadline));
	(void)class;

	unlink_idle(c);
	discard(c);
}

static int
dial_address(const struct engine_address *a, size_t i, bool *pending)
{
	const struct sockaddr *sa = (const struct sockaddr *)&a->at[i].sa;
	int fd = socket(
		sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (sa->sa_family != AF_UNIX)
		leg_setup_tcp(fd);
	*pending = false;
	if (connect(fd, sa, a->at[i].len) == 0)
		return fd;
	if (errno == EINPROGRESS) {
		*pending = true;
		return fd;
	}
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static enum engine_dial
dial(struct worker *w, struct engine_conn **out)
{
	const struct engine_address *a = &w->shared->engine;
	const struct generation *g = w->generation;
	bool pending = false;
	int fd = -1;

	errno = ENOENT;
	for (size_t i = 0; i < a->n && fd < 0; i++) {
		fd = dial_address(a, i, &pending);
		/* A unix listener's backlog is full, or we are out of
		 * descriptors. */
		if (fd < 0 && (errno == EAGAIN || leg_exhausted(errno)))
			return ENGINE_AGAIN;
	}
	if (fd < 0)
		return ENGINE_FAIL;
	struct engine_conn *c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		errno = ENOMEM;
		return ENGINE_FAIL;
	}
	c->worker = w;
	c->generation = g->number;
	c->deadline.fire = on_deadline;
	bool ok = leg_open(&c->leg, w->base, &w->blocks, fd, on_wake);
	if (ok && g->tls && !leg_start_tls(&c->leg, g->tls)) {
		leg_close(&c->leg);
		ok = false;
	}
	if (!ok) {
		free(c);
		errno = ENOMEM;
		return ENGINE_FAIL;
	}
	if (pending) {
		c->leg.connecting = true;
		c->leg.can_write = false;
		leg_watch(&c->leg, false, true);
	}
	*out = c;
	return ENGINE_OK;
}

/* What a connection said before it was asked answers nothing (RFC 9112 section
 * 9.2). While idle its event goes first: those that have spoken or ended are
 * gone before any request of the same turn of the loop asks for one. NULL when
 * there is none. */
static struct engine_conn *
take_idle(struct engine_pool *p)
{
	while (p->idle) {
		struct engine_conn *c = p->idle;
		unlink_idle(c);
		c->reused = true;
		if (leg_go_first(&c->leg, false))
			return c;
		discard(c);
	}
	return NULL;
}

enum engine_dial
engine_get(struct worker *w, struct flow *flow, bool fresh,
	struct engine_conn **out)
{
	struct engine_pool *p = &w->pool;
	struct engine_conn *c = fresh ? NULL : take_idle(p);

	if (!c) {
		enum engine_dial r = dial(w, &c);
		if (r != ENGINE_OK)
			return r;
	}
	c->flow = flow;
	metrics_add(&w->metrics, METRIC_ENGINE_BUSY, 1);
	if (++p->busy > p->busy_peak)
		p->busy_peak = p->busy;
	*out = c;
	return ENGINE_OK;
}

int
engine_connected(struct engine_conn *c)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(c->leg.fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
		return errno;
	if (err == 0) {
		c->leg.connecting = false;
		leg_watch(&c->leg, true, false);
	}
	return err;
}

/* Made with certificates that have been read again since. */
static bool
is_outdated(const struct engine_conn *c)
{
	const struct generation *g = c->worker->generation;

	return g->tls && c->generation != g->number;
}

void
engine_put(struct engine_conn *c, bool reusable)
{
	struct engine_pool *p = &c->worker->pool;
	unsigned keep = p->busy_peak < POOL_MIN ? POOL_MIN : p->busy_peak;

	p->busy--;
	metrics_sub(&c->worker->metrics, METRIC_ENGINE_BUSY, 1);
	c->flow = NULL;
	if (!reusable || c->leg.failed || c->leg.rd_eof || c->leg.wr_shut ||
		c->leg.in.start != c->leg.in.end || leg_has_more(&c->leg) ||
		is_outdated(c) ||
		p->nidle >= (keep < POOL_MAX ? keep : POOL_MAX)) {
		discard(c);
		return;
	}
	leg_relax(&c->leg);
	leg_watch(&c->leg, true, false);
	/* It has spoken in this turn already. */
	if (!leg_go_first(&c->leg, true)) {
		discard(c);
		return;
	}
	c->next = p->idle;
	if (p->idle)
		p->idle->prev = c;
	p->idle = c;
	p->nidle++;
	metrics_add(&c->worker->metrics, METRIC_ENGINE_IDLE, 1);
	deadline_set(&c->worker->deadlines, &c->deadline, DEADLINE_POOL);
}

void
engine_pool_close_idle(struct engine_pool *p)
{
	while (p->idle) {
		struct engine_conn *c = p->idle;
		unlink_idle(c);
		discard(c);
	}
}

void
engine_pool_bury(struct engine_pool *p)
{
	while (p->dead) {
		struct engine_conn *c = p->dead;
		p->dead = c->next;
		free(c);
	}
}
