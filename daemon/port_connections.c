/* The port proxy's connections over TCP and SCTP: accepting, dialling,
 * relaying. */
#include "daemon/port_connections.h"

#include "daemon/port.h"
#include "daemon/relay_messages.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Behind sys/socket.h, which it needs. */
#include <linux/sctp.h>

/* Without descriptors, how long to wait for some. */
#define PAUSE_MS 100
#define RETRY_MS 100

/* What the one protocol does differently from the other. */
struct carrier {
	const char *name;
	int protocol;
	/* What is set on a listener holds for whom it accepts. */
	void (*setup)(int fd);
	enum relay_step (*run)(
		struct relay *r, struct leg *src, struct leg *dst);
	bool is_stream; /* of bytes, and each direction ends on its own */
};

struct acceptor {
	/* By value: tables of addresses are forgotten (port_sandbox.h). */
	struct carrier carrier;
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
	struct acceptor *acceptor; /* borrowed */
	struct leg client, backend;
	struct relay up, down;
	struct outq up_q, down_q;
	struct iovec refs[2]; /* one of each: no more is read before it has
				 been written */
	struct event timer;
	union port_sockaddr from;
	uint32_t waited_ms; /* for a container that does not listen yet */
	bool connecting;    /* nothing is known of it yet */
	bool retrying;
};

/* --- sockets ---------------------------------------------------------------- */

static void
set(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

/* As Go sets them. */
static void
setup_tcp(int fd)
{
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 15);
	set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
	set(fd, IPPROTO_TCP, TCP_KEEPCNT, 9);
}

/* As many streams as there can be, of which either side takes what it will;
 * and of messages, what came with them. An association has heartbeats of its
 * own. */
static void
setup_sctp(int fd)
{
	const struct sctp_initmsg init = {.sinit_num_ostreams = UINT16_MAX};
	/* The first member alone: of systems the older have fewer. */
	const uint8_t data_io_event = 1;

	setsockopt(fd, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof(init));
	setsockopt(fd, IPPROTO_SCTP, SCTP_EVENTS, &data_io_event,
		sizeof(data_io_event));
	set(fd, IPPROTO_SCTP, SCTP_NODELAY, 1);
}

static const struct carrier carriers[] = {
	[PORT_TCP] = {"tcp", IPPROTO_TCP, setup_tcp, relay_run, true},
	[PORT_SCTP] = {"sctp", IPPROTO_SCTP, setup_sctp, relay_run_messages,
		false},
};

