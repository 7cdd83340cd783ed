/* Reloading: compile, check, swap the generation. */
#include "daemon/reload.h"

#include "daemon/flow_audit.h"
#include "daemon/generation.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/tables.h"
#include "daemon/worker.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* --- what takes a restart ------------------------------------------------- */

static bool
same_engine(const struct settings_engine *a, const struct settings_engine *b)
{
	for (size_t i = 0; i < 3; i++)
		if (!str_eq(a->candidates[i], b->candidates[i]))
			return false;
	return a->kind == b->kind && str_eq(a->path, b->path) &&
	       str_eq(a->host, b->host) && a->port == b->port &&
	       a->tls.on == b->tls.on && str_eq(a->tls.ca, b->tls.ca) &&
	       str_eq(a->tls.cert, b->tls.cert) &&
	       str_eq(a->tls.key, b->tls.key);
}

static bool
same_lockout(const struct settings_auth *a, const struct settings_auth *b)
{
	return a->lockout_failures == b->lockout_failures &&
	       a->lockout_window_ms == b->lockout_window_ms &&
	       a->lockout_ms == b->lockout_ms;
}

/* a: as the process was started with. */
static void
tell_unchanged(const struct settings *a, const struct settings *b)
{
	const struct {
		bool same;
		const char *name;
	} all[] = {
		{a->threads == b->threads, "threads"},
		{same_engine(&a->engine, &b->engine), "socket"},
		{a->limits.connections == b->limits.connections,
			"limits.connections"},
		{a->limits.connections_per_client ==
				b->limits.connections_per_client,
			"limits.connections_per_client"},
		{a->limits.idle_buckets == b->limits.idle_buckets,
			"limits.idle_buckets"},
		{same_lockout(&a->auth, &b->auth), "auth.lockout"},
		{str_eq(a->admin_bind, b->admin_bind) &&
				a->admin_port == b->admin_port,
			"admin.listen"},
		{str_eq(a->metrics.bind, b->metrics.bind) &&
				a->metrics.port == b->metrics.port,
			"metrics.listen"},
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!all[i].same)
			log_say(LOG_LEVEL_WARN,
				"%s: the change takes effect after a restart",
				all[i].name);
}

static bool
same_audit(const struct settings_audit *a, const struct settings_audit *b)
{
	return a->sink == b->sink && str_eq(a->path, b->path) &&
	       a->chain == b->chain;
}

/* --- listeners -------------------------------------------------------------- */

static const struct settings_listener *
find_listener(const struct settings *s, const struct settings_listener *like)
{
	char text[LISTENER_TEXT], other[LISTENER_TEXT];

	listener_text(like, text, sizeof(text));
	for (size_t i = 0; i < s->nlisteners; i++) {
		const struct settings_listener *l = &s->listeners[i];
		listener_text(l, other, sizeof(other));
		if (strcmp(text, other) == 0)
			return l;
	}
	return NULL;
}

static void
tell_listeners(const struct settings *old, const struct settings *new)
{
	for (size_t i = 0; i < new->nlisteners; i++) {
		const struct settings_listener *l = &new->listeners[i];
		const struct settings_listener *was = find_listener(old, l);
		if (!was)
			listener_say(l);
		else if (was->mode != l->mode ||
			 !str_eq(was->owner, l->owner) ||
			 !str_eq(was->group, l->group))
			log_say(LOG_LEVEL_WARN,
				"listener %.*s: mode, owner and group of the "
				"socket file stay until a restart",
				STR_FMT(l->name));
	}
}

/* --- a new generation ------------------------------------------------------- */

