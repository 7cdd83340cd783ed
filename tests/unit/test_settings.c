/* Settings: defaults, every key, the environment, authentication. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/settings_fixture.h"

#include <openssl/evp.h>

static void
compile_env(struct fixture *f, const char *const *envp)
{
	struct policy_input in = {.envp = envp};
	fixture_compile(f, &in);
	assert_non_null(f->policy);
}

/* --- defaults ---------------------------------------------------------------- */

static void
test_defaults_with_a_file(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f, "auth: {type: none}", no_env);
	const struct settings *s = &f.policy->settings;
	assert_string_equal(f.told, "");
	assert_int_equal(s->nlisteners, 1);
	assert_str(s->listeners[0].bind, "127.0.0.1");
	assert_int_equal(s->listeners[0].port, 2376);
	assert_false(s->listeners[0].ipv4_only);
	assert_int_equal(s->engine.kind, ENGINE_AUTO);
	assert_str(s->engine.candidates[0], "/var/run/docker.sock");
	assert_str(s->engine.candidates[1], "/run/docker.sock");
	assert_int_equal(s->engine.candidates[2].n, 0);
	assert_true(s->default_allow);
	assert_true(f.policy->program.header->default_allow);
	assert_int_equal(s->threads, 0);
	assert_int_equal(s->log_level, LOG_LEVEL_INFO);
	assert_false(s->log_json);
	assert_int_equal(s->access_log, ACCESS_LOG_DENIED);
	assert_false(s->error_text);
	assert_int_equal(s->min_api_major, 1);
	assert_int_equal(s->min_api_minor, 24);
	assert_int_equal(s->auth.type, AUTH_NONE);
	assert_int_equal(f.policy->toggles.nstates, 0);
	assert_false(s->listeners[0].tls.on);
	assert_false(s->listeners[0].proxy_protocol);
	assert_false(s->metrics.enabled);
	assert_str(s->metrics.path, "/metrics");
	assert_int_equal(s->metrics.bind.n, 0);
	assert_int_equal(s->admin.bind.n, 0);
	assert_int_equal(s->audit.sink, AUDIT_OFF);
	assert_int_equal(s->ntrusted_proxies, 0);
	assert_false(s->watch);
	fixture_fini(&f);
}

static void
test_default_limits(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f, "auth: {type: none}", no_env);
	const struct settings *s = &f.policy->settings;
	assert_int_equal(s->limits.connections, 16384);
	assert_int_equal(s->limits.connections_per_client, 0);
	assert_int_equal(s->limits.header_bytes, 65536);
	assert_int_equal(s->limits.headers, 128);
	assert_int_equal(s->limits.target_bytes, 8192);
	assert_int_equal(s->limits.inspected_body_bytes, 1048576);
	assert_int_equal(s->limits.json_depth, 64);
	assert_int_equal(s->limits.idle_buckets, 65536);
	assert_int_equal(s->timeouts.tls_handshake_ms, 10000);
	assert_int_equal(s->timeouts.request_head_ms, 10000);
	assert_int_equal(s->timeouts.request_body_ms, 30000);
	assert_int_equal(s->timeouts.engine_connect_ms, 5000);
	assert_int_equal(s->timeouts.engine_response_ms, 0);
	assert_int_equal(s->timeouts.keepalive_ms, 75000);
	assert_int_equal(s->timeouts.client_stalled_ms, 3600000);
	assert_int_equal(s->timeouts.tunnel_idle_ms, 3600000);
	assert_int_equal(s->timeouts.drain_ms, 30000);
	assert_int_equal(s->auth.lockout_failures, 10);
	assert_int_equal(s->auth.lockout_window_ms, 60000);
	assert_int_equal(s->auth.lockout_ms, 300000);
	fixture_fini(&f);
}

/* As the known socket proxies: the toggles alone, no authentication. */
static void
test_no_file(void **state)
{
	struct fixture f;
	(void)state;
	compile_env(&f, no_env);
	const struct settings *s = &f.policy->settings;
	assert_string_equal(f.told, "");
	assert_int_equal(s->listeners[0].port, 2375);
	assert_str(s->listeners[0].bind, "127.0.0.1");
	assert_false(s->default_allow);
	assert_int_equal(s->auth.type, AUTH_NONE);
	assert_true(f.policy->toggles.nstates > 0);
	assert_true(f.policy->program.nrules > 0);
	fixture_fini(&f);
}

