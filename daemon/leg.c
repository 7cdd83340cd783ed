/* Legs: non-blocking sockets read into blocks and written from references. */
#include "daemon/leg.h"

#include "daemon/leg_tls.h"

#include <assert.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Less than this is not worth a read. */
#define ROOM_MIN   4096u

/* What the system may hold of ours that the peer's window has no room for: it
 * would be megabytes for each client that reads slowly. */
#define UNSENT_MAX (128 * 1024)

/* A peer that vanished without a word is missed after two minutes of silence,
 * also behind a network that takes half a minute to recover. */
void
leg_setup_tcp(int fd)
{
	int one = 1, idle = 30, interval = 15, count = 6;
	int unsent = UNSENT_MAX;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

/* --- events --------------------------------------------------------------- */

/* Has the peer closed its socket, rather than shut down one direction? */
static bool
is_hung_up(int fd)
{
	struct pollfd p = {.fd = fd};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR));
}

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	struct leg *leg = arg;

	if (!leg->hung_up && (leg->rd_eof || (leg->armed & EV_ET)))
		leg->hung_up = is_hung_up(fd);
	if (leg->tls) {
		leg_tls_event(leg, what);
	} else {
		leg->can_read |= (what & EV_READ) != 0;
		leg->can_write |= (what & EV_WRITE) != 0;
	}
	leg->wake(leg);
}

/* On the edge: what is known to be there would fire for ever. With EV_READ,
 * since libevent takes an error for that. */
#define HANG_UP (EV_READ | EV_CLOSED | EV_ET)

static short
interest(const struct leg *leg, bool read, bool write)
{
	if (leg->tls)
		return leg_tls_interest(leg, read, write);
	return (short)((read ? EV_READ : 0) | (write ? EV_WRITE : 0));
}

static void
arm(struct leg *leg, short want)
{
	if (want == leg->armed || leg->fd < 0)
		return;
	struct event_base *base = event_get_base(&leg->event);
	if (leg->armed)
		event_del(&leg->event);
	leg->armed = 0;
	if (!want)
		return;
	event_assign(&leg->event, base, leg->fd, (short)(want | EV_PERSIST),
		on_event, leg);
	if (event_add(&leg->event, NULL) == 0)
		leg->armed = want;
	else
		leg->failed = leg->rd_eof = leg->rd_failed = true;
}

void
leg_watch(struct leg *leg, bool read, bool write)
{
	short want = interest(leg, read, write);

	if (!want && leg->rd_eof && !leg->hung_up)
		want = HANG_UP;
	arm(leg, want);
}

void
leg_watch_peer(struct leg *leg, bool read, bool write)
{
	short want = interest(leg, read, write);

	arm(leg, want || leg->hung_up ? want : HANG_UP);
}

bool
leg_open(struct leg *leg, struct event_base *base, struct blocks *blocks,
	int fd, void (*wake)(struct leg *leg))
{
	*leg = (struct leg){
		.fd = fd,
		.blocks = blocks,
		.wake = wake,
		.can_write = true,
	};
	event_assign(
		&leg->event, base, fd, EV_READ | EV_PERSIST, on_event, leg);
	leg_watch(leg, true, false);
	if (!leg->armed)
		leg_close(leg);
	return leg->armed;
}

void
leg_close(struct leg *leg)
{
	leg_unpin(leg);
	block_give(leg->blocks, leg->in.size, leg->in.block);
	leg->in = (struct inbuf){0};
	if (leg->fd < 0)
		return;
	leg->hung_up = true;
	leg_drop_tls(leg);
	leg_watch(leg, false, false);
	close(leg->fd);
	leg->fd = -1;
	leg->rd_eof = leg->wr_shut = true;
}

uint32_t
leg_untaken(const struct leg *leg)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(info);

	getsockopt(leg->fd, SOL_SOCKET, SO_MEMINFO, info, &len);
	/* TCP's queue; a unix socket has none but the peer's. */
	return info[SK_MEMINFO_WMEM_QUEUED] ? info[SK_MEMINFO_WMEM_QUEUED]
					    : info[SK_MEMINFO_WMEM_ALLOC];
}

