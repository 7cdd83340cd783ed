/* The policy language, said once more: what a policy says of a request. */
#include "tests/diff/language.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX 4096

/* In order: an AND is the least of its members, an OR the greatest. */
enum truth3 { NO, MAYBE, YES };

static enum truth3
yes_if(bool holds)
{
	return holds ? YES : NO;
}

static enum truth3
not3(enum truth3 t)
{
	return YES - t;
}

static enum truth3
or3(enum truth3 a, enum truth3 b)
{
	return a > b ? a : b;
}

/* --- numbers ------------------------------------------------------------------ */

static const char *
skip_digits(const char *s)
{
	while (isdigit((unsigned char)*s))
		s++;
	return s;
}

/* As JSON writes them. */
static bool
is_number(const char *s)
{
	if (*s == '-')
		s++;
	if (!isdigit((unsigned char)*s))
		return false;
	s = *s == '0' ? s + 1 : skip_digits(s);
	if (*s == '.') {
		if (!isdigit((unsigned char)*++s))
			return false;
		s = skip_digits(s);
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		if (*s == '-' || *s == '+')
			s++;
		if (!isdigit((unsigned char)*s))
			return false;
		s = skip_digits(s);
	}
	return *s == '\0';
}

/* Exact for all the numbers that occur: those of 64 bits, and a few more. */
static int
compare_numbers(const char *a, const char *b)
{
	long double x = strtold(a, NULL), y = strtold(b, NULL);
	return (x > y) - (x < y);
}

/* --- texts ---------------------------------------------------------------------- */

static bool
same(const char *a, const char *b, bool nocase)
{
	return nocase ? strcasecmp(a, b) == 0 : strcmp(a, b) == 0;
}

static bool
same_n(const char *a, const char *b, size_t n, bool nocase)
{
	return nocase ? strncasecmp(a, b, n) == 0 : strncmp(a, b, n) == 0;
}

static bool
contains(const char *s, const char *part, bool nocase)
{
	for (;; s++) {
		if (same_n(s, part, strlen(part), nocase))
			return true;
		if (*s == '\0')
			return false;
	}
}

static bool
ends_with(const char *s, const char *end, bool nocase)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && same(s + n - m, end, nocase);
}

/* Many letters a, and then something else. */
static bool
is_evil(const char *s, bool nocase)
{
	size_t n = strspn(s, nocase ? "aA" : "a");
	return n >= 30 && s[n] != '\0';
}

/* The C library's regular expressions read the patterns that occur as PCRE2
 * does. */
static enum truth3
matches(const char *s, const char *pattern, bool nocase)
{
	static struct {
		const char *pattern;
		bool nocase;
		regex_t re;
	} known[64];
	size_t i = 0;
	if (strcmp(pattern, LANG_EVIL) == 0 && is_evil(s, nocase))
		return MAYBE;
	while (known[i].pattern && (strcmp(known[i].pattern, pattern) != 0 ||
					   known[i].nocase != nocase))
		i++;
	assert(i < sizeof(known) / sizeof(*known) - 1);
	if (!known[i].pattern) {
		int failed = regcomp(&known[i].re, pattern,
			REG_EXTENDED | REG_NOSUB | (nocase ? REG_ICASE : 0));
		assert(!failed);
		known[i].pattern = pattern;
		known[i].nocase = nocase;
	}
	return yes_if(regexec(&known[i].re, s, 0, NULL, 0) == 0);
}

static bool
op_is(const struct lang_cond *c, const char *op)
{
	return strcmp(c->op, op) == 0;
}

/* `only_` is about every value, the others about some. */
static bool
about_all(const struct lang_cond *c)
{
	return op_is(c, "only_in") || op_is(c, "only_under");
}

/* One more value. */
static enum truth3
join(const struct lang_cond *c, enum truth3 so_far, enum truth3 t)
{
	if (about_all(c))
		return t < so_far ? t : so_far;
	return or3(so_far, t);
}

/* Of no values. */
static enum truth3
join_none(const struct lang_cond *c)
{
	return about_all(c) ? YES : NO;
}

/* The names of a path, one after the other, without those that mean
 * nothing. */
