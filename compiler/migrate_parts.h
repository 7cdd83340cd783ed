/* The parts of migrate. Seen by migrate*.c. */
#ifndef COMPILER_MIGRATE_PARTS_H
#define COMPILER_MIGRATE_PARTS_H

#include "compiler/migrate.h"
#include "compiler/tree.h"

/* A variable or flag of the other proxy, as it was given. */
struct setting {
	struct str name, value;
	bool flag;     /* of a command line: goes before variables */
	bool has_told; /* it was written, or it was said why not */
	struct setting *next;
};

struct migrant {
	const struct migrate_input *in;
	struct arena *arena;
	struct diag *diag;
	FILE *out;
	unsigned rules; /* that were written with a number */
	struct setting *first, **tail;
	/* What has no counterpart, a line each: written at the end. */
	unsigned nnotes;
	char *notes;
	size_t notes_size;
	FILE *notes_out;
};

/* --- migrate_read.c: where settings are found ------------------------------- */

/* Which proxy; one of the words of migrate_input.from. */
struct str migrate_source(const struct migrant *m);

/* Fills m with the settings of a compose file, which root is; *source_out: as
 * its image says, or NULL. */
bool migrate_read_compose(
	struct migrant *m, const struct tree *root, const char **source_out);

/* NAME=value lines. */
bool migrate_read_env(struct migrant *m, struct str text);

/* One argument: a flag such as -name=value, or NAME=value. */
void migrate_add(struct migrant *m, struct str text);

/* The last of that name, flags before variables; NULL: not given. It counts
 * as told. */
struct setting *migrate_get(struct migrant *m, const char *name);

/* --- migrate_write.c ----------------------------------------------------------- */

/* A line of what is told at the end. */
void migrate_note(struct migrant *m, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* A request of `tests`. */
void migrate_test(struct migrant *m, const char *method, const char *path,
	struct str ip, bool allowed);

/* Settings that nobody has asked for. */
void migrate_note_rest(struct migrant *m, const char *why);

/* --- the proxies ----------------------------------------------------------------- */

void migrate_toggles(struct migrant *m, struct str profile);
void migrate_wollomatic(struct migrant *m);
void migrate_rust(struct migrant *m, const struct tree *root);

/* --- migrate_regex.c ------------------------------------------------------------- */

/* A pattern for whole paths with an API version in them, as one for the path
 * without it and one for the version. */
struct split_pattern {
	struct str path;
	struct str version; /* p NULL: any, or none */
};

enum { SPLITS_MAX = 64 };

/* How many there are of the alternatives of the pattern; 0: too many. */
size_t migrate_split(struct str pattern, struct arena *a,
	struct split_pattern out[SPLITS_MAX]);

#endif