static int
make_socket(const struct acceptor *a)
{
	int fd = socket(a->port->container.addr.sa.sa_family,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		a->carrier.protocol);

	if (fd >= 0)
		a->carrier.setup(fd);
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
resume(struct acceptor *a)
{
	if (!a->paused)
		return;
	a->paused = false;
	event_del(&a->resume);
	event_add(&a->accept, NULL);
}

static void
conn_free(struct conn *c)
{
	struct acceptor *a = c->acceptor;

	relay_clear(&c->up, &a->blocks);
	relay_clear(&c->down, &a->blocks);
	leg_close(&c->client);
	leg_close(&c->backend);
	event_del(&c->timer);
	port_forward_leave(&a->port->forward, &c->from);
	free(c);
	resume(a);
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
log_dial(const struct acceptor *a, int error)
{
	char to[PORT_END_TEXT], why[PORT_ERROR_TEXT];
	const char *name = a->carrier.name;

	port_end_text(&a->port->container, to);
	port_log("Can't forward traffic to backend %s/%s: dial %s %s: "
		 "connect: %s",
		name, to, name, to, port_error_text(error, why));
}

/* --- dialling ------------------------------------------------------------------ */

static void on_backend(struct leg *leg);

/* Takes fd over. False: the address does not do, or there is no memory. */
static bool
dial(struct conn *c, int fd)
{
	struct acceptor *a = c->acceptor;
	const union port_sockaddr *to = &a->port->container.addr;

	c->connecting = true;
	if (connect(fd, &to->sa, port_sockaddr_len(to)) != 0 &&
		errno != EINPROGRESS) {
		int error = errno;
		close(fd);
		errno = error;
		return false;
	}
	errno = ENOMEM;
	return leg_open(&c->backend, a->port->base, &a->blocks, fd, on_backend);
}

/* The container does not answer. With connect-retry it may yet. */
static void
dial_failed(struct conn *c, int error)
{
	const struct port_forward *f = &c->acceptor->port->forward;

	leg_close(&c->backend);
	if (c->waited_ms < f->connect_retry_ms) {
		c->waited_ms += RETRY_MS;
		c->retrying = true;
		leg_watch_peer(&c->client, false, false);
		arm_timer(&c->timer, RETRY_MS);
		return;
	}
	log_dial(c->acceptor, error);
	conn_free(c);
}

/* Nothing is sent before there is a connection: an end would undo it. A client
 * that goes away is not waited for. */
static void
await_backend(struct conn *c)
{
	if (c->client.hung_up) {
		conn_reset(c);
		return;
	}
	leg_watch_peer(&c->client, false, false);
	leg_watch_peer(&c->backend, true, true);
}

/* 0, EINPROGRESS, or why the connection was not made. One that breaks later is
 * none of these. */
static int
dial_error(const struct leg *leg)
{
	struct pollfd p = {.fd = leg->fd, .events = POLLOUT};
	int error = 0;
	socklen_t n = sizeof(error);

	if (poll(&p, 1, 0) == 0)
		return EINPROGRESS;
	if (p.revents & POLLERR)
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
	uint32_t half_close_ms = c->acceptor->port->forward.half_close_ms;
	const struct carrier *with = &c->acceptor->carrier;
	enum relay_step down = with->run(&c->down, &c->backend, &c->client);
	enum relay_step up = with->run(&c->up, &c->client, &c->backend);

	if (is_broken(&c->backend, down) || is_broken(&c->client, up)) {
		conn_reset(c);
		return;
	}
	if (with->is_stream ? c->up.done && c->down.done
			    : c->up.done || c->down.done) {
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
on_event(struct conn *c)
{
	if (c->retrying) {
		if (c->client.hung_up)
			conn_free(c);
		return;
	}
	if (c->connecting) {
		int error = dial_error(&c->backend);
		if (error == EINPROGRESS) {
			await_backend(c);
			return;
		}
		if (error && error != ECONNRESET) {
			dial_failed(c, error);
			return;
		}
		c->connecting = false;
		c->backend.rd_failed |= error != 0;
	}
	run(c);
}

static void
on_client(struct leg *leg)
{
	on_event((struct conn *)((char *)leg - offsetof(struct conn, client)));
}

static void
on_backend(struct leg *leg)
{
	on_event((struct conn *)((char *)leg - offsetof(struct conn, backend)));
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
	int backend = make_socket(c->acceptor);
	if (backend < 0 || !dial(c, backend))
		dial_failed(c, errno);
	else
		on_event(c);
}

/* --- accepting ------------------------------------------------------------------ */

static bool
tell_client(struct conn *c)
{
	struct acceptor *a = c->acceptor;
	union port_sockaddr own;
	socklen_t n = sizeof(own);

	if (!a->port->forward.proxy_protocol || !a->carrier.is_stream)
		return true;
	char *p = outq_reserve(&c->up_q, &a->blocks, PORT_HEADER_MAX);
	if (!p || getsockname(c->client.fd, &own.sa, &n) != 0)
		return false;
	outq_commit(&c->up_q,
		port_forward_header(&a->port->forward, &c->from, &own, p));
	return true;
}

/* Takes both descriptors over. */
static void
conn_start(struct acceptor *a, int client, int backend,
	const union port_sockaddr *from)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c || !port_forward_enter(&a->port->forward, from)) {
		close(client);
		a->spare = backend;
		free(c);
		return;
	}
	c->acceptor = a;
	c->from = *from;
	c->up_q.refs = &c->refs[0];
	c->down_q.refs = &c->refs[1];
	relay_init(&c->up, &c->up_q, &a->pipes);
	relay_init(&c->down, &c->down_q, &a->pipes);
	c->client.fd = c->backend.fd = -1;
	evtimer_assign(&c->timer, a->port->base, on_timer, c);
	if (!leg_open(
		    &c->client, a->port->base, &a->blocks, client, on_client)) {
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
		on_event(c);
}

/* Who waits in the queue goes on waiting. */
static void
pause_accepting(struct acceptor *a)
{
	event_del(&a->accept);
	a->paused = true;
	arm_timer(&a->resume, PAUSE_MS);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct acceptor *a = arg;
	union port_sockaddr from;
	socklen_t n = sizeof(from);
	(void)what;

	if (a->spare < 0)
		a->spare = make_socket(a);
	int client = a->spare < 0 ? -1
				  : accept4(fd, &from.sa, &n,
					    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client >= 0) {
		int backend = a->spare;
		a->spare = -1;
		conn_start(a, client, backend, &from);
		return;
	}
	/* Of errors of the one who came, the next knows nothing. */
	if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
		pause_accepting(a);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;

	resume(arg);
}

bool
port_connections_start(struct port *p)
{
	struct acceptor *a = calloc(1, sizeof(*a));

	if (!a)
		return false;
	a->port = p;
	a->carrier = carriers[p->proto];
	a->spare = -1;
	a->carrier.setup(p->fd);
	evtimer_assign(&a->resume, p->base, on_resume, a);
	event_assign(
		&a->accept, p->base, p->fd, EV_READ | EV_PERSIST, on_accept, a);
	return event_add(&a->accept, NULL) == 0;
}
