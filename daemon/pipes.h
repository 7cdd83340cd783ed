/* Pipes: what bulk between two TCP sockets is spliced through, so that it is
 * never copied. Large ones, few, and kept for the next who needs one.
 *
 * The system grants a user some tens of such pipes in all; who gets none
 * copies. One thread.
 */
#ifndef DAEMON_PIPES_H
#define DAEMON_PIPES_H

#include <stdbool.h>
#include <stddef.h>

struct pipe_pair {
	struct pipe_pair *next; /* among the spare ones */
	int rd, wr;             /* owned */
	size_t room;            /* bytes that it takes */
	size_t held;            /* bytes that are in it */
};

struct pipes {
	struct pipe_pair *spare; /* owned */
	unsigned nspare, nused;
};

/* NULL: there is none to be had, or it would not be worth it. */
struct pipe_pair *pipes_take(struct pipes *p);

/* One that still holds something is closed. */
void pipes_give(struct pipes *p, struct pipe_pair *pair);

/* What a splice came to. */
enum pipe_move {
	PIPE_MOVED,  /* some bytes */
	PIPE_AGAIN,  /* the socket is not ready */
	PIPE_END,    /* of what is read */
	PIPE_FAILED, /* errno says how */
};

/* From a socket, as much as there is room; into a socket, all that it takes.
 * Neither blocks. *n_out: the bytes that moved. */
enum pipe_move pipe_fill(struct pipe_pair *pair, int from, size_t *n_out);
enum pipe_move pipe_drain(struct pipe_pair *pair, int to, size_t *n_out);

#endif
