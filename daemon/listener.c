/* Listeners: accepting, and which of them there are. */
#include "daemon/listener.h"

#include "daemon/clients.h"
#include "daemon/listener_inherit.h"
#include "daemon/log.h"
#include "daemon/tls.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ACCEPT_BATCH  64 /* connections a turn: requests wait meanwhile */
#define PAUSE_MS      100
#define REFUSE_MARGIN 64u /* over limits.connections: answered, then none */

/* --- telling ---------------------------------------------------------------- */

static bool
is_loopback(const struct settings_listener *l)
{
	return l->path.n || str_eq(l->bind, STR("::1")) ||
	       str_starts(l->bind, STR("127."));
}

void
listener_say(const struct settings_listener *l)
{
	char text[LISTENER_TEXT];

	listener_text(l, text, sizeof(text));
	log_say(LOG_LEVEL_INFO, "listening on %s", text);
	if (!is_loopback(l) && !l->tls.on)
		log_say(LOG_LEVEL_WARN,
			"%s can be reached from other hosts and has no TLS: "
			"publish it to trusted networks only",
			text);
}

/* --- names ------------------------------------------------------------------ */

static struct listener_name *
name_new(struct str name, bool proxy_protocol)
{
	struct listener_name *n = malloc(sizeof(*n) + name.n + 1);

	if (!n)
		return NULL;
	atomic_init(&n->refs, 1);
	memcpy(n->text, name.p ? name.p : "", name.n);
	n->text[name.n] = '\0';
	n->name = (struct str){n->text, name.n};
	n->proxy_protocol = proxy_protocol;
	return n;
}

static struct listener_name *
name_ref(struct listener_name *n)
{
	atomic_fetch_add_explicit(&n->refs, 1, memory_order_relaxed);
	return n;
}

void
listener_name_unref(struct listener_name *n)
{
	if (n && atomic_fetch_sub_explicit(&n->refs, 1, memory_order_acq_rel) ==
			 1)
		free(n);
}

/* --- accepting -------------------------------------------------------------- */

static void
pause_accepting(struct listeners *ls)
{
	const struct timeval tv = {.tv_usec = PAUSE_MS * 1000};

	for (struct listener *l = ls->first; l; l = l->next)
		if (l->event)
			event_del(l->event);
	event_add(ls->resume, &tv);
	metrics_add(&ls->workers[0].metrics, METRIC_LIMIT_DESCRIPTORS, 1);
	if (!ls->paused)
		log_say(LOG_LEVEL_WARN,
			"cannot accept connections: %s; "
			"trying again every %d ms",
			strerror(errno), PAUSE_MS);
	ls->paused = true;
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct listeners *ls = arg;
	(void)fd;
	(void)what;

	for (struct listener *l = ls->first; l; l = l->next)
		event_add(l->event, NULL);
}

static void
read_peer(struct arrival *a, const struct sockaddr_storage *sa)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (sa->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;
		memset(a->ip.b, 0, 10);
		memset(a->ip.b + 10, 0xff, 2);
		memcpy(a->ip.b + 12, &in->sin_addr, 4);
		a->port = ntohs(in->sin_port);
		a->ip.set = true;
	} else if (sa->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;
		memcpy(a->ip.b, &in6->sin6_addr, 16);
		a->port = ntohs(in6->sin6_port);
		a->ip.set = true;
	} else if (getsockopt(a->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) ==
		   0) {
		a->has_peer = true;
		a->uid = cred.uid;
		a->gid = cred.gid;
	}
}

/* Counts the connection; marks it refused when it is one too many. */
static void
apply_limits(struct listeners *ls, struct arrival *a)
{
	struct shared *s = ls->shared;
	uint32_t have = atomic_fetch_add(&s->connections, 1);

	if (have >= s->max_connections) {
		a->refused = true;
		a->why = WHY_TOO_MANY_CONNECTIONS;
	} else if (s->clients && a->ip.set) {
		a->counted_as = a->ip;
		a->counted = clients_enter(s->clients, &a->ip);
		a->refused = !a->counted;
		a->why = WHY_CLIENT_CONNECTIONS;
	}
}

