/* init: what the answers come to. */
#include "daemon/init.h"

#include "compiler/show.h"
#include "runtime/sha256.h"

#include <string.h>
#include <sys/random.h>

/* RFC 4648, section 5, without padding. */
bool
init_token_new(struct init_token *t)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char chance[sizeof(t->text) - 1];

	if (getrandom(chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
		return false;
	for (size_t i = 0; i < sizeof(chance); i++)
		t->text[i] = digits[chance[i] & 63];
	t->text[sizeof(chance)] = '\0';
	return true;
}

static void
pair(const char *before, struct str s, FILE *out)
{
	fputs(before, out);
	show_yaml(s, out);
	putc('\n', out);
}

/* --- global, auth --------------------------------------------------------------- */

static void
write_listener(const struct init_answers *a, FILE *out)
{
	struct str s = a->v[INIT_LISTEN];
	size_t colon = 0;

	if (init_is_unix(a)) {
		fputs("  listeners:\n    - {name: local, unix: ", out);
		show_yaml(s, out);
		fputs(", mode: \"0660\"}\n", out);
		return;
	}
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == ':')
			colon = i;
	struct str host = {s.p, colon};
	if (str_starts(host, STR("[")))
		host = (struct str){host.p + 1, host.n - 2};
	pair("  bind: ", host, out);
	fprintf(out, "  port: %.*s\n", STR_FMT(str_from(s, colon + 1)));
	if (a->v[INIT_CERT].n == 0)
		return;
	pair("  tls:\n    cert: ", a->v[INIT_CERT], out);
	pair("    key: ", a->v[INIT_KEY], out);
}

static void
write_auth(const struct init_answers *a, const struct init_token *tokens,
	size_t n, FILE *out)
{
	uint8_t digest[32];

	if (str_eq(a->v[INIT_AUTH], STR("none"))) {
		fputs("auth:\n"
		      "  # Whoever can connect may do what the rules allow.\n"
		      "  type: none\n",
			out);
		return;
	}
	fputs("auth:\n"
	      "  type: bearer\n"
	      "  # Hashes: the tokens themselves are in NAME.token, for the "
	      "clients.\n"
	      "  tokens:\n",
		out);
	for (size_t i = 0; i < n; i++) {
		sha256(str_of(tokens[i].text), digest);
		fputs("    - {token_sha256: ", out);
		for (size_t b = 0; b < sizeof(digest); b++)
			fprintf(out, "%02x", digest[b]);
		fputs(", role: client, name: ", out);
		show_yaml(tokens[i].name, out);
		fputs("}\n", out);
	}
}

/* --- rules ------------------------------------------------------------------ */

/* `policy:a, policy:b, ` of a list of names. */
static void
write_names(struct str list, FILE *out)
{
	while (list.n > 0) {
		struct str name = init_next(&list);
		fprintf(out, "policy:%.*s%s", STR_FMT(name),
			list.n > 0 ? ", " : "");
	}
}

static void
write_include(const struct init_answers *a, FILE *out)
{
	struct str guards = a->v[INIT_GUARDS];

	fputs("# docker-proxy policies show POLICY prints what each allows, "
	      "and "
	      "why.\n"
	      "include: [",
		out);
	if (!str_eq(guards, STR("none"))) {
		write_names(guards, out);
		fputs(", ", out);
	}
	write_names(a->v[INIT_FRONT], out);
	fputs("]\n", out);
}

static bool
has_rate(const struct init_answers *a)
{
	struct str rate = a->v[INIT_RATE];

	return rate.n > 0 && !str_eq(rate, STR("0"));
}

static void
write_rate(const struct init_answers *a, FILE *out)
{
	fprintf(out,
		"  # Before what allows: more is answered with 429.\n"
		"  - name: not-too-many-changes\n"
		"    conditions:\n"
		"      - {field: method, operator: not_in, value: [GET, "
		"HEAD]}\n"
		"    action: rate_limit\n"
		"    rate_limit: {requests: %.*s, period: 60s, penalty: 60s, "
		"key: %s}\n",
		STR_FMT(a->v[INIT_RATE]),
		str_eq(a->v[INIT_AUTH], STR("none")) ? "client_ip"
						     : "identity");
}

static void
write_call(const struct init_call *c, FILE *out)
{
	fprintf(out,
		"  # %s\n"
		"  - name: %s\n"
		"    conditions:\n"
		"      - {field: method, operator: equals, value: %s}\n"
		"      - {field: path, operator: matches, value: '^%s$'}\n"
		"    action: allow\n",
		c->help, c->word, c->method, c->path);
}

static void
write_redaction(FILE *out)
{
	fputs("  # Applies to whatever is allowed.\n"
	      "  - name: no-passwords\n"
	      "    conditions:\n"
	      "      - {field: path, operator: matches, value: "
	      "'^/containers/[^/]+/json$'}\n"
	      "    action: response_filter\n"
	      "    response_filter:\n"
	      "      - {field: Config.Env.*, action: redact, match: "
	      "'(?i)^[^=]*(PASS|SECRET|TOKEN|KEY)'}\n",
		out);
}

