/* The program: a policy as one flat, position-independent block.
 *
 *   header | instructions | tests | steps | values | rules | buckets |
 *   filters | slots | keys | filed | strings
 *
 * Sections are arrays of fixed-width records, 8-byte aligned, addressed by
 * index; strings by offset and length into the last section. Instructions
 * only jump forward: a run ends after at most `ninsns` steps, and that is
 * checked by program_verify() on every load; the VM trusts nothing else.
 * Little-endian hosts only; an image is not an interchange format.
 *
 * A loaded program is immutable and shared by all threads.
 */
#ifndef RUNTIME_PROGRAM_H
#define RUNTIME_PROGRAM_H

#include "runtime/endpoint.h"
#include "runtime/regex.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRAM_MAGIC   "DPXPROG"
#define PROGRAM_VERSION 2u
#define PROGRAM_NO_RULE UINT32_MAX

enum field_kind {
	KIND_TEXT,
	KIND_TEXTS,
	KIND_JSON,
	KIND_ADDR,
	KIND_NUMBER,
	KIND_TIME,
	KIND_COUNT
};

enum field_flag {
	FIELD_NAMED = 1 << 0,
	FIELD_NEEDS_BODY = 1 << 1,
	FIELD_PATHS = 1 << 2,
	FIELD_DOCKER = 1 << 3,
	FIELD_DOCKER_BODY = FIELD_DOCKER | FIELD_NEEDS_BODY,
};

enum field {
#define FIELD(id, name, kind, flags) FIELD_##id,
#include "runtime/fields.def"
#undef FIELD
	FIELD_COUNT
};

struct field_info {
	const char *name;
	enum field_kind kind;
	unsigned flags;
};
extern const struct field_info field_info[FIELD_COUNT];

enum operator_id {
#define OPERATOR(id, name, value, kinds) OP_##id,
#include "runtime/operators.def"
#undef OPERATOR
	OP_COUNT
};

enum operand {
	OPERAND_NONE,
	OPERAND_SCALAR,
	OPERAND_LIST,
	OPERAND_PATHS, /* absolute and clean: a list, or one */
	OPERAND_PATTERN,
	OPERAND_NUMBER,
};

#define OPERATOR_LACKED (1u << 31) /* also fields that a request may lack */
#define OPERATOR_PATHS  (1u << 30) /* only fields that may be paths */

struct operator_info {
	const char *name;
	enum operand operand;
	unsigned kinds; /* 1 << enum field_kind, and the two bits below */
};
extern const struct operator_info operator_info[OP_COUNT];

/* May the operator be used on the field? */
bool operator_applies(enum operator_id op, enum field field);

enum opcode {
#define OPCODE(id, name, arg, jumps) OPCODE_##id,
#include "runtime/opcodes.def"
#undef OPCODE
	OPCODE_COUNT
};
const char *opcode_name(unsigned op); /* "?" when there is none */

enum insn_flag {
	INSN_DOUBT_IS_TRUE = 1 << 0, /* else it is false */
};

struct insn {
	uint8_t op;    /* enum opcode */
	uint8_t flags; /* enum insn_flag */
	uint16_t reserved;
	uint32_t arg; /* of a test, rule or slot */
	uint32_t jt, jf;
};

struct program_str {
	uint32_t off, len; /* into the string section */
};

enum test_flag {
	TEST_NOCASE = 1 << 0,
};

/* One distinct test: a field, a positive operator, operands. Those that more
 * than one instruction asks for stand first: their answers are remembered. */
struct program_test {
	uint8_t field; /* enum field */
	uint8_t op;    /* enum operator_id */
	uint8_t flags; /* enum test_flag */
	uint8_t reserved;
	struct program_str name; /* of query.<name>, header.<name>,
				    body.<path> as written */
	uint32_t step, nsteps;   /* of a body path */
	uint32_t value, nvalues;
};

/* One component of a body path. */
struct program_step {
	struct program_str raw;    /* as written, `\.` undone */
	struct program_str folded; /* by json_fold() */
	uint32_t index; /* as an array element; UINT32_MAX: not a number */
	uint32_t any;   /* 1 for `*` */
};

enum value_kind {
	VALUE_STRING, /* text */
	VALUE_NUMBER, /* text satisfies number_is() */
	VALUE_TRUE,
	VALUE_FALSE,
	VALUE_REGEX, /* text is the pattern */
	VALUE_CIDR,  /* text is 17 bytes: struct cidr */
	VALUE_TIME,  /* days and minutes below */
	VALUE_KIND_COUNT
};

struct program_value {
	uint8_t kind;      /* enum value_kind */
	uint8_t days;      /* of TIME: bit 0 is Sunday */
	uint16_t from, to; /* of TIME: minutes of the day, from inclusive, to
			      exclusive; from > to goes past midnight */
	uint16_t reserved;
	struct program_str text; /* of NUMBER, TRUE, FALSE too: as written */
};

enum action {
	ACTION_DENY,
	ACTION_ALLOW,
	ACTION_REQUIRE_ROLE,
	ACTION_RATE_LIMIT,
	ACTION_RESPONSE_FILTER,
	ACTION_COUNT
};
const char *action_name(unsigned action); /* "?" when there is none */

/* Passes whatever role a rule requires. */
#define ROLE_ADMIN "admin"

enum rule_flag {
	RULE_DRY_RUN = 1 << 0,
	RULE_TOGGLE = 1 << 1, /* lowered from a toggle */
};

