/* The port proxy's connections over TCP: accepting, dialling, relaying. */
#include "daemon/port_tcp.h"

#include "daemon/port.h"
#include "daemon/relay.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Without descriptors, how long to wait for some. */
#define PAUSE_MS 100
#define RETRY_MS 100

struct tcp {
	struct port *port;   /* borrowed */
	struct event accept; /* of the listener */
	struct event resume;
	struct blocks blocks;
	struct pipes pipes;
	/* The next connection's socket towards the container, made before it
	 * is accepted: who was let in is served. -1: none. */
	int spare;
	bool paused;
};

struct conn {
	struct tcp *tcp; /* borrowed */
	struct leg client, backend;
	struct relay up, down;
	struct event timer;
	union port_sockaddr from;
	uint32_t waited_ms; /* for a container that does not listen yet */
	bool connecting;    /* nothing is known of it yet */
	bool retrying;
};

/* --- sockets ---------------------------------------------------------------- */

/* As Go sets them. What is set on a listener holds for whom it accepts. */
static void
setup(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, 15},
		{IPPROTO_TCP, TCP_KEEPINTVL, 15},
		{IPPROTO_TCP, TCP_KEEPCNT, 9},
	};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, options[i].level, options[i].name,
			&options[i].value, sizeof(options[i].value));
}

static int
make_socket(const struct tcp *t)
{
	int fd = socket(t->port->container.addr.sa.sa_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		setup(fd);
	return fd;
}

static void
arm_timer(struct event *timer, uint32_t ms)
{
	const struct timeval tv = {
		.tv_sec = ms / 1000,
		.tv_usec = (suseconds_t)(ms % 1000) * 1000,
	};

	event_add(timer, &tv);
}

/* --- the end of one ----------------------------------------------------------- */

static void
resume(struct tcp *t)
{
	if (!t->paused)
		return;
	t->paused = false;
	event_del(&t->resume);
	event_add(&t->accept, NULL);
}

static void
conn_free(struct conn *c)
{
	struct tcp *t = c->tcp;

	relay_clear(&c->up, &t->blocks);
	relay_clear(&c->down, &t->blocks);
	leg_close(&c->client);
	leg_close(&c->backend);
	event_del(&c->timer);
	port_forward_leave(&t->port->forward, &c->from);
	free(c);
	resume(t);
}

/* The other side must not take what it has got for all there was. */
static void
conn_reset(struct conn *c)
{
	leg_reset(&c->client);
	leg_reset(&c->backend);
	conn_free(c);
}

static void
log_dial(const struct tcp *t, int error)
{
	char to[PORT_END_TEXT], why[PORT_ERROR_TEXT];

	port_end_text(&t->port->container, to);
	port_log("Can't forward traffic to backend tcp/%s: dial tcp %s: "
		 "connect: %s",
		to, to, port_error_text(error, why));
}

/* --- dialling ------------------------------------------------------------------ */

static void on_backend(struct leg *leg);

/* Takes fd over. False: the address does not do, or there is no memory. */
static bool
dial(struct conn *c, int fd)
{
	struct tcp *t = c->tcp;
	const union port_sockaddr *to = &t->port->container.addr;

	c->connecting = true;
	if (connect(fd, &to->sa, port_sockaddr_len(to)) != 0 &&
		errno != EINPROGRESS) {
		int error = errno;
		close(fd);
		errno = error;
		return false;
	}
	errno = ENOMEM;
	return leg_open(&c->backend, t->port->base, &t->blocks, fd, on_backend);
}

/* The container does not answer. With connect-retry it may yet. */
static void
dial_failed(struct conn *c, int error)
{
	const struct port_forward *f = &c->tcp->port->forward;

	leg_close(&c->backend);
	if (c->waited_ms < f->connect_retry_ms) {
		c->waited_ms += RETRY_MS;
		c->retrying = true;
		leg_watch_peer(&c->client, false, false);
		arm_timer(&c->timer, RETRY_MS);
		return;
	}
	log_dial(c->tcp, error);
	conn_free(c);
}

/* 0, or why the connection was not made. One that breaks later is none of
 * these. */
static int
dial_error(const struct leg *leg)
{
	int error = 0;
	socklen_t n = sizeof(error);

	getsockopt(leg->fd, SOL_SOCKET, SO_ERROR, &error, &n);
	return error;
}

/* --- relaying ------------------------------------------------------------------ */

/* After an orderly end of what we send a hang-up is only the other half. */
static bool
is_reset(const struct leg *leg)
{
	return leg->rd_failed || (leg->hung_up && !leg->wr_shut);
}

/* A side that takes no more has nothing more to say, once it is read. */
static bool
is_broken(const struct leg *leg, enum relay_step from)
{
	return is_reset(leg) || (leg->failed && from != RELAY_WAIT);
}

static void
watch(struct leg *leg, const struct relay *in, const struct relay *out,
	bool out_fails)
{
	leg_watch_peer(leg, !leg->rd_eof && !relay_holds(in),
		relay_holds(out) && !out_fails);
}

static void
run(struct conn *c)
{
	uint32_t half_close_ms = c->tcp->port->forward.half_close_ms;
	enum relay_step down = relay_run(&c->down, &c->backend, &c->client);
	enum relay_step up = relay_run(&c->up, &c->client, &c->backend);

	if (is_broken(&c->backend, down) || is_broken(&c->client, up)) {
		conn_reset(c);
		return;
	}
	if (c->up.done && c->down.done) {
		conn_free(c);
		return;
	}
	watch(&c->client, &c->up, &c->down, c->client.failed);
	watch(&c->backend, &c->down, &c->up, c->backend.failed);
	if (half_close_ms && (c->up.done || c->down.done) &&
		!event_pending(&c->timer, EV_TIMEOUT, NULL))
		arm_timer(&c->timer, half_close_ms);
}

static void
on_event(struct conn *c, bool of_backend)
{
	if (c->retrying) {
		if (c->client.hung_up)
			conn_free(c);
		return;
	}
	if (c->connecting) {
		int error = dial_error(&c->backend);
		if (error && error != ECONNRESET) {
			dial_failed(c, error);
			return;
		}
		c->connecting = !of_backend;
		c->backend.rd_failed |= error != 0;
	}
	run(c);
}

static void
on_client(struct leg *leg)
{
	on_event((struct conn *)((char *)leg - offsetof(struct conn, client)),
		false);
}

static void
on_backend(struct leg *leg)
{
	on_event((struct conn *)((char *)leg - offsetof(struct conn, backend)),
		true);
}

/* To dial again; or one half has been closed for too long. */
static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	(void)fd;
	(void)what;

	if (!c->retrying) {
		conn_reset(c);
		return;
	}
	c->retrying = false;
	int backend = make_socket(c->tcp);
	if (backend < 0 || !dial(c, backend))
		dial_failed(c, errno);
	else
		on_event(c, false);
}

