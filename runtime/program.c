/* The program: its tables, and loading a verified image. */
#include "runtime/program.h"

#include <assert.h>
#include <stdlib.h>

const struct field_info field_info[FIELD_COUNT] = {
#define FIELD(id, name, kind, flags) {name, KIND_##kind, flags},
#include "runtime/fields.def"
#undef FIELD
};

/* The words of operators.def. */
#define K_TEXT   (1u << KIND_TEXT)
#define K_TEXTS  (1u << KIND_TEXTS)
#define K_JSON   (1u << KIND_JSON)
#define K_ADDR   (1u << KIND_ADDR)
#define K_NUMBER (1u << KIND_NUMBER)
#define K_TIME   (1u << KIND_TIME)
#define K_NAMED  (1u << 31)

const struct operator_info operator_info[OP_COUNT] = {
#define OPERATOR(id, name, value, kinds) {name, OPERAND_##value, kinds},
#include "runtime/operators.def"
#undef OPERATOR
};

static const char *const opcode_names[OPCODE_COUNT] = {
#define OPCODE(id, name, arg, jumps) name,
#include "runtime/opcodes.def"
#undef OPCODE
};

static const char *const action_names[ACTION_COUNT] = {
	[ACTION_DENY] = "deny",
	[ACTION_ALLOW] = "allow",
};

bool
operator_applies(enum operator_id op, enum field field)
{
	assert(op < OP_COUNT && field < FIELD_COUNT);
	const struct field_info *info = &field_info[field];
	unsigned kinds = operator_info[op].kinds;

	if (kinds & (1u << info->kind))
		return true;
	return (kinds & K_NAMED) && (info->flags & FIELD_NAMED);
}

const char *
opcode_name(unsigned op)
{
	return op < OPCODE_COUNT ? opcode_names[op] : "?";
}

const char *
action_name(unsigned action)
{
	return action < ACTION_COUNT ? action_names[action] : "?";
}

static void
map_sections(struct program *p, const struct program_header *h)
{
	*p = (struct program){
		.header = h,
		.insns = program_section(h, SECTION_INSNS),
		.tests = program_section(h, SECTION_TESTS),
		.steps = program_section(h, SECTION_STEPS),
		.values = program_section(h, SECTION_VALUES),
		.rules = program_section(h, SECTION_RULES),
		.strings = program_section(h, SECTION_STRINGS),
		.ninsns = h->section[SECTION_INSNS].count,
		.ntests = h->section[SECTION_TESTS].count,
		.nsteps = h->section[SECTION_STEPS].count,
		.nvalues = h->section[SECTION_VALUES].count,
		.nrules = h->section[SECTION_RULES].count,
	};
}

/* Compiles the regex of a value once, whatever number of tests use it. */
static const char *
load_regex(struct program *p, const struct program_test *t)
{
	char err[128];
	size_t offset;
	struct regex **re = &p->regexes[t->value];
	bool nocase = program_test_nocase(t);

	if (*re)
		return regex_is_nocase(*re) == nocase
			       ? NULL
			       : "one regex is used with and without case";
	*re = regex_compile(program_text(p, p->values[t->value].text), nocase,
		err, sizeof(err), &offset);
	return *re ? NULL : "a regex does not compile";
}

static const char *
load_tests(struct program *p)
{
	p->regexes = calloc(p->nvalues + 1u, sizeof(*p->regexes));
	if (!p->regexes)
		return "out of memory";
	for (uint32_t i = 0; i < p->ntests; i++) {
		const struct program_test *t = &p->tests[i];
		const char *why = NULL;
		if (field_info[t->field].flags & FIELD_NEEDS_BODY)
			p->reads_body = true;
		if (operator_info[t->op].operand == OPERAND_PATTERN)
			why = load_regex(p, t);
		if (why)
			return why;
	}
	return NULL;
}

bool
program_load(
	struct program *p, const void *image, size_t size, const char **why_out)
{
	*p = (struct program){0};
	*why_out = program_verify(image, size);
	if (*why_out)
		return false;
	map_sections(p, image);
	*why_out = load_tests(p);
	if (!*why_out)
		return true;
	program_fini(p);
	return false;
}

void
program_fini(struct program *p)
{
	for (uint32_t i = 0; p->regexes && i < p->nvalues; i++)
		regex_free(p->regexes[i]);
	free(p->regexes);
	*p = (struct program){0};
}
