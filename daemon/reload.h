/* Reloading: the configuration's file is compiled again, with what it
 * includes, and a good one becomes the next generation; with any error nothing
 * changes.
 *
 * On SIGHUP and, with `watch`, when one of the files changes. On the main thread: its
 * requests wait while it compiles. What a reload does not change is told.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/watch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct config;
struct fixed;
struct listeners;
struct notify;
struct policy;
struct shared;

#define RELOAD_TOLD_BYTES 4096

/* What came of the last one. */
struct reload_result {
	int64_t time; /* seconds since 1970; 0: there was none */
	bool ok;
	size_t told_n; /* of the findings or errors, maybe cut */
	char told[RELOAD_TOLD_BYTES];
};

struct reload {
	const struct config *config; /* borrowed; as it was found at start */
	struct shared *shared;       /* borrowed */
	struct listeners *listeners; /* borrowed */
	const struct fixed *fixed;   /* borrowed */
	const struct notify *notify; /* borrowed */
	struct event *sighup;        /* owned */
	struct watch watch;          /* its files: those that were read last */
	struct reload_result last;
};

void reload_init(struct reload *r, const struct config *config);

/* Compiles the configuration, the first time too; what is wrong goes to err.
 * NULL after an error. */
struct policy *reload_compile(struct reload *r, FILE *err);

/* Before the loop runs, and before anybody can connect. False with the error
 * logged. */
bool reload_start(struct reload *r, const struct fixed *fixed,
	struct shared *shared, struct listeners *listeners,
	const struct notify *notify) __attribute__((warn_unused_result));
void reload_stop(struct reload *r);

#endif
