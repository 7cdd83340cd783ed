/* What of a request, and of a failed handshake, goes to the audit log. */
#include "daemon/flow_audit.h"

#include "daemon/audit_writer.h"
#include "daemon/clock.h"
#include "daemon/flow.h"
#include "daemon/judge.h"
#include "daemon/listener.h"
#include "daemon/request.h"
#include "daemon/worker.h"

#include <stdio.h>

static struct str
user_agent(const struct request *rq)
{
	for (size_t i = 0; i < rq->head.nfields; i++)
		if (str_eq_nocase(rq->head.fields[i].name, STR("user-agent")))
			return rq->head.fields[i].value;
	return STR("");
}

/* What is known of any request; rule is PROGRAM_NO_RULE for none. */
static struct audit_event
event_of(const struct flow *f, uint32_t rule, char ip[46])
{
	const struct request *rq = f->rq;
	const struct program *p = &flow_policy(f)->program;
	struct audit_event e = {
		.time_ms = clock_wall_ms(),
		.method = rq->parsed ? method_name(rq->head.method) : STR(""),
		.path = rq->target.path,
		.user_agent = rq->parsed ? user_agent(rq) : STR(""),
		.role = rq->facts.role,
		.identity = rq->facts.identity,
		.request_id = rq->id,
		.listener = f->from.listener->name,
		.params = rq->target.params,
		.nparams = rq->target.nparams,
		.bytes_in = rq->up.bytes,
		.bytes_out = rq->down.bytes,
		.duration_ms =
			deadlines_ms(&f->worker->deadlines) - rq->start_ms,
		.docker = rq->means,
		.learns = f->worker->shared->learns,
	};

	if (rq->facts.client_ip.set)
		e.peer_ip = str_of(ip_text(&rq->facts.client_ip, ip));
	if (rule != PROGRAM_NO_RULE) {
		e.rule_name = program_text(p, p->rules[rule].name);
		e.rule_action = str_of(action_name(p->rules[rule].action));
	}
	return e;
}

static enum audit_kind
kind_of(enum why why)
{
	if (why == WHY_UNAUTHENTICATED)
		return AUDIT_AUTH_FAILURE;
	if (why == WHY_LOCKED_OUT)
		return AUDIT_LOCKOUT;
	if (why == WHY_RATE_LIMITED)
		return AUDIT_RATE_LIMITED;
	/* What the Engine failed to do was let in. */
	if (why == WHY_OK ||
		(why >= WHY_ENGINE_CONNECT && why <= WHY_ENGINE_RESPONSE))
		return AUDIT_REQUEST;
	return AUDIT_DENY;
}

/* Learning lets in what would have been denied: that is a dry run. */
static enum audit_kind
kind_learnt(const struct flow *f, enum audit_kind kind)
{
	const struct request *rq = f->rq;

	return f->worker->shared->learns && kind == AUDIT_REQUEST &&
			       rq->vm.program && !rq->vm.verdict.allow
		       ? AUDIT_DRY_RUN
		       : kind;
}

void
flow_audit_end(struct flow *f)
{
	const struct shared *s = f->worker->shared;
	const struct request *rq = f->rq;
	enum audit_kind kind = kind_learnt(f, kind_of(rq->why));
	bool judged = rq->why == WHY_OK || rq->why == WHY_DENIED ||
		      rq->why == WHY_RATE_LIMITED;
	char ip[46];

	if (!s->audit || (kind == AUDIT_REQUEST && !s->learns &&
				 !flow_policy(f)->settings.audit.all))
		return;
	struct audit_event e =
		event_of(f, judged ? rq->vm.verdict.rule : PROGRAM_NO_RULE, ip);
	e.kind = kind;
	e.status = rq->status;
	e.dry_run = kind == AUDIT_DRY_RUN;
	e.message = rq->why ? judge_message(f->rq) : STR("");
	audit_writer_put(s->audit, &e);
}

void
flow_audit_dry(struct flow *f, uint32_t rule)
{
	struct audit_writer *w = f->worker->shared->audit;
	const struct program *p = &flow_policy(f)->program;
	char ip[46];

	if (!w)
		return;
	struct audit_event e = event_of(f, rule, ip);
	e.kind = AUDIT_DRY_RUN;
	e.status = p->rules[rule].status;
	e.dry_run = true;
	e.message = program_text(p, p->rules[rule].message);
	audit_writer_put(w, &e);
}

void
flow_audit_tls(const struct flow *f, bool bad_cert, const char *why)
{
	struct audit_writer *w = f->worker->shared->audit;
	char ip[46], message[256];

	if (!w)
		return;
	int n = snprintf(message, sizeof(message),
		"docker-proxy: the TLS handshake failed: %s", why);
	struct audit_event e = {
		.kind = bad_cert ? AUDIT_AUTH_FAILURE : AUDIT_DENY,
		.time_ms = clock_wall_ms(),
		.listener = f->from.listener->name,
		.message = {message, (size_t)n},
	};
	if (f->from.ip.set)
		e.peer_ip = str_of(ip_text(&f->from.ip, ip));
	audit_writer_put(w, &e);
}

void
flow_audit_reload(struct audit_writer *w, struct str message)
{
	const struct audit_event e = {
		.kind = AUDIT_RELOAD,
		.time_ms = clock_wall_ms(),
		.message = message,
	};

	audit_writer_put(w, &e);
}