struct program_rule {
	struct program_str name;
	struct program_str message; /* empty: a generated one */
	struct program_str file;
	uint32_t line;  /* 1-based; 0: from no file */
	uint32_t entry; /* its first instruction */
	int64_t priority;
	uint16_t status; /* 400-599 */
	uint8_t action;  /* enum action */
	uint8_t flags;   /* enum rule_flag */
	/* REQUIRE_ROLE: roles, in the value section, VALUE_STRING each.
	 * RATE_LIMIT: one bucket. RESPONSE_FILTER: filters. Else none. */
	uint32_t operand, noperands;
	uint32_t reserved;
};

/* What the requests are told apart by that share a rate limit. */
enum bucket_key {
	BUCKET_CLIENT_IP, /* without one, the user of a unix socket */
	BUCKET_IDENTITY,
	BUCKET_ROLE,
	BUCKET_HEADER,
	BUCKET_KEY_COUNT
};
const char *bucket_key_name(unsigned key); /* "header"; "?" for none */

/* A rate limit: `requests` a period, then refused for the penalty. */
struct program_bucket {
	uint64_t id;         /* hash of the rule's name and of what is here: by
				 it a bucket is found again after a reload */
	uint32_t requests;   /* at least 1 */
	uint32_t period_ms;  /* at least 1 */
	uint32_t penalty_ms; /* 0: none */
	uint8_t key;         /* enum bucket_key */
	uint8_t reserved[3];
	struct program_str header; /* name of the key's, else empty */
};

enum filter_action {
	FILTER_REDACT,
	FILTER_REMOVE,
	FILTER_REPLACE,
	FILTER_ACTION_COUNT
};
const char *filter_action_name(unsigned action); /* "?" when there is none */

#define FILTER_ANY_VALUE UINT32_MAX

struct program_filter {
	uint32_t step, nsteps; /* the path, in the step section */
	uint32_t match; /* a VALUE_REGEX in the value section, compared with
			   case; or FILTER_ANY_VALUE */
	uint8_t action; /* enum filter_action */
	uint8_t reserved[3];
	struct program_str replacement; /* of REPLACE: a JSON value as text */
};

/* --- the candidate index (candidates.h) ---------------------------------- */

/* A rule that has code has a slot, in the order of evaluation. */

enum key_table {
	KEYS_PATH,
	KEYS_METHOD,
	KEYS_NETWORK, /* by cidr_key() */
	KEY_TABLES
};

/* What a request may have that rules require. The keys of a table are sorted
 * and distinct. */
struct program_key {
	struct program_str text;
	/* The longest other key of the table that this one begins with; its
	 * own index when there is none. Always below the own index else. */
	uint32_t parent;
	/* Records of the filed section, slots: first those of any text that
	 * begins with the key, then those of the key alone. */
	uint32_t first, nbegins, nequals;
};

enum program_section {
	SECTION_INSNS,
	SECTION_TESTS,
	SECTION_STEPS,
	SECTION_VALUES,
	SECTION_RULES,
	SECTION_BUCKETS,
	SECTION_FILTERS,
	SECTION_SLOTS,   /* uint32_t: entries, ascending */
	SECTION_KEYS,    /* of all tables, one behind the other */
	SECTION_FILED,   /* uint32_t: slots; first those in no table */
	SECTION_STRINGS, /* bytes */
	SECTION_COUNT
};

struct program_header {
	char magic[8];
	uint32_t version;
	uint32_t size; /* of the whole image, bytes */
	uint8_t default_allow;
	uint8_t reserved[3];
	uint32_t pass;  /* the second pass: its first instruction */
	uint32_t nmemo; /* tests whose answers are remembered: the first ones */
	uint32_t keys[KEY_TABLES + 1]; /* the first of each table; their end */
	uint32_t nalways;              /* slots that are filed in no table */
	struct {
		uint32_t off;   /* bytes from the image's start, 8-aligned */
		uint32_t count; /* records */
	} section[SECTION_COUNT];
};

/* Why an image is not well-formed: a constant text; NULL when it is. Total on
 * any bytes: never reads outside them. The image must be 8-aligned. What it
 * proves, verify.c lists. */
const char *program_verify(const void *image, size_t size);

struct program {
	const struct program_header *header; /* borrowed: the image */
	const struct insn *insns;
	const struct program_test *tests;
	const struct program_step *steps;
	const struct program_value *values;
	const struct program_rule *rules;
	const struct program_bucket *buckets;
	const struct program_filter *filters;
	const uint32_t *slots, *filed;
	const struct program_key *keys;
	const char *strings;
	uint32_t ninsns, ntests, nsteps, nvalues, nrules, nbuckets, nfilters;
	uint32_t nslots;
	struct regex **regexes; /* owned: by value index, NULL for others */
	bool reads_body;        /* some test needs the body */
	uint64_t *key_heads;    /* owned: where each key sorts */
	uint32_t method_keys[METHOD_COUNT]; /* what each is filed under */
};

/* Verifies the image and compiles its regexes. False, with *why_out a
 * constant text, when it cannot be run. The image must outlive the program.
 */
bool program_load(struct program *p, const void *image, size_t size,
	const char **why_out);
void program_fini(struct program *p);

/* The first record of a section of a verified image. */
static inline const void *
program_section(const struct program_header *h, enum program_section s)
{
	return (const char *)h + h->section[s].off;
}

/* Does the test ignore ASCII case? A method is always compared so. */
static inline bool
program_test_nocase(const struct program_test *t)
{
	return (t->flags & TEST_NOCASE) || t->field == FIELD_METHOD;
}

/* Bytes of one record of a section. */
extern const uint32_t program_record_size[SECTION_COUNT];

static inline struct str
program_text(const struct program *p, struct program_str s)
{
	return (struct str){p->strings + s.off, s.len};
}

#endif
