/* Rules: the list, names and actions. */
#include "compiler/rules.h"

#include "compiler/actions.h"
#include "compiler/conditions.h"
#include "compiler/rule_lint.h"
#include "compiler/source.h"
#include "runtime/limits.h"

#include <assert.h>
#include <stdlib.h>

struct draft {
	struct rule rule;
	int action; /* -1: none was read */
	const struct tree *action_node, *conditions;
	const struct tree *role, *rate_limit, *response_filter;
};

struct rules_reader {
	struct reader r;
	struct cond_reader conds;
	enum rule_part part;
};

void
rule_list_init(struct rule_list *l)
{
	*l = (struct rule_list){0};
	l->tail = &l->first;
	l->names_tail = &l->names;
}

void
rule_list_add(struct rule_list *l, struct rule *r)
{
	r->next = NULL;
	*l->tail = r;
	l->tail = &r->next;
	l->count++;
}

struct ordered {
	const struct rule *rule;
	size_t seq;
};

static int
by_order(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	if (x->rule->toggle != y->rule->toggle)
		return x->rule->toggle ? 1 : -1;
	if (x->rule->part != y->rule->part)
		return x->rule->part < y->rule->part ? -1 : 1;
	if (x->rule->pos.file != y->rule->pos.file)
		return x->rule->pos.file < y->rule->pos.file ? -1 : 1;
	if (x->rule->priority != y->rule->priority)
		return x->rule->priority > y->rule->priority ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

const struct rule **
rules_in_order(const struct rule_list *l, struct arena *a)
{
	struct ordered *v = arena_alloc(a, (l->count + 1) * sizeof(*v));
	const struct rule **out = arena_alloc(a, (l->count + 1) * sizeof(*out));
	size_t n = 0;
	if (!v || !out)
		return NULL;
	for (const struct rule *r = l->first; r; r = r->next, n++)
		v[n] = (struct ordered){r, n};
	assert(n == l->count);
	qsort(v, n, sizeof(*v), by_order);
	for (size_t i = 0; i < n; i++)
		out[i] = v[i].rule;
	return out;
}

/* --- tables ----------------------------------------------------------------- */

static const struct key_word actions[] = {
	{"deny", ACTION_DENY},
	{"allow", ACTION_ALLOW},
	{"require_role", ACTION_REQUIRE_ROLE},
	{"rate_limit", ACTION_RATE_LIMIT},
	{"response_filter", ACTION_RESPONSE_FILTER},
	{NULL, 0},
};

static const struct key keys[] = {
	KEY("name", TEXT, INTO(struct draft, rule.name), .min = 1,
		.required = true, .help = "unique"),
	KEY("action", NODE, INTO(struct draft, action_node), .forms = FORM_TEXT,
		.words = actions, .required = true,
		.help = "what happens when it fires"),
	KEY("conditions", NODE, INTO(struct draft, conditions),
		.forms = FORM_MAPS, .map = &condition_map,
		.unsaid = "none: always", .help = "all of them must hold"),
	KEY("priority", I64, INTO(struct draft, rule.priority),
		RANGE(INT32_MIN, UINT32_MAX), .preset = "0",
		.help = "higher ones are asked first, equal ones as written"),
	KEY("status", U16, INTO(struct draft, rule.status), RANGE(400, 599),
		.unsaid = "403; 429 of `rate_limit`", .help = "of a denial"),
	KEY("message", TEXT, INTO(struct draft, rule.message),
		.unsaid = "`docker-proxy: denied by rule \"<name>\"`; of "
			  "`rate_limit`, `docker-proxy: rate limit "
			  "\"<name>\" exceeded`",
		.help = "of a denial. The answer carries at most 512 bytes of "
			"it, the log more"),
	KEY("dry_run", BOOL, INTO(struct draft, rule.dry_run),
		.preset = "false",
		.help = "not with `allow`. Where the rule would have denied, "
			"that is logged (`dry_run: would be denied`), and "
			"evaluation goes on; a `rate_limit` takes its tokens. "
			"A `response_filter` in dry run does nothing"),
	KEY("role", NODE, INTO(struct draft, role),
		.forms = FORM_TEXT | FORM_TEXTS, .preset = "admin",
		.help = "of `require_role`: a name, or a list of which one is "
			"enough"),
	KEY("rate_limit", NODE, INTO(struct draft, rate_limit),
		.forms = FORM_MAP, .map = &rate_limit_map,
		.unsaid = "50 in 30s", .help = "of `rate_limit`"),
	KEY("response_filter", NODE, INTO(struct draft, response_filter),
		.forms = FORM_MAPS, .map = &filter_map,
		.help = "required with `response_filter`"),
	KEY("description", TEXT, INTO(struct draft, rule.description),
		.help = "for the reader"),
};

const struct key_map rule_map = MAP("rule", "a rule", keys);

/* As the word of the table. */
static const struct key action_key =
	KEY("action", WORD, INTO(struct draft, action), .words = actions);

/* --- one rule ---------------------------------------------------------------- */

static void
keep_name(struct rules_reader *rr, const struct tree *node,
	const struct draft *draft, struct rule_list *l)
{
	const struct tree *name = tree_get(node, "name");
	if (draft->rule.name.n == 0) {
		if (!name || tree_is_null(name))
			diag_error(
				rr->r.diag, node->pos, "a rule needs a name");
		return;
	}
	struct rule_name *n = arena_alloc(rr->r.arena, sizeof(*n));
	if (!n)
		return;
	*n = (struct rule_name){NULL, draft->rule.name, name->pos};
	*l->names_tail = n;
	l->names_tail = &n->next;
	l->nnames++;
}

/* What a guard or a policy is for; the configuration itself may do both. */
static void
check_part(struct rules_reader *rr, const struct draft *draft)
{
	bool filters = draft->action == ACTION_RESPONSE_FILTER;
	bool allows = draft->action == ACTION_ALLOW;
	struct diag *d = rr->r.diag;
	if (draft->action < 0 || filters)
		return;
	if (rr->part == RULE_GUARD && allows) {
		diag_error(d, draft->action_node->pos,
			"a guard allows nothing: its rules come before all "
			"others");
		diag_help(d, "put this rule into a file of kind: policy");
	}
	if (rr->part == RULE_POLICY && !allows) {
		diag_error(d, draft->action_node->pos,
			"a policy only allows: this rule would hold back what "
			"comes behind it, and nothing else");
		diag_help(d, "put this rule into a file of kind: guard");
	}
}

static void
read_action(
	struct rules_reader *rr, const struct tree *node, struct draft *draft)
{
	const struct tree *action = draft->action_node;
	if (!action || tree_is_null(action)) {
		diag_error(rr->r.diag, action ? action->pos : node->pos,
			"a rule needs an action: deny, allow, require_role, "
			"rate_limit or response_filter");
		return;
	}
	read_key(&rr->r, action, &action_key, draft);
}

/* The Rust docker-proxy ignores what its action does not use. Here that is
 * told; and where a rule could let through what its key seems to hold back,
 * it is an error. */
static void
check_foreign_key(struct rules_reader *rr, const struct tree *node,
	const struct draft *draft, enum action home)
{
	struct diag *d = rr->r.diag;
	if (!node || draft->action < 0 || draft->action == (int)home)
		return;
	if (tree_is_null(node))
		diag_warning(d, FINDING_NO_VALUE, node->pos,
			"%.*s has no value and counts as not given",
			STR_FMT(node->key));
	else if (draft->action == ACTION_DENY)
		diag_warning(d, FINDING_NO_EFFECT, node->key_pos,
			"\"%.*s\" does not go with this action: it denies "
			"all the same",
			STR_FMT(node->key));
	else
		diag_error(d, node->key_pos,
			"\"%.*s\" does not go with this action",
			STR_FMT(node->key));
}

/* Keys of the action. */
static void
read_operands(
	struct rules_reader *rr, const struct tree *node, struct draft *draft)
{
	struct reader *r = &rr->r;
	if (draft->rule.status == 0)
		draft->rule.status =
			draft->action == ACTION_RATE_LIMIT ? 429 : 403;
	check_foreign_key(rr, draft->role, draft, ACTION_REQUIRE_ROLE);
	check_foreign_key(rr, draft->rate_limit, draft, ACTION_RATE_LIMIT);
	check_foreign_key(
		rr, draft->response_filter, draft, ACTION_RESPONSE_FILTER);
	if (draft->action == ACTION_ALLOW && draft->rule.dry_run)
		diag_error(r->diag, tree_get(node, "dry_run")->key_pos,
			"dry_run is for rules that deny");
	if (draft->action == ACTION_REQUIRE_ROLE)
		roles_read(r, draft->role, &draft->rule);
	if (draft->action == ACTION_RATE_LIMIT)
		rate_limit_read(r, draft->rate_limit, &draft->rule.limit);
	if (draft->action == ACTION_RESPONSE_FILTER)
		filters_read(
			&rr->conds, node, draft->response_filter, &draft->rule);
}

static bool
read_conditions(
	struct rules_reader *rr, const struct tree *node, struct draft *draft)
{
	const struct tree *list = draft->conditions;
	static const struct tree none = {.kind = TREE_LIST};
	if (list && tree_is_null(list)) {
		diag_error(rr->r.diag, list->pos, "conditions is empty");
		diag_help(rr->r.diag, "write [] for a rule that always fires");
		return false;
	}
	draft->rule.when =
		conditions_read(&rr->conds, list ? list : &none, COND_AND);
	draft->rule.pos = node->pos;
	draft->rule.part = rr->part;
	return draft->rule.when != NULL;
}

static void
read_rule(struct rules_reader *rr, const struct tree *node, struct rule_list *l)
{
	struct draft draft = {.action = -1};
	size_t errors = rr->r.diag->errors;
	if (!read_map(&rr->r, node, &rule_map, &draft))
		return;
	keep_name(rr, node, &draft, l);
	read_action(rr, node, &draft);
	check_part(rr, &draft);
	read_operands(rr, node, &draft);
	bool ok = read_conditions(rr, node, &draft);
	if (!ok || rr->r.diag->errors != errors)
		return;
	struct rule *rule = arena_alloc(rr->r.arena, sizeof(*rule));
	if (!rule)
		return;
	assert(draft.action >= 0 && draft.action < ACTION_COUNT);
	*rule = draft.rule;
	rule->action = (enum action)draft.action;
	rule_lint(rr->r.diag, rule);
	rule_list_add(l, rule);
}

void
rules_read(const struct tree *node, enum rule_part part, struct rule_list *l,
	struct arena *a, struct diag *d)
{
	struct rules_reader rr = {
		.r = {.arena = a, .scratch = a, .diag = d},
		.part = part,
	};
	if (!node || tree_is_null(node) || !read_is_list(&rr.r, node))
		return;
	if (node->count > RULES_MAX - l->count) {
		diag_error(d, node->key_pos, "more than %u rules", RULES_MAX);
		return;
	}
	rr.conds.r = &rr.r;
	intern_init(&rr.conds.patterns, a);
	for (const struct tree *t = node->first; t; t = t->next)
		read_rule(&rr, t, l);
	intern_fini(&rr.conds.patterns);
}

static void
tell_same_name(struct diag *d, struct pos pos, struct pos before)
{
	if (pos.file == before.file)
		diag_error(d, pos, "the rule in line %u has the same name",
			before.line);
	else
		diag_error(d, pos, "the rule in %.*s:%u has the same name",
			STR_FMT(diag_source(d, before)->name), before.line);
}

void
rules_check_names(const struct rule_list *l, struct arena *a, struct diag *d)
{
	struct pos *places = arena_alloc(a, (l->nnames + 1) * sizeof(*places));
	struct intern names;
	uint32_t n = 0;
	bool is_new;
	intern_init(&names, a);
	for (const struct rule_name *i = l->names; places && i; i = i->next) {
		uint32_t at = intern_put(&names, i->text, n, &is_new);
		if (is_new)
			places[n++] = i->pos;
		else if (!names.failed)
			tell_same_name(d, i->pos, places[at]);
	}
	intern_fini(&names);
}
