/* What the status page shows, as JSON. */
#include "daemon/status_json.h"

#include "compiler/policy.h"
#include "daemon/admin_parts.h"
#include "daemon/clock.h"
#include "daemon/config.h"
#include "daemon/denials.h"
#include "daemon/generation.h"
#include "daemon/json_out.h"
#include "daemon/listener.h"
#include "daemon/reload.h"
#include "daemon/sandbox.h"
#include "daemon/scrape.h"
#include "daemon/worker.h"
#include "runtime/limits.h"
#include "runtime/lockout.h"

#include <inttypes.h>
#include <stdlib.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct named {
	const char *name;
	enum metric id;
};

struct writer {
	struct json_out j;
	struct admin *a;                    /* borrowed */
	const struct generation *g;         /* borrowed */
	const struct settings *settings;    /* borrowed */
	const struct metrics_snapshot *now; /* borrowed */
};

static void
put_table(struct writer *w, const char *key, const struct named *t, size_t n)
{
	json_out_open(&w->j, key, '{');
	for (size_t i = 0; i < n; i++)
		if (w->now->count[t[i].id] == METRICS_UNKNOWN)
			json_out_null(&w->j, t[i].name);
		else
			json_out_number(
				&w->j, t[i].name, w->now->count[t[i].id]);
	json_out_close(&w->j, '}');
}

/* --- counters ---------------------------------------------------------------- */

static void
put_counters(struct writer *w)
{
	static const struct named requests[] = {
		{"total", METRIC_REQUESTS},
		{"allowed", METRIC_ALLOWED},
		{"denied", METRIC_DENIED},
		{"dry_run", METRIC_DRY_RUN},
		{"auth_failures", METRIC_AUTH_FAILURES},
		{"rate_limited", METRIC_RATE_LIMITED},
	};
	static const struct named connections[] = {
		{"now", METRIC_CONNECTIONS},
		{"total", METRIC_ACCEPTED},
		{"tunnels", METRIC_TUNNELS},
		{"tunnels_total", METRIC_UPGRADES},
		{"engine_idle", METRIC_ENGINE_IDLE},
		{"engine_busy", METRIC_ENGINE_BUSY},
		{"bytes_in", METRIC_BYTES_IN},
		{"bytes_out", METRIC_BYTES_OUT},
	};
	static const struct named timeouts[] = {
		{"tls_handshake", METRIC_TIMEOUT_TLS_HANDSHAKE},
		{"request_head", METRIC_TIMEOUT_REQUEST_HEAD},
		{"request_body", METRIC_TIMEOUT_REQUEST_BODY},
		{"keepalive", METRIC_TIMEOUT_KEEPALIVE},
		{"engine_connect", METRIC_TIMEOUT_ENGINE_CONNECT},
		{"engine_response", METRIC_TIMEOUT_ENGINE_RESPONSE},
		{"client_stalled", METRIC_TIMEOUT_CLIENT_STALLED},
		{"tunnel_idle", METRIC_TIMEOUT_TUNNEL_IDLE},
	};

	put_table(w, "requests", requests, COUNT(requests));
	put_table(w, "connections", connections, COUNT(connections));
	put_table(w, "timeouts", timeouts, COUNT(timeouts));
}

static void
put_limits(struct writer *w)
{
	const struct settings_limits *l = &w->settings->limits;
	const struct {
		const char *name;
		enum metric hits;
		uint32_t limit;
	} limits[] = {
		{"connections", METRIC_LIMIT_CONNECTIONS,
			w->a->shared->max_connections},
		{"connections_per_client", METRIC_LIMIT_CONNECTIONS_PER_CLIENT,
			l->connections_per_client},
		{"header_bytes", METRIC_LIMIT_HEADER_BYTES, l->header_bytes},
		{"headers", METRIC_LIMIT_HEADERS, l->headers},
		{"target_bytes", METRIC_LIMIT_TARGET_BYTES, l->target_bytes},
		{"inspected_body_bytes", METRIC_LIMIT_INSPECTED_BODY_BYTES,
			l->inspected_body_bytes},
		{"json_depth", METRIC_LIMIT_JSON_DEPTH, l->json_depth},
		{"idle_buckets", METRIC_LIMIT_IDLE_BUCKETS, l->idle_buckets},
	};

	json_out_open(&w->j, "limits", '{');
	for (size_t i = 0; i < COUNT(limits); i++) {
		json_out_open(&w->j, limits[i].name, '{');
		json_out_number(&w->j, "limit", limits[i].limit);
		json_out_number(&w->j, "hits", w->now->count[limits[i].hits]);
		json_out_close(&w->j, '}');
	}
	json_out_close(&w->j, '}');
}

