/* Learning: which calls there are, and what they say. */
#include "daemon/learn.h"

#include "daemon/audit_lines.h"
#include "runtime/facts.h"
#include "runtime/limits.h"

#include <stdlib.h>
#include <string.h>

#define LEARN_ARENA_MAX MIB(512)
#define LINE_ARENA_MAX  MIB(8)

void
learn_init(struct learnt *l)
{
	*l = (struct learnt){.calls = NULL};
	arena_init(&l->arena, LEARN_ARENA_MAX);
	arena_init(&l->line, LINE_ARENA_MAX);
}

void
learn_fini(struct learnt *l)
{
	free(l->calls);
	arena_fini(&l->arena);
	arena_fini(&l->line);
}

/* --- texts ----------------------------------------------------------------- */

static void
texts_add(struct learnt_texts *t, struct str s, struct arena *a)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (str_eq(t->v[i], s))
			return;
	if (t->n == t->room) {
		uint32_t room = t->room ? 2 * t->room : 4;
		struct str *v = arena_alloc(a, room * sizeof(*v));
		if (!v)
			return;
		if (t->n > 0)
			memcpy(v, t->v, t->n * sizeof(*v));
		t->v = v;
		t->room = room;
	}
	t->v[t->n++] = arena_str(a, s);
}

/* --- the call ---------------------------------------------------------------- */

/* What a path names, and around it. */
struct named {
	struct str before, name, behind;
	bool reads_body, says_more;
	uint64_t says; /* bits of fields: those that the name is a value of */
};

static struct named
split(enum method method, struct str path, struct arena *a)
{
	struct docker docker = {0};
	struct target target = {.path = path};
	const struct facts facts = {
		.method = method,
		.target = &target,
		.docker = &docker,
		.arena = a,
	};
	struct named n = {.before = path};
	bool doubt;

	n.reads_body = docker_reads_body(&facts);
	n.says_more = n.reads_body || docker_reads_query(&facts);
	const struct docker_list *l =
		docker_values(&facts, FIELD_DOCKER_TARGET, &doubt);
	if (l->n == 0)
		return n;
	for (unsigned f = 0; f < DOCKER_COUNT; f++)
		n.says |= (uint64_t)(docker.lists[f].n > 0) << f;
	/* Every path that names something is /kind/name and perhaps more. */
	size_t at = str_find(str_from(path, 1), STR("/")) + 2;
	if (at + l->v[0].text.n > path.n)
		return n;
	n.before.n = at;
	n.name = (struct str){path.p + at, l->v[0].text.n};
	n.behind = str_from(path, at + n.name.n);
	return n;
}

static struct learnt_call *
find_call(struct learnt *l, enum method method, const struct named *n)
{
	for (size_t i = 0; i < l->ncalls; i++) {
		struct learnt_call *c = &l->calls[i];
		if (c->method == method && c->names == (n->name.n > 0) &&
			str_eq(c->before, n->before) &&
			str_eq(c->behind, n->behind))
			return c;
	}
	return NULL;
}

static struct learnt_call *
add_call(struct learnt *l, enum method method, const struct named *n)
{
	if (l->ncalls == l->room) {
		size_t room = l->room ? 2 * l->room : 32;
		void *calls = realloc(l->calls, room * sizeof(*l->calls));
		if (!calls)
			return NULL;
		l->calls = calls;
		l->room = room;
	}
	struct learnt_call *c = &l->calls[l->ncalls++];
	*c = (struct learnt_call){
		.method = method,
		.names = n->name.n > 0,
		.before = arena_str(&l->arena, n->before),
		.behind = arena_str(&l->arena, n->behind),
		.reads_body = n->reads_body,
		.says_more = n->says_more,
		.named = n->says,
	};
	return c;
}

bool
learn_fits(const struct learnt_call *c, struct str path)
{
	if (!c->names)
		return str_eq(c->before, path);
	if (path.n <= c->before.n + c->behind.n ||
		!str_starts(path, c->before) || !str_ends(path, c->behind))
		return false;
	struct str name = {
		path.p + c->before.n, path.n - c->before.n - c->behind.n};
	return c->slashes || str_find(name, STR("/")) == name.n;
}

/* --- what it says --------------------------------------------------------------- */

/* Values and their other readings; the name in the path is none. */
static void
add_values(struct learnt *l, struct learnt_call *c, unsigned field,
	const struct docker_list *list, struct str name)
{
	bool is_name = false;

	for (uint32_t i = 0; i < list->n; i++) {
		const struct docker_value *v = &list->v[i];
		if (!v->also)
			is_name = name.n && str_eq(v->text, name);
		if (is_name)
			c->named |= UINT64_C(1) << field;
		else
			texts_add(&c->values[field], v->text, &l->arena);
	}
}

static void
add_meaning(struct learnt *l, struct learnt_call *c,
	const struct audit_record *r, struct str name)
{
	struct docker docker;
	uint64_t hidden;

	/* What was not sent needs no record. */
	if (!audit_record_means(r, &l->line, &docker, &hidden))
		c->untold |= c->reads_body || r->query.n > 0;
	for (unsigned f = 0; f < DOCKER_COUNT; f++)
		add_values(l, c, f, &docker.lists[f], name);
	c->doubts |= docker.doubts;
	c->hidden |= hidden;
}

/* Was it let in, or would it have been, had the policy not been learnt? */
static bool
is_let_in(const struct audit_record *r)
{
	return r->kind == AUDIT_REQUEST ||
	       (r->kind == AUDIT_DRY_RUN && r->learns);
}

static bool
is_refused(const struct audit_record *r)
{
	return r->kind == AUDIT_DENY || r->kind == AUDIT_AUTH_FAILURE ||
	       r->kind == AUDIT_RATE_LIMITED || r->kind == AUDIT_LOCKOUT;
}

static bool
add(struct learnt *l, const struct audit_record *r)
{
	enum method method;

	l->refused += is_refused(r);
	if (!is_let_in(r) || !method_parse(r->method, &method) ||
		!str_starts(r->path, STR("/")))
		return true;
	struct named n = split(method, r->path, &l->line);
	struct learnt_call *c = find_call(l, method, &n);
	if (!c)
		c = add_call(l, method, &n);
	if (!c)
		return false;
	if (c->requests++ == 0) {
		c->path = arena_str(&l->arena, r->path);
		c->target =
			arena_str(&l->arena, audit_record_target(r, &l->line));
	}
	l->requests++;
	c->slashes |= str_find(n.name, STR("/")) < n.name.n;
	add_meaning(l, c, r, n.name);
	if (r->role.n)
		texts_add(&c->roles, r->role, &l->arena);
	c->anonymous |= r->role.n == 0;
	l->known_roles |= r->role.n > 0;
	return !arena_overflowed(&l->arena);
}

enum audit_line
learn_add(struct learnt *l, struct str line)
{
	struct audit_record r;

	arena_reset(&l->line);
	if (!audit_record_read(&r, line, &l->line))
		return arena_overflowed(&l->line) ? AUDIT_LINE_NO_MEMORY
						  : AUDIT_LINE_NO_EVENT;
	return add(l, &r) ? AUDIT_LINE_OK : AUDIT_LINE_NO_MEMORY;
}
