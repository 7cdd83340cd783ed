/* Log lines: one event a line, text or JSON, to standard error.
 *
 *   2026-11-22T01:02:03.456Z warn  denied client=10.0.0.7:51812 status=403 ...
 *
 * Whatever came from a peer is escaped: no control byte and no invalid UTF-8
 * reaches the terminal or the collector. Whole lines are written, at most
 * 4 KiB at once: threads do not mix. So that a line fits, long values are
 * shortened. Nobody waits for the log: what is not taken at once is lost, and
 * counted.
 */
#ifndef DAEMON_LOG_H
#define DAEMON_LOG_H

#include "compiler/settings.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>

struct log_field {
	const char *key;
	struct str value;
};

/* Process-wide; before any thread starts, and again on new settings. */
void log_setup(enum log_level level, bool json);
/* From now on each line has mode=learn. Before any thread starts. */
void log_learns(void);

/* An event with fields; empty values are left out. */
void log_event(enum log_level level, const char *event,
	const struct log_field *fields, size_t n);

/* From here on the events of this thread are gathered, and written together by
 * log_flush(), or before when they are many or a sentence follows. `soon` is
 * called with the first of them and sees to it that log_flush() follows.
 * NULL, as at first: each line is written at once. */
void log_gather(void (*soon)(void *arg), void *arg);
void log_flush(void);

/* How many lines were lost so far. */
unsigned long log_lost(void);

/* An event that is one sentence. */
void log_say(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
