/* The proof of the candidate index: each promise of it, broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/breakage.h"

static uint32_t
add_key(struct image *im, const char *text, uint32_t parent)
{
	uint32_t i = image_next(im, SECTION_KEYS);

	im->keys[i] = (struct program_key){
		.text = image_text(im, str_of(text)),
		.parent = parent,
		.first = 1,
		.nbegins = 1,
		.nequals = 1,
	};
	return i;
}

/* Two rules and a filter:
 *   0 next s0..s2, 5   1 deny r0   2 next s1..s2, 5   3 deny r1
 *   4 next s2..s2, 5   5 end
 *   6 next s2..s3, 9   7 filter r2   8 next s3..s3, 9   9 end */
static struct image *
indexed(void)
{
	struct image *im = image_new();

	image_rule(im, ACTION_DENY, 403, 0);
	image_rule(im, ACTION_DENY, 403, 0);
	image_rule(im, ACTION_RESPONSE_FILTER, 403, 0);
	image_filter(im, "A", FILTER_REMOVE, "");
	image_insn(im, OPCODE_NEXT, 0, 2, 5, 0);
	image_insn(im, OPCODE_DENY, 0, 0, 0, 0);
	image_insn(im, OPCODE_NEXT, 1, 2, 5, 0);
	image_insn(im, OPCODE_DENY, 1, 0, 0, 0);
	image_insn(im, OPCODE_NEXT, 2, 2, 5, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	image_second_pass(im);
	image_insn(im, OPCODE_NEXT, 2, 3, 9, 0);
	image_insn(im, OPCODE_FILTER, 2, 0, 0, 0);
	image_insn(im, OPCODE_NEXT, 3, 3, 9, 0);
	image_insn(im, OPCODE_END, 0, 0, 0, 0);
	for (uint32_t i = 0; i < 3; i++) {
		im->slots[image_next(im, SECTION_SLOTS)] =
			(const uint32_t[]){1, 3, 7}[i];
		im->filed[image_next(im, SECTION_FILED)] = i;
	}
	im->nalways = 1;
	add_key(im, "/a", 0);
	add_key(im, "/a/b", 0);
	add_key(im, "/b", 2);
	add_key(im, "GET", 3);
	im->table[KEYS_METHOD] = 3;
	im->table[KEYS_NETWORK] = im->table[KEY_TABLES] = 4;
	return im;
}

#define SLOT(i, value, why) \
	{ \
		SECTION_SLOTS, i, 0, sizeof(uint32_t), value, why \
	}
#define FILED(i, value, why) \
	{ \
		SECTION_FILED, i, 0, sizeof(uint32_t), value, why \
	}
#define KEY(i, member, value, why) \
	{ \
		SECTION_KEYS, i, AT(struct program_key, member), value, why \
	}

static const struct breakage breakages[] = {
	SLOT(0, 10, "a slot's entry is out of range"),
	SLOT(2, UINT32_MAX, "a slot's entry is out of range"),
	SLOT(1, 1, "slots that do not ascend"),
	SLOT(1, 0, "slots that do not ascend"),
	HEADER(nalways, 4, "more slots are filed nowhere than there are"),
	FILED(0, 3, "a slot is filed that there is not"),
	FILED(2, UINT32_MAX, "a slot is filed that there is not"),
	HEADER(keys[0], 1, "the tables of keys are out of bounds"),
	HEADER(keys[1], 5, "the tables of keys are out of bounds"),
	HEADER(keys[1], UINT32_MAX, "the tables of keys are out of bounds"),
	HEADER(keys[2], 2, "the tables of keys are out of bounds"),
	HEADER(keys[KEY_TABLES], 3, "the tables of keys are out of bounds"),
	KEY(0, text.off, UINT32_MAX, "a key's text is out of bounds"),
	KEY(3, text.len, UINT32_MAX, "a key's text is out of bounds"),
	KEY(0, first, 2, "what is filed under a key is out of bounds"),
	KEY(0, first, UINT32_MAX, "what is filed under a key is out of bounds"),
	KEY(0, nbegins, 3, "what is filed under a key is out of bounds"),
	KEY(0, nbegins, UINT32_MAX,
		"what is filed under a key is out of bounds"),
	KEY(0, nequals, UINT32_MAX,
		"what is filed under a key is out of bounds"),
	KEY(1, text.len, 1, "keys that are not sorted"),
	KEY(1, text.len, 2, "keys that are not sorted"),
	KEY(2, parent, 1, "a key that does not begin with its parent"),
	KEY(1, parent, 2, "a key's parent is out of range"),
	KEY(0, parent, UINT32_MAX, "a key's parent is out of range"),
	KEY(3, parent, 2, "a key's parent is out of range"),
	INSN(0, arg, 3, "an instruction's slots are out of range"),
	INSN(0, jt, 4, "an instruction's slots are out of range"),
	INSN(0, jt, UINT32_MAX, "an instruction's slots are out of range"),
	INSN(0, jt, 3, "a slot out of its pass, or back"),
	INSN(2, arg, 0, "a slot out of its pass, or back"),
	INSN(6, arg, 1, "a slot out of its pass, or back"),
	INSN(2, jf, 2, "a jump out of its pass, or back"),
	INSN(2, jf, 6, "a jump out of its pass, or back"),
	INSN(8, jf, 10, "a jump out of its pass, or back"),
};

static void
test_well_formed(void **state)
{
	struct image *im = indexed();
	size_t size;
	void *bytes = image_bytes(im, &size);

	(void)state;
	assert_null(program_verify(bytes, size));
	free(bytes);
	free(im);
}

static void
test_each_promise(void **state)
{
	struct image *im = indexed();

	(void)state;
	assert_each_breaks(
		im, breakages, sizeof(breakages) / sizeof(*breakages));
	free(im);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_well_formed),
		cmocka_unit_test(test_each_promise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
