/* Policies: any text and environment through the whole compiler. What compiles
 * is printed, listed, linted and run over requests; what does not says why; and both
 * come out alike a second time. The input is the file's text, then, each
 * behind a NUL, the environment; without any text there is no file. */
#include "compiler/policy.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/requests.h"

#define ENV_MAX 16

/* What came of compiling. */
struct outcome {
	struct policy *policy; /* owned */
	char *text;            /* owned: what is said of it */
	size_t n;
};

static void
compile(const struct policy_input *in, struct outcome *o)
{
	struct arena a;
	struct diag diag;
	FILE *out = open_memstream(&o->text, &o->n);

	assert(out);
	arena_init(&a, MIB(64));
	o->policy = policy_compile(in, &a, &diag);
	assert((o->policy == NULL) == (diag.errors > 0));
	diag_write(&diag, out);
	if (o->policy)
		policy_write(o->policy, out);
	fclose(out);
	diag_fini(&diag);
	arena_fini(&a);
}

static void
check_same(const struct outcome *a, const struct outcome *b)
{
	assert(a->n > 0);
	assert(a->n == b->n && memcmp(a->text, b->text, a->n) == 0);
	assert((a->policy == NULL) == (b->policy == NULL));
	if (!a->policy)
		return;
	assert(a->policy->image_size == b->policy->image_size);
	assert(memcmp(a->policy->image, b->policy->image,
		       a->policy->image_size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *envp[ENV_MAX + 1] = {NULL};
	char *env[ENV_MAX];
	size_t n = 0;
	struct str in = fuzz_text(data, size);
	struct str text = fuzz_cut(&in, '\0');
	struct policy_input input = {
		.file = text.n ? "fuzz.conf" : NULL,
		.lint = LINT_ALL,
		.others_read = true,
		.text = text,
		.envp = envp,
		.strict = size % 2,
	};
	struct outcome first, second;

	while (in.n && n < ENV_MAX) {
		struct str e = fuzz_cut(&in, '\0');
		envp[n] = env[n] = strndup(e.p, e.n);
		assert(env[n++]);
	}
	char *copy = fuzz_copy(text);
	input.text.p = copy;
	compile(&input, &first);
	compile(&input, &second);
	check_same(&first, &second);
	if (first.policy)
		fuzz_run_all(&first.policy->program);
	policy_free(first.policy);
	policy_free(second.policy);
	free(first.text);
	free(second.text);
	free(copy);
	while (n > 0)
		free(env[--n]);
	return 0;
}
