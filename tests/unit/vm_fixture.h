/* A program image, loaded, and the facts it runs over: for the tests of
 * runtime/vm.c. Include behind cmocka.h. */
#ifndef TESTS_UNIT_VM_FIXTURE_H
#define TESTS_UNIT_VM_FIXTURE_H

#include "runtime/limits.h"
#include "runtime/vm.h"
#include "tests/unit/image.h"

#include <stdlib.h>

#define EVIL_PATTERN "r^(a+)+$"
#define EVIL_TEXT    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"

struct fixture {
	struct facts facts;
	struct docker docker;
	struct target target;
	struct json json;
	struct arena arena;
	struct regex_scratch *scratch;
	void *bytes;
	struct program program;
	struct vm vm;
};

static inline int
setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	if (!fx)
		return -1;
	arena_init(&fx->arena, MIB(1));
	fx->scratch = regex_scratch_new();
	fx->target.path = STR("/info");
	fx->facts.target = &fx->target;
	fx->facts.docker = &fx->docker;
	fx->facts.arena = &fx->arena;
	*state = fx;
	return fx->scratch ? 0 : -1;
}

static inline int
teardown(void **state)
{
	struct fixture *fx = *state;

	program_fini(&fx->program);
	free(fx->bytes);
	regex_scratch_free(fx->scratch);
	arena_fini(&fx->arena);
	free(fx);
	return 0;
}

/* Loads the image, frees it, and makes ready to run. */
static inline void
load(struct fixture *fx, struct image *im)
{
	size_t size;
	const char *why;

	program_fini(&fx->program);
	free(fx->bytes);
	fx->bytes = image_bytes(im, &size);
	free(im);
	if (!program_load(&fx->program, fx->bytes, size, &why))
		fail_msg("%s", why);
	assert_true(vm_init(&fx->vm, &fx->program, &fx->arena));
}

static inline enum vm_status
run(struct fixture *fx)
{
	return vm_run(&fx->vm, &fx->facts, fx->scratch);
}

static inline void
set_body(struct fixture *fx, const char *text)
{
	static const struct json_limits limits = {LIMIT_JSON_DEPTH, 1};
	size_t at;

	assert_int_equal(
		json_scan(str_of(text), &limits, &fx->arena, &fx->json, &at),
		WHY_OK);
	fx->facts.body = &fx->json;
}

static inline uint32_t
path_is(struct image *im, const char *value)
{
	uint32_t t = image_test(im, FIELD_PATH, "", OP_EQUALS, 0);
	image_value(im, value);
	return t;
}

#endif
