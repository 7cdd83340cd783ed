/* A request judged without a connection. */
#include "daemon/offline.h"

#include "compiler/policy.h"
#include "daemon/listener.h"
#include "daemon/request.h"
#include "daemon/worker.h"
#include "runtime/http1_write.h"

#include <assert.h>
#include <stdlib.h>

struct offline {
	const struct policy *policy;   /* borrowed */
	struct request *rq;            /* owned */
	struct regex_scratch *scratch; /* owned */
	uint32_t *limits;              /* owned: a place for each rule */
	uint32_t nlimits;
	const struct docker *means; /* borrowed of who asks, or NULL */
	struct arrival arrival;
	struct judge judge;
	struct str rest; /* bytes behind the head */
	size_t used;
	bool is_cut, judged, has_no_tokens;
	struct listener_name listener; /* that it came to; ends in an array */
};

void
offline_free(struct offline *o)
{
	if (!o)
		return;
	if (o->rq) {
		arena_fini(&o->rq->arena);
		arena_fini(&o->rq->scan);
		free(o->rq->held);
		free(o->rq);
	}
	regex_scratch_free(o->scratch);
	free(o->limits);
	free(o);
}

struct offline *
offline_new(const struct policy *policy)
{
	const struct settings_limits *l = &policy->settings.limits;
	struct offline *o = calloc(1, sizeof(*o));
	struct arena arena;

	if (!o)
		return NULL;
	o->policy = policy;
	o->scratch = regex_scratch_new();
	o->limits = calloc(policy->program.nrules + 1, sizeof(*o->limits));
	o->rq = request_memory(l, &arena);
	if (o->rq)
		request_init(o->rq, &arena, l);
	if (o->rq && o->scratch && o->limits)
		return o;
	offline_free(o);
	return NULL;
}

struct regex_scratch *
offline_scratch(struct offline *o)
{
	return o->scratch;
}

const struct facts *
offline_facts(const struct offline *o)
{
	return o->judged ? &o->rq->facts : NULL;
}

/* --- a request in words ------------------------------------------------------ */

static bool
is_one_line(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return false;
	return true;
}

static bool
can_be_bytes(const struct offline_request *q)
{
	if (!is_one_line(q->method) || !is_one_line(q->target))
		return false;
	for (size_t i = 0; i < q->nfields; i++)
		if (!is_one_line(q->fields[i].name) ||
			!is_one_line(q->fields[i].value))
			return false;
	return true;
}

static bool
has_field(const struct offline_request *q, const char *name)
{
	for (size_t i = 0; i < q->nfields; i++)
		if (str_eq_nocase(q->fields[i].name, str_of(name)))
			return true;
	return false;
}

/* A client that writes the whole URL names the same host. */
static struct str
host_of(struct str target)
{
	static const struct str scheme = STR("http://");
	size_t n = 0;

	if (!str_starts(target, scheme))
		return STR("docker");
	target = str_from(target, scheme.n);
	while (n < target.n && !strchr("/?#", target.p[n]))
		n++;
	return (struct str){target.p, n};
}

static void
put_request(struct http1_writer *w, const struct offline_request *q)
{
	http1_put(w, q->method);
	http1_put(w, STR(" "));
	http1_put(w, q->target);
	http1_put(w, STR(" HTTP/1.1\r\n"));
	if (!has_field(q, "host"))
		http1_put_field(w, STR("Host"), host_of(q->target));
	for (size_t i = 0; i < q->nfields; i++)
		http1_put_field(w, q->fields[i].name, q->fields[i].value);
	if (q->has_body && !has_field(q, "content-type"))
		http1_put_field(
			w, STR("Content-Type"), STR("application/json"));
	if (q->has_body && !has_field(q, "content-length") &&
		!has_field(q, "transfer-encoding")) {
		http1_put(w, STR("Content-Length: "));
		http1_put_number(w, q->body.n);
		http1_put(w, STR("\r\n"));
	}
	http1_put(w, STR("\r\n"));
	if (q->has_body)
		http1_put(w, q->body);
}

bool
offline_bytes(
	const struct offline_request *q, struct arena *a, struct str *bytes_out)
{
	char no_room;
	struct http1_writer w = {.p = &no_room};

	if (!can_be_bytes(q))
		return false;
	put_request(&w, q); /* its length */
	w.cap = w.n;
	w.n = 0;
	w.p = arena_alloc(a, w.cap);
	if (!w.p)
		return false;
	put_request(&w, q);
	*bytes_out = (struct str){w.p, w.n};
	return true;
}

/* --- judging --------------------------------------------------------------------- */

static void
begin(struct offline *o, const struct offline_from *from)
{
	const struct settings *s = &o->policy->settings;
	struct request *rq = o->rq;

	o->listener.name =
		from->listener.n ? from->listener : s->listeners[0].name;
	o->arrival = (struct arrival){
		.listener = &o->listener,
		.ip = from->ip,
		.has_peer = from->has_peer,
		.uid = from->uid,
		.gid = from->gid,
	};
	o->judge = (struct judge){
		.policy = o->policy,
		.from = &o->arrival,
		.caller = from->caller,
		.weekday = from->weekday,
		.minute = from->minute,
	};
	arena_fini(&rq->scan);
	free(rq->held);
	struct arena arena = rq->arena;
	arena_reset(&arena);
	request_init(rq, &arena, &s->limits);
	o->has_no_tokens = from->has_no_tokens;
	o->means = from->means;
	o->nlimits = 0;
	o->is_cut = o->judged = false;
	o->used = 0;
}

