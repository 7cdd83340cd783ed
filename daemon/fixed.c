/* What holds until a restart: copied at start, compared on a reload. */
#include "daemon/fixed.h"

#include "daemon/log.h"
#include "runtime/limits.h"

#define BYTES_MAX KIB(64) /* paths and addresses */

static void
copy_engine(struct fixed *f, const struct settings_engine *e)
{
	struct arena *a = &f->arena;

	f->engine = (struct settings_engine){
		.kind = e->kind,
		.path = arena_str(a, e->path),
		.host = arena_str(a, e->host),
		.port = e->port,
		.tls = {.on = e->tls.on},
	};
	for (size_t i = 0; i < 3; i++)
		f->engine.candidates[i] = arena_str(a, e->candidates[i]);
}

bool
fixed_init(struct fixed *f, const struct settings *s)
{
	*f = (struct fixed){
		.threads = s->threads,
		.sandbox = s->sandbox,
		.connections = s->limits.connections,
		.connections_per_client = s->limits.connections_per_client,
		.idle_buckets = s->limits.idle_buckets,
		.lockout_failures = s->auth.lockout_failures,
		.lockout_window_ms = s->auth.lockout_window_ms,
		.lockout_ms = s->auth.lockout_ms,
		.admin_port = s->admin.port,
		.metrics_port = s->metrics.port,
		.audit = {.sink = s->audit.sink, .chain = s->audit.chain},
	};
	arena_init(&f->arena, BYTES_MAX);
	copy_engine(f, &s->engine);
	f->admin_bind = arena_str(&f->arena, s->admin.bind);
	f->metrics_bind = arena_str(&f->arena, s->metrics.bind);
	f->audit.path = arena_str(&f->arena, s->audit.path);
	if (!arena_overflowed(&f->arena))
		return true;
	fixed_fini(f);
	return false;
}

void
fixed_fini(struct fixed *f)
{
	arena_fini(&f->arena);
	*f = (struct fixed){0};
}

bool
fixed_same_engine(const struct fixed *f, const struct settings *s)
{
	const struct settings_engine *a = &f->engine, *b = &s->engine;

	for (size_t i = 0; i < 3; i++)
		if (!str_eq(a->candidates[i], b->candidates[i]))
			return false;
	return a->kind == b->kind && str_eq(a->path, b->path) &&
	       str_eq(a->host, b->host) && a->port == b->port &&
	       a->tls.on == b->tls.on;
}

bool
fixed_same_audit(const struct fixed *f, const struct settings *s)
{
	return f->audit.sink == s->audit.sink &&
	       str_eq(f->audit.path, s->audit.path) &&
	       f->audit.chain == s->audit.chain;
}

void
fixed_tell(const struct fixed *f, const struct settings *s)
{
	const struct settings_limits *l = &s->limits;
	const struct {
		bool same;
		const char *name;
	} all[] = {
		{f->threads == s->threads, "threads"},
		{f->sandbox == s->sandbox, "sandbox"},
		{fixed_same_engine(f, s), "socket"},
		{f->connections == l->connections, "limits.connections"},
		{f->connections_per_client == l->connections_per_client,
			"limits.connections_per_client"},
		{f->idle_buckets == l->idle_buckets, "limits.idle_buckets"},
		{f->lockout_failures == s->auth.lockout_failures &&
				f->lockout_window_ms ==
					s->auth.lockout_window_ms &&
				f->lockout_ms == s->auth.lockout_ms,
			"auth.lockout"},
		{str_eq(f->admin_bind, s->admin.bind) &&
				f->admin_port == s->admin.port,
			"admin.listen"},
		{str_eq(f->metrics_bind, s->metrics.bind) &&
				f->metrics_port == s->metrics.port,
			"metrics.listen"},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!all[i].same)
			log_say(LOG_LEVEL_WARN,
				"%s: the change takes effect after a restart",
				all[i].name);
}
