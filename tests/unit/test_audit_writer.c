/* The audit log's writer: nothing lost unseen, no half lines, a whole chain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/audit_writer.h"
#include "daemon/cmd_audit.h"
#include "daemon/log.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4

static char folder[] = "/tmp/audit-XXXXXX";
static char path[64], other[64]; /* in the folder */

/* --- events and what has become of them --------------------------------------- */

static struct audit_writer *
open_and_start(const struct audit_writer_config *config)
{
	struct audit_writer *w = audit_writer_open(config);

	assert_non_null(w);
	assert_true(audit_writer_start(w));
	return w;
}

static struct audit_writer *
started(bool chain, uint32_t queue_bytes)
{
	const struct audit_writer_config config = {
		.sink = AUDIT_FILE,
		.path = str_of(path),
		.chain = chain,
		.queue_bytes = queue_bytes,
		.drain_ms = 60000,
	};
	return open_and_start(&config);
}

static bool
put(struct audit_writer *w, uint64_t number)
{
	const struct audit_event e = {
		.kind = AUDIT_DENY,
		.time_ms = 1778612958123,
		.path = STR("/containers/create"),
		.message = STR("no"),
		.duration_ms = number,
	};
	return audit_writer_put(w, &e);
}

static void
put_many(struct audit_writer *w, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		put(w, i);
}

/* Waits until all of n events have met their fate. */
static struct audit_writer_counters
settled(struct audit_writer *w, uint64_t n)
{
	struct audit_writer_counters c;

	for (int i = 0; i < 60000; i++) {
		c = audit_writer_counters(w);
		if (c.written + c.dropped == n)
			return c;
		poll(NULL, 0, 1);
	}
	fail_msg("%" PRIu64 " written and %" PRIu64 " dropped of %" PRIu64,
		c.written, c.dropped, n);
	return c;
}

struct tally {
	uint64_t events, lost, notices, starts;
};

/* Counts the lines of a stream; each must be JSON and end in \n. */
static struct tally
tally_of(FILE *f)
{
	struct tally t = {0};
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, f)) > 0) {
		assert_int_equal(line[n - 1], '\n');
		json_t *json = json_loadb(line, (size_t)n, 0, NULL);
		assert_non_null(json);
		const char *event =
			json_string_value(json_object_get(json, "event"));
		json_int_t count =
			json_integer_value(json_object_get(json, "count"));
		t.events += strcmp(event, "deny") == 0;
		t.notices += strcmp(event, "audit_dropped") == 0;
		t.starts += strcmp(event, "audit_chain_start") == 0;
		t.lost += (uint64_t)count;
		json_decref(json);
	}
	free(line);
	return t;
}

static struct tally
tally_of_file(const char *file)
{
	FILE *f = fopen(file, "re");

	assert_non_null(f);
	struct tally t = tally_of(f);
	fclose(f);
	return t;
}

/* The file holds what the counters say, to the event. */
static struct tally
assert_accounted(const struct audit_writer_counters *c, uint64_t put_in)
{
	struct tally t = tally_of_file(path);

	assert_int_equal(c->written + c->dropped, put_in);
	assert_int_equal(t.events, c->written);
	assert_int_equal(t.lost, c->dropped);
	return t;
}

static int
verify(const char *file)
{
	FILE *out = fopen("/dev/null", "we");
	int status = cmd_audit_verify(file, out, out);

	fclose(out);
	return status;
}

static off_t
size_of(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 ? st.st_size : -1;
}

