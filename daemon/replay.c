/* Replaying: judging recorded requests anew. */
#include "daemon/replay.h"

#include "compiler/policy.h"
#include "daemon/audit_lines.h"
#include "daemon/offline.h"
#include "runtime/docker.h"
#include "runtime/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct replay_judge {
	const struct policy *policy; /* borrowed */
	struct offline *offline;     /* owned */
	uint8_t *seen;               /* owned: of the trace */
	uint32_t ninsns;             /* of the pass that decides */
	bool asks_rest;  /* some condition is on what is never recorded */
	bool asks_meant; /* on what may not be */
};

/* A recorded request, and what of it is not recorded. */
struct recorded {
	const struct audit_record *record;
	struct offline_from from;
	struct judge_caller caller;
	struct docker docker;
	struct str bytes;
	uint64_t hidden;   /* bits of docker fields */
	bool untold;       /* nothing is recorded of what it means */
	bool masked_query; /* values of its query are not recorded */
};

/* --- what is not recorded -------------------------------------------------- */

static bool
is_docker(unsigned field)
{
	return field >= DOCKER_FIRST && field < DOCKER_FIRST + DOCKER_COUNT;
}

static bool
is_user_agent(const struct program *p, const struct program_test *t)
{
	return str_eq_nocase(program_text(p, t->name), STR("user-agent"));
}

/* Conditions on these cannot be told, whatever the request. */
static bool
is_never_known(const struct program *p, const struct program_test *t)
{
	return t->field == FIELD_API_VERSION || t->field == FIELD_PEER_UID ||
	       t->field == FIELD_PEER_GID ||
	       (t->field == FIELD_HEADER && !is_user_agent(p, t));
}

/* Does it mean something that neither its line nor its meaning is recorded
 * of? */
static bool
means_more(const struct recorded *q, const struct facts *f)
{
	return q->untold && (!f || q->masked_query || docker_reads_body(f));
}

static bool
is_unknown(const struct recorded *q, const struct facts *f,
	const struct program *p, const struct program_test *t)
{
	unsigned field = t->field;

	if (is_docker(field))
		return (field != FIELD_DOCKER_TARGET && means_more(q, f)) ||
		       (q->hidden >> (field - DOCKER_FIRST) & 1);
	if (field == FIELD_QUERY)
		return q->masked_query;
	if (field == FIELD_BODY)
		return str_eq(q->record->method, STR("POST")) ||
		       str_eq(q->record->method, STR("PUT"));
	return is_never_known(p, t);
}

/* --- the judges ---------------------------------------------------------------- */

static void
judge_free(struct replay_judge *j)
{
	if (!j)
		return;
	offline_free(j->offline);
	free(j->seen);
	free(j);
}

static void
note_test(struct replay_judge *j, const struct program_test *t)
{
	j->asks_rest |= is_never_known(&j->policy->program, t);
	j->asks_meant |= is_docker(t->field) || t->field == FIELD_BODY ||
			 t->field == FIELD_QUERY;
}

static struct replay_judge *
judge_new(const struct policy *policy)
{
	const struct program *p = &policy->program;
	struct replay_judge *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->policy = policy;
	j->offline = offline_new(policy);
	j->seen = calloc(p->ninsns, 1);
	while (p->insns[j->ninsns].op != OPCODE_END)
		j->ninsns++;
	for (uint32_t i = 0; i < p->ntests; i++)
		note_test(j, &p->tests[i]);
	if (j->offline && j->seen)
		return j;
	judge_free(j);
	return NULL;
}

bool
replay_init(struct replay *r, const struct policy *now,
	const struct policy *against)
{
	*r = (struct replay){.now = judge_new(now)};
	arena_init(&r->arena, MIB(64));
	arena_init(&r->line, MIB(8));
	if (against)
		r->before = judge_new(against);
	return r->now && (r->before || !against);
}

