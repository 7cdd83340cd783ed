/* An explanation as JSON. */
#include "daemon/explain.h"

#include "compiler/listing.h"
#include "compiler/policy.h"
#include "daemon/json_out.h"

#include <stdlib.h>

struct writer {
	const struct explanation *e;
	const struct program *p;
	struct json_out j;
};

/* What a listing writes, as a member. */
static void
put_filter_path(
	struct writer *w, const char *key, const struct program_filter *f)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return;
	listing_filter_path(w->p, f, out);
	if (fclose(out) == 0)
		json_out_text(&w->j, key, (struct str){text, n});
	free(text);
}

/* The members that say which rule it is. */
static void
put_rule_members(struct writer *w, uint32_t rule)
{
	const struct program_rule *r = &w->p->rules[rule];

	json_out_text(&w->j, "name", program_text(w->p, r->name));
	json_out_text(&w->j, "action", str_of(action_name(r->action)));
	if (r->flags & RULE_DRY_RUN)
		json_out_bool(&w->j, "dry_run", true);
	if (r->flags & RULE_TOGGLE) {
		json_out_bool(&w->j, "toggle", true);
		return;
	}
	json_out_text(&w->j, "file", program_text(w->p, r->file));
	json_out_number(&w->j, "line", r->line);
}

static void
put_rule(struct writer *w, const char *key, uint32_t rule)
{
	if (rule == PROGRAM_NO_RULE) {
		json_out_null(&w->j, key);
		return;
	}
	json_out_open(&w->j, key, '{');
	put_rule_members(w, rule);
	json_out_close(&w->j, '}');
}

static void
put_rules(struct writer *w, const char *key, const uint32_t *v, uint32_t n)
{
	json_out_open(&w->j, key, '[');
	for (uint32_t i = 0; i < n; i++)
		put_rule(w, NULL, v[i]);
	json_out_close(&w->j, ']');
}

/* --- conditions ------------------------------------------------------------------- */

static void
put_seen(struct writer *w, const struct seen *seen)
{
	if (seen->unknown) {
		json_out_null(&w->j, "seen");
		return;
	}
	json_out_open(&w->j, "seen", '[');
	for (uint32_t i = 0; i < seen->n; i++)
		json_out_text(&w->j, NULL, seen->v[i].text);
	json_out_close(&w->j, ']');
	if (seen->total > seen->n)
		json_out_number(&w->j, "seen_total", seen->total);
	if (seen->doubt)
		json_out_bool(&w->j, "unreadable", true);
}

static const char *
outcome_name(enum explain_outcome outcome)
{
	switch (outcome) {
	case EXPLAIN_HELD:
		return "holds";
	case EXPLAIN_FAILED:
		return "fails";
	case EXPLAIN_UNASKED:
		break;
	}
	return "unasked";
}

/* As deep as conditions nest. */
static void
put_cond(struct writer *w, const char *key, const struct explain_cond *c)
{
	json_out_open(&w->j, key, '{');
	json_out_text(&w->j, "outcome", str_of(outcome_name(c->outcome)));
	if (c->kind == EXPLAIN_TEST) {
		json_out_text(&w->j, "test", c->text);
		put_seen(w, &c->seen);
		if (c->doubt)
			json_out_bool(&w->j, "doubt", true);
	} else {
		json_out_open(
			&w->j, c->kind == EXPLAIN_ALL ? "and" : "or", '[');
		for (const struct explain_cond *i = c->first; i; i = i->next)
			put_cond(w, NULL, i);
		json_out_close(&w->j, ']');
	}
	json_out_close(&w->j, '}');
}

static void
put_explained(struct writer *w, const struct explain_rule *x)
{
	const char *outcome = x->fired     ? "fired"
			      : x->never   ? "never"
			      : x->reached ? "passed"
					   : "not_reached";

	json_out_open(&w->j, NULL, '{');
	put_rule_members(w, x->rule);
	json_out_text(&w->j, "outcome", str_of(outcome));
	if (x->when)
		put_cond(w, "conditions", x->when);
	json_out_close(&w->j, '}');
}

