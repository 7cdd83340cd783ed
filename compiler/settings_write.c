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
	[AUTH_MTLS] = "mtls",
};

static const char *const sandbox_words[] = {
	[SANDBOX_ON] = "on",
	[SANDBOX_STRICT] = "strict",
	[SANDBOX_OFF] = "off",
};

static const char *const sink_words[] = {
	[AUDIT_OFF] = "off",
	[AUDIT_STDOUT] = "stdout",
	[AUDIT_SYSLOG] = "syslog",
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

/* "sep name: value", of a text that is there; the next separator. */
static const char *
write_text(const char *sep, const char *name, struct str value, FILE *out)
{
	if (value.n == 0)
		return sep;
	fprintf(out, "%s%s: ", sep, name);
	show_quoted(value, out);
	return ", ";
}

/* host:port, an IPv6 address in brackets. */
static void
write_address(struct str host, uint16_t port, FILE *out)
{
	bool v6 = memchr(host.p, ':', host.n);
	fputs(v6 ? "[" : "", out);
	show_text(host, out);
	fprintf(out, "%s:%u", v6 ? "]" : "", port);
}

static void
write_tls(const struct settings_tls *t, FILE *out)
{
	if (!t->on)
		return;
	fputs(", tls: {", out);
	write_text("", "cert", t->cert, out);
	write_text(", ", "key", t->key, out);
	write_text(", ", "client_ca", t->client_ca, out);
	write_text(", ", "crl", t->crl, out);
	if (t->client_ca.n > 0)
		fprintf(out, ", require_client_cert: %s",
			t->require_client_cert ? "true" : "false");
	fprintf(out, ", min_version: \"%s\"}", t->tls13_only ? "1.3" : "1.2");
}

static void
write_listener(const struct settings_listener *l, FILE *out)
{
	bool local = l->path.n > 0;
	fputs("    - {name: ", out);
	show_quoted(l->name, out);
	if (local) {
		write_text(", ", "unix", l->path, out);
		fprintf(out, ", mode: %04o", (unsigned)l->mode);
		write_text(", ", "owner", l->owner, out);
		write_text(", ", "group", l->group, out);
	} else {
		write_text(", ", "bind", l->bind, out);
		fprintf(out, ", port: %u", l->port);
	}
	write_tls(&l->tls, out);
	if (l->proxy_protocol)
		fputs(", proxy_protocol: true", out);
	fputs(l->ipv4_only && !local ? "} # IPv4 only\n" : "}\n", out);
}

static void
write_remote(const struct settings_engine *e, FILE *out)
{
	const struct settings_engine_tls *t = &e->tls;
	const char *sep = "";
	fputs(t->on ? "\"tls://" : "\"tcp://", out);
	write_address(e->host, e->port, out);
	putc('"', out);
	if (!t->on)
		return;
	fputs("\n  engine_tls: {", out);
	sep = write_text(sep, "ca", t->ca, out);
	sep = write_text(sep, "cert", t->cert, out);
	write_text(sep, "key", t->key, out);
	fputs(t->ca.n > 0 ? "}" : "} # the system's authorities", out);
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
		write_remote(e, out);
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
write_trusted_proxies(const struct settings *s, FILE *out)
{
	char buf[46];
	fputs("  trusted_proxies: [", out);
	for (size_t i = 0; i < s->ntrusted_proxies; i++) {
		const struct cidr *net = &s->trusted_proxies[i];
		struct ip ip = {.set = true};
		memcpy(ip.b, net->b, sizeof(ip.b));
		bool v4 = !strchr(ip_text(&ip, buf), ':');
		fprintf(out, "%s\"%s/%d\"", i > 0 ? ", " : "", buf,
			v4 ? net->bits - 96 : net->bits);
	}
	fputs("]\n", out);
}

static void
write_listen(struct str bind, uint16_t port, FILE *out)
{
	fputs("listen: \"", out);
	write_address(bind, port, out);
	putc('"', out);
}

static void
write_admin(const struct settings_admin *a, FILE *out)
{
	if (a->bind.n == 0)
		return;
	write_listen(a->bind, a->port, out);
	if (a->has_token)
		fputs(", token: \"***\"", out);
	for (size_t i = 0; i < a->nnames; i++) {
		fputs(i == 0 ? ", names: [" : ", ", out);
		show_quoted(a->names[i], out);
	}
	if (a->nnames)
		putc(']', out);
}

static void
write_metrics(const struct settings *s, FILE *out)
{
	const struct settings_metrics *m = &s->metrics;
	fputs("  metrics: {", out);
	if (m->bind.n > 0)
		write_listen(m->bind, m->port, out);
	else
		fprintf(out, "enabled: %s", m->enabled ? "true" : "false");
	write_text(", ", "path", m->path, out);
	fputs("}\n  admin: {", out);
	write_admin(&s->admin, out);
	fputs("}\n", out);
}

static void
write_audit(const struct settings_audit *a, FILE *out)
{
	fputs("  audit_log: ", out);
	if (a->sink == AUDIT_FILE)
		show_quoted(a->path, out);
	else
		fputs(sink_words[a->sink], out);
	fprintf(out, "\n  audit: %s\n", a->all ? "all" : "denied");
	fprintf(out, "  audit_chain: %s\n", a->chain ? "true" : "false");
	fprintf(out, "  audit_docker: %s\n", a->docker ? "true" : "false");
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
	fprintf(out, "    idle_buckets: %u\n", l->idle_buckets);
}

static void
write_timeouts(const struct settings_timeouts *t, FILE *out)
{
	fputs("  timeouts:\n", out);
	write_time("tls_handshake", t->tls_handshake_ms, out);
	write_time("request_head", t->request_head_ms, out);
	write_time("request_body", t->request_body_ms, out);
	write_time("engine_connect", t->engine_connect_ms, out);
	write_time("engine_response", t->engine_response_ms, out);
	write_time("keepalive", t->keepalive_ms, out);
	write_time("client_stalled", t->client_stalled_ms, out);
	write_time("tunnel_idle", t->tunnel_idle_ms, out);
	write_time("drain", t->drain_ms, out);
}

static void
write_tokens(const struct settings_auth *a, FILE *out)
{
	fputs("  tokens:\n", out);
	for (size_t i = 0; i < a->ntokens; i++) {
		fputs("    - {token: \"***\"", out);
		write_text(", ", "role", a->tokens[i].role, out);
		write_text(", ", "name", a->tokens[i].name, out);
		fputs("}\n", out);
	}
}

static void
write_mtls(const struct settings_auth *a, FILE *out)
{
	fputs("  mtls:\n    cert_role_map:", out);
	fputs(a->ncert_roles == 0 ? " []\n" : "\n", out);
	for (size_t i = 0; i < a->ncert_roles; i++) {
		write_text("      - {", "cn", a->cert_roles[i].cn, out);
		write_text(", ", "role", a->cert_roles[i].role, out);
		fputs("}\n", out);
	}
	if (a->default_role.n == 0) {
		fputs("    # or else the role is the certificate's CN\n", out);
		return;
	}
	write_text("    ", "default_role", a->default_role, out);
	putc('\n', out);
}

static void
write_peers(const struct settings_auth *a, FILE *out)
{
	if (a->npeers > 0)
		fputs("  peers:\n", out);
	for (size_t i = 0; i < a->npeers; i++) {
		const struct settings_peer *p = &a->peers[i];
		fputs("    - {", out);
		if (p->has_uid)
			fprintf(out, "uid: %u, ", p->uid);
		if (p->has_gid)
			fprintf(out, "gid: %u, ", p->gid);
		write_text("", "role", p->role, out);
		fputs("}\n", out);
	}
}

static void
write_auth(const struct settings_auth *a, FILE *out)
{
	fprintf(out, "auth:\n  type: %s", auth_words[a->type]);
	if (a->type == AUTH_CLOSED)
		fputs(" # no secret and no token: nobody gets in", out);
	putc('\n', out);
	if (a->type == AUTH_BEARER && a->ntokens > 0)
		write_tokens(a, out);
	if (a->type == AUTH_MTLS)
		write_mtls(a, out);
	write_peers(a, out);
	if (a->type == AUTH_NONE || a->type == AUTH_CLOSED)
		return;
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
	fprintf(out, "  watch: %s\n", s->watch ? "true" : "false");
	fprintf(out, "  sandbox: %s\n", sandbox_words[s->sandbox]);
	write_trusted_proxies(s, out);
	write_metrics(s, out);
	write_audit(&s->audit, out);
	write_limits(&s->limits, out);
	write_timeouts(&s->timeouts, out);
	write_auth(&s->auth, out);
}
