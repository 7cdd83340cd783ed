/* The demonstration engine's growing answers: logs, statistics, events. */
#include "daemon/demo_conn.h"
#include "daemon/demo_route.h"
#include "daemon/demo_server.h"

#include <stdio.h>

/* --- logs ----------------------------------------------------------------- */

struct log_line {
	json_int_t time;
	bool to_stderr;
	const char *text; /* borrowed from the store */
};

static struct log_line
log_line_of(const json_t *entry)
{
	const char *stream = json_string_value(json_array_get(entry, 1));

	return (struct log_line){
		.time = json_integer_value(json_array_get(entry, 0)),
		.to_stderr = strcmp(stream, "stderr") == 0,
		.text = json_string_value(json_array_get(entry, 2)),
	};
}

/* By the streams and the times that were asked for. */
static bool
line_wanted(const struct demo_conn *c, struct log_line line)
{
	long until = demo_number(c, "until", 0);

	return demo_flag(c, line.to_stderr ? "stderr" : "stdout", false) &&
	       line.time >= demo_number(c, "since", 0) &&
	       (until == 0 || line.time <= until);
}

static void
write_line(struct demo_conn *c, struct log_line line)
{
	const json_t *container = c->stream.object;
	json_t *date = demo_date((time_t)line.time);
	bool dated = demo_flag(c, "timestamps", false);
	struct str text = arena_fmt(&c->arena, "%s%s%s\n",
		dated ? json_string_value(date) : "", dated ? " " : "",
		line.text);
	struct demo_frame frame = demo_frame(line.to_stderr ? 2 : 1, text.n);
	bool tty = json_is_true(demo_at(container, "Config", "Tty", NULL));

	json_decref(date);
	/* Frame and text in one chunk, as the Engine writes them. */
	char *bytes = arena_alloc(&c->arena, sizeof(frame) + text.n);
	if (!bytes)
		return;
	memcpy(bytes, frame.bytes, sizeof(frame));
	memcpy(bytes + sizeof(frame), text.p, text.n);
	struct str whole = {bytes, sizeof(frame) + text.n};
	demo_stream_write(c, tty ? text : whole);
}

/* One more line of a running container, every second. */
static bool
follow_logs(struct demo_conn *c)
{
	const json_t *texts = demo_at(c->stream.object, "Demo", "Follow", NULL);
	size_t count = json_array_size(texts);
	long until = demo_number(c, "until", 0);
	struct log_line line = {.time = (json_int_t)time(NULL)};

	if (count == 0 || (until > 0 && line.time > until))
		return false;
	line.text =
		json_string_value(json_array_get(texts, c->stream.n % count));
	if (line_wanted(c, line))
		write_line(c, line);
	return true;
}

static void
write_logs(struct demo_conn *c, const json_t *entries)
{
	size_t wanted = 0, i;
	const json_t *entry;

	json_array_foreach (entries, i, entry)
		wanted += line_wanted(c, log_line_of(entry));
	long tail = demo_number(c, "tail", -1); /* "all" is no number */
	size_t skip =
		tail >= 0 && (size_t)tail < wanted ? wanted - (size_t)tail : 0;
	json_array_foreach (entries, i, entry) {
		struct log_line line = log_line_of(entry);
		if (!line_wanted(c, line))
			continue;
		if (skip > 0)
			skip--;
		else
			write_line(c, line);
	}
}

void
demo_get_logs(struct demo_conn *c, struct str name)
{
	const json_t *container = demo_container_or_404(c, name);

	if (!container)
		return;
	if (!demo_flag(c, "stdout", false) && !demo_flag(c, "stderr", false)) {
		demo_reply_error(c, 400,
			"Bad parameters: you must choose at least one stream");
		return;
	}
	c->stream.object = container;
	demo_stream_begin(c, NULL, follow_logs);
	write_logs(c, demo_at(container, "Demo", "Logs", NULL));
	if (!demo_flag(c, "follow", false) ||
		!json_is_true(demo_at(container, "State", "Running", NULL)))
		demo_stream_end(c);
}

/* --- statistics ----------------------------------------------------------- */

static json_t *
cpu_stats(json_int_t rate, json_int_t second)
{
	/* Wavers a little, and never goes back. */
	json_int_t total = rate * second + rate / 10 * (second % 5);

	return json_pack("{s:{s:I, s:I, s:I}, s:I}", "cpu_usage", "total_usage",
		total, "usage_in_kernelmode", total / 4, "usage_in_usermode",
		total - total / 4, "system_cpu_usage", second * 2000000000);
}

static json_int_t
load(const json_t *container, const char *member)
{
	return json_integer_value(
		demo_at(container, "Demo", "Load", member, NULL));
}

