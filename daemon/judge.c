/* Judging a request: parse, authenticate, gather facts, run the program. */
#include "daemon/judge.h"

#include "daemon/flow_audit.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/rate.h"
#include "daemon/request.h"
#include "daemon/scrape.h"
#include "daemon/worker.h"
#include "runtime/audit.h"
#include "runtime/auth.h"
#include "runtime/forwarded.h"
#include "runtime/http1_write.h"
#include "runtime/limits.h"
#include "runtime/lockout.h"
#include "runtime/redact.h"

#include <time.h>

/* --- before the policy -------------------------------------------------------
 */

static bool
has_body(const struct http1_head *h)
{
	return h->framing == HTTP1_CHUNKED ||
	       (h->framing == HTTP1_LENGTH && h->content_length > 0);
}

/* What section 5 of the policy language refuses whatever the policy says. */
static enum why
check_request(const struct request *rq)
{
	const struct http1_head *h = &rq->head;

	if (rq->target.authority.n &&
		!str_eq_nocase(rq->target.authority, h->host))
		return WHY_TARGET_AUTHORITY;
	if (!has_body(h))
		return WHY_OK;
	if (h->form_body && !(rq->endpoint & ENDPOINT_LIBPOD))
		return WHY_BODY_FORM;
	return rq->endpoint & ENDPOINT_NO_BODY ? WHY_BODY_ON_START : WHY_OK;
}

/* All are looked at: the time tells nothing of which one matched. */
static const struct settings_token *
find_token(const struct settings_auth *a, const uint8_t digest[32])
{
	const struct settings_token *found = NULL;

	for (size_t i = 0; i < a->ntokens; i++)
		if (auth_digest_equal(digest, a->tokens[i].sha256) && !found)
			found = &a->tokens[i];
	return found;
}

/* Seconds until the client may try again; 0: now. */
static uint32_t
locked_out(struct flow *f)
{
	struct shared *s = f->worker->shared;
	const struct ip *ip = &f->rq->facts.client_ip;

	if (!ip->set || atomic_load(&s->lockouts) == 0)
		return 0;
	pthread_mutex_lock(&s->lockout_lock);
	uint32_t ms = lockout_left_ms(s->lockout, ip, now_ms());
	pthread_mutex_unlock(&s->lockout_lock);
	return ms / 1000 + (ms % 1000 != 0);
}

static enum why
failed_authentication(struct flow *f)
{
	struct shared *s = f->worker->shared;
	const struct ip *ip = &f->rq->facts.client_ip;
	char text[46];

	if (!s->lockout || !ip->set)
		return WHY_UNAUTHENTICATED;
	pthread_mutex_lock(&s->lockout_lock);
	bool now_locked = lockout_fail(s->lockout, ip, now_ms());
	pthread_mutex_unlock(&s->lockout_lock);
	if (now_locked) {
		metrics_add(&f->worker->metrics, METRIC_LOCKOUTS, 1);
		atomic_fetch_add(&s->lockouts, 1);
		log_say(LOG_LEVEL_WARN,
			"%s is locked out: too many failed "
			"authentications",
			ip_text(ip, text));
	}
	return WHY_UNAUTHENTICATED;
}

/* The first entry that the certificate is made out to, then the default, then
 * its own common name. */
static struct str
cert_role(const struct settings_auth *a, const struct auth_cert *cert)
{
	for (size_t i = 0; i < a->ncert_roles; i++)
		if (auth_cert_matches(cert, a->cert_roles[i].cn))
			return a->cert_roles[i].role;
	return a->default_role.n ? a->default_role : cert->cn;
}

static enum why
authenticate_cert(struct flow *f)
{
	const struct settings_auth *a = &flow_policy(f)->settings.auth;
	struct request *rq = f->rq;

	if (!f->cert) {
		rq->message = STR("docker-proxy: a client certificate is "
				  "required");
		return WHY_UNAUTHENTICATED;
	}
	rq->facts.identity = f->cert->cn;
	rq->facts.role = cert_role(a, f->cert);
	if (rq->facts.role.n)
		return WHY_OK;
	rq->message = STR("docker-proxy: the client certificate has no common "
			  "name, and no role is given to its other names");
	return WHY_UNAUTHENTICATED;
}

