/* Listeners: TCP and unix sockets, on the main thread's loop.
 *
 * Connections go to the workers round robin. Out of descriptors, accepting
 * pauses and tries again; over a limit, the connection is answered with 503
 * or 429 and closed.
 */
#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

#include "compiler/settings.h"
#include "daemon/worker.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define LISTENER_TEXT    160 /* of listener_text() */
#define LISTENER_BACKLOG 4096

struct event;
struct inherited;
struct listeners;

/* A listener's name, counted: its connections have it to their end. */
struct listener_name {
	atomic_uint refs;
	struct str name;
	bool proxy_protocol; /* a PROXY header comes first */
	char text[];
};

void listener_name_unref(struct listener_name *n); /* NULL is nothing */

/* One bound socket, and what a connection accepted there gets. */
struct listener {
	struct listener *next;
	struct listeners *all;      /* borrowed */
	struct event *event;        /* owned; NULL: it does not accept yet */
	int fd;                     /* owned */
	struct listener_name *name; /* ref */
	struct tls_context *tls;    /* ref; NULL: plain */
	bool is_unix, ipv4_only;
	bool is_inherited; /* its file is not ours to remove */
	char address[LISTENER_TEXT];
	/* While a change is prepared: what it will have, if it stays. */
	bool stays;
	struct listener_name *next_name; /* ref */
	struct tls_context *next_tls;    /* ref */
};

struct listeners {
	struct listener *first; /* owned: all of them */
	struct worker *workers; /* borrowed */
	unsigned nworkers, next;
	struct event *resume; /* owned: accepts again after a pause */
	bool paused;
	bool sealed; /* in the sandbox: no file is given to another user */
	struct shared *shared;       /* borrowed */
	struct inherited *inherited; /* borrowed: taken before one is bound */
};

/* None yet. False without memory. */
bool listeners_init(struct listeners *ls, struct shared *shared,
	struct worker *workers, unsigned nworkers, struct inherited *inherited);

/* A change, at start from nothing: prepares all that can fail. Sockets whose
 * address stays are kept, others are bound, certificates are read. False with
 * the error logged, and nothing has changed. */
bool listeners_prepare(struct listeners *ls, const struct settings *s);

/* What was prepared comes into force: new ones accept, and what nobody wants
 * any more is closed after those who wait there have been let in. */
void listeners_commit(struct listeners *ls);

/* What was prepared is taken back. */
void listeners_abandon(struct listeners *ls);

/* Stops accepting; removes the files of unix sockets. */
void listeners_close(struct listeners *ls);

/* One socket, listening and non-blocking; -1: errno tells. */
int listener_bind(const struct settings_listener *l);

/* "tcp://127.0.0.1:2375": for start-up lines. In buf; returns it. */
const char *listener_text(
	const struct settings_listener *l, char *buf, size_t size);

/* Logs that it is there, and what is doubtful about it. */
void listener_say(const struct settings_listener *l);

#endif
