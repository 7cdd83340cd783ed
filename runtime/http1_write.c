/* Writing HTTP/1.1 heads. */
#include "runtime/http1_write.h"

static inline void
put_base(struct http1_writer *w, uint64_t n, unsigned base)
{
	char buf[20];
	size_t at = sizeof(buf);

	do {
		buf[--at] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	http1_put(w, (struct str){buf + at, sizeof(buf) - at});
}

void
http1_put_number(struct http1_writer *w, uint64_t n)
{
	put_base(w, n, 10);
}

void
http1_put_hex(struct http1_writer *w, uint64_t n)
{
	put_base(w, n, 16);
}

/* A line of two parts. */
static inline void
put_line(struct http1_writer *w, struct str start, struct str rest)
{
	char *p = http1_next(w, start.n + rest.n + 2);

	if (!p)
		return;
	memcpy(p, start.p, start.n);
	memcpy(p + start.n, rest.p, rest.n);
	memcpy(p + start.n + rest.n, "\r\n", 2);
}

void
http1_put_field(struct http1_writer *w, struct str name, struct str value)
{
	http1_put(w, name);
	put_line(w, STR(": "), value);
}

/* Does the line stand as it would be written, with one blank? No blank is
 * behind the value then: what follows is told by the next line's place. */
static bool
is_as_written(const struct http1_field *f)
{
	return f->value.p == f->name.p + f->name.n + 2 && f->value.p[-1] == ' ';
}

static void
put_run(struct http1_writer *w, struct str *run)
{
	if (run->n)
		put_line(w, *run, STR(""));
	run->n = 0;
}

/* `run` are the lines so far that stand one behind the other, as they are to be
 * written, but for the end of the last: in one piece. At first it is the head's
 * first line, or nothing. */
static void
put_fields(
	struct http1_writer *w, const struct http1_head *head, struct str run)
{
	const struct http1_field *end = head->fields + head->nfields;

	for (const struct http1_field *f = head->fields; f < end; f++) {
		if (f->hop)
			continue;
		bool as_written = is_as_written(f);
		if (!as_written || (run.n && f->name.p != run.p + run.n + 2))
			put_run(w, &run);
		if (!as_written) {
			http1_put_field(w, f->name, f->value);
			continue;
		}
		if (run.n == 0)
			run.p = f->name.p;
		run.n = (size_t)(f->value.p + f->value.n - run.p);
	}
	put_run(w, &run);
}

/* RFC 9110 has no such field; it is what clients and servers agree on. */
static void
put_request_id(struct http1_writer *w, struct str id)
{
	if (id.n)
		put_line(w, STR("X-Request-Id: "), id);
}

static void
put_length(struct http1_writer *w, uint64_t length)
{
	http1_put(w, STR("Content-Length: "));
	http1_put_number(w, length);
	http1_put(w, STR("\r\n"));
}

static void
put_framing(struct http1_writer *w, enum http1_framing framing, uint64_t length,
	bool has_length)
{
	if (framing == HTTP1_CHUNKED)
		http1_put(w, STR("Transfer-Encoding: chunked\r\n"));
	else if (framing == HTTP1_LENGTH || has_length)
		put_length(w, length);
}

static void
put_upgrade(struct http1_writer *w, struct str protocol)
{
	http1_put(w, STR("Connection: Upgrade\r\n"));
	http1_put_field(w, STR("Upgrade"), protocol);
}

/* "GET /info HTTP/1.1", unless it stands so in the head: then it is put with
 * the fields. */
static struct str
put_request_line(struct http1_writer *w, const struct http1_request_out *out)
{
	const struct http1_head *h = out->head;

	if (h->minor == 1 && h->host.p && out->target.p == h->target.p &&
		out->target.n == h->target.n)
		return h->line;
	http1_put(w, method_name(h->method));
	http1_put(w, STR(" "));
	http1_put(w, out->target);
	http1_put(w, STR(" HTTP/1.1\r\n"));
	/* HTTP/1.0 may come without; the Engine speaks 1.1 and wants one. */
	if (!h->host.p)
		http1_put(w, STR("Host: docker\r\n"));
	return STR("");
}

/* The same for "HTTP/1.1 200 OK". */
static struct str
put_status_line(struct http1_writer *w, const struct http1_head *h)
{
	char line[] = "HTTP/1.1 000 ";

	if (h->minor == 1 && h->reason.n)
		return h->line;
	line[9] += (char)(h->status / 100);
	line[10] += (char)(h->status / 10 % 10);
	line[11] += (char)(h->status % 10);
	put_line(w, STR(line), h->reason);
	return STR("");
}

void
http1_write_request(struct http1_writer *w, const struct http1_request_out *out)
{
	put_fields(w, out->head, put_request_line(w, out));
	put_request_id(w, out->request_id);
	put_framing(w, out->framing, out->length, false);
	if (out->expect)
		http1_put(w, STR("Expect: 100-continue\r\n"));
	if (out->upgrade)
		put_upgrade(w, out->head->upgrade);
	http1_put(w, STR("\r\n"));
}

void
http1_write_response(
	struct http1_writer *w, const struct http1_response_out *out)
{
	put_fields(w, out->head, put_status_line(w, out->head));
	put_request_id(w, out->request_id);
	if (out->date.n)
		http1_put_field(w, STR("Date"), out->date);
	put_framing(w, out->framing, out->length, out->has_length);
	if (out->upgrade)
		put_upgrade(w, out->head->upgrade);
	else if (out->close)
		http1_put(w, STR("Connection: close\r\n"));
	http1_put(w, STR("\r\n"));
}