static void
write_file(const char *file, const char *text)
{
	FILE *f = fopen(file, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static char
last_byte(const char *file)
{
	FILE *f = fopen(file, "re");
	int c = 0;

	assert_non_null(f);
	if (fseek(f, -1, SEEK_END) == 0)
		c = fgetc(f);
	fclose(f);
	return (char)c;
}

/* --- files ---------------------------------------------------------------------- */

static void
writes_lines_in_their_order(void **state)
{
	struct audit_writer *w = started(false, 0);
	struct stat st;
	char *line = NULL;
	size_t cap = 0;
	(void)state;

	put_many(w, 1000);
	struct audit_writer_counters c = audit_writer_stop(w);
	assert_int_equal(c.dropped, 0);
	assert_accounted(&c, 1000);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	FILE *f = fopen(path, "re");
	for (json_int_t i = 0; getline(&line, &cap, f) > 0; i++) {
		json_t *json = json_loads(line, 0, NULL);
		assert_int_equal(json_integer_value(
					 json_object_get(json, "duration_ms")),
			i);
		assert_null(json_object_get(json, "prev"));
		json_decref(json);
	}
	free(line);
	fclose(f);
}

static void
a_file_that_cannot_be_opened_is_an_error(void **state)
{
	struct audit_writer_config config = {.sink = AUDIT_FILE};
	(void)state;

	config.path = str_of(folder);
	assert_null(audit_writer_open(&config));
	snprintf(other, sizeof(other), "%s/none/log", folder);
	config.path = str_of(other);
	assert_null(audit_writer_open(&config));
	/* A pipe that nobody reads: not waited for. */
	assert_int_equal(mkfifo(path, 0600), 0);
	config.path = str_of(path);
	assert_null(audit_writer_open(&config));
}

static void
an_idle_writer_writes_at_once(void **state)
{
	struct audit_writer *w = started(false, 0);
	(void)state;

	for (uint64_t i = 1; i <= 200; i++) {
		put(w, i);
		assert_int_equal(settled(w, i).written, i);
	}
	audit_writer_stop(w);
}

static void
reopening_goes_on_in_a_new_file(void **state)
{
	struct audit_writer *w = started(true, 0);
	char command[256];
	(void)state;

	put_many(w, 10);
	settled(w, 10);
	snprintf(other, sizeof(other), "%s/log.1", folder);
	assert_int_equal(rename(path, other), 0);
	put_many(w, 10);
	settled(w, 20);
	assert_int_equal(size_of(path), -1);
	audit_writer_reopen(w);
	put_many(w, 10);
	settled(w, 30);
	assert_int_equal(tally_of_file(other).events, 20);
	assert_int_equal(tally_of_file(path).events, 10);
	/* One chain over both. */
	assert_int_equal(verify(other), 0);
	assert_int_equal(verify(path), 0);
	audit_writer_stop(w);
	snprintf(command, sizeof(command), "cat %s >> %s", path, other);
	assert_int_equal(system(command), 0);
	assert_int_equal(verify(other), 0);
	assert_int_equal(tally_of_file(other).events, 30);
}

static void
reopening_that_fails_keeps_the_old_file(void **state)
{
	struct audit_writer *w = started(true, 0);
	(void)state;

	put_many(w, 10);
	settled(w, 10);
	snprintf(other, sizeof(other), "%s/log.1", folder);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	audit_writer_reopen(w);
	put_many(w, 10);
	struct audit_writer_counters c = audit_writer_stop(w);
	assert_int_equal(c.written, 20);
	assert_int_equal(tally_of_file(other).events, 20);
	assert_int_equal(verify(other), 0);
}

static void
a_truncated_file_is_gone_on_with(void **state)
{
	struct audit_writer *w = started(true, 0);
	(void)state;

	put_many(w, 10);
	settled(w, 10);
	assert_int_equal(truncate(path, 0), 0);
	put_many(w, 5);
	audit_writer_stop(w);
	assert_int_equal(tally_of_file(path).events, 5);
	assert_int_equal(verify(path), 0);
}

/* --- the chain over restarts -------------------------------------------------- */

static void
the_chain_goes_on_over_restarts(void **state)
{
	uint64_t n = 0;
	(void)state;

	for (uint64_t i = 0; i < 20; i++) {
		struct audit_writer *w = started(true, 0);
		put_many(w, i % 3);
		n += i % 3;
		audit_writer_stop(w);
	}
	struct tally t = tally_of_file(path);
	assert_int_equal(t.events, n);
	assert_int_equal(t.starts, 0);
	assert_int_equal(verify(path), 0);
}

static void
the_chain_begins_behind_lines_without_one(void **state)
{
	struct audit_writer *w = started(false, 0);
	(void)state;

	put_many(w, 10);
	audit_writer_stop(w);
	assert_int_equal(verify(path), 1);
	w = started(true, 0);
	put_many(w, 10);
	audit_writer_stop(w);
	assert_int_equal(verify(path), 0);
	assert_int_equal(tally_of_file(path).starts, 0);
}

/* A line that was cut off stays, on a line of its own. */
static void
a_torn_end_begins_a_new_chain(void **state)
{
	char line[256];
	(void)state;

	write_file(path, "{\"event\":\"deny\"}\n{\"event\":\"de");
	struct audit_writer *w = started(true, 0);
	put_many(w, 10);
	audit_writer_stop(w);
	FILE *f = fopen(path, "re");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "{\"event\":\"de\n");
	struct tally t = tally_of(f);
	fclose(f);
	assert_int_equal(t.starts, 1);
	assert_int_equal(t.events, 10);
	assert_int_equal(verify(path), 1);
}

static void
a_torn_end_without_a_chain_is_ended(void **state)
{
	char line[256];
	(void)state;

	write_file(path, "half");
	struct audit_writer *w = started(false, 0);
	put_many(w, 10);
	audit_writer_stop(w);
	FILE *f = fopen(path, "re");
	assert_non_null(fgets(line, sizeof(line), f));
	assert_string_equal(line, "half\n");
	struct tally t = tally_of(f);
	fclose(f);
	assert_int_equal(t.starts, 0);
	assert_int_equal(t.events, 10);
}

static void
an_end_that_is_no_line_begins_a_new_chain(void **state)
{
	FILE *f = fopen(path, "we");
	(void)state;

	for (int i = 0; i < AUDIT_LINE_MAX; i++)
		fputc('x', f);
	fputs("\n", f);
	fclose(f);
	struct audit_writer *w = started(true, 0);
	put_many(w, 10);
	audit_writer_stop(w);
	f = fopen(path, "re");
	fseek(f, AUDIT_LINE_MAX + 1, SEEK_SET);
	struct tally t = tally_of(f);
	fclose(f);
	assert_int_equal(t.starts, 1);
	assert_int_equal(t.events, 10);
}

/* --- what cannot be written --------------------------------------------------- */

struct producer {
	struct audit_writer *writer;
	pthread_t thread;
	uint64_t events, refused;
};

static void *
produce(void *arg)
{
	struct producer *p = arg;

	for (uint64_t i = 0; i < p->events; i++)
		p->refused += !put(p->writer, i);
	return NULL;
}

/* Events from many threads at once. */
static uint64_t
flood(struct audit_writer *w, uint64_t events)
{
	struct producer producers[THREADS];
	uint64_t refused = 0;

	for (int i = 0; i < THREADS; i++) {
		producers[i] = (struct producer){
			.writer = w, .events = events / THREADS};
		assert_int_equal(pthread_create(&producers[i].thread, NULL,
					 produce, &producers[i]),
			0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(producers[i].thread, NULL);
		refused += producers[i].refused;
	}
	return refused;
}

static void
a_full_queue_drops_and_tells_how_many(void **state)
{
	struct audit_writer *w = started(true, 4096);
	(void)state;

	uint64_t refused = flood(w, 100000);
	struct audit_writer_counters c = audit_writer_stop(w);
	assert_true(refused > 0);
	assert_int_equal(c.dropped, refused);
	struct tally t = assert_accounted(&c, 100000);
	assert_true(t.notices > 0);
	assert_int_equal(verify(path), 0);
}

static void
limit_file_size(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A million events; the disk is full from the first MB or so on, for a third
 * of them; its last line does not fit by a byte or many. */
static void
a_full_disk_costs_the_events_of_its_time(void **state)
{
	struct audit_writer *w = started(true, 0);
	const uint64_t third = 333332;
	(void)state;

	limit_file_size(1234567);
	flood(w, third);
	struct audit_writer_counters c = settled(w, third);
	assert_in_range(c.written, 1, 1234567 / 100);
	assert_in_range(size_of(path), 1234567 - 1000, 1234567);
	assert_int_equal(last_byte(path), '\n');
	flood(w, third);
	assert_int_equal(settled(w, 2 * third).written, c.written);
	limit_file_size(RLIM_INFINITY);
	flood(w, third);
	assert_true(settled(w, 3 * third).written > c.written);
	put(w, 0);
	c = audit_writer_stop(w);
	struct tally t = assert_accounted(&c, 3 * third + 1);
	assert_true(t.notices > 0);
	assert_int_equal(t.starts, 0);
	assert_int_equal(verify(path), 0);
}

/* At every place within a line. */
static void
no_part_of_a_line_is_left_on_a_full_disk(void **state)
{
	struct audit_writer *w = started(true, 0);
	uint64_t n = 0;
	(void)state;

	put(w, n++);
	settled(w, n);
	off_t first = size_of(path);
	for (off_t bytes = 0; bytes < 400; bytes++) {
		limit_file_size((rlim_t)(first + bytes));
		put(w, n++);
		assert_int_equal(settled(w, n).dropped, bytes + 1);
		assert_int_equal(size_of(path), first);
	}
	limit_file_size(RLIM_INFINITY);
	put(w, n++);
	struct audit_writer_counters c = audit_writer_stop(w);
	struct tally t = assert_accounted(&c, n);
	assert_int_equal(t.lost, 400);
	assert_int_equal(t.notices, 1);
	assert_int_equal(verify(path), 0);
}

static void
lost_events_are_told_of_without_another_event(void **state)
{
	struct audit_writer *w = started(false, 0);
	(void)state;

	limit_file_size(1);
	put_many(w, 10);
	settled(w, 10);
	assert_int_equal(size_of(path), 0);
	limit_file_size(RLIM_INFINITY);
	for (int i = 0; i < 60000 && size_of(path) == 0; i++)
		poll(NULL, 0, 1);
	assert_int_equal(tally_of_file(path).lost, 10);
	audit_writer_stop(w);
}

static void
a_device_that_is_always_full_costs_all(void **state)
{
	const struct audit_writer_config config = {
		.sink = AUDIT_FILE, .path = STR("/dev/full"), .chain = true};
	struct audit_writer *w = open_and_start(&config);
	(void)state;

	assert_non_null(w);
	put_many(w, 1000);
	struct audit_writer_counters c = audit_writer_stop(w);
	assert_int_equal(c.written, 0);
	assert_int_equal(c.dropped, 1000);
}

/* --- pipes -------------------------------------------------------------------- */

static FILE *
pipe_reader(void)
{
	assert_int_equal(mkfifo(path, 0600), 0);
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_SETFL, 0), 0);
	return fdopen(fd, "re");
}

struct reading {
	FILE *file;
	struct tally tally;
};

static void *
read_all(void *arg)
{
	struct reading *r = arg;

	r->tally = tally_of(r->file);
	return NULL;
}

static void
a_pipe_that_is_not_read_blocks_nobody(void **state)
{
	struct reading r = {.file = pipe_reader()};
	struct audit_writer *w = started(false, 65536);
	pthread_t thread;
	(void)state;

	/* More than the pipe and the queue hold. */
	uint64_t refused = flood(w, 10000);
	assert_true(refused > 0);
	assert_int_equal(audit_writer_counters(w).dropped, refused);
	assert_int_equal(pthread_create(&thread, NULL, read_all, &r), 0);
	settled(w, 10000);
	put(w, 0);
	struct audit_writer_counters c = audit_writer_stop(w);
	pthread_join(thread, NULL);
	fclose(r.file);
	assert_int_equal(c.written + c.dropped, 10001);
	assert_int_equal(r.tally.events, c.written);
	assert_int_equal(r.tally.lost, c.dropped);
}

static void
stopping_does_not_wait_for_a_pipe_for_ever(void **state)
{
	const struct audit_writer_config config = {
		.sink = AUDIT_FILE,
		.path = str_of(path),
		.drain_ms = 50,
	};
	struct reading r = {.file = pipe_reader()};
	struct audit_writer *w = open_and_start(&config);
	(void)state;

	assert_non_null(w);
	put_many(w, 5000);
	struct audit_writer_counters c = audit_writer_stop(w);
	assert_int_equal(c.written + c.dropped, 5000);
	assert_true(c.dropped > 0);
	/* Whole lines are what counts as written. */
	uint64_t lines = 0;
	for (int byte; (byte = fgetc(r.file)) != EOF;)
		lines += byte == '\n';
	assert_int_equal(lines, c.written);
	fclose(r.file);
}

/* The reader goes in the middle of a line, and another comes. */
static void
a_line_torn_in_a_pipe_is_ended(void **state)
{
	static char text[5000];
	const struct audit_event large = {
		.kind = AUDIT_DENY, .path = {text, sizeof(text)}};
	FILE *reader = pipe_reader();
	struct audit_writer *w = started(true, 0);
	char *line = NULL;
	size_t cap = 0;
	int waiting = 0;
	(void)state;

	memset(text, 'a', sizeof(text));
	assert_int_equal(
		fcntl(fileno(reader), F_SETPIPE_SZ, PIPE_BUF), PIPE_BUF);
	audit_writer_put(w, &large);
	while (waiting < PIPE_BUF) {
		sched_yield();
		assert_int_equal(ioctl(fileno(reader), FIONREAD, &waiting), 0);
	}
	fclose(reader);
	assert_int_equal(settled(w, 1).dropped, 1);
	reader = fopen(path, "re");
	assert_true(fcntl(fileno(reader), F_SETPIPE_SZ, 16 * PIPE_BUF) > 0);
	put(w, 0);
	assert_int_equal(getline(&line, &cap, reader), PIPE_BUF + 1);
	audit_writer_stop(w);
	struct tally t = tally_of(reader);
	assert_int_equal(t.starts, 1);
	assert_int_equal(t.lost, 1);
	assert_int_equal(t.events, 1);
	free(line);
	fclose(reader);
}

/* --- standard output and syslog ---------------------------------------------- */

static void
standard_output_is_not_closed(void **state)
{
	const struct audit_writer_config config = {
		.sink = AUDIT_STDOUT, .chain = true};
	int saved = dup(STDOUT_FILENO);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	(void)state;

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	struct audit_writer *w = open_and_start(&config);
	put_many(w, 100);
	struct audit_writer_counters c = audit_writer_stop(w);
	bool open_still = fcntl(STDOUT_FILENO, F_GETFD) >= 0;
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fd);
	assert_true(open_still);
	assert_accounted(&c, 100);
	assert_int_equal(verify(path), 0);
}

