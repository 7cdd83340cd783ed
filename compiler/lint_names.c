/* Names that rules and settings must agree on: roles, listeners, peers. */
#include "compiler/lint_parts.h"

/* --- every test of every rule ---------------------------------------------------- */

/* What is done with a test. `plain`: it stands in no not group, and has no
 * not_ itself. */
typedef void on_test(struct lint *l, const struct cond *c, bool plain);

static void
walk(struct lint *l, const struct cond *c, bool plain, on_test *on)
{
	if (c->kind == COND_TEST)
		on(l, c, plain && !c->negate);
	for (const struct cond *i = c->first; i; i = i->next)
		walk(l, i, plain && c->kind != COND_NOT, on);
}

static void
walk_all(struct lint *l, on_test *on)
{
	for (size_t i = 0; i < l->nrules; i++)
		walk(l, l->rules[i]->when, true, on);
}

static bool
names(const struct cond *c, struct str word)
{
	for (size_t i = 0; i < c->nvalues; i++)
		if (str_eq(c->values[i].text, word))
			return true;
	return false;
}

/* --- roles that are given ------------------------------------------------------------ */

static bool
is_given(const struct settings_auth *a, struct str role)
{
	for (size_t i = 0; i < a->ntokens; i++)
		if (str_eq(a->tokens[i].role, role))
			return true;
	for (size_t i = 0; i < a->ncert_roles; i++)
		if (str_eq(a->cert_roles[i].role, role))
			return true;
	for (size_t i = 0; i < a->npeers; i++)
		if (str_eq(a->peers[i].role, role))
			return true;
	return str_eq(a->default_role, role);
}

/* Is it known which roles there are? Where certificates have no default, the
 * CN is the role; and a file that gives none may get its tokens elsewhere. */
static bool
roles_are_known(const struct lint *l)
{
	const struct settings_auth *a = &l->settings->auth;
	bool listed = read_given(l->in->auth, "tokens") || a->npeers > 0;

	if (a->type == AUTH_MTLS)
		return a->default_role.n > 0;
	return a->type == AUTH_NONE || (a->type == AUTH_BEARER && listed);
}

/* The environment may give a secret, which has the role admin. */
static bool
may_have(struct lint *l, struct str role)
{
	const struct settings_auth *a = &l->settings->auth;

	if (!take_steps(
		    &l->implies, a->ntokens + a->ncert_roles + a->npeers + 1))
		return true;
	return is_given(a, role) ||
	       (a->type == AUTH_BEARER && str_eq(role, STR(ROLE_ADMIN)));
}

static void
tell_role(struct lint *l, struct pos pos, struct str role)
{
	bool none = l->settings->auth.type == AUTH_NONE;

	diag_warning(l->diag, FINDING_ROLE_OF_NOBODY, pos,
		none ? "auth.type is none: nobody has the role \"%.*s\""
		     : "nobody can have the role \"%.*s\"",
		STR_FMT(role));
}

static void
check_role(struct lint *l, const struct cond *c, bool plain)
{
	if (c->field != FIELD_ROLE || !plain || !cond_is_one_of(c) || c->nocase)
		return;
	for (size_t i = 0; i < c->nvalues; i++) {
		const struct cond_value *v = &c->values[i];
		if (v->text.n > 0 && !may_have(l, v->text))
			tell_role(l, v->pos, v->text);
	}
}

/* Of a list, one is enough; admin passes always. */
static void
check_required(struct lint *l, const struct rule *r)
{
	for (size_t i = 0; i < r->nroles; i++)
		if (may_have(l, r->roles[i]))
			return;
	if (r->nroles > 0 && !may_have(l, STR(ROLE_ADMIN)))
		tell_role(l, r->pos, r->roles[0]);
}

/* --- roles that rules name ------------------------------------------------------------- */

/* Do rules tell roles apart, by names alone? */
static bool
tests_role(const struct cond *c, bool *clever)
{
	bool any = false;

	if (c->kind == COND_TEST) {
		*clever |= c->field == FIELD_IDENTITY ||
			   (c->field == FIELD_ROLE && !cond_is_one_of(c));
		return c->field == FIELD_ROLE;
	}
	for (const struct cond *i = c->first; i; i = i->next)
		any |= tests_role(i, clever);
	return any;
}

static bool
rules_know_roles(const struct lint *l)
{
	bool any = false, clever = false;

	for (size_t i = 0; i < l->nrules; i++) {
		const struct rule *r = l->rules[i];
		any |= r->action == ACTION_REQUIRE_ROLE;
		any |= tests_role(r->when, &clever);
	}
	return any && !clever;
}