/* --- every key ------------------------------------------------------------------ */

static void
test_global_keys(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"global:\n  port: 1\n  bind: ::1\n  socket: /s\n"
		"  default: deny\n  threads: 7\n  log_level: debug\n"
		"  log_format: json\n  access_log: all\n  error_format: text\n"
		"  min_api_version: '1.44'\n",
		no_env);
	const struct settings *s = &f.policy->settings;
	assert_string_equal(f.told, "");
	assert_int_equal(s->listeners[0].port, 1);
	assert_str(s->listeners[0].bind, "::1");
	assert_str(s->listeners[0].name, "default");
	assert_int_equal(s->engine.kind, ENGINE_UNIX);
	assert_str(s->engine.path, "/s");
	assert_false(s->default_allow);
	assert_false(f.policy->program.header->default_allow);
	assert_int_equal(s->threads, 7);
	assert_int_equal(s->log_level, LOG_LEVEL_DEBUG);
	assert_true(s->log_json);
	assert_int_equal(s->access_log, ACCESS_LOG_ALL);
	assert_true(s->error_text);
	assert_int_equal(s->min_api_minor, 44);
	fixture_fini(&f);
}

static void
test_limits_and_timeouts(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"global:\n  limits:\n    connections: 1\n"
		"    connections_per_client: 2\n    header_bytes: 256KiB\n"
		"    headers: 1024\n    target_bytes: 300\n"
		"    inspected_body_bytes: 64MiB\n    json_depth: 128\n"
		"    idle_buckets: 9\n"
		"  timeouts:\n    tls_handshake: 1ms\n    request_head: 2\n"
		"    request_body: 3s\n    engine_connect: 4m\n"
		"    engine_response: 5h\n    keepalive: 0\n"
		"    client_stalled: 90s\n    tunnel_idle: 744h\n    drain: "
		"1500ms\n",
		no_env);
	const struct settings *s = &f.policy->settings;
	assert_int_equal(s->limits.connections, 1);
	assert_int_equal(s->limits.connections_per_client, 2);
	assert_int_equal(s->limits.header_bytes, 262144);
	assert_int_equal(s->limits.headers, 1024);
	assert_int_equal(s->limits.target_bytes, 300);
	assert_int_equal(s->limits.inspected_body_bytes, 67108864);
	assert_int_equal(s->limits.json_depth, 128);
	assert_int_equal(s->limits.idle_buckets, 9);
	assert_int_equal(s->timeouts.tls_handshake_ms, 1);
	assert_int_equal(s->timeouts.request_head_ms, 2000);
	assert_int_equal(s->timeouts.request_body_ms, 3000);
	assert_int_equal(s->timeouts.engine_connect_ms, 240000);
	assert_int_equal(s->timeouts.engine_response_ms, 18000000);
	assert_int_equal(s->timeouts.keepalive_ms, 0);
	assert_int_equal(s->timeouts.client_stalled_ms, 90000);
	assert_int_equal(s->timeouts.tunnel_idle_ms, 2678400000u);
	assert_int_equal(s->timeouts.drain_ms, 1500);
	fixture_fini(&f);
}

