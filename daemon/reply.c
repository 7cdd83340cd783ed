/* Our own answers and log lines. */
#include "daemon/reply.h"

#include "daemon/flow.h"
#include "daemon/flow_audit.h"
#include "daemon/judge.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/request.h"
#include "daemon/worker.h"
#include "runtime/http1_write.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define HEAD_MAX    (HTTP1_WRITE_EXTRA * 2)
#define BODY_MAX    4096
#define MESSAGE_MAX 512 /* cut to this: at worst six bytes each */

struct str
reply_reason(uint16_t status)
{
	static const struct {
		uint16_t status;
		struct str reason;
	} reasons[] = {
		{200, STR("OK")},
		{400, STR("Bad Request")},
		{401, STR("Unauthorized")},
		{403, STR("Forbidden")},
		{404, STR("Not Found")},
		{405, STR("Method Not Allowed")},
		{408, STR("Request Timeout")},
		{411, STR("Length Required")},
		{413, STR("Content Too Large")},
		{414, STR("URI Too Long")},
		{415, STR("Unsupported Media Type")},
		{417, STR("Expectation Failed")},
		{421, STR("Misdirected Request")},
		{429, STR("Too Many Requests")},
		{431, STR("Request Header Fields Too Large")},
		{501, STR("Not Implemented")},
		{502, STR("Bad Gateway")},
		{503, STR("Service Unavailable")},
		{504, STR("Gateway Timeout")},
	};
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return STR("Refused");
}

/* How many bytes at the start of s stand for themselves in JSON. */
static size_t
plain_bytes(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
			return i;
	}
	return s.n;
}

static void
put_json_string(struct http1_writer *w, struct str s)
{
	bool utf8 = str_is_utf8(s);

	http1_put(w, STR("\""));
	for (size_t i = 0;; i++) {
		size_t plain = plain_bytes(str_from(s, i));
		http1_put(w, (struct str){s.p + i, plain});
		i += plain;
		if (i == s.n)
			break;
		unsigned char c = (unsigned char)s.p[i];
		char esc[8];
		if (c == '"' || c == '\\') {
			esc[0] = '\\';
			esc[1] = (char)c;
			http1_put(w, (struct str){esc, 2});
		} else if (c < 0x20 || (c >= 0x80 && !utf8)) {
			snprintf(esc, sizeof(esc), "\\u%04x", c);
			http1_put(w, (struct str){esc, 6});
		} else {
			http1_put(w, (struct str){s.p + i, 1});
		}
	}
	http1_put(w, STR("\""));
}

/* Written to buf, BODY_MAX bytes. */
static struct str
body_of(struct flow *f, char *buf)
{
	struct http1_writer w = {.p = buf, .cap = BODY_MAX};
	struct str message = judge_message(f->rq);

	/* Room for escapes: a message is ours or the policy's, mostly ASCII. */
	if (message.n > MESSAGE_MAX)
		message.n = MESSAGE_MAX;
	while (message.n && !str_is_utf8(message))
		message.n--; /* not in the middle of a character */
	if (flow_policy(f)->settings.error_text) {
		http1_put(&w, message);
		http1_put(&w, STR("\n"));
	} else {
		http1_put(&w, STR("{\"message\":"));
		put_json_string(&w, message);
		http1_put(&w, STR("}\n"));
	}
	return (struct str){buf, w.n};
}

/* RFC 9110 section 6.6.1; made once a second. */
struct str
reply_date(void)
{
	static _Thread_local time_t made;
	static _Thread_local char buf[40];
	static _Thread_local size_t n;
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	if (ts.tv_sec != made) {
		gmtime_r(&ts.tv_sec, &tm);
		n = strftime(
			buf, sizeof(buf), "%a, %d %b %Y %H:%M:%S GMT", &tm);
		made = ts.tv_sec;
	}
	return (struct str){buf, n};
}

/* RFC 9110 section 11.6.1: each 401 has one. For a certificate there is no
 * scheme: none that a client could answer by sending something else. */
static struct str
challenge(const struct request *rq)
{
	bool mtls = rq->generation->policy->settings.auth.type == AUTH_MTLS;

	return mtls ? STR("Certificate realm=\"docker-proxy\"")
		    : STR("Bearer realm=\"docker-proxy\"");
}

static void
put_head(struct http1_writer *w, const struct request *rq, struct str type,
	size_t length)
{
	http1_put(w, STR("HTTP/1.1 "));
	http1_put_number(w, rq->status);
	http1_put(w, STR(" "));
	http1_put(w, reply_reason(rq->status));
	http1_put(w, STR("\r\n"));
	http1_put_field(w, STR("Content-Type"), type);
	http1_put(w, STR("Content-Length: "));
	http1_put_number(w, length);
	http1_put(w, STR("\r\n"));
	http1_put_field(w, STR("Date"), reply_date());
	http1_put_field(w, STR("X-Request-Id"), rq->id);
	if (rq->status == 401)
		http1_put_field(w, STR("WWW-Authenticate"), challenge(rq));
	if (rq->retry_after) {
		http1_put(w, STR("Retry-After: "));
		http1_put_number(w, rq->retry_after);
		http1_put(w, STR("\r\n"));
	}
	if (rq->close)
		http1_put_field(w, STR("Connection"), STR("close"));
	http1_put(w, STR("\r\n"));
}