static void
write_rules(const struct init_answers *a, FILE *out)
{
	bool redact = str_eq(a->v[INIT_REDACT], STR("yes"));

	if (!has_rate(a) && a->v[INIT_MAY].n == 0 && !redact)
		return;
	fputs("rules:\n", out);
	if (has_rate(a))
		write_rate(a, out);
	for (const struct init_call *c = init_calls; c->word; c++)
		if (init_has(a->v[INIT_MAY], c->word))
			write_call(c, out);
	if (redact)
		write_redaction(out);
}

/* What they include was tested when the program was made. */
static void
write_tests(const struct init_answers *a, FILE *out)
{
	fputs("# Run by docker-proxy test.\n"
	      "tests:\n"
	      "  - {request: GET /_ping, expect: allow}\n"
	      "  - {request: GET /swarm/unlockkey, expect: deny}\n"
	      "  - {request: \"POST /plugins/pull?remote=a\", expect: deny}\n",
		out);
	for (const struct init_call *c = init_calls; c->word; c++)
		if (init_has(a->v[INIT_MAY], c->word))
			fprintf(out, "  - {request: %s, expect: allow}\n",
				c->sample);
	fputs("  - request: POST /containers/create\n"
	      "    body: {HostConfig: {Privileged: true}}\n"
	      "    expect: deny\n",
		out);
	if (init_creates(a))
		fputs("    rule: baseline-capabilities\n", out);
}

void
init_write_config(const struct init_answers *a, const struct init_token *tokens,
	size_t ntokens, FILE *out)
{
	fputs("# Written by docker-proxy init.\n"
	      "global:\n",
		out);
	write_listener(a, out);
	pair("  socket: ", a->v[INIT_ENGINE], out);
	fputs("  # What no rule allows.\n"
	      "  default: deny\n",
		out);
	pair("  audit_log: ", a->v[INIT_AUDIT], out);
	write_auth(a, tokens, ntokens, out);
	write_include(a, out);
	write_rules(a, out);
	write_tests(a, out);
}

/* --- around it ------------------------------------------------------------------ */

void
init_write_compose(const struct init_answers *a, const char *config, FILE *out)
{
	bool local = init_is_unix(a);

	fputs("# Written by docker-proxy init. The image is what `make image` "
	      "builds.\n"
	      "services:\n"
	      "  docker-proxy:\n"
	      "    image: docker-proxy\n"
	      "    restart: unless-stopped\n"
	      "    command: [--config, /etc/docker-proxy/docker-proxy.conf]\n"
	      "    environment:\n"
	      "      DOCKER_SOCKET: /host/run/docker.sock\n",
		out);
	if (!local)
		fputs("      DOCKER_PROXY_BIND: \"*\"\n", out);
	fputs("    # The number of the group of the Engine's socket.\n"
	      "    group_add: [\"${DOCKER_GID:?stat -c %g "
	      "/var/run/docker.sock}\"]\n"
	      "    volumes:\n"
	      "      # The folder: the socket is another file when the Engine "
	      "was replaced.\n"
	      "      - /var/run:/host/run:ro\n"
	      "      - type: bind\n"
	      "        source: \"",
		out);
	show_yaml_text(str_of(config), out);
	fputs("\"\n"
	      "        target: /etc/docker-proxy/docker-proxy.conf\n"
	      "        read_only: true\n"
	      "    networks: [docker-api]\n"
	      "    read_only: true\n"
	      "    cap_drop: [ALL]\n"
	      "    security_opt: [\"no-new-privileges:true\"]\n"
	      "    mem_limit: 128m\n"
	      "    pids_limit: 128\n"
	      "    stop_grace_period: 35s\n"
	      "networks:\n"
	      "  # Clients join this one, and nobody else.\n"
	      "  docker-api: {internal: true}\n",
		out);
}

/* A word of a unit's command line. */
static void
quote_unit(struct str s, FILE *out)
{
	putc('"', out);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			putc('\\', out);
		if (s.p[i] == '%' || s.p[i] == '$')
			putc(s.p[i], out);
		putc(s.p[i], out);
	}
	putc('"', out);
}

void
init_write_unit(const struct init_answers *a, const char *config, FILE *out)
{
	(void)a;
	fputs("# Written by docker-proxy init.\n"
	      "[Unit]\n"
	      "Description=Proxy that enforces a policy on the Docker "
	      "Engine's API\n"
	      "After=network.target docker.socket\n"
	      "\n"
	      "[Service]\n"
	      "Type=notify\n"
	      "ExecStart=/opt/docker-proxy/bin/docker-proxy --config ",
		out);
	quote_unit(str_of(config), out);
	fputs("\n"
	      "ExecReload=kill -HUP $MAINPID\n"
	      "WatchdogSec=30s\n"
	      "TimeoutStopSec=40s\n"
	      "Restart=on-failure\n"
	      "DynamicUser=yes\n"
	      "# The Engine's socket is open to this group.\n"
	      "SupplementaryGroups=docker\n"
	      "RuntimeDirectory=docker-proxy\n"
	      "LogsDirectory=docker-proxy\n"
	      "UMask=0077\n"
	      "CapabilityBoundingSet=\n"
	      "NoNewPrivileges=yes\n"
	      "ProtectSystem=strict\n"
	      "ProtectHome=read-only\n"
	      "PrivateDevices=yes\n"
	      "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6\n"
	      "\n"
	      "[Install]\n"
	      "WantedBy=multi-user.target\n",
		out);
}
