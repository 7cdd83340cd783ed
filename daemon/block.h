/* Blocks: the buffers of a worker's connections, kept for the next one.
 *
 * Three sizes. An idle connection holds none; a busy one takes the block that
 * was given back last, which is still in the cache. One thread.
 */
#ifndef DAEMON_BLOCK_H
#define DAEMON_BLOCK_H

#include <stdint.h>

enum block_size {
	BLOCK_SMALL,  /* 16 KiB: request heads, our own heads and replies */
	BLOCK_MEDIUM, /* 64 KiB: answers; heads up to limits.header_bytes */
	BLOCK_LARGE,  /* 256 KiB: bulk */
	BLOCK_SIZES
};

struct block_node;

struct blocks {
	struct block_node *free[BLOCK_SIZES]; /* owned */
	unsigned nfree[BLOCK_SIZES];
	uint64_t in_use; /* bytes */
};

static inline uint32_t
block_bytes(enum block_size size)
{
	return UINT32_C(16384) << 2 * size;
}

/* What to take for a body where `want` would be best: the more is in use, the
 * smaller, so that thousands of clients that read slowly stay cheap. */
enum block_size block_fit(const struct blocks *b, enum block_size want);

/* NULL without memory. */
char *block_take(struct blocks *b, enum block_size size);
void block_give(struct blocks *b, enum block_size size, char *p);
void blocks_fini(struct blocks *b);

#endif
