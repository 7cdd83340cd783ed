/* The compiled program, asked: what is open to everybody, and what is denied
 * in one spelling and allowed in another.
 *
 * That is certain: the requests are real ones, judged as they would be.
 */
#include "compiler/lint_probe.h"

#include "compiler/lint_parts.h"
#include "runtime/limits.h"
#include "runtime/vm.h"

#include <stdarg.h>

#define ROLES_ASKED     16
#define LISTENERS_ASKED 8
#define IMAGES_ASKED    8

/* Somebody who asks. */
struct caller {
	struct str role, listener;
	const char *ip;
};

struct names {
	struct str v[ROLES_ASKED];
	size_t n, most;
};

struct prober {
	struct lint *l;
	struct arena arena; /* of one request */
	struct regex_scratch *scratch;
	struct names roles, listeners, images;
	struct str image;          /* @I */
	struct str network, named; /* @N, @D; empty: there is none */
	bool told[FINDING_COUNT];
};

/* --- names that the rules know ------------------------------------------------------ */

static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || strchr("\"\\@*", s.p[i]))
			return false;
	return true;
}

static void
add_name(struct names *names, struct str s)
{
	for (size_t i = 0; i < names->n; i++)
		if (str_eq(names->v[i], s))
			return;
	if (names->n < names->most)
		names->v[names->n++] = s;
}

static bool
is_image(const struct cond *c)
{
	return c->field == FIELD_DOCKER_IMAGES ||
	       (c->field == FIELD_BODY && str_eq_nocase(c->name, STR("Image")));
}

/* An image that a test speaks of, whole. */
static void
add_image(struct prober *p, const struct cond *c, struct str text)
{
	if (c->op == OP_STARTS_WITH)
		text = arena_fmt(p->l->arena, "%.*sx", STR_FMT(text));
	if ((c->op == OP_STARTS_WITH || cond_is_one_of(c) ||
		    c->op == OP_ONLY_IN) &&
		!str_starts(text, STR("id:")) && is_plain(text))
		add_name(&p->images, text);
}

static bool
is_bare(struct str s)
{
	return s.n > 0 && is_plain(s) && str_find(s, STR("/")) == s.n &&
	       str_find(s, STR(":")) == s.n;
}

/* What a rule denies by name. */
static void
add_denied(struct prober *p, const struct cond *c, struct str text)
{
	if (c->negate || !cond_is_one_of(c) || c->field != FIELD_BODY)
		return;
	if (str_eq_nocase(c->name, STR("Image")) && is_bare(text) &&
		!p->named.n)
		p->named = text;
	if (str_eq_nocase(c->name, STR("HostConfig.NetworkMode")) &&
		is_bare(text) && !p->network.n)
		p->network = text;
}

static void
gather(struct prober *p, const struct rule *r, const struct cond *c)
{
	for (const struct cond *i = c->first; i; i = i->next)
		gather(p, r, i);
	if (c->kind != COND_TEST)
		return;
	for (size_t i = 0; i < c->nvalues; i++) {
		struct str text = c->values[i].text;
		if (c->field == FIELD_ROLE && cond_is_one_of(c))
			add_name(&p->roles, text);
		if (is_image(c))
			add_image(p, c, text);
		if (r->action == ACTION_DENY)
			add_denied(p, c, text);
	}
}

static void
gather_all(struct prober *p)
{
	const struct lint *l = p->l;
	const struct settings *s = l->settings;

	p->roles.most = ROLES_ASKED;
	p->listeners.most = LISTENERS_ASKED;
	p->images.most = IMAGES_ASKED;
	add_name(&p->roles, STR(""));
	add_name(&p->images, STR("alpine"));
	for (size_t i = 0; i < s->nlisteners; i++)
		add_name(&p->listeners, s->listeners[i].name);
	for (size_t i = 0; i < l->nrules; i++) {
		const struct rule *r = l->rules[i];
		for (size_t k = 0; k < r->nroles; k++)
			add_name(&p->roles, r->roles[k]);
		gather(p, r, r->when);
	}
}

/* --- one request --------------------------------------------------------------------- */

/* The probe's text with what its marks stand for. False: there is none. */
static bool
fill(struct prober *p, const char *text, struct str *out)
{
	struct str rest = str_of(text), made = STR("");

	for (;;) {
		size_t at = str_find(rest, STR("@"));
		struct str value = STR("");
		if (at < rest.n)
			value = rest.p[at + 1] == 'I'   ? p->image
				: rest.p[at + 1] == 'N' ? p->network
							: p->named;
		made = arena_fmt(&p->arena, "%.*s%.*s%.*s", STR_FMT(made),
			(int)at, rest.p, STR_FMT(value));
		if (at == rest.n)
			break;
		if (value.n == 0)
			return false;
		rest = str_from(rest, at + 2);
	}
	*out = made;
	return true;
}

/* All of a request but who asks. False: there is none such. */
static bool
make_request(struct prober *p, const struct probe *probe, struct facts *f,
	struct target *target, struct json *json)
{
	static const struct target_limits limits = {LIMIT_TARGET_BYTES, 1, 24};
	static const struct json_limits depth = {LIMIT_JSON_DEPTH, 1};
	struct str line = str_of(probe->request), body = STR("");
	size_t space = str_find(line, STR(" ")), at;

	if (probe->body && !fill(p, probe->body, &body))
		return false;
	return method_parse((struct str){line.p, space}, &f->method) &&
	       target_parse(str_from(line, space + 1), &limits, &p->arena,
		       target) == WHY_OK &&
	       json_scan(body, &depth, &p->arena, json, &at) == WHY_OK;
}

