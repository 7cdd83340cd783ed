/* Moving a message body: decode, refer, write; read when all is written. */
#include "daemon/pump.h"

#include "runtime/http1_write.h"
#include "runtime/limits.h"
#include "runtime/redact.h"

/* Behind this many bytes of a body, larger reads pay. */
#define BULK_BYTES (512u * 1024)

/* References of one chunk: its size line, its data, its CRLF. And room for
 * the last chunk. */
#define CHUNK_REFS 3u
#define LAST_REFS  1u

/* Queues one piece of the body with the framing of the way out. */
static void
queue_piece(struct pipe_way *way, struct leg *dst, struct str data)
{
	way->bytes += data.n;
	if (way->out != HTTP1_CHUNKED) {
		outq_ref(&way->q, data.p, data.n);
		return;
	}
	char *p = outq_reserve(&way->q, dst->blocks, 24);
	if (!p) {
		dst->failed = true;
		return;
	}
	struct http1_writer w = {.p = p, .cap = 24};
	http1_put_hex(&w, data.n);
	http1_put(&w, STR("\r\n"));
	outq_commit(&way->q, w.n);
	outq_ref(&way->q, data.p, data.n);
	outq_ref(&way->q, "\r\n", 2);
}

/* False: it ended inside of a value. */
static bool
queue_end(struct pipe_way *way)
{
	if (way->redact && !redact_end(way->redact))
		return false;
	way->done = true;
	if (way->out == HTTP1_CHUNKED)
		outq_ref(&way->q, "0\r\n\r\n", 5);
	return true;
}

/* Room for the size line in front of what is redacted, whose length is known
 * only then; and for the CRLF behind it. */
#define SIZE_LINE  20u
#define REDACT_OUT 20000u /* asked for at most: a medium block */
#define REDACT_MIN 2048u  /* with less left in it, write it out first */

/* Is the block of rewritten bytes full? It starts anew when it is written. */
static bool
redacted_enough(const struct outq *q)
{
	return q->used && block_bytes(q->size) - q->used < REDACT_MIN;
}

/* What to ask of the block: room for the rest of the piece, but no more than
 * a medium block. A small one may hold the head, too: to grow costs less than
 * another write. */
static size_t
redacted_room(const struct pipe_way *way)
{
	size_t n = SIZE_LINE + way->rest.n + 2;

	if (n <= REDACT_MIN || (way->q.block && way->q.size != BLOCK_SMALL))
		return REDACT_MIN;
	return n < REDACT_OUT ? n : REDACT_OUT;
}

/* Rewrites the rest of a piece, as far as the block goes. False: it is no
 * JSON, or there is no memory. */
static bool
queue_redacted(struct pipe_way *way, struct leg *dst)
{
	struct outq *q = &way->q;
	char *p = outq_reserve(q, dst->blocks, redacted_room(way));
	size_t used, n = 0;

	if (!p)
		return false;
	char *data = p + SIZE_LINE;
	size_t cap = block_bytes(q->size) - q->used - SIZE_LINE - 2;
	enum redact_step step = redact_run(
		way->redact, way->rest.p, way->rest.n, &used, data, cap, &n);
	way->rest = str_from(way->rest, used);
	way->more = step == REDACT_FULL;
	if (step == REDACT_BAD)
		return false;
	way->bytes += n;
	if (n == 0)
		return true;
	if (way->out != HTTP1_CHUNKED) {
		outq_commit_at(q, SIZE_LINE, n);
		return true;
	}
	char line[SIZE_LINE];
	struct http1_writer w = {.p = line, .cap = sizeof(line)};
	http1_put_hex(&w, n);
	http1_put(&w, STR("\r\n"));
	memcpy(data - w.n, line, w.n);
	memcpy(data + n, "\r\n", 2);
	outq_commit_at(q, SIZE_LINE - w.n, w.n + n + 2);
	return true;
}

/* Takes what has been read of the body, as far as the queue has room. */
static enum http1_step
take_pieces(struct pipe_way *way, struct leg *src, struct leg *dst)
{
	while (outq_has_room(&way->q, CHUNK_REFS + LAST_REFS)) {
		if (way->rest.n || way->more) {
			if (redacted_enough(&way->q))
				return HTTP1_STEP_DATA;
			if (!queue_redacted(way, dst))
				return HTTP1_STEP_BAD;
			continue;
		}
		struct str in = leg_input(src), data;
		size_t used;
		enum http1_step step =
			http1_body_next(&way->in, in.p, in.n, &used, &data);
		leg_take(src, used);
		if (step == HTTP1_STEP_DATA && way->redact)
			way->rest = data;
		else if (step == HTTP1_STEP_DATA)
			queue_piece(way, dst, data);
		if (step == HTTP1_STEP_END && !queue_end(way))
			return HTTP1_STEP_BAD;
		if (step != HTTP1_STEP_DATA)
			return step;
	}
	return HTTP1_STEP_DATA;
}

/* Reads more. The queue is empty: nothing refers to the block. */
static bool
read_more(const struct pipe_way *way, struct leg *src)
{
	enum block_size size = src->in.block ? src->in.size : BLOCK_MEDIUM;

	if (way->bytes > BULK_BYTES)
		size = BLOCK_LARGE;
	size = block_fit(src->blocks, size);
	if (!leg_make_room(src, size)) {
		src->rd_failed = src->rd_eof = true;
		return false;
	}
	return leg_fill(src);
}

enum pump
pump(struct pipe_way *way, struct leg *src, struct leg *dst, bool *moved_out)
{
	for (;;) {
		enum http1_step step = HTTP1_STEP_END;
		size_t wrote;
		/* Before the write, so that a head and what has come of the
		 * body leave in one piece. */
		if (!way->done)
			step = take_pieces(way, src, dst);
		bool drained = outq_flush(&way->q, dst, &wrote);
		*moved_out |= wrote > 0;
		if (dst->failed)
			return PUMP_BROKEN;
		if (step == HTTP1_STEP_BAD)
			return PUMP_BAD;
		if (!drained)
			return PUMP_WAIT;
		if (way->done)
			return PUMP_DONE;
		if (step == HTTP1_STEP_DATA)
			continue; /* the queue was full: there is more */
		if (src->can_read && !src->rd_eof && read_more(way, src))
			continue;
		if (!src->rd_eof)
			return PUMP_WAIT;
		if (way->in.framing != HTTP1_UNTIL_EOF || src->rd_failed)
			return PUMP_EOF;
		if (!queue_end(way))
			return PUMP_BAD;
	}
}
