/* Where audit lines go: files and their ends. */
#include "daemon/audit_out.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
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

bool
audit_out_init(struct audit_out *o, enum audit_sink sink, struct str path)
{
	*o = (struct audit_out){.sink = sink, .fd = -1};
	assert(sink != AUDIT_OFF);
	switch (sink) {
	case AUDIT_OFF:
		return false;
	case AUDIT_STDOUT:
		o->fd = STDOUT_FILENO;
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
	if (o->fd >= 0)
		return true;
	free(o->path);
	o->path = NULL;
	return false;
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

	if (o->sink != AUDIT_FILE || fstat(o->fd, &st) < 0 ||
		!S_ISREG(st.st_mode) || st.st_size == 0)
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

/* How many bytes were written; less than all with errno set. */
static size_t
write_all(int fd, const char *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t wrote = write(fd, p + done, n - done);
		if (wrote > 0) {
			done += (size_t)wrote;
		} else if (wrote < 0 && errno == EAGAIN) {
			struct pollfd pfd = {.fd = fd, .events = POLLOUT};
			poll(&pfd, 1, -1);
		} else if (wrote == 0) {
			errno = ENOSPC;
			break;
		} else if (errno != EINTR) {
			break;
		}
	}
	return done;
}

/* Takes back the n bytes that were written last, if nobody else has written
 * since. */
static bool
take_back(int fd, size_t n)
{
	off_t end = lseek(fd, 0, SEEK_CUR);
	struct stat st;

	if (end < (off_t)n || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		st.st_size != end)
		return false;
	off_t start = end - (off_t)n;
	return ftruncate(fd, start) == 0 && lseek(fd, start, SEEK_SET) == start;
}

static bool
write_whole(struct audit_out *o, struct str s)
{
	size_t done = write_all(o->fd, s.p, s.n);

	if (done == s.n)
		return true;
	int saved = errno;
	if (done > 0 && !take_back(o->fd, done))
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