void
replay_fini(struct replay *r)
{
	judge_free(r->now);
	judge_free(r->before);
	free(r->changes);
	arena_fini(&r->arena);
	arena_fini(&r->line);
}

/* The first condition that the verdict came by and whose value is not
 * recorded; NULL: there is none. */
static const struct program_test *
find_unknown(const struct replay_judge *j, const struct recorded *q)
{
	const struct program *p = &j->policy->program;
	const struct facts *f = offline_facts(j->offline);

	for (uint32_t i = 0; i < j->ninsns; i++) {
		if (!j->seen[i] || p->insns[i].op != OPCODE_TEST)
			continue;
		const struct program_test *t = &p->tests[p->insns[i].arg];
		if (is_unknown(q, f, p, t))
			return t;
	}
	return NULL;
}

static struct str
field_text(
	const struct program *p, const struct program_test *t, struct arena *a)
{
	const char *field = field_info[t->field].name;
	struct str name = program_text(p, t->name);

	return name.n ? arena_fmt(a, "%s.%.*s", field, STR_FMT(name))
		      : str_of(field);
}

static void
judge(struct replay_judge *j, const struct recorded *q, struct arena *a,
	struct replay_change *c)
{
	const struct program *p = &j->policy->program;
	struct vm_trace trace = {.at = j->seen};
	/* A trace passes no rule over by the index: only where it tells. */
	bool traced = j->asks_rest ||
		      (j->asks_meant &&
			      (q->untold || q->hidden || q->masked_query ||
				      !str_eq(q->record->method, STR("GET"))));

	if (traced)
		memset(j->seen, 0, p->ninsns);
	struct offline_verdict v = offline_judge(
		j->offline, &q->from, q->bytes, traced ? &trace : NULL);
	c->to = v.allow ? REPLAY_ALLOWED : REPLAY_DENIED;
	if (v.rule != PROGRAM_NO_RULE) {
		const struct program_rule *r = &p->rules[v.rule];
		c->by = program_text(p, r->name);
		c->file = program_text(p, r->file);
		c->line = r->line;
	}
	const struct program_test *unknown = traced ? find_unknown(j, q) : NULL;
	if (unknown) {
		c->to = REPLAY_UNKNOWN;
		c->field = field_text(p, unknown, a);
	}
}

/* --- a line ---------------------------------------------------------------------- */

/* "2026-11-22T07:28:46.123Z", as local time. */
static void
take_time(const struct json *j, struct arena *a, struct offline_from *from)
{
	const struct json_node *n =
		json_member(j, j->nodes, STR("timestamp"), STR("timestamp"));
	struct tm tm = {0};

	if (!n || n->type != JSON_STRING)
		return;
	struct str text = arena_str(a, json_decoded(j, n, a));
	if (!strptime(text.p, "%Y-%m-%dT%H:%M:%S", &tm))
		return;
	time_t t = timegm(&tm);
	localtime_r(&t, &tm);
	from->weekday = (uint8_t)tm.tm_wday;
	from->minute = (uint16_t)(60 * tm.tm_hour + tm.tm_min);
}

static bool
take_request(
	const struct audit_record *record, struct arena *a, struct recorded *q)
{
	const struct offline_field agent = {
		STR("User-Agent"), record->user_agent};
	const struct offline_request request = {
		.method = record->method,
		.target = audit_record_target(record, a),
		.fields = &agent,
		.nfields = record->user_agent.n > 0,
	};
	*q = (struct recorded){
		.record = record,
		.caller = {record->role, record->identity},
		.from.listener = record->listener,
		.masked_query =
			str_find(record->query, STR("***")) < record->query.n ||
			str_find(record->query, STR("...[cut")) <
				record->query.n,
	};
	q->untold = !audit_record_means(record, a, &q->docker, &q->hidden);
	q->from.caller = &q->caller;
	q->from.means = q->untold ? NULL : &q->docker;
	if (!ip_parse(record->peer_ip, &q->from.ip))
		q->from.has_peer = true;
	take_time(&record->json, a, &q->from);
	return offline_bytes(&request, a, &q->bytes);
}

