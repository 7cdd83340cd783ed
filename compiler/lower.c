/* Lowering: rules to an image.
 *
 * Each rule becomes a run of tests that ends in its action; what does not
 * hold jumps behind it, where NEXT goes to the next rule of the pass that can
 * fire. Negations are pushed down to the tests, where
 * they swap the two ways, so that only AND and OR are left; their exits are
 * patched backwards, the list of jumps to patch living in the jumps
 * themselves (as in Lua's lcode.c).
 */
#include "compiler/lower.h"

#include "compiler/index.h"
#include "compiler/lower_parts.h"
#include "compiler/source.h"
#include "runtime/json.h"
#include "runtime/limits.h"

#include <assert.h>
#include <stdlib.h>

/* --- tests -------------------------------------------------------------------- */

/* The index an array element has by that name; UINT32_MAX when none. */
static uint32_t
index_of(struct str name)
{
	uint32_t n = 0;
	if (name.n == 0 || name.n > 9 || (name.n > 1 && name.p[0] == '0'))
		return UINT32_MAX;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] < '0' || name.p[i] > '9')
			return UINT32_MAX;
		n = n * 10 + (uint32_t)(name.p[i] - '0');
	}
	return n;
}

/* Undoes `\.` and `\\`; a backslash before anything else is itself. */
static struct str
unescape(struct lowering *lo, struct str s)
{
	char *p = arena_alloc(lo->arena, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; p && i < s.n; i++) {
		bool escape = s.p[i] == '\\' && i + 1 < s.n &&
			      (s.p[i + 1] == '.' || s.p[i + 1] == '\\');
		i += escape;
		p[n++] = s.p[i];
	}
	return (struct str){p ? p : "", n};
}

uint32_t
lower_put_path(struct lowering *lo, struct str path, uint32_t *n_out)
{
	struct program_step steps[JSON_DEPTH_MAX];
	uint32_t n = 0;
	for (;;) {
		assert(n < JSON_DEPTH_MAX);
		size_t len = body_path_step(path);
		struct str written = {path.p, len};
		struct str raw = unescape(lo, written);
		bool any = str_eq(written, STR("*"));
		steps[n++] = (struct program_step){
			.raw = lower_put_str(lo, raw),
			.folded = lower_put_str(lo, json_fold(raw, lo->arena)),
			.index = index_of(raw),
			.any = any,
		};
		if (len == path.n)
			break;
		path = str_from(path, len + 1);
	}
	*n_out = n;
	return lower_put(lo, SECTION_STEPS, steps, n * sizeof(*steps));
}

static struct program_value
value_of(struct lowering *lo, const struct cond_value *v)
{
	struct program_value out = {.kind = (uint8_t)v->kind};
	struct str text = v->text;
	if (v->kind == VALUE_CIDR)
		text = (struct str){(const char *)&v->cidr, sizeof(v->cidr)};
	if (v->kind == VALUE_TIME) {
		out.days = v->days;
		out.from = v->from;
		out.to = v->to;
	}
	out.text = lower_put_str(lo, text);
	return out;
}

static void
put_values(struct lowering *lo, const struct cond *c, struct program_test *t)
{
	struct program_value *values =
		arena_alloc(lo->arena, c->nvalues * sizeof(*values) + 1);
	if (!values)
		return;
	for (size_t i = 0; i < c->nvalues; i++)
		values[i] = value_of(lo, &c->values[i]);
	struct intern *table = &lo->section[SECTION_VALUES].runs;
	if (c->op == OP_MATCHES && program_test_nocase(t))
		table = &lo->nocase_regexes;
	t->value = lower_share(lo, SECTION_VALUES, table, values,
		c->nvalues * sizeof(*values));
	t->nvalues = (uint32_t)c->nvalues;
}

static uint32_t
put_test(struct lowering *lo, const struct cond *c)
{
	struct program_test t = {
		.field = (uint8_t)c->field,
		.op = (uint8_t)c->op,
		.flags = c->nocase ? TEST_NOCASE : 0,
		.name = lower_put_str(lo, c->name),
	};
	if (c->field == FIELD_BODY)
		t.step = lower_put_path(lo, c->name, &t.nsteps);
	put_values(lo, c, &t);
	return lower_put(lo, SECTION_TESTS, &t, sizeof(t));
}

