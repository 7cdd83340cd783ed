/* The demonstration engine's answers, in the Engine's shapes. */
#include "daemon/demo_conn.h"
#include "daemon/demo_server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{101, "UPGRADED"},
		{200, "OK"},
		{201, "Created"},
		{204, "No Content"},
		{400, "Bad Request"},
		{404, "Not Found"},
		{409, "Conflict"},
		{413, "Request Entity Too Large"},
		{414, "Request URI Too Long"},
		{417, "Expectation Failed"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

static struct evbuffer *
output(struct demo_conn *c)
{
	return bufferevent_get_output(c->bev);
}

/* All of a head but its framing and the empty line. */
static void
write_head(struct demo_conn *c, int status, const char *type)
{
	time_t now = time(NULL);
	struct tm tm;
	char date[40] = "";

	if (gmtime_r(&now, &tm))
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	evbuffer_add_printf(
		output(c), "HTTP/1.1 %d %s\r\n", status, reason(status));
	if (type)
		evbuffer_add_printf(output(c), "Content-Type: %s\r\n", type);
	evbuffer_add_printf(output(c),
		"Api-Version: 1.41\r\nDate: %s\r\n"
		"Docker-Experimental: false\r\nOstype: linux\r\n"
		"Server: Docker/20.10.24 (linux)\r\n",
		date);
}

/* The answer is complete: to the next request, or to the end. */
static void
finish(struct demo_conn *c)
{
	c->phase = c->req.keep_alive ? DEMO_HEAD : DEMO_FLUSH;
}

void
demo_reply_text(
	struct demo_conn *c, int status, const char *type, struct str text)
{
	bool head = c->req.method == METHOD_HEAD;

	write_head(c, status, type);
	if (status != 204)
		evbuffer_add_printf(output(c), "Content-Length: %zu\r\n",
			head ? 0 : text.n);
	if (!c->req.keep_alive)
		evbuffer_add_printf(output(c), "Connection: close\r\n");
	else if (c->req.minor == 0)
		evbuffer_add_printf(output(c), "Connection: keep-alive\r\n");
	evbuffer_add(output(c), "\r\n", 2);
	if (!head)
		evbuffer_add(output(c), text.p, text.n);
	finish(c);
}

void
demo_reply_json(struct demo_conn *c, int status, json_t *body)
{
	char *text = json_dumps(body, JSON_COMPACT);

	json_decref(body);
	if (!text) {
		demo_reply_text(c, 500, "application/json",
			STR("{\"message\":\"out of memory\"}\n"));
		return;
	}
	/* The NUL becomes the line end that Go's encoder writes. */
	size_t n = strlen(text);
	text[n] = '\n';
	demo_reply_text(
		c, status, "application/json", (struct str){text, n + 1});
	free(text);
}

void
demo_reply_error(struct demo_conn *c, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	json_t *message = json_vsprintf(fmt, ap);
	va_end(ap);
	demo_reply_json(c, status, json_pack("{s:o}", "message", message));
}

/* --- answers that grow ---------------------------------------------------- */

void
demo_stream_begin(struct demo_conn *c, const char *type,
	bool (*step)(struct demo_conn *c))
{
	static const struct timeval second = {.tv_sec = 1};

	write_head(c, 200, type);
	if (c->req.minor == 0) {
		c->req.keep_alive = false;
		evbuffer_add_printf(output(c), "Connection: close\r\n\r\n");
	} else {
		evbuffer_add_printf(
			output(c), "Transfer-Encoding: chunked\r\n\r\n");
	}
	c->stream.step = step;
	c->phase = DEMO_STREAM;
	event_add(c->tick, &second);
}

void
demo_stream_write(struct demo_conn *c, struct str bytes)
{
	if (bytes.n == 0)
		return; /* an empty chunk would be the last one */
	if (c->req.minor > 0)
		evbuffer_add_printf(output(c), "%zx\r\n", bytes.n);
	evbuffer_add(output(c), bytes.p, bytes.n);
	if (c->req.minor > 0)
		evbuffer_add(output(c), "\r\n", 2);
}

void
demo_stream_json(struct demo_conn *c, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT);

	json_decref(value);
	if (!text)
		return;
	size_t n = strlen(text);
	text[n] = '\n';
	demo_stream_write(c, (struct str){text, n + 1});
	free(text);
}

void
demo_stream_end(struct demo_conn *c)
{
	event_del(c->tick);
	if (c->req.minor > 0)
		evbuffer_add_printf(output(c), "0\r\n\r\n");
	finish(c);
}

/* --- raw streams ---------------------------------------------------------- */

void
demo_tunnel_begin(struct demo_conn *c, struct demo_exec *exec)
{
	write_head(c, c->req.upgrade ? 101 : 200,
		"application/vnd.docker.raw-stream");
	if (c->req.upgrade)
		evbuffer_add_printf(
			output(c), "Connection: Upgrade\r\nUpgrade: tcp\r\n");
	evbuffer_add(output(c), "\r\n", 2);
	c->exec = exec;
	c->phase = DEMO_TUNNEL;
}

void
demo_tunnel_end(struct demo_conn *c)
{
	c->exec = NULL;
	c->phase = DEMO_FLUSH;
}

struct demo_frame
demo_frame(int fd, size_t n)
{
	return (struct demo_frame){{(char)fd, 0, 0, 0, (char)(n >> 24 & 0xff),
		(char)(n >> 16 & 0xff), (char)(n >> 8 & 0xff),
		(char)(n & 0xff)}};
}

/* --- the request ---------------------------------------------------------- */

struct str
demo_param(const struct demo_conn *c, const char *name)
{
	const struct target *t = &c->req.target;

	for (size_t i = 0; i < t->nparams; i++)
		if (str_eq(t->params[i].name, str_of(name)))
			return t->params[i].value;
	return (struct str){NULL, 0};
}

bool
demo_flag(const struct demo_conn *c, const char *name, bool fallback)
{
	struct str value = demo_param(c, name);

	if (!value.p)
		return fallback;
	return value.n > 0 && !str_eq(value, STR("0")) &&
	       !str_eq_nocase(value, STR("no")) &&
	       !str_eq_nocase(value, STR("false")) &&
	       !str_eq_nocase(value, STR("none"));
}

long
demo_number(const struct demo_conn *c, const char *name, long fallback)
{
	struct str value = demo_param(c, name);
	char text[24];
	char *end;

	if (!value.p || value.n >= sizeof(text))
		return fallback;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	long number = strtol(text, &end, 10);
	return end == text ? fallback : number;
}
