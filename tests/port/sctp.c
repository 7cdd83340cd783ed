/* SCTP, for a kernel without it: preloaded into the proxy, it carries each
 * message over TCP, behind a head of its length, stream, payload's protocol
 * and flags. A message arrives in pieces. What it cannot show is the kernel's
 * own part.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/sctp.h>

#define FDS   1024
#define PIECE 1000

struct head {
	uint32_t n, stream, ppid, flags;
};

/* Of what is being received: how much of it is still to come. */
static struct head heads[FDS];
static bool subscribed;

static ssize_t (*real_recvmsg)(int, struct msghdr *, int);
static int (*real_socket)(int, int, int);
static int (*real_setsockopt)(int, int, int, const void *, socklen_t);
static int (*real_getsockopt)(int, int, int, void *, socklen_t *);

__attribute__((constructor)) static void
find_real(void)
{
	*(void **)&real_recvmsg = dlsym(RTLD_NEXT, "recvmsg");
	*(void **)&real_socket = dlsym(RTLD_NEXT, "socket");
	*(void **)&real_setsockopt = dlsym(RTLD_NEXT, "setsockopt");
	*(void **)&real_getsockopt = dlsym(RTLD_NEXT, "getsockopt");
}

int
socket(int family, int type, int protocol)
{
	return real_socket(
		family, type, protocol == IPPROTO_SCTP ? 0 : protocol);
}

int
getsockopt(int fd, int level, int name, void *value, socklen_t *n)
{
	int got = real_getsockopt(fd, level, name, value, n);

	if (got == 0 && level == SOL_SOCKET && name == SO_PROTOCOL)
		*(int *)value = IPPROTO_SCTP;
	return got;
}

/* Only who asks is told what comes with a message. */
int
setsockopt(int fd, int level, int name, const void *value, socklen_t n)
{
	if (level != IPPROTO_SCTP)
		return real_setsockopt(fd, level, name, value, n);
	if (name == SCTP_EVENTS)
		subscribed = *(const uint8_t *)value == 1;
	return 0;
}

static void
tell(struct msghdr *m, const struct head *h)
{
	struct sctp_sndrcvinfo info = {
		.sinfo_stream = (uint16_t)h->stream,
		.sinfo_ppid = h->ppid,
		.sinfo_flags = (uint16_t)h->flags,
		.sinfo_assoc_id = 7,
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (!subscribed || !c) {
		m->msg_controllen = 0;
		return;
	}
	c->cmsg_level = IPPROTO_SCTP;
	c->cmsg_type = SCTP_SNDRCV;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
}

ssize_t
recvmsg(int fd, struct msghdr *m, int flags)
{
	struct head *h = &heads[fd];

	if (h->n == 0) {
		ssize_t n = recv(fd, h, sizeof(*h), flags);
		if (n <= 0)
			return n;
	}
	if (m->msg_iov->iov_len > h->n)
		m->msg_iov->iov_len = h->n;
	if (m->msg_iov->iov_len > PIECE)
		m->msg_iov->iov_len = PIECE;
	ssize_t n = recv(fd, m->msg_iov->iov_base, m->msg_iov->iov_len, flags);
	if (n <= 0)
		return n;
	tell(m, h);
	h->n -= (uint32_t)n;
	m->msg_flags = h->n == 0 ? MSG_EOR : 0;
	return n;
}

ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(m);
	struct head h = {.n = (uint32_t)m->msg_iov->iov_len};
	struct sctp_sndrcvinfo info;
	const char *p = m->msg_iov->iov_base;
	(void)flags;

	if (c && c->cmsg_level == IPPROTO_SCTP && c->cmsg_type == SCTP_SNDRCV) {
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		h.stream = info.sinfo_stream;
		h.ppid = info.sinfo_ppid;
		h.flags = info.sinfo_flags;
	}
	/* As a whole or not at all. */
	if (poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	if (write(fd, &h, sizeof(h)) < 0)
		return -1;
	for (size_t at = 0; at < m->msg_iov->iov_len;) {
		ssize_t n = write(fd, p + at, m->msg_iov->iov_len - at);
		if (n < 0 && errno != EAGAIN)
			return -1;
		at += n > 0 ? (size_t)n : 0;
		poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
	}
	return (ssize_t)m->msg_iov->iov_len;
}
