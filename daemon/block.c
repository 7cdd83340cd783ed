/* Blocks: free lists of buffers, bounded. */
#include "daemon/block.h"

#include <stddef.h>
#include <stdlib.h>

struct block_node {
	struct block_node *next;
};

/* How many to keep. The small ones are for all that hundreds of clients ask at
 * once: mostly a head is in their first page, and the system has given no
 * other, so a burst leaves about 2 MiB of them behind, and as much of the
 * others. And with how much in use, of all sizes, one more is a good idea: a
 * hundred busy downloads, a thousand slow ones. */
static const struct {
	unsigned keep;
	uint64_t below;
} kinds[BLOCK_SIZES] = {
	[BLOCK_SMALL] = {512, UINT64_MAX},
	[BLOCK_MEDIUM] = {16, 64 * 1024 * 1024},
	[BLOCK_LARGE] = {2, 32 * 1024 * 1024},
};

enum block_size
block_fit(const struct blocks *b, enum block_size want)
{
	while (want > BLOCK_SMALL && b->in_use >= kinds[want].below)
		want--;
	return want;
}

char *
block_take(struct blocks *b, enum block_size size)
{
	struct block_node *n = b->free[size];

	if (n) {
		b->free[size] = n->next;
		b->nfree[size]--;
	} else {
		n = malloc(block_bytes(size));
	}
	if (n)
		b->in_use += block_bytes(size);
	return (char *)n;
}

void
block_give(struct blocks *b, enum block_size size, char *p)
{
	if (!p)
		return;
	b->in_use -= block_bytes(size);
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