/* In the place of the C library's. */
static atomic_int said;
static atomic_bool blocking;
static int said_priority;
static char said_text[2 * AUDIT_LINE_MAX];

__attribute__((format(printf, 2, 0))) static void
say(int priority, const char *fmt, va_list ap)
{
	while (atomic_load(&blocking))
		poll(NULL, 0, 1);
	said_priority = priority;
	vsnprintf(said_text, sizeof(said_text), fmt, ap);
	atomic_fetch_add(&said, 1);
}

/* In brackets: some compilers make a macro of it. */
void(syslog)(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(priority, fmt, ap);
	va_end(ap);
}

/* What syslog() becomes where the library checks formats. */
void __syslog_chk(int priority, int flag, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
	va_list ap;
	(void)flag;

	va_start(ap, fmt);
	say(priority, fmt, ap);
	va_end(ap);
}

static void
syslog_gets_the_line_alone(void **state)
{
	const struct audit_writer_config config = {.sink = AUDIT_SYSLOG};
	struct audit_writer *w = open_and_start(&config);
	const struct audit_event e = {
		.kind = AUDIT_LOCKOUT, .message = STR("100%s %n")};
	(void)state;

	assert_non_null(w);
	assert_true(audit_writer_put(w, &e));
	assert_int_equal(audit_writer_stop(w).written, 1);
	assert_int_equal(said, 1);
	assert_int_equal(said_priority, LOG_NOTICE);
	json_t *json = json_loads(said_text, 0, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "message")),
		"100%s %n");
	assert_null(strchr(said_text, '\n'));
	json_decref(json);
}

