/* Proof that an image is well-formed: the VM and match.c trust it blindly.
 *
 * Proven, in this order, each step relying on those before it:
 *   header        magic, version, size, alignment; sections inside the image,
 *                 aligned, in order, without overlap
 *   values        known kind; what the kind promises of the text and times
 *   steps         strings in bounds
 *   buckets       key known, figures that make a limit
 *   filters       path, regex and strings in bounds; action known; what it
 *                 takes is there. That a replacement is JSON is not proven:
 *                 it decides what is answered, not what is read
 *   rules         strings in bounds; enums, status and entry in range;
 *                 operands of the number and kind that the action takes
 *   tests         the operator applies to the field; operands of the number
 *                 and kinds it takes; ranges in bounds; paths absolute and
 *                 clean
 *   instructions  known opcode, at home in its pass; argument in range; it
 *                 says what its rule says; jumps strictly forward and inside
 *                 the pass; both passes end in END
 * Reserved members are 0, so that a later version may give them a meaning.
 * The cost is linear in the largest image, whatever the bytes.
 */
#include "runtime/cidr.h"
#include "runtime/limits.h"
#include "runtime/number.h"
#include "runtime/path.h"
#include "runtime/program.h"

#define ALIGN 8u

static const uint32_t record_size[SECTION_COUNT] = {
	[SECTION_INSNS] = sizeof(struct insn),
	[SECTION_TESTS] = sizeof(struct program_test),
	[SECTION_STEPS] = sizeof(struct program_step),
	[SECTION_VALUES] = sizeof(struct program_value),
	[SECTION_RULES] = sizeof(struct program_rule),
	[SECTION_BUCKETS] = sizeof(struct program_bucket),
	[SECTION_FILTERS] = sizeof(struct program_filter),
	[SECTION_STRINGS] = 1,
	[SECTION_INDEX] = 1,
};

/* The proof in hand: sections as they are known to be inside. */
struct proof {
	const struct program_header *h;
	/* What may still be looked at: ranges and texts may overlap, but
	 * cost no more than those of the largest image without. */
	uint32_t values_left, steps_left, filters_left, text_left;
};

static uint32_t
count_of(const struct proof *v, enum program_section s)
{
	return v->h->section[s].count;
}

static bool
is_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static bool
has_range(uint32_t first, uint32_t n, uint32_t count)
{
	return first <= count && n <= count - first;
}

static bool
has_string(const struct proof *v, struct program_str s)
{
	return has_range(s.off, s.len, count_of(v, SECTION_STRINGS));
}

static struct str
text_of(const struct proof *v, struct program_str s)
{
	const char *strings = program_section(v->h, SECTION_STRINGS);
	return (struct str){strings + s.off, s.len};
}

static bool
spend(uint32_t *left, uint32_t n)
{
	if (n > *left)
		return false;
	*left -= n;
	return true;
}

/* --- header ------------------------------------------------------------- */

static const char *
verify_sections(const struct program_header *h)
{
	uint64_t end = sizeof(*h);

	for (unsigned s = 0; s < SECTION_COUNT; s++) {
		uint64_t off = h->section[s].off;
		uint64_t bytes = (uint64_t)h->section[s].count * record_size[s];
		if (off % ALIGN)
			return "a section is not aligned";
		if (off + bytes > h->size)
			return "a section ends outside the image";
		if (bytes && off < end)
			return "a section overlaps what is before it";
		if (bytes)
			end = off + bytes;
	}
	if (h->section[SECTION_INDEX].count)
		return "an index, which this version does not know";
	return NULL;
}

static const char *
verify_header(const void *image, size_t size)
{
	const struct program_header *h = image;

	if ((uintptr_t)image % ALIGN)
		return "the image is not aligned";
	if (size < sizeof(*h))
		return "shorter than its header";
	if (memcmp(h->magic, PROGRAM_MAGIC, sizeof(h->magic)) != 0)
		return "not a program: no magic";
	if (h->version != PROGRAM_VERSION)
		return "a program of another version";
	if (h->size != size || size > PROGRAM_BYTES_MAX)
		return "not of the size it says";
	if (h->default_allow > 1)
		return "a default that is neither allow nor deny";
	if (!is_zero(h->reserved, sizeof(h->reserved)))
		return "reserved bytes of the header are set";
	return verify_sections(h);
}

/* --- records ------------------------------------------------------------ */

static bool
is_cidr(struct str text)
{
	struct cidr net;

	if (text.n != sizeof(net))
		return false;
	memcpy(&net, text.p, sizeof(net));
	return net.bits <= 128;
}