static void
test_bad_values(void **state)
{
	(void)state;
	assert_bad_global("port: 0", "port must be a whole number from 1 to");
	assert_bad_global("port: 65536", "port must be a whole number");
	assert_bad_global("port: 2376x", "port must be a whole number");
	assert_bad_global("port: ' 2376'", "port must be a whole number");
	assert_bad_global("port: [1]", "port must be a single value");
	assert_bad_global("bind: example.org", "numeric IP address");
	assert_bad_global("bind: 127.0.0.1:80", "numeric IP address");
	assert_bad_global("default: maybe", "default must be deny or allow");
	assert_bad_global("log_level: loud", "log_level must be trace, ");
	assert_bad_global("access_log: false", "off, denied or all");
	assert_bad_global("threads: -1", "from 0 to 1024");
	assert_bad_global("threads: 99999999999999999999", "from 0 to 1024");
	assert_bad_global("min_api_version: 1.23", "1.24 or later");
	assert_bad_global("min_api_version: 2.0", "1.24 or later");
	assert_bad_global("min_api_version: v1.40", "1.24 or later");
	assert_bad_global("limits: 3", "limits must be a map");
	assert_bad_global("limits: {header_bytes: 1}", "from 1024 to 262144");
	assert_bad_global("limits: {header_bytes: 1kb}", "must be a size");
	assert_bad_global("limits: {header_bytes: -1KiB}", "must be a size");
	assert_bad_global(
		"limits: {header_bytes: 17179869184GiB}", "must be a size");
	assert_bad_global("timeouts: {drain: 745h}", "must be from 0 to");
	assert_bad_global("timeouts: {drain: 1d}", "must be a time");
	assert_bad_global("timeouts: {drain: 1.5s}", "must be a time");
	assert_bad_global("timeouts: {drain: s}", "must be a time");
	assert_bad_global("colour: red", "unknown key \"colour\" in global");
	assert_one_error(
		"global: [1]\nauth: {type: none}", "global must be a map");
	assert_one_error("[1]", "a policy must be a map");
	assert_one_error("golbal: {}", "did you mean \"global\"?");
}

static void
test_engine(void **state)
{
	static const struct {
		const char *socket, *host;
		uint16_t port;
	} good[] = {
		{"tcp://engine:2375", "engine", 2375},
		{"tcp://10.0.0.1", "10.0.0.1", 2375},
		{"tcp://[fd00::1]:1", "fd00::1", 1},
		{"tcp://[::1]", "::1", 2375},
		{"tls://engine:1", "engine", 1},
		{"tls://[::1]", "::1", 2376},
	};
	static const char *const bad[] = {"tcp://", "tcp://:1",
		"tcp://a:", "tcp://a:0", "tcp://a:65536", "tcp://a:1x",
		"tcp://[::1", "tcp://[::1]x", "tcp://a/b", "tls://",
		"tls://a:0", "tls://a b", "http://a", "run/docker.sock",
		"unix://run/docker.sock", "unix://"};
	char line[256];
	struct fixture f;
	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(line, sizeof(line),
			"auth: {type: none}\nglobal: {socket: '%s'}",
			good[i].socket);
		compile(&f, line, no_env);
		const struct settings_engine *e = &f.policy->settings.engine;
		assert_int_equal(e->kind, ENGINE_TCP);
		assert_str(e->host, good[i].host);
		assert_int_equal(e->port, good[i].port);
		assert_int_equal(e->tls.on, good[i].socket[1] == 'l');
		fixture_fini(&f);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(line, sizeof(line), "socket: '%s'", bad[i]);
		assert_bad_global(line, "socket must be ");
	}
	memset(line, 'x', 200);
	memcpy(line, "socket: /", 9);
	line[8 + 108] = '\0';
	assert_bad_global(line, "longer than the 107 bytes");
	line[8 + 107] = '\0';
	char text[512];
	snprintf(text, sizeof(text), "auth: {type: none}\nglobal: {%s}", line);
	assert_silent(text);
	assert_bad_global("socket: \"/a\\0b\"", "control byte");
}

static void
test_listeners(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"global:\n  listeners:\n"
		"    - {name: a, bind: ::1, port: 1}\n"
		"    - {name: b, port: 2}\n"
		"    - {name: c, unix: /c, mode: 640, owner: me, group: us}\n"
		"    - {name: d, unix: /d}\n",
		no_env);
	const struct settings *s = &f.policy->settings;
	assert_string_equal(f.told, "");
	assert_int_equal(s->nlisteners, 4);
	assert_str(s->listeners[0].bind, "::1");
	assert_str(s->listeners[1].bind, "127.0.0.1");
	assert_int_equal(s->listeners[1].port, 2);
	assert_str(s->listeners[2].path, "/c");
	assert_int_equal(s->listeners[2].mode, 0640);
	assert_str(s->listeners[2].owner, "me");
	assert_str(s->listeners[2].group, "us");
	assert_int_equal(s->listeners[3].mode, 0660);
	assert_int_equal(s->listeners[3].bind.n, 0);
	fixture_fini(&f);
}

