/* Values of conditions: what the text of a scalar means to its field. */
#include "compiler/conditions.h"

#include "runtime/docker.h"
#include "runtime/endpoint.h"
#include "runtime/number.h"
#include "runtime/path.h"
#include "runtime/regex.h"

#include <assert.h>

/* --- places ---------------------------------------------------------------- */

/* The place of the byte `offset` of the scalar's text, where the source shows
 * the text as it is; else the scalar's. */
static struct pos
place_inside(const struct diag *d, const struct tree *node, size_t offset)
{
	struct pos pos = node->pos;
	struct str line = source_line(diag_source(d, pos), pos.line);
	bool plain;
	for (uint32_t i = 1; i < pos.col && line.n > 0; i++)
		line = str_from(line, source_char(line, &plain));
	if (!node->plain && line.n > 0) {
		line = str_from(line, 1);
		pos.col++;
	}
	if (!str_starts(line, node->text))
		return node->pos;
	struct str before = {line.p, offset};
	while (before.n > 0) {
		before = str_from(before, source_char(before, &plain));
		pos.col++;
	}
	pos.len = 1;
	return pos;
}

/* --- text, methods, patterns ------------------------------------------------ */

static bool
read_method(struct reader *r, const struct tree *node, struct str *text)
{
	const char *names[METHOD_COUNT];
	enum method method;
	char *p = arena_alloc(r->arena, text->n + 1);
	if (!p)
		return false;
	for (size_t i = 0; i < text->n; i++)
		p[i] = text->p[i] >= 'a' && text->p[i] <= 'z'
			       ? (char)(text->p[i] - 'a' + 'A')
			       : text->p[i];
	text->p = p;
	if (method_parse(*text, &method))
		return true;
	for (unsigned i = 0; i < METHOD_COUNT; i++)
		names[i] = method_name((enum method)i).p;
	diag_error(r->diag, node->pos,
		"\"%.*s\" is no method that is let through", STR_FMT(*text));
	diag_did_you_mean(r->diag, *text, names, METHOD_COUNT);
	return false;
}

/* Values of docker.* fields come in one form, so the text is brought to it:
 * "alpine" is what Docker means by that. */
static bool
read_docker(struct reader *r, const struct cond *c, const struct tree *node,
	struct str *text)
{
	struct str normal;
	bool ok = docker_normal(c->field, *text, r->arena, &normal);
	*text = normal;
	if (!ok)
		diag_error(r->diag, node->pos, "no value of %s is like this",
			field_info[c->field].name);
	return ok;
}

static bool
read_string(struct reader *r, const struct cond *c, const struct tree *node,
	struct cond_value *out)
{
	bool whole =
		c->op == OP_EQUALS || c->op == OP_IN || c->op == OP_ONLY_IN;
	out->kind = VALUE_STRING;
	out->text = arena_str(r->arena, node->text);
	if (c->field == FIELD_METHOD && whole)
		return read_method(r, node, &out->text);
	if (whole && (field_info[c->field].flags & FIELD_DOCKER))
		return read_docker(r, c, node, &out->text);
	return true;
}

/* More slashes than it needs do no harm; what leads elsewhere is not what it
 * looks like. */
static bool
read_path(struct reader *r, const struct tree *node, struct cond_value *out)
{
	struct str slashed =
		arena_fmt(r->diag->arena, "%.*s/", STR_FMT(node->text));
	out->kind = VALUE_STRING;
	out->text = path_clean(arena_str(r->arena, node->text), r->arena);
	if (str_starts(node->text, STR("/")) &&
		str_find(slashed, STR("/./")) == slashed.n &&
		str_find(slashed, STR("/../")) == slashed.n)
		return true;
	diag_error(r->diag, node->pos,
		"this must be an absolute path, without \".\" and \"..\"");
	diag_help(r->diag, "write \"%.*s\"", STR_FMT(out->text));
	return false;
}

bool
cond_pattern_read(struct cond_reader *cr, const struct tree *node, bool nocase,
	struct cond_value *out)
{
	struct reader *r = cr->r;
	char err[160];
	size_t offset;
	out->kind = VALUE_REGEX;
	out->text = arena_str(r->arena, node->text);
	/* Policies repeat their patterns: each is compiled once. */
	struct str key =
		arena_fmt(r->arena, "%d%.*s", nocase, STR_FMT(node->text));
	if (intern_has(&cr->patterns, key))
		return true;
	struct regex *re =
		regex_compile(out->text, nocase, err, sizeof(err), &offset);
	regex_free(re);
	if (re) {
		intern_put(&cr->patterns, key, 0, NULL);
		return true;
	}
	diag_error(r->diag, place_inside(r->diag, node, offset),
		"bad regular expression at byte %zu: %s", offset, err);
	return false;
}

