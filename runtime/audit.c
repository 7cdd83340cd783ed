/* Audit events: an event to a line of JSON. */
#include "runtime/audit.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define MASK         STR("***")
#define CUT_ROOM     40 /* "...[cut: 18446744073709551615 bytes]" */

static const char digits[] = "0123456789ABCDEF";

/* --- bytes --------------------------------------------------------------- */

/* That all fits is sure beforehand: each value has its share (see fields). */
struct out {
	char *p; /* borrowed; AUDIT_LINE_MAX bytes */
	size_t n;
};

static void
put(struct out *o, struct str s)
{
	assert(s.n <= AUDIT_LINE_MAX - o->n);
	if (s.n > 0)
		memcpy(o->p + o->n, s.p, s.n);
	o->n += s.n;
}

static void
put_number(struct out *o, uint64_t n)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%" PRIu64, n);

	put(o, (struct str){text, (size_t)len});
}

/* --- text ---------------------------------------------------------------- */

/* The inside of a JSON string that may take so much room and no more. */
struct text {
	struct out *o; /* borrowed */
	size_t end;    /* where the mark of a cut begins at the latest */
	uint64_t bytes;
	bool cut;
};

static struct text
text_begin(struct out *o, size_t max)
{
	assert(max > CUT_ROOM);
	put(o, STR("\""));
	return (struct text){.o = o, .end = o->n + max - CUT_ROOM};
}

static void
text_end(struct text *t)
{
	if (t->cut) {
		put(t->o, STR("...[cut: "));
		put_number(t->o, t->bytes);
		put(t->o, STR(" bytes]"));
	}
	put(t->o, STR("\""));
}

/* The bytes of the character that s begins with; 1 for a byte that begins
 * none. */
static size_t
char_bytes(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (c < 0x80 || n > s.n || !str_is_utf8((struct str){s.p, n}))
		return 1;
	return n;
}

/* The number of a character of two or three bytes, else 0. */
static unsigned
code_point(struct str c)
{
	const unsigned char *p = (const unsigned char *)c.p;

	if (c.n == 2)
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	if (c.n == 3)
		return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 |
		       (p[2] & 0x3fu);
	return 0;
}

/* Controls of the upper half, and what is not seen or makes other text be
 * seen elsewhere. */
