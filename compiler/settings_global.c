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
	settings_read_admin(r, node, &g->s.admin);
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
		RANGE(1, 1000000), .preset = "16384",
		.help = "503, and from 64 more on closed unanswered. Lowered "
			"at start to what the limit of open files allows"),
	KEY("connections_per_client", U32,
		INTO(struct global, s.limits.connections_per_client),
		RANGE(0, 1000000), .preset = "0",
		.help = "429; counts by address, of IPv6 by its /64; unix "
			"listeners not. 0 is off"),
	KEY("header_bytes", SIZE, INTO(struct global, s.limits.header_bytes),
		RANGE(1024, HEADER_BYTES_MAX), .preset = "64KiB",
		.help = "431, or 414 within the first line"),
	KEY("headers", U32, INTO(struct global, s.limits.headers),
		RANGE(8, HTTP1_FIELDS_MAX), .preset = "128", .help = "431"),
	KEY("target_bytes", SIZE, INTO(struct global, s.limits.target_bytes),
		RANGE(256, HEADER_BYTES_MAX), .preset = "8KiB", .help = "414"),
	KEY("inspected_body_bytes", SIZE,
		INTO(struct global, s.limits.inspected_body_bytes),
		RANGE(1024, INSPECTED_BODY_MAX), .preset = "1MiB",
		.help = "413; only of a body that a rule looks into: others "
			"are of any length"),
	KEY("json_depth", U32, INTO(struct global, s.limits.json_depth),
		RANGE(8, JSON_DEPTH_MAX), .preset = "64",
		.help = "400; of a body that a rule looks into"),
	KEY("idle_buckets", U32, INTO(struct global, s.limits.idle_buckets),
		RANGE(1, 1 << 24), .preset = "65536",
		.help = "the longest unused bucket of a rate limit is "
			"forgotten"),
};

static const struct key_map limit_map = MAP("limits", "limits", limit_keys);

#define TIMEOUT(name_, preset_, ...) \
	KEY(#name_, TIME, INTO(struct global, s.timeouts.name_##_ms), \
		RANGE(0, MONTH_MS), .preset = (preset_), .help = __VA_ARGS__)

static const struct key timeout_keys[] = {
	TIMEOUT(tls_handshake, "10s", "the connection is closed"),
	TIMEOUT(request_head, "10s",
		"from accepting a connection, and from the first byte of each "
		"later request, to the end of the head: 408, or just closed "
		"when nothing has come"),
	TIMEOUT(request_body, "30s",
		"of silence while a body is expected: 408"),
	TIMEOUT(engine_connect, "5s", "504"),
	TIMEOUT(engine_response, "0",
		"from the last byte that the Engine took of the request to the "
		"head of its answer: 504. `docker wait` and a slow `stop` take "
		"as long as they take"),
	TIMEOUT(keepalive, "75s", "between requests of a connection"),
	TIMEOUT(client_stalled, "1h",
		"in which a client takes nothing of an answer that waits for "
		"it: reset. An answer in which nothing waits, as `events` in a "
		"quiet time, is not stalled, and neither is who takes little"),
	TIMEOUT(tunnel_idle, "1h",
		"in which nothing moves in an `exec` or `attach`"),
	TIMEOUT(drain, "30s", "after SIGTERM; 0 ends all at once"),
};

static const struct key_map timeout_map =
	MAP("timeouts", "timeouts", timeout_keys);

