/* What a request means: the docker.* fields, gathered from any JSON at all.
 * Keys written in another case mean the same to the Engine, so they must here.
 * The input is a call's letter and a body. */
#include "tests/fuzz/gathered.h"

static const struct {
	enum method method;
	struct str target;
} calls[] = {
	{METHOD_POST, STR("/containers/create?name=a&platform=linux")},
	{METHOD_POST, STR("/containers/a/update")},
	{METHOD_POST, STR("/commit?container=a&repo=b&tag=c&changes=USER%200")},
	{METHOD_POST, STR("/containers/a/exec")},
	{METHOD_POST, STR("/services/create")},
	{METHOD_POST, STR("/services/a/update?version=1")},
	{METHOD_POST, STR("/volumes/create")},
	{METHOD_POST, STR("/networks/create")},
	{METHOD_POST, STR("/networks/a/connect")},
	{METHOD_POST, STR("/build?t=a&t=b:c&networkmode=host&remote=x")},
	{METHOD_POST, STR("/images/create?fromImage=a&tag=b")},
	{METHOD_POST, STR("/plugins/pull?remote=a&name=b")},
	{METHOD_POST, STR("/containers/a/start")},
	{METHOD_GET, STR("/containers/a/json")},
};

/* False: the body is refused before anybody asks what it means. */
static bool
read_request(struct fuzz_gathered *g, unsigned call, struct str body)
{
	enum why why = fuzz_gather(g, calls[call].method, calls[call].target);

	assert(why == WHY_OK);
	return fuzz_gather_body(g, body) == WHY_OK;
}

/* Changes the case of every key that names a field. */
static void
swap_case(const struct json *j, char *text)
{
	for (uint32_t i = 0; i < j->count; i++) {
		const struct json_node *object = &j->nodes[i];
		if (object->type != JSON_OBJECT ||
			(object->flags & JSON_DATA_MAP))
			continue;
		const struct json_node *m = json_first(object);
		for (uint32_t k = 0; k < object->children;
			k++, m = json_next(j, m)) {
			if (m->flags & JSON_KEY_ESCAPED)
				continue;
			for (char *c = text + m->raw_key + 1; *c != '"'; c++)
				if (ascii_lower(*c) >= 'a' &&
					ascii_lower(*c) <= 'z')
					*c ^= 0x20;
		}
	}
}

static void
check_values(enum field field, const struct docker_list *list, struct arena *a)
{
	for (uint32_t i = 0; i < list->n; i++) {
		struct str text = list->v[i].text, again;
		assert(text.n == 0 || text.p);
		assert(i > 0 || !list->v[i].also);
		if (docker_normal(field, text, a, &again))
			assert(again.n == 0 || again.p);
	}
}

static void
check_same(struct fuzz_gathered *a, struct fuzz_gathered *b)
{
	for (unsigned f = 0; f < DOCKER_COUNT; f++) {
		enum field field = (enum field)(DOCKER_FIRST + f);
		/* Its values are keys, as they were written. */
		if (field == FIELD_DOCKER_UNKNOWN)
			continue;
		bool doubt[2];
		const struct docker_list *x =
			docker_values(&a->facts, field, &doubt[0]);
		const struct docker_list *y =
			docker_values(&b->facts, field, &doubt[1]);
		assert(doubt[0] == doubt[1] && x->n == y->n);
		for (uint32_t i = 0; i < x->n; i++)
			assert(str_eq(x->v[i].text, y->v[i].text) &&
				x->v[i].also == y->v[i].also);
		check_values(field, x, &a->arena);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = fuzz_text(data, size);
	unsigned call = (unsigned)(fuzz_byte(&in) - 'a') %
			(sizeof(calls) / sizeof(calls[0]));
	char *copy = fuzz_copy(in), *other = fuzz_copy(in);
	struct fuzz_gathered a, b;

	if (read_request(&a, call, (struct str){copy, in.n})) {
		swap_case(&a.json, other);
		bool ok = read_request(&b, call, (struct str){other, in.n});
		assert(ok);
		check_same(&a, &b);
		arena_fini(&b.arena);
	}
	arena_fini(&a.arena);
	free(copy);
	free(other);
	return 0;
}
