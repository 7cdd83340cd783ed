/* The port proxy's datagrams: a socket towards the container for each client,
 * so that what comes back is known to be his.
 *
 * All share one set of buffers. Nothing is kept of a datagram: one that cannot
 * be sent on at once is lost, as datagrams are.
 */
#include "daemon/port_udp.h"

#include "daemon/port.h"
#include "daemon/port_datagrams.h"
#include "runtime/siphash.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* How often those are looked for who have been silent for too long: a tenth
 * of what is too long. */
#define SWEEPS      10
#define TABLE_LEAST 64u

struct client {
	struct client *next; /* of the same hash */
	struct udp *udp;     /* borrowed */
	struct event event;
	union port_sockaddr from;
	struct port_source source; /* our address, which it has sent to */
	uint32_t seen_ms;          /* a datagram, either way */
	int fd;                    /* owned: towards the container */
};

struct udp {
	struct port *port; /* borrowed */
	struct event event;
	struct event sweep;
	struct client **table; /* owned; a power of two of lists */
	uint32_t ntable, nclients;
	struct siphash_key key;
	struct port_datagrams *datagrams; /* owned */
};

static uint32_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint32_t)((uint64_t)now.tv_sec * 1000 +
			  (uint64_t)now.tv_nsec / 1000000);
}

/* --- the table --------------------------------------------------------------- */

static bool
is_same(const union port_sockaddr *a, const union port_sockaddr *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	if (a->sa.sa_family == AF_INET)
		return a->in.sin_port == b->in.sin_port &&
		       a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	return a->in6.sin6_port == b->in6.sin6_port &&
	       a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
	       IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
}

static struct client **
slot_of(const struct udp *u, const union port_sockaddr *from)
{
	struct str bytes = {(const char *)from, sizeof(*from)};

	return &u->table[siphash13(u->key, bytes) & (u->ntable - 1)];
}

static struct client *
find(const struct udp *u, const union port_sockaddr *from)
{
	struct client *c = *slot_of(u, from);

	while (c && !is_same(&c->from, from))
		c = c->next;
	return c;
}

static void
insert(struct udp *u, struct client *c)
{
	struct client **slot = slot_of(u, &c->from);

	c->next = *slot;
	*slot = c;
}

/* Without memory the lists grow instead. */
static void
grow(struct udp *u)
{
	uint32_t n = u->ntable;
	struct client **old = u->table;
	struct client **table = calloc((size_t)n * 2, sizeof(struct client *));

	if (!table)
		return;
	u->table = table;
	u->ntable = n * 2;
	for (uint32_t i = 0; i < n; i++) {
		for (struct client *c = old[i], *next; c; c = next) {
			next = c->next;
			insert(u, c);
		}
	}
	free(old);
}

/* --- clients ------------------------------------------------------------------ */

static void
client_free(struct client *c)
{
	if (c->fd >= 0) {
		event_del(&c->event);
		close(c->fd);
	}
	port_forward_leave(&c->udp->port->forward, &c->from);
	c->udp->nclients--;
	free(c);
}

/* To the client, from the address that it has sent to. */
static void
on_answer(evutil_socket_t fd, short what, void *arg)
{
	struct client *c = arg;
	struct udp *u = c->udp;
	(void)what;

	unsigned n = port_datagrams_receive(u->datagrams, fd);
	if (n == 0)
		return;
	c->seen_ms = now_ms();
	port_datagrams_answer(
		u->datagrams, n, u->port->fd, &c->from, &c->source);
}

