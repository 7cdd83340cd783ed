/* Single conditions of a rule: what they miss, or can never meet. */
#include "compiler/lint_parts.h"

#include "compiler/regex_prefix.h"

/* --- tests ----------------------------------------------------------------------- */

/* A test that speaks of what is there. */
static bool
is_positive(const struct cond *c)
{
	return c->kind == COND_TEST && c->negate == cond_holds_of_none(c);
}

static bool
any_starts(const struct cond *c, struct str prefix)
{
	for (size_t i = 0; i < c->nvalues; i++)
		if (str_starts(c->values[i].text, prefix))
			return true;
	return false;
}

static bool
any_holds(const struct cond *c, struct str part)
{
	for (size_t i = 0; i < c->nvalues; i++)
		if (str_find(c->values[i].text, part) < c->values[i].text.n)
			return true;
	return false;
}

/* --- patterns on paths ---------------------------------------------------------- */

/* The bytes of one item of a pattern: an escape, a class, a character. What
 * is too clever to be read takes all. */
static size_t
item_length(struct str s)
{
	size_t i = 1;

	if (s.p[0] == '\\')
		return s.n > 1 && !strchr("QEc", s.p[1]) ? 2 : s.n;
	if (s.p[0] != '[')
		return 1;
	if (i < s.n && s.p[i] == '^')
		i++;
	if (i < s.n && s.p[i] == ']')
		i++;
	for (; i < s.n && s.p[i] != ']'; i++) {
		if (s.p[i] == '[')
			return s.n;
		i += s.p[i] == '\\';
	}
	return i < s.n ? i + 1 : s.n;
}

/* The alternative that s begins with: up to a | outside of groups. */
static struct str
alternative(struct str s)
{
	struct str rest = s;
	size_t depth = 0, n;

	for (; rest.n > 0; rest = str_from(rest, n)) {
		n = item_length(rest);
		if (rest.p[0] == '|' && depth == 0)
			return (struct str){s.p, s.n - rest.n};
		depth += rest.p[0] == '(';
		depth -= rest.p[0] == ')' && depth > 0;
	}
	return s;
}

/* The bytes of the group that s begins with; 0 when it has no end that can be
 * read. */
static size_t
group_length(struct str s)
{
	size_t depth = 0, n;

	for (size_t i = 0; i < s.n; i += n) {
		n = item_length(str_from(s, i));
		depth += s.p[i] == '(';
		depth -= s.p[i] == ')';
		if (depth == 0)
			return i + n;
	}
	return 0;
}

static bool is_anchored(struct str pattern);

/* A group that only groups; of another kind it is not sure. */
static bool
group_is_anchored(struct str s)
{
	size_t n = group_length(s), open = str_starts(s, STR("(?:")) ? 3 : 1;

	if (n == 0 || (open == 1 && n > 1 && strchr("?*", s.p[1])))
		return true;
	if (!is_anchored((struct str){s.p + open, n - open - 1}))
		return false;
	/* What may be left out holds nothing. */
	struct str rest = str_from(s, n);
	if (rest.n == 0 || !strchr("?*", rest.p[0]))
		return true;
	rest = str_from(rest, 1);
	return is_anchored(rest);
}

/* Is each alternative held to the path's start? True too where that is not
 * sure. */
static bool
is_anchored(struct str pattern)
{
	for (;;) {
		struct str a = alternative(pattern);
		struct str begin = a;
		if (str_starts(begin, STR("(?i)")))
			begin = str_from(begin, 4);
		bool clever = str_starts(begin, STR("\\")) &&
			      !str_starts(begin, STR("\\/"));
		bool group = str_starts(begin, STR("("));
		if (group && !group_is_anchored(begin))
			return false;
		if (!group && !clever && !str_starts(begin, STR("^")))
			return false;
		if (a.n == pattern.n)
			return true;
		pattern = str_from(pattern, a.n + 1);
	}
}

/* Sections whose calls have a name behind the section's. */
static const char *const named_sections[] = {
	"/containers/",
	"/exec/",
	"/images/",
	"/networks/",
	"/nodes/",
	"/plugins/",
	"/secrets/",
	"/configs/",
	"/services/",
	"/tasks/",
	"/volumes/",
};

/* Does it end within a name, or a word that another name may begin with? */
static bool
ends_in_a_name(struct str prefix)
{
	for (size_t i = 0; i < COUNT_OF(named_sections); i++) {
		struct str section = str_of(named_sections[i]);
		if (str_starts(prefix, section) && prefix.n > section.n)
			return prefix.p[prefix.n - 1] != '/';
	}
	return false;
}

/* The beginning that a test asks of the path, where it asks no more. */
static bool
asks_for_prefix(struct lint *l, const struct cond *c, struct str *out)
{
	struct str pattern = c->values[0].text;

	*out = pattern;
	if (c->op == OP_STARTS_WITH)
		return true;
	if (c->op != OP_MATCHES || !take_steps(&l->implies, pattern.n) ||
		!regex_prefix(pattern, l->arena, out))
		return false;
	/* Literal to its end, but for escapes. */
	for (size_t i = 1; i < pattern.n; i++)
		if (strchr("$()[]{}*+?|", pattern.p[i]) ||
			(pattern.p[i] == '.' && pattern.p[i - 1] != '\\'))
			return false;
	return true;
}