/* The first entry that the process at the other end of a unix socket fits. */
static const struct settings_peer *
find_peer(const struct settings_auth *a, const struct arrival *from)
{
	if (!from->has_peer)
		return NULL;
	for (size_t i = 0; i < a->npeers; i++) {
		const struct settings_peer *p = &a->peers[i];
		if ((!p->has_uid || p->uid == from->uid) &&
			(!p->has_gid || p->gid == from->gid))
			return p;
	}
	return NULL;
}

static enum why
authenticate(struct flow *f)
{
	const struct settings_auth *a = &flow_policy(f)->settings.auth;
	struct request *rq = f->rq;
	uint8_t digest[32];

	if (a->type == AUTH_NONE)
		return WHY_OK;
	if (a->type == AUTH_CLOSED)
		return WHY_UNAUTHENTICATED;
	const struct settings_peer *peer = find_peer(a, &f->from);
	if (peer) {
		rq->facts.role = peer->role;
		rq->facts.identity =
			arena_fmt(&rq->arena, "uid:%u", f->from.uid);
		return WHY_OK;
	}
	if (a->type == AUTH_MTLS)
		return authenticate_cert(f);
	rq->retry_after = locked_out(f);
	if (rq->retry_after)
		return WHY_LOCKED_OUT;
	/* Nothing was guessed: a client that was given no token must not
	 * lock out whoever shares its address. */
	if (!rq->head.authorization.p)
		return WHY_UNAUTHENTICATED;
	if (rq->head.authorization_twice ||
		!auth_bearer_digest(rq->head.authorization, digest))
		return failed_authentication(f);
	const struct settings_token *token = find_token(a, digest);
	if (!token)
		return failed_authentication(f);
	rq->facts.role = token->role;
	rq->facts.identity = token->name;
	return WHY_OK;
}

/* Local wall clock, for `time` conditions; asked once a minute. */
static void
read_clock(struct facts *facts)
{
	static _Thread_local time_t minute = -1;
	static _Thread_local uint8_t weekday;
	static _Thread_local uint16_t of_day;
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	if (ts.tv_sec / 60 != minute) {
		minute = ts.tv_sec / 60;
		localtime_r(&ts.tv_sec, &tm);
		weekday = (uint8_t)tm.tm_wday;
		of_day = (uint16_t)(tm.tm_hour * 60 + tm.tm_min);
	}
	facts->weekday = weekday;
	facts->minute = of_day;
}

static void
gather_facts(struct flow *f)
{
	static const struct json no_body = {.text = {"", 0}};
	struct request *rq = f->rq;
	struct facts *facts = &rq->facts;

	facts->method = rq->head.method;
	facts->target = &rq->target;
	facts->headers = rq->head.fields;
	facts->nheaders = rq->head.nfields;
	facts->listener = f->from.listener->name;
	facts->has_peer = f->from.has_peer;
	facts->peer_uid = f->from.uid;
	facts->peer_gid = f->from.gid;
	facts->body = has_body(&rq->head) ? NULL : &no_body;
	facts->docker = &rq->docker;
	facts->arena = &rq->arena;
	read_clock(facts);
}

/* Who it is for, when a trusted proxy brings it. */
static enum why
find_client(struct flow *f)
{
	const struct settings *s = &flow_policy(f)->settings;
	struct request *rq = f->rq;
	const struct forwarded_trust trust = {
		s->trusted_proxies, s->ntrusted_proxies};

	enum why why = forwarded_client(rq->head.fields, rq->head.nfields,
		&trust, &f->from.ip, &rq->facts.client_ip);
	if (why && why != WHY_FORWARDED_CONFLICT)
		rq->message = STR("docker-proxy: Forwarded, X-Forwarded-For or "
				  "X-Real-IP from a trusted proxy does not "
				  "say who the client is");
	return why;
}

