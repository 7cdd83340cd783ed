/* An explanation as text: the verdict first, then why, then what would have
 * been otherwise. */
#include "daemon/explain.h"

#include "compiler/listing.h"
#include "compiler/policy.h"
#include "compiler/show.h"

#include <stdarg.h>
#include <string.h>

#define SHOWN_MAX 160u /* bytes of a value */

struct writer {
	const struct explanation *e;
	const struct program *p;
	const char *indent;
	FILE *out;
};

static void __attribute__((format(printf, 3, 4)))
put(const struct writer *w, unsigned level, const char *fmt, ...)
{
	va_list ap;

	fprintf(w->out, "%s%*s", w->indent, (int)(2 * level), "");
	va_start(ap, fmt);
	vfprintf(w->out, fmt, ap);
	va_end(ap);
}

static const struct program_rule *
rule_at(const struct writer *w, uint32_t rule)
{
	return &w->p->rules[rule];
}

/* name (file:line) */
static void
put_rule(const struct writer *w, uint32_t rule)
{
	const struct program_rule *r = rule_at(w, rule);

	show_text(program_text(w->p, r->name), w->out);
	if (r->flags & RULE_TOGGLE)
		fputs(" (toggle)", w->out);
	else
		fprintf(w->out, " (%.*s:%u)",
			STR_FMT(program_text(w->p, r->file)), r->line);
}

/* --- conditions -------------------------------------------------------------- */

static void
put_value(const struct writer *w, const struct seen_value *v)
{
	struct str s = v->text;
	bool cut = s.n > SHOWN_MAX;

	if (cut)
		s.n = SHOWN_MAX;
	while (cut && s.n && !str_is_utf8(s))
		s.n--;
	if (v->is_string)
		show_quoted(s, w->out);
	else
		show_text(s, w->out);
	if (cut)
		fprintf(w->out, "... (%zu bytes)", v->text.n);
}

static void
put_seen(const struct writer *w, const struct explain_cond *c)
{
	const struct seen *seen = &c->seen;

	fputs("; ", w->out);
	if (seen->unknown) {
		fputs("the body was not read", w->out);
		return;
	}
	fputs(seen->n ? "it is " : "it is absent", w->out);
	for (uint32_t i = 0; i < seen->n; i++) {
		if (i > 0)
			fputs(", ", w->out);
		put_value(w, &seen->v[i]);
	}
	if (seen->total > seen->n)
		fprintf(w->out, " and %u more", seen->total - seen->n);
	if (seen->doubt)
		fputs(", and something that cannot be read", w->out);
	if (c->doubt)
		fputs(": in doubt, towards a denial", w->out);
}

static const char *
outcome_word(enum explain_outcome outcome)
{
	switch (outcome) {
	case EXPLAIN_HELD:
		return "yes";
	case EXPLAIN_FAILED:
		return "no ";
	case EXPLAIN_UNASKED:
		break;
	}
	return "?  ";
}

/* The conditions that made it come out so, and no others. */
static void
put_proof(const struct writer *w, unsigned level, const struct explain_cond *c)
{
	if (c->kind == EXPLAIN_TEST) {
		put(w, level, "%s  ", outcome_word(c->outcome));
		fwrite(c->text.p, 1, c->text.n, w->out);
		put_seen(w, c);
		putc('\n', w->out);
		return;
	}
	for (const struct explain_cond *i = c->first; i; i = i->next) {
		if (!explain_is_proof(c, i))
			continue;
		put_proof(w, level, i);
		if (explain_one_is_enough(c))
			return;
	}
}

/* All that fails of what would have to hold. */
static void
put_lacks(const struct writer *w, unsigned level, const struct explain_cond *c)
{
	if (explain_lacks(c) == 0)
		return;
	if (c->kind == EXPLAIN_TEST) {
		put_proof(w, level, c);
		return;
	}
	for (const struct explain_cond *i = c->first; i; i = i->next) {
		if (c->kind == EXPLAIN_ANY &&
			explain_lacks(i) != explain_lacks(c))
			continue;
		put_lacks(w, level, i);
		if (c->kind == EXPLAIN_ANY)
			return;
	}
}

/* --- rules ---------------------------------------------------------------------- */

