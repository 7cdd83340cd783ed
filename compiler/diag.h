/* Diagnostics: what is wrong in a policy, where, and what to do.
 *
 * The compiler adds and goes on; all of a file's errors are told in one run.
 *
 * What is no error is a finding, and its code stands at the end of the line.
 *
 *   docker-proxy.conf:12:15: error: unknown operator "equal"
 *     12 |     operator: equal
 *        |               ^~~~~
 *        = help: did you mean "equals"?
 */
#ifndef COMPILER_DIAG_H
#define COMPILER_DIAG_H

#include "compiler/finding.h"
#include "runtime/arena.h"
#include "runtime/limits.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct source;

/* A place in a source; line and column count from 1, columns in characters.
 * line 0: no place in a file, but in the environment. */
struct pos {
	uint32_t line, col;
	uint32_t len;  /* characters to underline, at least 1 */
	uint32_t file; /* which source: 0 is the configuration itself */
};

enum diag_level {
	DIAG_ERROR,
	DIAG_WARNING,
	DIAG_NOTE,
};
const char *diag_level_name(enum diag_level level);

struct diag_entry {
	enum diag_level level;
	size_t seq; /* in the order added */
	struct pos pos;
	bool whole_file;      /* about pos.file, no place in it */
	bool accepted;        /* a comment in the file says so: not told */
	enum finding finding; /* FINDING_COUNT: it is none, but an error */
	struct str text;
	struct str help; /* may be empty */
};

struct diag {
	struct arena *arena; /* borrowed: texts are kept there */
	/* borrowed, in the order in which they were read: for names and
	 * excerpts */
	const struct source *sources[SOURCES_MAX];
	uint32_t nsources;
	uint32_t file;              /* what diag_file_error() is about */
	struct diag_entry *entries; /* owned */
	size_t n, room, added;
	size_t errors, warnings; /* counted also beyond DIAG_MAX */
	size_t kept_errors, kept_warnings;
	bool dropped; /* the last one: its help goes with it */
	bool notes;   /* findings that are notes are kept */
	/* Warnings about the environment are errors: set by the compiler
	 * around what --check-config is strict about. */
	bool strict_env;
};

void diag_init(struct diag *d, struct arena *a);
void diag_fini(struct diag *d);

/* One more source, which is what is read from now on; there must be room. */
void diag_add_source(struct diag *d, struct source *s);

/* The source of a place; NULL: there is none. */
const struct source *diag_source(const struct diag *d, struct pos pos);

/* An error at pos. diag_help() adds the line that says what to do. */
void diag_error(struct diag *d, struct pos pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A finding: by its level a warning or a note. */
void diag_warning(struct diag *d, enum finding f, struct pos pos,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* About the file d->file as a whole. */
void diag_file_error(struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void diag_file_warning(struct diag *d, enum finding f, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* About an environment variable: no place in a file. */
void diag_env_error(struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void diag_env_warning(struct diag *d, enum finding f, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Of the entry added last. */
void diag_help(struct diag *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Edits from a to b, a transposition being one, without case
 * (Damerau-Levenshtein, optimal string alignment). Both of at most
 * DIAG_WORD_MAX bytes: longer words are not compared for nearness. */
#define DIAG_WORD_MAX 48
size_t diag_distance(struct str a, struct str b);

/* "did you mean ...?" when one of the n names is near to word. */
void diag_did_you_mean(
	struct diag *d, struct str word, const char *const *names, size_t n);

/* Puts the entries into the order of the files, those without a place last,
 * and takes out what is not to be told: what a comment has accepted, and a
 * finding at the very place of an error, which says nothing new. */
void diag_sort(struct diag *d);

/* As text, sorted. Control bytes are escaped: texts may quote what an attacker
 * wrote. */
void diag_write(struct diag *d, FILE *out);

#endif
