/* Interning: byte strings to numbers, for finding duplicates in linear time.
 *
 * A table of one thread and one compilation. Keys are copied into the arena.
 */
#ifndef COMPILER_INTERN_H
#define COMPILER_INTERN_H

#include "runtime/arena.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>

struct intern_slot {
	struct str key; /* p is NULL in a free slot */
	uint32_t hash, value;
};

struct intern {
	struct arena *arena;       /* borrowed */
	struct intern_slot *slots; /* owned */
	size_t count, room;        /* room is a power of two */
	bool failed;               /* out of memory: answers are meaningless */
};

void intern_init(struct intern *t, struct arena *a);
void intern_fini(struct intern *t);

/* The value kept for key; when it is new, `value` is kept and returned, and
 * *new_out (may be NULL) says so. */
uint32_t intern_put(
	struct intern *t, struct str key, uint32_t value, bool *new_out);

bool intern_has(const struct intern *t, struct str key);

#endif
