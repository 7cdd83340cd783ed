/* The walk of a body along the shapes of the Engine's API.
 *
 * What a shape does not know is a fact, too: docker.unknown. Shapes do not
 * contain themselves, so the recursion ends where they do.
 */
#include "runtime/docker_parts.h"

static const struct docker_member *
find_member(const struct docker_shape *shape, struct str key)
{
	for (; shape; shape = shape->embedded)
		for (size_t i = 0; i < shape->n; i++)
			if (str_eq_nocase(shape->members[i].name, key))
				return &shape->members[i];
	return NULL;
}

/* --- members that nobody knows ------------------------------------------------ */

/* The key as it is written in the body. */
static struct str
raw_key(struct gather *g, const struct json_node *n)
{
	const struct str text = g->json->text;
	uint32_t end = n->raw_key + 1;

	while (text.p[end] != '"')
		end += text.p[end] == '\\' ? 2 : 1;
	const struct json_node key = {
		.start = n->raw_key,
		.end = end + 1,
		.flags = n->flags & JSON_KEY_ESCAPED ? JSON_ESCAPED : 0,
	};
	return json_decoded(g->json, &key, g->arena);
}

static void
add_unknown(struct gather *g, const struct json_node *n)
{
	struct str key = raw_key(g, n);
	size_t room = key.n;

	for (const struct docker_step *s = g->at; s; s = s->up)
		room += s->name.n + 1;
	char *p = arena_alloc(g->arena, room);
	if (!p)
		return;
	/* From the end: the way is known innermost first. */
	char *to = p + room - key.n;
	if (key.n)
		memcpy(to, key.p, key.n);
	for (const struct docker_step *s = g->at; s; s = s->up) {
		*--to = '.';
		to -= s->name.n;
		memcpy(to, s->name.p, s->name.n);
	}
	gather_add(g, FIELD_DOCKER_UNKNOWN, (struct str){p, room});
}

void
docker_walk_object(struct gather *g, const struct docker_shape *shape,
	const struct json_node *object)
{
	const struct json_node *n = json_first(object);

	for (uint32_t i = 0; i < object->children; i++) {
		const struct docker_member *m = find_member(shape, n->key);
		if (m)
			docker_walk_member(g, m, n);
		else if (n->type != JSON_NULL)
			add_unknown(g, n);
		n = json_next(g->json, n);
	}
	for (; shape; shape = shape->embedded)
		if (shape->object)
			shape->object(g, object);
}

/* --- values of members ---------------------------------------------------------- */

struct str
docker_text(struct gather *g, const struct json_node *n)
{
	if (n->type == JSON_STRING)
		return json_decoded(g->json, n, g->arena);
	if (n->type != JSON_NULL)
		gather_doubt_all(g);
	return STR("");
}

static void
walk_texts(struct gather *g, const struct docker_member *m,
	const struct json_node *list)
{
	const struct json_node *n = json_first(list);

	for (uint32_t i = 0; i < list->children; i++) {
		m->text(g, m, docker_text(g, n));
		n = json_next(g->json, n);
	}
}

static void
walk_keys(struct gather *g, const struct docker_member *m,
	const struct json_node *map)
{
	const struct json_node *n = json_first(map);

	for (uint32_t i = 0; i < map->children; i++) {
		m->text(g, m, n->key);
		n = json_next(g->json, n);
	}
}

static void
walk_pairs(struct gather *g, const struct docker_member *m,
	const struct json_node *map)
{
	const struct json_node *n = json_first(map);

	for (uint32_t i = 0; i < map->children; i++) {
		struct str value = docker_text(g, n);
		size_t len = n->key.n + 1 + value.n;
		char *p = arena_alloc(g->arena, len);
		if (!p)
			return;
		if (n->key.n)
			memcpy(p, n->key.p, n->key.n);
		p[n->key.n] = '=';
		if (value.n)
			memcpy(p + n->key.n + 1, value.p, value.n);
		m->text(g, m, (struct str){p, len});
		n = json_next(g->json, n);
	}
}