static const struct key global_keys[] = {
	KEY("bind", CUSTOM, .read = read_bind, .forms = FORM_TEXT,
		.preset = "127.0.0.1",
		.help = "a numeric address, `localhost` (127.0.0.1), or `*`: "
			"all, IPv6 and IPv4. Off loopback and without `tls`: a "
			"warning"),
	KEY("port", U16, INTO(struct global, port), RANGE(1, 65535),
		.preset = "2376", .help = "2375 without a file"),
	KEY("listeners", CUSTOM, .read = read_listeners, .forms = FORM_MAPS,
		.map = &listener_map,
		.help = "up to 64, instead of `bind` and `port`"),
	KEY("tls", CUSTOM, .read = read_tls, .forms = FORM_TEXT | FORM_MAP,
		.words = tls_words, .map = &tls_map,
		.help = "a map, or `off`; for every TCP listener that has no "
			"`tls` of its own"),
	KEY("proxy_protocol", BOOL, INTO(struct global, proxy_protocol),
		.preset = "false",
		.help = "for `bind` and `port`: each connection begins with a "
			"PROXY header, v1 or v2, that says whose it is. With "
			"`listeners`, each says it for itself"),
	KEY("trusted_proxies", CUSTOM, .read = read_trusted_proxies,
		.forms = FORM_TEXTS, .unsaid = "none",
		.help = "up to 1024 addresses and networks; of who connects "
			"from there, `X-Forwarded-For`, `X-Real-IP` and "
			"`Forwarded` are believed. One that holds everybody "
			"(`/0`) is a warning"),
	KEY("socket", CUSTOM, .read = read_socket, .forms = FORM_TEXT,
		.preset = "auto",
		.pattern = "^(auto|/.+|unix:///.+|(tcp|tls)://.+)$",
		.help = "the Engine: an absolute path, `unix:///path`, "
			"`tcp://host[:port]` (2375), `tls://host[:port]` "
			"(2376), `auto`"),
	KEY("engine_tls", CUSTOM, .read = read_engine_tls, .forms = FORM_MAP,
		.map = &engine_tls_map, .unsaid = "the system's authorities",
		.help = "for a `tls://` socket, and an error for any other: "
			"the authorities that the Engine's certificate must "
			"come from, and a certificate to show. Its name is "
			"verified"),
	KEY("default", SWITCH, INTO(struct global, s.default_allow),
		.words = default_words, .unsaid = "`allow` with a file",
		.help = "when no rule ended the request. Say `deny`. With a "
			"file that includes others it is `deny`"),
	KEY("threads", U32, INTO(struct global, s.threads), RANGE(0, 1024),
		.preset = "0",
		.help = "0: one for each CPU the process may use, at most 64"),
	KEY("log_level", WORD, INTO(struct global, s.log_level),
		.words = log_levels, .preset = "info",
		.help = "HAProxy's words are taken too: `emerg`, `alert`, "
			"`crit` and `err` are `error`, `warning` is `warn`, "
			"`notice` is `info`"),
	KEY("log_format", SWITCH, INTO(struct global, s.log_json),
		.words = log_formats, .preset = "text",
		.help = "of the log, on standard error"),
	KEY("access_log", WORD, INTO(struct global, s.access_log),
		.words = access_logs, .preset = "denied",
		.help = "which requests are logged"),
	KEY("error_format", SWITCH, INTO(struct global, s.error_text),
		.words = error_formats, .preset = "json",
		.help = "body of the proxy's own answers: `json` is Docker's "
			"`{\"message\": …}`, which the CLI prints; `text`"),
	KEY("min_api_version", CUSTOM, .read = read_min_api_version,
		.forms = FORM_TEXT, .preset = "1.24", .pattern = "^1\\.[0-9]+$",
		.help = "older versions in the path are refused; not below "
			"1.24. In quotes: `1.30` is the number 1.3"),
	KEY("audit_log", CUSTOM, .read = read_audit_log, .forms = FORM_TEXT,
		.preset = "off", .help = "`stdout`, `syslog`, or a file"),
	KEY("audit", SWITCH, INTO(struct global, s.audit.all), .words = audits,
		.preset = "denied",
		.help = "what is in it: `denied`, or `all` requests"),
	KEY("audit_chain", BOOL, INTO(struct global, s.audit.chain),
		.preset = "false",
		.help = "each line holds the SHA-256 of the one before"),
	KEY("audit_docker", BOOL, INTO(struct global, s.audit.docker),
		.preset = "false",
		.help = "each line of a request has what it means in `docker`: "
			"the docker fields. Bodies that they are read from "
			"are then held, as for a rule that asks for them"),
	KEY("metrics", CUSTOM, .read = read_metrics, .forms = FORM_MAP,
		.map = &metrics_map, .unsaid = "off",
		.help = "`{enabled: true}`: on the proxy's listeners, at "
			"`path`. `{listen: \"127.0.0.1:9090\"}`: there, and "
			"nowhere else. Nobody is asked for a token"),
	KEY("admin", CUSTOM, .read = read_admin, .forms = FORM_MAP,
		.map = &admin_map, .unsaid = "off",
		.help = "`{listen: \"127.0.0.1:9091\"}`: health, readiness, "
			"metrics, and a status page. Beyond loopback the page "
			"asks for a token, and the rest does not"),
	KEY("watch", BOOL, INTO(struct global, s.watch), .preset = "false",
		.help = "reload when the file changes, or one that it "
			"includes: when another one is in its place, or it was "
			"written and closed, and it has "
			"been left alone for 200 ms. A mounted ConfigMap "
			"counts; a certificate does not (send SIGHUP), nor "
			"what changes at the far end of a link into another "
			"folder"),
	KEY("sandbox", WORD, INTO(struct global, s.sandbox), .words = sandboxes,
		.preset = "on",
		.help = "`on`: what the system lacks of the sandbox is a "
			"warning; `strict`: then the proxy does not start, nor "
			"as root; `off`"),
	KEY("limits", MAP, .map = &limit_map,
		.help = "how much a client may use"),
	KEY("timeouts", MAP, .map = &timeout_map,
		.help = "how long a client, or the Engine, may take"),
};

const struct key_map global_map = MAP("global", "global", global_keys);

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
		read_map(r, in->global, &global_map, &g);
	read_overrides(r, in->envp, &g);
	set_listeners(r, in, &g);
	set_engine_tls(r, &g);
	settings_check_audit(r, in->global, &g.s.audit);
	set_candidates(r, in->envp, &g.s.engine);
	*out = g.s;
}
