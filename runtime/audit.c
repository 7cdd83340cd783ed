/* Audit events: an event to a line of JSON. */
#include "runtime/audit.h"

#include "runtime/audit_text.h"

#include <inttypes.h>
#include <stdio.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define MASK         STR("***")

/* --- the query ----------------------------------------------------------- */

static bool
is_secret(struct str name)
{
	/* Those of Docker's own that carry environment variables. */
	static const char *const whole[] = {"buildargs", "changes"};
	static const char *const parts[] = {
		"token",
		"secret",
		"password",
		"passwd",
		"auth",
		"key",
		"credential",
	};
	for (size_t i = 0; i < COUNT(whole); i++)
		if (str_eq_nocase(name, str_of(whole[i])))
			return true;
	for (size_t i = 0; i < COUNT(parts); i++)
		if (str_find_nocase(name, str_of(parts[i])) < name.n)
			return true;
	return false;
}

/* Would c, as it is, not be read as a part of a name or value? */
static bool
is_encoded(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f || c == '%' || c == '&' ||
	       c == '=' || c == '+' || c == '#';
}

static void
put_encoded(struct audit_text *t, struct str s)
{
	while (s.n > 0) {
		size_t plain = 0;
		while (plain < s.n && !is_encoded(s.p[plain]))
			plain++;
		audit_text_put(t, (struct str){s.p, plain});
		s = str_from(s, plain);
		if (s.n == 0)
			return;
		unsigned char c = (unsigned char)s.p[0];
		char escape[3] = {'%', audit_hex[c >> 4], audit_hex[c & 15]};
		audit_text_put(t, (struct str){escape, sizeof(escape)});
		s = str_from(s, 1);
	}
}

/* A value without the user and password of a URL, as `remote` may have. */
static void
put_value(struct audit_text *t, struct str value)
{
	size_t host = str_find(value, STR("://")) + 3;
	size_t at = 0;

	for (size_t i = host; i < value.n; i++) {
		if (value.p[i] == '/' || value.p[i] == '?' || value.p[i] == '#')
			break;
		if (value.p[i] == '@')
			at = i;
	}
	if (at > 0) {
		put_encoded(t, (struct str){value.p, host});
		audit_text_put(t, MASK);
		value = str_from(value, at);
	}
	put_encoded(t, value);
}

void
audit_put_query(struct audit_buf *o, const struct target_param *params,
	size_t nparams, size_t max)
{
	if (nparams == 0) {
		audit_put(o, STR("null"));
		return;
	}
	struct audit_text t = audit_text_begin(o, max);
	for (size_t i = 0; i < nparams; i++) {
		const struct target_param *param = &params[i];
		if (i > 0)
			audit_text_put(&t, STR("&"));
		put_encoded(&t, param->name);
		audit_text_put(&t, STR("="));
		if (is_secret(param->name))
			audit_text_put(&t, MASK);
		else
			put_value(&t, param->value);
	}
	audit_text_end(&t);
}

/* --- time ---------------------------------------------------------------- */

/* RFC 3339. The days become a date as in Howard Hinnant's "chrono-Compatible
 * Low-Level Date Algorithms": eras of 400 years that begin in March. */
static void
put_time(struct audit_buf *o, int64_t time_ms)
{
	const int64_t last = INT64_C(253402300799999); /* of the year 9999 */
	uint64_t ms = (uint64_t)(time_ms < 0      ? 0
				 : time_ms > last ? last
						  : time_ms);
	uint64_t days = ms / 86400000 + 719468;
	uint64_t of_era = days % 146097;
	uint64_t year =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
		365;
	uint64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	uint64_t month = (5 * of_year + 2) / 153; /* 0 is March */
	char text[40];

	ms %= 86400000;
	int n = snprintf(text, sizeof(text),
		"\"%04u-%02u-%02uT%02u:%02u:%02u.%03uZ\"",
		(unsigned)(year + days / 146097 * 400 + (month >= 10)),
		(unsigned)(month < 10 ? month + 3 : month - 9),
		(unsigned)(of_year - (153 * month + 2) / 5 + 1),
		(unsigned)(ms / 3600000), (unsigned)(ms / 60000 % 60),
		(unsigned)(ms / 1000 % 60), (unsigned)(ms % 1000));
	audit_put(o, (struct str){text, (size_t)n});
}

/* --- the line ------------------------------------------------------------- */