static void
put_all_explained(struct writer *w, const char *key,
	const struct explain_rule *rules, uint32_t n)
{
	json_out_open(&w->j, key, '[');
	for (uint32_t i = 0; i < n; i++)
		put_explained(w, &rules[i]);
	json_out_close(&w->j, ']');
}

/* --- all of it -------------------------------------------------------------------------- */

static void
put_verdict(struct writer *w)
{
	const struct offline_verdict *v = &w->e->verdict;

	json_out_text(&w->j, "verdict", v->allow ? STR("allow") : STR("deny"));
	if (!v->allow) {
		json_out_number(&w->j, "status", v->status);
		json_out_text(&w->j, "why", str_of(why_name(v->why)));
		json_out_text(&w->j, "message", v->message);
	}
	put_rule(w, "rule", v->rule);
	json_out_bool(&w->j, "judged_by_rules", w->e->judged);
}

static void
put_request(struct writer *w)
{
	const struct explanation *e = w->e;

	json_out_open(&w->j, "request", '{');
	json_out_text(&w->j, "method", e->method);
	json_out_text(&w->j, "target", e->target);
	if (e->judged) {
		json_out_text(&w->j, "path", e->path);
		json_out_text(&w->j, "api_version", e->api_version);
		json_out_text(&w->j, "listener", e->listener);
		json_out_text(&w->j, "client", e->client);
		json_out_text(&w->j, "role", e->role);
		json_out_text(&w->j, "identity", e->identity);
	}
	json_out_bool(&w->j, "body_was_read", e->verdict.is_held);
	json_out_close(&w->j, '}');
}

static void
put_filters(struct writer *w)
{
	const struct offline_verdict *v = &w->e->verdict;

	json_out_open(&w->j, "filters", '[');
	for (uint32_t i = 0; i < v->nfilters; i++) {
		const struct program_filter *f = &w->p->filters[v->filters[i]];
		json_out_open(&w->j, NULL, '{');
		json_out_text(
			&w->j, "action", str_of(filter_action_name(f->action)));
		put_filter_path(w, "field", f);
		json_out_close(&w->j, '}');
	}
	json_out_close(&w->j, ']');
}

static void
put_otherwise(struct writer *w)
{
	const struct explanation *e = w->e;

	if (e->nnearest)
		put_all_explained(w, "nearest", e->nearest, e->nnearest);
	if (e->nwithout == 0)
		return;
	json_out_open(&w->j, "without", '{');
	put_rules(w, "rules", e->without, e->nwithout);
	json_out_text(
		&w->j, "verdict", e->then_allowed ? STR("allow") : STR("deny"));
	put_rule(w, "rule", e->then_rule);
	json_out_close(&w->j, '}');
}

static bool
is_left_out(const struct explain_rule *x)
{
	return !x->fired &&
	       (!x->reached || !x->when || explain_is_elsewhere(x->when));
}

/* Those that have something to say. */
static void
put_some_explained(struct writer *w)
{
	const struct explanation *e = w->e;
	uint32_t others = 0;

	json_out_open(&w->j, "rules", '[');
	for (uint32_t i = 0; i < e->nrules; i++) {
		if (is_left_out(&e->rules[i]))
			others++;
		else
			put_explained(w, &e->rules[i]);
	}
	json_out_close(&w->j, ']');
	json_out_number(&w->j, "others", others);
}

void
explain_json(const struct explanation *e, bool all, FILE *out)
{
	struct writer w = {e, &e->policy->program, {.out = out}};
	const struct offline_verdict *v = &e->verdict;

	json_out_open(&w.j, NULL, '{');
	put_verdict(&w);
	put_request(&w);
	if (e->judged) {
		put_rules(&w, "dry_run", v->dry, v->ndry);
		put_rules(&w, "rate_limits", v->limits, v->nlimits);
		put_filters(&w);
		if (all)
			put_all_explained(&w, "rules", e->rules, e->nrules);
		else
			put_some_explained(&w);
		put_otherwise(&w);
	}
	json_out_close(&w.j, '}');
	putc('\n', out);
}