static void
test_bad_listeners(void **state)
{
	static const struct {
		const char *entry, *what;
	} bad[] = {
		{"{port: 1}", "a listener needs a name"},
		{"{name: a}", "a listener needs a port"},
		{"{name: a, port: 0}", "port must be"},
		{"{name: a, unix: x}", "unix must be an absolute path"},
		{"{name: a, unix: /x, port: 1}", "does not go with \"unix\""},
		{"{name: a, unix: /x, mode: 888}", "mode must be octal"},
		{"{name: a, unix: /x, mode: 1777}", "mode must be octal"},
		{"{name: a, port: 1, mode: 600}", "for listeners with"},
		{"{name: , port: 1}", "a listener needs a name"},
		{"{name: a, port: }", "a listener needs a port"},
		{"{name: a, unix: }", "a listener needs a port"},
		{"{name: a, port: 1, tls: {}}", "tls needs cert and key"},
		{"{name: a, port: 1, tls: on}", "needs a tls with cert and"},
		{"{name: a, unix: /a, tls: true}", "needs a tls with cert"},
		{"{name: a, port: 1, tls: yes}", "on, off, true or false"},
		{"{name: a, port: 1, tls: []}", "tls must be a single value"},
		{"{name: a, port: 1, proxy_protocol: v2}", "true or false"},
		{"{name: a, port: 1}, {name: a, port: 2}", "two listeners"},
		{"{name: '', port: 1}", "name must not be empty"},
		{"", "from 1 to 64 listeners"},
	};
	char line[128];
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(line, sizeof(line), "listeners: [%s]", bad[i].entry);
		assert_bad_global(line, bad[i].what);
	}
}

/* Keys without a value count as not given, and say so. */
static void
test_null_values(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f,
		"global:\n  port:\n  bind: ~\n  socket: null\n  limits:\n"
		"auth: {type: none, secret: }\nrules:\ntests:\n",
		no_env);
	assert_int_equal(f.diag.warnings, 5);
	assert_tells(&f, "port has no value and counts as not given");
	assert_int_equal(f.policy->settings.listeners[0].port, 2376);
	fixture_fini(&f);
}

/* --- the environment ---------------------------------------------------------- */

static void
test_environment_goes_first(void **state)
{
	const char *const envp[] = {"DOCKER_PROXY_PORT=99",
		"DOCKER_PROXY_BIND=*", "DOCKER_SOCKET=/a", "SOCKET_PATH=/b",
		"DOCKER_PROXY_LOG_LEVEL=Err", "LOG_LEVEL=debug",
		"DISABLE_IPV6=Yes", NULL};
	struct fixture f;
	(void)state;
	compile(&f,
		"auth: {type: none}\n"
		"global: {port: 1, bind: 127.0.0.2, socket: /c, "
		"log_level: trace}",
		envp);
	const struct settings *s = &f.policy->settings;
	assert_int_equal(s->listeners[0].port, 99);
	assert_str(s->listeners[0].bind, "*");
	assert_true(s->listeners[0].ipv4_only);
	assert_str(s->engine.path, "/a");
	assert_int_equal(s->log_level, LOG_LEVEL_ERROR);
	assert_int_equal(f.diag.warnings, 1);
	assert_tells(
		&f, "environment: warning: DOCKER_PROXY_BIND reaches beyond");
	fixture_fini(&f);
}

static void
test_other_names(void **state)
{
	const char *const envp[] = {"SOCKET_PATH=/b", "LOG_LEVEL=notice",
		"DOCKER_PROXY_PORT=", "DISABLE_IPV6=0",
		"XDG_RUNTIME_DIR=/run/user/1", NULL};
	struct fixture f;
	(void)state;
	compile_env(&f, envp);
	const struct settings *s = &f.policy->settings;
	assert_string_equal(f.told, "");
	assert_str(s->engine.path, "/b");
	assert_int_equal(s->log_level, LOG_LEVEL_INFO);
	assert_int_equal(s->listeners[0].port, 2375);
	assert_false(s->listeners[0].ipv4_only);
	fixture_fini(&f);
	compile_env(&f, envp + 1);
	assert_str(f.policy->settings.engine.candidates[2],
		"/run/user/1/docker.sock");
	fixture_fini(&f);
}

