/* Settings: `global`, and the environment variables that override it. */
#include "compiler/settings_parts.h"

#include "runtime/limits.h"

#define PORT_FILE    2376
#define PORT_TOGGLES 2375
#define MONTH_MS     (INT64_C(31) * 24 * 3600 * 1000)

/* What is being read: the settings, and what becomes of them at the end. */
struct global {
	struct settings s;
	struct str bind;
	uint16_t port;
	bool proxy_protocol;
	struct tls_said tls;
	struct settings_engine_tls engine_tls;
	/* NULL: not said. */
	const struct tree *listeners, *bind_node, *engine_tls_node;
};

/* --- keys that need more than the table -------------------------------- */

static void
read_bind(struct reader *r, const struct tree *node, void *out)
{
	struct global *g = out;
	if (settings_read_bind(r, node, &g->bind))
		g->bind_node = node;
}

static void
read_listeners(struct reader *r, const struct tree *node, void *out)
{
	struct global *g = out;
	(void)r;
	/* Read when all that they share is known. */
	g->listeners = node;
}

static void
read_socket(struct reader *r, const struct tree *node, void *out)
{
	struct global *g = out;
	settings_read_engine(r, node, &g->s.engine);
}

static void
read_tls(struct reader *r, const struct tree *node, void *out)
{
	struct global *g = out;
	settings_read_tls(r, node, &g->tls);
	if (g->tls.word == TLS_GLOBAL)
		diag_error(r->diag, node->pos,
			"here tls must be a map with cert and key, or off");
}

static void
read_engine_tls(struct reader *r, const struct tree *node, void *out)
{
	struct global *g = out;
	g->engine_tls_node = node;
	settings_read_engine_tls(r, node, &g->engine_tls);
}

static void
read_metrics(struct reader *r, const struct tree *node, void *out)
{
	struct global *g = out;
	settings_read_metrics(r, node, &g->s.metrics);
}

static void
read_admin(struct reader *r, const struct tree *node, void *out)
{
	struct global *g = out;
	settings_read_admin(r, node, &g->s);
}

static void
read_audit_log(struct reader *r, const struct tree *node, void *out)
{
	struct global *g = out;
	settings_read_audit_log(r, node, &g->s.audit);
}

static void
read_trusted_proxies(struct reader *r, const struct tree *node, void *out)
{
	struct global *g = out;
	settings_read_trusted_proxies(r, node, &g->s);
}

static void
read_min_api_version(struct reader *r, const struct tree *node, void *out)
{
	struct global *g = out;
	struct str text;
	int64_t major, minor;
	if (!read_text(r, node, false, &text))
		return;
	size_t dot = str_find(text, STR("."));
	if (dot == text.n || !read_number((struct str){text.p, dot}, &major) ||
		!read_number(str_from(text, dot + 1), &minor) || major != 1 ||
		minor < 24 || minor > 999) {
		diag_error(r->diag, node->pos,
			"min_api_version must be 1.24 or later");
		return;
	}
	g->s.min_api_major = (uint16_t)major;
	g->s.min_api_minor = (uint16_t)minor;
}

/* --- tables -------------------------------------------------------------- */

static const struct key_word default_words[] = {
	{"deny", 0}, {"allow", 1}, {NULL, 0}};

/* HAProxy's words too (RFC 5424, section 6.2.1): the proxies whose
 * environments we take over have them. */
static const struct key_word log_levels[] = {
	{"trace", LOG_LEVEL_TRACE},
	{"debug", LOG_LEVEL_DEBUG},
	{"info", LOG_LEVEL_INFO},
	{"warn", LOG_LEVEL_WARN},
	{"error", LOG_LEVEL_ERROR},
	{"emerg", LOG_LEVEL_ERROR},
	{"alert", LOG_LEVEL_ERROR},
	{"crit", LOG_LEVEL_ERROR},
	{"err", LOG_LEVEL_ERROR},
	{"warning", LOG_LEVEL_WARN},
	{"notice", LOG_LEVEL_INFO},
	{NULL, 0},
};

static const struct key_word log_formats[] = {
	{"text", 0}, {"json", 1}, {NULL, 0}};

static const struct key_word access_logs[] = {
	{"off", ACCESS_LOG_OFF},
	{"denied", ACCESS_LOG_DENIED},
	{"all", ACCESS_LOG_ALL},
	{NULL, 0},
};

static const struct key_word error_formats[] = {
	{"json", 0}, {"text", 1}, {NULL, 0}};

static const struct key_word audits[] = {{"denied", 0}, {"all", 1}, {NULL, 0}};

static const struct key_word sandboxes[] = {
	{"on", SANDBOX_ON},
	{"strict", SANDBOX_STRICT},
	{"off", SANDBOX_OFF},
	{NULL, 0},
};

