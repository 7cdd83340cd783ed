/* The environment: moved to pages of its own. */
#include "daemon/environment.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t
bytes_needed(size_t *count_out)
{
	size_t n = sizeof(char *), count = 0;

	for (; environ[count]; count++)
		n += sizeof(char *) + strlen(environ[count]) + 1;
	*count_out = count;
	return n;
}

/* NULL: no memory. */
static void *
new_pages(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t n = (bytes + page - 1) / page * page;
	char *p = mmap(NULL, n + 2 * page, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mprotect(p + page, n, PROT_READ | PROT_WRITE) != 0) {
		munmap(p, n + 2 * page);
		return NULL;
	}
	madvise(p + page, n, MADV_DONTDUMP);
	return p + page;
}

bool
environment_hide(void)
{
	size_t count;

	if (!environ)
		return true;
	char **copy = new_pages(bytes_needed(&count));
	if (!copy)
		return false;
	char *text = (char *)(copy + count + 1);
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(environ[i]) + 1;
		copy[i] = memcpy(text, environ[i], n);
		text += n;
		explicit_bzero(environ[i], n);
	}
	environ = copy;
	return true;
}

void
environment_forget(const char *name)
{
	char *value = getenv(name);

	if (value)
		explicit_bzero(value, strlen(value));
}