static void
test_syslog_words(void **state)
{
	static const struct {
		const char *word;
		enum log_level level;
	} words[] = {
		{"LOG_LEVEL=emerg", LOG_LEVEL_ERROR},
		{"LOG_LEVEL=ALERT", LOG_LEVEL_ERROR},
		{"LOG_LEVEL=crit", LOG_LEVEL_ERROR},
		{"LOG_LEVEL=err", LOG_LEVEL_ERROR},
		{"LOG_LEVEL=warning", LOG_LEVEL_WARN},
		{"LOG_LEVEL=notice", LOG_LEVEL_INFO},
		{"LOG_LEVEL=info", LOG_LEVEL_INFO},
		{"LOG_LEVEL=debug", LOG_LEVEL_DEBUG},
	};
	struct fixture f;
	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *const envp[] = {words[i].word, NULL};
		compile_env(&f, envp);
		assert_int_equal(f.policy->settings.log_level, words[i].level);
		fixture_fini(&f);
	}
}

static void
test_bad_environment(void **state)
{
	const char *const envp[] = {"DOCKER_PROXY_PORT=x",
		"DOCKER_PROXY_BIND=host", "DOCKER_SOCKET=rel", "LOG_LEVEL=loud",
		"DISABLE_IPV6=perhaps", NULL};
	struct policy_input in = {.envp = envp};
	struct fixture f;
	(void)state;
	fixture_compile(&f, &in);
	assert_int_equal(f.diag.errors, 5);
	assert_tells(&f, "environment: error: DOCKER_PROXY_PORT must be");
	assert_tells(&f, "DOCKER_PROXY_BIND must be");
	assert_tells(&f, "DOCKER_SOCKET must be an absolute path");
	assert_tells(&f, "LOG_LEVEL must be");
	assert_tells(&f, "DISABLE_IPV6 must be");
	fixture_fini(&f);
}

/* --- authentication --------------------------------------------------------------- */

static void
assert_token(const struct settings_token *t, const char *token,
	const char *role, const char *name)
{
	uint8_t want[32];
	unsigned n = sizeof(want);
	EVP_Digest(token, strlen(token), want, &n, EVP_sha256(), NULL);
	assert_memory_equal(t->sha256, want, sizeof(want));
	assert_str(t->role, role);
	assert_int_equal(t->name.n, strlen(name));
	assert_memory_equal(t->name.p ? t->name.p : "", name, t->name.n);
}

static bool
read_file(void *ctx, const char *path, struct arena *a, struct str *out)
{
	(void)ctx;
	if (strcmp(path, "/token") == 0)
		*out = arena_str(a, STR("from-a-file\r\n"));
	else if (strcmp(path, "/empty") == 0)
		*out = arena_str(a, STR("\n"));
	else if (strcmp(path, "/two") == 0)
		*out = arena_str(a, STR("one\ntwo\n"));
	else
		return false;
	return true;
}

static void
test_tokens(void **state)
{
	struct policy_input in = {
		.file = "p.conf",
		.text = STR(
			"auth:\n  type: bearer\n  secret: shared\n"
			"  tokens:\n"
			"    - {token: one}\n"
			"    - {token: two, role: ci, name: build}\n"
			"    - token_sha256: 2C26B46B68FFC68FF99B453C1D304134"
			"13422d706483bfa0f98a5e886266e7ae\n"
			"    - {token_file: /token}\n"),
		.envp = no_env,
		.read_file = read_file,
	};
	struct fixture f;
	(void)state;
	fixture_compile(&f, &in);
	assert_string_equal(f.told, "");
	const struct settings_auth *a = &f.policy->settings.auth;
	assert_int_equal(a->type, AUTH_BEARER);
	assert_int_equal(a->ntokens, 5);
	assert_token(&a->tokens[0], "one", "user", "");
	assert_token(&a->tokens[1], "two", "ci", "build");
	assert_token(&a->tokens[2], "foo", "user", "");
	assert_token(&a->tokens[3], "from-a-file", "user", "");
	assert_token(&a->tokens[4], "shared", "admin", "");
	fixture_fini(&f);
}