static json_t *
sample(const struct demo_conn *c, const json_t *container)
{
	time_t now = time(NULL);
	json_int_t rate = load(container, "Nanoseconds");
	/* Seconds of a machine that is up for a day and a half at most:
	 * small enough for rate * second. */
	json_int_t second = 50000 + (json_int_t)(now % 86400);
	json_int_t n = (json_int_t)c->stream.n;
	json_t *stats = json_deep_copy(c->server->store.stats);
	json_t *moving = json_pack(
		"{s:o, s:o, s:o, s:o, s:{s:I}, s:{s:I}, s:{s:{s:I, s:I}},"
		" s:s, s:s}",
		"read", demo_date(now), "preread", demo_date(now - 1),
		"cpu_stats", cpu_stats(rate, second), "precpu_stats",
		cpu_stats(rate, second - 1), "pids_stats", "current",
		load(container, "Pids"), "memory_stats", "usage",
		load(container, "Memory"), "networks", "eth0", "rx_bytes",
		load(container, "Received") + 1024 * n, "tx_bytes",
		load(container, "Sent") + 2048 * n, "name",
		demo_text(container, "Name"), "id", demo_text(container, "Id"));

	json_object_update_recursive(stats, moving);
	json_decref(moving);
	return stats;
}

static bool
next_sample(struct demo_conn *c)
{
	demo_stream_json(c, sample(c, c->stream.object));
	return true;
}

void
demo_get_stats(struct demo_conn *c, struct str name)
{
	const json_t *container = demo_container_or_404(c, name);

	if (!container)
		return;
	if (!demo_flag(c, "stream", true)) {
		demo_reply_json(c, 200, sample(c, container));
		return;
	}
	c->stream.object = container;
	demo_stream_begin(c, NULL, next_sample);
	next_sample(c);
}

/* --- events --------------------------------------------------------------- */

static bool
event_wanted(json_t *filters, const json_t *event)
{
	const char *type = demo_text(event, "Type");
	const json_t *actor = json_object_get(event, "Actor");
	const json_t *attributes = json_object_get(actor, "Attributes");
	const char *action = demo_text(event, "Action");
	char verb[32];

	/* "exec_start: pg_isready" is asked for as "exec_start". */
	snprintf(verb, sizeof(verb), "%.*s", (int)strcspn(action, ":"), action);
	if (!demo_filter(filters, "type", type, DEMO_MATCH_WHOLE) ||
		!demo_filter(filters, "event", verb, DEMO_MATCH_WHOLE) ||
		!demo_filter_labels(filters, attributes))
		return false;
	if (!json_object_get(filters, "container"))
		return true;
	return strcmp(type, "container") == 0 &&
	       (demo_filter(filters, "container", demo_text(actor, "ID"),
			DEMO_MATCH_START) ||
		       demo_filter(filters, "container",
			       demo_text(attributes, "name"),
			       DEMO_MATCH_WHOLE));
}

static void
write_event(struct demo_conn *c, size_t n, time_t t)
{
	const json_t *events = c->server->store.events;
	json_t *event = json_array_get(events, n % json_array_size(events));

	if (!event_wanted(c->req.filters, event))
		return;
	event = json_copy(event);
	json_object_set_new(event, "scope", json_stringn("local", 5));
	json_object_set_new(event, "time", json_integer((json_int_t)t));
	json_object_set_new(
		event, "timeNano", json_integer((json_int_t)t * 1000000000));
	demo_stream_json(c, event);
}

static bool
next_event(struct demo_conn *c)
{
	time_t now = time(NULL);

	if (c->stream.until > 0 && now > c->stream.until)
		return false;
	write_event(c, c->stream.n - 1, now);
	return true;
}

/* Each of the samples once, a minute apart, the last a minute ago. */
static void
write_past_events(struct demo_conn *c, time_t now)
{
	size_t count = json_array_size(c->server->store.events);
	time_t since = demo_number(c, "since", 0);

	if (since == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		time_t t = now - (time_t)(60 * (count - i));
		if (t >= since &&
			(c->stream.until == 0 || t <= c->stream.until))
			write_event(c, i, t);
	}
}

void
demo_get_events(struct demo_conn *c, struct str name)
{
	static const char *const known[] = {
		"container", "event", "label", "type", NULL};
	time_t now = time(NULL);

	(void)name;
	if (!demo_filters_known(c, known))
		return;
	c->stream.until = demo_number(c, "until", 0);
	demo_stream_begin(c, "application/json", next_event);
	write_past_events(c, now);
	if (c->stream.until > 0 && c->stream.until <= now)
		demo_stream_end(c);
}
