/* The status page: who may have it.
 *
 * A browser is anybody's deputy. So the name that it asked for must be ours
 * (else DNS rebinding makes a foreign page one of this origin), a foreign
 * origin gets nothing, and a token is sent in a field that no form can write.
 */
#include "daemon/admin_parts.h"

#include "compiler/settings.h"
#include "daemon/deadline.h"
#include "daemon/generation.h"
#include "daemon/log.h"
#include "daemon/worker.h"
#include "runtime/auth.h"
#include "runtime/limits.h"
#include "runtime/lockout.h"

static const struct settings_admin *
settings_of(const struct admin_conn *c)
{
	return &c->admin->shared->generation->policy->settings.admin;
}

/* --- names ------------------------------------------------------------------ */

/* Without port and brackets; what has another form stays, and is no name. */
static struct str
host_of(struct str field)
{
	size_t n = field.n;

	while (n > 0 && field.p[n - 1] >= '0' && field.p[n - 1] <= '9')
		n--;
	if (n > 0 && field.p[n - 1] == ':')
		field.n = n - 1;
	if (field.n > 2 && str_starts(field, STR("[")) &&
		str_ends(field, STR("]")))
		return (struct str){field.p + 1, field.n - 2};
	return field;
}

static bool
is_our_name(const struct settings_admin *s, struct str field)
{
	struct str host = host_of(field);
	struct ip ip;

	if (ip_parse(host, &ip) || str_eq_nocase(host, STR("localhost")))
		return true;
	for (size_t i = 0; i < s->nnames; i++)
		if (str_eq_nocase(host, s->names[i]))
			return true;
	return false;
}

/* A page of ours, or no page at all. What ends TLS in front of us makes
 * https of it. */
static bool
is_our_origin(const struct admin_request *rq)
{
	struct str origin = admin_field(rq, "origin");
	struct str site = admin_field(rq, "sec-fetch-site");
	struct str scheme = str_starts(origin, STR("https://"))
				    ? STR("https://")
				    : STR("http://");

	if (site.n && !str_eq(site, STR("same-origin")) &&
		!str_eq(site, STR("none")))
		return false;
	if (origin.n == 0)
		return true;
	return str_starts(origin, scheme) &&
	       str_eq_nocase(str_from(origin, scheme.n), rq->head->host);
}

/* --- the token -------------------------------------------------------------- */

static void
count_failure(struct admin_conn *c)
{
	static const struct lockout_rule rule = {
		.failures = STATUS_GUESSES,
		.window_ms = STATUS_GUESS_MS,
		.lock_ms = STATUS_LOCK_MS,
	};
	struct admin *a = c->admin;
	char text[46];

	if (!a->lockout)
		a->lockout = lockout_new(&rule, a->shared->hash_seed);
	if (a->lockout && lockout_fail(a->lockout, &c->ip, now_ms()))
		log_say(LOG_LEVEL_WARN,
			"%s is locked out of the status page: too many wrong "
			"tokens",
			ip_text(&c->ip, text));
}

/* Asked for before the token: a right guess does not count while locked. */
static bool
is_locked(const struct admin_conn *c)
{
	const struct lockout *l = c->admin->lockout;

	return l && lockout_left_ms(l, &c->ip, now_ms()) > 0;
}

static bool
has_token(struct admin_conn *c, const struct admin_request *rq)
{
	const struct settings_admin *s = settings_of(c);
	const struct http1_head *h = rq->head;
	uint8_t digest[32];

	if (!s->has_token)
		return true;
	if (!h->authorization.p)
		return false;
	if (!h->authorization_twice &&
		auth_bearer_digest(h->authorization, digest) &&
		auth_digest_equal(digest, s->token_sha256))
		return true;
	count_failure(c);
	return false;
}

bool
status_guard(struct admin_conn *c, const struct admin_request *rq, bool api)
{
	const struct settings_admin *s = settings_of(c);

	if (c->admin->beyond && !s->has_token) {
		admin_answer_line(c, 403,
			"/healthz, /readyz and /metrics are here. The status "
			"page is off: this listener reaches beyond this "
			"machine, and admin has no token");
		return false;
	}
	if (!is_our_name(s, rq->head->host)) {
		admin_answer_line(c, 421,
			"this listener has no such name: ask for its address, "
			"or add the name to admin.names");
		return false;
	}
	if (!api)
		return true;
	if (!is_our_origin(rq)) {
		admin_answer_line(c, 403, "this is not for other sites");
		return false;
	}
	if (is_locked(c)) {
		admin_answer_line(
			c, 429, "too many wrong tokens: try again later");
		return false;
	}
	if (has_token(c, rq))
		return true;
	admin_answer_with(c, 401, ADMIN_TEXT,
		"WWW-Authenticate: Bearer realm=\"docker-proxy\"\r\n",
		STR("admin.token is needed\n"));
	return false;
}