/* The next piece of the body; its end is WHY_OK with no data. */
static enum why
next_piece(struct offline *o, struct str *data_out)
{
	size_t used;

	*data_out = STR("");
	enum http1_step step = http1_body_next(
		&o->rq->up.in, o->rest.p, o->rest.n, &used, data_out);
	if (step == HTTP1_STEP_BAD)
		return WHY_CHUNK;
	o->rest = str_from(o->rest, used);
	o->used += used;
	if (step == HTTP1_STEP_DATA)
		return WHY_OK;
	*data_out = STR("");
	if (step == HTTP1_STEP_END)
		return WHY_OK;
	o->is_cut = true;
	return WHY_BODY_TRUNCATED;
}

static enum why
hold_body(struct offline *o)
{
	struct request *rq = o->rq;
	uint32_t max = o->policy->settings.limits.inspected_body_bytes;
	struct str data;

	enum why why = judge_hold(&o->judge, rq);
	if (why)
		return why;
	rq->held = malloc(o->rest.n + 1);
	if (!rq->held)
		return WHY_OUT_OF_MEMORY;
	do {
		why = next_piece(o, &data);
		if (why)
			return why;
		if (data.n > max - rq->held_n)
			return WHY_BODY_TOO_LARGE;
		memcpy(rq->held + rq->held_n, data.p, data.n);
		rq->held_n += data.n;
	} while (data.n);
	return judge_body(&o->judge, rq);
}

/* Nobody looks at it, but its framing must hold. */
static enum why
skip_body(struct offline *o)
{
	struct str data;
	enum why why;

	do {
		why = next_piece(o, &data);
	} while (!why && data.n);
	return why;
}

/* A rule asks once at most. */
static void
note_limit(struct offline *o)
{
	struct vm *vm = &o->rq->vm;

	assert(o->nlimits < o->policy->program.nrules);
	o->limits[o->nlimits++] = vm->bucket.rule;
	vm_bucket_answer(vm, o->has_no_tokens ? 1 : 0);
}

static enum why
run(struct offline *o, struct vm_trace *trace)
{
	struct request *rq = o->rq;
	enum vm_status status;
	enum why why = WHY_OK;

	if (judge_records(o->policy) && judge_wants_body(rq))
		why = hold_body(o);
	while (!why) {
		status = trace ? vm_run_traced(
					 &rq->vm, &rq->facts, o->scratch, trace)
			       : vm_run(&rq->vm, &rq->facts, o->scratch);
		if (status == VM_DONE)
			return rq->vm.verdict.why;
		if (status == VM_NEED_BUCKET) {
			note_limit(o);
			continue;
		}
		why = hold_body(o);
	}
	return why;
}

static enum why
judge(struct offline *o, struct str bytes, struct vm_trace *trace)
{
	size_t seen = 0, len;

	enum why why = judge_find_head(o->policy, bytes, &seen, &len);
	if (why)
		return why;
	o->is_cut = len == 0;
	if (o->is_cut)
		return WHY_HEAD_TIMEOUT;
	o->used = len;
	o->rest = str_from(bytes, len);
	why = judge_head(&o->judge, o->rq, bytes.p, len);
	if (why || o->rq->is_scrape)
		return why;
	why = judge_caller(&o->judge, o->rq);
	if (why)
		return why;
	if (o->means)
		o->rq->docker = *o->means;
	o->judged = true;
	why = run(o, trace);
	return why || o->rq->is_held ? why : skip_body(o);
}

/* What the policy said, where that is what was done. */
static void
take_policy(const struct vm *vm, struct offline_verdict *v)
{
	v->doubts = vm->doubts;
	if (!vm->done || vm->verdict.why != v->why)
		return;
	v->dry = vm->verdict.dry;
	v->ndry = vm->verdict.ndry;
	v->filters = vm->verdict.filters;
	v->nfilters = vm->verdict.nfilters;
	v->rule = vm->verdict.rule;
}

struct offline_verdict
offline_judge(struct offline *o, const struct offline_from *from,
	struct str bytes, struct vm_trace *trace)
{
	struct offline_verdict v = {.rule = PROGRAM_NO_RULE};
	struct request *rq = o->rq;

	begin(o, from);
	rq->facts.client_ip = from->ip;
	rq->why = judge(o, bytes, trace);
	v.allow = rq->why == WHY_OK;
	v.why = rq->why;
	take_policy(&rq->vm, &v);
	v.is_scrape = rq->is_scrape;
	v.is_cut = o->is_cut;
	v.is_held = rq->is_held;
	v.limits = o->limits;
	v.nlimits = o->nlimits;
	v.used = o->used;
	if (v.allow)
		return v;
	v.status = judge_status(rq);
	v.message = judge_message(rq);
	return v;
}