static const char *
verify_value(struct proof *v, const struct program_value *value)
{
	if (!has_string(v, value->text))
		return "a value's text is out of bounds";
	if (value->reserved)
		return "reserved bytes of a value are set";
	struct str text = text_of(v, value->text);
	switch ((enum value_kind)value->kind) {
	case VALUE_STRING:
	case VALUE_TRUE:
	case VALUE_FALSE:
	case VALUE_REGEX:
		return NULL;
	case VALUE_NUMBER:
		if (!spend(&v->text_left, value->text.len))
			return "more digits than an image can hold";
		return number_is(text) ? NULL : "a number that is none";
	case VALUE_CIDR:
		return is_cidr(text) ? NULL : "a network that is none";
	case VALUE_TIME:
		if (value->days > 0x7f || value->from > 24 * 60 ||
			value->to > 24 * 60)
			return "a time out of range";
		return NULL;
	case VALUE_KIND_COUNT:
		break;
	}
	return "an unknown kind of value";
}

static const char *
verify_step(const struct proof *v, const struct program_step *step)
{
	if (!has_string(v, step->raw) || !has_string(v, step->folded))
		return "a step's name is out of bounds";
	if (step->any > 1)
		return "a step that is neither a name nor a *";
	return NULL;
}

static const char *
verify_bucket(const struct proof *v, const struct program_bucket *b)
{
	if (b->requests == 0 || b->period_ms == 0)
		return "a rate limit without requests or period";
	if (b->key >= BUCKET_KEY_COUNT)
		return "an unknown key of a rate limit";
	if (!is_zero(b->reserved, sizeof(b->reserved)))
		return "reserved bytes of a rate limit are set";
	if (!has_string(v, b->header))
		return "a rate limit's header is out of bounds";
	if ((b->key == BUCKET_HEADER) != (b->header.len > 0))
		return "a rate limit by a header without name, or with one "
		       "by none";
	return NULL;
}

static const char *
verify_filter(struct proof *v, const struct program_filter *f)
{
	const struct program_value *values =
		program_section(v->h, SECTION_VALUES);

	if (f->nsteps == 0 ||
		!has_range(f->step, f->nsteps, count_of(v, SECTION_STEPS)))
		return "a filter's steps are out of bounds";
	if (!spend(&v->steps_left, f->nsteps))
		return "filters name more steps than an image can hold";
	if (f->match != FILTER_ANY_VALUE &&
		(f->match >= count_of(v, SECTION_VALUES) ||
			values[f->match].kind != VALUE_REGEX))
		return "a filter's regex is none";
	if (f->action >= FILTER_ACTION_COUNT)
		return "an unknown action of a filter";
	if (!is_zero(f->reserved, sizeof(f->reserved)))
		return "reserved bytes of a filter are set";
	if (!has_string(v, f->replacement))
		return "a filter's replacement is out of bounds";
	if ((f->action == FILTER_REPLACE) != (f->replacement.len > 0))
		return "a filter that replaces by nothing, or one that does "
		       "not by something";
	return NULL;
}

static const char *
verify_roles(struct proof *v, const struct program_rule *r)
{
	const struct program_value *values =
		program_section(v->h, SECTION_VALUES);

	if (!has_range(r->operand, r->noperands, count_of(v, SECTION_VALUES)))
		return "a rule's roles are out of bounds";
	if (!spend(&v->values_left, r->noperands))
		return "rules name more roles than an image can hold";
	for (uint32_t i = 0; i < r->noperands; i++)
		if (values[r->operand + i].kind != VALUE_STRING)
			return "a role that is no text";
	return NULL;
}

/* What the action takes. */
static const char *
verify_action(struct proof *v, const struct program_rule *r)
{
	switch ((enum action)r->action) {
	case ACTION_DENY:
	case ACTION_ALLOW:
		return r->operand || r->noperands
			       ? "operands of an action that takes none"
			       : NULL;
	case ACTION_REQUIRE_ROLE:
		return verify_roles(v, r);
	case ACTION_RATE_LIMIT:
		return r->noperands != 1 || r->operand >=
						    count_of(v, SECTION_BUCKETS)
			       ? "a rule's rate limit is out of range"
			       : NULL;
	case ACTION_RESPONSE_FILTER:
		if (!has_range(r->operand, r->noperands,
			    count_of(v, SECTION_FILTERS)))
			return "a rule's filters are out of bounds";
		return spend(&v->filters_left, r->noperands)
			       ? NULL
			       : "rules name more filters than an image can "
				 "hold";
	case ACTION_COUNT:
		break;
	}
	return "an unknown action";
}

