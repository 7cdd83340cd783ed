/* A worker: one thread, one event loop, and all that its flows share.
 *
 * Nothing here is locked: the policy is read-only, everything else belongs to
 * the thread. The main thread is worker 0; it also accepts connections and
 * hands them to the others through a pipe, one record a write.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "daemon/block.h"
#include "daemon/deadline.h"
#include "daemon/engine.h"
#include "runtime/cidr.h"
#include "runtime/metrics.h"
#include "runtime/regex.h"
#include "runtime/request_id.h"
#include "runtime/why.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct denials;
struct flow;
struct generation;
struct listener_name;
struct ready;
struct request;
struct shared;
struct tls_context;

/* A connection just accepted, on its way to its worker. */
struct arrival {
	int fd;
	struct listener_name *listener; /* ref */
	struct ip ip;                   /* not set on a unix listener */
	uint16_t port;
	bool has_peer;
	uint32_t uid, gid;
	bool refused; /* over a limit: answer with `why` and close */
	enum why why;
	struct ip counted_as;    /* ip as it was then: PROXY may change it */
	bool counted;            /* in the per-client table */
	struct tls_context *tls; /* ref; NULL: plain */
};

struct worker {
	struct shared *shared;                /* borrowed: of the process */
	struct generation *generation;        /* ref; this thread's own view */
	_Atomic(struct generation *) offered; /* ref: to be taken over */
	atomic_int stop;         /* of workers above 0: it is asked to end */
	struct event_base *base; /* owned */
	unsigned index;
	pthread_t thread;         /* of workers above 0 */
	int pipe[2];              /* owned: [1] is written by the main thread,
				     and of worker 0 by the others */
	struct event *pipe_event; /* owned */
	struct blocks blocks;
	struct deadlines deadlines;
	struct engine_pool pool;
	struct regex_scratch *scratch; /* owned */
	struct flow *flows;            /* owned: all of them */
	struct flow *graveyard;        /* owned: freed after the loop turn */
	struct event *tidy;            /* owned: at a turn's end */
	struct http1_answer *answer;   /* owned: the head read last */
	struct request *spare;         /* owned: requests to be used again */
	unsigned nspare;
	unsigned nflows;
	unsigned others; /* of worker 0: other workers whose loops run */
	bool draining;
	struct request_ids ids;
	struct metrics metrics;
};

/* What all workers see. */
struct shared {
	struct generation *generation; /* ref: in force; the main thread's */
	struct worker *first;          /* borrowed: worker 0, all behind it */
	unsigned nworkers;
	int64_t start_time;  /* seconds since 1970 */
	struct ready *ready; /* borrowed: the main thread's, or NULL */
	struct engine_address engine;
	uint32_t hash_seed;
	uint32_t max_connections;
	atomic_uint connections;
	atomic_uint generations;  /* that are in memory */
	atomic_size_t held_bytes; /* room of all held bodies */
	struct clients *clients;  /* owned; NULL when there is no such limit */
	struct rate *rate;        /* owned; NULL when no rule limits */
	struct audit_writer *audit; /* owned; NULL: no audit log */
	struct lockout *lockout;    /* owned; NULL: failures are not counted */
	pthread_mutex_t lockout_lock;
	atomic_uint lockouts;     /* so far: 0 saves the lock */
	struct scrape_proc *proc; /* owned */
	struct denials *denials;  /* owned; NULL: nobody asks for them */
	unsigned sandbox;         /* bits: 1 << enum sandbox_part that holds */
	bool learns;              /* --mode learn: the policy denies nothing */
};

bool worker_init(struct worker *w, struct shared *shared, unsigned index);
void worker_fini(struct worker *w);

/* Workers above 0: start and join the thread. */
bool worker_start(struct worker *w);
void worker_join(struct worker *w);

/* From the main thread: hand over a connection; false: w's pipe is full and
 * the caller still owns the descriptor. */
bool worker_give(struct worker *w, const struct arrival *a);

/* Gives up what an arrival holds, and the counts that the acceptor took; not
 * the descriptor. */
void arrival_fini(struct shared *s, struct arrival *a);

/* From the main thread: requests that begin from now on are of g. */
void worker_offer(struct worker *w, struct generation *g);

/* Runs the loop, on the thread whose it is, to its end. */
void worker_loop(struct worker *w);

/* After the callbacks of this loop turn: frees what has ended, writes what
 * there is to log. */
void worker_tidy_soon(struct worker *w);

/* From the main thread: end keep-alive, let requests finish; the loop ends
 * when the last flow has gone. With `now` they are cut. */
void worker_drain(struct worker *w, bool now);

#endif