bool
reply_queue(struct flow *f)
{
	struct request *rq = f->rq;
	bool text = flow_policy(f)->settings.error_text;

	rq->status = judge_status(f->rq);
	char *p = outq_reserve(
		&rq->down.q, &f->worker->blocks, HEAD_MAX + BODY_MAX);
	if (!p || !outq_has_room(&rq->down.q, 1))
		return false;
	/* The head needs its length. */
	struct str body = body_of(f, p + HEAD_MAX);
	struct http1_writer w = {.p = p, .cap = HEAD_MAX};
	put_head(&w, rq,
		text ? STR("text/plain; charset=utf-8")
		     : STR("application/json"),
		body.n);
	if (rq->head.method != METHOD_HEAD) {
		memmove(p + w.n, body.p, body.n);
		w.n += body.n;
	}
	outq_commit(&rq->down.q, w.n);
	return true;
}

bool
reply_queue_held(struct flow *f, struct str type)
{
	struct request *rq = f->rq;
	char *p = outq_reserve(&rq->down.q, &f->worker->blocks, HEAD_MAX);

	if (!p || !outq_has_room(&rq->down.q, 2))
		return false;
	rq->status = 200;
	struct http1_writer w = {.p = p, .cap = HEAD_MAX};
	put_head(&w, rq, type, rq->held_n);
	outq_commit(&rq->down.q, w.n);
	if (rq->head.method != METHOD_HEAD)
		outq_ref(&rq->down.q, rq->held, rq->held_n);
	return true;
}

/* --- the log ---------------------------------------------------------------- */

/* Is the client another one than who is connected: did a trusted proxy say
 * so? */
static bool
is_forwarded(const struct flow *f)
{
	const struct ip *client = &f->rq->facts.client_ip;

	return memcmp(client->b, f->from.ip.b, sizeof(client->b)) != 0;
}

/* Not by printf(), which would be most of what a denial costs. */
static struct str
number_text(struct arena *a, uint64_t n)
{
	char text[20];
	struct http1_writer w = {.p = text, .cap = sizeof(text)};

	http1_put_number(&w, n);
	return arena_str(a, (struct str){text, w.n});
}

static struct str
client_text(const struct flow *f, struct arena *a)
{
	char ip[46];

	return arena_str(a, str_of(ip_text(&f->rq->facts.client_ip, ip)));
}

/* Who is connected. */
static struct str
peer_text(const struct flow *f, struct arena *a)
{
	char ip[46], text[46 + sizeof(":65535")];
	struct http1_writer w = {.p = text, .cap = sizeof(text)};

	if (!f->from.ip.set)
		return ARENA_JOIN(a, STR("uid:"), number_text(a, f->from.uid));
	http1_put(&w, str_of(ip_text(&f->from.ip, ip)));
	http1_put(&w, STR(":"));
	http1_put_number(&w, f->from.port);
	return arena_str(a, (struct str){text, w.n});
}

static void
write_line(struct flow *f, enum log_level level)
{
	struct request *rq = f->rq;
	const struct program *p = &flow_policy(f)->program;
	const struct program_rule *r = judge_rule(f->rq);
	struct arena *a = &rq->arena;
	struct str place = STR("");
	bool behind = is_forwarded(f);

	if (r && r->line)
		place = ARENA_JOIN(a, program_text(p, r->file), STR(":"),
			number_text(a, r->line));
	const struct log_field fields[] = {
		{"client", behind ? client_text(f, a) : peer_text(f, a)},
		{"via", behind ? peer_text(f, a) : STR("")},
		{"listener", f->from.listener->name},
		{"request_id", rq->id},
		{"identity", rq->facts.identity},
		{"role", rq->facts.role},
		{"method", rq->parsed ? method_name(rq->head.method) : STR("")},
		{"path", rq->target.path},
		{"status", number_text(a, rq->status)},
		{"rule", r ? program_text(p, r->name) : STR("")},
		{"at", place},
		{"why", rq->why ? judge_message(f->rq) : STR("")},
		{"in", number_text(a, rq->up.bytes)},
		{"out", number_text(a, rq->down.bytes)},
		{"ms", number_text(a, deadlines_ms(&f->worker->deadlines) -
					      rq->start_ms)},
	};
	const char *event = !rq->why                     ? "allowed"
			    : why_status(rq->why) >= 500 ? "failed"
							 : "denied";
	log_event(level, event, fields, sizeof(fields) / sizeof(fields[0]));
}

void
reply_log(struct flow *f)
{
	struct request *rq = f->rq;
	enum access_log want = flow_policy(f)->settings.access_log;

	if (!rq->status)
		return; /* nothing was answered: the client went */
	if (want == ACCESS_LOG_ALL || (want == ACCESS_LOG_DENIED && rq->why))
		write_line(f, rq->why ? LOG_LEVEL_WARN : LOG_LEVEL_INFO);
	flow_audit_end(f);
	rq->status = 0;
}
