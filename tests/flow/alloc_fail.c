/* Makes allocations of a process fail, and counts those that live: preloaded
 * into the proxy by alloc_fail.py, which shares a page of memory with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* As alloc_fail.py packs it. */
struct control {
	_Atomic uint64_t armed;  /* allocations are numbered while it is set */
	_Atomic uint64_t number; /* of the last one; from 1 */
	_Atomic uint64_t first, last; /* those that fail */
	_Atomic uint64_t failed;
	_Atomic int64_t live;
};

/* An allocation of this size, made and freed, is how the proxy sees to it that
 * there is memory for the few behind it, where a library does not look. So
 * they do not fail when it did not. compiler/tree.c */
#define RESERVE 60000
#define SPARED  2
static _Thread_local unsigned spared;

/* Before the page is there, and where it cannot be. */
static struct control none;
static struct control *control = &none;

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

__attribute__((constructor)) static void
open_control(void)
{
	const char *path = getenv("ALLOC_FAIL");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *page = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE,
		MAP_SHARED, fd, 0);
	close(fd);
	if (page == MAP_FAILED)
		return;
	struct control *shared = page;
	shared->live = none.live;
	control = shared;
}

static bool
fails(size_t n)
{
	struct control *c = control;

	if (!c->armed)
		return false;
	if (spared > 0) {
		spared--;
		return false;
	}
	uint64_t number = atomic_fetch_add(&c->number, 1) + 1;
	if (number < c->first || number > c->last) {
		spared = n == RESERVE ? SPARED : 0;
		return false;
	}
	c->failed++;
	errno = ENOMEM;
	return true;
}

static void *
counted(void *p)
{
	if (p)
		control->live++;
	return p;
}

void *
malloc(size_t n)
{
	return fails(n) ? NULL : counted(__libc_malloc(n));
}

void *
calloc(size_t count, size_t n)
{
	return fails(n) ? NULL : counted(__libc_calloc(count, n));
}

void *
realloc(void *p, size_t n)
{
	if (!p)
		return malloc(n);
	if (n == 0) {
		free(p);
		return NULL;
	}
	return fails(n) ? NULL : __libc_realloc(p, n);
}

void *
memalign(size_t align, size_t n)
{
	return fails(n) ? NULL : counted(__libc_memalign(align, n));
}

void *
aligned_alloc(size_t align, size_t n)
{
	return memalign(align, n);
}

int
posix_memalign(void **out, size_t align, size_t n)
{
	*out = memalign(align, n);
	return *out ? 0 : ENOMEM;
}

void
free(void *p)
{
	if (p)
		control->live--;
	__libc_free(p);
}
