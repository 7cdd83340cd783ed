/* Toggle set: values, and the conditions and rules of every profile. */
#include "compiler/toggle_set.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

/* --- values ------------------------------------------------------------- */

bool
toggle_word(struct str value, bool *on_out)
{
	static const struct {
		const char *word;
		bool on;
	} words[] = {
		{"1", true},
		{"0", false},
		{"true", true},
		{"false", false},
		{"yes", true},
		{"no", false},
		{"on", true},
		{"off", false},
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!str_eq_nocase(value, str_of(words[i].word)))
			continue;
		*on_out = words[i].on;
		return true;
	}
	*on_out = false;
	return false;
}

bool
toggle_integer(struct str value, bool *on_out)
{
	size_t i = 0;
	bool on = false;

	if (value.n > 0 && (value.p[0] == '-' || value.p[0] == '+'))
		i++;
	size_t digits = i;
	for (; i < value.n && value.p[i] >= '0' && value.p[i] <= '9'; i++)
		on = on || value.p[i] != '0';
	*on_out = on;
	/* "false" is 0 as meant; "true" is 0, and "1 day" 1, by accident. */
	bool word_on;
	return (i > digits && i == value.n) ||
	       (toggle_word(value, &word_on) && word_on == on);
}

static const struct toggle_def *
find(const struct toggle_profile_info *p, const char *name)
{
	for (size_t i = 0; i < p->ndefs; i++)
		if (strcmp(p->defs[i].name, name) == 0)
			return &p->defs[i];
	return NULL;
}

bool
toggle_on(const struct toggle_set *s, const char *name)
{
	const struct toggle_def *t = find(s->profile, name);
	assert(t);
	return s->values[t - s->profile->defs].on;
}

void
toggle_no_effect(
	struct toggle_set *s, const struct toggle_def *t, const char *why)
{
	const struct toggle_value *v = &s->values[t - s->profile->defs];

	if (!v->given || !v->on)
		return;
	if (s->from_file)
		diag_warning(s->diag, FINDING_NO_EFFECT, v->pos,
			"%s=1 has no effect: %s", t->name, why);
	else
		diag_env_warning(s->diag, FINDING_NO_EFFECT,
			"%s=1 has no effect: %s", t->name, why);
}

void
toggle_warn_writes(struct toggle_set *s)
{
	if (toggle_on(s, "POST"))
		return;
	for (size_t i = 0; i < s->profile->ndefs; i++)
		if (s->profile->defs[i].writes_only)
			toggle_no_effect(s, &s->profile->defs[i],
				"it takes POST=1 too, all its calls are POST");
}

/* --- conditions --------------------------------------------------------- */

static struct cond *
new_cond(struct toggle_set *s, enum cond_kind kind)
{
	struct cond *c = arena_alloc(s->arena, sizeof(*c));
	if (!c)
		return NULL;
	c->kind = kind;
	c->pos = s->pos;
	return c;
}

static struct cond_value *
new_values(struct toggle_set *s, struct cond *c, size_t n)
{
	struct cond_value *v = arena_alloc(s->arena, n * sizeof(*v));
	if (!v)
		return NULL;
	for (size_t i = 0; i < n; i++)
		v[i].pos = s->pos;
	c->values = v;
	c->nvalues = n;
	return v;
}

struct cond *
toggle_test(struct toggle_set *s, enum field field, enum operator_id op,
	const char *text, bool nocase)
{
	struct cond *c = new_cond(s, COND_TEST);
	struct cond_value *v = c ? new_values(s, c, 1) : NULL;
	if (!v)
		return NULL;
	c->field = field;
	c->op = op;
	c->nocase = nocase;
	v->kind = op == OP_MATCHES ? VALUE_REGEX : VALUE_STRING;
	v->text = str_of(text);
	return c;
}

/* The method is, or with negate is not, GET or HEAD. */
static struct cond *
reads(struct toggle_set *s, bool negate)
{
	struct cond *c = new_cond(s, COND_TEST);
	struct cond_value *v = c ? new_values(s, c, 2) : NULL;
	if (!v)
		return NULL;
	c->field = FIELD_METHOD;
	c->op = OP_IN;
	c->negate = negate;
	v[0].kind = v[1].kind = VALUE_STRING;
	v[0].text = STR("GET");
	v[1].text = STR("HEAD");
	return c;
}

struct cond *
toggle_group(struct toggle_set *s, enum cond_kind kind, ...)
{
	struct cond *group = new_cond(s, kind);
	if (!group)
		return NULL;
	struct cond **tail = &group->first;
	struct cond *c;
	va_list ap;
	va_start(ap, kind);
	while ((c = va_arg(ap, struct cond *)) != NULL) {
		*tail = c;
		tail = &c->next;
	}
	va_end(ap);
	return group;
}

/* --- rules -------------------------------------------------------------- */

static struct rule *
new_rule(struct toggle_set *s, const char *name, struct cond *when)
{
	if (!when)
		return NULL;
	if (when->kind != COND_AND)
		when = toggle_group(s, COND_AND, when, NULL);
	struct rule *r = arena_alloc(s->arena, sizeof(*r));
	struct str full = arena_fmt(s->arena, "toggle:%s", name);
	/* A condition that found no room is a rule that fires too often. */
	if (arena_overflowed(s->arena))
		return NULL;
	r->name = full;
	r->status = 403;
	r->toggle = true;
	r->when = when;
	r->pos = s->pos;
	const struct toggle_def *t = find(s->profile, name);
	if (t && s->values[t - s->profile->defs].pos.line)
		r->pos = s->values[t - s->profile->defs].pos;
	return r;
}

void
toggle_allow(struct toggle_set *s, const char *name, struct cond *when)
{
	struct rule *r = new_rule(s, name, when);
	if (!r)
		return;
	r->action = ACTION_ALLOW;
	rule_list_add(s->rules, r);
}

void
toggle_deny(struct toggle_set *s, const char *name, struct cond *when,
	const char *fmt, ...)
{
	struct rule *r = new_rule(s, name, when);
	if (!r)
		return;
	char text[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->action = ACTION_DENY;
	r->message = arena_str(s->arena, str_of(text));
	rule_list_add(s->rules, r);
}

void
toggle_gate(struct toggle_set *s)
{
	if (!toggle_on(s, "POST"))
		toggle_deny(s, "POST",
			toggle_group(s, COND_AND, reads(s, true), NULL),
			"POST=0: only GET and HEAD are open; "
			"POST=1 opens the rest");
}

void
toggle_sections(
	struct toggle_set *s, struct cond *(*section)(struct toggle_set *s,
				      const struct toggle_def *t))
{
	const struct toggle_profile_info *p = s->profile;

	for (size_t i = 0; i < p->ndefs; i++)
		if (p->defs[i].kind == TOGGLE_SECTION && s->values[i].on)
			toggle_allow(
				s, p->defs[i].name, section(s, &p->defs[i]));
	for (size_t i = 0; i < p->ndefs; i++)
		if (p->defs[i].kind == TOGGLE_SECTION && !s->values[i].on)
			toggle_deny(s, p->defs[i].name, section(s, &p->defs[i]),
				"%s=0: %s=1 opens %s", p->defs[i].name,
				p->defs[i].name, p->defs[i].path);
	toggle_deny(s, "rest", toggle_group(s, COND_AND, NULL),
		"outside of every section: no toggle opens this");
}
