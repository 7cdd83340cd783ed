/* Log lines: formatting, escaping, writing some at once. */
#include "daemon/log.h"

#include "runtime/utf8.h"

#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* What a pipe takes in one piece (PIPE_BUF). A path may be longer: shortened,
 * it leaves room for what stands behind it, should each byte become six. */
#define LINE_MAX_BYTES 4096
#define VALUE_MAX      400
#define EVENT_MAX      640

static atomic_int log_level = LOG_LEVEL_INFO;
static atomic_bool log_json;
static atomic_bool log_mode_learn;
static atomic_ulong log_lines_lost;

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_TRACE] = "trace",
};

struct line {
	char *p; /* borrowed: LINE_MAX_BYTES */
	size_t n;
};

/* What a thread has gathered: whole lines, no more than a pipe takes in one
 * piece; and behind them room for the line that may be one too many. */
struct gathered {
	void (*soon)(void *arg); /* to be called with the first line */
	void *arg;
	size_t n;
	unsigned lines;
	char buf[2 * LINE_MAX_BYTES];
};

static _Thread_local struct gathered *gathered; /* owned; NULL: at once */

void
log_setup(enum log_level level, bool json)
{
	log_level = (int)level;
	log_json = json;
}

void
log_learns(void)
{
	log_mode_learn = true;
}

static bool
is_enabled(enum log_level level)
{
	return (int)level <= log_level;
}

static void
put(struct line *l, struct str s)
{
	size_t room = LINE_MAX_BYTES - 2 - l->n; /* for a quote and \n */
	size_t n = s.n < room ? s.n : room;
	memcpy(l->p + l->n, s.p, n);
	l->n += n;
}

static void
put_byte(struct line *l, char c)
{
	put(l, (struct str){&c, 1});
}

/* Not in the middle of a character. */
static struct str
shortened(struct str s, size_t max)
{
	if (s.n <= max)
		return s;
	while (max > 0 && ((unsigned char)s.p[max] & 0xc0) == 0x80)
		max--;
	return (struct str){s.p, max};
}

/* Where a byte stands for itself. */
enum {
	SHOWN = 1 << 0,  /* in a sentence */
	QUOTED = 1 << 1, /* in quotes */
	BARE = 1 << 2,   /* in a value without quotes */
	ALL = SHOWN | QUOTED | BARE,
};

static const uint8_t stands[256] = {
	[' '] = SHOWN | QUOTED,
	['!'] = ALL,
	['"'] = SHOWN,
	['#' ... '<'] = ALL,
	['='] = SHOWN | QUOTED,
	['>' ... '['] = ALL,
	['\\'] = SHOWN,
	[']' ... '~'] = ALL,
};

/* How many bytes at the start of s stand for themselves there. */
static size_t
plain_bytes(struct str s, unsigned where)
{
	size_t n = 0;

	while (n < s.n && (stands[(unsigned char)s.p[n]] & where))
		n++;
	return n;
}

/* The character that s begins with, or the byte that is none. */
static size_t
put_char(struct line *l, struct str s)
{
	size_t n = utf8_bytes(s);
	struct str c = {s.p, n ? n : 1};
	uint32_t code = utf8_code(c);
	char esc[16];
	int len = 0;

	if (code == '"' || code == '\\')
		len = snprintf(esc, sizeof(esc), "\\%c", (char)code);
	else if (code > 0xffff && utf8_is_hidden(code))
		len = snprintf(esc, sizeof(esc), "\\u%04x\\u%04x",
			0xd7c0 + (code >> 10), 0xdc00 + (code & 0x3ff));
	else if (n == 0 || utf8_is_hidden(code))
		len = snprintf(esc, sizeof(esc), "\\u%04x", code);
	put(l, len ? (struct str){esc, (size_t)len} : c);
	return c.n;
}

/* Nothing that acts on a terminal, hides or ends the line, for JSON and text
 * alike; with `quoted`, nor what would end the quotes. */
static void
put_escaped(struct line *l, struct str s, bool quoted)
{
	for (;;) {
		size_t plain = plain_bytes(s, quoted ? QUOTED : SHOWN);
		put(l, (struct str){s.p, plain});
		s = str_from(s, plain);
		if (s.n == 0)
			return;
		s = str_from(s, put_char(l, s));
	}
}

static bool
needs_quotes(struct str s)
{
	return s.n == 0 || plain_bytes(s, BARE) < s.n;
}

static void
put_quoted(struct line *l, struct str s)
{
	put_byte(l, '"');
	put_escaped(l, s, true);
	put_byte(l, '"');
}

/* A field is written whole or not at all. */
static bool
fits(const struct line *l, struct str key, struct str value)
{
	return l->n + key.n + 6 * value.n + 32 < LINE_MAX_BYTES;
}

/* The second is put together once for all lines of it. */
static void
put_time(struct line *l)
{
	static _Thread_local char second[sizeof("9999-12-31T23:59:59")];
	static _Thread_local size_t length;
	static _Thread_local time_t is_of;
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (length == 0 || ts.tv_sec != is_of) {
		is_of = ts.tv_sec;
		gmtime_r(&ts.tv_sec, &tm);
		length = strftime(
			second, sizeof(second), "%Y-%m-%dT%H:%M:%S", &tm);
	}
	int ms = (int)(ts.tv_nsec / 1000000);
	const char rest[] = {'.', (char)('0' + ms / 100),
		(char)('0' + ms / 10 % 10), (char)('0' + ms % 10), 'Z'};
	put(l, (struct str){second, length});
	put(l, (struct str){rest, sizeof(rest)});
}

