/* A leg: one side of a flow. Bytes in, bytes out, EOF, failure, shutdown.
 *
 * A leg drives its socket by one `struct event`: it reads straight into a
 * block and writes straight from where the bytes are, at once; the event loop
 * is asked for writability only after EAGAIN. libevent's own bufferevents
 * read 4096 bytes a call and go through epoll_ctl for each write, which costs
 * 97 system calls on a 98 KB answer where this needs 4.
 *
 * Whoever moves bytes from one leg to another queues references to the
 * reader's block (outq_ref) and leaves that block alone until the writer has
 * drained: nothing is copied, and what a connection may buffer is one block
 * each way. Back-pressure follows: while a writer is not drained its reader
 * is not read.
 *
 * TLS stays inside: with it, a read decrypts into the block and a write sends
 * one record of what the references say; end, shutdown and back-pressure mean
 * the same. Only the handshake shows, at the beginning.
 *
 * The event's callback only records what happened and calls the owner.
 * All of a leg's functions run on its worker's thread.
 */
#ifndef DAEMON_LEG_H
#define DAEMON_LEG_H

#include "daemon/block.h"
#include "runtime/str.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct auth_cert;
struct leg_tls;
struct tls_context;

/* What has been read and not yet been taken: block[start, end). Bytes below
 * `base` are pinned (leg_pin). */
struct inbuf {
	char *block; /* owned; NULL while idle */
	uint32_t base, start, end;
	enum block_size size;
};

struct leg {
	struct event event;
	struct blocks *blocks;         /* borrowed: the worker's */
	void (*wake)(struct leg *leg); /* the owner's */
	struct leg_tls *tls;           /* owned; NULL: plain */
	struct inbuf in;
	char *pinned; /* owned: with pinned bytes, when it is read into
			 another by now; NULL: it is not */
	enum block_size pinned_size;
	int fd;          /* owned; -1 when closed */
	short armed;     /* EV_READ, EV_WRITE: what the loop is asked for */
	bool can_read;   /* the loop said so, and nobody has read since */
	bool can_write;  /* false after EAGAIN until the loop says so */
	bool rd_eof;     /* the peer has shut its side down, or failed */
	bool wr_shut;    /* we have shut ours down */
	bool rd_failed;  /* reading ended by an error: not an orderly end */
	bool failed;     /* writing failed: nothing more will arrive */
	bool hung_up;    /* after its end, the peer has gone altogether */
	bool connecting; /* until the first EV_WRITE */
};

#define OUTQ_REFS 32

/* What is to be written: references, as the system takes them, and a block for
 * what we make up. */
struct outq {
	struct iovec *refs; /* borrowed: OUTQ_REFS, or as many as will do */
	uint16_t first, count;
	char *block; /* owned: made-up bytes; NULL when there are none */
	enum block_size size;
	uint32_t used; /* bytes of the block */
	uint32_t keep; /* of them, those to keep once drained: a request's
			  head, in case it must be sent again */
};

/* The system has no descriptor or buffer left for one more socket: another
 * may be closed soon. */
static inline bool
leg_exhausted(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS ||
	       err == ENOMEM;
}

/* Small pieces leave at once, and a peer that has vanished is found out. Of a
 * listening socket, those that are accepted have it, without a call for each
 * of them. */
void leg_setup_tcp(int fd);

/* --- legs ------------------------------------------------------------- */

/* Takes over fd (non-blocking); waits for reading. False: the loop refused,
 * fd is closed. */
bool leg_open(struct leg *leg, struct event_base *base, struct blocks *blocks,
	int fd, void (*wake)(struct leg *leg));

/* TLS from here on, in the context's role; before the first read or write.
 * False without memory. */
bool leg_start_tls(struct leg *leg, struct tls_context *context);

enum handshake {
	HANDSHAKE_DONE,     /* or there was none to do: the leg is plain */
	HANDSHAKE_WAIT,     /* watch the leg for reading, and call again */
	HANDSHAKE_NOT_TLS,  /* the client speaks, but not TLS */
	HANDSHAKE_BAD_CERT, /* the other side's is missing, or will not do */
	HANDSHAKE_FAILED,   /* leg_error() may tell why */
};

/* Goes on with the handshake. */
enum handshake leg_handshake(struct leg *leg);

/* Why TLS failed, if it was TLS that failed; else NULL. */
const char *leg_error(const struct leg *leg);

/* Who the other side's verified certificate is made out to; NULL: it has
 * none. One piece of memory, for free(). */
struct auth_cert *leg_read_cert(const struct leg *leg);

/* A plain leg from here on: for a last word, and for reading what is left. */
void leg_drop_tls(struct leg *leg);

