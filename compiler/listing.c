/* Listing: instructions, and rules won back from them. */
#include "compiler/listing.h"

#include "compiler/show.h"
#include "runtime/arena.h"
#include "runtime/cidr.h"
#include "runtime/limits.h"

#define INDENT 6 /* of what a rule is made of */

/* --- operands ------------------------------------------------------------------ */

static void
write_network(struct str text, FILE *out)
{
	struct cidr net;
	struct ip ip = {.set = true};
	char buf[46];
	memcpy(&net, text.p, sizeof(net));
	memcpy(ip.b, net.b, sizeof(ip.b));
	bool v4 = !strchr(ip_text(&ip, buf), ':');
	int bits = v4 ? net.bits - 96 : net.bits;
	fputs(buf, out);
	if (net.bits < 128)
		fprintf(out, "/%d", bits);
}

static void
write_value(const struct program *p, const struct program_value *v, FILE *out)
{
	struct str text = program_text(p, v->text);
	switch ((enum value_kind)v->kind) {
	case VALUE_STRING:
	case VALUE_REGEX:
	case VALUE_TIME:
		show_quoted(text, out);
		break;
	case VALUE_NUMBER:
		show_text(text, out);
		break;
	case VALUE_TRUE:
		fputs("true", out);
		break;
	case VALUE_FALSE:
		fputs("false", out);
		break;
	case VALUE_CIDR:
		write_network(text, out);
		break;
	case VALUE_KIND_COUNT:
		break;
	}
}

static void
write_operands(const struct program *p, const struct program_test *t, FILE *out)
{
	enum operand operand = operator_info[t->op].operand;
	bool list = operand == OPERAND_LIST || operand == OPERAND_PATHS;
	if (operand == OPERAND_NONE)
		return;
	fputs(list ? " [" : " ", out);
	for (uint32_t i = 0; i < t->nvalues; i++) {
		if (i > 0)
			fputs(", ", out);
		write_value(p, &p->values[t->value + i], out);
	}
	if (list)
		putc(']', out);
}

static void
write_test(const struct program *p, uint32_t test, bool negate, FILE *out)
{
	const struct program_test *t = &p->tests[test];
	fputs(field_info[t->field].name, out);
	if (field_info[t->field].flags & FIELD_NAMED) {
		putc('.', out);
		show_text(program_text(p, t->name), out);
	}
	fprintf(out, " %s%s", negate ? "not_" : "", operator_info[t->op].name);
	write_operands(p, t, out);
	if (t->flags & TEST_NOCASE)
		fputs(" (ignoring case)", out);
}

/* --- conditions, decompiled --------------------------------------------------------- */

enum expr_kind {
	EXPR_TEST,
	EXPR_AND,
	EXPR_OR,
};

/* A stretch of tests that is entered at its start only and left by two ways:
 * a condition. Two neighbours become one as long as the ways allow. */
struct expr {
	enum expr_kind kind;
	bool negate; /* of a test */
	uint32_t start, yes, no;
	uint32_t test;
	struct expr *first, *last, *next; /* children; sibling */
};

/* Not of an AND is an OR of the nots: the tree is turned over. */
static void
negate(struct expr *e)
{
	uint32_t yes = e->yes;
	e->yes = e->no;
	e->no = yes;
	if (e->kind == EXPR_TEST)
		e->negate = !e->negate;
	else
		e->kind = e->kind == EXPR_AND ? EXPR_OR : EXPR_AND;
	for (struct expr *i = e->first; i; i = i->next)
		negate(i);
}

/* Makes e a group of that kind: a group of one when it is something else. */
static struct expr *
as_group(struct arena *a, struct expr *e, enum expr_kind kind)
{
	if (e->kind == kind)
		return e;
	struct expr *g = arena_alloc(a, sizeof(*g));
	if (!g)
		return NULL;
	*g = *e;
	g->kind = kind;
	g->first = g->last = e;
	e->next = NULL;
	return g;
}

/* x and y, which x alone leads to, as one; NULL when they do not go together.
 * If x holds and leads to y, it is an AND, and both are left the same way
 * when they do not hold; else an OR. y is turned over to fit. */