/* --- numbers and booleans --------------------------------------------------- */

static bool
read_plain_number(
	struct reader *r, const struct tree *node, struct cond_value *out)
{
	out->kind = VALUE_NUMBER;
	out->text = arena_str(r->arena, node->text);
	if (number_is(node->text))
		return true;
	diag_error(r->diag, node->pos, "this must be a decimal number");
	return false;
}

static size_t
count_set(struct str s, const char *set)
{
	size_t n = 0;
	while (n < s.n && s.p[n] != '\0' && strchr(set, s.p[n]))
		n++;
	return n;
}

/* A number to YAML 1.2 (core schema, section 10.3.2) that JSON does not
 * write so: is it meant as text? */
static bool
is_yaml_number(struct str s)
{
	if (str_starts(s, STR("0x")) && s.n > 2)
		return count_set(str_from(s, 2), "0123456789abcdefABCDEF") ==
		       s.n - 2;
	if (str_starts(s, STR("0o")) && s.n > 2)
		return count_set(str_from(s, 2), "01234567") == s.n - 2;
	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'))
		s = str_from(s, 1);
	if (str_eq_nocase(s, STR(".inf")) || str_eq_nocase(s, STR(".nan")))
		return true;
	size_t digits = count_set(s, "0123456789");
	s = str_from(s, digits);
	if (str_starts(s, STR("."))) {
		s = str_from(s, 1);
		size_t more = count_set(s, "0123456789");
		s = str_from(s, more);
		digits += more;
	}
	if (digits > 0 && s.n > 1 && ascii_lower(s.p[0]) == 'e') {
		s = str_from(s, 1);
		s = str_from(s, s.p[0] == '-' || s.p[0] == '+');
		return s.n > 0 && count_set(s, "0123456789") == s.n;
	}
	return digits > 0 && s.n == 0;
}

static bool
is_one_of(struct str s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(s, str_of(words[i])))
			return true;
	return false;
}

/* A value of the body is compared with its type. YAML 1.2 knows true, True
 * and TRUE; yes and on are booleans to YAML 1.1 alone, and so to some readers
 * but not to the Rust docker-proxy: a rule must not hang on that. */
bool
cond_typed_read(
	struct reader *r, const struct tree *node, struct cond_value *out)
{
	static const char *const yes[] = {"true", "True", "TRUE"};
	static const char *const no[] = {"false", "False", "FALSE"};
	static const char *const doubtful[] = {"yes", "Yes", "YES", "no", "No",
		"NO", "on", "On", "ON", "off", "Off", "OFF"};
	out->text = arena_str(r->arena, node->text);
	out->kind = VALUE_STRING;
	if (!node->plain)
		return true;
	if (is_one_of(node->text, yes, COUNT_OF(yes)))
		out->kind = VALUE_TRUE;
	else if (is_one_of(node->text, no, COUNT_OF(no)))
		out->kind = VALUE_FALSE;
	else if (number_is(node->text))
		out->kind = VALUE_NUMBER;
	if (out->kind != VALUE_STRING)
		return true;
	if (is_one_of(node->text, doubtful, COUNT_OF(doubtful)))
		diag_error(r->diag, node->pos,
			"write true or false, or quote this if text is meant");
	else if (is_yaml_number(node->text))
		diag_error(r->diag, node->pos,
			"write a plain decimal number, or quote this if text "
			"is meant");
	else
		return true;
	return false;
}

/* --- addresses --------------------------------------------------------------- */

static bool
read_address(struct reader *r, const struct cond *c, const struct tree *node,
	struct cond_value *out)
{
	struct ip ip;
	out->kind = VALUE_CIDR;
	if (!read_network(r, node, &out->cidr))
		return false;
	if (c->op != OP_EQUALS || ip_parse(node->text, &ip))
		return true;
	diag_error(r->diag, node->pos,
		"equals takes one address; use in for a network");
	return false;
}

/* --- times ------------------------------------------------------------------- */

#define DAYS        7
#define ALL_DAYS    0x7f
#define DAY_MINUTES (24 * 60)

