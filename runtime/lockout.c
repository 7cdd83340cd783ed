/* Lock-outs: a set-associative table of failures. */
#include "runtime/lockout.h"

#include <stdlib.h>
#include <string.h>

#define WAYS 8u
#define SETS 512u /* a power of 2; 4096 addresses, 160 KiB */

struct entry {
	uint8_t ip[16];
	uint32_t failures; /* 0: free */
	uint64_t since_ms; /* of the first of them */
	uint64_t until_ms; /* locked out until then; 0: not */
};

struct lockout {
	struct lockout_rule rule;
	uint32_t seed;
	struct entry sets[SETS][WAYS];
};

struct lockout *
lockout_new(const struct lockout_rule *rule, uint32_t seed)
{
	struct lockout *l = calloc(1, sizeof(*l));

	if (l) {
		l->rule = *rule;
		l->seed = seed;
	}
	return l;
}

void
lockout_free(struct lockout *l)
{
	free(l);
}

/* FNV-1a from a start that is not known outside. */
static uint32_t
set_of(const struct lockout *l, const uint8_t key[16])
{
	uint32_t h = 2166136261u ^ l->seed;

	for (int i = 0; i < 16; i++)
		h = (h ^ key[i]) * 16777619u;
	return (h ^ h >> 15) & (SETS - 1);
}

uint32_t
lockout_left_ms(const struct lockout *l, const struct ip *ip, uint64_t now_ms)
{
	const struct ip key = ip_client(ip);
	const struct entry *set = l->sets[set_of(l, key.b)];

	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].until_ms > now_ms &&
			memcmp(set[i].ip, key.b, 16) == 0)
			return (uint32_t)(set[i].until_ms - now_ms);
	return 0;
}

/* Smaller is a better one to overwrite: free or run out, then counting,
 * then locked; among equals the older. */
static uint64_t
worth(const struct lockout *l, const struct entry *e, uint64_t now_ms)
{
	const uint64_t locked = 1ull << 63, counting = 1ull << 62;

	if (e->until_ms > now_ms)
		return locked | e->until_ms;
	if (e->failures && now_ms - e->since_ms < l->rule.window_ms)
		return counting | e->since_ms;
	return 0;
}

static struct entry *
find(struct lockout *l, const uint8_t key[16], uint64_t now_ms)
{
	struct entry *set = l->sets[set_of(l, key)], *best = set;

	for (unsigned i = 0; i < WAYS; i++) {
		if (set[i].failures && memcmp(set[i].ip, key, 16) == 0)
			return &set[i];
		if (worth(l, &set[i], now_ms) < worth(l, best, now_ms))
			best = &set[i];
	}
	*best = (struct entry){.since_ms = now_ms};
	memcpy(best->ip, key, 16);
	return best;
}

bool
lockout_fail(struct lockout *l, const struct ip *ip, uint64_t now_ms)
{
	const struct ip key = ip_client(ip);

	if (l->rule.failures == 0)
		return false;
	struct entry *e = find(l, key.b, now_ms);
	if (e->until_ms > now_ms)
		return false;
	if (e->until_ms || now_ms - e->since_ms >= l->rule.window_ms) {
		e->failures = 0;
		e->since_ms = now_ms;
		e->until_ms = 0;
	}
	if (++e->failures < l->rule.failures)
		return false;
	e->until_ms = now_ms + l->rule.lock_ms;
	return true;
}

size_t
lockout_list(const struct lockout *l, uint64_t now_ms, struct lockout_one *out,
	size_t room)
{
	size_t n = 0;

	for (unsigned i = 0; i < SETS * WAYS; i++) {
		const struct entry *e = &l->sets[i / WAYS][i % WAYS];
		if (e->until_ms <= now_ms)
			continue;
		if (n < room) {
			out[n] = (struct lockout_one){.ip.set = true,
				.left_ms = (uint32_t)(e->until_ms - now_ms)};
			memcpy(out[n].ip.b, e->ip, sizeof(e->ip));
		}
		n++;
	}
	return n;
}
