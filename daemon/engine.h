/* The Engine's side: dialling it, and keeping connections for the next
 * request.
 *
 * An idle connection is watched: the Engine closing it, or sending a byte
 * nobody asked for, ends it. Each dial goes by path, so that a socket file
 * that was created anew is found. One pool a worker; one thread.
 */
#ifndef DAEMON_ENGINE_H
#define DAEMON_ENGINE_H

#include "compiler/settings.h"
#include "daemon/deadline.h"
#include "daemon/leg.h"

#include <stdbool.h>
#include <sys/socket.h>

struct worker;
struct flow;

/* Where the Engine is; resolved at start, tried in order at each dial. */
struct engine_address {
	struct {
		struct sockaddr_storage sa;
		socklen_t len;
	} at[8];
	size_t n;
	struct str text; /* for messages: "unix:///var/run/docker.sock" */
};

struct engine_conn {
	struct leg leg;
	struct deadline deadline; /* while idle */
	struct worker *worker;    /* borrowed */
	struct flow *flow;        /* borrowed: who uses it; NULL while idle */
	struct engine_conn *prev, *next; /* in the pool, while idle */
	uint64_t generation; /* whose certificates it was made with */
	bool reused;         /* has served a request before */
};

struct engine_pool {
	struct engine_conn *idle; /* owned: the one used last is first */
	struct engine_conn *dead; /* owned: to be freed after the loop turn */
	unsigned nidle;
	unsigned busy;      /* connections in use */
	unsigned busy_peak; /* the most so far: as many may idle */
};

/* False with an error logged: a name that does not resolve. */
bool engine_resolve(
	const struct settings_engine *e, struct engine_address *out);

enum engine_dial {
	ENGINE_OK,    /* *out is connected, or connecting */
	ENGINE_AGAIN, /* errno says why; try again soon */
	ENGINE_FAIL,  /* errno says why */
};

/* An idle connection, or with `fresh` or without one a new one, for flow. */
enum engine_dial engine_get(struct worker *w, struct flow *flow, bool fresh,
	struct engine_conn **out);

/* After EV_WRITE on a connecting one: 0, or the errno of the attempt. */
int engine_connected(struct engine_conn *c);

/* Back to the pool, or closed. */
void engine_put(struct engine_conn *c, bool reusable);

void engine_pool_close_idle(struct engine_pool *p);
/* Frees what engine_put() closed; outside of any callback of theirs. */
void engine_pool_bury(struct engine_pool *p);

/* Does the Engine accept connections now? Blocking, for start-up only. */
bool engine_answers(const struct engine_address *a);

#endif
