/* Settings: what the proxy tells of itself: metrics, admin, audit. */
#include "compiler/settings_parts.h"

#include "runtime/limits.h"
#include "runtime/target.h"

#define ADDRESS         "^.+:[0-9]+$"
#define HOST_NAME_BYTES 253 /* RFC 1035 section 2.3.4 */

/* --- metrics and admin ------------------------------------------------------ */

/* One that a request's canonical path can be equal to. */
static void
read_metrics_path(struct reader *r, const struct tree *node, void *out)
{
	static const struct target_limits limits = {LIMIT_TARGET_BYTES, 1, 24};
	struct settings_metrics *m = out;
	struct target t;
	struct str text;
	if (!read_text(r, node, false, &text))
		return;
	if (target_parse(text, &limits, r->scratch, &t) != WHY_OK ||
		!str_eq(t.path, text)) {
		diag_error(r->diag, node->pos,
			"path must be the plain path of a URL, such as "
			"/metrics");
		return;
	}
	m->path = text;
}

static void
read_metrics_listen(struct reader *r, const struct tree *node, void *out)
{
	struct settings_metrics *m = out;
	settings_read_address(r, node, &m->bind, &m->port);
}

static const struct key metrics_keys[] = {
	KEY("enabled", BOOL, INTO(struct settings_metrics, enabled),
		.preset = "false", .help = "on the proxy's own listeners"),
	KEY("path", CUSTOM, .read = read_metrics_path, .forms = FORM_TEXT,
		.pattern = "^/", .preset = "/metrics", .help = "where"),
	KEY("listen", CUSTOM, .read = read_metrics_listen, .forms = FORM_TEXT,
		.pattern = ADDRESS,
		.help = "an address and port of its own, and there alone"),
};

const struct key_map metrics_map = MAP("metrics", "metrics", metrics_keys);

void
settings_read_metrics(
	struct reader *r, const struct tree *node, struct settings_metrics *out)
{
	if (!read_map(r, node, &metrics_map, out))
		return;
	if (read_given(node, "enabled") && !out->enabled)
		out->bind = STR("");
	/* Who gives them an address of their own wants them there alone:
	 * nobody is asked for a token. */
	if (out->bind.n > 0)
		out->enabled = false;
}

/* What is being read. */
struct admin {
	struct settings_admin s;
	struct token_said token;
};

static void
read_admin_listen(struct reader *r, const struct tree *node, void *out)
{
	struct admin *a = out;
	settings_read_address(r, node, &a->s.bind, &a->s.port);
}

static void
read_admin_token(struct reader *r, const struct tree *node, void *out)
{
	settings_read_token(r, node, &((struct admin *)out)->token);
}

static void
read_admin_token_sha256(struct reader *r, const struct tree *node, void *out)
{
	settings_read_token_sha256(r, node, &((struct admin *)out)->token);
}

static void
read_admin_token_file(struct reader *r, const struct tree *node, void *out)
{
	settings_read_token_file(r, node, &((struct admin *)out)->token);
}

/* As it stands in a Host field, without a port. */
static bool
is_host_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] >= '0' && s.p[i] <= '9') &&
			!(ascii_lower(s.p[i]) >= 'a' &&
				ascii_lower(s.p[i]) <= 'z') &&
			!(i > 0 && strchr("-._", s.p[i])))
			return false;
	return s.n > 0 && s.n <= HOST_NAME_BYTES;
}

static void
read_admin_names(struct reader *r, const struct tree *node, void *out)
{
	struct admin *a = out;
	if (!read_is_list(r, node))
		return;
	a->s.names =
		arena_alloc(r->arena, node->count * sizeof(*a->s.names) + 1);
	if (!a->s.names)
		return;
	for (const struct tree *t = node->first; t; t = t->next) {
		struct str name;
		if (!read_text(r, t, false, &name))
			continue;
		if (!is_host_name(name))
			diag_error(r->diag, t->pos,
				"a name of the admin listener is a host's, "
				"such as proxy.example.com, without a port");
		a->s.names[a->s.nnames++] = name;
	}
}

static const struct key admin_keys[] = {
	KEY("listen", CUSTOM, .read = read_admin_listen, .forms = FORM_TEXT,
		.pattern = ADDRESS, .help = "an address and port"),
	KEY("token", CUSTOM, .read = read_admin_token, .forms = FORM_TEXT,
		.help = "that the status page asks for, and must have beyond "
			"loopback; " TOKEN_HELP),
	KEY("token_sha256", CUSTOM, .read = read_admin_token_sha256,
		.forms = FORM_TEXT, .pattern = TOKEN_SHA256_PATTERN,
		.help = "or this: " TOKEN_SHA256_HELP),
	KEY("token_file", CUSTOM, .read = read_admin_token_file,
		.forms = FORM_TEXT, .help = "or this: " TOKEN_FILE_HELP),
	KEY("names", CUSTOM, .read = read_admin_names, .forms = FORM_TEXTS,
		.unsaid = "none",
		.help = "hosts' names by which the status page may be asked "
			"for, besides any address and `localhost`"),
};

const struct key_map admin_map = MAP("admin", "admin", admin_keys);

/* A token that was meant to close a door must not leave it open. */
static void
take_admin_token(struct reader *r, const struct tree *node, struct admin *a)
{
	if (a->token.forms > 1)
		diag_error(r->diag, node->key_pos,
			"admin takes one of token, token_sha256 and "
			"token_file");
	else if (a->token.empty)
		diag_error(r->diag, node->key_pos,
			"the token of admin is empty: give it a value, or "
			"leave it out");
	a->s.has_token = a->token.valid;
	memcpy(a->s.token_sha256, a->token.sha256, sizeof(a->s.token_sha256));
	a->s.token_file = a->token.file;
}

void
settings_read_admin(
	struct reader *r, const struct tree *node, struct settings_admin *out)
{
	struct admin a = {.s = *out};
	if (!read_map(r, node, &admin_map, &a))
		return;
	take_admin_token(r, node, &a);
	*out = a.s;
}

/* --- audit ------------------------------------------------------------------ */

static const struct key_word sinks[] = {
	{"off", AUDIT_OFF},
	{"stdout", AUDIT_STDOUT},
	{"syslog", AUDIT_SYSLOG},
	{NULL, 0},
};

void
settings_read_audit_log(
	struct reader *r, const struct tree *node, struct settings_audit *out)
{
	struct str text;
	if (!read_file_name(r, node, &text))
		return;
	out->path = STR("");
	for (const struct key_word *w = sinks; w->word; w++) {
		if (str_eq(text, str_of(w->word))) {
			out->sink = (enum audit_sink)w->value;
			return;
		}
	}
	out->sink = AUDIT_FILE;
	out->path = text;
}

void
settings_check_audit(struct reader *r, const struct tree *global,
	const struct settings_audit *audit)
{
	const struct tree *log = read_given(global, "audit_log");
	const struct tree *all = read_given(global, "audit");
	const struct tree *chain = read_given(global, "audit_chain");
	const struct tree *docker = read_given(global, "audit_docker");
	/* A file that was given but could not be read is told already. */
	if (audit->sink != AUDIT_OFF || (log && !str_eq(log->text, STR("off"))))
		return;
	if (all && audit->all)
		diag_error(
			r->diag, all->key_pos, "audit: all needs an audit_log");
	if (chain && audit->chain)
		diag_error(r->diag, chain->key_pos,
			"audit_chain needs an audit_log");
	if (docker && audit->docker)
		diag_error(r->diag, docker->key_pos,
			"audit_docker needs an audit_log");
}