/* --- conditions ------------------------------------------------------------- */

/* A condition without negations and constants. */
struct node {
	enum cond_kind kind; /* AND, OR, TEST */
	struct node *first, **tail, *next;
	bool needs_body;
	uint32_t test;
	bool negate;
};

/* What a condition comes to before any request is seen. */
enum known {
	KNOWN_FALSE,
	KNOWN_TRUE,
	KNOWN_NOT, /* it depends */
};

static enum known prepare(struct lowering *lo, const struct cond *c,
	bool negate, struct node **out);

static void
add_node(struct node *group, struct node *n)
{
	n->next = NULL;
	*group->tail = n;
	group->tail = &n->next;
	group->needs_body |= n->needs_body;
}

/* A group within a group of its kind is one group. */
static void
add_child(struct node *group, struct node *n)
{
	if (n->kind != group->kind) {
		add_node(group, n);
		return;
	}
	for (struct node *child = n->first, *next; child; child = next) {
		next = child->next;
		add_node(group, child);
	}
}

/* A request is held for its body only if what is known without does not
 * decide: so tests of the body go last. Otherwise the order stays. */
static void
move_body_last(struct node *group)
{
	struct node *first = NULL, **tail = &first;
	struct node *last = NULL, **last_tail = &last;
	for (struct node *n = group->first, *next; n; n = next) {
		struct node ***end = n->needs_body ? &last_tail : &tail;
		next = n->next;
		n->next = NULL;
		**end = n;
		*end = &n->next;
	}
	*tail = last;
	group->first = first;
}

static struct node *
new_node(struct lowering *lo, enum cond_kind kind)
{
	struct node *n = arena_alloc(lo->arena, sizeof(*n));
	if (!n) {
		lo->failed = true;
		return NULL;
	}
	n->kind = kind;
	n->tail = &n->first;
	return n;
}

static enum known
prepare_test(struct lowering *lo, const struct cond *c, bool negate,
	struct node **out)
{
	struct node *n = new_node(lo, COND_TEST);
	if (!n)
		return KNOWN_FALSE;
	n->test = put_test(lo, c);
	n->negate = negate != c->negate;
	n->needs_body = field_info[c->field].flags & FIELD_NEEDS_BODY;
	*out = n;
	return KNOWN_NOT;
}

/* De Morgan: a negated AND is an OR of the negated. */
static enum known
prepare_group(struct lowering *lo, const struct cond *c, bool negate,
	struct node **out)
{
	bool is_and = (c->kind == COND_AND) != negate;
	enum known neutral = is_and ? KNOWN_TRUE : KNOWN_FALSE;
	struct node *group = new_node(lo, is_and ? COND_AND : COND_OR);
	if (!group)
		return KNOWN_FALSE;
	bool decided = false;
	for (const struct cond *i = c->first; i; i = i->next) {
		struct node *child = NULL;
		enum known known = prepare(lo, i, negate, &child);
		if (known == KNOWN_NOT)
			add_child(group, child);
		else if (known != neutral)
			decided = true;
	}
	if (decided)
		return is_and ? KNOWN_FALSE : KNOWN_TRUE;
	if (!group->first)
		return neutral;
	move_body_last(group);
	*out = group->first->next ? group : group->first;
	return KNOWN_NOT;
}

static enum known
prepare(struct lowering *lo, const struct cond *c, bool negate,
	struct node **out)
{
	switch (c->kind) {
	case COND_TEST:
		return prepare_test(lo, c, negate, out);
	case COND_NOT:
		return prepare(lo, c->first, !negate, out);
	case COND_AND:
	case COND_OR:
		break;
	}
	return prepare_group(lo, c, negate, out);
}

/* --- code --------------------------------------------------------------------- */

#define NO_JUMP UINT32_MAX

/* Jumps whose target is not known yet: a list through the jumps themselves,
 * each as its instruction's index times two, plus one for jf. */
struct exits {
	uint32_t head;
};

static uint32_t *
jump(struct lowering *lo, uint32_t ref)
{
	struct lower_section *s = &lo->section[SECTION_INSNS];
	assert(ref / 2 < lower_count(lo, SECTION_INSNS));
	struct insn *i = (struct insn *)(void *)s->bytes + ref / 2;
	return ref % 2 ? &i->jf : &i->jt;
}