static void
hand_over(struct listeners *ls, struct arrival *a)
{
	for (unsigned i = 0; i < ls->nworkers; i++) {
		struct worker *w = &ls->workers[ls->next];
		ls->next = (ls->next + 1) % ls->nworkers;
		if (worker_give(w, a))
			return;
	}
	close(a->fd);
	arrival_fini(ls->shared, a);
}

static bool
accept_one(struct listener *l)
{
	struct listeners *ls = l->all;
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof(sa);
	uint32_t hard = ls->shared->max_connections + REFUSE_MARGIN;

	int fd = accept4(l->fd, (struct sockaddr *)&sa, &len,
		SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (leg_exhausted(errno))
			pause_accepting(ls);
		return errno == ECONNABORTED || errno == EINTR;
	}
	ls->paused = false;
	metrics_add(&ls->workers[0].metrics, METRIC_ACCEPTED, 1);
	if (atomic_load(&ls->shared->connections) >= hard) {
		metrics_refusal(
			&ls->workers[0].metrics, WHY_TOO_MANY_CONNECTIONS);
		close(fd);
		return true;
	}
	struct arrival a = {.fd = fd, .listener = name_ref(l->name)};
	if (l->tls)
		a.tls = tls_context_ref(l->tls);
	read_peer(&a, &sa);
	apply_limits(ls, &a);
	hand_over(ls, &a);
	return true;
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;
	(void)fd;
	(void)what;

	for (int i = 0; i < ACCEPT_BATCH; i++)
		if (!accept_one(l))
			return;
}

/* --- all of them ------------------------------------------------------------ */

static void
listener_free(struct listener *l)
{
	if (l->event)
		event_free(l->event);
	if (l->fd >= 0) {
		close(l->fd);
		if (l->is_unix && !l->is_inherited)
			unlink(l->address + strlen("unix://"));
	}
	tls_context_unref(l->tls);
	tls_context_unref(l->next_tls);
	listener_name_unref(l->name);
	listener_name_unref(l->next_name);
	free(l);
}

/* The one that has this address and is not spoken for. */
static struct listener *
find_bound(struct listeners *ls, const struct settings_listener *s)
{
	char text[LISTENER_TEXT];

	listener_text(s, text, sizeof(text));
	for (struct listener *l = ls->first; l; l = l->next)
		if (!l->stays && l->ipv4_only == s->ipv4_only &&
			strcmp(l->address, text) == 0)
			return l;
	return NULL;
}

/* Looking an owner up, and giving files away, is past with the sandbox. */
static bool
is_too_late(const struct listeners *ls, const struct settings_listener *s)
{
	char text[LISTENER_TEXT];

	if (!ls->sealed || (s->owner.n == 0 && s->group.n == 0))
		return false;
	log_say(LOG_LEVEL_ERROR,
		"cannot listen on %s: owner and group of a new socket file "
		"take a restart, or sandbox: off",
		listener_text(s, text, sizeof(text)));
	return true;
}

static struct listener *
open_one(struct listeners *ls, const struct settings_listener *s)
{
	if (is_too_late(ls, s))
		return NULL;
	struct listener *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->all = ls;
	l->is_unix = s->path.n > 0;
	l->ipv4_only = s->ipv4_only;
	listener_text(s, l->address, sizeof(l->address));
	l->fd = inherited_take(ls->inherited, s);
	l->is_inherited = l->fd >= 0;
	if (l->fd < 0)
		l->fd = listener_bind(s);
	if (l->fd < 0) {
		log_say(LOG_LEVEL_ERROR, "cannot listen on %s: %s", l->address,
			strerror(errno));
		listener_free(l);
		return NULL;
	}
	if (!l->is_unix)
		leg_setup_tcp(l->fd);
	l->next = ls->first;
	ls->first = l;
	return l;
}

