/* Conditions: fields, operators and groups. */
#include "compiler/conditions.h"

#include "runtime/limits.h"

/* A condition's members, before it is known what they make. */
struct draft {
	const struct tree *field, *op, *value;
	const struct tree *group_and, *group_or, *group_not;
	bool nocase;
	/* Some key was unknown: often the missing one, misspelt. */
	bool misspelt;
};

/* What the schema offers. */
static const struct key_word operators[] = {
#define OPERATOR(id, name, value, kinds) {name, 0}, {"not_" name, 0},
#include "runtime/operators.def"
#undef OPERATOR
	{NULL, 0},
};

static const struct key keys[] = {
	KEY("field", NODE, INTO(struct draft, field), .forms = FORM_FIELD,
		.with = "operator", .help = "what is looked at"),
	KEY("operator", NODE, INTO(struct draft, op), .forms = FORM_TEXT,
		.words = operators, .with = "field",
		.help = "how it is compared; `not_` is the opposite"),
	KEY("value", NODE, INTO(struct draft, value),
		.forms = FORM_TEXT | FORM_TEXTS, .with = "operator",
		.help = "what it is compared with; a list for `in`"),
	KEY("ignore_case", BOOL, INTO(struct draft, nocase), .with = "operator",
		.preset = "false", .help = "ASCII; in `matches`, PCRE2's"),
	KEY("and", NODE, INTO(struct draft, group_and), .forms = FORM_MAPS,
		.map = &condition_map, .help = "all of them hold"),
	KEY("or", NODE, INTO(struct draft, group_or), .forms = FORM_MAPS,
		.map = &condition_map, .help = "one of them holds"),
	KEY("not", NODE, INTO(struct draft, group_not),
		.forms = FORM_MAP | FORM_MAPS, .map = &condition_map,
		.help = "it does not hold; of a list, not all of them"),
};

static const char *const kinds[] = {"field", "and", "or", "not", NULL};
const struct key_map condition_map =
	MAP("condition", "a condition", keys, .one_of = kinds);

static struct cond *
new_cond(struct cond_reader *cr, enum cond_kind kind, struct pos pos)
{
	struct cond *c = arena_alloc(cr->r->arena, sizeof(*c));
	if (c) {
		c->kind = kind;
		c->pos = pos;
	}
	return c;
}

/* --- fields ---------------------------------------------------------------- */

static void
unknown_field(struct reader *r, const struct tree *node)
{
	const char *names[FIELD_COUNT];
	size_t dot = str_find(node->text, STR("."));
	struct str name = dot < node->text.n ? str_from(node->text, dot + 1)
					     : STR("<name>");
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		names[i] = field_info[i].name;
		if (field_info[i].flags & FIELD_NAMED)
			names[i] = arena_fmt(r->diag->arena, "%s.%.*s",
				field_info[i].name, STR_FMT(name))
					   .p;
	}
	diag_error(r->diag, node->pos, "unknown field \"%.*s\"",
		STR_FMT(node->text));
	diag_did_you_mean(r->diag, node->text, names, FIELD_COUNT);
}

/* RFC 9110, section 5.6.2. */
static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);
		bool alnum = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return s.n > 0;
}

bool
body_path_is_valid(struct str s)
{
	unsigned steps = 0;
	for (;; steps++) {
		size_t n = body_path_step(s);
		if (n == 0 || steps >= JSON_DEPTH_MAX)
			return false;
		if (n == s.n)
			return true;
		s = str_from(s, n + 1);
	}
}

bool
header_name_read(struct reader *r, const struct tree *node, struct str name,
	struct str *out)
{
	if (!is_token(name)) {
		diag_error(r->diag, node->pos,
			"\"%.*s\" cannot be the name of a header",
			STR_FMT(name));
		return false;
	}
	char *p = arena_alloc(r->arena, name.n + 1);
	for (size_t i = 0; p && i < name.n; i++)
		p[i] = ascii_lower(name.p[i]);
	*out = (struct str){p, name.n};
	return p != NULL;
}

static bool
read_name(struct reader *r, const struct tree *node, struct cond *c)
{
	if (c->field == FIELD_HEADER)
		return header_name_read(r, node, c->name, &c->name);
	struct str name = arena_str(r->arena, c->name);
	if (c->field == FIELD_BODY && !body_path_is_valid(name)) {
		diag_error(r->diag, node->pos,
			"a body field is body.<path>, its names separated by "
			"single dots");
		diag_help(r->diag, "write \\. for a dot inside a name");
		return false;
	}
	c->name = name;
	return name.p != NULL;
}

