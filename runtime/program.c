/* The program: its tables, and loading a verified image. */
#include "runtime/program.h"

#include "runtime/candidates.h"

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
#define K_LACKED OPERATOR_LACKED
#define K_PATHS  OPERATOR_PATHS

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
	[ACTION_REQUIRE_ROLE] = "require_role",
	[ACTION_RATE_LIMIT] = "rate_limit",
	[ACTION_RESPONSE_FILTER] = "response_filter",
};

static const char *const bucket_key_names[BUCKET_KEY_COUNT] = {
	[BUCKET_CLIENT_IP] = "client_ip",
	[BUCKET_IDENTITY] = "identity",
	[BUCKET_ROLE] = "role",
	[BUCKET_HEADER] = "header",
};

static const char *const filter_action_names[FILTER_ACTION_COUNT] = {
	[FILTER_REDACT] = "redact",
	[FILTER_REMOVE] = "remove",
	[FILTER_REPLACE] = "replace",
};

const uint32_t program_record_size[SECTION_COUNT] = {
	[SECTION_INSNS] = sizeof(struct insn),
	[SECTION_TESTS] = sizeof(struct program_test),
	[SECTION_STEPS] = sizeof(struct program_step),
	[SECTION_VALUES] = sizeof(struct program_value),
	[SECTION_RULES] = sizeof(struct program_rule),
	[SECTION_BUCKETS] = sizeof(struct program_bucket),
	[SECTION_FILTERS] = sizeof(struct program_filter),
	[SECTION_SLOTS] = sizeof(uint32_t),
	[SECTION_KEYS] = sizeof(struct program_key),
	[SECTION_FILED] = sizeof(uint32_t),
	[SECTION_STRINGS] = 1,
};

bool
operator_applies(enum operator_id op, enum field field)
{
	assert(op < OP_COUNT && field < FIELD_COUNT);
	const struct field_info *info = &field_info[field];
	unsigned kinds = operator_info[op].kinds;

	if ((kinds & OPERATOR_PATHS) && !(info->flags & FIELD_PATHS))
		return false;
	if (kinds & (1u << info->kind))
		return true;
	return (kinds & OPERATOR_LACKED) &&
	       (info->flags & (FIELD_NAMED | FIELD_DOCKER));
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

const char *
bucket_key_name(unsigned key)
{
	return key < BUCKET_KEY_COUNT ? bucket_key_names[key] : "?";
}

const char *
filter_action_name(unsigned action)
{
	return action < FILTER_ACTION_COUNT ? filter_action_names[action] : "?";
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
		.buckets = program_section(h, SECTION_BUCKETS),
		.filters = program_section(h, SECTION_FILTERS),
		.slots = program_section(h, SECTION_SLOTS),
		.keys = program_section(h, SECTION_KEYS),
		.filed = program_section(h, SECTION_FILED),
		.strings = program_section(h, SECTION_STRINGS),
		.ninsns = h->section[SECTION_INSNS].count,
		.ntests = h->section[SECTION_TESTS].count,
		.nsteps = h->section[SECTION_STEPS].count,
		.nvalues = h->section[SECTION_VALUES].count,
		.nrules = h->section[SECTION_RULES].count,
		.nbuckets = h->section[SECTION_BUCKETS].count,
		.nfilters = h->section[SECTION_FILTERS].count,
		.nslots = h->section[SECTION_SLOTS].count,
	};
}

/* Compiles the regex of a value once, whatever number of tests and filters
 * use it. */
static const char *
load_regex(struct program *p, uint32_t value, bool nocase)
{
	char err[128];
	size_t offset;
	struct regex **re = &p->regexes[value];

	if (*re)
		return regex_is_nocase(*re) == nocase
			       ? NULL
			       : "one regex is used with and without case";
	*re = regex_compile(program_text(p, p->values[value].text), nocase, err,
		sizeof(err), &offset);
	return *re ? NULL : "a regex does not compile";
}

static const char *
load_tests(struct program *p)
{
	for (uint32_t i = 0; i < p->ntests; i++) {
		const struct program_test *t = &p->tests[i];
		const char *why = NULL;
		if (field_info[t->field].flags & FIELD_NEEDS_BODY)
			p->reads_body = true;
		if (operator_info[t->op].operand == OPERAND_PATTERN)
			why = load_regex(p, t->value, program_test_nocase(t));
		if (why)
			return why;
	}
	return NULL;
}

static const char *
load_filters(struct program *p)
{
	for (uint32_t i = 0; i < p->nfilters; i++) {
		const struct program_filter *f = &p->filters[i];
		const char *why = NULL;
		if (f->match != FILTER_ANY_VALUE)
			why = load_regex(p, f->match, false);
		if (why)
			return why;
	}
	return NULL;
}

static const char *
load(struct program *p)
{
	size_t nkeys = p->header->keys[KEY_TABLES];

	p->regexes = calloc(p->nvalues + 1u, sizeof(*p->regexes));
	p->key_heads = calloc(nkeys + 1, sizeof(*p->key_heads));
	if (!p->regexes || !p->key_heads)
		return "out of memory";
	candidates_load(p);
	const char *why = load_tests(p);
	return why ? why : load_filters(p);
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
	*why_out = load(p);
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
	free(p->key_heads);
	*p = (struct program){0};
}
