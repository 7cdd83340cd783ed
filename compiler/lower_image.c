/* The image under construction: sections that grow, and are put together. */
#include "compiler/lower_parts.h"

#include "runtime/limits.h"

#include <stdlib.h>

void
lower_init(struct lowering *lo, struct arena *a)
{
	*lo = (struct lowering){.arena = a};
	intern_init(&lo->nocase_regexes, a);
	for (unsigned i = 0; i < SECTION_COUNT; i++) {
		lo->section[i].record = program_record_size[i];
		intern_init(&lo->section[i].runs, a);
	}
}

void
lower_fini(struct lowering *lo)
{
	intern_fini(&lo->nocase_regexes);
	for (unsigned i = 0; i < SECTION_COUNT; i++) {
		free(lo->section[i].bytes);
		intern_fini(&lo->section[i].runs);
	}
}

uint32_t
lower_count(const struct lowering *lo, enum program_section which)
{
	const struct lower_section *s = &lo->section[which];
	return (uint32_t)(s->size / s->record);
}

void *
lower_records(struct lowering *lo, enum program_section which)
{
	return lo->section[which].bytes;
}

uint32_t
lower_append(struct lowering *lo, enum program_section which, const void *data,
	size_t n)
{
	struct lower_section *s = &lo->section[which];
	if (lo->failed || n > PROGRAM_BYTES_MAX - s->size) {
		lo->failed = true;
		return 0;
	}
	if (s->size + n > s->room) {
		size_t room = (s->size + n) * 2;
		char *bytes = realloc(s->bytes, room);
		if (!bytes) {
			lo->failed = true;
			return 0;
		}
		s->bytes = bytes;
		s->room = room;
	}
	uint32_t first = lower_count(lo, which);
	memcpy(s->bytes + s->size, data, n);
	s->size += n;
	return first;
}

uint32_t
lower_share(struct lowering *lo, enum program_section which,
	struct intern *table, const void *data, size_t n)
{
	bool is_new;
	if (n == 0)
		return 0;
	uint32_t next = lower_count(lo, which);
	uint32_t first =
		intern_put(table, (struct str){data, n}, next, &is_new);
	if (table->failed)
		lo->failed = true;
	if (is_new)
		lower_append(lo, which, data, n);
	return first;
}

uint32_t
lower_put(struct lowering *lo, enum program_section which, const void *data,
	size_t n)
{
	return lower_share(lo, which, &lo->section[which].runs, data, n);
}

struct program_str
lower_put_str(struct lowering *lo, struct str s)
{
	return (struct program_str){
		lower_put(lo, SECTION_STRINGS, s.p, s.n), (uint32_t)s.n};
}

/* How often each test is asked for. */
static uint32_t *
count_uses(struct lowering *lo)
{
	uint32_t ntests = lower_count(lo, SECTION_TESTS);
	const struct insn *insns = lower_records(lo, SECTION_INSNS);
	uint32_t *uses = arena_alloc(lo->arena, ntests * sizeof(*uses) + 1);

	for (uint32_t i = 0; uses && i < lower_count(lo, SECTION_INSNS); i++)
		if (insns[i].op == OPCODE_TEST)
			uses[insns[i].arg]++;
	return uses;
}

void
lower_order_tests(struct lowering *lo)
{
	uint32_t ntests = lower_count(lo, SECTION_TESTS), n = 0;
	struct program_test *tests = lower_records(lo, SECTION_TESTS);
	struct insn *insns = lower_records(lo, SECTION_INSNS);
	struct program_test *ordered =
		arena_alloc(lo->arena, ntests * sizeof(*ordered) + 1);
	uint32_t *number = count_uses(lo);

	if (lo->failed || ntests == 0 || !number || !ordered)
		return;
	for (unsigned shared = 2; shared-- > 0;) {
		for (uint32_t i = 0; i < ntests; i++)
			if ((number[i] > 1) == shared)
				ordered[n++] = tests[i];
		if (shared)
			lo->nmemo = n;
	}
	for (uint32_t i = 0, first = 0, last = lo->nmemo; i < ntests; i++)
		number[i] = number[i] > 1 ? first++ : last++;
	memcpy(tests, ordered, ntests * sizeof(*tests));
	for (uint32_t i = 0; i < lower_count(lo, SECTION_INSNS); i++)
		if (insns[i].op == OPCODE_TEST)
			insns[i].arg = number[insns[i].arg];
}

static size_t
align8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

bool
lower_assemble(const struct lowering *lo, bool default_allow, struct image *out)
{
	size_t size = align8(sizeof(struct program_header));
	for (unsigned i = 0; i < SECTION_COUNT; i++)
		size += align8(lo->section[i].size);
	if (lo->failed || size > PROGRAM_BYTES_MAX)
		return false;
	char *bytes = calloc(1, size);
	if (!bytes)
		return false;
	struct program_header *h = (struct program_header *)(void *)bytes;
	memcpy(h->magic, PROGRAM_MAGIC, sizeof(h->magic));
	h->version = PROGRAM_VERSION;
	h->size = (uint32_t)size;
	h->default_allow = default_allow;
	h->pass = lo->pass;
	h->nmemo = lo->nmemo;
	h->nalways = lo->nalways;
	memcpy(h->keys, lo->keys, sizeof(h->keys));
	size_t at = align8(sizeof(*h));
	for (unsigned i = 0; i < SECTION_COUNT; i++) {
		const struct lower_section *s = &lo->section[i];
		h->section[i].off = (uint32_t)at;
		h->section[i].count = lower_count(lo, (enum program_section)i);
		if (s->size > 0)
			memcpy(bytes + at, s->bytes, s->size);
		at += align8(s->size);
	}
	*out = (struct image){bytes, size};
	return true;
}
