/* Listeners: binding one address. */
#include "daemon/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

const char *
listener_text(const struct settings_listener *l, char *buf, size_t size)
{
	bool v6 = memchr(l->bind.p ? l->bind.p : "", ':', l->bind.n);

	if (l->path.n)
		snprintf(buf, size, "unix://%.*s", STR_FMT(l->path));
	else
		snprintf(buf, size, v6 ? "tcp://[%.*s]:%u" : "tcp://%.*s:%u",
			STR_FMT(l->bind), l->port);
	return buf;
}

/* --- TCP -------------------------------------------------------------------- */

static int
new_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static bool
bind_and_listen(int fd, const void *sa, socklen_t len)
{
	return bind(fd, sa, len) == 0 && listen(fd, LISTENER_BACKLOG) == 0;
}

static int
fail_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return -1;
}

static int
bind_v4(struct in_addr addr, uint16_t port)
{
	const struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_addr = addr,
		.sin_port = htons(port),
	};
	int one = 1, fd = new_socket(AF_INET);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return bind_and_listen(fd, &sa, sizeof(sa)) ? fd : fail_close(fd);
}

static int
bind_v6(const struct in6_addr *addr, uint16_t port, bool both)
{
	const struct sockaddr_in6 sa = {
		.sin6_family = AF_INET6,
		.sin6_addr = *addr,
		.sin6_port = htons(port),
	};
	int one = 1, only = !both, fd = new_socket(AF_INET6);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)))
		return fail_close(fd);
	return bind_and_listen(fd, &sa, sizeof(sa)) ? fd : fail_close(fd);
}

static int
bind_tcp(const struct settings_listener *l)
{
	struct in_addr v4 = {.s_addr = htonl(INADDR_ANY)};
	struct in6_addr v6;

	if (str_eq(l->bind, STR("*"))) {
		int fd = l->ipv4_only ? -1
				      : bind_v6(&in6addr_any, l->port, true);
		/* A host without IPv6 still has IPv4. */
		if (fd >= 0 || (!l->ipv4_only && errno != EAFNOSUPPORT &&
				       errno != EADDRNOTAVAIL))
			return fd;
		return bind_v4(v4, l->port);
	}
	if (inet_pton(AF_INET, l->bind.p, &v4) == 1)
		return bind_v4(v4, l->port);
	if (inet_pton(AF_INET6, l->bind.p, &v6) == 1)
		return bind_v6(&v6, l->port, false);
	errno = EINVAL;
	return -1;
}

/* --- a unix socket ---------------------------------------------------------- */

/* A number, or a name looked up; empty means "leave it". False: unknown. */
static bool
find_owner(struct str owner, struct str group, uid_t *uid, gid_t *gid)
{
	char *end;

	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (owner.n) {
		*uid = (uid_t)strtoul(owner.p, &end, 10);
		const struct passwd *pw = *end ? getpwnam(owner.p) : NULL;
		if (*end && !pw)
			return false;
		if (pw)
			*uid = pw->pw_uid;
	}
	if (group.n) {
		*gid = (gid_t)strtoul(group.p, &end, 10);
		const struct group *gr = *end ? getgrnam(group.p) : NULL;
		if (*end && !gr)
			return false;
		if (gr)
			*gid = gr->gr_gid;
	}
	return true;
}

/* A file that nobody listens on any more is in the way; a live one, or what
 * is no socket, is not ours to remove. */
static bool
clear_stale(const struct sockaddr_un *un)
{
	struct stat st;

	if (lstat(un->sun_path, &st) != 0)
		return errno == ENOENT;
	errno = EEXIST;
	if (!S_ISSOCK(st.st_mode))
		return false;
	int fd = new_socket(AF_UNIX);
	int err = connect(fd, (const struct sockaddr *)un, sizeof(*un));
	bool dead = err != 0 && errno == ECONNREFUSED;
	close(fd);
	errno = EADDRINUSE;
	return dead && unlink(un->sun_path) == 0;
}

static int
bind_unix(const struct settings_listener *l)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	uid_t uid;
	gid_t gid;

	errno = ENAMETOOLONG;
	if (l->path.n >= sizeof(un.sun_path))
		return -1;
	memcpy(un.sun_path, l->path.p, l->path.n);
	if (!clear_stale(&un))
		return -1;
	errno = EINVAL;
	if (!find_owner(l->owner, l->group, &uid, &gid))
		return -1;
	int fd = new_socket(AF_UNIX);
	if (fd < 0)
		return -1;
	/* The mode is as it shall be from the first; nobody can connect before
	 * the owner is, too, since nobody listens yet. */
	mode_t old = umask(~l->mode & 0777);
	bool ok = bind(fd, (const struct sockaddr *)&un, sizeof(un)) == 0;
	umask(old);
	if (!ok)
		return fail_close(fd);
	if (((uid != (uid_t)-1 || gid != (gid_t)-1) &&
		    chown(un.sun_path, uid, gid) != 0) ||
		listen(fd, LISTENER_BACKLOG) != 0) {
		int saved = errno;
		unlink(un.sun_path);
		errno = saved;
		return fail_close(fd);
	}
	return fd;
}

int
listener_bind(const struct settings_listener *l)
{
	return l->path.n ? bind_unix(l) : bind_tcp(l);
}