/* Static: the writer is left to its thread. */
static void
stopping_does_not_wait_for_syslog_for_ever(void **state)
{
	const struct audit_writer_config config = {
		.sink = AUDIT_SYSLOG, .drain_ms = 10};
	static struct audit_writer *w;
	(void)state;

	w = open_and_start(&config);
	assert_non_null(w);
	atomic_store(&blocking, true);
	said = 0;
	put(w, 0);
	assert_int_equal(audit_writer_stop(w).written, 0);
	atomic_store(&blocking, false);
	while (atomic_load(&said) == 0)
		sched_yield();
}

/* A pipe of others' that cannot be made not to block. */
static void
stopping_does_not_wait_for_standard_output_for_ever(void **state)
{
	static char text[5000];
	const struct audit_writer_config config = {
		.sink = AUDIT_STDOUT, .drain_ms = 50};
	const struct audit_event large = {
		.kind = AUDIT_DENY, .path = {text, sizeof(text)}};
	int saved = dup(STDOUT_FILENO), fds[2];
	(void)state;

	memset(text, 'a', sizeof(text));
	fflush(stdout);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	dup2(fds[1], STDOUT_FILENO);
	close(fds[1]);
	struct audit_writer *w = open_and_start(&config);
	for (int i = 0; i < 100; i++)
		audit_writer_put(w, &large);
	struct audit_writer_counters c = audit_writer_stop(w);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fds[0]);
	assert_int_equal(c.written + c.dropped, 100);
	assert_true(c.written > 0 && c.dropped > 0);
}

