/* Settings: as YAML, for --check-config. */
#include "compiler/settings.h"

#include "compiler/show.h"

static const char *const log_level_words[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_TRACE] = "trace",
};

static const char *const access_log_words[] = {
	[ACCESS_LOG_OFF] = "off",
	[ACCESS_LOG_DENIED] = "denied",
	[ACCESS_LOG_ALL] = "all",
};

static const char *const auth_words[] = {
	[AUTH_CLOSED] = "bearer",
	[AUTH_NONE] = "none",
	[AUTH_BEARER] = "bearer",
};

/* In the largest unit that shows it whole. */
static void
write_size(const char *name, uint32_t n, FILE *out)
{
	const char *unit = "";
	if (n > 0 && n % (1u << 20) == 0) {
		n >>= 20;
		unit = "MiB";
	} else if (n > 0 && n % (1u << 10) == 0) {
		n >>= 10;
		unit = "KiB";
	}
	fprintf(out, "    %s: %u%s\n", name, n, unit);
}

static void
write_time(const char *name, uint32_t ms, FILE *out)
{
	fprintf(out, "    %s: ", name);
	show_time(ms, out);
	putc('\n', out);
}

static void
write_listener(const struct settings_listener *l, FILE *out)
{
	fputs("    - {name: ", out);
	show_quoted(l->name, out);
	if (l->path.n == 0) {
		fprintf(out, ", bind: \"%.*s\", port: %u}", STR_FMT(l->bind),
			l->port);
		fputs(l->ipv4_only ? " # IPv4 only\n" : "\n", out);
		return;
	}
	fputs(", unix: ", out);
	show_quoted(l->path, out);
	fprintf(out, ", mode: %04o", (unsigned)l->mode);
	if (l->owner.n > 0) {
		fputs(", owner: ", out);
		show_quoted(l->owner, out);
	}
	if (l->group.n > 0) {
		fputs(", group: ", out);
		show_quoted(l->group, out);
	}
	fputs("}\n", out);
}

static void
write_engine(const struct settings_engine *e, FILE *out)
{
	const char *sep = " # ";
	fputs("  socket: ", out);
	switch (e->kind) {
	case ENGINE_UNIX:
		show_quoted(e->path, out);
		break;
	case ENGINE_TCP:
		fputs("\"tcp://", out);
		if (memchr(e->host.p, ':', e->host.n))
			fprintf(out, "[%.*s]", STR_FMT(e->host));
		else
			show_text(e->host, out);
		fprintf(out, ":%u\"", e->port);
		break;
	case ENGINE_AUTO:
		fputs("auto", out);
		for (size_t i = 0; i < 3; i++) {
			if (e->candidates[i].n == 0)
				continue;
			fputs(sep, out);
			show_text(e->candidates[i], out);
			sep = ", ";
		}
		break;
	}
	putc('\n', out);
}

static void
write_limits(const struct settings_limits *l, FILE *out)
{
	fputs("  limits:\n", out);
	fprintf(out, "    connections: %u\n", l->connections);
	fprintf(out, "    connections_per_client: %u\n",
		l->connections_per_client);
	write_size("header_bytes", l->header_bytes, out);
	fprintf(out, "    headers: %u\n", l->headers);
	write_size("target_bytes", l->target_bytes, out);
	write_size("inspected_body_bytes", l->inspected_body_bytes, out);
	fprintf(out, "    json_depth: %u\n", l->json_depth);
}

static void
write_timeouts(const struct settings_timeouts *t, FILE *out)
{
	fputs("  timeouts:\n", out);
	write_time("request_head", t->request_head_ms, out);
	write_time("request_body", t->request_body_ms, out);
	write_time("engine_connect", t->engine_connect_ms, out);
	write_time("engine_response", t->engine_response_ms, out);
	write_time("keepalive", t->keepalive_ms, out);
	write_time("tunnel_idle", t->tunnel_idle_ms, out);
	write_time("drain", t->drain_ms, out);
}

static void
write_auth(const struct settings_auth *a, FILE *out)
{
	fprintf(out, "auth:\n  type: %s", auth_words[a->type]);
	if (a->type == AUTH_CLOSED)
		fputs(" # no secret and no token: nobody gets in", out);
	putc('\n', out);
	if (a->type != AUTH_BEARER)
		return;
	fputs("  tokens:\n", out);
	for (size_t i = 0; i < a->ntokens; i++) {
		fputs("    - {token: \"***\", role: ", out);
		show_quoted(a->tokens[i].role, out);
		if (a->tokens[i].name.n > 0) {
			fputs(", name: ", out);
			show_quoted(a->tokens[i].name, out);
		}
		fputs("}\n", out);
	}
	fputs("  lockout:\n", out);
	fprintf(out, "    failures: %u\n", a->lockout_failures);
	write_time("window", a->lockout_window_ms, out);
	write_time("duration", a->lockout_ms, out);
}

void
settings_write(const struct settings *s, FILE *out)
{
	fputs("global:\n  listeners:\n", out);
	for (size_t i = 0; i < s->nlisteners; i++)
		write_listener(&s->listeners[i], out);
	write_engine(&s->engine, out);
	fprintf(out, "  default: %s\n", s->default_allow ? "allow" : "deny");
	if (s->threads == 0)
		fputs("  threads: 0 # as many as there are CPUs\n", out);
	else
		fprintf(out, "  threads: %u\n", s->threads);
	fprintf(out, "  log_level: %s\n", log_level_words[s->log_level]);
	fprintf(out, "  log_format: %s\n", s->log_json ? "json" : "text");
	fprintf(out, "  access_log: %s\n", access_log_words[s->access_log]);
	fprintf(out, "  error_format: %s\n", s->error_text ? "text" : "json");
	fprintf(out, "  min_api_version: %u.%u\n", s->min_api_major,
		s->min_api_minor);
	write_limits(&s->limits, out);
	write_timeouts(&s->timeouts, out);
	write_auth(&s->auth, out);
}
