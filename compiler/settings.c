/* Settings: the defaults, and putting the halves together. */
#include "compiler/settings.h"

#include "compiler/settings_parts.h"
#include "runtime/limits.h"

#define SECONDS(n) ((n)*1000u)

static const struct settings defaults = {
	.log_level = LOG_LEVEL_INFO,
	.access_log = ACCESS_LOG_DENIED,
	.min_api_major = 1,
	.min_api_minor = 24,
	.limits =
		{
			.connections = LIMIT_CONNECTIONS,
			.header_bytes = LIMIT_HEADER_BYTES,
			.headers = LIMIT_HEADERS,
			.target_bytes = LIMIT_TARGET_BYTES,
			.inspected_body_bytes = LIMIT_INSPECTED_BODY,
			.json_depth = LIMIT_JSON_DEPTH,
			.idle_buckets = 65536,
		},
	.timeouts =
		{
			.tls_handshake_ms = SECONDS(10),
			.request_head_ms = SECONDS(10),
			.request_body_ms = SECONDS(30),
			.engine_connect_ms = SECONDS(5),
			.keepalive_ms = SECONDS(75),
			.client_stalled_ms = SECONDS(3600),
			.tunnel_idle_ms = SECONDS(3600),
			.drain_ms = SECONDS(30),
		},
	.metrics = {.path = STR("/metrics")},
	.auth =
		{
			.lockout_failures = 10,
			.lockout_window_ms = SECONDS(60),
			.lockout_ms = SECONDS(300),
		},
};

void
settings_read(
	struct reader *r, const struct settings_input *in, struct settings *out)
{
	*out = defaults;
	out->default_allow = in->default_allow;
	settings_read_global(r, in, out);
	settings_read_auth(r, in, out);
	settings_warn_env(r, in->envp);
}