static bool
prepare_one(struct listeners *ls, const struct settings_listener *s)
{
	struct tls_context *tls = NULL;

	if (s->tls.on) {
		tls = tls_server_context(&s->tls, NULL);
		if (!tls)
			return false;
	}
	struct listener *l = find_bound(ls, s);
	if (!l)
		l = open_one(ls, s);
	if (!l) {
		tls_context_unref(tls);
		return false;
	}
	l->stays = true;
	l->next_tls = tls;
	l->next_name = name_new(s->name, s->proxy_protocol);
	return l->next_name;
}

/* An event of a new one; it is not accepting before the commit. */
static bool
prepare_events(struct listeners *ls)
{
	struct event_base *base = ls->workers[0].base;

	for (struct listener *l = ls->first; l; l = l->next) {
		if (!l->event)
			l->event = event_new(base, l->fd, EV_READ | EV_PERSIST,
				on_accept, l);
		if (!l->event)
			return false;
	}
	return true;
}

bool
listeners_prepare(struct listeners *ls, const struct settings *s)
{
	bool ok = true;

	for (size_t i = 0; ok && i < s->nlisteners; i++)
		ok = prepare_one(ls, &s->listeners[i]);
	if (ok && inherited_all_taken(ls->inherited) && prepare_events(ls))
		return true;
	listeners_abandon(ls);
	return false;
}

static void
close_one(struct listener *l)
{
	/* Who waits in the queue has been accepted by the kernel; who comes
	 * now, and for ever, has not. */
	for (int i = 0; i < LISTENER_BACKLOG && accept_one(l); i++)
		;
	log_say(LOG_LEVEL_INFO, "no longer listening on %s", l->address);
	listener_free(l);
}

static void
come_into_force(struct listener *l)
{
	bool fresh = !l->name;

	tls_context_unref(l->tls);
	listener_name_unref(l->name);
	l->tls = l->next_tls;
	l->name = l->next_name;
	l->next_tls = NULL;
	l->next_name = NULL;
	l->stays = false;
	if (fresh && event_add(l->event, NULL) != 0)
		log_say(LOG_LEVEL_ERROR, "cannot accept on %s", l->address);
}

void
listeners_commit(struct listeners *ls)
{
	struct listener **at = &ls->first, *closing = NULL;

	while (*at) {
		struct listener *l = *at;
		if (l->stays) {
			come_into_force(l);
			at = &l->next;
			continue;
		}
		*at = l->next;
		l->next = closing;
		closing = l;
	}
	while (closing) {
		struct listener *next = closing->next;
		close_one(closing);
		closing = next;
	}
}

void
listeners_abandon(struct listeners *ls)
{
	struct listener **at = &ls->first;

	while (*at) {
		struct listener *l = *at;
		if (!l->name) {
			*at = l->next;
			listener_free(l);
			continue;
		}
		tls_context_unref(l->next_tls);
		listener_name_unref(l->next_name);
		l->next_tls = NULL;
		l->next_name = NULL;
		l->stays = false;
		at = &l->next;
	}
}

bool
listeners_init(struct listeners *ls, struct shared *shared,
	struct worker *workers, unsigned nworkers, struct inherited *inherited)
{
	*ls = (struct listeners){
		.workers = workers,
		.nworkers = nworkers,
		.shared = shared,
		.inherited = inherited,
		.resume = evtimer_new(workers[0].base, on_resume, ls),
	};
	return ls->resume;
}

void
listeners_close(struct listeners *ls)
{
	while (ls->first) {
		struct listener *l = ls->first;
		ls->first = l->next;
		listener_free(l);
	}
	if (ls->resume)
		event_free(ls->resume);
	*ls = (struct listeners){0};
}