/* --- a folder for each ---------------------------------------------------------- */

static int
make_folder(void **state)
{
	(void)state;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/log", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	char command[128];
	(void)state;

	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(writes_lines_in_their_order),
		TEST(a_file_that_cannot_be_opened_is_an_error),
		TEST(an_idle_writer_writes_at_once),
		TEST(reopening_goes_on_in_a_new_file),
		TEST(reopening_that_fails_keeps_the_old_file),
		TEST(a_truncated_file_is_gone_on_with),
		TEST(the_chain_goes_on_over_restarts),
		TEST(the_chain_begins_behind_lines_without_one),
		TEST(a_torn_end_begins_a_new_chain),
		TEST(a_torn_end_without_a_chain_is_ended),
		TEST(an_end_that_is_no_line_begins_a_new_chain),
		TEST(a_full_queue_drops_and_tells_how_many),
		TEST(a_full_disk_costs_the_events_of_its_time),
		TEST(no_part_of_a_line_is_left_on_a_full_disk),
		TEST(lost_events_are_told_of_without_another_event),
		TEST(a_device_that_is_always_full_costs_all),
		TEST(a_pipe_that_is_not_read_blocks_nobody),
		TEST(stopping_does_not_wait_for_a_pipe_for_ever),
		TEST(a_line_torn_in_a_pipe_is_ended),
		TEST(standard_output_is_not_closed),
		TEST(stopping_does_not_wait_for_standard_output_for_ever),
		TEST(syslog_gets_the_line_alone),
		TEST(stopping_does_not_wait_for_syslog_for_ever),
	};
	umask(022);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