static bool
dial(struct client *c)
{
	struct port *p = c->udp->port;
	const union port_sockaddr *to = &p->container.addr;

	c->fd = socket(
		to->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return false;
	event_assign(
		&c->event, p->base, c->fd, EV_READ | EV_PERSIST, on_answer, c);
	return connect(c->fd, &to->sa, port_sockaddr_len(to)) == 0 &&
	       event_add(&c->event, NULL) == 0;
}

static void
log_dial(const struct port *p, int error)
{
	char to[PORT_END_TEXT], why[PORT_ERROR_TEXT];

	port_end_text(&p->container, to);
	port_log("Can't proxy a datagram to udp/%s: dial udp %s: %s", to, to,
		port_error_text(error, why));
}

static void
arm_sweep(struct udp *u)
{
	uint32_t ms = u->port->forward.udp_timeout_ms / SWEEPS + 1;
	const struct timeval tv = {
		.tv_sec = ms / 1000,
		.tv_usec = (suseconds_t)(ms % 1000) * 1000,
	};

	event_add(&u->sweep, &tv);
}

/* NULL: it may not have one, or none is to be had. */
static struct client *
client_new(struct udp *u, const union port_sockaddr *from,
	const struct port_source *source)
{
	if (!port_forward_enter(&u->port->forward, from))
		return NULL;
	struct client *c = calloc(1, sizeof(*c));
	if (!c) {
		port_forward_leave(&u->port->forward, from);
		return NULL;
	}
	*c = (struct client){.udp = u, .from = *from, .source = *source};
	if (u->nclients++ == 0)
		arm_sweep(u);
	if (!dial(c)) {
		log_dial(u->port, errno);
		client_free(c);
		return NULL;
	}
	if (u->nclients > u->ntable)
		grow(u);
	insert(u, c);
	return c;
}

/* Both must have been silent: a client that only ever sends keeps its port, as
 * does one that only ever listens. */
static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct udp *u = arg;
	uint32_t now = now_ms(), limit = u->port->forward.udp_timeout_ms;
	(void)fd;
	(void)what;

	for (uint32_t i = 0; i < u->ntable; i++) {
		struct client **at = &u->table[i];
		while (*at) {
			struct client *c = *at;
			if (now - c->seen_ms < limit) {
				at = &c->next;
				continue;
			}
			*at = c->next;
			client_free(c);
		}
	}
	if (u->nclients)
		arm_sweep(u);
}

/* --- from clients --------------------------------------------------------------- */

/* Those that follow each other and are of one client leave together. */
static void
on_datagrams(evutil_socket_t fd, short what, void *arg)
{
	struct udp *u = arg;
	unsigned n = port_datagrams_receive(u->datagrams, fd);
	uint32_t now = now_ms();
	(void)what;

	for (unsigned i = 0, end; i < n; i = end) {
		union port_sockaddr from = port_datagrams_from(u->datagrams, i);
		for (end = i + 1; end < n; end++) {
			union port_sockaddr next =
				port_datagrams_from(u->datagrams, end);
			if (!is_same(&from, &next))
				break;
		}
		struct client *c = find(u, &from);
		if (!c) {
			struct port_source source =
				port_datagrams_source(u->datagrams, i);
			c = client_new(u, &from, &source);
		}
		if (!c)
			continue;
		c->seen_ms = now;
		port_datagrams_forward(u->datagrams, i, end, c->fd);
	}
}

bool
port_udp_start(struct port *p)
{
	struct udp *u = calloc(1, sizeof(*u));
	struct client **table = calloc(TABLE_LEAST, sizeof(struct client *));
	struct port_datagrams *datagrams = port_datagrams_new();

	if (!u || !table || !datagrams) {
		free(u);
		free(table);
		free(datagrams);
		return false;
	}
	*u = (struct udp){
		.port = p,
		.ntable = TABLE_LEAST,
		.table = table,
		.datagrams = datagrams,
	};
	evtimer_assign(&u->sweep, p->base, on_sweep, u);
	event_assign(&u->event, p->base, p->fd, EV_READ | EV_PERSIST,
		on_datagrams, u);
	return getrandom(&u->key, sizeof(u->key), 0) == sizeof(u->key) &&
	       event_add(&u->event, NULL) == 0;
}
