/* A connection to the demonstration engine: requests in, answers out.
 *
 * demo_conn.c reads requests and hands each to demo_route(), which must
 * answer by exactly one of: a reply, demo_stream_begin(), demo_tunnel_begin().
 * All in the one thread of the event loop. A connection frees itself.
 */
#ifndef DAEMON_DEMO_CONN_H
#define DAEMON_DEMO_CONN_H

#include "runtime/arena.h"
#include "runtime/http1.h"
#include "runtime/target.h"

#include <jansson.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <time.h>

struct bufferevent;
struct evbuffer;
struct event;
struct demo_conn;
struct demo_exec;
struct demo_server;

enum demo_phase {
	DEMO_HEAD,   /* waits for a request */
	DEMO_BODY,   /* reads its body */
	DEMO_STREAM, /* an answer that grows with the clock */
	DEMO_TUNNEL, /* raw bytes both ways */
	DEMO_FLUSH,  /* no more requests: last bytes out, then EOF */
	DEMO_LINGER, /* EOF sent; waits for the client's */
};

struct demo_request {
	enum method method;
	struct target target;
	uint8_t minor; /* HTTP/1.<minor> */
	bool keep_alive;
	bool upgrade;
	json_t *body;    /* owned: NULL without one */
	bool body_bad;   /* there is one, but no JSON object */
	json_t *filters; /* owned: the parameter `filters`, or NULL */
};

/* What a growing answer remembers from one tick to the next. */
struct demo_stream {
	bool (*step)(struct demo_conn *c); /* false: that was the last */
	const json_t *object;              /* borrowed from the store */
	size_t n;                          /* ticks so far */
	time_t until;                      /* of events; 0: for ever */
};

struct demo_conn {
	LIST_ENTRY(demo_conn) link; /* of the server */
	struct demo_server *server; /* borrowed */
	struct bufferevent *bev;    /* owned */
	struct event *tick;         /* owned */
	enum demo_phase phase;
	bool rd_eof; /* the client will send nothing more */
	size_t seen; /* bookmark of http1_scan_head() */
	struct http1_body framing;
	struct evbuffer *body; /* owned: of the request, so far */
	bool body_too_large;
	struct arena arena; /* of the request */
	struct demo_request req;
	struct demo_stream stream;
	struct demo_exec *exec; /* borrowed: of DEMO_TUNNEL */
};

/* Takes fd over; false: out of memory, fd closed. */
bool demo_conn_start(struct demo_server *server, int fd);

/* At once, whatever it is doing. */
void demo_conn_free(struct demo_conn *c);

/* --- replies (demo_reply.c) ----------------------------------------------- */

/* Takes body over; NULL stands for "out of memory", answered 500. */
void demo_reply_json(struct demo_conn *c, int status, json_t *body);

/* Docker's {"message": …}. */
void demo_reply_error(struct demo_conn *c, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Without type: no Content-Type. text is dropped for HEAD. */
void demo_reply_text(
	struct demo_conn *c, int status, const char *type, struct str text);

/* The head of a growing answer; step is called every second from now. */
void demo_stream_begin(struct demo_conn *c, const char *type,
	bool (*step)(struct demo_conn *c));
void demo_stream_write(struct demo_conn *c, struct str bytes);
void demo_stream_json(struct demo_conn *c, json_t *value); /* takes value */
void demo_stream_end(struct demo_conn *c);

/* The head of a raw stream: 101 when the client asked for an upgrade, else
 * 200 without framing. */
void demo_tunnel_begin(struct demo_conn *c, struct demo_exec *exec);
void demo_tunnel_end(struct demo_conn *c);

/* The 8-byte head of a piece of the multiplexed stream. */
struct demo_frame {
	char bytes[8];
};
struct demo_frame demo_frame(int fd, size_t n);

/* --- the request ---------------------------------------------------------- */

/* The first parameter of that name; p is NULL when there is none. */
struct str demo_param(const struct demo_conn *c, const char *name);

/* As the Engine reads booleans; missing: fallback. */
bool demo_flag(const struct demo_conn *c, const char *name, bool fallback);

/* As a whole number, or the beginning of one; missing: fallback. */
long demo_number(const struct demo_conn *c, const char *name, long fallback);

#endif
