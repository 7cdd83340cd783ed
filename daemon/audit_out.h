/* Where audit lines go: a file, standard output, syslog.
 *
 * A line is written whole or not at all. A file is opened for appending and
 * made with mode 0640; a line is one write. What a full disk leaves of a line
 * is taken back; where that cannot be (another has appended, the file is
 * append-only, a pipe), the next line begins on a line of its own.
 *
 * For one thread. Writing waits for a pipe that is full until stop_fd can be
 * read; then what the pipe does not take is an error.
 */
#ifndef DAEMON_AUDIT_OUT_H
#define DAEMON_AUDIT_OUT_H

#include "compiler/settings.h"
#include "runtime/audit.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>

struct audit_out {
	enum audit_sink sink;
	char *path;   /* owned; of a file */
	int fd;       /* -1: none */
	int stop_fd;  /* borrowed */
	bool regular; /* a file, that never makes one wait */
	bool torn;    /* it ends in a part of a line */
};

/* False, with errno set, when the file cannot be opened. A pipe without a
 * reader cannot. audit_out_fini() is called in either case. */
bool audit_out_init(struct audit_out *o, enum audit_sink sink, struct str path,
	int stop_fd) __attribute__((warn_unused_result));
void audit_out_fini(struct audit_out *o);

/* Opens the path anew. False, with errno set: all stays as it is. */
bool audit_out_reopen(struct audit_out *o) __attribute__((warn_unused_result));

enum audit_end {
	AUDIT_END_NONE,    /* an empty file, or none */
	AUDIT_END_LINE,    /* a line, and its \n */
	AUDIT_END_TORN,    /* a line without a \n; noted for the next one */
	AUDIT_END_UNKNOWN, /* too long for a line, or it cannot be read */
};

/* The end of a file as it is now; of AUDIT_END_LINE, the line. */
enum audit_end audit_out_end(
	struct audit_out *o, char buf[AUDIT_LINE_MAX], size_t *n_out);

/* A line with its \n. False, with errno set: nothing of it was written, or
 * `torn` is set. */
bool audit_out_write(struct audit_out *o, struct str line)
	__attribute__((warn_unused_result));

#endif