/* Forgets buffered input, closes the descriptor. Safe to repeat. */
void leg_close(struct leg *leg);

/* A measure, of no exact unit, of what has been written and the peer's side
 * has not taken: it falls as that goes on. */
uint32_t leg_untaken(const struct leg *leg);

/* Closes with a reset, so that the peer cannot take what it got for all. */
void leg_reset(struct leg *leg);

/* Says what the loop shall watch for; what is the same costs nothing. With
 * neither, after the peer's end, it still watches for a hang-up. */
void leg_watch(struct leg *leg, bool read, bool write);

/* The same; but with neither it always watches for a hang-up, at the price of
 * a call for each piece that arrives meanwhile. */
void leg_watch_peer(struct leg *leg, bool read, bool write);

/* How many bytes leg_fill could read now without moving anything. */
size_t leg_room(const struct leg *leg);

/* Makes room: takes a block of that size if there is none; moves unread
 * bytes down to `base`; with a larger size than the current one, moves them
 * to a new block. The old one is given back, or kept while bytes are pinned
 * in it. Only when nothing refers to unread bytes. False without memory. */
bool leg_reserve(struct leg *leg, enum block_size size);

/* The same, and sees to it that the next read is worth its system call: a
 * larger block, or another one as large, where pinned bytes leave too little.
 * False without memory, or with the largest block full. */
bool leg_make_room(struct leg *leg, enum block_size size);

/* One read. True when bytes came; false otherwise: look at rd_eof. can_read is
 * false then; when there is more, the loop says so in its next turn: a peer
 * who never stops leaves the others theirs. */
bool leg_fill(struct leg *leg);

/* Has something come that nobody has read, as far as is known here? */
bool leg_has_more(const struct leg *leg);

/* Before the first read, and below TLS: copies what has come, and leaves it.
 * 0: nothing yet, or the end: look at rd_eof. */
size_t leg_peek(struct leg *leg, char *buf, size_t n);

/* Takes the first n bytes of what leg_peek() copied, into buf again. False:
 * the connection broke off. */
bool leg_skip(struct leg *leg, char *buf, size_t n);

/* The unread bytes, and taking n of them. */
static inline struct str
leg_input(const struct leg *leg)
{
	return str_from(
		(struct str){leg->in.block, leg->in.end}, leg->in.start);
}
static inline void
leg_take(struct leg *leg, size_t n)
{
	struct inbuf *in = &leg->in;

	assert(n <= in->end - in->start);
	in->start += (uint32_t)n;
}

/* What has been taken stays where it is until it is unpinned: a request's head
 * while it is served. */
void leg_pin(struct leg *leg);
void leg_unpin(struct leg *leg);

/* Gives the block back when there is nothing unread and nothing pinned. */
void leg_relax(struct leg *leg);

/* Among the events of a turn of the loop, which has LEG_PRIORITIES, this leg's
 * comes first (or no longer). False: it has already come, and waits. */
#define LEG_PRIORITIES 2
bool leg_go_first(struct leg *leg, bool first);

/* Has an idle leg nothing to say: no byte, no end? TLS has messages of its
 * own, which are read. */
bool leg_is_silent(struct leg *leg);

/* Shuts our side down; call it with everything written. */
void leg_shutdown(struct leg *leg);

/* What must be said before closing, so that the end is known to be one:
 * TLS's close_notify. True when it is said, or never will be; false: it is on
 * its way, the leg wakes its owner. */
bool leg_farewell(struct leg *leg);

/* --- output --------------------------------------------------------------- */

static inline bool
outq_empty(const struct outq *q)
{
	return q->count == 0;
}

/* Room for `refs` more references? */
static inline bool
outq_has_room(const struct outq *q, unsigned refs)
{
	return q->first + q->count + refs <= OUTQ_REFS;
}

/* At least n bytes to write to, contiguous, and referred to by a following
 * outq_commit(); the block grows if it must. NULL without memory, or beyond
 * the largest block. */
char *outq_reserve(struct outq *q, struct blocks *blocks, size_t n);
void outq_commit(struct outq *q, size_t n);

/* The same, leaving `skip` bytes in front out. */
void outq_commit_at(struct outq *q, size_t skip, size_t n);

/* Refers to bytes that stay in place until the queue is drained. */
void outq_ref(struct outq *q, const char *p, size_t n);

/* Writes what it can. True when the queue is empty; false when the leg must
 * be waited for (can_write is false) or has failed. *wrote_out is the number
 * of bytes written. */
bool outq_flush(struct outq *q, struct leg *leg, size_t *wrote_out);

/* Forgets all, gives the block back. */
void outq_clear(struct outq *q, struct blocks *blocks);

#endif
