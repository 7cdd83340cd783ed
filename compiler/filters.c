/* Actions: the list of response_filter, and replacements as JSON. */
#include "compiler/actions.h"

#include <stdio.h>
#include <stdlib.h>

struct filter_draft {
	const struct tree *field, *replacement, *match;
	int action; /* -1: none was read */
};

/* --- replacements ------------------------------------------------------------ */

static void
write_string(struct str s, FILE *out)
{
	putc('"', out);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c == '"' || c == '\\')
			putc('\\', out);
		if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			putc(c, out);
	}
	putc('"', out);
}

static bool
write_scalar(struct reader *r, const struct tree *node, FILE *out)
{
	struct cond_value value;
	if (tree_is_null(node)) {
		fputs("null", out);
		return true;
	}
	if (!cond_typed_read(r, node, &value))
		return false;
	if (value.kind == VALUE_STRING)
		write_string(node->text, out);
	else if (value.kind == VALUE_NUMBER)
		fwrite(node->text.p, 1, node->text.n, out);
	else
		fputs(value.kind == VALUE_TRUE ? "true" : "false", out);
	return true;
}

/* As deep as trees are: TREE_DEPTH_MAX. */
static bool
write_json(struct reader *r, const struct tree *node, FILE *out)
{
	bool ok = true;
	if (node->kind == TREE_SCALAR)
		return write_scalar(r, node, out);
	bool is_map = node->kind == TREE_MAP;
	putc(is_map ? '{' : '[', out);
	for (const struct tree *t = node->first; t; t = t->next) {
		if (t != node->first)
			putc(',', out);
		if (is_map) {
			write_string(t->key, out);
			putc(':', out);
		}
		ok &= write_json(r, t, out);
	}
	putc(is_map ? '}' : ']', out);
	return ok;
}

/* The value as JSON, in the arena; empty after an error. */
static struct str
json_of(struct reader *r, const struct tree *node)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	if (!out) {
		diag_error(r->diag, node->pos, "out of memory");
		return STR("");
	}
	bool ok = write_json(r, node, out);
	struct str json = STR("");
	if (fclose(out) == 0 && ok)
		json = arena_str(r->arena, (struct str){text, n});
	else if (ok)
		diag_error(r->diag, node->pos, "out of memory");
	free(text);
	return json;
}

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
		out->replacement = json_of(r, draft->replacement);
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
