/* Lock-outs: an address that fails to authenticate too often has to wait.
 *
 * Pure: time comes in. A table of fixed size, a few ways to a set: a flood of
 * addresses overwrites the oldest counts of its own sets, never grows
 * anything, and lets a locked address out only when a set is full of them.
 * Addresses count by ip_client().
 * The caller locks.
 */
#ifndef RUNTIME_LOCKOUT_H
#define RUNTIME_LOCKOUT_H

#include "runtime/cidr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lockout_rule {
	uint32_t failures; /* of these within window_ms ... */
	uint32_t window_ms;
	uint32_t lock_ms; /* ... locks the address out for this long */
};

struct lockout;

/* NULL without memory. */
struct lockout *lockout_new(const struct lockout_rule *rule, uint32_t seed);
void lockout_free(struct lockout *l);

/* How many milliseconds ip is still locked out for; 0: it is not. */
uint32_t lockout_left_ms(
	const struct lockout *l, const struct ip *ip, uint64_t now_ms);

/* A failure of ip. True when it is this one that locks it out. */
bool lockout_fail(struct lockout *l, const struct ip *ip, uint64_t now_ms);

struct lockout_one {
	struct ip ip;
	uint32_t left_ms;
};

/* How many are locked out now; the first `room` of them to out. Looks at the
 * whole table. */
size_t lockout_list(const struct lockout *l, uint64_t now_ms,
	struct lockout_one *out, size_t room);

#endif