enum why
judge_head(struct flow *f, const char *head, size_t len)
{
	const struct settings *s = &flow_policy(f)->settings;
	struct request *rq = f->rq;
	const struct target_limits limits = {
		.target_bytes = s->limits.target_bytes,
		.min_api_major = s->min_api_major,
		.min_api_minor = s->min_api_minor,
	};

	enum why why = http1_parse_request(head, len, &rq->head);
	if (why)
		return why;
	request_take_id(rq);
	why = find_client(f);
	if (why)
		return why;
	why = target_parse(rq->head.target, &limits, &rq->arena, &rq->target);
	if (why)
		return why;
	rq->parsed = true;
	http1_body_init(&rq->up.in, rq->head.framing, rq->head.content_length);
	rq->endpoint = endpoint_flags(rq->head.method, rq->target.path);
	why = check_request(rq);
	if (why)
		return why;
	rq->is_scrape = scrape_is_asked(f);
	if (rq->is_scrape)
		return WHY_OK;
	gather_facts(f);
	why = authenticate(f);
	if (why)
		return why;
	return vm_init(&rq->vm, &flow_policy(f)->program, &rq->arena)
		       ? WHY_OK
		       : WHY_OUT_OF_MEMORY;
}

/* --- the body ----------------------------------------------------------------
 */

/* Engines up to 26 take HostConfig's members also from the top level of a
 * create body, where no rule looks for them. A null is no value there. */
static bool
has_stray_member(const struct json *j)
{
	const struct json_node *top = j->nodes;

	if (j->count == 0 || top->type != JSON_OBJECT)
		return false;
	const struct json_node *m = json_first(top);
	for (uint32_t i = 0; i < top->children; i++, m = json_next(j, m))
		if (m->type != JSON_NULL && docker_is_host_config(m->key))
			return true;
	return false;
}

enum why
judge_body(struct flow *f)
{
	struct request *rq = f->rq;
	const struct json_limits limits = {
		.depth = flow_policy(f)->settings.limits.json_depth,
		.hash_seed = f->worker->shared->hash_seed,
	};
	struct str text = {rq->held ? rq->held : "", rq->held_n};
	size_t at;

	enum why why = json_scan(text, &limits, &rq->scan, &rq->json, &at);
	/* Blanks alone are a body without a value. */
	if (!why && rq->json.count == 0 && rq->held_n > 0)
		why = WHY_JSON_SYNTAX;
	if (why && why != WHY_OUT_OF_MEMORY)
		rq->message = arena_fmt(&rq->arena,
			"docker-proxy: %s, at byte %zu", why_text(why), at);
	if (why)
		return why;
	if ((rq->endpoint & ENDPOINT_CREATE) && has_stray_member(&rq->json))
		return WHY_JSON_TOP_LEVEL;
	rq->facts.body = &rq->json;
	return WHY_OK;
}

/* A rule asks for the body: hold it. */
static enum flow_step
hold(struct flow *f)
{
	struct request *rq = f->rq;
	const struct settings_limits *l = &flow_policy(f)->settings.limits;

	if (rq->head.framing == HTTP1_LENGTH &&
		rq->head.content_length > l->inspected_body_bytes)
		return flow_refuse(f, WHY_BODY_TOO_LARGE);
	rq->is_held = true;
	/* The client waits for this, and the Engine is not asked yet. */
	if (rq->head.expect_continue) {
		const struct str go = STR("HTTP/1.1 100 Continue\r\n\r\n");
		outq_ref(&rq->down.q, go.p, go.n);
		rq->head.expect_continue = false;
	}
	flow_enter(f, FLOW_HOLD);
	return FLOW_MORE;
}

static void
log_dry(struct flow *f)
{
	const struct program *p = &flow_policy(f)->program;
	const struct verdict *v = &f->rq->vm.verdict;

	for (uint32_t i = 0; i < v->ndry; i++) {
		const struct program_rule *r = &p->rules[v->dry[i]];
		const struct log_field fields[] = {
			{"request_id", f->rq->id},
			{"rule", program_text(p, r->name)},
			{"method", method_name(f->rq->head.method)},
			{"path", f->rq->target.path},
		};
		log_event(
			LOG_LEVEL_WARN, "dry_run: would be denied", fields, 4);
		flow_audit_dry(f, v->dry[i]);
	}
}

static void
count_rules(struct flow *f)
{
	const struct verdict *v = &f->rq->vm.verdict;
	struct metrics_rules *rules = f->rq->generation->rules;
	struct worker *w = f->worker;

	metrics_add(&w->metrics, METRIC_DRY_RUN, v->ndry > 0);
	for (uint32_t i = 0; i < v->ndry; i++)
		metrics_rule(rules, w->index, v->dry[i]);
	if (v->rule != PROGRAM_NO_RULE)
		metrics_rule(rules, w->index, v->rule);
}

