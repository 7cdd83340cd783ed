/* Include: files, in the order in which they are named, depth first. */
#include "compiler/include.h"

#include "compiler/read.h"
#include "compiler/ready.h"
#include "compiler/schema.h"
#include "compiler/settings_parts.h"
#include "compiler/testcases.h"

#include <errno.h>
#include <string.h>

struct includer {
	const struct policy_input *in;
	struct arena *scratch;
	struct diag *diag;
	struct units *units;
	const struct unit *of; /* whose `include` is read; NULL: the command
				  line's */
};

/* --- one file ---------------------------------------------------------------- */

static const struct key_word kinds[] = {
	{"guard", RULE_GUARD},
	{"policy", RULE_POLICY},
	{NULL, 0},
};

static const struct key_word toggle_words[] = {{"env", 0}, {NULL, 0}};

static const struct key keys[] = {
	KEY("global", NODE, INTO(struct sections, global), .forms = FORM_MAP,
		.map = &global_map, .help = "the process and its listeners"),
	KEY("auth", NODE, INTO(struct sections, auth), .forms = FORM_MAP,
		.map = &auth_map, .unsaid = "nobody gets in",
		.help = "who gets in"),
	KEY("toggles", NODE, INTO(struct sections, toggles),
		.forms = FORM_TEXT | FORM_TOGGLES, .words = toggle_words,
		.unsaid = "none",
		.help = "`env`, or a map of toggles such as `CONTAINERS`"),
	KEY("include", NODE, INTO(struct sections, include),
		.forms = FORM_TEXTS, .unsaid = "nothing",
		.help = "other files whose rules are taken in: "
			"`policy:traefik`, `./ours.yaml`"),
	KEY("kind", WORD, INTO(struct sections, kind), .words = kinds,
		.unsaid = "a configuration; `policy` where it is included",
		.help = "of a file that others include: a `guard` restricts, a "
			"`policy` allows"),
	KEY("description", TEXT, INTO(struct sections, description),
		.help = "for the reader, one line"),
	KEY("rules", NODE, INTO(struct sections, rules), .forms = FORM_MAPS,
		.map = &rule_map, .help = "what is allowed and denied"),
	KEY("tests", NODE, INTO(struct sections, tests), .forms = FORM_MAPS,
		.map = &testcase_map,
		.help = "requests, and the verdict they must get"),
};

const struct key_map policy_map = MAP("policy", "a policy", keys);

/* What is said once, by the file that is served. */
static void
check_foreign(struct includer *inc, const struct tree *node)
{
	if (!node)
		return;
	diag_error(inc->diag, node->key_pos,
		"\"%.*s\" is for the configuration itself, not for what it "
		"includes",
		STR_FMT(node->key));
}

static void
check_sections(struct includer *inc, struct unit *u)
{
	const struct sections *s = &u->sections;
	bool is_main = inc->in->file && !u->parent;

	u->part = (enum rule_part)s->kind;
	if (is_main)
		return;
	check_foreign(inc, s->global);
	check_foreign(inc, s->auth);
	check_foreign(inc, s->toggles);
	if (u->part == RULE_OWN)
		u->part = RULE_POLICY;
}

static bool
read_unit(
	struct includer *inc, struct unit *u, struct str name, struct str text)
{
	struct reader r = {
		.arena = inc->scratch,
		.scratch = inc->scratch,
		.diag = inc->diag,
	};
	u->sections.kind = RULE_OWN;
	if (!source_init(&u->source, name, text, inc->diag->arena, inc->diag))
		return false;
	const struct tree *root =
		tree_parse(&u->source, inc->in->envp, inc->scratch, inc->diag);
	if (!root)
		return false;
	read_map(&r, root, &policy_map, &u->sections);
	check_sections(inc, u);
	return true;
}

static void read_includes(struct includer *inc, const struct unit *u);

/* One more file, and what that one includes. */
static bool
add_unit(struct includer *inc, struct str name, struct str text)
{
	struct unit *u = arena_alloc(inc->diag->arena, sizeof(*u));

	if (!u) {
		diag_file_error(inc->diag, "out of memory");
		return false;
	}
	u->parent = inc->of;
	if (!read_unit(inc, u, name, text))
		return false;
	*inc->units->tail = u;
	inc->units->tail = &u->next;
	read_includes(inc, u);
	return true;
}

/* --- what it includes ----------------------------------------------------------- */

static void
tell_unknown(struct includer *inc, struct pos pos, struct str name)
{
	const char *names[READY_MAX];
	size_t n = 0;

	for (const struct ready_policy *p = ready_policies; p->name; p++)
		if (n < READY_MAX)
			names[n++] = p->name;
	diag_error(inc->diag, pos, "there is no ready policy \"%.*s\"",
		STR_FMT(name));
	diag_did_you_mean(inc->diag, name, names, n);
}

static bool
find_ready(struct includer *inc, struct pos pos, struct str name,
	struct str *text_out)
{
	struct str bare = str_from(name, READY_PREFIX.n);
	const struct ready_policy *p = ready_find(bare);

	if (!p) {
		tell_unknown(inc, pos, bare);
		return false;
	}
	*text_out = p->text;
	return true;
}

