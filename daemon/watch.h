/* Watching the configuration's file: tells when another one is there.
 *
 * Its folder is watched, not the file: editors put a new file in its place,
 * and a mounted ConfigMap turns a symbolic link. What happens in the folder
 * counts only when the path then leads to other contents (device, inode,
 * size, times), and these have stayed the same for a while; a file that is
 * not there is waited for. A folder put in the place of the watched one is
 * watched in its stead. On the main thread.
 */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include <stdbool.h>
#include <sys/stat.h>

#define WATCH_SETTLE_MS 200 /* without a change, before it is told */

struct event;
struct event_base;

struct watch {
	const char *path;      /* borrowed: the file's */
	struct stat seen;      /* as it was when it was read last */
	struct stat coming;    /* as it was when settling began */
	int fd;                /* owned: of inotify; -1: off */
	int folder;            /* its watch; -1: it has gone */
	struct event *event;   /* owned */
	struct event *settled; /* owned */
	void (*changed)(void *arg);
	void *arg;
};

/* Off. */
void watch_init(struct watch *w, const char *path, void (*changed)(void *arg),
	void *arg);

/* From now on: what the file is like now is known. Call it before reading. */
void watch_note(struct watch *w);

/* False with the error logged. On when it is on already: nothing. */
bool watch_start(struct watch *w, struct event_base *base)
	__attribute__((warn_unused_result));
void watch_stop(struct watch *w);

#endif