/* Those that there were. */
static void
put_refusals(struct writer *w)
{
	json_out_open(&w->j, "refusals", '{');
	for (unsigned i = WHY_OK + 1; i < WHY_COUNT; i++)
		if (w->now->why[i])
			json_out_number(&w->j, why_name(i), w->now->why[i]);
	json_out_close(&w->j, '}');
}

static void
put_latency(struct writer *w)
{
	json_out_open(&w->j, "latency", '{');
	json_out_open(&w->j, "bounds_ms", '[');
	for (size_t i = 0; i < METRICS_BUCKETS - 1; i++)
		json_out_number(&w->j, NULL, metrics_bounds_ms[i]);
	json_out_close(&w->j, ']');
	json_out_open(&w->j, "counts", '[');
	for (size_t i = 0; i < METRICS_BUCKETS; i++)
		json_out_number(&w->j, NULL, w->now->latency[i]);
	json_out_close(&w->j, ']');
	json_out_number(&w->j, "sum_us", w->now->latency_us);
	json_out_close(&w->j, '}');
}

static void
put_lockouts(struct writer *w)
{
	struct shared *s = w->a->shared;
	struct lockout_one locked[STATUS_LOCKED_MAX];
	size_t n = 0, total = 0;
	char text[46];

	if (s->lockout && atomic_load(&s->lockouts) > 0) {
		pthread_mutex_lock(&s->lockout_lock);
		total = lockout_list(
			s->lockout, now_ms(), locked, STATUS_LOCKED_MAX);
		pthread_mutex_unlock(&s->lockout_lock);
		n = total < STATUS_LOCKED_MAX ? total : STATUS_LOCKED_MAX;
	}
	json_out_open(&w->j, "lockouts", '{');
	json_out_number(&w->j, "total", w->now->count[METRIC_LOCKOUTS]);
	json_out_number(&w->j, "now", total);
	json_out_open(&w->j, "clients", '[');
	for (size_t i = 0; i < n; i++) {
		json_out_open(&w->j, NULL, '{');
		json_out_text(
			&w->j, "client", str_of(ip_text(&locked[i].ip, text)));
		json_out_number(&w->j, "left_ms", locked[i].left_ms);
		json_out_close(&w->j, '}');
	}
	json_out_close(&w->j, ']');
	json_out_close(&w->j, '}');
}

/* --- states ------------------------------------------------------------------ */

static void
put_engine(struct writer *w)
{
	static const struct str names[] = {
		[READY_UNKNOWN] = STR("unknown"),
		[READY_YES] = STR("up"),
		[READY_NO] = STR("down"),
	};
	struct ready *r = &w->a->ready;

	/* A new answer, or while it is asked for the last one. */
	ready_ask(r);
	json_out_open(&w->j, "engine", '{');
	json_out_text(&w->j, "address", w->a->shared->engine.text);
	json_out_text(&w->j, "state", names[r->result]);
	if (r->result == READY_NO)
		json_out_text(&w->j, "reason", str_of(r->reason));
	json_out_number(&w->j, "connect_failures",
		w->now->count[METRIC_ENGINE_CONNECT_FAILURES]);
	json_out_close(&w->j, '}');
}

