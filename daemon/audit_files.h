/* Commands that read audit logs: each line of each file. */
#ifndef DAEMON_AUDIT_FILES_H
#define DAEMON_AUDIT_FILES_H

#include "daemon/command.h"
#include "runtime/str.h"

#include <stdbool.h>

enum audit_line {
	AUDIT_LINE_OK,
	AUDIT_LINE_NO_EVENT, /* it is none of an audit log */
	AUDIT_LINE_NO_MEMORY,
};

/* Calls take for each line of the operands' files ("-" is standard input);
 * what is wrong is told on standard error, with file and line. Lines that are
 * no events are passed over, and counted; so is a last one that does not end,
 * as of a log that is being written. At a terminal, long files show how far
 * it is. False when a file cannot be read to its end, or without memory. */
bool audit_files_read(const struct arguments *a,
	enum audit_line (*take)(void *ctx, struct str line), void *ctx);

#endif
