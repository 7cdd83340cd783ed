/* The parts of the admin listener: seen by admin*.c and status*.c alone. */
#ifndef DAEMON_ADMIN_PARTS_H
#define DAEMON_ADMIN_PARTS_H

#include "daemon/ready.h"
#include "daemon/status_stream.h"
#include "runtime/cidr.h"
#include "runtime/http1.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADMIN_TEXT "text/plain; charset=utf-8"
#define ADMIN_JSON "application/json"

struct admin;
struct bufferevent;
struct event;
struct lockout;
struct reload;
struct shared;

enum door_kind { DOOR_ADMIN, DOOR_METRICS, DOORS };

struct door {
	struct admin *admin; /* borrowed */
	struct event *event; /* owned */
	struct event *pause; /* owned: accepts again after it */
	int fd;              /* owned; -1: not asked for */
	enum door_kind kind;
};

struct admin_conn {
	struct admin_conn *prev, *next; /* the oldest is first */
	struct admin *admin;            /* borrowed */
	struct bufferevent *bev;        /* owned */
	struct event *timer;            /* owned: the end of its life */
	struct ip ip;                   /* of the client */
	enum door_kind kind;
	size_t seen; /* bookmark of http1_scan_head() */
	size_t head; /* bytes of the head, once it is whole */
	bool is_head;
	bool waits;    /* for readiness */
	bool answered; /* the answer is queued: the rest is dropped */
	bool streams;  /* events, until it ends */
	bool eof;      /* the client will send no more */
};

struct admin {
	struct shared *shared;       /* borrowed */
	const struct reload *reload; /* borrowed */
	struct door doors[DOORS];
	struct admin_conn *first, *last; /* owned */
	unsigned nconns;
	struct ready ready;
	bool beyond; /* the admin listener reaches beyond this machine */
	struct lockout *lockout; /* owned; NULL: no wrong token so far */
	struct status_stream stream;
	uint64_t explain_ms; /* when the last explanation is paid for */
	bool stopping;
};

/* A request that has come whole. Borrowed. */
struct admin_request {
	const struct http1_head *head;
	struct str path;
	struct str body;
};

/* The value of the field of that name; empty: there is none. Of more than one
 * it is a list (RFC 9110 section 5.3), whatever is in it: a comma. */
struct str admin_field(const struct admin_request *rq, const char *name);

/* Queues the answer; of a HEAD, its head. */
void admin_answer(struct admin_conn *c, uint16_t status, const char *type,
	struct str body);

/* The same, with more fields: each ends in CRLF. */
void admin_answer_with(struct admin_conn *c, uint16_t status, const char *type,
	const char *fields, struct str body);

/* One line of text; cut at 320 bytes. */
void admin_answer_line(struct admin_conn *c, uint16_t status, const char *line);

/* Closes it and frees it. */
void admin_conn_free(struct admin_conn *c);

/* --- the status page: status_*.c ------------------------------------------ */

/* May it have the page, or (api) what is behind it? Else it is answered. */
bool status_guard(
	struct admin_conn *c, const struct admin_request *rq, bool api);

void status_page(struct admin_conn *c, const struct admin_request *rq);
void status_status(struct admin_conn *c, const struct admin_request *rq);
void status_rules(struct admin_conn *c, const struct admin_request *rq);
void status_denials(struct admin_conn *c, const struct admin_request *rq);
void status_explain(struct admin_conn *c, const struct admin_request *rq);
void status_events(struct admin_conn *c, const struct admin_request *rq);

#endif