static void
assert_closed(const char *text, const char *warning)
{
	struct fixture f;
	compile(&f, text, no_env);
	assert_int_equal(f.policy->settings.auth.type, AUTH_CLOSED);
	assert_tells(&f, warning);
	assert_tells(&f, "every request will get 401");
	fixture_fini(&f);
}

/* What is not said closes the door. */
static void
test_closed(void **state)
{
	(void)state;
	assert_closed("", "no \"auth\" section");
	assert_closed("rules: []", "no \"auth\" section");
	assert_closed("auth:", "no secret and no token");
	assert_closed("auth: {}", "no secret and no token");
	assert_closed("auth: {type: bearer}", "no secret and no token");
	assert_closed("auth: {type: bearer, secret: ''}", "");
	assert_closed("auth: {tokens: []}", "no secret and no token");
	assert_closed("auth: {tokens: [{token: ''}]}", "is empty");
	assert_closed("auth: {tokens: [{token: '', role: admin}, "
		      "{token: \"\"}]}",
		"is empty");
}

static void
test_secret_variable(void **state)
{
	const char *const envp[] = {"DOCKER_PROXY_SECRET=hidden", NULL};
	static const char *const texts[] = {"", "auth: {}",
		"auth: {secret: other}", "auth: {secret: '${NONE}'}",
		"auth: {secret: 'in valid'}"};
	struct fixture f;
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		compile(&f, texts[i], envp);
		const struct settings_auth *a = &f.policy->settings.auth;
		assert_int_equal(a->type, AUTH_BEARER);
		assert_int_equal(a->ntokens, 1);
		assert_token(&a->tokens[0], "hidden", "admin", "");
		fixture_fini(&f);
	}
	compile_env(&f, envp);
	assert_int_equal(f.policy->settings.auth.type, AUTH_BEARER);
	assert_token(&f.policy->settings.auth.tokens[0], "hidden", "admin", "");
	fixture_fini(&f);
	compile(&f, "auth: {type: none}", envp);
	assert_int_equal(f.policy->settings.auth.type, AUTH_NONE);
	assert_tells(&f, "DOCKER_PROXY_SECRET has no effect");
	fixture_fini(&f);
}

/* `DOCKER_PROXY_SECRET=${FORGOTTEN}` in a compose file must not open up. */
static void
test_empty_secret_variable(void **state)
{
	const char *const empty[] = {"DOCKER_PROXY_SECRET=", NULL};
	const char *const spaced[] = {"DOCKER_PROXY_SECRET=a b", NULL};
	struct policy_input in = {.envp = empty};
	struct fixture f;
	(void)state;
	fixture_compile(&f, &in);
	assert_int_equal(f.diag.errors, 1);
	assert_tells(&f, "DOCKER_PROXY_SECRET is set but empty");
	fixture_fini(&f);
	in.envp = spaced;
	fixture_compile(&f, &in);
	assert_tells(&f, "DOCKER_PROXY_SECRET contains a space");
	fixture_fini(&f);
}

static void
test_none_with_tokens(void **state)
{
	struct fixture f;
	(void)state;
	compile(&f, "auth: {type: none, secret: abc}", no_env);
	assert_int_equal(f.policy->settings.auth.type, AUTH_NONE);
	assert_tells(&f, "not asked for");
	fixture_fini(&f);
}

