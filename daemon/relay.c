/* Relay: copying, and splicing when it pays. */
#include "daemon/relay.h"

/* A pipe pays behind this many reads of at least so many bytes each; and no
 * longer behind as many that are smaller. */
#define LARGE_READS 4u
#define SMALL_READS 16u
#define LARGE_BYTES (32u * 1024)

/* --- which way --------------------------------------------------------------- */

static void
leave_pipe(struct relay *r)
{
	pipes_give(r->pipes, r->pipe);
	r->pipe = NULL;
	r->large = r->small = 0;
}

/* Nothing is held: the next read may go another way. */
static void
note_read(
	struct relay *r, const struct leg *src, const struct leg *dst, size_t n)
{
	bool large = n >= LARGE_BYTES;

	r->large = large ? r->large + 1 : 0;
	r->small = large ? 0 : r->small + 1;
	if (r->large != LARGE_READS || r->pipe)
		return;
	if (r->pipes && !src->tls && !dst->tls)
		r->pipe = pipes_take(r->pipes);
}

static bool
is_spliced(const struct relay *r, const struct leg *src)
{
	return r->pipe && leg_input(src).n == 0;
}

/* --- moving ------------------------------------------------------------------- */

static void
fill_pipe(struct relay *r, struct leg *src, const struct leg *dst)
{
	size_t n;

	src->can_read = false;
	switch (pipe_fill(r->pipe, src->fd, &n)) {
	case PIPE_MOVED:
		note_read(r, src, dst, n);
		break;
	case PIPE_AGAIN:
		break;
	case PIPE_END:
		src->rd_eof = true;
		break;
	case PIPE_FAILED:
		src->rd_eof = src->rd_failed = true;
		break;
	}
}

static bool
drain_pipe(struct relay *r, struct leg *dst)
{
	size_t n;

	while (r->pipe->held && dst->can_write && !dst->failed) {
		switch (pipe_drain(r->pipe, dst->fd, &n)) {
		case PIPE_MOVED:
			break;
		case PIPE_AGAIN:
			dst->can_write = false;
			break;
		case PIPE_END:
		case PIPE_FAILED:
			dst->failed = true;
			break;
		}
	}
	return r->pipe->held == 0;
}

/* Into a block, from which it will be written. */
static void
fill_block(struct relay *r, struct leg *src, const struct leg *dst)
{
	if (!leg_make_room(src, block_fit(src->blocks, BLOCK_MEDIUM))) {
		src->rd_failed = src->rd_eof = true;
		return;
	}
	if (!leg_fill(src))
		return;
	struct str in = leg_input(src);
	outq_ref(&r->q, in.p, in.n);
	leg_take(src, in.n);
	note_read(r, src, dst, in.n);
}

/* Writes what is held. False: it is still held. */
static bool
flush(struct relay *r, struct leg *dst)
{
	size_t wrote;

	return outq_flush(&r->q, dst, &wrote) &&
	       (!r->pipe || drain_pipe(r, dst));
}

void
relay_init(struct relay *r, struct pipes *pipes)
{
	r->q.refs = &r->ref;
	r->pipes = pipes;
}

enum relay_step
relay_run(struct relay *r, struct leg *src, struct leg *dst)
{
	while (!r->done) {
		if (!flush(r, dst))
			return dst->failed ? RELAY_BROKEN : RELAY_WAIT;
		if (r->pipe && (r->small == SMALL_READS || src->rd_eof))
			leave_pipe(r);
		if (src->rd_failed)
			return RELAY_BROKEN;
		if (src->rd_eof) {
			leg_shutdown(dst);
			r->done = true;
		}
		if (!src->can_read || src->rd_eof) {
			leg_relax(src);
			return r->done ? RELAY_DONE : RELAY_WAIT;
		}
		if (is_spliced(r, src))
			fill_pipe(r, src, dst);
		else
			fill_block(r, src, dst);
	}
	return RELAY_DONE;
}

void
relay_clear(struct relay *r, struct blocks *blocks)
{
	outq_clear(&r->q, blocks);
	if (r->pipe)
		leave_pipe(r);
}
