/* The audit log's writer: a queue and a thread. */
#include "daemon/audit_writer.h"

#include "daemon/audit_out.h"
#include "daemon/audit_ring.h"
#include "daemon/clock.h"
#include "daemon/deadline.h"
#include "daemon/log.h"
#include "runtime/limits.h"
#include "runtime/sha256.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* To tell of lost events when no event comes, and not to tell the log of
 * them more often. */
#define RETRY_MS 1000

/* To drop what a sink that blocks has left. */
#define HURRY_MS 1000

struct audit_writer {
	struct audit_ring *ring; /* owned */
	int wake, hurry, ended;  /* owned: eventfds */
	uint32_t drain_ms;
	bool started;
	pthread_t thread;
	atomic_bool sleeping, reopen, stopping;
	atomic_uint_fast64_t written, dropped;

	/* The thread's own. */
	struct audit_out out;
	bool chain, failing;
	uint8_t digest[AUDIT_DIGEST];
	const char *restart; /* why the chain begins anew; NULL: it does not */
	uint64_t told;       /* of the dropped: in the audit log */
	uint64_t said;       /* of those: in our own */
	uint64_t said_ms;
};

/* --- signals between threads -------------------------------------------- */

static void
ring_bell(int fd)
{
	const uint64_t one = 1;
	ssize_t n = write(fd, &one, sizeof(one));

	(void)n; /* it can only be full of rings already */
}

