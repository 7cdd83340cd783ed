/* Actions: the list of response_filter. */
#include "compiler/actions.h"

#include "compiler/tree_json.h"

struct filter_draft {
	const struct tree *field, *replacement, *match;
	int action; /* -1: none was read */
};

/* --- filters ------------------------------------------------------------------ */

static void
read_path(struct reader *r, const struct tree *node, struct rule_filter *out)
{
	if (!read_text(r, node, false, &out->path))
		return;
	if (!body_path_is_valid(out->path)) {
		diag_error(r->diag, node->pos,
			"the field of a filter is a path in the answer, its "
			"names separated by single dots");
		diag_help(r->diag, "write \\. for a dot inside a name");
	} else if (str_starts(out->path, STR("body."))) {
		diag_warning(r->diag, FINDING_FILTER_OF_BODY, node->pos,
			"answers of the Engine have no member \"body\"");
		diag_help(
			r->diag, "write %.*s", STR_FMT(str_from(out->path, 5)));
	}
}

static void
read_replacement(struct reader *r, const struct filter_draft *draft,
	struct pos pos, struct rule_filter *out)
{
	if (out->action == FILTER_REPLACE && !draft->replacement)
		diag_error(r->diag, pos, "replace needs a replacement");
	else if (out->action == FILTER_REPLACE)
		out->replacement = tree_json(r, draft->replacement);
	else if (draft->replacement)
		diag_warning(r->diag, FINDING_NO_EFFECT,
			draft->replacement->key_pos,
			"replacement has no effect with %s",
			filter_action_name(out->action));
}

/* Without a value it is no pattern that matches everything. */
static bool
read_match(
	struct cond_reader *cr, const struct tree *node, struct cond_value *out)
{
	if (!read_is_scalar(cr->r, node))
		return false;
	if (!tree_is_null(node))
		return cond_pattern_read(cr, node, false, out);
	diag_error(cr->r->diag, node->pos, "match needs a regular expression");
	return false;
}

static const struct key_word actions[] = {
	{"redact", FILTER_REDACT},
	{"remove", FILTER_REMOVE},
	{"replace", FILTER_REPLACE},
	{NULL, 0},
};

static const struct key keys[] = {
	KEY("field", NODE, INTO(struct filter_draft, field), .forms = FORM_TEXT,
		.required = true,
		.help = "a path in the answer, written as behind `body.`, "
			"without `body.` itself"),
	KEY("action", WORD, INTO(struct filter_draft, action), .words = actions,
		.required = true,
		.help = "`redact` puts `\"***REDACTED***\"` in the value's "
			"place, `remove` takes the member or element away, "
			"`replace` puts the `replacement` there"),
	KEY("replacement", NODE, INTO(struct filter_draft, replacement),
		.forms = FORM_ANY,
		.help = "of `replace`: any value, a map or list too; `~` is "
			"`null`"),
	KEY("match", NODE, INTO(struct filter_draft, match), .forms = FORM_TEXT,
		.help = "a regex, with case: only strings in which it finds "
			"something; other values stay. `redact` then keeps the "
			"beginning of a string"),
};

const struct key_map filter_map = MAP("filter", "a filter", keys);

static void
read_filter(struct cond_reader *cr, const struct tree *node,
	struct rule_filter *out)
{
	struct filter_draft draft = {.action = -1};
	struct reader *r = cr->r;
	struct cond_value match;
	size_t errors = r->diag->errors;
	*out = (struct rule_filter){.replacement = STR("")};
	if (!read_map(r, node, &filter_map, &draft) ||
		r->diag->errors != errors)
		return;
	if (!draft.field || tree_is_null(draft.field))
		diag_error(r->diag, node->pos, "a filter needs a field");
	else
		read_path(r, draft.field, out);
	if (draft.action < 0) {
		diag_error(r->diag, node->pos,
			"a filter needs an action: redact, remove or replace");
		return;
	}
	out->action = (enum filter_action)draft.action;
	read_replacement(r, &draft, node->pos, out);
	if (draft.match && read_match(cr, draft.match, &match)) {
		out->has_match = true;
		out->match = match.text;
	}
}

void
filters_read(struct cond_reader *cr, const struct tree *rule,
	const struct tree *node, struct rule *out)
{
	struct diag *d = cr->r->diag;
	if (!node || tree_is_null(node)) {
		diag_error(d, node ? node->pos : rule->pos,
			"response_filter needs a list of filters");
		return;
	}
	if (!read_is_list(cr->r, node))
		return;
	if (node->count == 0)
		diag_warning(d, FINDING_EMPTY_LIST, node->pos,
			"an empty list filters nothing");
	struct rule_filter *filters =
		arena_alloc(cr->r->arena, node->count * sizeof(*filters) + 1);
	size_t i = 0;
	for (const struct tree *t = node->first; filters && t; t = t->next)
		read_filter(cr, t, &filters[i++]);
	out->filters = filters;
	out->nfilters = i;
}