enum type { TIME, KIND, TEXT, STATUS, BOOL, QUERY, NUMBER };

#define FIELD(key, type, member, max) \
	{ \
		key, type, offsetof(struct audit_event, member), max \
	}

/* The most room that a text may take, its quotes not counted: 15,200 in all,
 * and with 500 for the keys and the rest there is room for `prev`. */
static const struct field {
	const char *key;
	enum type type;
	size_t offset, max;
} fields[] = {
	FIELD("timestamp", TIME, time_ms, 0),
	FIELD("event", KIND, kind, 0),
	FIELD("peer_ip", TEXT, peer_ip, 100),
	FIELD("method", TEXT, method, 100),
	FIELD("path", TEXT, path, 6000),
	FIELD("user_agent", TEXT, user_agent, 1000),
	FIELD("user_role", TEXT, role, 400),
	FIELD("identity", TEXT, identity, 600),
	FIELD("rule_name", TEXT, rule_name, 400),
	FIELD("rule_action", TEXT, rule_action, 100),
	FIELD("status", STATUS, status, 0),
	FIELD("dry_run", BOOL, dry_run, 0),
	FIELD("message", TEXT, message, 1100),
	FIELD("request_id", TEXT, request_id, 200),
	FIELD("listener", TEXT, listener, 200),
	FIELD("query", QUERY, params, 5000),
	FIELD("bytes_in", NUMBER, bytes_in, 0),
	FIELD("bytes_out", NUMBER, bytes_out, 0),
	FIELD("duration_ms", NUMBER, duration_ms, 0),
};

static const char *const kinds[AUDIT_KINDS] = {
	[AUDIT_REQUEST] = "allow",
	[AUDIT_DENY] = "deny",
	[AUDIT_DRY_RUN] = "dry_run",
	[AUDIT_AUTH_FAILURE] = "auth_failure",
	[AUDIT_RATE_LIMITED] = "rate_limited",
	[AUDIT_LOCKOUT] = "lockout",
	[AUDIT_RELOAD] = "reload",
	[AUDIT_DROPPED] = "audit_dropped",
	[AUDIT_CHAIN_START] = "audit_chain_start",
};

bool
audit_kind_parse(struct str name, enum audit_kind *out)
{
	for (unsigned i = 0; i < AUDIT_KINDS; i++) {
		if (str_eq(name, str_of(kinds[i]))) {
			*out = (enum audit_kind)i;
			return true;
		}
	}
	return false;
}

static void
put_field(
	struct audit_buf *o, const struct audit_event *e, const struct field *f)
{
	const void *member = (const char *)e + f->offset;

	switch (f->type) {
	case TIME:
		put_time(o, e->time_ms);
		break;
	case KIND:
		audit_put(o, STR("\""));
		audit_put(o, str_of(kinds[e->kind]));
		audit_put(o, STR("\""));
		break;
	case TEXT:
		audit_put_text(o, *(const struct str *)member, f->max);
		break;
	case STATUS:
		if (e->status == 0)
			audit_put(o, STR("null"));
		else
			audit_put_number(o, e->status);
		break;
	case BOOL:
		audit_put(
			o, *(const bool *)member ? STR("true") : STR("false"));
		break;
	case QUERY:
		audit_put_query(o, e->params, e->nparams, f->max);
		break;
	case NUMBER:
		audit_put_number(o, *(const uint64_t *)member);
		break;
	}
}

size_t
audit_line(const struct audit_event *e, char buf[AUDIT_LINE_MAX])
{
	struct audit_buf o = {.p = buf, .room = AUDIT_LINE_MAX};

	for (size_t i = 0; i < COUNT(fields); i++) {
		audit_put(&o, i == 0 ? STR("{\"") : STR(",\""));
		audit_put(&o, str_of(fields[i].key));
		audit_put(&o, STR("\":"));
		put_field(&o, e, &fields[i]);
	}
	if (e->docker.n > 0) {
		audit_put(&o, STR(",\"docker\":"));
		audit_put(&o, e->docker);
	}
	if (e->learns)
		audit_put(&o, STR(",\"mode\":\"learn\""));
	if (e->kind == AUDIT_DROPPED) {
		audit_put(&o, STR(",\"count\":"));
		audit_put_number(&o, e->count);
	}
	audit_put(&o, STR("}\n"));
	return o.n;
}
