/* What passes from one window of input to the output, and what is held back.
 *
 * A window is as much input as the output has room for, so that what passes
 * unchanged always fits and is copied in runs. The newest part of a run may
 * be marked: it waits for a decision. At the window's end it moves into a
 * buffer, the hold, where it goes on growing. Text that is put in between may
 * not fit: it is queued, and the window is cut short until it is out.
 *
 * Nothing here knows JSON.
 */
#ifndef RUNTIME_REDACT_OUT_H
#define RUNTIME_REDACT_OUT_H

#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>

struct redact_out {
	const char *run;  /* first byte that passes and is not copied yet;
			     NULL: the input is swallowed */
	const char *mark; /* of these, the first that is held; NULL: none */
	const char *end;  /* of the window */
	const char *in_end;
	char *to, *to_end; /* the room of the output */

	/* Between windows. */
	bool swallowing;
	bool holding;
	struct str queue[3]; /* texts that wait for room */
	unsigned queued;
	char *hold;    /* in the arena */
	size_t hold_n; /* bytes of what is held that are in the hold */
	size_t limit;  /* of all that is held now; below the hold's size */
};

/* Moves the queue to the output; false when it is full. */
bool redact_out_drain(struct redact_out *o);

/* Begins a window at p; the queue is empty. */
void redact_out_open(struct redact_out *o, const char *p);

/* Ends it at p, where the input stops being good when `bad`. */
void redact_out_close(struct redact_out *o, const char *p, bool bad);

/* Copies what passes up to there. */
void redact_out_flush(struct redact_out *o, const char *upto);

/* Holds what passes from p on, `limit` bytes at most. */
static inline void
redact_out_hold(struct redact_out *o, const char *p, size_t limit)
{
	o->mark = p;
	o->hold_n = 0;
	o->limit = limit;
}

/* The bytes held when p is reached. */
static inline size_t
redact_out_held(const struct redact_out *o, const char *p)
{
	return o->hold_n + (size_t)(p - o->mark);
}

/* The same in one piece. There are no more than limit + 1. */
const char *redact_out_gather(struct redact_out *o, const char *p);

/* What is held passes, but for its first `skip` bytes. */
void redact_out_release(struct redact_out *o, const char *p, size_t skip);

/* Of what is held up to p, bytes [skip, keep) pass, then text. What follows
 * passes again. */
void redact_out_replace(struct redact_out *o, const char *p, size_t skip,
	size_t keep, struct str text);

/* What is held is gone, and what follows is swallowed. */
void redact_out_drop(struct redact_out *o);

/* From p on the input is swallowed; text stands in its place. */
void redact_out_swallow(struct redact_out *o, const char *p, struct str text);

/* From p on it passes again. */
void redact_out_resume(struct redact_out *o, const char *p);

#endif