static const char *
verify_rule(struct proof *v, const struct program_rule *r)
{
	if (!has_string(v, r->name) || !has_string(v, r->message) ||
		!has_string(v, r->file))
		return "a rule's text is out of bounds";
	if (r->entry >= count_of(v, SECTION_INSNS))
		return "a rule's entry is out of range";
	if (r->status < 400 || r->status > 599)
		return "a rule's status is out of range";
	if (r->flags & ~(RULE_DRY_RUN | RULE_TOGGLE))
		return "an unknown flag of a rule";
	if (r->reserved)
		return "reserved bytes of a rule are set";
	return verify_action(v, r);
}

/* --- tests -------------------------------------------------------------- */

#define V(kind)  (1u << VALUE_##kind)
#define V_SCALAR (V(STRING) | V(NUMBER) | V(TRUE) | V(FALSE))

/* What `equals` and `in` compare a field of that kind with. */
static const unsigned typed_values[KIND_COUNT] = {
	[KIND_TEXT] = V_SCALAR,
	[KIND_TEXTS] = V_SCALAR,
	[KIND_JSON] = V_SCALAR,
	[KIND_ADDR] = V(CIDR),
	[KIND_NUMBER] = V(NUMBER),
	[KIND_TIME] = V(TIME),
};

/* The kinds of values that the operator takes on the field, as a mask. */
static unsigned
values_taken(enum operator_id op, enum field field)
{
	switch (operator_info[op].operand) {
	case OPERAND_NONE:
		return 0;
	case OPERAND_PATTERN:
		return V(REGEX);
	case OPERAND_NUMBER:
		return V(NUMBER);
	case OPERAND_PATHS:
		return V(STRING);
	case OPERAND_SCALAR:
	case OPERAND_LIST:
		break;
	}
	if (op == OP_EQUALS || op == OP_IN || op == OP_ONLY_IN)
		return typed_values[field_info[field].kind];
	return V_SCALAR; /* operators on text */
}

static bool
takes_count(enum operand operand, uint32_t n)
{
	switch (operand) {
	case OPERAND_NONE:
		return n == 0;
	case OPERAND_SCALAR:
	case OPERAND_PATTERN:
	case OPERAND_NUMBER:
		return n == 1;
	case OPERAND_LIST:
	case OPERAND_PATHS:
		break;
	}
	return true;
}

static const char *
verify_paths(struct proof *v, const struct program_value *values, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!spend(&v->text_left, values[i].text.len))
			return "more text of paths than an image can hold";
		if (!path_is_clean(text_of(v, values[i].text)))
			return "a path that is not absolute and clean";
	}
	return NULL;
}

static const char *
verify_operands(struct proof *v, const struct program_test *t)
{
	const struct program_value *values =
		program_section(v->h, SECTION_VALUES);
	unsigned taken = values_taken(t->op, t->field);

	if (!has_range(t->value, t->nvalues, count_of(v, SECTION_VALUES)))
		return "a test's values are out of bounds";
	if (!takes_count(operator_info[t->op].operand, t->nvalues))
		return "a test with too many or too few values";
	if (!spend(&v->values_left, t->nvalues))
		return "tests name more values than an image can hold";
	for (uint32_t i = 0; i < t->nvalues; i++)
		if (!(taken & (1u << values[t->value + i].kind)))
			return "a value of a kind its test does not take";
	return operator_info[t->op].operand == OPERAND_PATHS
		       ? verify_paths(v, &values[t->value], t->nvalues)
		       : NULL;
}

static const char *
verify_path(struct proof *v, const struct program_test *t)
{
	bool json = field_info[t->field].kind == KIND_JSON;

	if (!has_range(t->step, t->nsteps, count_of(v, SECTION_STEPS)))
		return "a test's steps are out of bounds";
	if (json != (t->nsteps > 0))
		return "a body test without steps, or steps without a body";
	if (!spend(&v->steps_left, t->nsteps))
		return "tests name more steps than an image can hold";
	return NULL;
}

static const char *
verify_test(struct proof *v, const struct program_test *t)
{
	if (t->field >= FIELD_COUNT)
		return "an unknown field";
	if (t->op >= OP_COUNT)
		return "an unknown operator";
	if (!operator_applies(t->op, t->field))
		return "an operator that does not apply to its field";
	if (t->flags & ~TEST_NOCASE)
		return "an unknown flag of a test";
	if (t->reserved)
		return "reserved bytes of a test are set";
	if (!has_string(v, t->name))
		return "a field's name is out of bounds";
	const char *why = verify_path(v, t);
	return why ? why : verify_operands(v, t);
}

/* --- instructions ------------------------------------------------------- */

static const char *
verify_target(uint32_t at, uint32_t target, uint32_t end)
{
	if (target <= at)
		return "a jump that does not go forward";
	if (target >= end)
		return "a jump out of its pass";
	return NULL;
}