static void
write_json(struct line *l, enum log_level level, struct str event,
	const struct log_field *fields, size_t n)
{
	put(l, STR("{\"time\":\""));
	put_time(l);
	put(l, STR("\",\"level\":\""));
	put(l, str_of(level_names[level]));
	put(l, STR("\",\"event\":"));
	put_quoted(l, event);
	for (size_t i = 0; i < n; i++) {
		struct str value = shortened(fields[i].value, VALUE_MAX);
		if (value.n == 0)
			continue;
		struct str key = str_of(fields[i].key);
		if (!fits(l, key, value))
			continue;
		put(l, STR(",\""));
		put(l, key);
		put(l, STR("\":"));
		put_quoted(l, value);
	}
	if (log_mode_learn)
		put(l, STR(",\"mode\":\"learn\""));
	put_byte(l, '}');
}

static void
write_text(struct line *l, enum log_level level, struct str event,
	const struct log_field *fields, size_t n)
{
	put_time(l);
	put_byte(l, ' ');
	put(l, str_of(level_names[level]));
	for (size_t i = strlen(level_names[level]); i < 6; i++)
		put_byte(l, ' ');
	put_escaped(l, event, false);
	for (size_t i = 0; i < n; i++) {
		struct str value = shortened(fields[i].value, VALUE_MAX);
		if (value.n == 0)
			continue;
		struct str key = str_of(fields[i].key);
		if (!fits(l, key, value))
			continue;
		put_byte(l, ' ');
		put(l, key);
		put_byte(l, '=');
		if (needs_quotes(value))
			put_quoted(l, value);
		else
			put(l, value);
	}
	if (log_mode_learn)
		put(l, STR(" mode=learn"));
}

static void
compose(struct line *l, enum log_level level, struct str event,
	const struct log_field *fields, size_t n)
{
	if (log_json)
		write_json(l, level, event, fields, n);
	else
		write_text(l, level, event, fields, n);
	l->p[l->n++] = '\n';
}

/* --- output --------------------------------------------------------------- */

/* Would a line be taken at once? Whoever reads the log may stall, and a worker
 * must not wait for it. A pipe that is ready takes PIPE_BUF in one piece. */
static bool
is_ready(void)
{
	struct pollfd p = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT);
}

/* A log that cannot be written must not stop the proxy. */
static void
output(const char *p, size_t n)
{
	ssize_t wrote = write(STDERR_FILENO, p, n);
	(void)wrote;
}

static void
tell_lost(unsigned long lost)
{
	char buf[LINE_MAX_BYTES], text[80];
	struct line l = {.p = buf};
	int n = snprintf(text, sizeof(text),
		"%lu log lines were lost: nobody read them", lost);

	compose(&l, LOG_LEVEL_WARN, (struct str){text, (size_t)n}, NULL, 0);
	output(l.p, l.n);
}

unsigned long
log_lost(void)
{
	return atomic_load(&log_lines_lost);
}

/* One thread after the other: what was ready for one may not be for two. */
static void
write_lines(const char *p, size_t n, unsigned lines)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static unsigned long told;

	pthread_mutex_lock(&lock);
	unsigned long lost = log_lost();
	bool ready = is_ready();
	if (ready && lost != told) {
		tell_lost(lost - told);
		told = lost;
		ready = is_ready();
	}
	if (ready)
		output(p, n);
	else
		atomic_fetch_add(&log_lines_lost, lines);
	pthread_mutex_unlock(&lock);
}

void
log_flush(void)
{
	struct gathered *g = gathered;

	if (!g || g->lines == 0)
		return;
	write_lines(g->buf, g->n, g->lines);
	g->n = 0;
	g->lines = 0;
}

void
log_gather(void (*soon)(void *arg), void *arg)
{
	log_flush();
	free(gathered);
	gathered = soon ? malloc(sizeof(*gathered)) : NULL;
	if (!gathered)
		return;
	gathered->soon = soon;
	gathered->arg = arg;
	gathered->n = 0;
	gathered->lines = 0;
}

/* l stands behind the lines that are gathered already. */
static void
add_line(struct gathered *g, const struct line *l)
{
	if (g->n + l->n > LINE_MAX_BYTES) {
		log_flush();
		memmove(g->buf, l->p, l->n);
	}
	g->n += l->n;
	if (g->lines++ == 0)
		g->soon(g->arg);
}

static void
write_line(enum log_level level, struct str event,
	const struct log_field *fields, size_t n)
{
	struct gathered *g = gathered;

	if (!g) {
		char buf[LINE_MAX_BYTES];
		struct line l = {.p = buf};
		compose(&l, level, event, fields, n);
		write_lines(l.p, l.n, 1);
		return;
	}
	struct line l = {.p = g->buf + g->n};
	compose(&l, level, event, fields, n);
	add_line(g, &l);
}

void
log_event(enum log_level level, const char *event,
	const struct log_field *fields, size_t n)
{
	if (is_enabled(level))
		write_line(level, str_of(event), fields, n);
}

void
log_say(enum log_level level, const char *fmt, ...)
{
	char buf[EVENT_MAX];
	va_list ap;

	if (!is_enabled(level))
		return;
	va_start(ap, fmt);
	int n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	struct str event = {buf, (size_t)n};
	if (event.n >= sizeof(buf)) {
		event.n = sizeof(buf) - 1;
		/* Perhaps it was cut in the middle of a character. */
		for (int i = 0; i < 3 && !str_is_utf8(event); i++)
			event.n--;
	}
	write_line(level, event, NULL, 0);
	log_flush(); /* it is rare, and may tell why something ends */
}
