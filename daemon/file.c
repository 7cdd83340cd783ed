/* Files: reading a small one whole. */
#include "daemon/file.h"

#include "runtime/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads up to size bytes; -1 with errno set. */
static ssize_t
read_all(int fd, char *p, size_t size)
{
	size_t n = 0;
	while (n < size) {
		ssize_t got = read(fd, p + n, size - n);
		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

/* Can reading it wait for somebody? */
static bool
may_wait(int fd)
{
	struct stat st;

	return fstat(fd, &st) != 0 ||
	       !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

/* As much as fits into size bytes; -1 with errno set. */
static ssize_t
read_file(const char *path, bool wait, char *p, size_t size)
{
	int fd = open(path,
		O_RDONLY | O_CLOEXEC | O_NOCTTY | (wait ? 0 : O_NONBLOCK));
	ssize_t n = -1;

	if (fd < 0)
		return -1;
	if (!wait && may_wait(fd))
		errno = ENOTSUP;
	else
		n = read_all(fd, p, size);
	int saved = errno;
	close(fd);
	errno = saved;
	return n;
}

static bool
read_whole(const char *path, bool wait, size_t max_bytes, struct arena *a,
	struct str *out)
{
	/* The size is not asked for: a pipe has none, a file may grow. One
	 * byte more than allowed tells that there are too many. Not of the
	 * arena, which would write to all of it. */
	char *p = malloc(max_bytes + 1);
	ssize_t n = p ? read_file(path, wait, p, max_bytes + 1) : -1;
	int error = !p ? ENOMEM : n < 0 ? errno : 0;

	if (n > 0 && (size_t)n > max_bytes)
		error = EFBIG;
	if (error == 0) {
		*out = arena_str(a, (struct str){p, (size_t)n});
		error = arena_overflowed(a) ? ENOMEM : 0;
	}
	/* It may be a secret, of which one copy is enough. */
	if (n > 0)
		explicit_bzero(p, (size_t)n);
	free(p);
	errno = error;
	return error == 0;
}

bool
file_read(const char *path, size_t max_bytes, struct arena *a, struct str *out)
{
	return read_whole(path, true, max_bytes, a, out);
}

bool
file_read_regular(
	const char *path, size_t max_bytes, struct arena *a, struct str *out)
{
	return read_whole(path, false, max_bytes, a, out);
}

bool
file_read_secret(void *ctx, const char *path, struct arena *a, struct str *out)
{
	(void)ctx;
	return file_read_regular(path, TOKEN_FILE_BYTES_MAX, a, out);
}

bool
file_others_read(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IROTH);
}
