/* The port proxy's socket. */
#include "daemon/port_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of which the system's own limit, somaxconn, is what counts. */
#define BACKLOG 4096

static const struct {
	const char *name;
	int type, protocol;
} protos[] = {
	[PORT_TCP] = {"tcp", SOCK_STREAM, IPPROTO_TCP},
	[PORT_UDP] = {"udp", SOCK_DGRAM, IPPROTO_UDP},
	[PORT_SCTP] = {"sctp", SOCK_STREAM, IPPROTO_SCTP},
};

bool
port_proto_find(
	const char *name, enum port_proto *out, char why[PORT_REASON_BYTES])
{
	for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
		if (strcmp(protos[i].name, name) == 0) {
			*out = (enum port_proto)i;
			return true;
		}
	}
	snprintf(why, PORT_REASON_BYTES, "unsupported protocol %s", name);
	return false;
}

static bool
turn_on(int fd, int level, int option)
{
	int one = 1;

	return setsockopt(fd, level, option, &one, sizeof(one)) == 0;
}

/* --- inherited -------------------------------------------------------------- */

static int
option(int fd, int name)
{
	int value = -1;
	socklen_t n = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &n) == 0 ? value : -1;
}

/* The kind of socket that was asked for, and listening if it can. Of TCP there
 * is more than one: Go likes to make sockets of MPTCP. */
static bool
is_fit(int fd, enum port_proto proto)
{
	int family = option(fd, SO_DOMAIN);

	return (family == AF_INET || family == AF_INET6) &&
	       option(fd, SO_TYPE) == protos[proto].type &&
	       (option(fd, SO_PROTOCOL) == IPPROTO_SCTP) ==
		       (proto == PORT_SCTP) &&
	       (proto == PORT_UDP || option(fd, SO_ACCEPTCONN) == 1);
}

static int
inherit(enum port_proto proto, char why[PORT_REASON_BYTES])
{
	int flags = fcntl(PORT_LISTEN_FD, F_GETFL);

	if (flags < 0) {
		snprintf(why, PORT_REASON_BYTES,
			"file file+net listen-sock: fcntl: bad file "
			"descriptor");
		return -1;
	}
	if (!is_fit(PORT_LISTEN_FD, proto) ||
		fcntl(PORT_LISTEN_FD, F_SETFL, flags | O_NONBLOCK) != 0 ||
		fcntl(PORT_LISTEN_FD, F_SETFD, FD_CLOEXEC) != 0) {
		snprintf(why, PORT_REASON_BYTES,
			"file file+net listen-sock: invalid argument");
		return -1;
	}
	return PORT_LISTEN_FD;
}

/* --- our own ----------------------------------------------------------------- */

/* Which of our addresses a datagram was sent to: the reply comes from it. */
static bool
prepare_udp(int fd, int family)
{
	return turn_on(fd, SOL_SOCKET, SO_BROADCAST) &&
	       (family == AF_INET
			       ? turn_on(fd, IPPROTO_IP, IP_PKTINFO)
			       : turn_on(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO));
}

static bool
prepare(int fd, int family, enum port_proto proto)
{
	if (family == AF_INET6 && !turn_on(fd, IPPROTO_IPV6, IPV6_V6ONLY))
		return false;
	return proto == PORT_UDP ? prepare_udp(fd, family)
				 : turn_on(fd, SOL_SOCKET, SO_REUSEADDR);
}

/* False: *step_out is what failed, and errno. */
static bool
bind_to(int fd, struct port_end *e, enum port_proto proto,
	const char **step_out)
{
	*step_out = "setsockopt";
	if (!prepare(fd, e->addr.sa.sa_family, proto))
		return false;
	*step_out = "bind";
	if (!port_end_usable(e) ||
		bind(fd, &e->addr.sa, port_sockaddr_len(&e->addr)) != 0)
		return false;
	*step_out = "listen";
	return proto == PORT_UDP || listen(fd, BACKLOG) == 0;
}

/* SCTP's is a package of its own, which tells less. */
static void
explain(const struct port_end *e, enum port_proto proto, const char *step,
	char why[PORT_REASON_BYTES])
{
	char text[PORT_END_TEXT], error[PORT_ERROR_TEXT];

	port_error_text(errno, error);
	port_end_text(e, text);
	if (proto == PORT_SCTP)
		snprintf(why, PORT_REASON_BYTES, "failed to listen on %s: %s",
			text, error);
	else
		snprintf(why, PORT_REASON_BYTES,
			"failed to listen on %s: listen %s%c %s: %s: %s", text,
			protos[proto].name,
			e->addr.sa.sa_family == AF_INET ? '4' : '6', text, step,
			error);
}

int
port_listen(const struct port_args *args, enum port_proto proto,
	char why[PORT_REASON_BYTES])
{
	struct port_end e = args->host;
	const char *step = "socket";

	if (args->use_listen_fd)
		return inherit(proto, why);
	int fd = socket(e.addr.sa.sa_family,
		protos[proto].type | SOCK_NONBLOCK | SOCK_CLOEXEC,
		protos[proto].protocol);
	if (fd >= 0 && bind_to(fd, &e, proto, &step))
		return fd;
	explain(&e, proto, step, why);
	if (fd >= 0)
		close(fd);
	return -1;
}