static struct expr *
merge(struct arena *a, struct expr *x, struct expr *y)
{
	bool is_and = x->yes == y->start;
	if (is_and == (x->no == y->start))
		return NULL;
	uint32_t away = is_and ? x->no : x->yes;
	if (away == (is_and ? y->yes : y->no))
		negate(y);
	if (away != (is_and ? y->no : y->yes))
		return NULL;
	enum expr_kind kind = is_and ? EXPR_AND : EXPR_OR;
	struct expr *g = as_group(a, x, kind);
	struct expr *rest = as_group(a, y, kind);
	if (!g || !rest)
		return NULL;
	g->yes = y->yes;
	g->no = y->no;
	g->last->next = rest->first;
	g->last = rest->last;
	return g;
}

/* The condition of the tests from `at` on, up to the action at `end`; NULL
 * when the code has no such shape. */
static struct expr *
decompile(const struct program *p, uint32_t at, uint32_t end, struct arena *a)
{
	struct expr *stack[4 * TREE_DEPTH_MAX];
	size_t n = 0;
	for (; at < end; at++) {
		struct expr *e = arena_alloc(a, sizeof(*e));
		if (!e || n == sizeof(stack) / sizeof(*stack))
			return NULL;
		*e = (struct expr){.kind = EXPR_TEST,
			.start = at,
			.yes = p->insns[at].jt,
			.no = p->insns[at].jf,
			.test = p->insns[at].arg};
		while (n > 0) {
			struct expr *both = merge(a, stack[n - 1], e);
			if (!both)
				break;
			e = both;
			n--;
		}
		stack[n++] = e;
	}
	if (n != 1)
		return NULL;
	if (stack[0]->yes != end)
		negate(stack[0]);
	return stack[0]->yes == end ? stack[0] : NULL;
}

static void write_expr(
	const struct program *p, const struct expr *e, int indent, FILE *out);

static void
write_children(
	const struct program *p, const struct expr *e, int indent, FILE *out)
{
	for (const struct expr *i = e->first; i; i = i->next)
		write_expr(p, i, indent, out);
}

static void
write_expr(const struct program *p, const struct expr *e, int indent, FILE *out)
{
	fprintf(out, "%*s", indent, "");
	if (e->kind == EXPR_TEST) {
		write_test(p, e->test, e->negate, out);
		putc('\n', out);
		return;
	}
	fputs(e->kind == EXPR_AND ? "and:\n" : "or:\n", out);
	write_children(p, e, indent + 2, out);
}

/* --- code ------------------------------------------------------------------------- */

static void
write_insn(const struct program *p, uint32_t at, FILE *out)
{
	const struct insn *i = &p->insns[at];
	fprintf(out, "%6u  %-6s", at, opcode_name(i->op));
	if (i->op == OPCODE_TEST) {
		fprintf(out, " t%u  yes %u  no %u%s  ", i->arg, i->jt, i->jf,
			i->flags & INSN_DOUBT_IS_TRUE ? "  doubt yes"
						      : "  doubt no");
		write_test(p, i->arg, false, out);
	} else if (i->op != OPCODE_END) {
		fprintf(out, " r%u  ", i->arg);
		show_text(program_text(p, p->rules[i->arg].name), out);
	}
	putc('\n', out);
}

void
listing_code(const struct program *p, FILE *out)
{
	fprintf(out, "%u instructions, %u tests, %u rules; default %s\n",
		p->ninsns, p->ntests, p->nrules,
		p->header->default_allow ? "allow" : "deny");
	for (uint32_t i = 0; i < p->ninsns; i++)
		write_insn(p, i, out);
}

/* --- what actions take ------------------------------------------------------------ */

static void
write_roles(const struct program *p, const struct program_rule *r, FILE *out)
{
	fputs(", any of [", out);
	for (uint32_t i = 0; i < r->noperands; i++) {
		if (i > 0)
			fputs(", ", out);
		write_value(p, &p->values[r->operand + i], out);
	}
	putc(']', out);
}

static void
write_limit(const struct program *p, const struct program_rule *r, FILE *out)
{
	const struct program_bucket *b = &p->buckets[r->operand];
	fprintf(out, ", %u request%s in ", b->requests,
		b->requests == 1 ? "" : "s");
	show_time(b->period_ms, out);
	fputs(", penalty ", out);
	show_time(b->penalty_ms, out);
	fprintf(out, ", by %s", bucket_key_name(b->key));
	if (b->key == BUCKET_HEADER) {
		putc('.', out);
		show_text(program_text(p, b->header), out);
	}
}

