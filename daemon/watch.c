/* Watching the configuration's file: inotify on its folder. */
#include "daemon/watch.h"

#include "daemon/log.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define EVENTS      (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE)
#define FOLDER_GONE (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size && same_time(a->st_mtim, b->st_mtim) &&
	       same_time(a->st_ctim, b->st_ctim);
}

static void
settle(struct watch *w)
{
	const struct timeval tv = {.tv_usec = WATCH_SETTLE_MS * 1000};

	event_add(w->settled, &tv);
}

/* Waits until the file has been left alone; what happens around it does not
 * count. */
static void
look(struct watch *w)
{
	struct stat now;

	if (stat(w->path, &now) != 0 || same_file(&now, &w->seen))
		return;
	if (evtimer_pending(w->settled, NULL) && same_file(&now, &w->coming))
		return;
	w->coming = now;
	settle(w);
}

static bool
watch_folder(struct watch *w)
{
	const char *slash = strrchr(w->path, '/');
	size_t n = slash ? (size_t)(slash - w->path) + 1 : 0;
	char folder[PATH_MAX] = ".";

	errno = ENAMETOOLONG;
	if (n >= sizeof(folder))
		return false;
	if (n) {
		memcpy(folder, w->path, n);
		folder[n] = '\0';
	}
	w->folder = inotify_add_watch(
		w->fd, folder, EVENTS | FOLDER_GONE | IN_ONLYDIR);
	return w->folder >= 0;
}

/* False: there is none in its place, and nothing is watched any more. */
static bool
watch_folder_anew(struct watch *w)
{
	if (watch_folder(w))
		return true;
	log_say(LOG_LEVEL_ERROR,
		"watch: the folder of %s is gone: %s; only SIGHUP reloads",
		w->path, strerror(errno));
	watch_stop(w);
	return false;
}

static void
on_settled(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	struct stat now;
	(void)fd;
	(void)what;

	if (w->folder < 0 && !watch_folder_anew(w))
		return;
	if (stat(w->path, &now) != 0 || same_file(&now, &w->seen))
		return;
	if (same_file(&now, &w->coming))
		w->changed(w->arg);
	else
		look(w);
}

/* What happened to the file does not matter: its path tells. */
static bool
read_events(struct watch *w)
{
	_Alignas(struct inotify_event) char buf[4096];
	bool gone = false;
	ssize_t n;

	while ((n = read(w->fd, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *e =
				(const void *)(buf + at);
			gone |= e->wd == w->folder && (e->mask & FOLDER_GONE);
			at += (ssize_t)(sizeof(*e) + e->len);
		}
	return !gone;
}

static void
on_events(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	(void)fd;
	(void)what;

	if (read_events(w)) {
		look(w);
		return;
	}
	/* Another one may be on its way to its place. */
	inotify_rm_watch(w->fd, w->folder);
	w->folder = -1;
	settle(w);
}

void
watch_init(struct watch *w, const char *path, void (*changed)(void *arg),
	void *arg)
{
	*w = (struct watch){
		.path = path,
		.fd = -1,
		.folder = -1,
		.changed = changed,
		.arg = arg,
	};
}

void
watch_note(struct watch *w)
{
	if (stat(w->path, &w->seen) != 0)
		w->seen = (struct stat){0};
}

bool
watch_start(struct watch *w, struct event_base *base)
{
	if (w->fd >= 0)
		return true;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd >= 0 && watch_folder(w)) {
		w->event = event_new(
			base, w->fd, EV_READ | EV_PERSIST, on_events, w);
		w->settled = evtimer_new(base, on_settled, w);
		if (w->event && w->settled && event_add(w->event, NULL) == 0) {
			/* What happened before was not seen. */
			on_events(w->fd, EV_READ, w);
			return true;
		}
		errno = ENOMEM;
	}
	log_say(LOG_LEVEL_ERROR, "watch: cannot watch the folder of %s: %s",
		w->path, strerror(errno));
	watch_stop(w);
	return false;
}

void
watch_stop(struct watch *w)
{
	if (w->event)
		event_free(w->event);
	if (w->settled)
		event_free(w->settled);
	if (w->fd >= 0)
		close(w->fd);
	w->event = w->settled = NULL;
	w->fd = -1;
}
