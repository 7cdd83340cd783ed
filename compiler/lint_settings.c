/* Settings, and what the rules make of them. */
#include "compiler/lint_parts.h"

#include "compiler/settings_parts.h"

/* --- where it listens ----------------------------------------------------------- */

/* Does a listener take connections of other machines? */
static bool
is_open(const struct settings_listener *l)
{
	return l->path.n == 0 && settings_is_beyond(l->bind);
}

static bool
any_listener(
	const struct settings *s, bool (*is)(const struct settings_listener *l))
{
	for (size_t i = 0; i < s->nlisteners; i++)
		if (is(&s->listeners[i]))
			return true;
	return false;
}

static bool
is_plain(const struct settings_listener *l)
{
	return is_open(l) && !l->tls.on;
}

/* Told at a member of a section, else of the file as a whole. */
static void
tell(struct lint *l, enum finding f, const struct tree *at, const char *text)
{
	if (at)
		diag_warning(l->diag, f, at->key_pos, "%s", text);
	else if (l->in->has_file)
		diag_file_warning(l->diag, f, "%s", text);
	else
		diag_env_warning(l->diag, f, "%s", text);
}

static const struct tree *
global_key(const struct lint *l, const char *name)
{
	return read_given(l->in->global, name);
}

/* --- who can read along, and who gets in -------------------------------------------- */

static void
lint_listening(struct lint *l)
{
	const struct settings *s = l->settings;
	bool beyond = any_listener(s, is_open);

	if (s->auth.type == AUTH_BEARER && s->auth.ntokens > 0 &&
		any_listener(s, is_plain))
		tell(l, FINDING_PLAIN_TOKEN, l->in->auth,
			"tokens are sent to a listener without TLS that "
			"reaches beyond this machine");
	if (s->auth.type == AUTH_BEARER && s->auth.lockout_failures == 0 &&
		beyond)
		tell(l, FINDING_LOCKOUT_OFF, read_given(l->in->auth, "lockout"),
			"tokens may be guessed for as long as one likes");
	if (beyond && s->limits.connections_per_client == 0)
		tell(l, FINDING_NO_LIMITS, global_key(l, "limits"),
			"a single client can take all connections: there is "
			"no limits.connections_per_client");
	if (s->admin.bind.n > 0 && settings_is_beyond(s->admin.bind))
		tell(l, FINDING_OPEN_ADMIN, global_key(l, "admin"),
			s->admin.has_token
				? "the admin listener reaches beyond this "
				  "machine: its token crosses the network in "
				  "clear, and health and metrics need none"
				: "the admin listener reaches beyond this "
				  "machine, and asks nobody for a token; its "
				  "status page is off");
	if ((s->metrics.enabled && beyond) ||
		(s->metrics.bind.n > 0 && settings_is_beyond(s->metrics.bind)))
		tell(l, FINDING_OPEN_METRICS, global_key(l, "metrics"),
			"metrics are answered beyond this machine, and nobody "
			"is asked for a token");
}

/* --- the Engine ------------------------------------------------------------------------ */

static bool
is_here(struct str host)
{
	return str_eq_nocase(host, STR("localhost")) ||
	       (settings_is_address(host) && !settings_is_beyond(host));
}

static void
lint_engine(struct lint *l)
{
	const struct settings_engine *e = &l->settings->engine;

	if (e->kind == ENGINE_TCP && !e->tls.on && !is_here(e->host))
		tell(l, FINDING_PLAIN_ENGINE, global_key(l, "socket"),
			"the Engine on another machine is asked without TLS");
}

/* --- what is written down --------------------------------------------------------------- */

static bool
only_reads(const struct cond *c)
{
	if (c->kind == COND_OR || c->kind == COND_NOT)
		return false;
	if (c->kind == COND_TEST && c->field == FIELD_METHOD && !c->negate &&
		cond_is_one_of(c)) {
		for (size_t i = 0; i < c->nvalues; i++)
			if (!str_eq(c->values[i].text, STR("GET")) &&
				!str_eq(c->values[i].text, STR("HEAD")))
				return false;
		return true;
	}
	for (const struct cond *i = c->first; i; i = i->next)
		if (only_reads(i))
			return true;
	return false;
}

static bool
some_may_write(const struct lint *l)
{
	for (size_t i = 0; i < l->nrules; i++)
		if (l->rules[i]->action == ACTION_ALLOW &&
			!only_reads(l->rules[i]->when))
			return true;
	return l->settings->default_allow;
}

static void
lint_records(struct lint *l)
{
	const struct settings *s = l->settings;
	bool audits = s->audit.sink != AUDIT_OFF;

	if (!audits && s->access_log == ACCESS_LOG_OFF)
		tell(l, FINDING_NOTHING_LOGGED, global_key(l, "access_log"),
			"nobody hears of what is denied: there is no access "
			"log and no audit log");
	else if (!audits && any_listener(s, is_open) && some_may_write(l))
		tell(l, FINDING_NO_AUDIT, global_key(l, "audit_log"),
			"other machines can change something, and no "
			"audit_log writes down who did");
	if (s->sandbox == SANDBOX_OFF)
		tell(l, FINDING_SANDBOX_OFF, global_key(l, "sandbox"),
			"without the sandbox, a fault in the proxy is root on "
			"the host");
	if (l->nrules > 0 && (!l->in->tests || l->in->tests->count == 0))
		tell(l, FINDING_NO_TESTS, NULL,
			"there are rules, and no tests of them");
}

/* --- secrets ------------------------------------------------------------------------------ */

static void
lint_secret(struct lint *l, const struct tree *t)
{
	if (!t || t->kind != TREE_SCALAR || tree_is_null(t) || t->expanded ||
		t->text.n == 0)
		return;
	diag_warning(l->diag, FINDING_SECRET_IN_FILE, t->key_pos,
		"every user of this machine can read this %.*s",
		STR_FMT(t->key));
	diag_help(l->diag,
		"use token_file, token_sha256 or ${NAME}, or chmod 600");
}

static void
lint_secrets(struct lint *l)
{
	const struct tree *tokens = read_given(l->in->auth, "tokens");

	if (!l->in->others_read)
		return;
	lint_secret(l, read_given(l->in->auth, "secret"));
	lint_secret(l, read_given(global_key(l, "admin"), "token"));
	if (!tokens || tokens->kind != TREE_LIST)
		return;
	for (const struct tree *t = tokens->first; t; t = t->next)
		lint_secret(l, read_given(t, "token"));
}

void
lint_settings(struct lint *l)
{
	lint_listening(l);
	lint_engine(l);
	lint_records(l);
	lint_secrets(l);
}