static const char *
did(const struct program_rule *r)
{
	switch ((enum action)r->action) {
	case ACTION_DENY:
		return r->flags & RULE_DRY_RUN ? "would deny, but is in dry run"
					       : "denies";
	case ACTION_ALLOW:
		return "allows";
	case ACTION_REQUIRE_ROLE:
		return "asks for a role";
	case ACTION_RATE_LIMIT:
		return "takes a token";
	case ACTION_RESPONSE_FILTER:
		return "filters the answer";
	case ACTION_COUNT:
		break;
	}
	return "?";
}

static void
put_fired(const struct writer *w, const struct explain_rule *x)
{
	const struct program_rule *r = rule_at(w, x->rule);

	put(w, 1, "%s", "");
	put_rule(w, x->rule);
	fprintf(w->out, " %s", did(r));
	if (r->action == ACTION_REQUIRE_ROLE) {
		fputs(": ", w->out);
		listing_roles(w->p, r, w->out);
		fputs(" or admin; it is ", w->out);
		show_quoted(w->e->role, w->out);
	}
	if (r->action == ACTION_RATE_LIMIT) {
		fputs(" of ", w->out);
		listing_limit(w->p, r, w->out);
	}
	putc('\n', w->out);
	if (x->when)
		put_proof(w, 2, x->when);
	else
		put(w, 2, "it has no conditions\n");
}

static void
put_passed(const struct writer *w, const struct explain_rule *x)
{
	put(w, 1, "%s", "");
	put_rule(w, x->rule);
	fputs(" has nothing to say\n", w->out);
	put_proof(w, 2, x->when);
}

static void
put_rules(const struct writer *w, bool all)
{
	const struct explanation *e = w->e;
	unsigned others = 0;

	for (uint32_t i = 0; i < e->nrules; i++) {
		const struct explain_rule *x = &e->rules[i];
		if (x->fired)
			put_fired(w, x);
		else if (!x->reached || !x->when)
			continue;
		else if (!all && explain_is_elsewhere(x->when))
			others++;
		else
			put_passed(w, x);
	}
	if (others)
		put(w, 1, "%u rule%s not about such a call (--all shows %s)\n",
			others, others == 1 ? " is" : "s are",
			others == 1 ? "it" : "them");
}

/* --- the verdict ------------------------------------------------------------------- */

static void
put_verdict(const struct writer *w)
{
	const struct explanation *e = w->e;
	const struct offline_verdict *v = &e->verdict;

	if (v->allow)
		put(w, 0, "allow: ");
	else
		put(w, 0, "deny %u: ", v->status);
	show_text(e->method, w->out);
	putc(' ', w->out);
	show_text(e->target, w->out);
	putc('\n', w->out);
	if (v->rule != PROGRAM_NO_RULE) {
		put(w, 1, "by rule ");
		put_rule(w, v->rule);
		putc('\n', w->out);
	} else if (v->is_scrape) {
		put(w, 1, "answered by the proxy itself: its metrics\n");
	} else if (e->judged && (v->allow || v->why == WHY_DENIED)) {
		put(w, 1, "by `default: %s`: no rule %s it\n",
			v->allow ? "allow" : "deny",
			v->allow ? "denies" : "allows");
	} else {
		put(w, 1, "%s: %s\n",
			e->judged ? "for its body, whatever the rules"
				  : "before any rule",
			why_name(v->why));
	}
	if (!v->allow) {
		put(w, 1, "the client is told: ");
		show_quoted(v->message, w->out);
		putc('\n', w->out);
	}
}

static void
put_word(const struct writer *w, const char *what, struct str s)
{
	if (s.n == 0)
		return;
	fprintf(w->out, ", %s ", what);
	show_text(s, w->out);
}

static void
put_judged(const struct writer *w)
{
	const struct explanation *e = w->e;

	put(w, 0, "judged by\n");
	put(w, 1, "path ");
	show_quoted(e->path, w->out);
	put_word(w, "API", e->api_version);
	put_word(w, "from", e->client);
	put_word(w, "listener", e->listener);
	put_word(w, "role", e->role);
	put_word(w, "identity", e->identity);
	fputs(e->verdict.is_held ? "; a rule asked for the body\n"
				 : "; no rule asked for the body\n",
		w->out);
}

/* --- what would be otherwise ------------------------------------------------------------ */