static bool
is_treacherous(unsigned code)
{
	static const struct {
		unsigned first, last;
	} ranges[] = {
		{0x80, 0x9f},
		{0x200b, 0x200f},
		{0x2028, 0x202e},
		{0x2060, 0x206f},
		{0xfeff, 0xfeff},
	};
	for (size_t i = 0; i < COUNT(ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

static size_t
spell_escape(unsigned code, char to[8])
{
	to[0] = '\\';
	to[1] = 'u';
	for (int i = 0; i < 4; i++)
		to[2 + i] = digits[code >> (12 - 4 * i) & 15];
	return 6;
}

/* How a character, or a byte that is none, stands in a JSON string; at most
 * 6 bytes. */
static size_t
spell(struct str c, char to[8])
{
	unsigned code = c.n == 1 ? (unsigned char)c.p[0] : code_point(c);

	if (c.n == 1 && (code == '"' || code == '\\')) {
		to[0] = '\\';
		to[1] = (char)code;
		return 2;
	}
	if ((c.n == 1 && (code < 0x20 || code >= 0x7f)) ||
		(c.n > 1 && is_treacherous(code)))
		return spell_escape(code, to);
	memcpy(to, c.p, c.n);
	return c.n;
}

/* How many bytes s begins with, of at most max, that stand for themselves. */
static size_t
plain_bytes(struct str s, size_t max)
{
	size_t n = 0;

	while (n < s.n && n < max && s.p[n] >= ' ' && s.p[n] < 0x7f &&
		s.p[n] != '"' && s.p[n] != '\\')
		n++;
	return n;
}

static void
text_put(struct text *t, struct str s)
{
	t->bytes += s.n;
	while (s.n > 0 && !t->cut) {
		char spelled[8];
		size_t room = t->end - t->o->n;
		size_t bytes = plain_bytes(s, room);
		struct str as = {s.p, bytes};
		if (bytes == 0) {
			bytes = char_bytes(s);
			as.p = spelled;
			as.n = spell((struct str){s.p, bytes}, spelled);
		}
		t->cut = as.n > room;
		if (!t->cut)
			put(t->o, as);
		s = str_from(s, bytes);
	}
}

static void
put_text(struct out *o, struct str s, size_t max)
{
	if (s.n == 0) {
		put(o, STR("null"));
		return;
	}
	struct text t = text_begin(o, max);
	text_put(&t, s);
	text_end(&t);
}

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
put_encoded(struct text *t, struct str s)
{
	while (s.n > 0) {
		size_t plain = 0;
		while (plain < s.n && !is_encoded(s.p[plain]))
			plain++;
		text_put(t, (struct str){s.p, plain});
		s = str_from(s, plain);
		if (s.n == 0)
			return;
		unsigned char c = (unsigned char)s.p[0];
		char escape[3] = {'%', digits[c >> 4], digits[c & 15]};
		text_put(t, (struct str){escape, sizeof(escape)});
		s = str_from(s, 1);
	}
}

/* A value without the user and password of a URL, as `remote` may have. */
static void
put_value(struct text *t, struct str value)
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
		text_put(t, MASK);
		value = str_from(value, at);
	}
	put_encoded(t, value);
}

static void
put_query(struct out *o, const struct audit_event *e, size_t max)
{
	if (e->nparams == 0) {
		put(o, STR("null"));
		return;
	}
	struct text t = text_begin(o, max);
	for (size_t i = 0; i < e->nparams; i++) {
		const struct target_param *param = &e->params[i];
		if (i > 0)
			text_put(&t, STR("&"));
		put_encoded(&t, param->name);
		text_put(&t, STR("="));
		if (is_secret(param->name))
			text_put(&t, MASK);
		else
			put_value(&t, param->value);
	}
	text_end(&t);
}

/* --- time ---------------------------------------------------------------- */

/* RFC 3339. The days become a date as in Howard Hinnant's "chrono-Compatible
 * Low-Level Date Algorithms": eras of 400 years that begin in March. */
static void
put_time(struct out *o, int64_t time_ms)
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
	put(o, (struct str){text, (size_t)n});
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

static void
put_field(struct out *o, const struct audit_event *e, const struct field *f)
{
	const void *member = (const char *)e + f->offset;

	switch (f->type) {
	case TIME:
		put_time(o, e->time_ms);
		break;
	case KIND:
		put(o, STR("\""));
		put(o, str_of(kinds[e->kind]));
		put(o, STR("\""));
		break;
	case TEXT:
		put_text(o, *(const struct str *)member, f->max);
		break;
	case STATUS:
		if (e->status == 0)
			put(o, STR("null"));
		else
			put_number(o, e->status);
		break;
	case BOOL:
		put(o, *(const bool *)member ? STR("true") : STR("false"));
		break;
	case QUERY:
		put_query(o, e, f->max);
		break;
	case NUMBER:
		put_number(o, *(const uint64_t *)member);
		break;
	}
}

size_t
audit_line(const struct audit_event *e, char buf[AUDIT_LINE_MAX])
{
	struct out o = {.p = buf};

	for (size_t i = 0; i < COUNT(fields); i++) {
		put(&o, i == 0 ? STR("{\"") : STR(",\""));
		put(&o, str_of(fields[i].key));
		put(&o, STR("\":"));
		put_field(&o, e, &fields[i]);
	}
	if (e->kind == AUDIT_DROPPED) {
		put(&o, STR(",\"count\":"));
		put_number(&o, e->count);
	}
	put(&o, STR("}\n"));
	return o.n;
}