static void
test_bad_auth(void **state)
{
	(void)state;
	assert_one_error("auth: {type: baerer}", "did you mean \"bearer\"?");
	assert_one_error("auth: {peers: {}}", "peers must be a list");
	assert_one_error("auth: {peers: [{role: a}]}", "uid or gid, and a");
	assert_one_error("auth: {peers: [{uid: 1}]}", "uid or gid, and a");
	assert_one_error("auth: {peers: [{uid: root, role: a}]}", "from 0 to");
	assert_one_error("auth: {peers: [{gid: 4294967295, role: a}]}",
		"from 0 to 4294967294");
	assert_one_error("auth: {secret: a b}", "contains a space");
	assert_one_error("auth: {secret: \"a\\n\"}", "contains a space");
	assert_one_error(
		"auth: {secret: '${NONE}'}", "needs the variable NONE");
	assert_one_error("auth: {secret: [a]}", "single value");
	assert_one_error("auth: {tokens: abc}", "tokens must be a list");
	assert_one_error("auth: {tokens: [abc]}", "a token must be a map");
	assert_one_error("auth: {tokens: [{role: a}]}", "needs one of");
	assert_one_error("auth: {tokens: [{token: a, token_sha256: "
			 "9f86d081884c7d659a2feaa0c55ad015"
			 "a3bf4f1b2b0b822cd15d6c15b0f00a08}]}",
		"needs one of");
	assert_one_error(
		"auth: {tokens: [{token: a}, {token: a}]}", "stands twice");
	assert_one_error("auth: {tokens: [{token_sha256: 00}]}", "64 hexa");
	assert_one_error("auth: {tokens: [{token: a, role: ''}]}",
		"role must not be empty");
	assert_one_error("auth: {secret: a, lockout: {failures: x}}",
		"failures must be");
	assert_one_error("auth: {secret: a, lockout: {window: 0}}",
		"window must be from");
}

static void
test_token_files(void **state)
{
	static const char *const bad[] = {"/none", "/empty", "/two"};
	struct fixture f;
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		char text[64];
		snprintf(text, sizeof(text),
			"auth: {tokens: [{token_file: %s}]}", bad[i]);
		struct policy_input in = {.file = "p.conf",
			.text = str_of(text),
			.envp = no_env,
			.read_file = read_file};
		fixture_compile(&f, &in);
		assert_int_equal(f.diag.errors, 1);
		assert_tells(&f, "the token file ");
		fixture_fini(&f);
	}
}

/* Neither what is told nor what is listed holds a secret or its hash. */
static void
test_no_secret_is_shown(void **state)
{
	struct fixture f;
	char *listed;
	size_t n;
	(void)state;
	compile(&f, "auth: {secret: hunter2, tokens: [{token: swordfish}]}",
		no_env);
	FILE *out = open_memstream(&listed, &n);
	assert_non_null(out);
	policy_write(f.policy, out);
	fclose(out);
	assert_null(strstr(listed, "hunter2"));
	assert_null(strstr(listed, "swordfish"));
	assert_null(strstr(listed, "f52fbd32"));
	assert_non_null(strstr(listed, "token: \"***\""));
	free(listed);
	fixture_fini(&f);
	fixture_init(&f, "auth: {secret: hunter2, colour: x}", no_env);
	assert_tells(&f, "unknown key \"colour\"");
	assert_null(strstr(f.told, "hunter2"));
	fixture_fini(&f);
}

static void
test_strict(void **state)
{
	const char *const envp[] = {"CONTAINERS=perhaps", NULL};
	struct policy_input in = {.envp = envp};
	struct fixture f;
	(void)state;
	fixture_compile(&f, &in);
	assert_int_equal(f.diag.errors, 0);
	assert_int_equal(f.diag.warnings, 1);
	fixture_fini(&f);
	in.strict = true;
	fixture_compile(&f, &in);
	assert_int_equal(f.diag.errors, 1);
	fixture_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_with_a_file),
		cmocka_unit_test(test_default_limits),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_global_keys),
		cmocka_unit_test(test_limits_and_timeouts),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_engine),
		cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_bad_listeners),
		cmocka_unit_test(test_null_values),
		cmocka_unit_test(test_environment_goes_first),
		cmocka_unit_test(test_other_names),
		cmocka_unit_test(test_syslog_words),
		cmocka_unit_test(test_bad_environment),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_secret_variable),
		cmocka_unit_test(test_empty_secret_variable),
		cmocka_unit_test(test_none_with_tokens),
		cmocka_unit_test(test_bad_auth),
		cmocka_unit_test(test_token_files),
		cmocka_unit_test(test_no_secret_is_shown),
		cmocka_unit_test(test_strict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
