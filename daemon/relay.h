/* Relay: raw bytes from one leg to another, until the one ends.
 *
 * What is read is written from where it lies; while it is not written, nothing
 * is read. Small pieces are copied. When one large read follows the other and
 * both legs are plain TCP, the bytes are spliced through a pipe, which is given
 * back when the bulk is over. The end of the one is passed on to the other,
 * after all that came before it.
 */
#ifndef DAEMON_RELAY_H
#define DAEMON_RELAY_H

#include "daemon/leg.h"
#include "daemon/pipes.h"

struct relay {
	struct outq q;          /* to be written: of the reader's block */
	struct iovec ref;       /* its one: nothing is read before it is gone */
	struct pipes *pipes;    /* borrowed; NULL: never splice */
	struct pipe_pair *pipe; /* owned; NULL: bytes are copied */
	unsigned large, small;  /* reads of that kind, one after the other */
	bool done;              /* the end has been passed on */
};

enum relay_step {
	RELAY_WAIT,   /* for the source to be readable, or the sink writable */
	RELAY_DONE,   /* the sink has been shut down */
	RELAY_BROKEN, /* the source ended by an error, or the sink has */
};

/* Of a struct of zeros that stays where it is. pipes: NULL, never splice. */
void relay_init(struct relay *r, struct pipes *pipes);

/* Moves what there is, reading src at most once. */
enum relay_step relay_run(struct relay *r, struct leg *src, struct leg *dst);

/* Is something waiting to be written? */
static inline bool
relay_holds(const struct relay *r)
{
	return !outq_empty(&r->q) || (r->pipe && r->pipe->held);
}

/* Forgets what is held. */
void relay_clear(struct relay *r, struct blocks *blocks);

#endif
