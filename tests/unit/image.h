/* Program images for tests, put together record by record. */
#ifndef TESTS_UNIT_IMAGE_H
#define TESTS_UNIT_IMAGE_H

#include "runtime/cidr.h"
#include "runtime/program.h"

#include <assert.h>
#include <stdlib.h>

#define IMAGE_RECORDS 512
#define IMAGE_STRINGS 65536

struct image {
	struct insn insns[IMAGE_RECORDS];
	struct program_test tests[IMAGE_RECORDS];
	struct program_step steps[IMAGE_RECORDS];
	struct program_value values[IMAGE_RECORDS];
	struct program_rule rules[IMAGE_RECORDS];
	struct program_bucket buckets[IMAGE_RECORDS];
	struct program_filter filters[IMAGE_RECORDS];
	uint32_t slots[IMAGE_RECORDS], filed[IMAGE_RECORDS];
	struct program_key keys[IMAGE_RECORDS];
	uint32_t table[KEY_TABLES + 1]; /* as the header's keys */
	uint32_t nalways;
	bool forgetful; /* no answer of a test is remembered */
	char strings[IMAGE_STRINGS];
	uint32_t count[SECTION_COUNT];
	uint32_t pass; /* 0: a second pass of END alone is added */
	bool default_allow;
};

static inline struct image *
image_new(void)
{
	struct image *im = calloc(1, sizeof(*im));
	assert(im);
	return im;
}

static inline uint32_t
image_next(struct image *im, enum program_section s)
{
	assert(im->count[s] < IMAGE_RECORDS);
	return im->count[s]++;
}

static inline struct program_str
image_text(struct image *im, struct str s)
{
	uint32_t off = im->count[SECTION_STRINGS];

	assert(s.n <= IMAGE_STRINGS - off);
	if (s.n)
		memcpy(im->strings + off, s.p, s.n);
	im->count[SECTION_STRINGS] += (uint32_t)s.n;
	return (struct program_str){off, (uint32_t)s.n};
}

static inline uint32_t
image_insn(struct image *im, enum opcode op, uint32_t arg, uint32_t jt,
	uint32_t jf, enum insn_flag flags)
{
	uint32_t i = image_next(im, SECTION_INSNS);

	im->insns[i] = (struct insn){
		.op = (uint8_t)op,
		.flags = (uint8_t)flags,
		.arg = arg,
		.jt = jt,
		.jf = jf,
	};
	return i;
}

static inline uint32_t
image_rule(struct image *im, enum action action, uint16_t status,
	enum rule_flag flags)
{
	uint32_t i = image_next(im, SECTION_RULES);

	im->rules[i] = (struct program_rule){
		.name = image_text(im, STR("r")),
		.action = (uint8_t)action,
		.status = status,
		.flags = (uint8_t)flags,
		.line = i + 1,
	};
	return i;
}

/* The instructions from here on are the second pass. */
static inline void
image_second_pass(struct image *im)
{
	im->pass = im->count[SECTION_INSNS];
}

/* Another role of the newest rule. */
static inline void
image_role(struct image *im, const char *role)
{
	struct program_rule *r = &im->rules[im->count[SECTION_RULES] - 1];
	uint32_t i = image_next(im, SECTION_VALUES);

	im->values[i] = (struct program_value){
		.kind = VALUE_STRING, .text = image_text(im, str_of(role))};
	if (r->noperands++ == 0)
		r->operand = i;
}

/* The limit of the newest rule; `header` may be empty. */
static inline void
image_bucket(struct image *im, enum bucket_key key, const char *header)
{
	struct program_rule *r = &im->rules[im->count[SECTION_RULES] - 1];

	r->operand = image_next(im, SECTION_BUCKETS);
	r->noperands = 1;
	im->buckets[r->operand] = (struct program_bucket){
		.id = 0x1234u + r->operand,
		.requests = 5,
		.period_ms = 1000,
		.penalty_ms = 2000,
		.key = (uint8_t)key,
		.header = image_text(im, str_of(header)),
	};
}

/* Another value of the newest test, by a letter and its text: s string,
 * n number, t true, f false, r regex, c network, and m for a time as
 * "<days> <from> <to>" in hex. */
static inline void
image_value(struct image *im, const char *spec)
{
	static const char letters[] = "sntfrcm";
	uint32_t i = image_next(im, SECTION_VALUES);
	struct program_value *v = &im->values[i];
	struct str text = str_of(spec + 1);
	struct cidr net;
	bool host_bits;

	v->kind = (uint8_t)(strchr(letters, spec[0]) - letters);
	if (v->kind == VALUE_CIDR) {
		bool ok = cidr_parse(text, &net, &host_bits);
		assert(ok);
		text = (struct str){(const char *)&net, sizeof(net)};
	}
	if (v->kind == VALUE_TIME) {
		char *p;
		v->days = (uint8_t)strtoul(spec + 1, &p, 16);
		v->from = (uint16_t)strtoul(p, &p, 10);
		v->to = (uint16_t)strtoul(p, NULL, 10);
	}
	v->text = image_text(im, text);
	im->tests[im->count[SECTION_TESTS] - 1].nvalues++;
}

