/* Files: reading a small one whole. */
#include "daemon/file.h"

#include "runtime/limits.h"

#include <errno.h>
#include <fcntl.h>
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

bool
file_read(const char *path, size_t max_bytes, struct arena *a, struct str *out)
{
	/* The size is not asked for: a pipe has none, a file may grow. One
	 * byte more than allowed tells that there are too many. */
	char *p = arena_alloc(a, max_bytes + 1);
	ssize_t n = -1;
	if (!p) {
		errno = ENOMEM;
		return false;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return false;
	n = read_all(fd, p, max_bytes + 1);
	int saved = errno;
	close(fd);
	errno = saved;
	if (n < 0)
		return false;
	if ((size_t)n > max_bytes) {
		errno = EFBIG;
		return false;
	}
	p[n] = '\0';
	*out = (struct str){p, (size_t)n};
	return true;
}

bool
file_read_secret(void *ctx, const char *path, struct arena *a, struct str *out)
{
	(void)ctx;
	return file_read(path, TOKEN_FILE_BYTES_MAX, a, out);
}

bool
file_others_read(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IROTH);
}