static const struct key limit_keys[] = {
	KEY("connections", U32, INTO(struct global, s.limits.connections),
		RANGE(1, 1000000)),
	KEY("connections_per_client", U32,
		INTO(struct global, s.limits.connections_per_client),
		RANGE(0, 1000000)),
	KEY("header_bytes", SIZE, INTO(struct global, s.limits.header_bytes),
		RANGE(1024, HEADER_BYTES_MAX)),
	KEY("headers", U32, INTO(struct global, s.limits.headers),
		RANGE(8, HTTP1_FIELDS_MAX)),
	KEY("target_bytes", SIZE, INTO(struct global, s.limits.target_bytes),
		RANGE(256, HEADER_BYTES_MAX)),
	KEY("inspected_body_bytes", SIZE,
		INTO(struct global, s.limits.inspected_body_bytes),
		RANGE(1024, INSPECTED_BODY_MAX)),
	KEY("json_depth", U32, INTO(struct global, s.limits.json_depth),
		RANGE(8, JSON_DEPTH_MAX)),
	KEY("idle_buckets", U32, INTO(struct global, s.limits.idle_buckets),
		RANGE(1, 1 << 24)),
};

#define TIMEOUT(name_) \
	KEY(#name_, TIME, INTO(struct global, s.timeouts.name_##_ms), \
		RANGE(0, MONTH_MS))

static const struct key timeout_keys[] = {
	TIMEOUT(tls_handshake),
	TIMEOUT(request_head),
	TIMEOUT(request_body),
	TIMEOUT(engine_connect),
	TIMEOUT(engine_response),
	TIMEOUT(keepalive),
	TIMEOUT(client_stalled),
	TIMEOUT(tunnel_idle),
	TIMEOUT(drain),
};

static void
read_limits(struct reader *r, const struct tree *node, void *out)
{
	read_map(r, node, "limits", limit_keys, COUNT_OF(limit_keys), out);
}

static void
read_timeouts(struct reader *r, const struct tree *node, void *out)
{
	read_map(
		r, node, "timeouts", timeout_keys, COUNT_OF(timeout_keys), out);
}

static const struct key global_keys[] = {
	KEY("port", U16, INTO(struct global, port), RANGE(1, 65535)),
	KEY("bind", CUSTOM, .read = read_bind),
	KEY("listeners", CUSTOM, .read = read_listeners),
	KEY("socket", CUSTOM, .read = read_socket),
	KEY("default", SWITCH, INTO(struct global, s.default_allow),
		.words = default_words),
	KEY("threads", U32, INTO(struct global, s.threads), RANGE(0, 1024)),
	KEY("log_level", WORD, INTO(struct global, s.log_level),
		.words = log_levels),
	KEY("log_format", SWITCH, INTO(struct global, s.log_json),
		.words = log_formats),
	KEY("access_log", WORD, INTO(struct global, s.access_log),
		.words = access_logs),
	KEY("error_format", SWITCH, INTO(struct global, s.error_text),
		.words = error_formats),
	KEY("min_api_version", CUSTOM, .read = read_min_api_version),
	KEY("limits", CUSTOM, .read = read_limits),
	KEY("timeouts", CUSTOM, .read = read_timeouts),
	KEY("tls", CUSTOM, .read = read_tls),
	KEY("proxy_protocol", BOOL, INTO(struct global, proxy_protocol)),
	KEY("engine_tls", CUSTOM, .read = read_engine_tls),
	KEY("trusted_proxies", CUSTOM, .read = read_trusted_proxies),
	KEY("metrics", CUSTOM, .read = read_metrics),
	KEY("admin", CUSTOM, .read = read_admin),
	KEY("audit_log", CUSTOM, .read = read_audit_log),
	KEY("audit", SWITCH, INTO(struct global, s.audit.all), .words = audits),
	KEY("audit_chain", BOOL, INTO(struct global, s.audit.chain)),
	KEY("audit_docker", BOOL, INTO(struct global, s.audit.docker)),
	KEY("watch", BOOL, INTO(struct global, s.watch)),
	KEY("sandbox", WORD, INTO(struct global, s.sandbox),
		.words = sandboxes),
};

/* --- the environment ------------------------------------------------------ */

/* Of two names for one key, the first that is set counts. */
static const struct {
	const char *name, *other, *key;
} overrides[] = {
	{"DOCKER_PROXY_PORT", NULL, "port"},
	{"DOCKER_PROXY_BIND", NULL, "bind"},
	{"DOCKER_SOCKET", "SOCKET_PATH", "socket"},
	{"DOCKER_PROXY_LOG_LEVEL", "LOG_LEVEL", "log_level"},
	{"DOCKER_PROXY_SANDBOX", NULL, "sandbox"},
};

static const struct key *
find_key(const char *name)
{
	size_t i = 0;
	while (strcmp(global_keys[i].name, name) != 0)
		i++;
	return &global_keys[i];
}

/* A node without a place: messages name the variable. NULL: not set, or empty.
 */
static const struct tree *
env_node(struct reader *r, const char *const *envp, const char *name)
{
	struct str value = env_get(envp, name);
	struct tree *node;
	if (value.n == 0)
		return NULL;
	node = arena_alloc(r->scratch, sizeof(*node));
	if (node)
		*node = (struct tree){.kind = TREE_SCALAR,
			.key = str_of(name),
			.text = value};
	return node;
}

