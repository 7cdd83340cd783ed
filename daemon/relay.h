/* Relay: raw bytes from one leg to another, until the one ends.
 *
 * What is read is written from where it lies; while it is not written, nothing
 * is read. When one large read follows the other, larger ones are made; or, if
 * there are pipes and both legs are plain, the bytes are spliced through one,
 * until the bulk is over. A quiet relay holds no block. The end of the one is
 * passed on to the other, after all that came before it.
 */
#ifndef DAEMON_RELAY_H
#define DAEMON_RELAY_H

#include "daemon/leg.h"
#include "daemon/pipes.h"

struct relay {
	struct outq *q;         /* borrowed: what is to be written */
	struct pipes *pipes;    /* borrowed; NULL: never splice */
	struct pipe_pair *pipe; /* owned; NULL: bytes are copied */
	uint64_t bytes;         /* of the source, so far */
	unsigned large, small;  /* reads of that kind, one after the other */
	bool moved;             /* the sink took something in the last run */
	bool done;              /* the end has been passed on */
};

enum relay_step {
	RELAY_WAIT,   /* for the source to be readable, or the sink writable */
	RELAY_DONE,   /* the sink has been shut down */
	RELAY_BROKEN, /* the source ended by an error, or the sink has */
};

/* What is in q goes first; of references it needs one. pipes: NULL, never
 * splice. */
void relay_init(struct relay *r, struct outq *q, struct pipes *pipes);

/* Moves what there is, reading src at most once. What src has read already
 * comes before that. */
enum relay_step relay_run(struct relay *r, struct leg *src, struct leg *dst);

/* Is something waiting to be written? */
static inline bool
relay_holds(const struct relay *r)
{
	return !outq_empty(r->q) || (r->pipe && r->pipe->held);
}

/* Forgets what is held. */
void relay_clear(struct relay *r, struct blocks *blocks);

#endif
