/* Watching the configuration's file: inotify on its folder. */
#include "daemon/watch.h"

#include "daemon/log.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE)

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool
is_another(const struct watch *w)
{
	const struct stat *old = &w->seen;
	struct stat st;

	return stat(w->path, &st) == 0 &&
	       !(st.st_dev == old->st_dev && st.st_ino == old->st_ino &&
		       st.st_size == old->st_size &&
		       same_time(st.st_mtim, old->st_mtim) &&
		       same_time(st.st_ctim, old->st_ctim));
}

static void
on_settled(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	(void)fd;
	(void)what;

	if (is_another(w))
		w->changed(w->arg);
}

static void
on_events(evutil_socket_t fd, short what, void *arg)
{
	const struct timeval tv = {.tv_usec = WATCH_SETTLE_MS * 1000};
	char buf[4096];
	struct watch *w = arg;
	(void)what;

	/* What it was does not matter: the path tells. */
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	if (is_another(w))
		event_add(w->settled, &tv);
}

void
watch_init(struct watch *w, const char *path, void (*changed)(void *arg),
	void *arg)
{
	*w = (struct watch){
		.path = path,
		.fd = -1,
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
	return inotify_add_watch(w->fd, folder, EVENTS | IN_ONLYDIR) >= 0;
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