static void
clean(const char *s, char *out)
{
	char copy[TEXT_MAX];

	snprintf(copy, sizeof(copy), "%s", s);
	*out = '\0';
	for (char *rest = copy, *name; (name = strsep(&rest, "/"));) {
		char *last = strrchr(out, '/');
		if (strcmp(name, "..") == 0 && last)
			*last = '\0';
		if (*name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			sprintf(out + strlen(out), "/%s", name);
	}
	if (!*out)
		strcpy(out, "/");
}

static bool
is_under(const char *s, const char *dir, bool nocase)
{
	char path[TEXT_MAX];
	size_t n = strlen(dir);

	clean(s, path);
	if (strcmp(dir, "/") == 0 || same(path, dir, nocase))
		return true;
	return same_n(path, dir, n, nocase) && path[n] == '/';
}

/* A text that is there. */
static enum truth3
text_test(const struct lang_cond *c, const char *s)
{
	bool nocase = c->nocase || strcmp(c->field, "method") == 0;
	const char *v = c->nvalues ? c->value[0].text : "";

	if (op_is(c, "exists"))
		return YES;
	if (op_is(c, "empty"))
		return yes_if(*s == '\0');
	if (op_is(c, "contains"))
		return yes_if(contains(s, v, nocase));
	if (op_is(c, "starts_with"))
		return yes_if(same_n(s, v, strlen(v), nocase));
	if (op_is(c, "ends_with"))
		return yes_if(ends_with(s, v, nocase));
	if (op_is(c, "matches"))
		return matches(s, v, nocase);
	if (op_is(c, "greater_than"))
		return yes_if(is_number(s) && compare_numbers(s, v) > 0);
	if (op_is(c, "less_than"))
		return yes_if(is_number(s) && compare_numbers(s, v) < 0);
	bool paths = op_is(c, "under") || op_is(c, "only_under");
	assert(paths || op_is(c, "equals") || op_is(c, "in") ||
		op_is(c, "only_in"));
	for (unsigned i = 0; i < c->nvalues; i++)
		if (paths ? is_under(s, c->value[i].text, nocase)
			  : same(s, c->value[i].text, nocase))
			return YES;
	return NO;
}

/* What is absent is empty; and all of nothing is anything. */
static enum truth3
absent(const struct lang_cond *c)
{
	return yes_if(op_is(c, "empty") || about_all(c));
}

/* --- query and headers ------------------------------------------------------------ */

/* Several values are seen as `*` is: some of them. */
static enum truth3
query_test(const struct lang_cond *c, const struct lang_request *q)
{
	enum truth3 t = join_none(c);
	bool found = false;

	for (unsigned i = 0; i < q->nquery; i++) {
		if (strcmp(q->query[i].name, c->name) != 0)
			continue;
		found = true;
		t = join(c, t, text_test(c, q->query[i].value));
	}
	return found ? t : absent(c);
}

/* Several are joined by ", ". */
static bool
header_value(const struct lang_request *q, const char *name, char *out)
{
	bool found = false;

	*out = '\0';
	for (unsigned i = 0; i < q->nheaders; i++) {
		const struct lang_pair *h = &q->header[i];
		if (h->hop || strcasecmp(h->name, name) != 0)
			continue;
		strcat(out, found ? ", " : "");
		strcat(out, h->value);
		found = true;
	}
	return found;
}

static enum truth3
header_test(const struct lang_cond *c, const struct lang_request *q)
{
	char value[TEXT_MAX];
	return header_value(q, c->name, value) ? text_test(c, value)
					       : absent(c);
}

/* --- addresses, peers, times --------------------------------------------------------- */

static bool
in_network(const char *ip, const char *network)
{
	unsigned char a[16], b[16];
	char net[64];
	int family = strchr(ip, ':') ? AF_INET6 : AF_INET;
	unsigned bits = family == AF_INET ? 32 : 128;

	snprintf(net, sizeof(net), "%s", network);
	char *slash = strchr(net, '/');
	if (slash) {
		*slash = '\0';
		bits = (unsigned)strtoul(slash + 1, NULL, 10);
	}
	if (inet_pton(family, ip, a) != 1 || inet_pton(family, net, b) != 1)
		return false; /* the families are apart */
	for (unsigned i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

static enum truth3
ip_test(const struct lang_cond *c, const struct lang_request *q)
{
	if (!q->client_ip)
		return NO;
	if (!op_is(c, "equals") && !op_is(c, "in"))
		return text_test(c, q->client_ip);
	for (unsigned i = 0; i < c->nvalues; i++)
		if (in_network(q->client_ip, c->value[i].text))
			return YES;
	return NO;
}

static enum truth3
peer_test(const struct lang_cond *c, const struct lang_request *q)
{
	char s[16];

	if (q->client_ip)
		return NO;
	snprintf(s, sizeof(s), "%u",
		strcmp(c->field, "peer.uid") == 0 ? q->uid : q->gid);
	if (!op_is(c, "equals") && !op_is(c, "in"))
		return text_test(c, s);
	for (unsigned i = 0; i < c->nvalues; i++)
		if (compare_numbers(s, c->value[i].text) == 0)
			return YES;
	return NO;
}

/* "Mon-Fri 08:00-18:00": the days, then the hours of a day, past midnight
 * also of the next one. Either may be left out. */
static bool
in_time(const char *text, unsigned weekday, unsigned minute)
{
	static const char names[] = "SunMonTueWedThuFriSat";
	unsigned first = 0, last = 6, h1 = 0, m1 = 0, h2 = 24, m2 = 0;
	char a[4], b[4];

	if (isalpha((unsigned char)*text)) {
		int n = sscanf(text, "%3[A-Za-z]-%3[A-Za-z]", a, b);
		first = last = (unsigned)(strstr(names, a) - names) / 3;
		if (n == 2)
			last = (unsigned)(strstr(names, b) - names) / 3;
		text += n == 2 ? 7 : 3;
	}
	sscanf(text, " %u:%u-%u:%u", &h1, &m1, &h2, &m2);
	unsigned from = h1 * 60 + m1, to = h2 * 60 + m2;
	for (unsigned d = first;; d = (d + 1) % 7) {
		bool today = d == weekday, before = (d + 1) % 7 == weekday;
		if (from < to ? today && minute >= from && minute < to
			      : (today && minute >= from) ||
					(before && minute < to))
			return true;
		if (d == last)
			return false;
	}
}

static enum truth3
time_test(const struct lang_cond *c, const struct lang_request *q)
{
	for (unsigned i = 0; i < c->nvalues; i++)
		if (in_time(c->value[i].text, q->weekday, q->minute))
			return YES;
	return NO;
}

/* --- bodies ----------------------------------------------------------------------------- */

static void
add(char *out, const char *s)
{
	assert(strlen(out) + strlen(s) < TEXT_MAX);
	strcat(out, s);
}

static void
add_string(char *out, const char *s)
{
	add(out, "\"");
	for (; *s; s++) {
		char one[3] = {*s, '\0'};
		if (*s == '"' || *s == '\\')
			memcpy(one, (char[]){'\\', *s, '\0'}, 3);
		add(out, one);
	}
	add(out, "\"");
}

/* Without spaces. */
static void
add_json(char *out, const struct lang_json *v)
{
	bool object = v->type == LANG_OBJECT;

	if (v->type == LANG_STRING) {
		add_string(out, v->text);
		return;
	}
	if (v->type != LANG_ARRAY && !object) {
		add(out, v->type == LANG_NULL ? "null" : v->text);
		return;
	}
	add(out, object ? "{" : "[");
	for (unsigned i = 0; i < v->n; i++) {
		add(out, i ? "," : "");
		if (object) {
			add_string(out, v->key[i]);
			add(out, ":");
		}
		add_json(out, v->child[i]);
	}
	add(out, object ? "}" : "]");
}

/* Typed: true is not "true", and 1 is 1.0. */
static bool
json_equals(const struct lang_json *v, const struct lang_value *w, bool nocase)
{
	if (v->type != w->type)
		return false;
	if (v->type == LANG_NUMBER)
		return compare_numbers(v->text, w->text) == 0;
	if (v->type == LANG_STRING)
		return same(v->text, w->text, nocase);
	return strcmp(v->text, w->text) == 0;
}

static bool
json_is_empty(const struct lang_json *v)
{
	switch (v->type) {
	case LANG_NULL:
		return true;
	case LANG_BOOL:
		return strcmp(v->text, "false") == 0;
	case LANG_NUMBER:
		return compare_numbers(v->text, "0") == 0;
	case LANG_STRING:
		return *v->text == '\0';
	case LANG_ARRAY:
	case LANG_OBJECT:
		break;
	}
	return v->n == 0;
}

static enum truth3
json_test(const struct lang_cond *c, const struct lang_json *v)
{
	char text[TEXT_MAX] = "";

	if (v->type == LANG_NULL)
		return absent(c);
	if (op_is(c, "exists"))
		return YES;
	if (op_is(c, "empty"))
		return yes_if(json_is_empty(v));
	if (op_is(c, "equals") || op_is(c, "in") || op_is(c, "only_in")) {
		for (unsigned i = 0; i < c->nvalues; i++)
			if (json_equals(v, &c->value[i], c->nocase))
				return YES;
		return NO;
	}
	if (op_is(c, "greater_than") || op_is(c, "less_than"))
		return v->type == LANG_NUMBER ? text_test(c, v->text) : NO;
	if (v->type == LANG_STRING)
		return text_test(c, v->text);
	if (op_is(c, "under") || op_is(c, "only_under"))
		return NO;
	add_json(text, v);
	return text_test(c, text);
}

/* As Go folds the names of a struct's fields: the long s, and the sign of the
 * unit kelvin, are letters. */
static void
fold(const char *s, char *out)
{
	while (*s) {
		if (strncmp(s, "\u017f", 2) == 0) {
			*out++ = 's';
			s += 2;
		} else if (strncmp(s, "\u212a", 3) == 0) {
			*out++ = 'k';
			s += 3;
		} else {
			*out++ = (char)tolower((unsigned char)*s++);
		}
	}
	*out = '\0';
}

static const struct lang_json *
member(const struct lang_json *v, const char *name)
{
	char want[TEXT_MAX], have[TEXT_MAX];

	fold(name, want);
	for (unsigned i = 0; i < v->n; i++) {
		fold(v->key[i], have);
		if (v->data_map ? strcmp(v->key[i], name) == 0
				: strcmp(have, want) == 0)
			return v->child[i];
	}
	return NULL;
}

/* Where a name or number leads from v; NULL for nowhere. What the Engine takes
 * for a list it also takes as one string. */
static const struct lang_json *
step_into(const struct lang_json *v, const char *step)
{
	char index[16];

	if (v->type == LANG_STRING)
		return strcmp(step, "0") == 0 ? v : NULL;
	if (v->type == LANG_OBJECT)
		return member(v, step);
	for (unsigned i = 0; v->type == LANG_ARRAY && i < v->n; i++) {
		snprintf(index, sizeof(index), "%u", i);
		if (strcmp(index, step) == 0)
			return v->child[i];
	}
	return NULL;
}

static enum truth3
path_test(const struct lang_cond *c, const struct lang_json *v, unsigned at)
{
	enum truth3 t = join_none(c);

	if (!v)
		return absent(c);
	if (at == c->nsteps)
		return json_test(c, v);
	if (strcmp(c->step[at], "*") != 0)
		return path_test(c, step_into(v, c->step[at]), at + 1);
	if (v->type == LANG_STRING)
		return path_test(c, v, at + 1);
	if ((v->type != LANG_ARRAY && v->type != LANG_OBJECT) || v->n == 0)
		return absent(c);
	for (unsigned i = 0; i < v->n; i++)
		t = join(c, t, path_test(c, v->child[i], at + 1));
	return t;
}

/* --- docker.env ------------------------------------------------------------------------------ */

/* Of what a body is made of here, does the Engine refuse this as a map of
 * strings? */
static bool
is_no_map(const struct lang_json *v)
{
	if (!v || v->type == LANG_NULL)
		return false;
	for (unsigned i = 0; v->type == LANG_OBJECT && i < v->n; i++)
		if (v->child[i]->type != LANG_STRING &&
			v->child[i]->type != LANG_NULL)
			return true;
	return v->type != LANG_OBJECT;
}

/* Or as an object? */
static bool
is_no_object(const struct lang_json *v)
{
	return v && v->type != LANG_NULL && v->type != LANG_OBJECT;
}

/* The members that mean something: all facts are in doubt when one is not of
 * its type. */
static bool
is_doubtful(const struct lang_json *body)
{
	if (!body || body->type == LANG_NULL)
		return false;
	if (body->type != LANG_OBJECT || is_no_map(member(body, "labels")))
		return true;
	const struct lang_json *host = member(body, "hostconfig");
	if (!host || host->type != LANG_OBJECT)
		return is_no_object(host);
	const struct lang_json *log = member(host, "logconfig");
	if (is_no_object(member(host, "tmpfs")) || is_no_object(log))
		return true;
	return log && log->type == LANG_OBJECT &&
	       is_no_map(member(log, "config"));
}

/* A list of strings, which may be one string. */
static enum truth3
env_test(const struct lang_cond *c, const struct lang_request *q)
{
	const struct lang_json *list = NULL;
	bool doubt = false;
	unsigned found = 0;
	enum truth3 t = join_none(c);

	if (strcmp(q->method, "POST") == 0 &&
		strcmp(q->path, "/containers/create") == 0) {
		doubt = is_doubtful(q->body);
		if (q->body && q->body->type == LANG_OBJECT)
			list = member(q->body, "env");
	}
	if (list && list->type == LANG_STRING && *list->text) {
		t = join(c, t, text_test(c, list->text));
		found++;
	} else if (list && list->type != LANG_NULL &&
		   list->type != LANG_ARRAY && list->type != LANG_STRING) {
		doubt = true;
	}
	for (unsigned i = 0; list && list->type == LANG_ARRAY && i < list->n;
		i++) {
		const struct lang_json *v = list->child[i];
		doubt |= v->type != LANG_STRING && v->type != LANG_NULL;
		if (v->type != LANG_STRING || !*v->text)
			continue;
		t = join(c, t, text_test(c, v->text));
		found++;
	}
	if (!found)
		t = absent(c);
	if (!doubt || (found && t == (about_all(c) ? NO : YES)))
		return t;
	return MAYBE;
}

/* --- conditions ----------------------------------------------------------------------------- */

static enum truth3
field_test(const struct lang_cond *c, const struct lang_request *q)
{
	const struct {
		const char *field, *text;
	} texts[] = {
		{"path", q->path},
		{"method", q->method},
		{"api_version", q->api_version},
		{"role", q->role},
		{"identity", q->identity},
		{"listener", q->listener},
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(c->field, texts[i].field) == 0)
			return text_test(c, texts[i].text);
	if (strcmp(c->field, "query") == 0)
		return query_test(c, q);
	if (strcmp(c->field, "header") == 0)
		return header_test(c, q);
	if (strcmp(c->field, "body") == 0)
		return path_test(c, q->body, 0);
	if (strcmp(c->field, "docker.env") == 0)
		return env_test(c, q);
	if (strcmp(c->field, "client_ip") == 0)
		return ip_test(c, q);
	if (strcmp(c->field, "time") == 0)
		return time_test(c, q);
	assert(strncmp(c->field, "peer.", 5) == 0);
	return peer_test(c, q);
}

static enum truth3
cond_holds(const struct lang_cond *c, const struct lang_request *q)
{
	enum truth3 least = YES, greatest = NO;

	if (c->kind == LANG_TEST) {
		enum truth3 t = field_test(c, q);
		return c->negate ? not3(t) : t;
	}
	for (unsigned i = 0; i < c->n; i++) {
		enum truth3 t = cond_holds(c->child[i], q);
		least = t < least ? t : least;
		greatest = or3(greatest, t);
	}
	if (c->kind == LANG_OR)
		return greatest;
	return c->kind == LANG_AND ? least : not3(least);
}

static bool
action_is(const struct lang_rule *r, const char *action)
{
	return strcmp(r->action, action) == 0;
}

/* A doubt counts against an allow, and for all else. */
static bool
fires(const struct lang_rule *r, const struct lang_request *q)
{
	enum truth3 all = YES;

	for (unsigned i = 0; i < r->n; i++) {
		enum truth3 t = cond_holds(r->when[i], q);
		all = t < all ? t : all;
	}
	return all == YES || (all == MAYBE && !action_is(r, "allow"));
}

/* --- rules -------------------------------------------------------------------------------------- */

static bool
has_role(const struct lang_rule *r, const struct lang_request *q)
{
	if (strcmp(q->role, "admin") == 0)
		return true;
	for (unsigned i = 0; i < r->nroles; i++)
		if (strcmp(q->role, r->role[i]) == 0)
			return true;
	return false;
}

void
lang_bucket_key(const struct lang_rule *r, const struct lang_request *q,
	char *out, unsigned n)
{
	char header[TEXT_MAX];

	if (!r->key || strcmp(r->key, "client_ip") == 0) {
		if (q->client_ip)
			snprintf(out, n, "%s", q->client_ip);
		else
			snprintf(out, n, "uid:%u", q->uid);
	} else if (strcmp(r->key, "role") == 0) {
		snprintf(out, n, "%s", q->role);
	} else if (strcmp(r->key, "identity") == 0) {
		snprintf(out, n, "%s", q->identity);
	} else {
		header_value(q, r->key + strlen("header."), header);
		snprintf(out, n, "%s", header);
	}
}

static unsigned
status_of(const struct lang_rule *r)
{
	if (r->status)
		return r->status;
	return action_is(r, "rate_limit") ? 429 : 403;
}

/* Does rule i, which fired, end the request with a denial? */
static bool
denies(const struct lang_policy *p, int i, const struct lang_request *q,
	struct lang_verdict *v)
{
	const struct lang_rule *r = &p->rule[i];

	if (action_is(r, "deny"))
		return true;
	if (action_is(r, "require_role"))
		return !has_role(r, q);
	if (!action_is(r, "rate_limit"))
		return false;
	v->asked[v->nasked++] = i;
	return q->retry_after_ms[i] != 0;
}

static void
deny(const struct lang_policy *p, int i, const struct lang_request *q,
	struct lang_verdict *v)
{
	v->rule = i;
	v->status = status_of(&p->rule[i]);
	v->rate_limited = action_is(&p->rule[i], "rate_limit");
	if (v->rate_limited)
		v->retry_after_ms = q->retry_after_ms[i];
}

/* The rules as they are evaluated: higher priority first, else as written. */
static void
order(const struct lang_policy *p, int out[LANG_RULES])
{
	bool taken[LANG_RULES] = {false};

	for (unsigned n = 0; n < p->n; n++) {
		int best = -1;
		for (int i = 0; i < (int)p->n; i++)
			if (!taken[i] &&
				(best < 0 || p->rule[i].priority >
						     p->rule[best].priority))
				best = i;
		taken[best] = true;
		out[n] = best;
	}
}

/* Filters of every matching filter rule apply to whatever is forwarded. */
static void
gather_filters(const struct lang_policy *p, const int *ordered,
	const struct lang_request *q, struct lang_verdict *v)
{
	for (unsigned n = 0; n < p->n; n++) {
		const struct lang_rule *r = &p->rule[ordered[n]];
		if (r->nfilters && !r->dry_run &&
			action_is(r, "response_filter") && fires(r, q))
			v->filter[v->nfilters++] = ordered[n];
	}
}

struct lang_verdict
lang_decide(const struct lang_policy *p, const struct lang_request *q)
{
	struct lang_verdict v = {
		.allow = p->default_allow, .rule = -1, .status = 403};
	int ordered[LANG_RULES];

	order(p, ordered);
	for (unsigned n = 0; n < p->n; n++) {
		int i = ordered[n];
		const struct lang_rule *r = &p->rule[i];
		if (!fires(r, q))
			continue;
		if (action_is(r, "allow")) {
			v.allow = true;
			v.rule = i;
			break;
		}
		if (!denies(p, i, q, &v))
			continue;
		if (r->dry_run) {
			v.dry[v.ndry++] = i;
			continue;
		}
		v.allow = false;
		deny(p, i, q, &v);
		return v;
	}
	if (v.allow)
		gather_filters(p, ordered, q, &v);
	return v;
}
