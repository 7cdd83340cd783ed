/* Reloading: the configuration's file is compiled again, and a good one
 * becomes the next generation; with any error nothing changes.
 *
 * On SIGHUP and, with `watch`, when the file changes. On the main thread: its
 * requests wait while it compiles. What a reload does not change is told.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/watch.h"

#include <stdbool.h>

struct fixed;
struct listeners;
struct notify;
struct shared;

struct reload {
	const char *config;    /* borrowed; the file that was found at start */
	struct shared *shared; /* borrowed */
	struct listeners *listeners; /* borrowed */
	const struct fixed *fixed;   /* borrowed */
	const struct notify *notify; /* borrowed */
	struct event *sighup;        /* owned */
	struct watch watch;
};

/* Before the configuration is read for the first time. */
void reload_init(struct reload *r, const char *config);

/* Before the loop runs, and before anybody can connect. False with the error
 * logged. */
bool reload_start(struct reload *r, const struct fixed *fixed,
	struct shared *shared, struct listeners *listeners,
	const struct notify *notify) __attribute__((warn_unused_result));
void reload_stop(struct reload *r);

#endif