static void
read_overrides(struct reader *r, const char *const *envp, struct global *g)
{
	for (size_t i = 0; i < COUNT_OF(overrides); i++) {
		const struct tree *node = env_node(r, envp, overrides[i].name);
		if (!node && overrides[i].other)
			node = env_node(r, envp, overrides[i].other);
		if (!node)
			continue;
		const struct key *key = find_key(overrides[i].key);
		read_key(r, node, key, g);
		bool replaced = strcmp(key->name, "port") == 0 ||
				strcmp(key->name, "bind") == 0;
		if (replaced && g->listeners)
			diag_warning(r->diag, FINDING_NO_EFFECT,
				(struct pos){0},
				"%.*s has no effect: the file has "
				"\"listeners\"",
				STR_FMT(node->key));
	}
}

/* HAProxy's images take 1, true and yes. */
static bool
ipv6_is_disabled(struct reader *r, const char *const *envp)
{
	static const struct key_word words[] = {{"1", 1}, {"true", 1},
		{"yes", 1}, {"on", 1}, {"0", 0}, {"false", 0}, {"no", 0},
		{"off", 0}, {NULL, 0}};
	static const struct key key = KEY("", SWITCH, .words = words);
	const struct tree *node = env_node(r, envp, "DISABLE_IPV6");
	bool disabled = false;
	if (node)
		read_key(r, node, &key, &disabled);
	return disabled;
}

/* --- all of it -------------------------------------------------------------- */

/* The one of bind and port. */
static void
set_listener(struct reader *r, struct global *g)
{
	struct settings_listener *l = arena_alloc(r->arena, sizeof(*l));
	if (!l)
		return;
	*l = (struct settings_listener){
		.name = STR("default"),
		.bind = g->bind,
		.port = g->port,
		.mode = 0660,
		.tls = g->tls.tls,
		.proxy_protocol = g->proxy_protocol,
	};
	g->s.listeners = l;
	g->s.nlisteners = 1;
	if (g->bind_node && !l->tls.on)
		settings_warn_plain(r, g->bind_node, l->bind);
}

static void
set_listeners(
	struct reader *r, const struct settings_input *in, struct global *g)
{
	const struct tree *proxy = read_given(in->global, "proxy_protocol");
	bool ipv4_only = ipv6_is_disabled(r, in->envp);
	bool used = false;
	if (!g->listeners)
		set_listener(r, g);
	else
		settings_read_listeners(r, g->listeners, &g->tls, &g->s);
	if (proxy && g->listeners)
		diag_error(r->diag, proxy->key_pos,
			"with \"listeners\", each says it for itself");
	for (size_t i = 0; i < g->s.nlisteners; i++) {
		g->s.listeners[i].ipv4_only = ipv4_only;
		/* Copied, so the very same text. */
		const char *cert = g->s.listeners[i].tls.cert.p;
		used = used || (cert && cert == g->tls.tls.cert.p);
	}
	if (g->tls.tls.cert.p && !used)
		diag_warning(r->diag, FINDING_NO_EFFECT, g->tls.node->key_pos,
			"tls has no effect: no listener uses it");
}

static void
set_engine_tls(struct reader *r, struct global *g)
{
	bool on = g->s.engine.tls.on;
	if (!g->engine_tls_node)
		return;
	if (!on)
		diag_error(r->diag, g->engine_tls_node->key_pos,
			"engine_tls needs a socket of tls://host:port");
	g->s.engine.tls = g->engine_tls;
	g->s.engine.tls.on = on;
	if (on)
		settings_check_engine_tls(r, g->engine_tls_node, &g->s.engine);
}

static void
set_candidates(
	struct reader *r, const char *const *envp, struct settings_engine *e)
{
	if (e->kind != ENGINE_AUTO)
		return;
	struct str dir = env_get(envp, "XDG_RUNTIME_DIR");
	e->candidates[0] = STR("/var/run/docker.sock");
	e->candidates[1] = STR("/run/docker.sock");
	if (dir.n > 0 && dir.p[0] == '/')
		e->candidates[2] =
			arena_fmt(r->arena, "%.*s/docker.sock", STR_FMT(dir));
}

void
settings_read_global(
	struct reader *r, const struct settings_input *in, struct settings *out)
{
	struct global g = {
		.s = *out,
		.bind = STR("127.0.0.1"),
		.port = in->has_file ? PORT_FILE : PORT_TOGGLES,
	};
	if (in->global && !tree_is_null(in->global))
		read_map(r, in->global, "global", global_keys,
			COUNT_OF(global_keys), &g);
	read_overrides(r, in->envp, &g);
	set_listeners(r, in, &g);
	set_engine_tls(r, &g);
	settings_check_audit(r, in->global, &g.s.audit);
	set_candidates(r, in->envp, &g.s.engine);
	*out = g.s;
}
