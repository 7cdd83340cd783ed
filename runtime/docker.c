/* The docker.* fields: gathered when asked for, remembered for the request. */
#include "runtime/docker.h"

#include "runtime/docker_parts.h"
#include "runtime/limits.h"
#include "runtime/path.h"

#include <assert.h>

#define LIST_ROOM_MIN 8u

_Static_assert(DOCKER_COUNT <= 32, "doubts has a bit for each field");

/* --- lists -------------------------------------------------------------------- */

static unsigned
index_of(enum field field)
{
	assert(field >= DOCKER_FIRST && field - DOCKER_FIRST < DOCKER_COUNT);
	return field - DOCKER_FIRST;
}

/* The lists double; the old ones stay in the arena, together no larger than
 * the new one. */
static bool
list_grow(struct docker_list *l, struct arena *a)
{
	uint32_t room = l->room ? l->room * 2 : LIST_ROOM_MIN;
	struct docker_value *v = arena_alloc(a, room * sizeof(*v));

	if (!v)
		return false;
	if (l->n)
		memcpy(v, l->v, l->n * sizeof(*v));
	l->v = v;
	l->room = room;
	return true;
}

static void
list_add(struct gather *g, enum field field, struct docker_value value)
{
	struct docker_list *l = &g->docker->lists[index_of(field)];

	if (value.text.n && (l->n < l->room || list_grow(l, g->arena)))
		l->v[l->n++] = value;
}

void
gather_add(struct gather *g, enum field field, struct str value)
{
	list_add(g, field, (struct docker_value){value, false});
}

void
gather_also(struct gather *g, enum field field, struct str value)
{
	list_add(g, field, (struct docker_value){value, true});
}

bool
docker_is_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return s.n > 0;
}

/* Of one that is always there the name is found before any id. */
static bool
is_default_network(struct str s)
{
	return str_eq(s, STR("bridge")) || str_eq(s, STR("host")) ||
	       str_eq(s, STR("none")) || str_eq(s, STR("default"));
}

bool
docker_is_network_id(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')))
			return false;
	}
	return s.n > 0 && !is_default_network(s);
}

void
gather_id(struct gather *g, enum field field, struct str name)
{
	if (docker_is_hex(name))
		gather_also(g, field,
			arena_fmt(g->arena, "id:%.*s", STR_FMT(name)));
}

void
gather_join(
	struct gather *g, enum field field, const char *word, struct str value)
{
	size_t n = strlen(word);

	if (n == 0 || value.n == 0) {
		gather_add(g, field, value);
		return;
	}
	char *p = arena_alloc(g->arena, n + value.n);
	if (!p)
		return;
	memcpy(p, word, n);
	memcpy(p + n, value.p, value.n);
	gather_add(g, field, (struct str){p, n + value.n});
}

void
gather_doubt(struct gather *g, enum field field)
{
	g->docker->doubts |= 1u << index_of(field);
}

void
gather_doubt_all(struct gather *g)
{
	g->docker->doubts |= ~(1u << index_of(FIELD_DOCKER_TARGET));
}

/* --- the query ------------------------------------------------------------------- */

/* JSON text as the value of a parameter: walked as an object with that one
 * member, which says which of its keys are data. As long as a target at most,
 * so that nobody can make it slow by choosing its keys. */
static void
take_json_param(
	struct gather *g, const struct docker_member *m, struct str text)
{
	const struct json_limits limits = {.depth = JSON_DEPTH_MAX};
	const struct json *before = g->json;
	struct json json;
	size_t at;

	if (text.n == 0)
		return;
	struct str whole = arena_fmt(
		g->arena, "{\"%.*s\":%.*s}", STR_FMT(m->name), STR_FMT(text));
	if (json_scan(whole, &limits, g->arena, &json, &at) != WHY_OK ||
		json.count == 0) { /* when there was no room for it */
		gather_doubt_all(g);
		return;
	}
	g->json = &json;
	docker_walk_object(g, m->shape, json.nodes);
	g->json = before;
}

static void
take_param(struct gather *g, const struct docker_shape *query,
	const struct target_param *p)
{
	bool known = !query->whole;

	for (size_t i = 0; i < query->n; i++) {
		const struct docker_member *m = &query->members[i];
		if (!str_eq(m->name, p->name))
			continue;
		known = true;
		if (m->form == FORM_QUERY_JSON)
			take_json_param(g, m, p->value);
		else if (m->form == FORM_TEXT)
			m->text(g, m, p->value);
	}
	if (!known)
		gather_join(g, FIELD_DOCKER_UNKNOWN, "query.", p->name);
}