/* False: nothing rang for so long; -1: any time. */
static bool
wait_bell(int fd, int timeout_ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	uint64_t rings;
	int n;

	do
		n = poll(&pfd, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n > 0 && read(fd, &rings, sizeof(rings)) > 0;
}

/* --- lines ---------------------------------------------------------------- */

static void
failed(struct audit_writer *w, int error)
{
	if (!w->failing)
		log_say(LOG_LEVEL_ERROR,
			"audit log: cannot write: %s; events are lost until "
			"it can be written again",
			strerror(error));
	w->failing = true;
}

/* Writes a line that is in buf. */
static bool
write_line(struct audit_writer *w, char buf[AUDIT_LINE_MAX], size_t n)
{
	uint8_t digest[AUDIT_DIGEST];

	memcpy(digest, w->digest, sizeof(digest));
	if (w->chain)
		n = audit_chain(buf, n, digest);
	bool ok = audit_out_write(&w->out, (struct str){buf, n});
	if (ok)
		memcpy(w->digest, digest, sizeof(digest));
	else
		failed(w, errno);
	if (w->chain && w->out.torn && !w->restart)
		w->restart = "a line before could only be written in part";
	return ok;
}

static bool
write_notice(struct audit_writer *w, struct audit_event *e)
{
	char buf[AUDIT_LINE_MAX];

	e->time_ms = clock_wall_ms();
	return write_line(w, buf, audit_line(e, buf));
}

/* What must be said before the next line. */
static bool
write_notices(struct audit_writer *w)
{
	uint64_t lost = atomic_load(&w->dropped) - w->told;

	if (w->restart) {
		struct audit_event e = {
			.kind = AUDIT_CHAIN_START,
			.message = str_of(w->restart),
		};
		w->restart = NULL;
		memset(w->digest, 0, sizeof(w->digest));
		if (!write_notice(w, &e)) {
			w->restart = e.message.p;
			return false;
		}
	}
	if (lost > 0) {
		struct audit_event e = {
			.kind = AUDIT_DROPPED,
			.count = lost,
			.message = STR("the audit log could not take them"),
		};
		if (!write_notice(w, &e))
			return false;
		w->told += lost;
	}
	w->failing = false;
	return true;
}

/* In our own log, how many events were lost; not too often. */
static void
say_lost(struct audit_writer *w)
{
	uint64_t now = now_ms();

	if (w->said == w->told || now - w->said_ms < RETRY_MS)
		return;
	log_say(LOG_LEVEL_WARN, "audit log: %" PRIu64 " events were lost",
		w->told - w->said);
	w->said = w->told;
	w->said_ms = now;
}

static void
deliver(struct audit_writer *w, char buf[AUDIT_LINE_MAX], size_t n)
{
	bool ok = write_notices(w) && write_line(w, buf, n);
	say_lost(w);
	atomic_fetch_add(ok ? &w->written : &w->dropped, 1);
}

/* --- the thread ----------------------------------------------------------- */

/* Goes on from where the file ends. */
static void
look_at_end(struct audit_writer *w)
{
	char buf[AUDIT_LINE_MAX];
	size_t n;
	enum audit_end end = audit_out_end(&w->out, buf, &n);

	if (!w->chain)
		return;
	w->restart = NULL;
	switch (end) {
	case AUDIT_END_NONE: /* of a rotated file the chain goes on */
		break;
	case AUDIT_END_LINE:
		sha256((struct str){buf, n}, w->digest);
		break;
	case AUDIT_END_TORN:
		w->restart = "the file ended within a line";
		break;
	case AUDIT_END_UNKNOWN:
		w->restart = "the last line could not be read";
		break;
	}
}

static void
reopen(struct audit_writer *w)
{
	if (audit_out_reopen(&w->out))
		look_at_end(w);
	else
		log_say(LOG_LEVEL_ERROR,
			"audit log: cannot reopen %s: %s; the old file is kept",
			w->out.path, strerror(errno));
}

/* Until there is something to do. */
static void
sleep_until_rung(struct audit_writer *w)
{
	bool untold = w->restart || atomic_load(&w->dropped) != w->said;

	atomic_store(&w->sleeping, true);
	if (!audit_ring_ready(w->ring) && !atomic_load(&w->reopen) &&
		!atomic_load(&w->stopping))
		wait_bell(w->wake, untold ? RETRY_MS : -1);
	atomic_store(&w->sleeping, false);
}

static void *
run(void *arg)
{
	struct audit_writer *w = arg;
	char buf[AUDIT_LINE_MAX];
	size_t n;

	for (;;) {
		/* Before looking for a last line: then there is none. */
		bool stopping = atomic_load(&w->stopping);
		if (atomic_exchange(&w->reopen, false))
			reopen(w);
		if (audit_ring_take(w->ring, buf, sizeof(buf), &n)) {
			deliver(w, buf, n);
			continue;
		}
		write_notices(w);
		say_lost(w);
		if (stopping)
			break;
		sleep_until_rung(w);
	}
	ring_bell(w->ended);
	return NULL;
}

/* --- from other threads ------------------------------------------------------ */

bool
audit_writer_put(struct audit_writer *w, const struct audit_event *e)
{
	char buf[AUDIT_LINE_MAX];
	size_t n = audit_line(e, buf);

	if (!audit_ring_put(w->ring, (struct str){buf, n})) {
		atomic_fetch_add(&w->dropped, 1);
		return false;
	}
	/* Only the first that finds it asleep pays for the call. */
	if (atomic_load(&w->sleeping) && atomic_exchange(&w->sleeping, false))
		ring_bell(w->wake);
	return true;
}

void
audit_writer_reopen(struct audit_writer *w)
{
	atomic_store(&w->reopen, true);
	ring_bell(w->wake);
}

struct audit_writer_counters
audit_writer_counters(const struct audit_writer *w)
{
	return (struct audit_writer_counters){
		.written = atomic_load(&w->written),
		.dropped = atomic_load(&w->dropped),
	};
}

/* --- start and stop ------------------------------------------------------------ */

static void
free_writer(struct audit_writer *w)
{
	audit_out_fini(&w->out);
	const int fds[] = {w->wake, w->hurry, w->ended};
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	audit_ring_free(w->ring);
	free(w);
}

/* Signals are the business of other threads; SIGPIPE and SIGXFSZ become
 * errors of write(). */
static int
start_thread(struct audit_writer *w)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int error = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

struct audit_writer *
audit_writer_open(const struct audit_writer_config *c)
{
	struct audit_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->chain = c->chain;
	w->drain_ms = c->drain_ms ? c->drain_ms : AUDIT_DRAIN_MS;
	w->out.fd = -1;
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->hurry = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->ring = audit_ring_new(
		c->queue_bytes ? c->queue_bytes : AUDIT_QUEUE_BYTES);
	if (w->wake < 0 || w->hurry < 0 || w->ended < 0 || !w->ring ||
		!audit_out_init(&w->out, c->sink, c->path, w->hurry)) {
		log_say(LOG_LEVEL_ERROR, "audit log: cannot open %.*s: %s",
			STR_FMT(c->path), strerror(errno));
		free_writer(w);
		return NULL;
	}
	look_at_end(w);
	return w;
}

bool
audit_writer_start(struct audit_writer *w)
{
	int error = start_thread(w);

	w->started = error == 0;
	if (error)
		log_say(LOG_LEVEL_ERROR,
			"audit log: cannot start its thread: %s",
			strerror(error));
	return w->started;
}

struct audit_writer_counters
audit_writer_stop(struct audit_writer *w)
{
	if (!w->started) {
		free_writer(w);
		return (struct audit_writer_counters){0};
	}
	atomic_store(&w->stopping, true);
	ring_bell(w->wake);
	if (!wait_bell(w->ended, (int)w->drain_ms)) {
		ring_bell(w->hurry);
		if (!wait_bell(w->ended, HURRY_MS)) {
			/* Within syslog() or a file system that is gone. It
			 * goes with the process, and so does w, its own. */
			log_say(LOG_LEVEL_ERROR,
				"audit log: it blocks, and is left");
			pthread_detach(w->thread);
			return audit_writer_counters(w);
		}
	}
	pthread_join(w->thread, NULL);
	struct audit_writer_counters counters = audit_writer_counters(w);
	if (counters.dropped != w->said)
		log_say(LOG_LEVEL_WARN,
			"audit log: %" PRIu64 " events were lost%s",
			counters.dropped - w->said,
			counters.dropped != w->told ? ", and it does not say so"
						    : "");
	free_writer(w);
	return counters;
}
