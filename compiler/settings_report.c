/* Settings: what the proxy tells of itself: metrics, admin, audit. */
#include "compiler/settings_parts.h"

#include "runtime/limits.h"
#include "runtime/target.h"

/* --- metrics and admin ------------------------------------------------------ */

struct metrics {
	struct settings_metrics s;
	bool off; /* enabled: false */
};

static void
read_enabled(struct reader *r, const struct tree *node, void *out)
{
	static const struct key key =
		KEY("enabled", BOOL, INTO(struct metrics, s.enabled));
	struct metrics *m = out;
	read_key(r, node, &key, m);
	m->off = !m->s.enabled;
}

/* One that a request's canonical path can be equal to. */
static void
read_metrics_path(struct reader *r, const struct tree *node, void *out)
{
	static const struct target_limits limits = {LIMIT_TARGET_BYTES, 1, 24};
	struct metrics *m = out;
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
	m->s.path = text;
}

static void
read_metrics_listen(struct reader *r, const struct tree *node, void *out)
{
	struct metrics *m = out;
	settings_read_address(r, node, &m->s.bind, &m->s.port);
}

static const struct key metrics_keys[] = {
	KEY("enabled", CUSTOM, .read = read_enabled),
	KEY("path", CUSTOM, .read = read_metrics_path),
	KEY("listen", CUSTOM, .read = read_metrics_listen),
};

void
settings_read_metrics(
	struct reader *r, const struct tree *node, struct settings_metrics *out)
{
	struct metrics m = {.s = *out};
	if (!read_map(r, node, "metrics", metrics_keys, COUNT_OF(metrics_keys),
		    &m))
		return;
	/* Who gives them an address of their own wants them there alone:
	 * nobody is asked for a token. */
	if (m.s.bind.n > 0)
		m.s.enabled = false;
	if (m.off)
		m.s.bind = STR("");
	*out = m.s;
}

static void
read_admin_listen(struct reader *r, const struct tree *node, void *out)
{
	struct settings *s = out;
	settings_read_address(r, node, &s->admin_bind, &s->admin_port);
}

static const struct key admin_keys[] = {
	KEY("listen", CUSTOM, .read = read_admin_listen),
};

void
settings_read_admin(
	struct reader *r, const struct tree *node, struct settings *out)
{
	read_map(r, node, "admin", admin_keys, COUNT_OF(admin_keys), out);
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