/* The steps of "HostConfig.Binds.*"; `\.` is a dot in a name. */
static inline void
image_path(struct image *im, struct program_test *t, const char *path)
{
	t->step = im->count[SECTION_STEPS];
	for (const char *p = path;; p++) {
		char raw[256], folded[256];
		size_t n = 0;
		for (; *p && *p != '.'; p++) {
			if (p[0] == '\\' && p[1] == '.')
				p++;
			assert(n < sizeof(raw));
			raw[n] = *p;
			folded[n++] = ascii_lower(*p);
		}
		struct program_step *s =
			&im->steps[image_next(im, SECTION_STEPS)];
		s->raw = image_text(im, (struct str){raw, n});
		s->folded = image_text(im, (struct str){folded, n});
		s->index = UINT32_MAX;
		if (n && strspn(raw, "0123456789") >= n)
			s->index = (uint32_t)strtoul(raw, NULL, 10);
		s->any = n == 1 && raw[0] == '*';
		t->nsteps++;
		if (!*p)
			return;
	}
}

/* Another filter of the newest rule. */
static inline void
image_filter(struct image *im, const char *path, enum filter_action action,
	const char *replacement)
{
	struct program_rule *r = &im->rules[im->count[SECTION_RULES] - 1];
	uint32_t i = image_next(im, SECTION_FILTERS);
	struct program_test steps = {0};

	image_path(im, &steps, path);
	im->filters[i] = (struct program_filter){
		.step = steps.step,
		.nsteps = steps.nsteps,
		.match = FILTER_ANY_VALUE,
		.action = (uint8_t)action,
		.replacement = image_text(im, str_of(replacement)),
	};
	if (r->noperands++ == 0)
		r->operand = i;
}

/* A test without values; `name` is what stands behind the field's dot. */
static inline uint32_t
image_test(struct image *im, enum field field, const char *name,
	enum operator_id op, enum test_flag flags)
{
	uint32_t i = image_next(im, SECTION_TESTS);
	struct program_test *t = &im->tests[i];

	*t = (struct program_test){
		.field = (uint8_t)field,
		.op = (uint8_t)op,
		.flags = (uint8_t)flags,
		.name = image_text(im, str_of(name)),
		.value = im->count[SECTION_VALUES],
	};
	if (field == FIELD_BODY)
		image_path(im, t, name);
	return i;
}

/* The image as one block of malloc, exactly as long as it says. */
static inline void *
image_bytes(struct image *im, size_t *size_out)
{
	if (im->pass == 0) {
		image_second_pass(im);
		image_insn(im, OPCODE_END, 0, 0, 0, 0);
	}
	const struct {
		const void *records;
		size_t size;
	} sections[SECTION_COUNT] = {
		[SECTION_INSNS] = {im->insns, sizeof(*im->insns)},
		[SECTION_TESTS] = {im->tests, sizeof(*im->tests)},
		[SECTION_STEPS] = {im->steps, sizeof(*im->steps)},
		[SECTION_VALUES] = {im->values, sizeof(*im->values)},
		[SECTION_RULES] = {im->rules, sizeof(*im->rules)},
		[SECTION_BUCKETS] = {im->buckets, sizeof(*im->buckets)},
		[SECTION_FILTERS] = {im->filters, sizeof(*im->filters)},
		[SECTION_STRINGS] = {im->strings, 1},
		[SECTION_SLOTS] = {im->slots, sizeof(*im->slots)},
		[SECTION_KEYS] = {im->keys, sizeof(*im->keys)},
		[SECTION_FILED] = {im->filed, sizeof(*im->filed)},
	};
	struct program_header h = {
		.magic = PROGRAM_MAGIC,
		.version = PROGRAM_VERSION,
		.default_allow = im->default_allow,
		.pass = im->pass,
		.nmemo = im->forgetful ? 0 : im->count[SECTION_TESTS],
		.nalways = im->nalways,
	};
	memcpy(h.keys, im->table, sizeof(h.keys));
	size_t off = sizeof(h);
	for (unsigned s = 0; s < SECTION_COUNT; s++) {
		h.section[s].off = (uint32_t)off;
		h.section[s].count = im->count[s];
		off += (im->count[s] * sections[s].size + 7) & ~(size_t)7;
	}
	h.size = (uint32_t)off;
	char *bytes = calloc(1, off);
	assert(bytes);
	memcpy(bytes, &h, sizeof(h));
	for (unsigned s = 0; s < SECTION_COUNT; s++)
		memcpy(bytes + h.section[s].off, sections[s].records,
			im->count[s] * sections[s].size);
	*size_out = off;
	return bytes;
}

#endif