/* --- accepting ------------------------------------------------------------------ */

static bool
tell_client(struct conn *c)
{
	struct tcp *t = c->tcp;
	union port_sockaddr own;
	socklen_t n = sizeof(own);

	if (!t->port->forward.proxy_protocol)
		return true;
	char *p = outq_reserve(&c->up.q, &t->blocks, PORT_HEADER_MAX);
	if (!p || getsockname(c->client.fd, &own.sa, &n) != 0)
		return false;
	outq_commit(&c->up.q,
		port_forward_header(&t->port->forward, &c->from, &own, p));
	return true;
}

/* Takes both descriptors over. */
static void
conn_start(
	struct tcp *t, int client, int backend, const union port_sockaddr *from)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c || !port_forward_enter(&t->port->forward, from)) {
		close(client);
		t->spare = backend;
		free(c);
		return;
	}
	c->tcp = t;
	c->from = *from;
	relay_init(&c->up, &t->pipes);
	relay_init(&c->down, &t->pipes);
	c->client.fd = c->backend.fd = -1;
	evtimer_assign(&c->timer, t->port->base, on_timer, c);
	if (!leg_open(
		    &c->client, t->port->base, &t->blocks, client, on_client)) {
		close(backend);
		conn_free(c);
		return;
	}
	bool dialled = dial(c, backend);
	int error = errno;
	if (!tell_client(c)) {
		conn_free(c);
		return;
	}
	if (!dialled)
		dial_failed(c, error);
	else if (relay_holds(&c->up))
		on_event(c, false);
}

/* Who waits in the queue goes on waiting. */
static void
pause_accepting(struct tcp *t)
{
	event_del(&t->accept);
	t->paused = true;
	arm_timer(&t->resume, PAUSE_MS);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct tcp *t = arg;
	union port_sockaddr from;
	socklen_t n = sizeof(from);
	(void)what;

	if (t->spare < 0)
		t->spare = make_socket(t);
	int client = t->spare < 0 ? -1
				  : accept4(fd, &from.sa, &n,
					    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client >= 0) {
		int backend = t->spare;
		t->spare = -1;
		conn_start(t, client, backend, &from);
		return;
	}
	/* Of errors of the one who came, the next knows nothing. */
	if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		pause_accepting(t);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;

	resume(arg);
}

bool
port_tcp_start(struct port *p)
{
	struct tcp *t = calloc(1, sizeof(*t));

	if (!t)
		return false;
	t->port = p;
	t->spare = -1;
	setup(p->fd);
	evtimer_assign(&t->resume, p->base, on_resume, t);
	event_assign(
		&t->accept, p->base, p->fd, EV_READ | EV_PERSIST, on_accept, t);
	return event_add(&t->accept, NULL) == 0;
}
