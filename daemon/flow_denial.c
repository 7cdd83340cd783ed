/* What of a denied request the status page is told. */
#include "daemon/flow_denial.h"

#include "daemon/clock.h"
#include "daemon/denials.h"
#include "daemon/flow.h"
#include "daemon/judge.h"
#include "daemon/listener.h"
#include "daemon/request.h"
#include "daemon/worker.h"
#include "runtime/audit.h"
#include "runtime/audit_text.h"
#include "runtime/http1_write.h"

#include <assert.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct denial_text {
	struct str value; /* empty: null */
	const char *key;
	size_t max;
};

/* Of all texts; what is left of DENIAL_BYTES is for keys and numbers. */
enum {
	CLIENT_MAX = 80,
	METHOD_MAX = 60,
	PATH_ROOM = 500,
	QUERY_MAX = 500,
	NAME_ROOM = 150,
	FILE_MAX = 240,
	MESSAGE_MAX = 400,
	NAMES = 6, /* of NAME_ROOM */
	KEYS = 360,
};

static_assert(CLIENT_MAX + METHOD_MAX + PATH_ROOM + QUERY_MAX + FILE_MAX +
			      MESSAGE_MAX + NAMES * NAME_ROOM + KEYS <=
		      DENIAL_BYTES,
	"each text has its share");

static struct str
client_text(const struct flow *f, char buf[46])
{
	const struct ip *ip = &f->rq->facts.client_ip;
	struct http1_writer w = {.p = buf, .cap = 46};

	if (ip->set)
		return str_of(ip_text(ip, buf));
	if (!f->from.has_peer)
		return STR("");
	http1_put(&w, STR("uid:"));
	http1_put_number(&w, f->from.uid);
	return (struct str){buf, w.n};
}

static void
put_number(struct audit_buf *o, const char *key, uint64_t n)
{
	audit_put(o, str_of(key));
	audit_put_number(o, n);
}

static void
put_texts(struct audit_buf *o, const struct denial_text *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		audit_put(o, str_of(t[i].key));
		audit_put_text(o, t[i].value, t[i].max);
	}
}

static void
record(struct flow *f, const struct program_rule *rule, uint16_t status,
	struct str message, bool dry)
{
	const struct request *rq = f->rq;
	const struct program *p = &flow_policy(f)->program;
	char json[DENIAL_BYTES], client[46];
	struct audit_buf o = {.p = json, .room = sizeof(json)};
	const struct denial_text texts[] = {
		{rule ? program_text(p, rule->name) : STR(""),
			",\"rule\":", NAME_ROOM},
		{rule ? program_text(p, rule->file) : STR(""),
			",\"file\":", FILE_MAX},
		{message, ",\"message\":", MESSAGE_MAX},
		{rq->parsed ? method_name(rq->head.method) : STR(""),
			",\"method\":", METHOD_MAX},
		{rq->target.path, ",\"path\":", PATH_ROOM},
		{client_text(f, client), ",\"client\":", CLIENT_MAX},
		{f->from.listener->name, ",\"listener\":", NAME_ROOM},
		{rq->facts.role, ",\"role\":", NAME_ROOM},
		{rq->facts.identity, ",\"identity\":", NAME_ROOM},
		{rq->target.api_version, ",\"api_version\":", NAME_ROOM},
		{rq->id, ",\"request_id\":", NAME_ROOM},
	};

	put_number(&o, "\"generation\":", rq->generation->number);
	put_number(&o, ",\"status\":", status);
	audit_put(&o, STR(",\"why\":\""));
	audit_put(&o, str_of(why_name(dry ? WHY_DENIED : rq->why)));
	audit_put(&o,
		dry ? STR("\",\"dry_run\":true") : STR("\",\"dry_run\":false"));
	put_texts(&o, texts, COUNT(texts));
	put_number(&o, ",\"line\":", rule ? rule->line : 0);
	audit_put(&o, STR(",\"query\":"));
	audit_put_query(&o, rq->target.params, rq->target.nparams, QUERY_MAX);
	denials_put(f->worker->shared->denials, f->worker->index,
		clock_wall_ms(), (struct str){json, o.n});
}

void
flow_denial(struct flow *f)
{
	if (f->worker->shared->denials)
		record(f, judge_rule(f->rq), judge_status(f->rq),
			judge_message(f->rq), false);
}

void
flow_denial_dry(struct flow *f, uint32_t rule)
{
	const struct program *p = &flow_policy(f)->program;
	const struct program_rule *r =
		rule == PROGRAM_NO_RULE ? NULL : &p->rules[rule];

	if (f->worker->shared->denials)
		record(f, r, r ? r->status : 403,
			r ? program_text(p, r->message) : STR(""), true);
}