void
leg_reset(struct leg *leg)
{
	struct linger abort = {.l_onoff = 1, .l_linger = 0};

	if (leg->fd >= 0)
		setsockopt(
			leg->fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
	leg_close(leg);
}

void
leg_shutdown(struct leg *leg)
{
	if (leg->tls)
		leg_tls_farewell(leg);
	else if (!leg->wr_shut)
		shutdown(leg->fd, SHUT_WR);
	leg->wr_shut = true;
}

bool
leg_farewell(struct leg *leg)
{
	return !leg->tls || leg_tls_farewell(leg);
}

/* --- TLS ------------------------------------------------------------------ */

bool
leg_start_tls(struct leg *leg, struct tls_context *context)
{
	return leg_tls_start(leg, context);
}

void
leg_drop_tls(struct leg *leg)
{
	if (leg->tls)
		leg_tls_drop(leg);
}

enum handshake
leg_handshake(struct leg *leg)
{
	return leg->tls ? leg_tls_handshake(leg) : HANDSHAKE_DONE;
}

const char *
leg_error(const struct leg *leg)
{
	return leg->tls ? leg_tls_error(leg) : NULL;
}

struct auth_cert *
leg_read_cert(const struct leg *leg)
{
	return leg->tls ? leg_tls_read_cert(leg) : NULL;
}

/* --- input ---------------------------------------------------------------- */

size_t
leg_room(const struct leg *leg)
{
	return leg->in.block ? block_bytes(leg->in.size) - leg->in.end : 0;
}

static bool
enlarge(struct leg *leg, enum block_size size)
{
	struct inbuf *in = &leg->in;
	char *block = block_take(leg->blocks, size);
	uint32_t n = in->end - in->start;

	if (!block)
		return false;
	memcpy(block, in->block + in->start, n);
	if (in->base) {
		assert(!leg->pinned);
		leg->pinned = in->block;
		leg->pinned_size = in->size;
	} else {
		block_give(leg->blocks, in->size, in->block);
	}
	*in = (struct inbuf){.block = block, .end = n, .size = size};
	return true;
}

bool
leg_reserve(struct leg *leg, enum block_size size)
{
	struct inbuf *in = &leg->in;

	if (!in->block) {
		in->block = block_take(leg->blocks, size);
		in->size = size;
		return in->block;
	}
	if (size > in->size)
		return enlarge(leg, size);
	if (in->start > in->base) {
		memmove(in->block + in->base, in->block + in->start,
			in->end - in->start);
		in->end -= in->start - in->base;
		in->start = in->base;
	}
	return true;
}

bool
leg_make_room(struct leg *leg, enum block_size size)
{
	struct inbuf *in = &leg->in;

	if (!leg_reserve(leg, size))
		return false;
	if (leg_room(leg) >= ROOM_MIN)
		return true;
	/* The largest has no larger: another one, without what is pinned. */
	if (in->size < BLOCK_LARGE)
		size = in->size + 1;
	else if (in->base)
		size = BLOCK_LARGE;
	else
		return leg_room(leg) > 0;
	return enlarge(leg, size);
}

bool
leg_fill(struct leg *leg)
{
	struct inbuf *in = &leg->in;
	size_t room = leg_room(leg);

	assert(room > 0);
	if (leg->tls)
		return leg_tls_fill(leg);
	leg->can_read = false;
	ssize_t n = recv(leg->fd, in->block + in->end, room, 0);
	if (n > 0) {
		in->end += (uint32_t)n;
		return true;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	leg->rd_eof = true;
	leg->rd_failed = n < 0;
	return false;
}

bool
leg_has_more(const struct leg *leg)
{
	return leg->can_read || (leg->tls && leg_tls_has_more(leg));
}

size_t
leg_peek(struct leg *leg, char *buf, size_t n)
{
	ssize_t got = recv(leg->fd, buf, n, MSG_PEEK);

	if (got > 0)
		return (size_t)got;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	leg->rd_eof = true;
	leg->rd_failed = got < 0;
	return 0;
}

bool
leg_go_first(struct leg *leg, bool first)
{
	return event_priority_set(&leg->event, first ? 0 : 1) == 0;
}

bool
leg_is_silent(struct leg *leg)
{
	char c;

	if (leg->tls)
		return leg_tls_is_silent(leg);
	leg->can_read = false;
	return recv(leg->fd, &c, 1, MSG_PEEK) < 0 && errno == EAGAIN;
}

bool
leg_skip(struct leg *leg, char *buf, size_t n)
{
	return n == 0 || recv(leg->fd, buf, n, 0) == (ssize_t)n;
}

void
leg_pin(struct leg *leg)
{
	leg->in.base = leg->in.start;
}

void
leg_unpin(struct leg *leg)
{
	leg->in.base = 0;
	block_give(leg->blocks, leg->pinned_size, leg->pinned);
	leg->pinned = NULL;
}

void
leg_relax(struct leg *leg)
{
	struct inbuf *in = &leg->in;

	if (in->base || in->start != in->end || !in->block)
		return;
	block_give(leg->blocks, in->size, in->block);
	*in = (struct inbuf){0};
}

/* --- output --------------------------------------------------------------- */

/* Moves what is in the block to another one, and the references with it. */
static void
outq_move(struct outq *q, char *block)
{
	assert(q->block);
	memcpy(block, q->block, q->used);
	for (unsigned i = q->first; i < q->first + q->count; i++) {
		struct iovec *r = &q->refs[i];
		const char *p = r->iov_base;
		if (p >= q->block && p < q->block + q->used)
			r->iov_base = block + (p - q->block);
	}
}

static bool
outq_grow(struct outq *q, struct blocks *blocks, enum block_size size)
{
	char *block = block_take(blocks, size);

	if (!block)
		return false;
	if (q->used)
		outq_move(q, block);
	block_give(blocks, q->size, q->block);
	q->block = block;
	q->size = size;
	return true;
}

char *
outq_reserve(struct outq *q, struct blocks *blocks, size_t n)
{
	enum block_size size = q->block ? q->size : BLOCK_SMALL;

	while (block_bytes(size) - q->used < n)
		if (++size == BLOCK_SIZES)
			return NULL;
	if ((!q->block || size != q->size) && !outq_grow(q, blocks, size))
		return NULL;
	return q->block + q->used;
}

void
outq_commit_at(struct outq *q, size_t skip, size_t n)
{
	outq_ref(q, q->block + q->used + skip, n);
	q->used += (uint32_t)(skip + n);
}

void
outq_commit(struct outq *q, size_t n)
{
	outq_commit_at(q, 0, n);
}

void
outq_ref(struct outq *q, const char *p, size_t n)
{
	if (n == 0)
		return;
	assert(outq_has_room(q, 1));
	q->refs[q->first + q->count] = (struct iovec){
		.iov_base = (void *)(uintptr_t)p,
		.iov_len = n,
	};
	q->count++;
}

/* n bytes have left: drop whole references, shorten the next. */
static void
advance(struct outq *q, size_t n)
{
	while (n > 0) {
		struct iovec *r = &q->refs[q->first];
		if (n < r->iov_len) {
			r->iov_base = (char *)r->iov_base + n;
			r->iov_len -= n;
			return;
		}
		n -= r->iov_len;
		q->first++;
		q->count--;
	}
}

/* Not by send(), of which the sandbox has to look at the arguments each time.
 * SIGPIPE is ignored. */
static ssize_t
write_some(const struct outq *q, int fd)
{
	const struct iovec *r = &q->refs[q->first];

	return q->count == 1 ? write(fd, r->iov_base, r->iov_len)
			     : writev(fd, r, q->count);
}

bool
outq_flush(struct outq *q, struct leg *leg, size_t *wrote_out)
{
	*wrote_out = 0;
	while (q->count > 0 && leg->can_write && !leg->failed) {
		ssize_t n = leg->tls ? leg_tls_write(leg, &q->refs[q->first],
					       q->count)
				     : write_some(q, leg->fd);
		if (n >= 0) {
			*wrote_out += (size_t)n;
			advance(q, (size_t)n);
			/* A short write means a full socket: save the EAGAIN.
			 * A record is always short. */
			leg->can_write = q->count == 0 || leg->tls;
		} else if (errno == EAGAIN) {
			leg->can_write = false;
		} else if (errno != EINTR) {
			leg->failed = true;
		}
	}
	if (q->count > 0)
		return false;
	q->first = 0;
	q->used = q->keep;
	return true;
}

void
outq_clear(struct outq *q, struct blocks *blocks)
{
	block_give(blocks, q->size, q->block);
	q->first = q->count = 0;
	q->block = NULL;
	q->used = q->keep = 0;
}