static void
add_exit(struct lowering *lo, struct exits *e, uint32_t ref)
{
	*jump(lo, ref) = e->head;
	e->head = ref;
}

static void
land_here(struct lowering *lo, struct exits *e)
{
	uint32_t here = lower_count(lo, SECTION_INSNS);
	while (e->head != NO_JUMP) {
		uint32_t *at = jump(lo, e->head);
		e->head = *at;
		*at = here;
	}
}

static void
emit_test(struct lowering *lo, const struct node *n, bool denies,
	struct exits *yes, struct exits *no)
{
	/* A test that cannot be decided must push its rule towards a denial,
	 * whatever stands between. */
	bool doubt = denies != n->negate;
	struct insn insn = {
		.op = OPCODE_TEST,
		.flags = doubt ? INSN_DOUBT_IS_TRUE : 0,
		.arg = n->test,
	};
	uint32_t at = lower_append(lo, SECTION_INSNS, &insn, sizeof(insn));
	if (lo->failed)
		return;
	add_exit(lo, n->negate ? no : yes, at * 2);
	add_exit(lo, n->negate ? yes : no, at * 2 + 1);
}

static void
emit(struct lowering *lo, const struct node *n, bool denies, struct exits *yes,
	struct exits *no)
{
	if (n->kind == COND_TEST) {
		emit_test(lo, n, denies, yes, no);
		return;
	}
	for (const struct node *i = n->first; i && !lo->failed; i = i->next) {
		struct exits next = {NO_JUMP};
		bool last = !i->next;
		if (n->kind == COND_AND)
			emit(lo, i, denies, last ? yes : &next, no);
		else
			emit(lo, i, denies, yes, last ? no : &next);
		land_here(lo, &next);
	}
}

/* --- rules ----------------------------------------------------------------------- */

static void
put_rule(struct lowering *lo, const struct rule *r, const struct diag *d)
{
	const struct source *source = diag_source(d, r->pos);
	bool placed = source && !r->toggle;
	struct program_rule out = {
		.name = lower_put_str(lo, r->name),
		.message = lower_put_str(lo, r->message),
		.file = lower_put_str(lo, placed ? source->name : STR("")),
		.line = placed ? r->pos.line : 0,
		.priority = r->priority,
		.status = r->status,
		.action = (uint8_t)r->action,
		.flags = (uint8_t)((r->dry_run ? RULE_DRY_RUN : 0) |
				   (r->toggle ? RULE_TOGGLE : 0)),
	};
	lower_operands(lo, r, &out);
	lower_append(lo, SECTION_RULES, &out, sizeof(out));
}

static struct program_rule *
rule_at(struct lowering *lo, uint32_t index)
{
	struct lower_section *s = &lo->section[SECTION_RULES];
	assert(index < lower_count(lo, SECTION_RULES));
	return (struct program_rule *)(void *)s->bytes + index;
}

static enum opcode
opcode_of(const struct rule *r)
{
	static const enum opcode opcodes[ACTION_COUNT] = {
		[ACTION_DENY] = OPCODE_DENY,
		[ACTION_ALLOW] = OPCODE_ALLOW,
		[ACTION_REQUIRE_ROLE] = OPCODE_ROLE,
		[ACTION_RATE_LIMIT] = OPCODE_TAKE,
		[ACTION_RESPONSE_FILTER] = OPCODE_FILTER,
	};
	if (r->action == ACTION_DENY && r->dry_run)
		return OPCODE_DRY;
	return opcodes[r->action];
}

/* A filter on trial would change nothing, and there is nothing to note: it
 * must not even hold a body. */
static bool
is_idle(const struct rule *r)
{
	return r->action == ACTION_RESPONSE_FILTER && r->dry_run;
}