static bool
cond_names(const struct cond *c, struct str role)
{
	if (c->kind == COND_TEST)
		return c->field == FIELD_ROLE && names(c, role);
	for (const struct cond *i = c->first; i; i = i->next)
		if (cond_names(i, role))
			return true;
	return false;
}

static bool
rules_name(struct lint *l, struct str role)
{
	if (!take_steps(&l->implies, l->nrules))
		return true;
	for (size_t i = 0; i < l->nrules; i++) {
		const struct rule *r = l->rules[i];
		for (size_t k = 0;
			r->action == ACTION_REQUIRE_ROLE && k < r->nroles; k++)
			if (str_eq(r->roles[k], role))
				return true;
		if (cond_names(r->when, role))
			return true;
	}
	return str_eq(role, STR(ROLE_ADMIN));
}

/* Wherever `auth` gives a role. */
static void
check_given(struct lint *l, const struct tree *node)
{
	for (const struct tree *t = node ? node->first : NULL; t; t = t->next) {
		bool role = str_eq(t->key, STR("role")) ||
			    str_eq(t->key, STR("default_role"));
		check_given(l, t);
		if (!role || t->kind != TREE_SCALAR || tree_is_null(t) ||
			rules_name(l, t->text))
			continue;
		diag_warning(l->diag, FINDING_ROLE_WITHOUT_RULE, t->pos,
			"no rule names the role \"%.*s\"", STR_FMT(t->text));
	}
}

static void
lint_roles(struct lint *l)
{
	if (l->settings->auth.type != AUTH_NONE && rules_know_roles(l))
		check_given(l, l->in->auth);
	if (!roles_are_known(l))
		return;
	walk_all(l, check_role);
	for (size_t i = 0; i < l->nrules; i++)
		if (l->rules[i]->action == ACTION_REQUIRE_ROLE)
			check_required(l, l->rules[i]);
}

/* --- listeners and peers ------------------------------------------------------------------ */

static bool
has_listener(const struct settings *s, struct str name)
{
	for (size_t i = 0; i < s->nlisteners; i++)
		if (str_eq(s->listeners[i].name, name))
			return true;
	return false;
}

static bool
has_socket(const struct settings *s)
{
	for (size_t i = 0; i < s->nlisteners; i++)
		if (s->listeners[i].path.n > 0)
			return true;
	return false;
}

static void
check_place(struct lint *l, const struct cond *c, bool plain)
{
	bool peer = c->field == FIELD_PEER_UID || c->field == FIELD_PEER_GID;

	if (peer && plain && !has_socket(l->settings))
		diag_warning(l->diag, FINDING_PEER_WITHOUT_SOCKET, c->pos,
			"%s is of unix listeners, and there is none: this "
			"never holds",
			field_info[c->field].name);
	if (c->field != FIELD_LISTENER || !plain || !cond_is_one_of(c) ||
		c->nocase)
		return;
	for (size_t i = 0; i < c->nvalues; i++)
		if (!has_listener(l->settings, c->values[i].text))
			diag_warning(l->diag, FINDING_UNKNOWN_LISTENER,
				c->values[i].pos,
				"there is no listener \"%.*s\"",
				STR_FMT(c->values[i].text));
}

/* Can the condition certainly not hold on that listener? */
static bool
never_on(const struct cond *c, struct str listener)
{
	bool all = c->first != NULL, any = false;

	if (c->kind == COND_TEST)
		return c->field == FIELD_LISTENER && cond_is_one_of(c) &&
		       !c->nocase && names(c, listener) == c->negate;
	if (c->kind == COND_NOT)
		return false;
	for (const struct cond *i = c->first; i; i = i->next) {
		bool never = never_on(i, listener);
		any |= never;
		all &= never;
	}
	return c->kind == COND_AND ? any : all;
}

static bool
allows_on(const struct lint *l, struct str listener)
{
	for (size_t i = 0; i < l->nall; i++)
		if (l->rules[i]->action == ACTION_ALLOW &&
			!never_on(l->rules[i]->when, listener))
			return true;
	return l->settings->default_allow;
}

static void
lint_listeners(struct lint *l)
{
	const struct tree *list = read_given(l->in->global, "listeners");
	const struct tree *t = list ? list->first : NULL;

	for (size_t i = 0; t && i < l->settings->nlisteners; i++, t = t->next) {
		struct str name = l->settings->listeners[i].name;
		if (l->nall > 0 && !allows_on(l, name))
			diag_warning(l->diag, FINDING_DEAD_LISTENER, t->pos,
				"no rule allows anything on the listener "
				"\"%.*s\"",
				STR_FMT(name));
	}
}

void
lint_names(struct lint *l)
{
	lint_roles(l);
	walk_all(l, check_place);
	lint_listeners(l);
}
