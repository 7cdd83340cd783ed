/* Watching the configuration's files: inotify on their folders. */
#include "daemon/watch.h"

#include "daemon/log.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdlib.h>
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
	bool pending = evtimer_pending(w->settled, NULL);
	struct stat now;

	for (size_t i = 0; i < w->files.n; i++) {
		struct watch_file *f = &w->files.v[i];
		if (stat(f->path, &now) != 0 || same_file(&now, &f->seen))
			continue;
		if (pending && same_file(&now, &f->coming))
			continue;
		f->coming = now;
		settle(w);
	}
}

static bool
watch_folder(struct watch *w, struct watch_file *f)
{
	const char *slash = strrchr(f->path, '/');
	size_t n = slash ? (size_t)(slash - f->path) + 1 : 0;
	char folder[PATH_MAX] = ".";

	errno = ENAMETOOLONG;
	if (n >= sizeof(folder))
		return false;
	if (n) {
		memcpy(folder, f->path, n);
		folder[n] = '\0';
	}
	f->folder = inotify_add_watch(
		w->fd, folder, EVENTS | FOLDER_GONE | IN_ONLYDIR);
	return f->folder >= 0;
}

/* The folders that are not watched. False: the configuration's own cannot be;
 * that of an included file may come back later. */
static bool
watch_folders(struct watch *w)
{
	bool ok = true;

	for (size_t i = w->files.n; i-- > 0;) {
		struct watch_file *f = &w->files.v[i];
		ok = f->folder >= 0 || watch_folder(w, f);
	}
	return ok;
}

/* False: there is none in its place, and nothing is watched any more. */
static bool
watch_folders_anew(struct watch *w)
{
	if (watch_folders(w))
		return true;
	log_say(LOG_LEVEL_ERROR,
		"watch: the folder of %s is gone: %s; only SIGHUP reloads",
		w->files.v[0].path, strerror(errno));
	watch_stop(w);
	return false;
}

/* Is some file another one, and none of them on the move? */
static bool
have_settled(struct watch *w)
{
	bool changed = false;
	struct stat now;

	for (size_t i = 0; i < w->files.n; i++) {
		const struct watch_file *f = &w->files.v[i];
		if (stat(f->path, &now) != 0 || same_file(&now, &f->seen))
			continue;
		if (!same_file(&now, &f->coming)) {
			look(w);
			return false;
		}
		changed = true;
	}
	return changed;
}

static void
on_settled(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	(void)fd;
	(void)what;

	if (watch_folders_anew(w) && have_settled(w))
		w->changed(w->arg);
}

/* The folder of that watch is not the one at its path any more. */
static bool
lose_folder(struct watch *w, int folder)
{
	bool lost = false;

	for (size_t i = 0; i < w->files.n; i++) {
		struct watch_file *f = &w->files.v[i];
		if (f->folder != folder)
			continue;
		f->folder = -1;
		lost = true;
	}
	if (lost)
		inotify_rm_watch(w->fd, folder);
	return lost;
}

/* What happened to a file does not matter: its path tells. */
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
			if (e->mask & FOLDER_GONE)
				gone |= lose_folder(w, e->wd);
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

	if (read_events(w))
		look(w);
	else /* Another one may be on its way to its place. */
		settle(w);
}

void
watch_list_add(struct watch_list *l, const char *path)
{
	struct watch_file *v = realloc(l->v, (l->n + 1) * sizeof(*v));
	struct watch_file f = {.path = strdup(path), .folder = -1};

	if (v)
		l->v = v;
	if (!v || !f.path) {
		free(f.path);
		return;
	}
	if (stat(path, &f.seen) != 0)
		f.seen = (struct stat){0};
	v[l->n++] = f;
}

void
watch_list_fini(struct watch_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].path);
	free(l->v);
	*l = (struct watch_list){0};
}

void
watch_init(struct watch *w, void (*changed)(void *arg), void *arg)
{
	*w = (struct watch){.fd = -1, .changed = changed, .arg = arg};
}

void
watch_fini(struct watch *w)
{
	watch_stop(w);
	watch_list_fini(&w->files);
}

void
watch_take(struct watch *w, struct watch_list *l)
{
	watch_stop(w);
	watch_list_fini(&w->files);
	w->files = *l;
	*l = (struct watch_list){0};
}

bool
watch_start(struct watch *w, struct event_base *base)
{
	if (w->fd >= 0)
		return true;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd >= 0 && watch_folders(w)) {
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
		w->files.v[0].path, strerror(errno));
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
	for (size_t i = 0; i < w->files.n; i++)
		w->files.v[i].folder = -1;
}
