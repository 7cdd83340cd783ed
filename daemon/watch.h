/* Watching the configuration's files: tells when another one is there.
 *
 * Folders are watched, not files: editors put a new file in the old one's
 * place, and a mounted ConfigMap turns a symbolic link. What happens in a
 * folder counts only when a path then leads to other contents (device, inode,
 * size, times), and these have stayed the same for a while; a file that is
 * not there is waited for. A folder put in the place of a watched one is
 * watched in its stead. On the main thread.
 */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define WATCH_SETTLE_MS 200 /* without a change, before it is told */

struct event;
struct event_base;

struct watch_file {
	char *path;         /* owned */
	struct stat seen;   /* as it was when it was read; 0: not there */
	struct stat coming; /* as it was when settling began */
	int folder;         /* its watch; -1: it has gone */
};

/* Files that were read, the configuration first. */
struct watch_list {
	struct watch_file *v; /* owned */
	size_t n;
};

/* Notes what the file is like now: call it before reading. Without memory it is
 * left out. */
void watch_list_add(struct watch_list *l, const char *path);
void watch_list_fini(struct watch_list *l);

struct watch {
	struct watch_list files;
	int fd;                /* owned: of inotify; -1: off */
	struct event *event;   /* owned */
	struct event *settled; /* owned */
	void (*changed)(void *arg);
	void *arg;
};

/* Off. */
void watch_init(struct watch *w, void (*changed)(void *arg), void *arg);
void watch_fini(struct watch *w);

/* These files from now on; *l is empty then. Off. */
void watch_take(struct watch *w, struct watch_list *l);

/* False with the error logged. On when it is on already: nothing. */
bool watch_start(struct watch *w, struct event_base *base)
	__attribute__((warn_unused_result));
void watch_stop(struct watch *w);

#endif
