/* Listing: instructions, and rules won back from them. */
#include "compiler/listing.h"

#include "compiler/decompile.h"
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

void
listing_test(const struct program *p, uint32_t test, bool negate, FILE *out)
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

/* --- conditions ------------------------------------------------------------------- */

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
		listing_test(p, e->test, e->negate, out);
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
		listing_test(p, i->arg, false, out);
	} else if (i->op == OPCODE_NEXT) {
		fprintf(out, " s%u  before s%u  else %u", i->arg, i->jt, i->jf);
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

void
listing_roles(const struct program *p, const struct program_rule *r, FILE *out)
{
	fputs("any of [", out);
	for (uint32_t i = 0; i < r->noperands; i++) {
		if (i > 0)
			fputs(", ", out);
		write_value(p, &p->values[r->operand + i], out);
	}
	putc(']', out);
}

void
listing_limit(const struct program *p, const struct program_rule *r, FILE *out)
{
	const struct program_bucket *b = &p->buckets[r->operand];
	fprintf(out, "%u request%s in ", b->requests,
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

void
listing_filter_path(
	const struct program *p, const struct program_filter *f, FILE *out)
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

void
listing_filter(
	const struct program *p, const struct program_filter *f, FILE *out)
{
	fprintf(out, "%s ", filter_action_name(f->action));
	listing_filter_path(p, f, out);
	if (f->action == FILTER_REPLACE) {
		fputs(" by ", out);
		show_text(program_text(p, f->replacement), out);
	}
	if (f->match != FILTER_ANY_VALUE) {
		fputs(", where it matches ", out);
		write_value(p, &p->values[f->match], out);
	}
}

static void
write_filters(const struct program *p, const struct program_rule *r, FILE *out)
{
	for (uint32_t i = 0; i < r->noperands; i++) {
		fprintf(out, "%*sthen ", INDENT, "");
		listing_filter(p, &p->filters[r->operand + i], out);
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

static void
write_code_of(const struct program *p, uint32_t rule, FILE *out)
{
	const struct program_rule *r = &p->rules[rule];
	uint32_t end;

	if (decompile_end(p, rule, &end))
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
	if (r->action == ACTION_REQUIRE_ROLE) {
		fputs(", ", out);
		listing_roles(p, r, out);
	}
	if (r->action == ACTION_RATE_LIMIT) {
		fputs(", ", out);
		listing_limit(p, r, out);
	}
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
