/* A request being served: everything of it that outlives one step.
 *
 * Taken from the worker's spare ones when a head has arrived, given back when
 * the answer has been sent: after warm-up nothing is allocated, but for a held
 * body.
 */
#ifndef DAEMON_REQUEST_H
#define DAEMON_REQUEST_H

#include "daemon/engine.h"
#include "daemon/flow.h"
#include "daemon/generation.h"
#include "daemon/leg.h"
#include "daemon/relay.h"
#include "daemon/worker.h"
#include "runtime/arena.h"
#include "runtime/facts.h"
#include "runtime/http1.h"
#include "runtime/request_id.h"
#include "runtime/target.h"
#include "runtime/vm.h"

/* One direction of a message body. */
struct pipe_way {
	struct http1_body in;   /* as it comes */
	enum http1_framing out; /* as it goes */
	struct outq q;
	uint64_t bytes;        /* of the body, so far */
	uint64_t counted;      /* of them, those that the metrics have */
	bool done;             /* the end is queued */
	struct redact *redact; /* borrowed of the arena; NULL: unchanged */
	struct str rest;       /* of a piece that is still to be redacted */
	bool more;             /* of it, more is to come out */
};

struct request {
	struct request *next;          /* among the worker's spare ones */
	struct generation *generation; /* that it began with: the worker's
					  reference, while it is counted */
	struct arena arena;
	struct arena scan; /* of a held body: empty again with the verdict */
	struct http1_head head;
	struct target target;
	struct facts facts;
	struct vm vm;
	struct json json;               /* of a held body; in scan */
	const struct redact_plan *plan; /* of the filters that apply, or NULL */
	unsigned endpoint;              /* enum endpoint_flag */
	char *held;                     /* owned: a held body */
	size_t held_n, held_room;
	bool is_held;
	struct engine_conn *engine; /* borrowed from the pool while in use */
	struct pipe_way up;         /* client to Engine */
	struct pipe_way down;       /* Engine to client */
	uint32_t untaken;   /* by the client, when it last took something */
	size_t engine_seen; /* bookmark of http1_scan_head() */
	struct str id;      /* borrowed: made_id, or of the head */
	bool id_is_told;    /* the client's: among the head's fields */
	uint64_t start_ms, dial_us;
	int dial_errno;  /* why dialling was put off; 0: it was not */
	uint64_t ask_us; /* when the Engine was first dialled */
	uint16_t status; /* of the answer; 0 until then */
	enum why why;
	struct str message;   /* of our own answer */
	struct str means;     /* of audit_facts(); empty: not asked for */
	uint32_t retry_after; /* seconds; 0: none */
	bool parsed;          /* the head is valid */
	bool is_scrape;       /* it asks for our metrics */
	bool guessed;         /* its credentials are wrong */
	bool engine_sent;     /* its socket took some of the request */
	bool up_ended; /* all of the request was sent, or no more can be */
	bool answered; /* the answer's head is queued */
	bool tunnel;   /* the answer makes it one */
	bool retried;
	bool upgrade;      /* Upgrade was sent to the Engine */
	bool close;        /* the connection ends with this request */
	bool engine_keeps; /* the Engine's connection can be used again */
	/* From here on nothing is cleared for the next request. */
	char made_id[REQUEST_ID_MADE];
	struct docker docker;            /* of the facts */
	struct iovec refs[2][OUTQ_REFS]; /* of the two ways */
	struct relay raw_up, raw_down;   /* the same two, in a tunnel */
	struct http1_field fields[];     /* limits.headers of them */
};

/* Memory for a request and its arena; NULL without. */
struct request *request_memory(
	const struct settings_limits *l, struct arena *arena_out);

/* One that nothing is known of yet. Takes over what the arena holds. */
void request_init(struct request *rq, const struct arena *arena,
	const struct settings_limits *l);

/* Of the worker's generation. NULL without memory. */
struct request *request_new(struct worker *w);

/* The policy of the request that is served, else the one in force. */
static inline const struct policy *
flow_policy(const struct flow *f)
{
	return f->rq ? f->rq->generation->policy
		     : f->worker->generation->policy;
}

/* Takes the id that the client gave its request, if it is one that will do.
 * After parsing: of all that is written as one, that alone is forwarded and
 * seen by rules. */
void request_take_id(struct request *rq);

/* Adds to the worker's metrics what has moved since the last time. */
void request_count_bytes(struct worker *w, struct request *rq);

/* Gives everything back; its Engine connection must have been put. */
void request_free(struct worker *w, struct request *rq);

#endif
