/* Reloading: compile, check, swap the generation. */
#include "daemon/reload.h"

#include "daemon/audit_writer.h"
#include "daemon/config.h"
#include "daemon/fixed.h"
#include "daemon/flow_audit.h"
#include "daemon/generation.h"
#include "daemon/listener.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/tables.h"
#include "daemon/tls.h"
#include "daemon/worker.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

struct policy *
reload_compile(struct reload *r, FILE *err)
{
	struct watch_list files = {0};
	struct policy *p = config_compile(r->config, &files, err);

	watch_take(&r->watch, &files);
	return p;
}

/* A pipe was read at the start, and to wait for more of it all would have to
 * wait. */
static bool
can_read_again(const struct reload *r)
{
	struct stat st;

	if (stat(r->config->file, &st) != 0 || S_ISREG(st.st_mode))
		return true;
	log_say(LOG_LEVEL_ERROR,
		"%s is no regular file, and cannot be read again",
		r->config->file);
	return false;
}

/* An empty file is a policy, one that shuts everybody out. While the proxy
 * runs it is rather the work of a full disk. */
static bool
is_empty(const struct reload *r)
{
	const struct watch_list *l = &r->watch.files;
	bool empty = l->n > 0 && S_ISREG(l->v[0].seen.st_mode) &&
		     l->v[0].seen.st_size == 0;

	if (empty)
		log_say(LOG_LEVEL_ERROR, "%s is empty", r->config->file);
	return empty;
}

/* Kept for the status page: whole lines. */
static void
keep_told(struct reload_result *r, struct str text)
{
	r->told_n = text.n;
	if (text.n > sizeof(r->told)) {
		r->told_n = sizeof(r->told);
		while (r->told_n && text.p[r->told_n - 1] != '\n')
			r->told_n--;
	}
	if (r->told_n)
		memcpy(r->told, text.p, r->told_n);
}

/* NULL with the errors logged, line by line. */
static struct policy *
compile(struct reload *r)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = can_read_again(r) ? open_memstream(&text, &n) : NULL;

	if (!f)
		return NULL;
	struct policy *p = reload_compile(r, f);
	bool refused = !p || is_empty(r);
	if (fclose(f) == 0 && text) {
		log_lines(refused ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, text);
		keep_told(&r->last, (struct str){text, n});
	}
	free(text);
	if (!refused)
		return p;
	policy_free(p);
	return NULL;
}

/* The files of the Engine's TLS are read again, unless another Engine is
 * configured: they are that one's. *out: a reference; NULL: plain. */
static bool
read_engine_tls(const struct reload *r, const struct policy *p,
	struct tls_context **out)
{
	const struct fixed *f = r->fixed;
	struct tls_context *now = r->shared->generation->tls;

	*out = NULL;
	if (!f->engine.tls.on)
		return true;
	if (fixed_same_engine(f, &p->settings))
		*out = tls_client_context(
			&p->settings.engine.tls, f->engine.host, NULL);
	else
		*out = tls_context_ref(now);
	return *out;
}

/* All that can fail, but for memory in the end. */
static bool
prepare(struct reload *r, const struct policy *p, struct tls_context **tls_out)
{
	if (!fixed_same_audit(r->fixed, &p->settings)) {
		log_say(LOG_LEVEL_ERROR,
			"audit_log and audit_chain cannot change while the "
			"proxy runs: restart it");
		return false;
	}
	if (!read_engine_tls(r, p, tls_out))
		return false;
	if (tables_make(r->shared, p) &&
		listeners_prepare(r->listeners, &p->settings))
		return true;
	tls_context_unref(*tls_out);
	return false;
}

static struct generation *
next_generation(struct reload *r)
{
	struct shared *s = r->shared;
	struct tls_context *tls;
	struct policy *p = compile(r);

	if (!p)
		return NULL;
	if (!prepare(r, p, &tls)) {
		policy_free(p);
		return NULL;
	}
	struct generation *g =
		generation_new(p, tls, s->generation->number + 1, s);
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
	/* It may have been rotated, as the certificates were. */
	if (s->audit)
		audit_writer_reopen(s->audit);
	fixed_tell(r->fixed, settings);
	tell_listeners(&old->policy->settings, settings);
	generation_unref(old);
}

static bool
follow_watch(struct reload *r)
{
	if (r->shared->generation->policy->settings.watch && r->watch.files.n)
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
	r->last.time = time(NULL);
	r->last.ok = ok;
	metrics_add(&s->first->metrics,
		ok ? METRIC_RELOADS_OK : METRIC_RELOADS_ERROR, 1);
	if (s->audit)
		flow_audit_reload(s->audit, (struct str){text, (size_t)n});
	notify_ready(r->notify, text);
}

static void
reload(struct reload *r)
{
	if (r->shared->first->draining)
		return;
	if (!r->config->file) {
		log_say(LOG_LEVEL_WARN, "there is no configuration file to "
					"read again");
		return;
	}
	notify_reloading(r->notify);
	r->last.told_n = 0;
	struct generation *g = next_generation(r);
	if (g)
		come_into_force(r, g);
	tell(r, g);
	/* Without it the proxy goes on; the error has been logged. */
	if (!follow_watch(r))
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
reload_init(struct reload *r, const struct config *config)
{
	*r = (struct reload){.config = config};
	watch_init(&r->watch, on_changed, r);
}

bool
reload_start(struct reload *r, const struct fixed *fixed, struct shared *shared,
	struct listeners *listeners, const struct notify *notify)
{
	r->notify = notify;
	r->fixed = fixed;
	r->shared = shared;
	r->listeners = listeners;
	r->sighup = evsignal_new(shared->first->base, SIGHUP, on_sighup, r);
	return r->sighup && event_add(r->sighup, NULL) == 0 && follow_watch(r);
}

void
reload_stop(struct reload *r)
{
	watch_fini(&r->watch);
	if (r->sighup)
		event_free(r->sighup);
}
