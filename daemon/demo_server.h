/* The demonstration engine's one process: what all connections share. */
#ifndef DAEMON_DEMO_SERVER_H
#define DAEMON_DEMO_SERVER_H

#include "daemon/demo_conn.h"
#include "daemon/demo_exec.h"
#include "daemon/demo_store.h"

#define DEMO_CONNECTIONS_MAX 256 /* a demonstration's worth */

struct event;
struct event_base;
struct evconnlistener;

struct demo_server {
	struct event_base *base;         /* owned */
	struct evconnlistener *listener; /* owned */
	struct event *term, *interrupt;  /* owned: signals */
	struct event *parent;            /* owned: its end of the socket */
	struct demo_store store;
	struct demo_execs execs;
	LIST_HEAD(, demo_conn) conns; /* owned */
	unsigned nconns;
};

/* A connection came or went: accept, or pause accepting. */
void demo_server_count(struct demo_server *s, int change);

#endif
