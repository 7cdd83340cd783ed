/* What a request means: a line with a method and a target, then a body. Every
 * docker field is gathered; what comes is in the form that the fields promise,
 * and the same when it is gathered again. */
#include "runtime/path.h"
#include "tests/fuzz/gathered.h"

/* False: the request would have been refused before. */
static bool
prepare(struct fuzz_gathered *g, struct str in)
{
	struct str line = fuzz_cut(&in, '\n');
	enum method method = METHOD_GET;
	bool known = method_parse(fuzz_cut(&line, ' '), &method);

	return fuzz_gather(g, method, line) == WHY_OK && known &&
	       fuzz_gather_body(g, in) == WHY_OK;
}

static const struct docker_list *
values(struct fuzz_gathered *g, enum field field, bool *doubt_out)
{
	const struct docker_list *l =
		docker_values(&g->facts, field, doubt_out);

	assert(!arena_overflowed(&g->arena));
	return l;
}

/* One that ends in ":ro" by itself is in doubt. */
static void
check_path(struct str path, bool doubt)
{
	struct str mount = path;

	if (str_ends(path, STR(":ro")))
		mount.n -= 3;
	assert(path_is_clean(mount) || (doubt && path_is_clean(path)));
}

static void
check_value(enum field field, struct str s, bool doubt)
{
	assert(s.n > 0);
	if (field == FIELD_DOCKER_HOST_PATHS)
		check_path(s, doubt);
	if (field == FIELD_DOCKER_CAPABILITIES || field == FIELD_DOCKER_DROPPED)
		for (size_t i = 0; i < s.n; i++)
			assert(s.p[i] < 'a' || s.p[i] > 'z');
	if (field == FIELD_DOCKER_USER)
		assert(!str_eq(s, STR("0")) && !str_eq(s, STR("00")));
}

/* Of one field; a second gathering says the same. */
static void
check_field(
	struct fuzz_gathered *g, struct fuzz_gathered *again, enum field field)
{
	bool doubt, same_doubt;
	const struct docker_list *l = values(g, field, &doubt);
	const struct docker_list *m = values(again, field, &same_doubt);

	assert(l->n == m->n && doubt == same_doubt);
	for (uint32_t i = 0; i < l->n; i++) {
		assert(str_eq(l->v[i].text, m->v[i].text));
		assert(i > 0 || !l->v[i].also);
		check_value(field, l->v[i].text, doubt);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy(fuzz_text(data, size));
	struct str in = {copy, size};
	struct fuzz_gathered g, again;

	bool ok = prepare(&g, in);
	assert(prepare(&again, in) == ok);
	for (unsigned f = 0; ok && f < DOCKER_COUNT; f++)
		check_field(&g, &again, (enum field)(DOCKER_FIRST + f));
	arena_fini(&g.arena);
	arena_fini(&again.arena);
	free(copy);
	return 0;
}