static bool
read_field(struct reader *r, const struct tree *node, struct cond *c)
{
	if (node->kind != TREE_SCALAR) {
		diag_error(r->diag, node->pos, "field must be a word");
		return false;
	}
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		struct str name = str_of(field_info[i].name);
		bool named = field_info[i].flags & FIELD_NAMED;
		c->field = (enum field)i;
		if (!named && str_eq(node->text, name))
			return true;
		if (!named || !str_starts(node->text, name))
			continue;
		struct str rest = str_from(node->text, name.n);
		if (rest.n > 0 && rest.p[0] != '.')
			continue;
		if (rest.n < 2) {
			diag_error(r->diag, node->pos,
				"%s needs a name: %s.<name>",
				field_info[i].name, field_info[i].name);
			return false;
		}
		c->name = str_from(rest, 1);
		return read_name(r, node, c);
	}
	unknown_field(r, node);
	return false;
}

/* --- operators --------------------------------------------------------------- */

static void
unknown_operator(struct reader *r, struct str word, const struct tree *node)
{
	const char *names[OP_COUNT];
	bool negated = word.n != node->text.n;
	for (unsigned i = 0; i < OP_COUNT; i++) {
		names[i] = operator_info[i].name;
		if (negated)
			names[i] = arena_fmt(
				r->diag->arena, "not_%s", operator_info[i].name)
					   .p;
	}
	diag_error(r->diag, node->pos, "unknown operator \"%.*s\"",
		STR_FMT(node->text));
	diag_did_you_mean(r->diag, node->text, names, OP_COUNT);
}

static void
tell_operators(struct reader *r, enum field field)
{
	struct str list = STR("");
	for (unsigned i = 0; i < OP_COUNT; i++)
		if (operator_applies((enum operator_id)i, field))
			list = arena_fmt(r->diag->arena, "%.*s%s%s",
				STR_FMT(list), list.n ? ", " : "",
				operator_info[i].name);
	diag_help(r->diag, "%s takes %.*s, and each with not_",
		field_info[field].name, STR_FMT(list));
}

static bool
read_operator(struct reader *r, const struct tree *node, bool has_field,
	struct cond *c)
{
	if (node->kind != TREE_SCALAR) {
		diag_error(r->diag, node->pos, "operator must be a word");
		return false;
	}
	struct str word = node->text;
	c->negate = str_starts(word, STR("not_"));
	if (c->negate)
		word = str_from(word, 4);
	unsigned op = 0;
	while (op < OP_COUNT && !str_eq(word, str_of(operator_info[op].name)))
		op++;
	if (op == OP_COUNT) {
		unknown_operator(r, word, node);
		return false;
	}
	c->op = (enum operator_id)op;
	if (!has_field || operator_applies(c->op, c->field))
		return has_field;
	diag_error(r->diag, node->pos, "operator \"%.*s\" does not go with %s",
		STR_FMT(node->text), field_info[c->field].name);
	tell_operators(r, c->field);
	return false;
}

/* --- values ------------------------------------------------------------------ */

static bool
read_values(struct cond_reader *cr, const struct tree *first, size_t n,
	struct cond *c)
{
	struct cond_value *values =
		arena_alloc(cr->r->arena, n * sizeof(*values) + 1);
	bool ok = values != NULL;
	size_t i = 0;
	for (const struct tree *t = first; values && i < n; t = t->next, i++)
		if (!cond_value_read(cr, c, t, &values[i]))
			ok = false;
	c->values = values;
	c->nvalues = n;
	return ok;
}

static bool
read_list(struct cond_reader *cr, const struct tree *node, struct cond *c)
{
	struct diag *d = cr->r->diag;
	if (node->kind != TREE_LIST) {
		diag_error(d, node->pos, "%s%s takes a list: [...]",
			c->negate ? "not_" : "", operator_info[c->op].name);
		return false;
	}
	if (node->count == 0)
		diag_warning(d, FINDING_EMPTY_LIST, node->pos,
			"nothing is in an empty list");
	return read_values(cr, node->first, node->count, c);
}

/* The Rust docker-proxy ignores it. A `false` reads as if it turned the
 * operator around, and so does not pass. */
static bool
ignore_value(
	struct cond_reader *cr, const struct tree *value, const struct cond *c)
{
	struct diag *d = cr->r->diag;
	const char *name = operator_info[c->op].name;
	const char *no = c->negate ? "not_" : "";
	bool harmless = value->plain && str_eq(value->text, STR("true"));
	if (!harmless && !tree_is_null(value)) {
		diag_error(d, value->key_pos, "%s%s takes no value", no, name);
		return false;
	}
	diag_warning(d, FINDING_VALUE_IGNORED, value->key_pos,
		"%s%s takes no value: this one has no effect", no, name);
	return true;
}

