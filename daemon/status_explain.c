/* The status page: what would become of a request, by the policy in force.
 *
 * On the main thread, so it is bounded in how often, how long and how large.
 * Who asks counts as authenticated, as whoever it says: a token is not looked
 * at, or this would be the place to guess one.
 */
#include "daemon/admin_parts.h"

#include "compiler/policy.h"
#include "daemon/asked.h"
#include "daemon/deadline.h"
#include "daemon/explain.h"
#include "daemon/generation.h"
#include "daemon/worker.h"
#include "runtime/json.h"
#include "runtime/limits.h"

#include <stddef.h>
#include <stdlib.h>

#define DEPTH 8

struct asking {
	struct testcase t;
	struct json json;
	struct arena *arena; /* borrowed */
	const char *wrong;   /* NULL: nothing so far */
};

/* --- what is asked ------------------------------------------------------------ */

static struct str
text_of(struct asking *q, const struct json_node *n)
{
	if (n->type == JSON_STRING)
		return json_decoded(&q->json, n, q->arena);
	q->wrong = "a member that must be a text is none";
	return STR("");
}

static void
take_ip(struct asking *q, const struct json_node *n)
{
	struct str text = text_of(q, n);

	if (text.n && !ip_parse(text, &q->t.ip))
		q->wrong = "ip is no IP address";
}

static void
take_time(struct asking *q, const struct json_node *n)
{
	struct testcase *t = &q->t;
	struct str text = text_of(q, n);

	t->has_time = text.n > 0;
	if (t->has_time && !testcase_time(text, &t->weekday, &t->minute))
		q->wrong = "time is written \"Mon 08:30\"";
}

/* Text as it is; anything else as the JSON that it is. */
static void
take_body(struct asking *q, const struct json_node *n)
{
	q->t.has_body = n->type != JSON_NULL;
	q->t.body = n->type == JSON_STRING
			    ? text_of(q, n)
			    : (struct str){q->json.text.p + n->start,
				      n->end - n->start};
}

static void
take_headers(struct asking *q, const struct json_node *n)
{
	struct testcase_field *f =
		arena_alloc(q->arena, n->children * sizeof(*f) + 1);
	const struct json_node *m = json_first(n);

	if (n->type != JSON_OBJECT || !f) {
		q->wrong = "headers is a map of texts";
		return;
	}
	for (uint32_t i = 0; i < n->children; i++) {
		f[i] = (struct testcase_field){m->key, text_of(q, m)};
		if (str_eq_nocase(m->key, STR("authorization")))
			q->wrong = "credentials are not looked at: say role "
				   "and identity";
		m = json_next(&q->json, m);
	}
	q->t.fields = f;
	q->t.nfields = n->children;
}

/* Keys are folded by the scan. */
static void
take_member(struct asking *q, const struct json_node *n)
{
#define TEXT(name) STR(#name), offsetof(struct testcase, name), NULL
	static const struct {
		struct str key;
		size_t text; /* of a testcase, where nobody takes it */
		void (*take)(struct asking *q, const struct json_node *n);
	} members[] = {
		{TEXT(method)},
		{TEXT(target)},
		{TEXT(role)},
		{TEXT(identity)},
		{TEXT(listener)},
		{STR("ip"), 0, take_ip},
		{STR("time"), 0, take_time},
		{STR("headers"), 0, take_headers},
		{STR("body"), 0, take_body},
	};
#undef TEXT

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (!str_eq(n->key, members[i].key))
			continue;
		struct str *text = (void *)((char *)&q->t + members[i].text);
		if (members[i].take)
			members[i].take(q, n);
		else
			*text = text_of(q, n);
		return;
	}
	q->wrong = "there is a member that explain does not know";
}

/* NULL, or what is wrong. */
static const char *
read_question(struct asking *q, const struct admin *a, struct str body)
{
	const struct json_limits limits = {DEPTH, a->shared->hash_seed};
	size_t at;

	if (json_scan(body, &limits, q->arena, &q->json, &at) ||
		q->json.count == 0 || q->json.nodes->type != JSON_OBJECT)
		return "the body is no JSON object, or too deep";
	q->t.is_known = true;
	const struct json_node *n = json_first(q->json.nodes);
	for (uint32_t left = q->json.nodes->children; n && left; left--) {
		take_member(q, n);
		n = json_next(&q->json, n);
	}
	if (!q->wrong && (q->t.method.n == 0 || q->t.target.n == 0))
		return "method and target are needed";
	return q->wrong;
}

/* --- the answer ------------------------------------------------------------------ */

/* Rules repeat what they saw, so a large question may have an answer without
 * measure: what does not fit is not written. */
static bool
tell(struct admin_conn *c, const struct explanation *e)
{
	char *text = malloc(EXPLAIN_ANSWER_BYTES);
	FILE *out = text ? fmemopen(text, EXPLAIN_ANSWER_BYTES, "w") : NULL;

	if (!out) {
		free(text);
		return false;
	}
	explain_json(e, false, out);
	bool fits = fflush(out) == 0 && !ferror(out);
	long n = ftell(out);
	fclose(out);
	if (fits)
		admin_answer(c, 200, ADMIN_JSON, (struct str){text, (size_t)n});
	else
		admin_answer_line(c, 503,
			"the answer is too long to keep it for a browser: use "
			"docker-proxy explain");
	free(text);
	return true;
}

static void
explain(struct admin_conn *c, struct asking *q)
{
	const struct policy *policy = c->admin->shared->generation->policy;
	struct explanation e;
	struct asked asked;

	const char *wrong =
		asked_make(&q->t, &policy->settings, q->arena, &asked);
	if (wrong) {
		admin_answer_line(c, 400, wrong);
		return;
	}
	struct offline *o = offline_new(policy);
	if (!o ||
		!explain_make(
			&e, o, policy, &asked.from, asked.bytes, q->arena) ||
		!tell(c, &e))
		admin_answer_line(c, 503, "out of memory");
	offline_free(o);
}

/* As many as there is time for, and a few more at once. */
static bool
may_ask(struct admin *a)
{
	uint64_t now = now_ms();

	if (a->explain_ms < now)
		a->explain_ms = now;
	if (a->explain_ms - now > EXPLAIN_BURST_MS - EXPLAIN_EVERY_MS)
		return false;
	a->explain_ms += EXPLAIN_EVERY_MS;
	return true;
}

void
status_explain(struct admin_conn *c, const struct admin_request *rq)
{
	const struct policy *policy = c->admin->shared->generation->policy;
	struct arena arena;
	struct asking q = {.arena = &arena};

	if (!str_eq_nocase(rq->head->content_type, STR(ADMIN_JSON))) {
		admin_answer_line(c, 415, "it must be " ADMIN_JSON);
		return;
	}
	if (policy->program.nrules > EXPLAIN_RULES_MAX) {
		admin_answer_line(c, 503,
			"the policy has too many rules to explain while the "
			"proxy waits: use docker-proxy explain");
		return;
	}
	if (!may_ask(c->admin)) {
		admin_answer_with(c, 429, ADMIN_TEXT, "Retry-After: 1\r\n",
			STR("too many questions at once\n"));
		return;
	}
	arena_init(&arena, EXPLAIN_ARENA_BYTES);
	const char *wrong = read_question(&q, c->admin, rq->body);
	if (wrong)
		admin_answer_line(c, 400, wrong);
	else
		explain(c, &q);
	arena_fini(&arena);
}
