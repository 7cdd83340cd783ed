/* Readiness: does the Engine answer `GET /_ping`?
 *
 * Asked on a connection of its own, at most once a READY_AGAIN_MS; in between
 * the last result is told. The main thread's.
 */
#ifndef DAEMON_READY_H
#define DAEMON_READY_H

#include "daemon/leg.h"

#include <stdbool.h>
#include <stdint.h>

struct engine_conn;
struct event;
struct worker;

enum readiness {
	READY_UNKNOWN, /* asking: done() will be called */
	READY_YES,
	READY_NO, /* ready->reason tells why */
};

struct ready {
	struct worker *worker;    /* borrowed: worker 0 */
	void (*done)(void *arg);  /* a result is there */
	void *arg;                /* borrowed */
	struct engine_conn *conn; /* from the pool, while asking */
	struct outq request;
	struct iovec refs[OUTQ_REFS]; /* of the request */
	size_t seen;                  /* bookmark of http1_scan_head() */
	struct event *timer;          /* owned: the answer is late */
	enum readiness result;        /* the last one */
	uint64_t asked_ms;            /* when it came */
	char reason[256];
};

/* Sets worker->shared->ready to itself. False without memory. */
bool ready_init(struct ready *r, struct worker *worker, void (*done)(void *arg),
	void *arg);
void ready_fini(struct ready *r);

/* The result, when it is young enough or had at once; else asks. */
enum readiness ready_ask(struct ready *r);

#endif