/* Another condition of the rule says which paths it is for. */
static bool
has_other_path(const struct lint *l, const struct cond *c)
{
	for (size_t i = 0; i < l->ntop; i++) {
		const struct cond *o = l->top[i];
		if (o != c && o->kind == COND_TEST && !o->negate &&
			o->field == FIELD_PATH && o->op != OP_CONTAINS)
			return true;
	}
	return false;
}

static void
lint_path(struct lint *l, const struct rule *r, const struct cond *c)
{
	struct str prefix;

	if (r->action != ACTION_ALLOW || c->field != FIELD_PATH || c->negate ||
		c->nvalues != 1 || cond_always_holds(c) || has_other_path(l, c))
		return;
	struct pos pos = c->values[0].pos;
	if (c->op == OP_MATCHES && !is_anchored(c->values[0].text))
		diag_warning(l->diag, FINDING_UNANCHORED_PATH, pos,
			"this allows every path in which the pattern is found "
			"anywhere");
	else if (asks_for_prefix(l, c, &prefix) && ends_in_a_name(prefix))
		diag_warning(l->diag, FINDING_OPEN_ENDED_PATH, pos,
			"this also allows %.*s-x/exec and whatever else goes "
			"on like it",
			STR_FMT(prefix));
}

/* --- capabilities ------------------------------------------------------------------ */

static bool
has_lower(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'a' && s.p[i] <= 'z')
			return true;
	return false;
}

static bool
is_capability_list(struct str path)
{
	return str_find_nocase(path, STR("CapAdd")) < path.n ||
	       str_find_nocase(path, STR("CapabilityAdd")) < path.n;
}

/* Does a text test of the body know both cases, and both prefixes? */
static bool
knows_spellings(const struct cond *c)
{
	if (c->op == OP_MATCHES)
		return c->nocase || any_holds(c, STR("(?i"));
	if (!c->nocase)
		return false;
	return c->op == OP_CONTAINS || c->op == OP_ENDS_WITH ||
	       (any_starts(c, STR("CAP_")) && c->nvalues > 1);
}

static void
lint_capability(struct lint *l, const struct rule *r, const struct cond *c)
{
	if (!rule_restricts(r) || c->negate || c->nvalues == 0)
		return;
	bool part = c->op == OP_CONTAINS || c->op == OP_STARTS_WITH ||
		    c->op == OP_ENDS_WITH;
	bool text = part || cond_is_one_of(c) || c->op == OP_MATCHES;
	if (c->field == FIELD_BODY && text && is_capability_list(c->name) &&
		!knows_spellings(c))
		diag_warning(l->diag, FINDING_CAPABILITY_SPELLING, c->pos,
			"sys_admin, SYS_ADMIN and CAP_SYS_ADMIN are one "
			"capability: this knows one spelling");
	else if (c->field == FIELD_DOCKER_CAPABILITIES && part &&
		 ((!c->nocase && has_lower(c->values[0].text)) ||
			 any_starts(c, STR("CAP_"))))
		diag_warning(l->diag, FINDING_CAPABILITY_SPELLING, c->pos,
			"docker.capabilities holds upper case without CAP_: "
			"this never holds");
	else
		return;
	diag_help(l->diag, "use docker.capabilities with in or not_only_in");
}

/* --- versions ------------------------------------------------------------------------ */

static void
lint_version(struct lint *l, const struct rule *r, const struct cond *c)
{
	if (!rule_restricts(r) || c->field != FIELD_API_VERSION || c->negate ||
		!cond_is_one_of(c) || l->ntop == 1)
		return;
	diag_warning(l->diag, FINDING_ONE_API_VERSION, c->pos,
		"the same request of another API version is not held back, "
		"and the client chooses the version");
}

/* --- names and ids --------------------------------------------------------------------- */

static bool
rule_knows_ids(const struct cond *c)
{
	for (const struct cond *i = c->first; i; i = i->next) {
		if (i->kind != COND_TEST && rule_knows_ids(i))
			return true;
		if (i->kind == COND_TEST && any_starts(i, STR("id:")))
			return true;
	}
	return false;
}

/* The name in a path that is literal up to its end, or to a slash. */
static bool
names_one(struct str path, bool whole)
{
	static const char *const sections[] = {"/containers/", "/networks/",
		"/services/", "/images/", "/tasks/", "/nodes/"};
	static const char *const calls[] = {
		"json", "create", "prune", "load", "get", "search"};

	for (size_t i = 0; i < COUNT_OF(sections); i++) {
		if (!str_starts(path, str_of(sections[i])))
			continue;
		struct str name = str_from(path, strlen(sections[i]));
		size_t slash = str_find(name, STR("/"));
		if (slash == name.n && !whole)
			return false;
		name.n = slash;
		for (size_t k = 0; k < COUNT_OF(calls); k++)
			if (str_eq(name, str_of(calls[k])))
				return false;
		return name.n > 0;
	}
	return false;
}