/* A name as it is said in the file u to one from where we are. */
static struct str
from_here(struct includer *inc, const struct unit *u, struct str name)
{
	struct str folder = u ? u->source.name : STR("");

	while (folder.n > 0 && folder.p[folder.n - 1] != '/')
		folder.n--;
	while (str_starts(name, STR("./")))
		name = str_from(name, 2);
	if (str_starts(name, STR("/")))
		folder.n = 0;
	return arena_fmt(
		inc->diag->arena, "%.*s%.*s", STR_FMT(folder), STR_FMT(name));
}

static bool
read_text_of(struct includer *inc, struct pos pos, struct str name,
	struct str *text_out)
{
	const struct policy_input *in = inc->in;

	errno = ENOENT;
	if (in->read_include && in->read_include(in->read_file_ctx, name.p,
					inc->diag->arena, text_out))
		return true;
	diag_error(inc->diag, pos, "cannot read %.*s: %s", STR_FMT(name),
		strerror(errno));
	return false;
}

/* Is the file being read, further up? Then it includes itself. */
static bool
is_open(const struct includer *inc, struct str name)
{
	for (const struct unit *u = inc->of; u; u = u->parent)
		if (str_eq(u->source.name, name))
			return true;
	return false;
}

static struct unit *
find_unit(const struct includer *inc, struct str name)
{
	for (struct unit *u = inc->units->first; u; u = u->next)
		if (str_eq(u->source.name, name))
			return u;
	return NULL;
}

/* An allow in it would stand before the guards of others. */
static void
check_part(struct includer *inc, struct pos pos, const struct unit *u)
{
	if (u && inc->of && inc->of->part == RULE_GUARD &&
		u->part != RULE_GUARD)
		diag_error(inc->diag, pos, "a guard can include guards only");
}

/* A guard that says nothing is one that a full disk has cut off, or that is
 * being written: what it refuses must not be let in meanwhile. Who means it
 * writes `rules: []`. */
static void
check_empty(struct includer *inc, struct pos pos, const struct unit *u)
{
	const struct sections *s = &u->sections;

	if ((s->rules && !tree_is_null(s->rules)) || s->include)
		return;
	diag_error(inc->diag, pos, "%.*s has no rules, and includes none",
		STR_FMT(u->source.name));
}

static void
include(struct includer *inc, struct pos pos, struct str name)
{
	bool ready = str_starts(name, READY_PREFIX);
	const struct unit *of = inc->of;
	struct str text;

	if (!ready)
		name = from_here(inc, of, name);
	if (is_open(inc, name)) {
		diag_error(
			inc->diag, pos, "%.*s includes itself", STR_FMT(name));
		return;
	}
	if (!find_unit(inc, name)) {
		if (inc->diag->nsources == SOURCES_MAX) {
			diag_error(inc->diag, pos, "more than %d files",
				SOURCES_MAX);
			return;
		}
		if (!(ready ? find_ready(inc, pos, name, &text)
			    : read_text_of(inc, pos, name, &text)))
			return;
		if (add_unit(inc, name, text))
			check_empty(inc, pos, find_unit(inc, name));
		inc->of = of;
	}
	check_part(inc, pos, find_unit(inc, name));
}

static void
read_includes(struct includer *inc, const struct unit *u)
{
	const struct tree *list = u->sections.include;
	struct reader r = {
		.arena = inc->diag->arena,
		.scratch = inc->scratch,
		.diag = inc->diag,
	};
	struct str name;

	if (!list)
		return;
	if (tree_is_null(list)) {
		diag_error(inc->diag, list->key_pos, "include has no value");
		diag_help(inc->diag, "write [] for nothing");
		return;
	}
	if (!read_is_list(&r, list))
		return;
	inc->of = u;
	for (const struct tree *t = list->first; t; t = t->next)
		if (read_file_name(&r, t, &name))
			include(inc, t->pos, name);
}

bool
include_read(const struct policy_input *in, struct arena *scratch,
	struct diag *d, struct units *out)
{
	struct includer inc = {
		.in = in,
		.scratch = scratch,
		.diag = d,
		.units = out,
	};

	*out = (struct units){.tail = &out->first};
	if (in->file && !add_unit(&inc, str_of(in->file), in->text))
		return false;
	inc.of = NULL;
	for (const char *const *p = in->policies; p && *p; p++)
		include(&inc, (struct pos){0},
			arena_fmt(d->arena, "policy:%s", *p));
	d->file = 0;
	return true;
}

/* --- what it comes to ------------------------------------------------------------ */

static bool
any_part(const struct units *units, enum rule_part part)
{
	for (const struct unit *u = units->first; u; u = u->next)
		if (u->part == part)
			return true;
	return false;
}

static bool
any_allow(const struct rule_list *rules)
{
	for (const struct rule *r = rules->first; r; r = r->next)
		if (r->action == ACTION_ALLOW)
			return true;
	return false;
}

void
include_check(const struct units *units, const struct rule_list *rules,
	bool default_allow, struct diag *d)
{
	if (d->errors > 0)
		return;
	if (default_allow && any_part(units, RULE_POLICY)) {
		diag_file_warning(d, FINDING_ONLY_ALLOWS,
			"the default is to allow, so a policy "
			"that allows adds nothing");
		diag_help(d, "write \"default: deny\" below \"global\"");
	}
	if (!default_allow && any_part(units, RULE_GUARD) &&
		!any_allow(rules)) {
		diag_file_warning(d, FINDING_GUARD_ALONE,
			"nothing is allowed: a guard only "
			"refuses");
		diag_help(d, "include a policy beside it, or write "
			     "\"default: allow\" below \"global\"");
	}
}