static void
write_path(const struct program *p, const struct program_filter *f, FILE *out)
{
	for (uint32_t i = 0; i < f->nsteps; i++) {
		struct str name = program_text(p, p->steps[f->step + i].raw);
		if (i > 0)
			putc('.', out);
		for (size_t at; name.n > 0; name = str_from(name, at)) {
			at = str_find(name, STR("."));
			show_text((struct str){name.p, at}, out);
			if (at == name.n)
				break;
			fputs("\\.", out);
			at++;
		}
	}
}

static void
write_filters(const struct program *p, const struct program_rule *r, FILE *out)
{
	for (uint32_t i = 0; i < r->noperands; i++) {
		const struct program_filter *f = &p->filters[r->operand + i];
		fprintf(out, "%*sthen %s ", INDENT, "",
			filter_action_name(f->action));
		write_path(p, f, out);
		if (f->action == FILTER_REPLACE) {
			fputs(" by ", out);
			show_text(program_text(p, f->replacement), out);
		}
		if (f->match != FILTER_ANY_VALUE) {
			fputs(", where it matches ", out);
			write_value(p, &p->values[f->match], out);
		}
		putc('\n', out);
	}
}

/* --- rules ------------------------------------------------------------------------ */

/* The instructions [from, end): the tests of a rule. */
static void
write_conditions(
	const struct program *p, uint32_t from, uint32_t end, FILE *out)
{
	struct arena a;
	if (from == end) {
		fprintf(out, "%*salways\n", INDENT, "");
		return;
	}
	arena_init(&a, POLICY_ARENA_MAX);
	struct expr *e = decompile(p, from, end, &a);
	if (!e)
		for (uint32_t i = from; i < end; i++)
			write_insn(p, i, out);
	else if (e->kind == EXPR_AND)
		write_children(p, e, INDENT, out);
	else
		write_expr(p, e, INDENT, out);
	arena_fini(&a);
}

/* Behind its tests a rule does what it does; what does something else there
 * is the next one, and this one has no code. */
static void
write_code_of(const struct program *p, uint32_t rule, FILE *out)
{
	const struct program_rule *r = &p->rules[rule];
	uint32_t end = r->entry;
	while (p->insns[end].op == OPCODE_TEST)
		end++;
	const struct insn *i = &p->insns[end];
	if (i->op != OPCODE_END && i->arg == rule)
		write_conditions(p, r->entry, end, out);
	else if (r->action == ACTION_RESPONSE_FILTER &&
		 (r->flags & RULE_DRY_RUN))
		fprintf(out, "%*snever, in dry run\n", INDENT, "");
	else
		fprintf(out, "%*snever\n", INDENT, "");
}

static void
write_rule(const struct program *p, uint32_t n, FILE *out)
{
	const struct program_rule *r = &p->rules[n];
	fprintf(out, "%4u. ", n + 1);
	show_text(program_text(p, r->name), out);
	fprintf(out, ": %s", action_name(r->action));
	if (r->action != ACTION_ALLOW && r->action != ACTION_RESPONSE_FILTER)
		fprintf(out, " %u", r->status);
	if (r->action == ACTION_REQUIRE_ROLE)
		write_roles(p, r, out);
	if (r->action == ACTION_RATE_LIMIT)
		write_limit(p, r, out);
	if (r->flags & RULE_DRY_RUN)
		fputs(", dry run", out);
	if (r->priority != 0)
		fprintf(out, ", priority %lld", (long long)r->priority);
	if (r->flags & RULE_TOGGLE)
		fputs("  (toggle)\n", out);
	else
		fprintf(out, "  (%.*s:%u)\n", STR_FMT(program_text(p, r->file)),
			r->line);
	write_code_of(p, n, out);
	if (r->action == ACTION_RESPONSE_FILTER)
		write_filters(p, r, out);
}

void
listing_rules(const struct program *p, FILE *out)
{
	for (uint32_t i = 0; i < p->nrules; i++)
		write_rule(p, i, out);
	fprintf(out, "      default: %s\n",
		p->header->default_allow ? "allow" : "deny");
}