/* The objects of a list or a map. */
static void
walk_objects(struct gather *g, const struct docker_shape *shape,
	const struct json_node *around)
{
	const struct docker_step each = {STR("*"), g->at};
	const struct json_node *n = json_first(around);

	g->at = &each;
	for (uint32_t i = 0; i < around->children; i++) {
		if (n->type == JSON_OBJECT)
			docker_walk_object(g, shape, n);
		else if (n->type != JSON_NULL)
			gather_doubt_all(g);
		n = json_next(g->json, n);
	}
	g->at = each.up;
}

/* The value is of the type that the member has. */
static void
walk_value(struct gather *g, const struct docker_member *m,
	const struct json_node *n)
{
	switch ((enum docker_form)m->form) {
	case FORM_TEXT:
		m->text(g, m, docker_text(g, n));
		return;
	case FORM_TEXTS:
		if (n->type == JSON_STRING)
			m->text(g, m, docker_text(g, n));
		else
			walk_texts(g, m, n);
		return;
	case FORM_FLAG:
		if (n->type == JSON_TRUE)
			gather_add(g, (enum field)m->field, str_of(m->word));
		return;
	case FORM_KEYS:
		walk_keys(g, m, n);
		return;
	case FORM_PAIRS:
		walk_pairs(g, m, n);
		return;
	case FORM_OBJECT:
		docker_walk_object(g, m->shape, n);
		return;
	case FORM_MAP:
		walk_keys(g, m, n);
		walk_objects(g, m->shape, n);
		return;
	case FORM_OBJECTS:
		walk_objects(g, m->shape, n);
		return;
	case FORM_VALUE:
		m->value(g, n);
		return;
	case FORM_ANY:
	case FORM_QUERY_JSON:
		return;
	}
}

#define T(type) (1u << JSON_##type)

/* The types that the Engine takes for it, null aside. */
static const unsigned types_taken[] = {
	[FORM_ANY] = ~0u,
	[FORM_TEXT] = T(STRING),
	[FORM_TEXTS] = T(ARRAY) | T(STRING),
	[FORM_FLAG] = T(TRUE) | T(FALSE),
	[FORM_KEYS] = T(OBJECT),
	[FORM_PAIRS] = T(OBJECT),
	[FORM_OBJECT] = T(OBJECT),
	[FORM_OBJECTS] = T(ARRAY),
	[FORM_MAP] = T(OBJECT),
	[FORM_VALUE] = T(ARRAY) | T(OBJECT),
	[FORM_QUERY_JSON] = 0,
};

void
docker_walk_member(struct gather *g, const struct docker_member *m,
	const struct json_node *n)
{
	const struct docker_step here = {m->name, g->at};

	if (n->type == JSON_NULL)
		return;
	if (!(types_taken[m->form] & (1u << n->type))) {
		gather_doubt_all(g);
		return;
	}
	if (m->name.n)
		g->at = &here;
	walk_value(g, m, n);
	g->at = here.up;
}

/* --- members by name --------------------------------------------------------------- */

const struct json_node *
docker_get(struct gather *g, const struct json_node *object, const char *folded)
{
	struct str name = str_of(folded);
	const struct json_node *n = json_member(g->json, object, name, name);

	return n && n->type != JSON_NULL ? n : NULL;
}

struct str
docker_get_text(
	struct gather *g, const struct json_node *object, const char *folded)
{
	const struct json_node *n = docker_get(g, object, folded);

	return n ? docker_text(g, n) : STR("");
}

bool
docker_get_true(
	struct gather *g, const struct json_node *object, const char *folded)
{
	const struct json_node *n = docker_get(g, object, folded);

	if (n && n->type != JSON_TRUE && n->type != JSON_FALSE)
		gather_doubt_all(g);
	return n && n->type == JSON_TRUE;
}

struct str
docker_get_number(
	struct gather *g, const struct json_node *object, const char *folded)
{
	const struct json_node *n = docker_get(g, object, folded);

	if (!n)
		return STR("0");
	if (n->type != JSON_NUMBER)
		gather_doubt_all(g);
	return (struct str){g->json->text.p + n->start, n->end - n->start};
}
