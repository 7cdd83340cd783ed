/* Datagrams of the port proxy: recvmmsg and sendmmsg. */
#include "daemon/port_datagrams.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define BATCH      32
#define BYTES      65536 /* no datagram has more, not over IPv6 either */
#define CONTROL    64    /* of pktinfo, of either family */
#define SEND_TRIES 3

struct port_datagrams {
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec iov[BATCH];
	union port_sockaddr from[BATCH];
	char control[BATCH][CONTROL] __attribute__((aligned(8)));
	char *bytes;   /* owned: touched as far as they are used */
	unsigned used; /* of what is received into, since it was made ready */
};

struct port_datagrams *
port_datagrams_new(void)
{
	struct port_datagrams *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->bytes = mmap(NULL, (size_t)BATCH * BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (d->bytes == MAP_FAILED) {
		free(d);
		return NULL;
	}
	d->used = BATCH; /* nothing is ready yet */
	return d;
}

/* --- receiving -------------------------------------------------------------- */

/* Only what was used: mostly few are. */
static void
make_room(struct port_datagrams *d)
{
	for (size_t i = 0; i < d->used; i++) {
		d->from[i] = (union port_sockaddr){0};
		d->iov[i] = (struct iovec){d->bytes + i * BYTES, BYTES};
		d->in[i].msg_hdr = (struct msghdr){
			.msg_name = &d->from[i],
			.msg_namelen = sizeof(d->from[i]),
			.msg_iov = &d->iov[i],
			.msg_iovlen = 1,
			.msg_control = d->control[i],
			.msg_controllen = CONTROL,
		};
	}
}

unsigned
port_datagrams_receive(struct port_datagrams *d, int fd)
{
	int n;

	make_room(d);
	do
		n = recvmmsg(fd, d->in, BATCH, MSG_DONTWAIT, NULL);
	while (n < 0 && (errno == ECONNREFUSED || errno == EINTR));
	d->used = n < 0 ? 0 : (unsigned)n;
	return d->used;
}

union port_sockaddr
port_datagrams_from(const struct port_datagrams *d, unsigned i)
{
	return d->from[i];
}

/* The address that a datagram came to may be all hosts' of a network: then the
 * system tells which of ours answers for it. */
static struct port_source
source_of(const struct cmsghdr *c)
{
	struct port_source s = {.family = AF_INET};

	if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		memcpy(&s.four, CMSG_DATA(c), sizeof(s.four));
		s.four.ipi_ifindex = 0;
		return s;
	}
	if (c->cmsg_level != IPPROTO_IPV6 || c->cmsg_type != IPV6_PKTINFO)
		return (struct port_source){0};
	s.family = AF_INET6;
	memcpy(&s.six, CMSG_DATA(c), sizeof(s.six));
	if (IN6_IS_ADDR_MULTICAST(&s.six.ipi6_addr))
		return (struct port_source){0};
	if (!IN6_IS_ADDR_LINKLOCAL(&s.six.ipi6_addr))
		s.six.ipi6_ifindex = 0;
	return s;
}

struct port_source
port_datagrams_source(struct port_datagrams *d, unsigned i)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(&d->in[i].msg_hdr);

	return c ? source_of(c) : (struct port_source){0};
}

/* --- sending ----------------------------------------------------------------- */

/* An error may be the answer to what was sent before: then again. One that
 * stays is of this datagram, which is lost. */
static void
send_all(struct port_datagrams *d, unsigned n, int fd)
{
	unsigned sent = 0, tries = 0;

	while (sent < n) {
		int got = sendmmsg(fd, d->out + sent, n - sent,
			MSG_DONTWAIT | MSG_NOSIGNAL);
		if (got > 0) {
			sent += (unsigned)got;
			tries = 0;
		} else if (++tries == SEND_TRIES || errno == EAGAIN) {
			sent++;
			tries = 0;
		}
	}
}

void
port_datagrams_forward(
	struct port_datagrams *d, unsigned i, unsigned end, int fd)
{
	unsigned n = 0;

	for (; i < end; i++, n++) {
		d->iov[i].iov_len = d->in[i].msg_len;
		d->out[n].msg_hdr =
			(struct msghdr){.msg_iov = &d->iov[i], .msg_iovlen = 1};
	}
	send_all(d, n, fd);
}

static void
write_source(struct msghdr *m, const struct port_source *s, char *control)
{
	bool four = s->family == AF_INET;
	size_t n = four ? sizeof(s->four) : sizeof(s->six);

	if (s->family == AF_UNSPEC)
		return;
	m->msg_control = control;
	m->msg_controllen = CMSG_SPACE(n);
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	assert(c);
	c->cmsg_level = four ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = four ? IP_PKTINFO : IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), &s->four, n);
}

void
port_datagrams_answer(struct port_datagrams *d, unsigned n, int fd,
	const union port_sockaddr *to, const struct port_source *from)
{
	for (unsigned i = 0; i < n; i++) {
		d->from[i] = *to;
		d->iov[i].iov_len = d->in[i].msg_len;
		d->out[i].msg_hdr = (struct msghdr){
			.msg_name = &d->from[i],
			.msg_namelen = port_sockaddr_len(to),
			.msg_iov = &d->iov[i],
			.msg_iovlen = 1,
		};
		write_source(&d->out[i].msg_hdr, from, d->control[i]);
	}
	send_all(d, n, fd);
}