/* The VM stopped at a rate limit: ask its bucket. */
static void
take_token(struct flow *f)
{
	struct vm *vm = &f->rq->vm;
	const struct program_bucket *b =
		&vm->program->buckets[vm->bucket.index];
	const struct bucket_limit limit = {
		.requests = b->requests,
		.period_ms = b->period_ms,
		.penalty_ms = b->penalty_ms,
	};

	uint64_t lost;
	vm_bucket_answer(
		vm, rate_take(f->worker->shared->rate, b->id,
			    vm_bucket_key(vm, &f->rq->facts), &limit, &lost));
	metrics_add(&f->worker->metrics, METRIC_LIMIT_IDLE_BUCKETS, lost);
}

/* The verdict is there: a tunnel may live for days, and the scan of its body
 * is many times as large as that. */
static void
drop_scan(struct request *rq)
{
	arena_fini(&rq->scan);
	rq->json = (struct json){0};
	rq->facts.body = NULL;
}

static enum vm_status
run(struct flow *f)
{
	struct request *rq = f->rq;
	enum vm_status status;

	do {
		status = vm_run(&rq->vm, &rq->facts, f->worker->scratch);
		if (status == VM_NEED_BUCKET)
			take_token(f);
	} while (status == VM_NEED_BUCKET);
	return status;
}

/* The answer will be rewritten: then it must not come compressed. False: the
 * arena is full. */
static bool
plan_filters(struct request *rq)
{
	const struct verdict *v = &rq->vm.verdict;

	if (v->nfilters == 0)
		return true;
	for (size_t i = 0; i < rq->head.nfields; i++)
		if (str_eq_nocase(
			    rq->head.fields[i].name, STR("accept-encoding")))
			rq->head.fields[i].hop = true;
	rq->plan = redact_plan_new(
		rq->vm.program, v->filters, v->nfilters, &rq->arena);
	return rq->plan;
}

/* What the request means is to be told in the audit log. */
static bool
is_recorded(const struct flow *f)
{
	return f->worker->shared->learns ||
	       flow_policy(f)->settings.audit.docker;
}

/* A request that is denied and goes on: --mode learn. */
static void
log_learnt(const struct flow *f)
{
	const struct request *rq = f->rq;
	const struct program *p = rq->vm.program;
	uint32_t rule = rq->vm.verdict.rule;
	const struct log_field fields[] = {
		{"request_id", rq->id},
		{"rule", rule == PROGRAM_NO_RULE
				 ? STR("")
				 : program_text(p, p->rules[rule].name)},
		{"method", method_name(rq->head.method)},
		{"path", rq->target.path},
	};
	log_event(LOG_LEVEL_WARN, "learn: would be denied", fields, 4);
}

enum flow_step
judge_run(struct flow *f)
{
	struct request *rq = f->rq;

	if (rq->is_scrape)
		return scrape_answer(f);
	if (is_recorded(f) && !rq->facts.body && docker_reads_body(&rq->facts))
		return hold(f);
	if (run(f) == VM_NEED_BODY)
		return hold(f);
	if (is_recorded(f))
		rq->means = audit_facts(&rq->facts, &rq->arena);
	drop_scan(rq);
	log_dry(f);
	count_rules(f);
	if (rq->vm.doubts)
		log_say(LOG_LEVEL_WARN,
			"%u conditions could not be decided for %.*s",
			rq->vm.doubts, STR_FMT(rq->target.path));
	if (!rq->vm.verdict.allow && f->worker->shared->learns) {
		log_learnt(f);
	} else if (!rq->vm.verdict.allow) {
		uint32_t ms = rq->vm.verdict.retry_after_ms;
		rq->retry_after = ms / 1000 + (ms % 1000 != 0);
		return flow_refuse(f, rq->vm.verdict.why);
	}
	if (!plan_filters(rq))
		return flow_refuse(f, WHY_OUT_OF_MEMORY);
	metrics_add(&f->worker->metrics, METRIC_ALLOWED, 1);
	flow_enter(f, FLOW_DIAL);
	return FLOW_MORE;
}
