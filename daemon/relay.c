/* Relay: copying, and splicing when it pays. */
#include "daemon/relay.h"

/* A pipe pays, or a large block, behind this many reads of at least so many
 * bytes each; a pipe no longer behind as many that are smaller. */
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

/* --- moving ------------------------------------------------------------------- */

static void
fill_pipe(struct relay *r, struct leg *src, const struct leg *dst)
{
	size_t n;

	src->can_read = false;
	switch (pipe_fill(r->pipe, src->fd, &n)) {
	case PIPE_MOVED:
		r->bytes += n;
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
			r->moved = true;
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

static void
fill_block(const struct relay *r, struct leg *src)
{
	enum block_size want =
		r->large < LARGE_READS ? BLOCK_MEDIUM : BLOCK_LARGE;

	if (leg_make_room(src, block_fit(src->blocks, want)))
		leg_fill(src);
	else
		src->rd_failed = src->rd_eof = true;
}

/* What has been read will be written from where it is. */
static void
take_input(struct relay *r, struct leg *src, const struct leg *dst)
{
	struct str in = leg_input(src);

	outq_ref(r->q, in.p, in.n);
	leg_take(src, in.n);
	r->bytes += in.n;
	note_read(r, src, dst, in.n);
}

/* Writes what is held. False: it is still held. */
static bool
flush(struct relay *r, struct leg *dst)
{
	size_t wrote;
	bool drained = outq_flush(r->q, dst, &wrote);

	r->moved |= wrote > 0;
	return drained && (!r->pipe || drain_pipe(r, dst));
}

/* Nothing is held, and nothing comes. */
static void
relax(struct relay *r, struct leg *src)
{
	leg_relax(src);
	outq_clear(r->q, src->blocks);
}

void
relay_init(struct relay *r, struct outq *q, struct pipes *pipes)
{
	*r = (struct relay){.q = q, .pipes = pipes};
}

enum relay_step
relay_run(struct relay *r, struct leg *src, struct leg *dst)
{
	r->moved = false;
	while (!r->done) {
		if (!flush(r, dst))
			return dst->failed ? RELAY_BROKEN : RELAY_WAIT;
		if (leg_input(src).n) {
			take_input(r, src, dst);
			continue;
		}
		if (r->pipe && (r->small == SMALL_READS || src->rd_eof))
			leave_pipe(r);
		if (src->rd_failed)
			return RELAY_BROKEN;
		if (src->rd_eof) {
			leg_shutdown(dst);
			r->done = true;
		}
		if (!src->can_read || src->rd_eof) {
			relax(r, src);
			return r->done ? RELAY_DONE : RELAY_WAIT;
		}
		if (r->pipe)
			fill_pipe(r, src, dst);
		else
			fill_block(r, src);
	}
	return RELAY_DONE;
}

void
relay_clear(struct relay *r, struct blocks *blocks)
{
	outq_clear(r->q, blocks);
	if (r->pipe)
		leave_pipe(r);
}
