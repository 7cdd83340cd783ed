/* The audit log's writer: a queue and a thread.
 *
 * Workers put events; they never wait and never allocate: the event becomes a
 * line in the thread of the worker and is queued, or, with the queue full,
 * dropped and counted. The writer's thread writes the lines in their order.
 * A line that cannot be written is dropped and counted too. As soon as lines
 * get through again, one of the event "audit_dropped" says how many events
 * were lost; with the counters, no event is ever lost unseen.
 *
 * With a chain each line has the SHA-256 of the line before; it goes on over
 * restarts and reopening, from the last line of the file. Where that is not
 * to be had, a line of the event "audit_chain_start" says why.
 */
#ifndef DAEMON_AUDIT_WRITER_H
#define DAEMON_AUDIT_WRITER_H

#include "compiler/settings.h"
#include "runtime/audit.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>

struct audit_writer_config {
	enum audit_sink sink; /* not AUDIT_OFF */
	struct str path;      /* of a file; copied */
	bool chain;
	uint32_t queue_bytes; /* 0: AUDIT_QUEUE_BYTES */
	uint32_t drain_ms;    /* 0: AUDIT_DRAIN_MS */
};

struct audit_writer;

/* Opens the log. NULL when that fails, and says why in the log. */
struct audit_writer *audit_writer_open(const struct audit_writer_config *c)
	__attribute__((warn_unused_result));

/* Starts the thread, with all signals blocked in it. It has a step of its own
 * since the process gives up its rights in between. False with the error
 * logged. */
bool audit_writer_start(struct audit_writer *w)
	__attribute__((warn_unused_result));

/* From any thread. False: dropped, and counted. */
bool audit_writer_put(struct audit_writer *w, const struct audit_event *e);

/* Opens the file anew before the next line: the old one has been renamed.
 * When that fails, the old one is kept. From any thread or signal handler. */
void audit_writer_reopen(struct audit_writer *w);

struct audit_writer_counters {
	uint64_t written; /* events; what tells of lost ones is not counted */
	uint64_t dropped;
};

/* From any thread. Every event put is, sooner or later, one or the other. */
struct audit_writer_counters audit_writer_counters(
	const struct audit_writer *w);

/* Writes what is queued and frees all, started or not. After drain_ms what is left in front
 * of a sink that blocks is dropped; where not even that can be done, the
 * thread is left behind with w, and what it has in hand is in no counter. No
 * other thread may use w any more. The counters as they are in the end. */
struct audit_writer_counters audit_writer_stop(struct audit_writer *w);

#endif