static void
log_lines(enum log_level level, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		if (n)
			log_say(level, "%.*s", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

/* NULL with the errors logged, line by line. */
static struct policy *
compile(const struct options *o)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return NULL;
	struct policy *p = options_compile(o, f);
	if (fclose(f) == 0 && text)
		log_lines(p ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR, text);
	free(text);
	return p;
}

/* All that can fail, but for memory in the end. */
static bool
prepare(struct reload *r, const struct policy *p)
{
	const struct settings *started = &r->started->policy->settings;

	if (!same_audit(&started->audit, &p->settings.audit)) {
		log_say(LOG_LEVEL_ERROR,
			"audit_log and audit_chain cannot change while the "
			"proxy runs: restart it");
		return false;
	}
	return tables_make(r->shared, p) &&
	       listeners_prepare(r->listeners, &p->settings);
}

static struct generation *
next_generation(struct reload *r)
{
	struct shared *s = r->shared;
	struct policy *p = compile(&r->options);

	if (!p)
		return NULL;
	if (!prepare(r, p)) {
		policy_free(p);
		return NULL;
	}
	struct generation *g =
		generation_new(p, s->generation->number + 1, s->nworkers);
	if (!g)
		listeners_abandon(r->listeners);
	return g;
}

/* Takes g over. The workers have it before any connection of a new listener
 * reaches them. */
static void
come_into_force(struct reload *r, struct generation *g)
{
	struct shared *s = r->shared;
	struct generation *old = s->generation;
	const struct settings *settings = &g->policy->settings;

	log_setup(settings->log_level, settings->log_json);
	s->generation = g;
	for (unsigned i = 0; i < s->nworkers; i++)
		worker_offer(&s->first[i], g);
	listeners_commit(r->listeners);
	tell_unchanged(&r->started->policy->settings, settings);
	tell_listeners(&old->policy->settings, settings);
	generation_unref(old);
}

static bool
follow_watch(struct reload *r)
{
	if (r->shared->generation->policy->settings.watch && r->watch.path)
		return watch_start(&r->watch, r->shared->first->base);
	watch_stop(&r->watch);
	return true;
}

static void
tell(struct reload *r, bool ok)
{
	struct shared *s = r->shared;
	const struct generation *g = s->generation;
	char text[96];

	int n = snprintf(text, sizeof(text),
		ok ? "policy %llu is in force: %u rules"
		   : "reload refused: policy %llu stays in force: %u rules",
		(unsigned long long)g->number, g->policy->program.nrules);
	log_say(ok ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR, "%s", text);
	metrics_add(&s->first->metrics,
		ok ? METRIC_RELOADS_OK : METRIC_RELOADS_ERROR, 1);
	if (s->audit)
		flow_audit_reload(s->audit, (struct str){text, (size_t)n});
}

static void
reload(struct reload *r)
{
	if (r->shared->first->draining)
		return;
	if (!r->options.config) {
		log_say(LOG_LEVEL_WARN, "there is no configuration file to "
					"read again");
		return;
	}
	watch_note(&r->watch);
	struct generation *g = next_generation(r);
	if (g)
		come_into_force(r, g);
	tell(r, g);
	/* Without it the proxy goes on; the error has been logged. */
	if (g && !follow_watch(r))
		log_say(LOG_LEVEL_WARN, "only SIGHUP reloads");
}

/* --- what sets it off --------------------------------------------------------- */

static void
on_sighup(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;

	reload(arg);
}

static void
on_changed(void *arg)
{
	reload(arg);
}

void
reload_init(struct reload *r, const struct options *o)
{
	*r = (struct reload){.options = *o};
	r->options.config = options_config(o);
	watch_init(&r->watch, r->options.config, on_changed, r);
	if (r->watch.path)
		watch_note(&r->watch);
}

bool
reload_start(
	struct reload *r, struct shared *shared, struct listeners *listeners)
{
	r->shared = shared;
	r->listeners = listeners;
	r->started = generation_ref(shared->generation);
	r->sighup = evsignal_new(shared->first->base, SIGHUP, on_sighup, r);
	return r->sighup && event_add(r->sighup, NULL) == 0 && follow_watch(r);
}

void
reload_stop(struct reload *r)
{
	watch_stop(&r->watch);
	if (r->sighup)
		event_free(r->sighup);
	generation_unref(r->started);
}
