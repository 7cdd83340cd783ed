/* Where audit lines go: files and their ends. */
#include "daemon/audit_out.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

/* --- opening --------------------------------------------------------------- */

/* Not blocking: a pipe without a reader is an error, not a wait. */
static int
open_file(const char *path)
{
	return open(path,
		O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
			O_NONBLOCK,
		0640);
}

static bool
is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

bool
audit_out_init(
	struct audit_out *o, enum audit_sink sink, struct str path, int stop_fd)
{
	*o = (struct audit_out){.sink = sink, .fd = -1, .stop_fd = stop_fd};
	assert(sink != AUDIT_OFF);
	switch (sink) {
	case AUDIT_OFF:
		return false;
	case AUDIT_STDOUT:
		o->fd = STDOUT_FILENO;
		o->regular = is_regular(o->fd);
		return true;
	case AUDIT_SYSLOG:
		openlog("docker-proxy", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
		return true;
	case AUDIT_FILE:
		break;
	}
	o->path = strndup(path.p, path.n);
	if (o->path)
		o->fd = open_file(o->path);
	if (o->fd < 0)
		return false;
	o->regular = is_regular(o->fd);
	return true;
}

void
audit_out_fini(struct audit_out *o)
{
	if (o->sink == AUDIT_FILE && o->fd >= 0)
		close(o->fd);
	if (o->sink == AUDIT_SYSLOG)
		closelog();
	free(o->path);
	*o = (struct audit_out){.fd = -1};
}

bool
audit_out_reopen(struct audit_out *o)
{
	if (o->sink != AUDIT_FILE)
		return true;
	int fd = open_file(o->path);
	if (fd < 0)
		return false;
	close(o->fd);
	o->fd = fd;
	o->regular = is_regular(fd);
	o->torn = false;
	return true;
}

/* --- the end of a file ------------------------------------------------------- */

static bool
same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 &&
	       sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

/* Up to cap bytes from the end; -1 when they cannot be read. A descriptor of
 * its own, so that the one that writes cannot read. */
static ssize_t
read_end(const struct audit_out *o, off_t size, char *buf, size_t cap)
{
	size_t want = (uint64_t)size < cap ? (size_t)size : cap;
	int fd = open(o->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (same_file(fd, o->fd))
		n = pread(fd, buf, want, size - (off_t)want);
	close(fd);
	return n == (ssize_t)want ? n : -1;
}

enum audit_end
audit_out_end(struct audit_out *o, char buf[AUDIT_LINE_MAX], size_t *n_out)
{
	char end[AUDIT_LINE_MAX + 1]; /* of the line before, its \n */
	struct stat st;

	if (o->sink != AUDIT_FILE || !o->regular || fstat(o->fd, &st) < 0 ||
		st.st_size == 0)
		return AUDIT_END_NONE;
	ssize_t n = read_end(o, st.st_size, end, sizeof(end));
	if (n <= 0)
		return AUDIT_END_UNKNOWN;
	o->torn = end[n - 1] != '\n';
	if (o->torn)
		return AUDIT_END_TORN;
	const char *before = memrchr(end, '\n', (size_t)n - 1);
	const char *line = before ? before + 1 : end;
	*n_out = (size_t)(end + n - line);
	if (*n_out > AUDIT_LINE_MAX)
		return AUDIT_END_UNKNOWN;
	memcpy(buf, line, *n_out);
	return AUDIT_END_LINE;
}

/* --- writing ------------------------------------------------------------------ */

/* Waits until what is no file takes bytes. False: it is time to stop. */
static bool
wait_writable(const struct audit_out *o)
{
	struct pollfd fds[] = {
		{.fd = o->fd, .events = POLLOUT},
		{.fd = o->stop_fd, .events = POLLIN},
	};
	int n;

	do
		n = poll(fds, 2, -1);
	while (n < 0 && errno == EINTR);
	errno = ECANCELED;
	return fds[0].revents != 0;
}

/* How many bytes were written; less than all with errno set. No more at once
 * than a pipe that is not full takes: standard output is others' too, and
 * cannot be made not to block. */
static size_t
write_all(const struct audit_out *o, struct str s)
{
	size_t done = 0;

	while (done < s.n) {
		size_t n = s.n - done;
		if (!o->regular && n > PIPE_BUF)
			n = PIPE_BUF;
		if (!o->regular && !wait_writable(o))
			break;
		ssize_t wrote = write(o->fd, s.p + done, n);
		if (wrote > 0)
			done += (size_t)wrote;
		else if (wrote == 0)
			errno = ENOSPC;
		if (wrote == 0 ||
			(wrote < 0 && errno != EINTR && errno != EAGAIN))
			break;
	}
	return done;
}

/* Takes back the n bytes that were written last, if nobody else has written
 * since. */
static bool
take_back(const struct audit_out *o, size_t n)
{
	off_t end = lseek(o->fd, 0, SEEK_CUR);
	struct stat st;

	if (!o->regular || end < (off_t)n || fstat(o->fd, &st) < 0 ||
		st.st_size != end)
		return false;
	off_t start = end - (off_t)n;
	return ftruncate(o->fd, start) == 0 &&
	       lseek(o->fd, start, SEEK_SET) == start;
}

static bool
write_whole(struct audit_out *o, struct str s)
{
	size_t done = write_all(o, s);

	if (done == s.n)
		return true;
	int saved = errno;
	if (done > 0 && !take_back(o, done))
		o->torn = true;
	errno = saved;
	return false;
}

static bool
write_line(struct audit_out *o, struct str line)
{
	if (o->torn && !write_whole(o, STR("\n")))
		return false;
	o->torn = false;
	return write_whole(o, line);
}

bool
audit_out_write(struct audit_out *o, struct str line)
{
	if (o->sink != AUDIT_SYSLOG)
		return write_line(o, line);
	/* Without the \n; syslog has its own. It tells no errors. */
	syslog(LOG_NOTICE, "%.*s", (int)line.n - 1, line.p);
	return true;
}
