/* Blocks: free lists of buffers, bounded. */
#include "daemon/block.h"

#include <stddef.h>
#include <stdlib.h>

struct block_node {
	struct block_node *next;
};

/* How many to keep: what a burst leaves behind stays under 2 MiB a worker. */
static const struct {
	uint32_t bytes;
	unsigned keep;
} kinds[BLOCK_SIZES] = {
	[BLOCK_SMALL] = {16 * 1024, 32},
	[BLOCK_MEDIUM] = {64 * 1024, 16},
	[BLOCK_LARGE] = {256 * 1024, 2},
};

uint32_t
block_bytes(enum block_size size)
{
	return kinds[size].bytes;
}

char *
block_take(struct blocks *b, enum block_size size)
{
	struct block_node *n = b->free[size];

	if (!n)
		return malloc(kinds[size].bytes);
	b->free[size] = n->next;
	b->nfree[size]--;
	return (char *)n;
}

void
block_give(struct blocks *b, enum block_size size, char *p)
{
	if (!p)
		return;
	if (b->nfree[size] >= kinds[size].keep) {
		free(p);
		return;
	}
	struct block_node *n = (struct block_node *)(void *)p;
	n->next = b->free[size];
	b->free[size] = n;
	b->nfree[size]++;
}

void
blocks_fini(struct blocks *b)
{
	for (int i = 0; i < BLOCK_SIZES; i++) {
		while (b->free[i]) {
			struct block_node *n = b->free[i];
			b->free[i] = n->next;
			free(n);
		}
	}
	*b = (struct blocks){0};
}
