/* The candidate index: which rules can still fire for a request.
 *
 * A rule that says `path starts_with /secrets`, `method in [PUT]` or
 * `client_ip in 10.0.0.0/8` need not be run for any other path, method or
 * network. The compiler files each rule under what its most telling condition
 * requires, in one of three tables of keys: texts, sorted, each with the
 * rules that any text beginning with it may fire, and those that it alone
 * may. A network is a text of its bits (cidr_key()), so that one search
 * serves all. What nothing is known of stands in no table: a candidate
 * always.
 *
 * A candidate runs all of its tests as if there were no index, so that this
 * only ever leaves out what would have done nothing.
 */
#ifndef RUNTIME_CANDIDATES_H
#define RUNTIME_CANDIDATES_H

#include "runtime/facts.h"
#include "runtime/program.h"

/* Fills what program_load() keeps of the keys. */
void candidates_load(struct program *p);

/* A bit for each slot of the program, in the facts' arena; NULL when it
 * overflowed. Costs a search among the paths and one among the networks, where
 * there are any, and what it finds: a method's key is known from the start.
 */
const uint64_t *candidates_find(const struct program *p, const struct facts *f);

/* The first candidate among the slots [from, to); `to` when there is none. */
static inline uint32_t
candidates_next(const uint64_t *set, uint32_t from, uint32_t to)
{
	while (from < to) {
		uint64_t rest = set[from / 64] >> (from % 64);
		if (rest) {
			from += (uint32_t)__builtin_ctzll(rest);
			return from < to ? from : to;
		}
		from = (from / 64 + 1) * 64;
	}
	return to;
}

#endif
