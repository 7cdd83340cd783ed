/* Request targets: what is forwarded is read again as the very same path,
 * version and query, and is its own canonical form. So what was judged is what
 * the Engine decodes. */
#include "runtime/limits.h"
#include "runtime/target.h"
#include "tests/fuzz/fuzz.h"

static const struct target_limits limits = {
	.target_bytes = LIMIT_TARGET_BYTES,
	.min_api_major = 1,
	.min_api_minor = 24,
};

static void
check_clean(struct str path)
{
	struct str rest = path;

	assert(path.n > 0 && path.p[0] == '/');
	assert(str_is_utf8(path));
	for (size_t i = 0; i < path.n; i++)
		assert((unsigned char)path.p[i] >= 0x20 && path.p[i] != 0x7f);
	fuzz_cut(&rest, '/');
	while (rest.n) {
		struct str segment = fuzz_cut(&rest, '/');
		assert(segment.n > 0 && !str_eq(segment, STR(".")) &&
			!str_eq(segment, STR("..")));
	}
}

/* No name twice, but for lists. */
static void
check_params(const struct target *t)
{
	for (size_t i = 0; i < t->nparams; i++)
		for (size_t k = 0; k < i; k++)
			assert(target_param_is_list(t->params[i].name) ||
				!str_eq(t->params[i].name, t->params[k].name));
}

static void
check_same(const struct target *was, const struct target *is)
{
	assert(str_eq(was->path, is->path));
	assert(str_eq(was->api_version, is->api_version));
	assert(was->api_major == is->api_major);
	assert(was->api_minor == is->api_minor);
	assert(was->nparams == is->nparams);
	for (size_t i = 0; i < was->nparams; i++) {
		assert(str_eq(was->params[i].name, is->params[i].name));
		assert(str_eq(was->params[i].value, is->params[i].value));
	}
	assert(is->authority.n == 0);
	assert(str_eq(was->forward, is->forward));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *raw = fuzz_copy(fuzz_text(data, size));
	struct target t, again;
	struct arena a;

	arena_init(&a, MIB(1));
	enum why why = target_parse((struct str){raw, size}, &limits, &a, &t);
	if (why == WHY_OK) {
		check_clean(t.path);
		check_params(&t);
		struct target_limits longer = limits;
		longer.target_bytes = t.forward.n;
		char *forward = fuzz_copy(t.forward);
		why = target_parse((struct str){forward, t.forward.n}, &longer,
			&a, &again);
		assert(why == WHY_OK);
		check_same(&t, &again);
		free(forward);
	}
	arena_fini(&a);
	free(raw);
	return 0;
}
