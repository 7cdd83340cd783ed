/* The image under construction. Seen by lower*.c. */
#ifndef COMPILER_LOWER_PARTS_H
#define COMPILER_LOWER_PARTS_H

#include "compiler/intern.h"
#include "compiler/lower.h"

/* A section that grows, and where runs of records already are in it. */
struct lower_section {
	char *bytes; /* owned */
	size_t size, room;
	size_t record;
	struct intern runs;
};

struct lowering {
	struct arena *arena;
	struct lower_section section[SECTION_COUNT];
	/* A regex with and one without case are two values. */
	struct intern nocase_regexes;
	uint32_t pass; /* where the second pass begins */
	/* As in struct program_header. */
	uint32_t nmemo, nalways, keys[KEY_TABLES + 1];
	bool failed; /* too large, or out of memory: sticky */
};

void lower_init(struct lowering *lo, struct arena *a);
void lower_fini(struct lowering *lo);

/* Records of the section so far. */
uint32_t lower_count(const struct lowering *lo, enum program_section which);

/* Its first record; valid until more are appended. */
void *lower_records(struct lowering *lo, enum program_section which);

/* Appends a record or a run of them, n bytes; its first index. */
uint32_t lower_append(struct lowering *lo, enum program_section which,
	const void *data, size_t n);

/* As lower_append(), unless the table (or the section's own) knows an equal
 * run: then that one's index. */
uint32_t lower_share(struct lowering *lo, enum program_section which,
	struct intern *table, const void *data, size_t n);
uint32_t lower_put(struct lowering *lo, enum program_section which,
	const void *data, size_t n);
struct program_str lower_put_str(struct lowering *lo, struct str s);

/* The steps of a path that body_path_is_valid() takes; their number to
 * *n_out. */
uint32_t lower_put_path(struct lowering *lo, struct str path, uint32_t *n_out);

/* What the rule's action takes, into *out. lower_operands.c */
void lower_operands(
	struct lowering *lo, const struct rule *r, struct program_rule *out);

/* Numbers the tests anew, those first that more than one instruction asks
 * for. Nothing is appended behind this. */
void lower_order_tests(struct lowering *lo);

/* The sections as one block; false when it would be too large. */
bool lower_assemble(
	const struct lowering *lo, bool default_allow, struct image *out);

#endif
