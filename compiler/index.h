/* The candidate index of a program (runtime/candidates.h), and its code. */
#ifndef COMPILER_INDEX_H
#define COMPILER_INDEX_H

#include "compiler/lower_parts.h"

/* The rules of both passes, in the order of their code. */
struct index_slot {
	const struct rule *rule; /* borrowed */
	uint32_t entry;          /* its first instruction */
};

/* Appends the slots and files each rule under what it requires. */
void index_put(
	struct lowering *lo, const struct index_slot *slots, uint32_t nslots);

#endif