/* Does the rule say what the instruction does? */
static bool
rule_agrees(const struct program_rule *r, enum opcode op)
{
	static const enum action actions[OPCODE_COUNT] = {
		[OPCODE_DENY] = ACTION_DENY,
		[OPCODE_ALLOW] = ACTION_ALLOW,
		[OPCODE_DRY] = ACTION_DENY,
		[OPCODE_ROLE] = ACTION_REQUIRE_ROLE,
		[OPCODE_TAKE] = ACTION_RATE_LIMIT,
		[OPCODE_FILTER] = ACTION_RESPONSE_FILTER,
	};
	bool dry = r->flags & RULE_DRY_RUN;

	if (op == OPCODE_DRY && !dry)
		return false;
	if ((op == OPCODE_DENY || op == OPCODE_FILTER) && dry)
		return false;
	return r->action == actions[op];
}

/* The second pass changes nothing of the verdict, and the first one does not
 * filter. */
static bool
at_home(const struct insn *i, bool second)
{
	if (i->op == OPCODE_TEST || i->op == OPCODE_END)
		return true;
	return second == (i->op == OPCODE_FILTER);
}

static const char *
verify_insn(const struct proof *v, uint32_t at)
{
	const struct insn *insns = program_section(v->h, SECTION_INSNS);
	const struct insn *i = &insns[at];
	const struct program_rule *rules = program_section(v->h, SECTION_RULES);
	bool second = at >= v->h->pass;
	uint32_t end = second ? count_of(v, SECTION_INSNS) : v->h->pass;
	const char *why = NULL;

	if (i->reserved)
		return "reserved bytes of an instruction are set";
	if (i->op >= OPCODE_COUNT)
		return "an unknown instruction";
	if (i->flags & (i->op == OPCODE_TEST ? ~INSN_DOUBT_IS_TRUE : ~0))
		return "an unknown flag of an instruction";
	if (!at_home(i, second))
		return "an instruction in the wrong pass";
	switch ((enum opcode)i->op) {
	case OPCODE_TEST:
		if (i->arg >= count_of(v, SECTION_TESTS))
			return "an instruction's test is out of range";
		why = verify_target(at, i->jt, end);
		return why ? why : verify_target(at, i->jf, end);
	case OPCODE_DENY:
	case OPCODE_ALLOW:
	case OPCODE_DRY:
	case OPCODE_ROLE:
	case OPCODE_TAKE:
	case OPCODE_FILTER:
		if (i->arg >= count_of(v, SECTION_RULES))
			return "an instruction's rule is out of range";
		if (!rule_agrees(&rules[i->arg], i->op))
			return "an instruction contradicts its rule";
		return NULL;
	case OPCODE_END:
	case OPCODE_COUNT:
		break;
	}
	return NULL;
}

static const char *
verify_code(const struct proof *v)
{
	const struct insn *insns = program_section(v->h, SECTION_INSNS);
	uint32_t n = count_of(v, SECTION_INSNS);
	uint32_t pass = v->h->pass;

	if (pass == 0 || pass >= n)
		return "a program without its two passes";
	if (insns[pass - 1].op != OPCODE_END || insns[n - 1].op != OPCODE_END)
		return "the last instruction of a pass is not the end";
	for (uint32_t i = 0; i < n; i++) {
		const char *why = verify_insn(v, i);
		if (why)
			return why;
	}
	return NULL;
}

/* --- all of it ---------------------------------------------------------- */

#define VERIFY_ALL(v, section, type, check) \
	do { \
		const type *records = program_section((v)->h, section); \
		for (uint32_t i = 0; i < count_of(v, section); i++) { \
			const char *why = check(v, &records[i]); \
			if (why) \
				return why; \
		} \
	} while (0)

static const char *
verify_records(struct proof *v)
{
	VERIFY_ALL(v, SECTION_VALUES, struct program_value, verify_value);
	VERIFY_ALL(v, SECTION_STEPS, struct program_step, verify_step);
	VERIFY_ALL(v, SECTION_BUCKETS, struct program_bucket, verify_bucket);
	VERIFY_ALL(v, SECTION_FILTERS, struct program_filter, verify_filter);
	VERIFY_ALL(v, SECTION_RULES, struct program_rule, verify_rule);
	VERIFY_ALL(v, SECTION_TESTS, struct program_test, verify_test);
	return verify_code(v);
}

const char *
program_verify(const void *image, size_t size)
{
	const char *why = verify_header(image, size);
	if (why)
		return why;
	struct proof v = {
		.h = image,
		.values_left = PROGRAM_BYTES_MAX / sizeof(struct program_value),
		.steps_left = PROGRAM_BYTES_MAX / sizeof(struct program_step),
		.filters_left =
			PROGRAM_BYTES_MAX / sizeof(struct program_filter),
		.text_left = PROGRAM_BYTES_MAX,
	};
	return verify_records(&v);
}
