/* What a test sees of a request. */
#include "runtime/seen.h"

#include "runtime/match_parts.h"

#include <stdio.h>

struct looking {
	const struct program *p;
	const struct program_test *t;
	const struct facts *f;
	struct arena *arena;
	struct seen_value *v;
	struct seen seen;
};

static void
add(struct looking *l, struct str text, bool is_string)
{
	if (l->seen.n < SEEN_MAX)
		l->v[l->seen.n++] = (struct seen_value){
			arena_str(l->arena, text), is_string};
	l->seen.total++;
}

/* --- fields of several values ------------------------------------------------- */

static void
see_header(struct looking *l)
{
	struct str value;

	if (match_header_value(l->f, program_text(l->p, l->t->name), &value))
		add(l, value.p ? value : STR(""), true);
}

static void
see_query(struct looking *l)
{
	const struct target *target = l->f->target;
	struct str name = program_text(l->p, l->t->name);

	for (size_t i = 0; i < target->nparams; i++)
		if (str_eq(target->params[i].name, name))
			add(l, target->params[i].value, true);
}

static void
see_docker(struct looking *l)
{
	enum field field = (enum field)l->t->field;
	bool body = field_info[field].flags & FIELD_NEEDS_BODY;

	l->seen.unknown = body && !l->f->body && docker_reads_body(l->f);
	if (l->seen.unknown)
		return;
	const struct docker_list *list =
		docker_values(l->f, field, &l->seen.doubt);
	for (uint32_t i = 0; i < list->n; i++)
		add(l, list->v[i].text, true);
}

/* As match_path() goes. */
static void
see_path(struct looking *l, const struct json_node *n, uint32_t at)
{
	const struct json *j = l->f->body;

	for (; n && at < l->t->nsteps; at++) {
		const struct program_step *s = &l->p->steps[l->t->step + at];
		if (s->any && (n->type == JSON_ARRAY || n->type == JSON_OBJECT))
			break;
		n = match_follow(l->p, j, n, s);
	}
	if (!n || n->type == JSON_NULL)
		return;
	if (at == l->t->nsteps) {
		add(l, json_text(j, n, l->f->arena), n->type == JSON_STRING);
		return;
	}
	const struct json_node *child = json_first(n);
	for (uint32_t i = 0; i < n->children; i++) {
		see_path(l, child, at + 1);
		child = json_next(j, child);
	}
}

static void
see_body(struct looking *l)
{
	const struct json *j = l->f->body;

	l->seen.unknown = !j;
	if (j && j->count)
		see_path(l, j->nodes, 0);
}

/* --- numbers and times ----------------------------------------------------------- */

static void
see_peer(struct looking *l)
{
	const struct facts *f = l->f;

	if (f->has_peer)
		add(l,
			arena_fmt(l->arena, "%u",
				l->t->field == FIELD_PEER_UID ? f->peer_uid
							      : f->peer_gid),
			false);
}

static void
see_time(struct looking *l)
{
	static const char days[7][4] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	const struct facts *f = l->f;

	add(l,
		arena_fmt(l->arena, "%s %02u:%02u", days[f->weekday],
			f->minute / 60u, f->minute % 60u),
		false);
}

static void
see_addr(struct looking *l)
{
	char buf[46];

	if (l->f->client_ip.set)
		add(l, str_of(ip_text(&l->f->client_ip, buf)), false);
}

/* --- all fields -------------------------------------------------------------------- */

static void
see_text(struct looking *l)
{
	const struct facts *f = l->f;
	struct str s;

	switch (l->t->field) {
	case FIELD_PATH:
		s = f->target->path;
		break;
	case FIELD_METHOD:
		s = method_name(f->method);
		break;
	case FIELD_API_VERSION:
		s = f->target->api_version;
		break;
	case FIELD_ROLE:
		s = f->role;
		break;
	case FIELD_IDENTITY:
		s = f->identity;
		break;
	case FIELD_LISTENER:
		s = f->listener;
		break;
	default:
		see_header(l);
		return;
	}
	add(l, s, true);
}

static void
see(struct looking *l)
{
	switch (field_info[l->t->field].kind) {
	case KIND_TEXT:
		see_text(l);
		break;
	case KIND_TEXTS:
		if (l->t->field == FIELD_QUERY)
			see_query(l);
		else
			see_docker(l);
		break;
	case KIND_JSON:
		see_body(l);
		break;
	case KIND_ADDR:
		see_addr(l);
		break;
	case KIND_NUMBER:
		see_peer(l);
		break;
	case KIND_TIME:
		see_time(l);
		break;
	case KIND_COUNT:
		break;
	}
}

struct seen
seen_values(const struct program *p, const struct program_test *t,
	const struct facts *f, struct arena *a)
{
	struct looking l = {.p = p, .t = t, .f = f, .arena = a};

	l.v = arena_alloc(a, SEEN_MAX * sizeof(*l.v));
	if (!l.v)
		return l.seen;
	l.seen.v = l.v;
	see(&l);
	return l.seen;
}