static void
put_reload(struct writer *w)
{
	const struct reload_result *r = &w->a->reload->last;

	if (r->time == 0) {
		json_out_null(&w->j, "last_reload");
		return;
	}
	json_out_open(&w->j, "last_reload", '{');
	json_out_number(&w->j, "time", (uint64_t)r->time);
	json_out_bool(&w->j, "ok", r->ok);
	json_out_text(&w->j, "told", (struct str){r->told, r->told_n});
	json_out_close(&w->j, '}');
}

static void
put_policy(struct writer *w)
{
	const char *file = w->a->reload->config->file;

	json_out_open(&w->j, "policy", '{');
	json_out_number(&w->j, "generation", w->g->number);
	json_out_number(&w->j, "in_use", w->now->count[METRIC_GENERATIONS]);
	json_out_number(&w->j, "rules", w->g->policy->program.nrules);
	json_out_text(&w->j, "default",
		w->settings->default_allow ? STR("allow") : STR("deny"));
	if (file)
		json_out_text(&w->j, "file", str_of(file));
	else
		json_out_null(&w->j, "file");
	json_out_number(&w->j, "reloads_ok", w->now->count[METRIC_RELOADS_OK]);
	json_out_number(
		&w->j, "reloads_refused", w->now->count[METRIC_RELOADS_ERROR]);
	put_reload(w);
	json_out_close(&w->j, '}');
}

static void
put_listeners(struct writer *w)
{
	char text[LISTENER_TEXT];

	json_out_open(&w->j, "listeners", '[');
	for (size_t i = 0; i < w->settings->nlisteners; i++) {
		const struct settings_listener *l = &w->settings->listeners[i];
		listener_text(l, text, sizeof(text));
		json_out_open(&w->j, NULL, '{');
		json_out_text(&w->j, "name", l->name);
		json_out_text(&w->j, "address", str_of(text));
		json_out_bool(&w->j, "tls", l->tls.on);
		json_out_close(&w->j, '}');
	}
	json_out_close(&w->j, ']');
}

static void
put_process(struct writer *w)
{
	static const struct named process[] = {
		{"resident_bytes", METRIC_RESIDENT},
		{"open_fds", METRIC_OPEN_FDS},
		{"log_lines_lost", METRIC_LOG_LOST},
	};
	static const struct named sandbox[] = {
		{"not_dumpable", METRIC_SANDBOX_NOT_DUMPABLE},
		{"user", METRIC_SANDBOX_USER},
		{"capabilities", METRIC_SANDBOX_CAPABILITIES},
		{"no_new_privileges", METRIC_SANDBOX_NO_NEW_PRIVILEGES},
		{"landlock", METRIC_SANDBOX_LANDLOCK},
		{"seccomp", METRIC_SANDBOX_SECCOMP},
	};

	put_table(w, "process", process, COUNT(process));
	put_table(w, "sandbox", sandbox, COUNT(sandbox));
}

void
status_json_status(struct admin *a, FILE *out)
{
	const struct shared *s = a->shared;
	struct metrics_snapshot now;
	struct writer w = {.j = {.out = out},
		.a = a,
		.g = s->generation,
		.settings = &s->generation->policy->settings,
		.now = &now};

	scrape_gather(s, s->generation, &now);
	json_out_open(&w.j, NULL, '{');
	json_out_text(&w.j, "version", STR(DOCKER_PROXY_VERSION));
	json_out_number(&w.j, "time_ms", (uint64_t)clock_wall_ms());
	json_out_number(&w.j, "start_time", (uint64_t)s->start_time);
	json_out_number(&w.j, "threads", s->nworkers);
	json_out_text(&w.j, "mode", s->learns ? STR("learn") : STR("enforce"));
	json_out_bool(&w.j, "stopping", a->stopping);
	json_out_number(&w.j, "event_clients", a->stream.clients);
	put_engine(&w);
	put_policy(&w);
	put_counters(&w);
	put_refusals(&w);
	put_latency(&w);
	put_limits(&w);
	put_lockouts(&w);
	put_listeners(&w);
	put_process(&w);
	json_out_close(&w.j, '}');
}

