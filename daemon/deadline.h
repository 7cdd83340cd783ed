/* Deadlines: many timers of few durations, at the price of a list insert.
 *
 * Each class has one duration, so a list in order of insertion is in order of
 * expiry: setting a deadline is unlink and append, and one libevent timer per
 * worker waits for the earliest head. Resolution: a millisecond. One thread.
 */
#ifndef DAEMON_DEADLINE_H
#define DAEMON_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct event;
struct event_base;

enum deadline_class {
	DEADLINE_NONE,
	DEADLINE_HANDSHAKE,   /* timeouts.tls_handshake */
	DEADLINE_HEAD,        /* timeouts.request_head */
	DEADLINE_BODY,        /* timeouts.request_body, of silence */
	DEADLINE_KEEPALIVE,   /* timeouts.keepalive */
	DEADLINE_CONNECT,     /* timeouts.engine_connect */
	DEADLINE_RESPONSE,    /* timeouts.engine_response */
	DEADLINE_STALLED,     /* timeouts.client_stalled, of no progress */
	DEADLINE_TUNNEL,      /* timeouts.tunnel_idle */
	DEADLINE_TUNNEL_HALF, /* a tunnel whose Engine side has ended */
	DEADLINE_LINGER,      /* a closing connection's last words */
	DEADLINE_GONE,        /* a client that has shut its side down */
	DEADLINE_REDIAL,      /* the Engine's backlog was full: again soon */
	DEADLINE_POOL,        /* an idle Engine connection */
	DEADLINE_CLASSES
};

struct deadline {
	struct deadline *prev, *next; /* in its class's list; NULL: none */
	uint64_t at_ms;
	enum deadline_class class;
	/* Unlinked before it is called. */
	void (*fire)(struct deadline *d, enum deadline_class class);
};

struct deadlines {
	struct deadline lists[DEADLINE_CLASSES]; /* sentinels */
	uint32_t ms[DEADLINE_CLASSES];           /* 0: the class is off */
	uint64_t armed_ms;   /* when the timer fires; UINT64_MAX: not armed */
	uint64_t turn_us;    /* the time of this turn; 0: nobody asked yet */
	struct event *timer; /* owned */
};

bool deadlines_init(struct deadlines *ds, struct event_base *base);
void deadlines_fini(struct deadlines *ds);

/* Monotonic milliseconds, coarse: a few nanoseconds to ask. */
uint64_t now_ms(void);

/* A turn of the worker's loop begins. */
static inline void
deadlines_turn(struct deadlines *ds)
{
	ds->turn_us = 0;
}

/* Monotonic time, exact, of when the turn was first asked for it: the same for
 * all that happens in a turn, since to ask the system costs as much as a
 * tenth of the work on a small request. */
uint64_t deadlines_us(struct deadlines *ds);
uint64_t deadlines_ms(struct deadlines *ds);

/* Sets d to its class's duration from now, instead of what it was. With an
 * equal class this is a renewal. */
void deadline_set(
	struct deadlines *ds, struct deadline *d, enum deadline_class class);
void deadline_clear(struct deadline *d);

/* Changes a class's duration, also for those that are set; 0 clears them. */
void deadlines_change(
	struct deadlines *ds, enum deadline_class class, uint32_t ms);

#endif