static bool
take_day(struct str *s, unsigned *day_out)
{
	static const char *const days[DAYS] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	for (unsigned i = 0; i < DAYS; i++) {
		struct str head = {s->p, s->n < 3 ? s->n : 3};
		if (!str_eq_nocase(head, str_of(days[i])))
			continue;
		*s = str_from(*s, 3);
		*day_out = i;
		return true;
	}
	return false;
}

/* "Sat", "Mon-Fri", "Fri-Mon". */
static bool
take_days(struct str *s, uint8_t *days_out)
{
	unsigned from, to;
	if (!take_day(s, &from))
		return false;
	to = from;
	if (str_starts(*s, STR("-"))) {
		*s = str_from(*s, 1);
		if (!take_day(s, &to))
			return false;
	}
	unsigned days = 0;
	for (unsigned i = from;; i = (i + 1) % DAYS) {
		days |= 1u << i;
		if (i == to)
			break;
	}
	*days_out = (uint8_t)days;
	return true;
}

/* "08:00", "24:00". */
static bool
take_clock(struct str *s, uint16_t *minute_out)
{
	int64_t hour, minute;
	if (s->n < 5 || s->p[2] != ':' ||
		!read_number((struct str){s->p, 2}, &hour) ||
		!read_number((struct str){s->p + 3, 2}, &minute))
		return false;
	*s = str_from(*s, 5);
	*minute_out = (uint16_t)(hour * 60 + minute);
	return hour >= 0 && minute >= 0 && minute < 60 &&
	       *minute_out <= DAY_MINUTES;
}

static bool
parse_time(struct str s, struct cond_value *out)
{
	out->days = ALL_DAYS;
	out->from = 0;
	out->to = DAY_MINUTES;
	bool has_days = s.n > 0 && (s.p[0] < '0' || s.p[0] > '9');
	if (has_days && !take_days(&s, &out->days))
		return false;
	if (has_days && s.n == 0)
		return true;
	if (has_days && !str_starts(s, STR(" ")))
		return false;
	while (s.n > 0 && s.p[0] == ' ')
		s = str_from(s, 1);
	if (!take_clock(&s, &out->from) || !str_starts(s, STR("-")))
		return false;
	s = str_from(s, 1);
	return take_clock(&s, &out->to) && s.n == 0 && out->from != out->to &&
	       out->from < DAY_MINUTES;
}

static bool
read_time(struct reader *r, const struct tree *node, struct cond_value *out)
{
	out->kind = VALUE_TIME;
	out->text = arena_str(r->arena, node->text);
	if (parse_time(node->text, out))
		return true;
	diag_error(r->diag, node->pos,
		"a time is written \"Mon-Fri 08:00-18:00\", \"Sat\" or "
		"\"22:00-06:00\"");
	return false;
}

/* --- by field and operator ---------------------------------------------------- */

bool
cond_value_read(struct cond_reader *cr, const struct cond *c,
	const struct tree *node, struct cond_value *out)
{
	struct reader *r = cr->r;
	out->pos = node->pos;
	if (node->kind != TREE_SCALAR) {
		diag_error(r->diag, node->pos, "this must be a single value");
		return false;
	}
	if (tree_is_null(node)) {
		diag_error(r->diag, node->pos, "null cannot be compared with");
		diag_help(
			r->diag, "use not_exists, or quote the word \"null\"");
		return false;
	}
	if (operator_info[c->op].operand == OPERAND_PATTERN)
		return cond_pattern_read(
			cr, node, c->nocase || c->field == FIELD_METHOD, out);
	if (operator_info[c->op].operand == OPERAND_NUMBER)
		return read_plain_number(r, node, out);
	if (operator_info[c->op].operand == OPERAND_PATHS)
		return read_path(r, node, out);
	if (c->op != OP_EQUALS && c->op != OP_IN && c->op != OP_ONLY_IN)
		return read_string(r, c, node, out);
	switch (field_info[c->field].kind) {
	case KIND_JSON:
		return cond_typed_read(r, node, out);
	case KIND_ADDR:
		return read_address(r, c, node, out);
	case KIND_NUMBER:
		return read_plain_number(r, node, out);
	case KIND_TIME:
		return read_time(r, node, out);
	case KIND_TEXT:
	case KIND_TEXTS:
	case KIND_COUNT:
		break;
	}
	return read_string(r, c, node, out);
}