/* --- rules --------------------------------------------------------------------- */

static void
put_rule(struct json_out *j, const struct program *p, uint32_t slot,
	const struct program_rule *r, const struct metrics_hits *hits)
{
	json_out_open(j, NULL, '{');
	json_out_number(j, "id", slot);
	json_out_text(j, "name", program_text(p, r->name));
	json_out_text(j, "action", str_of(action_name(r->action)));
	json_out_bool(j, "dry_run", metrics_is_dry(r));
	if (r->flags & RULE_TOGGLE) {
		json_out_bool(j, "toggle", true);
	} else {
		json_out_text(j, "file", program_text(p, r->file));
		json_out_number(j, "line", r->line);
	}
	json_out_number(j, "hits", hits->n);
	if (hits->n)
		json_out_number(
			j, "last_ms", (uint64_t)clock_wall_of(hits->last_ms));
	else
		json_out_null(j, "last_ms");
	json_out_close(j, '}');
}

static void
put_rules(struct admin *a, FILE *out)
{
	const struct generation *g = a->shared->generation;
	const struct metrics_rules *m = g->rules;
	const struct program *p = &g->policy->program;
	struct json_out j = {.out = out};
	uint32_t never = 0;

	json_out_open(&j, NULL, '{');
	json_out_number(&j, "generation", g->number);
	json_out_open(&j, "rules", '[');
	for (uint32_t i = 0; i < p->nrules; i++) {
		uint32_t slot = m->slot[i];
		if (m->rule[slot] != i)
			continue; /* it counts with another */
		const struct metrics_hits hits = metrics_hits(m, slot);
		never += hits.n == 0;
		if (hits.n || m->nslots <= METRICS_RULES_ALL)
			put_rule(&j, p, slot, &p->rules[i], &hits);
	}
	json_out_close(&j, ']');
	json_out_number(&j, "total", m->nslots);
	json_out_number(&j, "never_hit", never);
	json_out_close(&j, '}');
}

/* --- denials ---------------------------------------------------------------------- */

void
status_json_denial(FILE *out, uint64_t id, int64_t time_ms, struct str s)
{
	fprintf(out, "{\"id\":%" PRIu64 ",\"time_ms\":%" PRId64 ",", id,
		time_ms);
	fwrite(s.p, 1, s.n, out);
	putc('}', out);
}

struct list {
	FILE *out;
	bool another;
};

static void
take_denial(void *ctx, uint64_t id, int64_t time_ms, struct str json)
{
	struct list *l = ctx;

	if (l->another)
		putc(',', l->out);
	l->another = true;
	status_json_denial(l->out, id, time_ms, json);
}

static void
put_denials(struct admin *a, FILE *out)
{
	struct list l = {.out = out};
	const struct denials_reader reader = {take_denial, &l};
	uint64_t *seen = calloc(a->shared->nworkers, sizeof(*seen));

	fputs("{\"denials\":[", out);
	if (seen)
		denials_read(a->shared->denials, seen, &reader);
	fputs("]}", out);
	free(seen);
}

/* --- answers ------------------------------------------------------------------------- */

static void
answer(struct admin_conn *c, void (*put)(struct admin *a, FILE *out))
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	bool ok = f;

	if (f) {
		put(c->admin, f);
		putc('\n', f);
		ok = !ferror(f);
		ok = fclose(f) == 0 && ok;
	}
	if (ok)
		admin_answer(c, 200, ADMIN_JSON, (struct str){text, n});
	else
		admin_answer_line(c, 503, "out of memory");
	free(text);
}

void
status_status(struct admin_conn *c, const struct admin_request *rq)
{
	(void)rq;

	answer(c, status_json_status);
}

void
status_rules(struct admin_conn *c, const struct admin_request *rq)
{
	(void)rq;

	answer(c, put_rules);
}

void
status_denials(struct admin_conn *c, const struct admin_request *rq)
{
	(void)rq;

	answer(c, put_denials);
}
