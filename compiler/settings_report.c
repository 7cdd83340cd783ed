/* Settings: what the proxy tells of itself: metrics, admin, audit. */
#include "compiler/settings_parts.h"

#include "runtime/limits.h"
#include "runtime/target.h"

#define ADDRESS "^.+:[0-9]+$"

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

static void
read_admin_listen(struct reader *r, const struct tree *node, void *out)
{
	struct settings *s = out;
	settings_read_address(r, node, &s->admin_bind, &s->admin_port);
}

static const struct key admin_keys[] = {
	KEY("listen", CUSTOM, .read = read_admin_listen, .forms = FORM_TEXT,
		.pattern = ADDRESS, .help = "an address and port"),
};

const struct key_map admin_map = MAP("admin", "admin", admin_keys);

void
settings_read_admin(
	struct reader *r, const struct tree *node, struct settings *out)
{
	read_map(r, node, &admin_map, out);
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