static void
put_without(const struct writer *w)
{
	const struct explanation *e = w->e;

	if (e->nwithout == 0)
		return;
	put(w, 0, "without it\n");
	for (unsigned i = 1; i < e->nwithout; i++) {
		put(w, 1, "%s", "");
		put_rule(w, e->without[i]);
		fputs(" would deny it\n", w->out);
	}
	put(w, 1, e->nwithout > 1 ? "without that too, " : "%s", "");
	if (e->then_rule != PROGRAM_NO_RULE) {
		put_rule(w, e->then_rule);
		fprintf(w->out, " would %s it\n",
			e->then_allowed ? "allow" : "deny");
	} else {
		fprintf(w->out, "`default: %s` would %s it\n",
			e->then_allowed ? "allow" : "deny",
			e->then_allowed ? "allow" : "deny");
	}
}

/* The least rule that would. */
static void
put_suggestion(const struct writer *w)
{
	const struct explanation *e = w->e;

	put(w, 1, "a rule of its own:\n");
	put(w, 2, "- name: of-its-own\n");
	put(w, 2, "  action: allow\n");
	put(w, 2, "  conditions:\n");
	put(w, 2, "    - {field: method, operator: equals, value: ");
	show_text(e->method, w->out);
	fputs("}\n", w->out);
	put(w, 2, "    - {field: path, operator: equals, value: ");
	show_quoted(e->path, w->out);
	fputs("}\n", w->out);
}

static void
put_nearest(const struct writer *w)
{
	const struct explanation *e = w->e;
	const struct offline_verdict *v = &e->verdict;

	if (v->why != WHY_DENIED || v->rule != PROGRAM_NO_RULE)
		return;
	put(w, 0, "what would have allowed it\n");
	if (e->nnearest == 0)
		put_suggestion(w);
	for (unsigned i = 0; i < e->nnearest; i++) {
		put(w, 1, "%s", "");
		put_rule(w, e->nearest[i].rule);
		fputs(", but for\n", w->out);
		put_lacks(w, 2, e->nearest[i].when);
	}
}

static const char *
auth_hint(const struct settings_auth *a)
{
	switch (a->type) {
	case AUTH_CLOSED:
		return "Nobody gets in: `auth` has no secret and no token. Set "
		       "some, or say `type: none`.";
	case AUTH_BEARER:
		return "Say who asks: --role and --identity, or "
		       "-H 'Authorization: Bearer TOKEN'.";
	case AUTH_MTLS:
		return "Say who asks, as the certificate would: --role and "
		       "--identity.";
	case AUTH_NONE:
		break;
	}
	return NULL;
}

/* What an operator can do about a refusal that no rule made. */
static void
put_hint(const struct writer *w)
{
	const struct settings *s = &w->e->policy->settings;
	const char *hint = "No rule can allow it.";

	switch ((int)w->e->verdict.why) {
	case WHY_OK:
	case WHY_DENIED:
		return;
	case WHY_UNAUTHENTICATED:
		hint = auth_hint(&s->auth);
		break;
	case WHY_API_VERSION_OLD:
		put(w, 0, "min_api_version is %u.%u.\n", s->min_api_major,
			s->min_api_minor);
		return;
	case WHY_BODY_TOO_LARGE:
		put(w, 0, "limits.inspected_body_bytes is %u.\n",
			s->limits.inspected_body_bytes);
		return;
	default:
		break;
	}
	if (hint)
		put(w, 0, "%s\n", hint);
}

static void
put_filters(const struct writer *w)
{
	const struct offline_verdict *v = &w->e->verdict;

	if (v->nfilters == 0)
		return;
	put(w, 0, "of the answer\n");
	for (uint32_t i = 0; i < v->nfilters; i++) {
		put(w, 1, "%s", "");
		listing_filter(w->p, &w->p->filters[v->filters[i]], w->out);
		putc('\n', w->out);
	}
}

void
explain_text(
	const struct explanation *e, bool all, const char *indent, FILE *out)
{
	const struct writer w = {e, &e->policy->program, indent, out};

	put_verdict(&w);
	if (e->judged) {
		put_judged(&w);
		put(&w, 0, "rules, in order\n");
		put_rules(&w, all);
	}
	put_without(&w);
	put_nearest(&w);
	put_hint(&w);
	put_filters(&w);
}
