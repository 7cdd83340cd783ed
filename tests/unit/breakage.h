/* Images with one promise broken: each is refused, for the right reason.
 * Include behind cmocka.h. */
#ifndef TESTS_UNIT_BREAKAGE_H
#define TESTS_UNIT_BREAKAGE_H

#include "tests/unit/image.h"

/* Bytes to write over a record of a section; SECTION_COUNT: the header. */
struct breakage {
	enum program_section section;
	uint32_t record;
	size_t offset;
	unsigned width;
	uint64_t value;
	const char *why;
};

#define AT(type, member) \
	offsetof(type, member), sizeof(((const type *)NULL)->member)
#define HEADER(member, value, why) \
	{ \
		SECTION_COUNT, 0, AT(struct program_header, member), value, \
			why \
	}
#define INSN(i, member, value, why) \
	{ \
		SECTION_INSNS, i, AT(struct insn, member), value, why \
	}

static inline void
break_image(char *bytes, const struct breakage *b)
{
	struct program_header h;
	size_t at = b->offset;

	memcpy(&h, bytes, sizeof(h));
	if (b->section != SECTION_COUNT)
		at += h.section[b->section].off +
		      b->record * program_record_size[b->section];
	memcpy(bytes + at, &b->value, b->width);
}

static inline void
assert_each_breaks(struct image *im, const struct breakage *breakages, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct breakage *b = &breakages[i];
		size_t size;
		char *bytes = image_bytes(im, &size);
		struct program p;
		const char *why;
		break_image(bytes, b);
		if (program_load(&p, bytes, size, &why))
			fail_msg("%zu: taken, not \"%s\"", i, b->why);
		assert_null(p.regexes);
		if (strcmp(why, b->why) != 0)
			fail_msg("%zu: \"%s\", not \"%s\"", i, why, b->why);
		free(bytes);
	}
}

#endif
