/* A flow: a client's connection and, while a request is served, the Engine's.
 *
 *   PROXY ──▶ HANDSHAKE ──▶ HEAD
 *   HEAD ──▶ HOLD ──▶ DIAL ──▶ EXCHANGE ──▶ HEAD (keep-alive)
 *     │       │        │          ├──▶ TUNNEL ──▶ GONE
 *     └───────┴────────┴──▶ REPLY ┴──▶ LINGER ──▶ GONE
 *
 * Callbacks (of legs and deadlines) only record a fact and call flow_run(),
 * which runs the step of the current state until it has to wait. A flow that
 * is GONE is freed after the loop turn, never inside a callback.
 */
#ifndef DAEMON_FLOW_H
#define DAEMON_FLOW_H

#include "daemon/deadline.h"
#include "daemon/leg.h"
#include "daemon/worker.h"
#include "runtime/why.h"

#include <stdbool.h>
#include <stdint.h>

struct auth_cert;
struct proxyproto;
struct request;

enum flow_state {
	FLOW_PROXY,     /* whose it is; over at once without proxy_protocol */
	FLOW_HANDSHAKE, /* TLS; over at once on a plain listener */
	FLOW_HEAD,      /* idle, or a head is arriving */
	FLOW_HOLD,      /* a body is read whole, to be judged */
	FLOW_DIAL,      /* waiting for a connection to the Engine */
	FLOW_EXCHANGE,  /* request and answer are on their way */
	FLOW_TUNNEL,    /* raw bytes both ways */
	FLOW_REPLY,     /* our own answer is on its way */
	FLOW_LINGER,    /* shut down; what still comes is discarded */
	FLOW_GONE,
	FLOW_STATES
};

struct flow {
	struct leg client;
	struct deadline deadline;
	struct worker *worker;       /* borrowed */
	struct flow *prev, *next;    /* all flows of the worker */
	struct request *rq;          /* owned; NULL between requests */
	struct auth_cert *cert;      /* owned: the client's; NULL: none */
	size_t seen;                 /* bookmark of http1_scan_head() */
	struct arrival from;         /* who is there */
	struct proxyproto *proxy;    /* owned: until the PROXY header is read */
	uint32_t served;             /* requests answered so far */
	enum flow_state state;       /* only flow_enter() writes it */
	enum deadline_class expired; /* which one went off; NONE when handled */
	bool running;                /* flow_run() is on the stack */
};

/* Takes over a->fd and what a holds. False without memory: the descriptor is
 * closed. */
bool flow_new(struct worker *w, const struct arrival *a);

/* Runs until it has to wait. */
void flow_run(struct flow *f);

/* The worker stops: end it if it is idle or endless; else after the request.
 * With `now`, at once. */
void flow_drain(struct flow *f, bool now);

/* Frees what has GONE; outside of all callbacks of flows. */
void flow_bury(struct worker *w);

/* Frees a worker's spare requests. */
void flow_free_spare(struct worker *w);

/* --- for the parts of the state machine (flow_*.c) ---------------------- */

enum flow_step {
	FLOW_MORE, /* the state may have changed: run its step */
	FLOW_WAIT, /* for an event */
};

/* The only writer of f->state; asserts that the change is allowed. */
void flow_enter(struct flow *f, enum flow_state state);

/* Ends the flow: closes both legs. Always FLOW_WAIT. */
enum flow_step flow_gone(struct flow *f);

/* Answers with why's status and text (or the deciding rule's) and closes
 * when the connection cannot be kept. Always FLOW_MORE. */
enum flow_step flow_refuse(struct flow *f, enum why why);

/* Answers the request by what `queue` puts into its way down. FLOW_MORE. */
enum flow_step flow_answer(struct flow *f, bool (*queue)(struct flow *f));

/* The request is over: back to HEAD, or closing. Always FLOW_MORE. */
enum flow_step flow_finish(struct flow *f);

/* Stops sending and waits a while for the client to read it. FLOW_MORE. */
enum flow_step flow_linger(struct flow *f);

/* A request of this flow's, begun now; in f->rq. False without memory. */
bool flow_begin(struct flow *f);

/* One line if it was TLS that failed. */
void flow_log_tls(const struct flow *f);

enum flow_step flow_step_proxy(struct flow *f);     /* flow_proxy.c */
enum flow_step flow_step_handshake(struct flow *f); /* flow_handshake.c */
enum flow_step flow_step_head(struct flow *f);      /* flow_head.c */
enum flow_step flow_step_hold(struct flow *f);      /* flow_head.c */
enum flow_step flow_step_dial(struct flow *f);      /* flow_exchange.c */
enum flow_step flow_step_exchange(struct flow *f);  /* flow_exchange.c */
enum flow_step flow_step_tunnel(struct flow *f);    /* flow_tunnel.c */

static inline void
flow_deadline(struct flow *f, enum deadline_class class)
{
	deadline_set(&f->worker->deadlines, &f->deadline, class);
}

#endif
