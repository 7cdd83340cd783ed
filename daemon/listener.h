/* Listeners: TCP and unix sockets, on the main thread's loop.
 *
 * Connections go to the workers round robin. Out of descriptors, accepting
 * pauses and tries again; over a limit, the connection is answered with 503
 * or 429 and closed.
 */
#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

#include "daemon/worker.h"

#include <stdbool.h>
#include <stddef.h>

struct event;
struct listeners;

/* One bound socket; `*` may need two. */
struct listener {
	struct listeners *all;   /* borrowed */
	struct event *event;     /* owned */
	uint32_t index;          /* of the settings' listeners */
	int fd;                  /* owned */
	struct tls_context *tls; /* ref; NULL: plain */
	bool is_unix;
};

struct listeners {
	struct listener *each; /* owned */
	size_t n;
	struct worker *workers; /* borrowed */
	unsigned nworkers, next;
	struct event *resume; /* owned: accepts again after a pause */
	bool paused;
	const struct settings *settings; /* borrowed */
	struct shared *shared;           /* borrowed */
};

/* Binds all; false with the error logged, nothing left open. */
bool listeners_open(struct listeners *ls, const struct settings *s,
	struct shared *shared, struct worker *workers, unsigned nworkers);

/* Stops accepting; removes the files of unix sockets. */
void listeners_close(struct listeners *ls);

/* One socket, listening and non-blocking; -1: errno tells. */
int listener_bind(const struct settings_listener *l);

/* "tcp://127.0.0.1:2375": for start-up lines. In buf; returns it. */
const char *listener_text(
	const struct settings_listener *l, char *buf, size_t size);

#endif
