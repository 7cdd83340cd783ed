/* init: files, all of them or none. */
#include "daemon/init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool
complain(const char *name)
{
	fprintf(stderr, "docker-proxy: %s: %s\n", name, strerror(errno));
	return false;
}

static bool
write_all(int fd, struct str s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0)
			return false;
		s = str_from(s, (size_t)n);
	}
	return fsync(fd) == 0;
}

/* Beside its place, so that it needs no other file system. */
static bool
prepare(struct init_file *f)
{
	char *name;

	if (asprintf(&name, "%s.XXXXXX", f->name) < 0)
		return complain(f->name);
	int fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0) {
		free(name);
		return complain(f->name);
	}
	f->temporary = name;
	bool ok = fchmod(fd, f->mode) == 0 && write_all(fd, f->text);
	if (!ok)
		complain(f->name);
	return close(fd) == 0 && ok;
}

/* Without force by a link, which replaces nothing. */
static bool
place(const struct init_file *f, bool force)
{
	bool ok = force ? rename(f->temporary, f->name) == 0
			: link(f->temporary, f->name) == 0;

	return ok || complain(f->name);
}

/* Behind the last slash. */
static const char *
last_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

static bool
find_folder(const char *name, struct stat *out)
{
	int n = (int)(last_of(name) - name);
	char *folder;

	if (asprintf(&folder, "%.*s.", n, name) < 0)
		return false;
	bool ok = stat(folder, out) == 0;
	free(folder);
	return ok;
}

/* One name in one folder, however that is written. What is in no folder will
 * not be written anyway. */
static bool
is_same(const char *a, const char *b)
{
	struct stat x, y;

	return strcmp(last_of(a), last_of(b)) == 0 && find_folder(a, &x) &&
	       find_folder(b, &y) && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* With force the last of two that are one file would be all there is. */
static bool
are_different(const struct init_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (is_same(files[i].name, files[j].name)) {
				errno = EEXIST;
				return complain(files[i].name);
			}
	return true;
}

bool
init_write_files(struct init_file *files, size_t n, bool force)
{
	size_t placed = 0;
	bool ok = are_different(files, n);

	for (size_t i = 0; ok && i < n; i++)
		ok = prepare(&files[i]);
	for (; ok && placed < n; placed += ok)
		ok = place(&files[placed], force);
	for (size_t i = 0; i < n; i++) {
		if (files[i].temporary)
			unlink(files[i].temporary);
		/* What was there before is lost with force anyway. */
		if (!ok && i < placed && !force)
			unlink(files[i].name);
		free(files[i].temporary);
		files[i].temporary = NULL;
	}
	return ok;
}
