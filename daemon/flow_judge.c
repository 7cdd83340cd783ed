/* Flows: from a head, or a held body, to a verdict. */
#include "daemon/flow_judge.h"

#include "daemon/clock.h"
#include "daemon/flow_audit.h"
#include "daemon/flow_denial.h"
#include "daemon/judge.h"
#include "daemon/log.h"
#include "daemon/rate.h"
#include "daemon/request.h"
#include "daemon/scrape.h"
#include "daemon/worker.h"
#include "runtime/audit.h"
#include "runtime/lockout.h"
#include "runtime/redact.h"

static struct judge
judge_of(const struct flow *f)
{
	return (struct judge){
		.policy = flow_policy(f),
		.from = &f->from,
		.cert = f->cert,
		.hash_seed = f->worker->shared->hash_seed,
	};
}

/* --- lock-outs ---------------------------------------------------------------- */

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

static void
count_failure(struct flow *f)
{
	struct shared *s = f->worker->shared;
	const struct ip *ip = &f->rq->facts.client_ip;
	char text[46];

	if (!s->lockout || !ip->set)
		return;
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
}

/* --- the head ------------------------------------------------------------------ */

static enum why
judge_flow(struct flow *f, const char *head, size_t len)
{
	struct judge j = judge_of(f);
	struct request *rq = f->rq;

	clock_local(&j.weekday, &j.minute);
	enum why why = judge_head(&j, rq, head, len);
	if (why || rq->is_scrape)
		return why;
	j.locked_out_s = locked_out(f);
	why = judge_caller(&j, rq);
	if (rq->guessed)
		count_failure(f);
	return why;
}

/* --- the policy ---------------------------------------------------------------- */

/* A rule asks for the body: hold it. */
static enum flow_step
hold(struct flow *f)
{
	struct request *rq = f->rq;
	const struct judge j = judge_of(f);

	enum why why = judge_hold(&j, rq);
	if (why)
		return flow_refuse(f, why);
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
		flow_denial_dry(f, v->dry[i]);
	}
}

static void
count_rules(struct flow *f)
{
	const struct verdict *v = &f->rq->vm.verdict;
	struct metrics_rules *rules = f->rq->generation->rules;
	struct worker *w = f->worker;
	uint64_t now = f->rq->start_ms; /* no clock is asked for it */

	metrics_add(&w->metrics, METRIC_DRY_RUN, v->ndry > 0);
	for (uint32_t i = 0; i < v->ndry; i++)
		metrics_rule(rules, w->index, v->dry[i], now);
	if (v->rule != PROGRAM_NO_RULE)
		metrics_rule(rules, w->index, v->rule, now);
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
	return f->worker->shared->learns || judge_records(flow_policy(f));
}

/* A request that is denied and goes on: --mode learn. */
static void
log_learnt(struct flow *f)
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
	flow_denial_dry(f, rule);
}

static enum flow_step
decide(struct flow *f)
{
	struct request *rq = f->rq;

	if (rq->is_scrape)
		return scrape_answer(f);
	if (is_recorded(f) && judge_wants_body(rq))
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

enum flow_step
flow_judge_head(struct flow *f, const char *head, size_t len)
{
	enum why why = judge_flow(f, head, len);

	return why ? flow_refuse(f, why) : decide(f);
}

enum flow_step
flow_judge_body(struct flow *f)
{
	const struct judge j = judge_of(f);
	enum why why = judge_body(&j, f->rq);

	return why ? flow_refuse(f, why) : decide(f);
}
