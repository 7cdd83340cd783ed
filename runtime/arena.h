/* Arena: many small allocations, freed at once.
 *
 * Lifetimes: one arena per policy generation and one per request. An arena
 * has a hard cap. Running into the cap, or out of memory, sets a sticky
 * overflow bit and returns NULL from then on, so that a paragraph of
 * allocations is checked once, by arena_overflowed(). One thread at a time.
 */
#ifndef RUNTIME_ARENA_H
#define RUNTIME_ARENA_H

#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *head; /* owned: newest chunk first */
	size_t used;              /* bytes handed out, all chunks */
	size_t cap;               /* bytes at most */
	bool overflow;            /* sticky until arena_reset() */
};

void arena_init(struct arena *a, size_t cap);
void arena_fini(struct arena *a);

/* Forget everything handed out; keeps one chunk for the next user. */
void arena_reset(struct arena *a);

/* 16-byte aligned, zeroed; NULL after overflow. */
void *arena_alloc(struct arena *a, size_t n);

/* A copy with a NUL behind it; {"", 0} after overflow. */
struct str arena_str(struct arena *a, struct str s);

/* The texts one behind the other, and a NUL; {"", 0} after overflow. */
struct str arena_join(struct arena *a, const struct str *texts, size_t n);
#define ARENA_JOIN(a, ...) \
	arena_join((a), (const struct str[]){__VA_ARGS__}, \
		sizeof((const struct str[]){__VA_ARGS__}) / \
			sizeof(struct str))

/* printf into the arena; {"", 0} after overflow. */
struct str arena_fmt(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static inline bool
arena_overflowed(const struct arena *a)
{
	return a->overflow;
}

#endif