/* A Wednesday at noon. */
#define WEDNESDAY 3
#define NOON      (12 * 60)

/* Is it allowed? *rule_out: which rule decided. False, too, where the request
 * cannot be made: *made_out. */
static bool
is_allowed(struct prober *p, const struct probe *probe,
	const struct caller *who, uint32_t *rule_out, bool *made_out)
{
	struct docker docker = {0};
	struct target target;
	struct json json;
	struct vm vm;
	struct facts f = {
		.target = &target,
		.role = who->role,
		.listener = who->listener,
		.weekday = WEDNESDAY,
		.minute = NOON,
		.body = &json,
		.docker = &docker,
		.arena = &p->arena,
	};

	arena_reset(&p->arena);
	*made_out = ip_parse(str_of(who->ip), &f.client_ip) &&
		    make_request(p, probe, &f, &target, &json) &&
		    vm_init(&vm, &p->l->in->policy->program, &p->arena);
	if (!*made_out)
		return false;
	while (vm_run(&vm, &f, p->scratch) == VM_NEED_BUCKET)
		vm_bucket_answer(&vm, 0);
	*rule_out = vm.verdict.rule;
	/* What a part does not say, somebody else does. */
	return vm.verdict.allow &&
	       !(p->l->in->part && vm.verdict.rule == PROGRAM_NO_RULE);
}

/* --- what is open -------------------------------------------------------------------------- */

__attribute__((format(printf, 4, 5))) static void
tell(struct prober *p, enum finding f, const struct rule *r, const char *fmt,
	...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->told[f] = true;
	if (r->pos.line > 0)
		diag_warning(p->l->diag, f, r->pos, "%s", text);
	else
		diag_env_warning(p->l->diag, f, "%s", text);
	diag_help(p->l->diag, "%s", finding_info(f)->fix);
}

/* Somebody of whom no rule can know anything. What the default lets in, or an
 * allow of everything, is told as that. */
static void
ask_open(struct prober *p, const struct probe_open *o)
{
	const struct caller stranger = {STR(""), STR(""), "192.0.2.1"};
	uint32_t rule;
	bool made;

	if (p->told[o->finding] ||
		!is_allowed(p, &o->probe, &stranger, &rule, &made) ||
		rule == PROGRAM_NO_RULE)
		return;
	const struct rule *r = p->l->rules[rule];
	if (!cond_always_holds(r->when))
		tell(p, o->finding, r,
			"rule \"%.*s\" allows %s to everybody who gets in",
			STR_FMT(r->name), o->probe.request);
}

/* --- what is denied in part ------------------------------------------------------------------ */

/* An image with which this caller may create a container. */
static bool
find_image(struct prober *p, const struct caller *who)
{
	uint32_t rule;
	bool made;

	for (size_t i = 0; i < p->images.n; i++) {
		p->image = p->images.v[i];
		if (is_allowed(p, &probe_harmless, who, &rule, &made))
			return true;
	}
	return false;
}

static void
tell_gap(struct prober *p, const struct probe_gap *g, uint32_t denies,
	uint32_t allows)
{
	const struct rule *const *rules = p->l->rules;
	const struct rule *r = rules[denies];
	struct str denied, allowed;

	if (!fill(p, g->denied_as, &denied) ||
		!fill(p, g->allowed_as, &allowed))
		return;
	if (allows == PROGRAM_NO_RULE)
		tell(p, g->finding, r,
			"rule \"%.*s\" denies %.*s, and nothing denies %.*s",
			STR_FMT(r->name), STR_FMT(denied), STR_FMT(allowed));
	else
		tell(p, g->finding, r,
			"rule \"%.*s\" denies %.*s, and rule \"%.*s\" allows "
			"%.*s",
			STR_FMT(r->name), STR_FMT(denied),
			STR_FMT(rules[allows]->name), STR_FMT(allowed));
}

static void
ask_gap(struct prober *p, const struct probe_gap *g, const struct caller *who)
{
	uint32_t denies, allows;
	bool made;

	if (p->told[g->finding] ||
		is_allowed(p, &g->denied, who, &denies, &made) || !made ||
		denies == PROGRAM_NO_RULE)
		return;
	if (is_allowed(p, &g->allowed, who, &allows, &made))
		tell_gap(p, g, denies, allows);
}

/* Each kind of caller that rules can tell from another, who may create a
 * container at all. */
static void
ask_gaps(struct prober *p, const struct caller *who)
{
	if (!find_image(p, who))
		return;
	for (const struct probe_gap *g = probe_gaps; g->denied.request; g++)
		ask_gap(p, g, who);
}

void
lint_probe(struct lint *l)
{
	static const char *const addresses[] = {"192.0.2.1", "127.0.0.1"};
	struct prober p = {.l = l, .scratch = regex_scratch_new()};

	if (!p.scratch)
		return;
	arena_init(&p.arena, MIB(16));
	gather_all(&p);
	p.image = p.images.v[0];
	for (const struct probe_open *o = probe_opens; o->probe.request; o++)
		ask_open(&p, o);
	for (size_t i = 0; i < p.listeners.n; i++)
		for (size_t k = 0; k < p.roles.n; k++)
			for (size_t n = 0; n < COUNT_OF(addresses); n++)
				ask_gaps(&p, &(struct caller){p.roles.v[k],
						     p.listeners.v[i],
						     addresses[n]});
	arena_fini(&p.arena);
	regex_scratch_free(p.scratch);
}
