/* Listeners: sockets that whoever started us has bound. */
#include "daemon/listener_inherit.h"

#include "daemon/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_FD     3
#define ADDRESS_TEXT 160

union address {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage storage;
};

/* --- what was passed ---------------------------------------------------------- */

/* A decimal variable from 1 to max; 0: not there, or something else. */
static long
read_variable(const char *name, long max)
{
	const char *text = getenv(name);
	char *end;

	if (!text || *text < '1' || *text > '9')
		return 0;
	errno = 0;
	long n = strtol(text, &end, 10);
	return *end || errno || n > max ? 0 : n;
}

static bool
has_option(int fd, int option, int wanted)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 &&
	       value == wanted;
}

static bool
is_usable(int fd)
{
	union address a = {0};
	socklen_t len = sizeof(a);

	return has_option(fd, SO_TYPE, SOCK_STREAM) &&
	       has_option(fd, SO_ACCEPTCONN, 1) &&
	       getsockname(fd, &a.sa, &len) == 0 &&
	       (a.sa.sa_family == AF_INET || a.sa.sa_family == AF_INET6 ||
		       a.sa.sa_family == AF_UNIX);
}

static bool
prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	       fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

bool
inherited_init(struct inherited *in)
{
	*in = (struct inherited){0};
	if (read_variable("LISTEN_PID", INT32_MAX) != getpid())
		return true;
	long n = read_variable("LISTEN_FDS", INHERITED_MAX);
	if (n == 0) {
		log_say(LOG_LEVEL_ERROR,
			"LISTEN_FDS must be a number from 1 to %d",
			INHERITED_MAX);
		return false;
	}
	for (int fd = FIRST_FD; fd < FIRST_FD + n; fd++) {
		if (!is_usable(fd) || !prepare(fd)) {
			log_say(LOG_LEVEL_ERROR,
				"descriptor %d of LISTEN_FDS is no listening "
				"TCP or unix stream socket",
				fd);
			return false;
		}
		in->fds[in->n++] = fd;
	}
	return true;
}

void
inherited_fini(struct inherited *in)
{
	for (size_t i = 0; i < in->n; i++)
		close(in->fds[i]);
	in->n = 0;
}

/* --- whose it is -------------------------------------------------------------- */

static bool
is_path(const struct sockaddr_un *un, socklen_t len, struct str path)
{
	size_t max = (size_t)len - offsetof(struct sockaddr_un, sun_path);
	struct str bound = {un->sun_path, strnlen(un->sun_path, max)};

	return str_eq(bound, path);
}

/* One that takes IPv4 too is not what `bind: "::"` says. */
static bool
is_only_v6(int fd)
{
	int only = 0;
	socklen_t len = sizeof(only);

	return getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &len) == 0 &&
	       only;
}

static bool
is_v6(int fd, const struct sockaddr_in6 *in6, const struct settings_listener *l)
{
	bool any = IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
	struct in6_addr want;

	if (ntohs(in6->sin6_port) != l->port)
		return false;
	if (str_eq(l->bind, STR("*")))
		return any && !l->ipv4_only && !is_only_v6(fd);
	return inet_pton(AF_INET6, l->bind.p, &want) == 1 &&
	       memcmp(&want, &in6->sin6_addr, sizeof(want)) == 0 &&
	       (!any || is_only_v6(fd));
}

/* Where there is no IPv6, `*` is all of IPv4. */
static bool
is_v4(const struct sockaddr_in *in, const struct settings_listener *l)
{
	struct in_addr want = {.s_addr = htonl(INADDR_ANY)};

	if (ntohs(in->sin_port) != l->port)
		return false;
	if (str_eq(l->bind, STR("*")))
		return in->sin_addr.s_addr == want.s_addr;
	return inet_pton(AF_INET, l->bind.p, &want) == 1 &&
	       in->sin_addr.s_addr == want.s_addr;
}

static bool
is_for(int fd, const struct settings_listener *l)
{
	union address a = {0};
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.sa, &len) != 0)
		return false;
	if (a.sa.sa_family == AF_UNIX)
		return l->path.n && is_path(&a.un, len, l->path);
	if (l->path.n)
		return false;
	return a.sa.sa_family == AF_INET6 ? is_v6(fd, &a.in6, l)
					  : is_v4(&a.in, l);
}

int
inherited_take(struct inherited *in, const struct settings_listener *l)
{
	for (size_t i = 0; i < in->n; i++) {
		int fd = in->fds[i];
		if (!is_for(fd, l))
			continue;
		in->fds[i] = in->fds[--in->n];
		return fd;
	}
	return -1;
}

/* --- what nobody wants -------------------------------------------------------- */

static void
address_text(int fd, char buf[static ADDRESS_TEXT])
{
	union address a = {0};
	socklen_t len = sizeof(a);
	char ip[INET6_ADDRSTRLEN] = "";

	getsockname(fd, &a.sa, &len);
	if (a.sa.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &a.in6.sin6_addr, ip, sizeof(ip));
		snprintf(buf, ADDRESS_TEXT, "tcp://[%s]:%u%s", ip,
			ntohs(a.in6.sin6_port),
			is_only_v6(fd) ? "" : ", and IPv4");
	} else if (a.sa.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a.in.sin_addr, ip, sizeof(ip));
		snprintf(buf, ADDRESS_TEXT, "tcp://%s:%u", ip,
			ntohs(a.in.sin_port));
	} else {
		/* An abstract one, which begins with a zero byte, is empty. */
		snprintf(buf, ADDRESS_TEXT, "unix://%.*s",
			(int)sizeof(a.un.sun_path), a.un.sun_path);
	}
}

bool
inherited_all_taken(const struct inherited *in)
{
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < in->n; i++) {
		address_text(in->fds[i], text);
		log_say(LOG_LEVEL_ERROR,
			"a socket that is bound to %s was passed (LISTEN_FDS), "
			"and no listener has that address",
			text);
	}
	return in->n == 0;
}