/* What was done with it, when a policy was asked. */
static bool
logged_outcome(const struct audit_record *r, enum replay_outcome *out)
{
	bool by_rule = r->rule.n > 0 || r->status == 403;

	*out = REPLAY_ALLOWED;
	if (r->kind == AUDIT_REQUEST)
		return true;
	*out = REPLAY_DENIED;
	if (r->kind == AUDIT_DRY_RUN)
		return r->learns;
	return r->kind == AUDIT_DENY && by_rule;
}

static bool
is_same(const struct replay_change *a, const struct replay_change *b)
{
	return a->from == b->from && a->to == b->to && str_eq(a->by, b->by) &&
	       str_eq(a->was_by, b->was_by) && str_eq(a->field, b->field);
}

static bool
count(struct replay *r, const struct replay_change *c)
{
	for (size_t i = 0; i < r->nchanges; i++) {
		if (is_same(&r->changes[i], c)) {
			r->changes[i].requests++;
			return true;
		}
	}
	if (r->nchanges == r->room) {
		size_t room = r->room ? 2 * r->room : 16;
		void *p = realloc(r->changes, room * sizeof(*r->changes));
		if (!p)
			return false;
		r->changes = p;
		r->room = room;
	}
	struct replay_change *new = &r->changes[r->nchanges++];
	*new = *c;
	new->requests = 1;
	new->by = arena_str(&r->arena, c->by);
	new->file = arena_str(&r->arena, c->file);
	new->was_by = arena_str(&r->arena, c->was_by);
	new->field = arena_str(&r->arena, c->field);
	new->method = arena_str(&r->arena, c->method);
	new->path = arena_str(&r->arena, c->path);
	return !arena_overflowed(&r->arena);
}

/* Under the policy of before; what it cannot tell is as it was logged. */
static void
judge_before(
	struct replay *r, const struct recorded *q, struct replay_change *c)
{
	struct replay_change before = {.to = REPLAY_DENIED};

	judge(r->before, q, &r->line, &before);
	if (before.to == REPLAY_UNKNOWN)
		return;
	c->from = before.to;
	c->was_by = arena_str(&r->line, before.by);
}

static enum audit_line
replay(struct replay *r, const struct audit_record *record)
{
	struct replay_change c = {
		.was_by = record->rule,
		.method = record->method,
		.path = record->path,
	};
	struct recorded q;

	if (record->method.n == 0)
		return AUDIT_LINE_OK; /* no request: a reload, lost lines */
	if (!logged_outcome(record, &c.from)) {
		r->skipped++;
		return AUDIT_LINE_OK;
	}
	if (!take_request(record, &r->line, &q))
		return arena_overflowed(&r->line) ? AUDIT_LINE_NO_MEMORY
						  : AUDIT_LINE_NO_EVENT;
	r->requests++;
	if (r->before)
		judge_before(r, &q, &c);
	judge(r->now, &q, &r->line, &c);
	if (c.from == c.to) {
		r->same++;
		return AUDIT_LINE_OK;
	}
	return count(r, &c) ? AUDIT_LINE_OK : AUDIT_LINE_NO_MEMORY;
}

enum audit_line
replay_add(struct replay *r, struct str line)
{
	struct audit_record record;

	arena_reset(&r->line);
	if (!audit_record_read(&record, line, &r->line))
		return arena_overflowed(&r->line) ? AUDIT_LINE_NO_MEMORY
						  : AUDIT_LINE_NO_EVENT;
	return replay(r, &record);
}

uint64_t
replay_count(const struct replay *r, enum replay_outcome from,
	enum replay_outcome to)
{
	uint64_t n = 0;

	for (size_t i = 0; i < r->nchanges; i++)
		if (r->changes[i].from == from && r->changes[i].to == to)
			n += r->changes[i].requests;
	return n;
}
