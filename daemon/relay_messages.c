/* Relay of messages.
 *
 * A message is put together in the source's block, behind what is known of it,
 * and leaves by one call: the system takes it as a whole or not at all.
 */
#include "daemon/relay_messages.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* Behind sys/socket.h, which it needs. */
#include <linux/sctp.h>

#define INFO_BYTES sizeof(struct sctp_sndrcvinfo)

union control {
	char bytes[CMSG_SPACE(INFO_BYTES)];
	struct cmsghdr align;
};

/* --- sending ----------------------------------------------------------------- */

/* Of what came with it, what a sender may say: the rest is the system's, or
 * would end the association. */
static void
write_info(struct msghdr *m, const char *block)
{
	struct sctp_sndrcvinfo came, info = {0};
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	memcpy(&came, block, INFO_BYTES);
	info.sinfo_stream = came.sinfo_stream;
	info.sinfo_ppid = came.sinfo_ppid;
	info.sinfo_flags = came.sinfo_flags & SCTP_UNORDERED;
	c->cmsg_level = IPPROTO_SCTP;
	c->cmsg_type = SCTP_SNDRCV;
	c->cmsg_len = CMSG_LEN(INFO_BYTES);
	memcpy(CMSG_DATA(c), &info, INFO_BYTES);
}

/* A peer that has closed may have said something before: that is read yet.
 * Any other error is of this message, which must not be missing. */
static void
fail(struct leg *dst)
{
	dst->failed = true;
	if (errno != EPIPE)
		dst->rd_failed = dst->rd_eof = true;
}

/* False: it is still held. */
static bool
send_held(struct relay *r, const struct leg *src, struct leg *dst)
{
	union control control = {0};
	struct msghdr m = {
		.msg_iov = r->q->refs,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};

	if (!relay_holds(r))
		return true;
	if (!dst->can_write || dst->failed)
		return false;
	write_info(&m, src->in.block);
	if (sendmsg(dst->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
		outq_clear(r->q, dst->blocks);
		return true;
	}
	if (errno == EAGAIN || errno == EINTR)
		dst->can_write = errno == EINTR;
	else
		fail(dst);
	return false;
}

/* --- receiving ---------------------------------------------------------------- */

/* Where nothing is told it is stream 0, of nothing in particular. */
static void
read_info(struct msghdr *m, char *block)
{
	memset(block, 0, INFO_BYTES);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_SCTP &&
			c->cmsg_type == SCTP_SNDRCV &&
			c->cmsg_len >= CMSG_LEN(INFO_BYTES))
			memcpy(block, CMSG_DATA(c), INFO_BYTES);
}

static void
end(struct leg *src, bool failed)
{
	src->rd_eof = true;
	src->rd_failed = failed;
}

/* One piece; the last of a message makes it ready to be sent. */
static void
receive(struct relay *r, struct leg *src)
{
	struct inbuf *in = &src->in;
	union control control;

	src->can_read = false;
	if (!leg_reserve(src, BLOCK_LARGE)) {
		end(src, true);
		return;
	}
	uint32_t at = in->end ? in->end : INFO_BYTES;
	struct iovec iov = {in->block + at, block_bytes(in->size) - at};
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n = recvmsg(src->fd, &m, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* Without room left it is no end; and half a message is none. */
	if (n <= 0) {
		end(src, n < 0 || in->end);
		return;
	}
	if (m.msg_flags & MSG_NOTIFICATION)
		return;
	if (!in->end)
		read_info(&m, in->block);
	in->end = at + (uint32_t)n;
	if (!(m.msg_flags & MSG_EOR))
		return;
	outq_ref(r->q, in->block + INFO_BYTES, in->end - INFO_BYTES);
	leg_take(src, in->end);
}

enum relay_step
relay_run_messages(struct relay *r, struct leg *src, struct leg *dst)
{
	while (!r->done) {
		if (!send_held(r, src, dst))
			return dst->failed ? RELAY_BROKEN : RELAY_WAIT;
		if (src->rd_failed)
			return RELAY_BROKEN;
		r->done = src->rd_eof;
		leg_relax(src);
		if (!src->can_read || src->rd_eof)
			return r->done ? RELAY_DONE : RELAY_WAIT;
		receive(r, src);
	}
	return RELAY_DONE;
}