/* --- all of it ---------------------------------------------------------------------- */

static struct gather
gather_begin(const struct facts *f)
{
	return (struct gather){
		.facts = f,
		.docker = f->docker,
		.arena = f->arena,
		.json = f->body,
	};
}

static const struct docker_call *
find_call(const struct facts *f)
{
	struct docker *d = f->docker;
	struct str name;

	if (!d->has_call)
		d->call = docker_find_call(f, &name);
	d->has_call = true;
	return d->call;
}

/* What the path and the query say. */
static void
gather_head(const struct facts *f)
{
	struct gather g = gather_begin(f);
	const struct target *t = f->target;
	struct str name;
	const struct docker_call *c = docker_find_call(f, &name);

	f->docker->has_head = true;
	memset(f->docker->lists, 0, sizeof(f->docker->lists));
	if (docker_is_foreign_call(f))
		f->docker->doubts = UINT32_MAX;
	else if (!c && docker_is_strange_call(f))
		gather_doubt(&g, FIELD_DOCKER_TARGET);
	if (!c)
		return;
	gather_add(&g, FIELD_DOCKER_TARGET, name);
	gather_id(&g, FIELD_DOCKER_TARGET, name);
	if (c->name)
		c->name->text(&g, c->name, name);
	for (size_t i = 0; c->query && i < t->nparams; i++)
		take_param(&g, c->query, &t->params[i]);
	if (c->take)
		c->take(&g, name);
}

static void
gather_body(const struct facts *f)
{
	struct gather g = gather_begin(f);
	const struct docker_call *c = find_call(f);

	f->docker->has_body = true;
	if (!c || !c->body)
		return;
	assert(f->body);
	if (f->body->count)
		docker_walk_member(&g, c->body, f->body->nodes);
}

bool
docker_reads_body(const struct facts *f)
{
	assert(f->docker);
	const struct docker_call *c = find_call(f);

	return c && c->body;
}

bool
docker_reads_query(const struct facts *f)
{
	assert(f->docker);
	const struct docker_call *c = find_call(f);

	return c && c->query;
}

const struct docker_list *
docker_values(const struct facts *f, enum field field, bool *doubt_out)
{
	struct docker *d = f->docker;
	unsigned i = index_of(field);

	assert(d);
	if (!d->has_head)
		gather_head(f);
	if (!d->has_body && (field_info[field].flags & FIELD_NEEDS_BODY))
		gather_body(f);
	*doubt_out = (d->doubts >> i) & 1;
	return &d->lists[i];
}

struct str
docker_field_name(unsigned n)
{
	return str_from(
		str_of(field_info[DOCKER_FIRST + n].name), strlen("docker."));
}

/* --- values as an operator writes them ------------------------------------------------- */

static bool
normal_image(struct str text, struct arena *a, struct str *out)
{
	/* Every tag, of a pull without one. */
	struct str all = STR(":*");

	if (str_starts(text, STR("id:")))
		return true;
	if (!str_ends(text, all))
		return docker_image_whole(text, STR(""), a, out);
	text.n -= all.n;
	if (!docker_image_whole(text, STR("all"), a, out))
		return false;
	out->n -= strlen("all");
	*out = arena_fmt(a, "%.*s*", STR_FMT(*out));
	return true;
}

bool
docker_normal(
	enum field field, struct str text, struct arena *a, struct str *out)
{
	bool ok = true;

	*out = text;
	if (field == FIELD_DOCKER_CAPABILITIES || field == FIELD_DOCKER_DROPPED)
		*out = docker_capability(text, a);
	if (field == FIELD_DOCKER_SECURITY)
		*out = docker_security(text, a, &ok);
	if (field == FIELD_DOCKER_USER || field == FIELD_DOCKER_GROUPS)
		*out = docker_id(text);
	if (field == FIELD_DOCKER_IMAGES)
		ok = normal_image(text, a, out);
	if (field == FIELD_DOCKER_HOST_PATHS) {
		*out = path_clean(text, a);
		ok = str_starts(text, STR("/"));
	}
	return ok;
}
