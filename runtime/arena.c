/* Arena: bump allocation from a list of chunks. */
#include "runtime/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define ARENA_ALIGN     16u
#define ARENA_CHUNK_MIN 4000u /* with malloc's header: under one page */

struct arena_chunk {
	struct arena_chunk *next;
	size_t size; /* bytes of data */
	size_t used; /* of them handed out */
	_Alignas(ARENA_ALIGN) unsigned char data[];
};

void
arena_init(struct arena *a, size_t cap)
{
	*a = (struct arena){.cap = cap};
}

static void
free_chunks(struct arena_chunk *c)
{
	while (c) {
		struct arena_chunk *next = c->next;
		free(c);
		c = next;
	}
}

void
arena_fini(struct arena *a)
{
	free_chunks(a->head);
	*a = (struct arena){.cap = a->cap};
}

void
arena_reset(struct arena *a)
{
	if (a->head) {
		/* The oldest chunk is the smallest: keep that one. */
		struct arena_chunk *keep = a->head;
		while (keep->next) {
			struct arena_chunk *next = keep->next;
			free(keep);
			keep = next;
		}
		keep->used = 0;
		a->head = keep;
	}
	a->used = 0;
	a->overflow = false;
}

static bool
add_chunk(struct arena *a, size_t n)
{
	size_t size = a->head ? a->head->size * 2 : ARENA_CHUNK_MIN;
	if (size < n)
		size = n;
	struct arena_chunk *c = malloc(sizeof(*c) + size);
	if (!c)
		return false;
	c->next = a->head;
	c->size = size;
	c->used = 0;
	a->head = c;
	return true;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	if (a->overflow)
		return NULL;
	if (n > a->cap || a->used > a->cap - n) {
		a->overflow = true;
		return NULL;
	}
	size_t want = (n + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
	struct arena_chunk *c = a->head;
	if (!c || c->size - c->used < want) {
		if (!add_chunk(a, want)) {
			a->overflow = true;
			return NULL;
		}
		c = a->head;
	}
	void *p = c->data + c->used;
	c->used += want;
	a->used += want;
	return memset(p, 0, n);
}

struct str
arena_join(struct arena *a, const struct str *texts, size_t n)
{
	size_t all = 0, at = 0;

	for (size_t i = 0; i < n; i++)
		all += texts[i].n;
	char *p = arena_alloc(a, all + 1);
	if (!p)
		return STR("");
	for (size_t i = 0; i < n; i++) {
		if (texts[i].n)
			memcpy(p + at, texts[i].p, texts[i].n);
		at += texts[i].n;
	}
	return (struct str){p, all};
}

struct str
arena_str(struct arena *a, struct str s)
{
	return arena_join(a, &s, 1);
}

struct str
arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (!p)
		return STR("");
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){p, (size_t)n};
}