/* The code of the rule with that index: none when it cannot fire. */
static void
lower_rule(struct lowering *lo, const struct rule *r, uint32_t index)
{
	struct exits yes = {NO_JUMP}, no = {NO_JUMP};
	struct node *when = NULL;
	bool denies = r->action != ACTION_ALLOW;
	rule_at(lo, index)->entry = lower_count(lo, SECTION_INSNS);
	if (is_idle(r))
		return;
	enum known known = prepare(lo, r->when, false, &when);
	if (known == KNOWN_FALSE || lo->failed)
		return;
	if (known == KNOWN_NOT)
		emit(lo, when, denies, &yes, &no);
	if (lo->failed)
		return;
	land_here(lo, &yes);
	struct insn end = {.op = (uint8_t)opcode_of(r), .arg = index};
	lower_append(lo, SECTION_INSNS, &end, sizeof(end));
	land_here(lo, &no);
}

/* The rules in the order of evaluation, and the slots of those with code. */
struct order {
	const struct rule **v;
	size_t n;
	struct index_slot *slots; /* NULL: there is no index */
	uint32_t nslots;
};

static void
put_next(struct lowering *lo, const struct order *o)
{
	struct insn next = {.op = OPCODE_NEXT, .arg = o->nslots};

	if (o->slots)
		lower_append(lo, SECTION_INSNS, &next, sizeof(next));
}

/* The NEXTs from `at` on: the pass ends here, with slot nslots. */
static void
land_nexts(struct lowering *lo, uint32_t at, uint32_t nslots)
{
	struct insn *insns = lower_records(lo, SECTION_INSNS);
	uint32_t here = lower_count(lo, SECTION_INSNS);

	for (; at < here; at++)
		if (insns[at].op == OPCODE_NEXT) {
			insns[at].jt = nslots;
			insns[at].jf = here;
		}
}

/* A rule, and behind it where those go on that it was not for. */
static void
lower_in_order(struct lowering *lo, struct order *o, uint32_t index)
{
	const struct rule *r = o->v[index];
	uint32_t at = lower_count(lo, SECTION_INSNS);

	lower_rule(lo, r, index);
	if (!o->slots || lower_count(lo, SECTION_INSNS) == at)
		return;
	o->slots[o->nslots++] = (struct index_slot){r, at};
	put_next(lo, o);
}

/* One pass: the rules that filter, or those that do not. */
static void
lower_pass(struct lowering *lo, struct order *o, bool filters)
{
	uint32_t start = lower_count(lo, SECTION_INSNS);

	put_next(lo, o);
	for (size_t i = 0; i < o->n && !lo->failed; i++) {
		const struct rule *r = o->v[i];
		if (filters == (r->action == ACTION_RESPONSE_FILTER))
			lower_in_order(lo, o, (uint32_t)i);
	}
	land_nexts(lo, start, o->nslots);
	struct insn end = {.op = OPCODE_END};
	lower_append(lo, SECTION_INSNS, &end, sizeof(end));
}

static bool
put_in_order(struct lowering *lo, const struct rule_list *l, bool no_index,
	struct order *o)
{
	o->v = rules_in_order(l, lo->arena);
	o->n = l->count;
	if (!no_index)
		o->slots = arena_alloc(
			lo->arena, l->count * sizeof(*o->slots) + 1);
	return o->v && (no_index || o->slots);
}

static void
lower_rules(struct lowering *lo, const struct rule_list *l,
	const struct lower_options *options, const struct diag *d)
{
	struct order o = {0};

	if (!put_in_order(lo, l, options->no_index, &o))
		return;
	for (size_t i = 0; i < o.n; i++)
		put_rule(lo, o.v[i], d);
	lower_pass(lo, &o, false);
	lo->pass = lower_count(lo, SECTION_INSNS);
	lower_pass(lo, &o, true);
	index_put(lo, o.slots, o.nslots);
	lower_order_tests(lo);
}

bool
lower(const struct rule_list *l, const struct lower_options *options,
	struct image *out, struct arena *a, struct diag *d)
{
	struct lowering lo;
	lower_init(&lo, a);
	lower_rules(&lo, l, options, d);
	if (arena_overflowed(a))
		lo.failed = true;
	bool ok = lower_assemble(&lo, options->default_allow, out);
	lower_fini(&lo);
	if (!ok)
		diag_file_error(d,
			"the compiled policy is larger than %u MiB, or memory "
			"ran out",
			PROGRAM_BYTES_MAX / MIB(1));
	return ok;
}