static bool
path_names_one(struct lint *l, const struct cond *c)
{
	struct str prefix;

	for (size_t i = 0; cond_is_one_of(c) && i < c->nvalues; i++)
		if (names_one(c->values[i].text, true))
			return true;
	if (c->op == OP_STARTS_WITH)
		return names_one(c->values[0].text, false);
	return c->op == OP_MATCHES &&
	       take_steps(&l->implies, c->values[0].text.n) &&
	       regex_prefix(c->values[0].text, l->arena, &prefix) &&
	       names_one(prefix, false);
}

/* Modes of networks are no names. */
static bool
is_mode(struct str s)
{
	static const char *const modes[] = {
		"host", "none", "bridge", "default", "ingress"};

	for (size_t i = 0; i < COUNT_OF(modes); i++)
		if (str_eq(s, str_of(modes[i])))
			return true;
	return str_starts(s, STR("container:"));
}

static bool
lists_names(const struct cond *c)
{
	if (!cond_is_one_of(c) || (c->field != FIELD_DOCKER_CONTAINERS &&
					  c->field != FIELD_DOCKER_TARGET &&
					  c->field != FIELD_DOCKER_NETWORKS))
		return false;
	for (size_t i = 0; i < c->nvalues; i++)
		if (!is_mode(c->values[i].text))
			return true;
	return false;
}

static void
lint_name(struct lint *l, const struct rule *r, const struct cond *c)
{
	if (!rule_restricts(r) || c->negate || rule_knows_ids(r->when))
		return;
	bool path = c->field == FIELD_PATH && path_names_one(l, c);
	if (!path && !lists_names(c))
		return;
	diag_warning(l->diag, FINDING_DENY_BY_NAME, c->pos,
		"what has this name also has an id, and by that it is not "
		"held back");
	diag_help(l->diag, path ? "use docker.containers, and deny what "
				  "starts_with \"id:\" too"
				: "deny what starts_with \"id:\" too");
}

static void
lint_image(struct lint *l, const struct rule *r, const struct cond *c)
{
	bool image = c->field == FIELD_DOCKER_IMAGES ||
		     (c->field == FIELD_BODY &&
			     str_eq_nocase(c->name, STR("Image")));

	if (r->action != ACTION_DENY || c->negate || !image ||
		!cond_is_one_of(c) || any_holds(c, STR("@")) ||
		rule_knows_ids(r->when))
		return;
	diag_warning(l->diag, FINDING_DENY_BY_IMAGE, c->pos,
		"the same image has other tags, a digest and an id, and by "
		"those it is not denied");
	diag_help(l->diag, "deny with docker.images not_only_in those that are "
			   "allowed");
}

/* --- bodies ----------------------------------------------------------------------------- */

static bool
all_in(const struct cond *c, const char *const *words, size_t n)
{
	for (size_t i = 0; i < c->nvalues; i++) {
		size_t k = 0;
		while (k < n && !str_eq(c->values[i].text, str_of(words[k])))
			k++;
		if (k == n)
			return false;
	}
	return c->nvalues > 0;
}

/* Is it for calls of which the Engine reads no JSON alone? */
static bool
is_without_json(const struct cond *c)
{
	static const char *const reads[] = {"GET", "HEAD"};
	static const char *const archives[] = {
		"/build", "/images/load", "/plugins/create"};

	if (c->kind != COND_TEST || c->negate || !cond_is_one_of(c))
		return false;
	return c->field == FIELD_METHOD ? all_in(c, reads, COUNT_OF(reads))
	       : c->field == FIELD_PATH
		       ? all_in(c, archives, COUNT_OF(archives))
		       : false;
}

static void
lint_body(struct lint *l, const struct cond *c)
{
	if (c->field != FIELD_BODY || !is_positive(c))
		return;
	for (size_t i = 0; i < l->ntop; i++) {
		if (!is_without_json(l->top[i]))
			continue;
		diag_warning(l->diag, FINDING_BODY_WITHOUT_BODY, c->pos,
			"the calls that this rule is for have no JSON body");
		return;
	}
}

/* --- each test, wherever it stands ------------------------------------------------------- */

static void
lint_test(struct lint *l, const struct rule *r, const struct cond *c)
{
	lint_capability(l, r, c);
	lint_name(l, r, c);
	lint_image(l, r, c);
}

static void
lint_tree(struct lint *l, const struct rule *r, const struct cond *group)
{
	for (const struct cond *c = group->first; c; c = c->next) {
		if (c->kind == COND_TEST)
			lint_test(l, r, c);
		else if (c->kind != COND_NOT)
			lint_tree(l, r, c);
	}
}

void
lint_conds(struct lint *l, const struct rule *r)
{
	lint_tree(l, r, r->when);
	for (size_t i = 0; i < l->ntop; i++) {
		const struct cond *c = l->top[i];
		if (c->kind != COND_TEST)
			continue;
		lint_path(l, r, c);
		lint_version(l, r, c);
		lint_body(l, c);
	}
}
