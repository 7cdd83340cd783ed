/* Settings: `global` and `auth`, typed, with their defaults.
 *
 * Immutable after policy_compile(). Strings end in NUL and live in the
 * policy's arena.
 */
#ifndef COMPILER_SETTINGS_H
#define COMPILER_SETTINGS_H

#include "runtime/cidr.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct reader;
struct tree;

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_TRACE,
};

enum access_log {
	ACCESS_LOG_OFF,
	ACCESS_LOG_DENIED,
	ACCESS_LOG_ALL,
};

/* TLS of a listener. Files are read when it starts, and again on reload. */
struct settings_tls {
	bool on;
	struct str cert, key; /* PEM: a chain; PKCS#8, PKCS#1 or SEC1 */
	struct str client_ca; /* empty: no client certificates */
	struct str crl;       /* may be empty */
	bool require_client_cert;
	bool tls13_only; /* min_version: 1.3 */
};

/* TLS towards a remote Engine, tls://host:port; its name is verified. */
struct settings_engine_tls {
	bool on;
	struct str ca, cert, key; /* empty ca: the system's */
};

/* What is told of a file that a setting names. */
enum file_news {
	FILE_BAD,     /* it will not do */
	FILE_MISSING, /* it is not there, or may not be read, on this machine */
	FILE_DOUBT,   /* it will do, and is hardly what is meant */
};

/* Who hears of it; key: the setting, of a `tls` or `engine_tls`. */
struct file_hearer {
	void (*hear)(struct file_hearer *h, enum file_news news,
		const char *key, const char *text);
};

/* Looks into the files of TLS. The compiler knows the settings' places, but
 * no TLS: it is given this. */
struct tls_check {
	void (*server)(const struct settings_tls *s, struct file_hearer *h);
	void (*client)(const struct settings_engine_tls *s, struct str host,
		struct file_hearer *h);
};

struct settings_listener {
	struct str name;
	/* TCP: bind is a numeric address or "*" (v6 and v4; v4 alone when
	 * ipv4_only or where there is no v6). unix: path is set instead. */
	struct str bind;
	uint16_t port;
	bool ipv4_only;
	struct str path;
	mode_t mode;             /* of the socket file; default 0660 */
	struct str owner, group; /* names or numbers; empty: unchanged */
	struct settings_tls tls;
	bool proxy_protocol; /* PROXY v1 or v2 comes first */
};

enum engine_kind {
	ENGINE_AUTO, /* candidates tried in order at start */
	ENGINE_UNIX,
	ENGINE_TCP,
};

struct settings_engine {
	enum engine_kind kind;
	struct str path; /* ENGINE_UNIX */
	struct str host; /* ENGINE_TCP */
	uint16_t port;
	struct str candidates[3]; /* ENGINE_AUTO; empty ones are skipped */
	struct settings_engine_tls tls; /* with ENGINE_TCP */
};

struct settings_metrics {
	bool enabled;    /* on the proxy's own listeners */
	struct str path; /* default /metrics */
	struct str bind; /* a listener of its own; empty: none */
	uint16_t port;
};

/* Health, metrics and the status page, on a listener of their own. */
struct settings_admin {
	struct str bind; /* empty: none */
	uint16_t port;
	bool has_token; /* for the status page and its API */
	uint8_t token_sha256[32];
	struct str token_file; /* empty: it came otherwise */
	struct str *names;     /* of this listener, besides its addresses */
	size_t nnames;
};

enum audit_sink {
	AUDIT_OFF,
	AUDIT_FILE,
	AUDIT_STDOUT,
	AUDIT_SYSLOG,
};

struct settings_audit {
	enum audit_sink sink;
	struct str path;
	bool all;    /* audit: all */
	bool chain;  /* audit_chain: true */
	bool docker; /* audit_docker: true */
};

enum sandbox_mode {
	SANDBOX_ON,     /* what the system lacks is a warning */
	SANDBOX_STRICT, /* and the proxy does not start */
	SANDBOX_OFF,
};

struct settings_limits {
	uint32_t connections;
	uint32_t connections_per_client; /* 0: off */
	uint32_t header_bytes, headers, target_bytes;
	uint32_t inspected_body_bytes;
	uint32_t json_depth;
	uint32_t idle_buckets;
};

/* Milliseconds; 0 is off. */
struct settings_timeouts {
	uint32_t tls_handshake_ms, request_head_ms, request_body_ms;
	uint32_t engine_connect_ms, engine_response_ms, keepalive_ms;
	uint32_t client_stalled_ms, tunnel_idle_ms, drain_ms;
};

enum auth_type {
	AUTH_CLOSED, /* nobody gets in: nothing was configured */
	AUTH_NONE,
	AUTH_BEARER,
	AUTH_MTLS,
};

/* mtls.cert_role_map: first match of CN or a DNS SAN wins. */
struct settings_cert_role {
	struct str cn; /* maybe *.example.com: exactly one label */
	struct str role;
};

/* auth.peers: who is on a unix listener. */
struct settings_peer {
	bool has_uid, has_gid;
	uint32_t uid, gid;
	struct str role;
};

struct settings_token {
	uint8_t sha256[32]; /* of the token */
	struct str role;
	struct str name; /* the identity; may be empty */
	struct str file; /* token_file; empty: it came otherwise */
};

struct settings_auth {
	enum auth_type type;
	struct settings_token *tokens; /* in the order they are tried; the
					  shared secret is the last */
	size_t ntokens;
	uint32_t lockout_failures, lockout_window_ms, lockout_ms;
	struct settings_cert_role *cert_roles;
	size_t ncert_roles;
	struct str default_role; /* of mtls; may be empty */
	struct settings_peer *peers;
	size_t npeers;
};

struct settings {
	struct settings_listener *listeners;
	size_t nlisteners;
	struct settings_engine engine;
	bool default_allow;
	uint32_t threads; /* 0: as many as CPUs are usable */
	enum log_level log_level;
	bool log_json;
	enum access_log access_log;
	bool error_text; /* error_format: text */
	uint16_t min_api_major, min_api_minor;
	struct settings_limits limits;
	struct settings_timeouts timeouts;
	struct settings_auth auth;
	struct settings_metrics metrics;
	struct settings_admin admin;
	struct settings_audit audit;
	struct cidr *trusted_proxies;
	size_t ntrusted_proxies;
	bool watch; /* reload when the file changes */
	enum sandbox_mode sandbox;
};

/* Where settings come from: the environment goes before the file. */
struct settings_input {
	bool has_file;
	bool default_allow; /* where `global` does not say */
	bool part;          /* of a configuration: no `auth` is missed */
	const struct tree *global, *auth; /* NULL: not in the file */
	const char *const *envp;
};

/* Defaults, the file, the environment; errors go to the reader's diag. */
void settings_read(struct reader *r, const struct settings_input *in,
	struct settings *out);

/* Does that `bind` reach beyond this machine? */
bool settings_is_beyond(struct str bind);

/* As YAML, for --check-config; of a token only its role and name. */
void settings_write(const struct settings *s, FILE *out);

#endif
