/* The audit log's writer: a queue and a thread. */
#include "daemon/audit_writer.h"

#include "daemon/audit_out.h"
#include "daemon/audit_ring.h"
#include "daemon/log.h"
#include "runtime/limits.h"

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

#define RETRY_MS 1000 /* to tell of lost events when no event comes */

struct audit_writer {
	struct audit_ring *ring; /* owned */
	int wake, ended;         /* owned: eventfds */
	uint32_t drain_ms;
	pthread_t thread;
	atomic_bool sleeping, reopen, stopping;
	atomic_uint_fast64_t written, dropped;

	/* The thread's own. */
	struct audit_out out;
	bool chain, failing, in_hand;
	uint8_t digest[AUDIT_DIGEST];
	const char *restart; /* why the chain begins anew; NULL: it does not */
	uint64_t told;       /* of the dropped */
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
	int state;

	memcpy(digest, w->digest, sizeof(digest));
	if (w->chain)
		n = audit_chain(buf, n, digest);
	if (n == 0) {
		failed(w, ENOMEM);
		return false;
	}
	/* A sink may block for ever; then stopping cancels. */
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	bool ok = audit_out_write(&w->out, (struct str){buf, n});
	int error = errno;
	pthread_setcancelstate(state, NULL);
	if (ok)
		memcpy(w->digest, digest, sizeof(digest));
	else
		failed(w, error);
	if (w->chain && w->out.torn && !w->restart)
		w->restart = "a line before could only be written in part";
	return ok;
}

static bool
write_notice(struct audit_writer *w, struct audit_event *e)
{
	char buf[AUDIT_LINE_MAX];
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	e->time_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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
		log_say(LOG_LEVEL_WARN,
			"audit log: %" PRIu64 " events were lost", lost);
	}
	w->failing = false;
	return true;
}

static void
deliver(struct audit_writer *w, char buf[AUDIT_LINE_MAX], size_t n)
{
	w->in_hand = true;
	bool ok = write_notices(w) && write_line(w, buf, n);
	w->in_hand = false;
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
		if (!audit_digest((struct str){buf, n}, w->digest))
			w->restart = "no memory for the digest of the line "
				     "before";
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
	bool untold = w->restart || atomic_load(&w->dropped) != w->told;

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

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
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
	if (w->wake >= 0)
		close(w->wake);
	if (w->ended >= 0)
		close(w->ended);
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
audit_writer_start(const struct audit_writer_config *c)
{
	struct audit_writer *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->chain = c->chain;
	w->drain_ms = c->drain_ms ? c->drain_ms : AUDIT_DRAIN_MS;
	w->out.fd = -1;
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->ring = audit_ring_new(
		c->queue_bytes ? c->queue_bytes : AUDIT_QUEUE_BYTES);
	if (w->wake < 0 || w->ended < 0 || !w->ring ||
		!audit_out_init(&w->out, c->sink, c->path)) {
		log_say(LOG_LEVEL_ERROR, "audit log: cannot open %.*s: %s",
			STR_FMT(c->path), strerror(errno));
		free_writer(w);
		return NULL;
	}
	look_at_end(w);
	int error = start_thread(w);
	if (error == 0)
		return w;
	log_say(LOG_LEVEL_ERROR, "audit log: cannot start its thread: %s",
		strerror(error));
	free_writer(w);
	return NULL;
}

/* What a cancelled thread has left. */
static void
drop_rest(struct audit_writer *w)
{
	char buf[AUDIT_LINE_MAX];
	size_t n;

	if (w->in_hand)
		atomic_fetch_add(&w->dropped, 1);
	while (audit_ring_take(w->ring, buf, sizeof(buf), &n))
		atomic_fetch_add(&w->dropped, 1);
}

struct audit_writer_counters
audit_writer_stop(struct audit_writer *w)
{
	atomic_store(&w->stopping, true);
	ring_bell(w->wake);
	if (!wait_bell(w->ended, (int)w->drain_ms))
		pthread_cancel(w->thread);
	pthread_join(w->thread, NULL);
	drop_rest(w);
	struct audit_writer_counters counters = audit_writer_counters(w);
	if (counters.dropped != w->told)
		log_say(LOG_LEVEL_ERROR,
			"audit log: the last %" PRIu64 " events are lost",
			counters.dropped - w->told);
	free_writer(w);
	return counters;
}