static bool
read_operand(struct cond_reader *cr, const struct draft *draft, struct cond *c)
{
	struct diag *d = cr->r->diag;
	const char *name = operator_info[c->op].name;
	const char *no = c->negate ? "not_" : "";
	enum operand operand = operator_info[c->op].operand;
	if (operand == OPERAND_NONE)
		return !draft->value || ignore_value(cr, draft->value, c);
	if (!draft->value) {
		if (!draft->misspelt)
			diag_error(d, c->pos, "%s%s needs a value", no, name);
		return false;
	}
	if (operand == OPERAND_LIST ||
		(operand == OPERAND_PATHS && draft->value->kind == TREE_LIST))
		return read_list(cr, draft->value, c);
	if (draft->value->kind == TREE_LIST) {
		diag_error(d, draft->value->pos, "%s%s takes a single value",
			no, name);
		if (c->op == OP_EQUALS)
			diag_help(d, "use %sin for a list", no);
		return false;
	}
	return read_values(cr, draft->value, 1, c);
}

static bool
check_nocase(struct reader *r, const struct tree *node, const struct cond *c)
{
	enum field_kind kind = field_info[c->field].kind;
	enum operand operand = operator_info[c->op].operand;
	bool text =
		kind == KIND_TEXT || kind == KIND_TEXTS || kind == KIND_JSON;
	if (!c->nocase ||
		(text && operand != OPERAND_NONE && operand != OPERAND_NUMBER))
		return true;
	diag_error(r->diag, tree_get(node, "ignore_case")->key_pos,
		"ignore_case has no effect on this condition");
	return false;
}

/* --- conditions and groups ---------------------------------------------------- */

static struct cond *
read_test(struct cond_reader *cr, const struct tree *node,
	const struct draft *draft)
{
	struct reader *r = cr->r;
	struct cond *c = new_cond(cr, COND_TEST, node->pos);
	if (!c)
		return NULL;
	c->nocase = draft->nocase;
	if (!draft->misspelt && !draft->field)
		diag_error(r->diag, node->pos, "a condition needs a field");
	if (!draft->misspelt && !draft->op)
		diag_error(r->diag, node->pos, "a condition needs an operator");
	bool has_field = draft->field && read_field(r, draft->field, c);
	if (!draft->op)
		return NULL;
	if (!read_operator(r, draft->op, has_field, c))
		return NULL;
	if (!check_nocase(r, node, c) || !read_operand(cr, draft, c))
		return NULL;
	cond_lint(r->diag, c);
	return c;
}

static struct cond *read_condition(
	struct cond_reader *cr, const struct tree *node);

static struct cond *
read_not(struct cond_reader *cr, const struct tree *node)
{
	struct cond *c = new_cond(cr, COND_NOT, node->key_pos);
	struct cond *child = node->kind == TREE_LIST
				     ? conditions_read(cr, node, COND_AND)
				     : read_condition(cr, node);
	if (!c || !child)
		return NULL;
	c->first = child;
	return c;
}

static struct cond *
read_condition(struct cond_reader *cr, const struct tree *node)
{
	struct draft draft = {0};
	struct diag *d = cr->r->diag;
	size_t errors = d->errors;
	if (!read_map(cr->r, node, &condition_map, &draft))
		return NULL;
	draft.misspelt = d->errors > errors;
	if (!draft.group_and && !draft.group_or && !draft.group_not)
		return read_test(cr, node, &draft);
	if (node->count > 1) {
		diag_error(d, node->pos,
			"and, or and not stand alone in their condition");
		return NULL;
	}
	if (node->first->kind == TREE_LIST && node->first->count == 0)
		diag_warning(d, FINDING_EMPTY_GROUP, node->first->pos,
			"an empty group %s holds",
			draft.group_and ? "always" : "never");
	if (draft.group_not)
		return read_not(cr, draft.group_not);
	if (draft.group_and)
		return conditions_read(cr, draft.group_and, COND_AND);
	return conditions_read(cr, draft.group_or, COND_OR);
}

struct cond *
conditions_read(
	struct cond_reader *cr, const struct tree *list, enum cond_kind kind)
{
	struct cond *group = new_cond(cr, kind, list->pos);
	bool ok = group != NULL;
	if (!ok || !read_is_list(cr->r, list))
		return NULL;
	struct cond **tail = &group->first;
	for (const struct tree *t = list->first; t; t = t->next) {
		struct cond *c = read_condition(cr, t);
		if (!c) {
			ok = false;
			continue;
		}
		*tail = c;
		tail = &c->next;
	}
	return ok ? group : NULL;
}
