/* Connections per client address: an open-addressed table behind a lock. */
#include "daemon/clients.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	uint8_t ip[16];
	uint32_t count; /* 0: free */
};

struct clients {
	pthread_mutex_t lock;
	uint32_t max_each, mask, seed;
	struct slot slots[];
};

struct clients *
clients_new(uint32_t max_each, uint32_t room, uint32_t seed)
{
	uint32_t size = 16;

	while (size < room * 2)
		size *= 2;
	struct clients *c = calloc(1, sizeof(*c) + size * sizeof(c->slots[0]));
	if (!c)
		return NULL;
	pthread_mutex_init(&c->lock, NULL);
	c->max_each = max_each;
	c->mask = size - 1;
	c->seed = seed;
	return c;
}

void
clients_free(struct clients *c)
{
	if (!c)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* FNV-1a from a random start. */
static uint32_t
home_of(const struct clients *c, const uint8_t ip[16])
{
	uint32_t h = 2166136261u ^ c->seed;

	for (int i = 0; i < 16; i++)
		h = (h ^ ip[i]) * 16777619u;
	return (h ^ h >> 15) & c->mask;
}

/* The slot of ip, or the free one where it belongs. The table is never more
 * than half full. */
static struct slot *
find(struct clients *c, const uint8_t ip[16])
{
	uint32_t i = home_of(c, ip);

	while (c->slots[i].count && memcmp(c->slots[i].ip, ip, 16) != 0)
		i = (i + 1) & c->mask;
	return &c->slots[i];
}

/* Frees a slot: those behind it move up, so that searches still find them. */
static void
remove_slot(struct clients *c, struct slot *s)
{
	uint32_t hole = (uint32_t)(s - c->slots), i = hole;

	for (;;) {
		i = (i + 1) & c->mask;
		if (!c->slots[i].count)
			break;
		uint32_t home = home_of(c, c->slots[i].ip);
		if (((i - home) & c->mask) < ((i - hole) & c->mask))
			continue;
		c->slots[hole] = c->slots[i];
		hole = i;
	}
	c->slots[hole].count = 0;
}

bool
clients_enter(struct clients *c, const struct ip *ip)
{
	const struct ip key = ip_client(ip);

	pthread_mutex_lock(&c->lock);
	struct slot *s = find(c, key.b);
	bool ok = s->count < c->max_each;
	if (ok) {
		memcpy(s->ip, key.b, 16);
		s->count++;
	}
	pthread_mutex_unlock(&c->lock);
	return ok;
}

void
clients_leave(struct clients *c, const struct ip *ip)
{
	const struct ip key = ip_client(ip);

	pthread_mutex_lock(&c->lock);
	struct slot *s = find(c, key.b);
	if (s->count == 1)
		remove_slot(c, s);
	else if (s->count)
		s->count--;
	pthread_mutex_unlock(&c->lock);
}
