/* A request that somebody asks about. */
#include "daemon/asked.h"

#include "compiler/settings.h"
#include "daemon/clock.h"
#include "runtime/arena.h"

#include <unistd.h>

static const struct settings_listener *
find_listener(const struct settings *s, struct str name)
{
	if (name.n == 0)
		return &s->listeners[0];
	for (size_t i = 0; i < s->nlisteners; i++)
		if (str_eq(s->listeners[i].name, name))
			return &s->listeners[i];
	return NULL;
}

static void
find_client(const struct testcase *t, const struct settings_listener *l,
	struct offline_from *from)
{
	from->ip = t->ip;
	from->has_peer = t->has_peer;
	from->uid = t->uid;
	from->gid = t->gid;
	if (t->ip.set || t->has_peer)
		return;
	from->has_peer = l->path.n > 0;
	if (from->has_peer) {
		from->uid = getuid();
		from->gid = getgid();
	} else {
		ip_parse(STR("127.0.0.1"), &from->ip);
	}
}

static bool
make_bytes(const struct testcase *t, struct arena *a, struct str *bytes_out)
{
	struct offline_field *fields =
		arena_alloc(a, t->nfields * sizeof(*fields) + 1);
	struct offline_request q = {
		.method = t->method,
		.target = t->target,
		.fields = fields,
		.nfields = t->nfields,
		.has_body = t->has_body,
		.body = t->body,
	};

	if (!fields)
		return false;
	for (size_t i = 0; i < t->nfields; i++)
		fields[i] = (struct offline_field){
			t->fields[i].name, t->fields[i].value};
	return offline_bytes(&q, a, bytes_out);
}

const char *
asked_make(const struct testcase *t, const struct settings *s, struct arena *a,
	struct asked *out)
{
	const struct settings_listener *l = find_listener(s, t->listener);

	*out = (struct asked){.caller = {t->role, t->identity}};
	if (!l)
		return "there is no such listener";
	find_client(t, l, &out->from);
	out->from.listener = l->name;
	out->from.caller = t->is_known ? &out->caller : NULL;
	if (t->has_time) {
		out->from.weekday = t->weekday;
		out->from.minute = t->minute;
	} else {
		clock_local(&out->from.weekday, &out->from.minute);
	}
	if (make_bytes(t, a, &out->bytes))
		return NULL;
	return arena_overflowed(a) ? "it needs too much memory"
				   : "a line of it would break in two";
}
