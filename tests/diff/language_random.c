/* The policy language, said once more: random policies and requests. */
#include "tests/diff/language_random.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define PICK(d, list) ((list)[lang_roll(d, sizeof(list) / sizeof(*(list)))])

#define DEPTH         4 /* of bodies and of groups */

/* --- what occurs ----------------------------------------------------------------- */

static const char *const paths[] = {"/containers/json", "/containers/a/json",
	"/containers/create", "/images/a.b/json", "/images", "/_ping", "/",
	"/containers/", "/Containers/json"};
static const char *const methods[] = {
	"GET", "GET", "HEAD", "POST", "POST", "DELETE", "PUT"};
static const char *const versions[] = {"", "", "1.43", "1.24", "1.44"};
static const char *const roles[] = {"", "user", "ops", "admin", "Admin"};
static const char *const identities[] = {"", "ci", "ci-2", "deploy"};
static const char *const listeners[] = {"default", "net", "local"};
static const char *const ips[] = {"10.0.0.1", "10.1.2.3", "10.200.0.1",
	"192.0.2.7", "2001:db8::1", "::1", "127.0.0.1"};
static const char *const networks[] = {"10.0.0.0/8", "10.0.0.0/9",
	"10.192.0.0/10", "192.0.2.7", "0.0.0.0/0", "::/0", "2001:db8::/32",
	"::1/128", "127.0.0.0/8"};
static const char *const times[] = {"Mon-Fri 08:00-18:00", "Sat", "22:00-06:00",
	"Fri 22:00-06:00", "Sat-Sun 00:00-24:00", "Fri-Mon", "00:00-00:01",
	"Wed 12:00-00:00"};
/* `t` and `names` may repeat. */
static const char *const params[] = {"t", "names", "all", "n", "q"};
static const char *const headers[] = {"X-Team", "x-a", "User-Agent"};
static const char *const words[] = {"", "a", "A", "b", "ab", "aab", "true", "1",
	"root", "a,b", "x.y", "a\"b", "\\", "it's", "\u00e9", "\U0001f600",
	"/a/../b", "a//b/", "/A/.", "../a", "/b/aa", LANG_EVIL_TEXT};
static const char *const dirs[] = {
	"/", "/a", "/b", "/a/b", "/containers", "/containers/a", "/images"};
static const char *const numbers[] = {"0", "-0", "0.0", "1", "1.0", "10e-1",
	"-1", "5", "5.5", "1000", "1e3", "18446744073709551615",
	"18446744073709551616"};
static const char *const patterns[] = {"^/containers/[^/]+/json$",
	"^/containers", "json$", "a+b?", "^$", "[0-9]{2,}", "^(GET|HEAD)$", "o",
	"^[a-z]+$", "x|[.]", "\"", LANG_EVIL};
/* Keys that fold to one are apart only inside of a data map. */
static const char *const keys[] = {"a", "Labels", "b", "A", "HostConfig",
	"ho\u017ftconfig", "hostconfig", "labels", "LABELS", "Config",
	"LogConfig", "a.b", "0", "1", "kind", "\u212aind", "Tmpfs", "\\", "Env",
	"env"};

/* The last one costs a match limit. */
static const char *
word(struct lang_dice *d)
{
	unsigned last = sizeof(words) / sizeof(*words) - 1;
	return words[lang_roll(d, 50) ? lang_roll(d, last) : last];
}

/* Mostly the first ones, so that paths lead somewhere. */
static const char *
random_key(struct lang_dice *d)
{
	return lang_roll(d, 2) ? keys[lang_roll(d, 3)] : PICK(d, keys);
}

/* --- bodies ------------------------------------------------------------------------ */

static void
fold(const char *s, char *out)
{
	for (; *s; s++) {
		if (strncmp(s, "\u017f", 2) == 0) {
			*out++ = 's';
			s += 1;
		} else if (strncmp(s, "\u212a", 3) == 0) {
			*out++ = 'k';
			s += 2;
		} else {
			*out++ = ascii_lower(*s);
		}
	}
	*out = '\0';
}

static bool
folds_to(const char *key, const char *want)
{
	char folded[64];
	fold(key, folded);
	return strcmp(folded, want) == 0;
}

/* Are the keys of the object that is this member's value data? */
static bool
is_data_map(const char *key, const char *outer)
{
	return folds_to(key, "labels") || folds_to(key, "tmpfs") ||
	       (folds_to(key, "config") && folds_to(outer, "logconfig"));
}

static bool
has_key(const struct lang_json *v, const char *key)
{
	char folded[64];

	fold(key, folded);
	for (unsigned i = 0; i < v->n; i++)
		if (v->data_map ? strcmp(v->key[i], key) == 0
				: folds_to(v->key[i], folded))
			return true;
	return false;
}

/* key and outer: of the member that it is the value of, and of the object
 * around that; empty for none, and for what is data. */
static const struct lang_json *
random_json(struct lang_dice *d, struct arena *a, unsigned depth,
	const char *key, const char *outer)
{
	struct lang_json *v = arena_alloc(a, sizeof(*v));

	assert(v);
	v->type = lang_roll(d, depth ? 9 : 4);
	if (v->type > LANG_OBJECT)
		v->type = LANG_OBJECT;
	if (v->type == LANG_BOOL)
		v->text = lang_roll(d, 2) ? "true" : "false";
	if (v->type == LANG_NUMBER)
		v->text = PICK(d, numbers);
	if (v->type == LANG_STRING)
		v->text = word(d);
	if (v->type != LANG_ARRAY && v->type != LANG_OBJECT)
		return v;
	unsigned n = lang_roll(d, LANG_WIDTH);
	v->data_map = v->type == LANG_OBJECT && is_data_map(key, outer);
	for (unsigned i = 0; i < n; i++) {
		const char *name = random_key(d);
		bool object = v->type == LANG_OBJECT;
		if (object && has_key(v, name))
			continue;
		v->key[v->n] = name;
		name = object && !v->data_map ? name : "";
		v->child[v->n++] =
			random_json(d, a, depth - 1, name, object ? key : "");
	}
	return v;
}

/* --- conditions ---------------------------------------------------------------------- */

struct lang_field {
	const char *name;
	/* e equals/in, t texts, p presence, n numbers, i in, a all, u under,
	 * U all under */
	const char *ops;
	bool nocase; /* may ignore case */
};

static const struct lang_field fields[] = {
	{"path", "etu", true},
	{"path", "et", true},
	{"method", "et", true},
	{"api_version", "et", true},
	{"query", "etpn", true},
	{"query", "etpnauU", true},
	{"header", "etpu", true},
	{"body", "etpn", true},
	{"body", "etpn", true},
	{"body", "etpnauU", true},
	{"body", "etpnauU", true},
	{"docker.env", "etpna", true},
	{"docker.env", "etpna", true},
	{"client_ip", "et", false},
	{"role", "et", true},
	{"identity", "et", true},
	{"listener", "et", true},
	{"peer.uid", "en", false},
	{"peer.gid", "en", false},
	{"time", "i", false},
};

static const char *
random_op(struct lang_dice *d, const char *ops)
{
	static const char *const equal[] = {"equals", "equals", "in"};
	static const char *const text[] = {
		"contains", "starts_with", "ends_with", "matches"};
	static const char *const presence[] = {"exists", "empty"};
	static const char *const order[] = {"greater_than", "less_than"};

	switch (ops[lang_roll(d, (unsigned)strlen(ops))]) {
	case 'e':
		return PICK(d, equal);
	case 't':
		return PICK(d, text);
	case 'p':
		return PICK(d, presence);
	case 'n':
		return PICK(d, order);
	case 'a':
		return "only_in";
	case 'u':
		return "under";
	case 'U':
		return "only_under";
	default:
		return "in";
	}
}

static bool
is_one_of(const char *s, const char *a, const char *b)
{
	return strcmp(s, a) == 0 || strcmp(s, b) == 0;
}

/* A value as `equals` compares it. */
static struct lang_value
random_equal(struct lang_dice *d, const struct lang_cond *c)
{
	struct lang_value v = {.type = LANG_STRING};

	if (strcmp(c->field, "path") == 0)
		v.text = PICK(d, paths);
	else if (strcmp(c->field, "method") == 0)
		v.text = lang_roll(d, 4) ? PICK(d, methods) : "post";
	else if (strcmp(c->field, "api_version") == 0)
		v.text = PICK(d, versions);
	else if (strcmp(c->field, "role") == 0)
		v.text = PICK(d, roles);
	else if (strcmp(c->field, "identity") == 0)
		v.text = PICK(d, identities);
	else if (strcmp(c->field, "listener") == 0)
		v.text = PICK(d, listeners);
	else if (strcmp(c->field, "time") == 0)
		v.text = PICK(d, times);
	else if (strcmp(c->field, "client_ip") == 0)
		v.text = strcmp(c->op, "in") == 0 ? PICK(d, networks)
						  : PICK(d, ips);
	else if (is_one_of(c->field, "peer.uid", "peer.gid"))
		v = (struct lang_value){LANG_NUMBER, PICK(d, numbers)};
	else
		v.text = word(d);
	if (strcmp(c->field, "body") != 0)
		return v;
	v.type = LANG_BOOL + lang_roll(d, 3);
	if (v.type == LANG_BOOL)
		v.text = lang_roll(d, 2) ? "true" : "false";
	if (v.type == LANG_NUMBER)
		v.text = PICK(d, numbers);
	return v;
}

/* A part of what `equals` takes, for operators on text. */
static struct lang_value
random_part(struct lang_dice *d, const struct lang_cond *c, struct arena *a)
{
	static const char *const of_bodies[] = {
		"\"a\"", "[", "}", "{\"", "true", "1", "null", ",", "a", "L"};
	struct lang_value v = random_equal(d, c);
	size_t n = strlen(v.text);
	size_t at = n ? lang_roll(d, (unsigned)n) : 0;
	size_t len = lang_roll(d, 4);

	if (strcmp(c->field, "body") == 0 && lang_roll(d, 2))
		v.text = PICK(d, of_bodies);
	else if (lang_roll(d, 3) == 0 || !str_is_utf8(str_of(v.text + at)))
		return (struct lang_value){LANG_STRING, v.text};
	else if (strcmp(c->op, "starts_with") == 0)
		v.text = arena_fmt(a, "%.*s", (int)at, v.text).p;
	else if (strcmp(c->op, "ends_with") == 0)
		v.text += at;
	else
		v.text = arena_fmt(a, "%.*s", (int)len, v.text + at).p;
	v.type = LANG_STRING;
	if (!str_is_utf8(str_of(v.text)))
		v.text = "a";
	return v;
}

static void
random_values(struct lang_dice *d, struct lang_cond *c, struct arena *a)
{
	c->nvalues = 1;
	if (is_one_of(c->op, "exists", "empty")) {
		c->nvalues = 0;
	} else if (strcmp(c->op, "matches") == 0) {
		bool evil =
			strcmp(c->field, "identity") == 0 && lang_roll(d, 2);
		const char *pattern = evil ? LANG_EVIL : PICK(d, patterns);
		c->value[0] = (struct lang_value){LANG_STRING, pattern};
	} else if (is_one_of(c->op, "greater_than", "less_than")) {
		c->value[0] =
			(struct lang_value){LANG_NUMBER, PICK(d, numbers)};
	} else if (is_one_of(c->op, "under", "only_under")) {
		c->nvalues = 1 + lang_roll(d, LANG_WIDTH - 1);
		for (unsigned i = 0; i < c->nvalues; i++)
			c->value[i] =
				(struct lang_value){LANG_STRING, PICK(d, dirs)};
	} else if (is_one_of(c->op, "in", "only_in")) {
		c->nvalues = lang_roll(d, LANG_WIDTH);
		for (unsigned i = 0; i < c->nvalues; i++)
			c->value[i] = random_equal(d, c);
	} else if (strcmp(c->op, "equals") == 0) {
		c->value[0] = random_equal(d, c);
	} else {
		c->value[0] = random_part(d, c, a);
	}
}

static void
random_test(struct lang_dice *d, struct lang_cond *c, struct arena *a)
{
	const struct lang_field *f =
		&fields[lang_roll(d, sizeof(fields) / sizeof(*fields))];

	c->field = f->name;
	c->op = random_op(d, f->ops);
	c->negate = lang_roll(d, 3) == 0;
	random_values(d, c, a);
	bool takes_text = c->nvalues && c->value[0].type != LANG_NUMBER &&
			  !is_one_of(c->op, "greater_than", "less_than");
	c->nocase = f->nocase && takes_text && lang_roll(d, 4) == 0;
	if (strcmp(c->field, "query") == 0)
		c->name = PICK(d, params);
	if (strcmp(c->field, "header") == 0)
		c->name = PICK(d, headers);
	if (strcmp(c->field, "body") != 0)
		return;
	c->nsteps = 1 + lang_roll(d, 4);
	for (unsigned i = 0; i < c->nsteps; i++)
		c->step[i] = lang_roll(d, 3) ? random_key(d) : "*";
}

static const struct lang_cond *
random_cond(struct lang_dice *d, unsigned depth, struct arena *a)
{
	struct lang_cond *c = arena_alloc(a, sizeof(*c));

	assert(c);
	c->kind = depth && lang_roll(d, 3) == 0 ? LANG_AND + lang_roll(d, 3)
						: LANG_TEST;
	if (c->kind == LANG_TEST) {
		random_test(d, c, a);
		return c;
	}
	c->n = lang_roll(d, LANG_WIDTH);
	for (unsigned i = 0; i < c->n; i++)
		c->child[i] = random_cond(d, depth - 1, a);
	return c;
}

/* A test by which rules are filed in the candidate index. */
static const struct lang_cond *
random_where(struct lang_dice *d, struct arena *a)
{
	struct lang_cond *c = arena_alloc(a, sizeof(*c));

	assert(c);
	do {
		*c = (struct lang_cond){.kind = LANG_TEST};
		random_test(d, c, a);
	} while (!is_one_of(c->field, "path", "method") &&
		 strcmp(c->field, "client_ip") != 0);
	return c;
}

/* --- rules ----------------------------------------------------------------------------- */

static void
random_rule(struct lang_rule *r, unsigned number, struct lang_dice *d,
	struct arena *a)
{
	static const char *const actions[] = {"deny", "deny", "allow", "allow",
		"require_role", "rate_limit", "response_filter",
		"response_filter"};
	static const char *const bucket_keys[] = {NULL, "client_ip", "identity",
		"role", "header.X-Team", "header.x-a"};

	*r = (struct lang_rule){.action = PICK(d, actions)};
	snprintf(r->name, sizeof(r->name), "r%u", number);
	r->priority = lang_roll(d, 2) ? 0 : (long)lang_roll(d, 5) - 2;
	r->status = lang_roll(d, 2) ? 0 : 400 + lang_roll(d, 200);
	r->dry_run = strcmp(r->action, "allow") != 0 && lang_roll(d, 4) == 0;
	r->n = lang_roll(d, 4);
	for (unsigned i = 0; i < r->n; i++)
		r->when[i] = lang_roll(d, 2) ? random_where(d, a)
					     : random_cond(d, DEPTH, a);
	if (strcmp(r->action, "require_role") == 0)
		r->nroles = lang_roll(d, 3);
	for (unsigned i = 0; i < r->nroles; i++)
		r->role[i] = roles[1 + lang_roll(d, 4)];
	if (strcmp(r->action, "rate_limit") == 0)
		r->key = PICK(d, bucket_keys);
	if (strcmp(r->action, "response_filter") == 0)
		r->nfilters = lang_roll(d, 4);
}

void
lang_random_policy(struct lang_policy *p, struct lang_dice *d, struct arena *a)
{
	*p = (struct lang_policy){.default_allow = lang_roll(d, 2)};
	p->n = 1 + lang_roll(d, LANG_RULES);
	for (unsigned i = 0; i < p->n; i++)
		random_rule(&p->rule[i], i, d, a);
}

/* --- requests ---------------------------------------------------------------------------- */

static const char *
query_value(struct lang_dice *d)
{
	return lang_roll(d, 2) ? word(d) : PICK(d, numbers);
}

static void
random_query(struct lang_request *q, struct lang_dice *d)
{
	unsigned n = lang_roll(d, LANG_WIDTH);

	for (unsigned i = 0; i < n; i++) {
		const char *name = PICK(d, params);
		bool repeats = is_one_of(name, "t", "names");
		for (unsigned j = 0; j < q->nquery && !repeats; j++)
			if (strcmp(q->query[j].name, name) == 0)
				name = "t";
		q->query[q->nquery++] = (struct lang_pair){
			.name = name, .value = query_value(d)};
	}
}

/* A container that is created, with an environment. */
static void
random_create(struct lang_request *q, struct lang_dice *d, struct arena *a)
{
	struct lang_json *env = arena_alloc(a, sizeof(*env));
	struct lang_json *body = arena_alloc(a, sizeof(*body));

	assert(env && body);
	q->method = "POST";
	q->path = "/containers/create";
	env->type = LANG_ARRAY;
	env->n = lang_roll(d, LANG_WIDTH);
	for (unsigned i = 0; i < env->n; i++) {
		struct lang_json *v = arena_alloc(a, sizeof(*v));
		assert(v);
		v->type = lang_roll(d, 9) ? LANG_STRING : LANG_NUMBER;
		v->text = v->type == LANG_STRING ? word(d) : PICK(d, numbers);
		env->child[i] = v;
	}
	body->type = LANG_OBJECT;
	body->key[body->n] = lang_roll(d, 2) ? "Env" : "eNV";
	body->child[body->n++] = env;
	q->body = body;
	if (lang_roll(d, 3))
		return;
	body->key[body->n] = "Ho\u017ftConfig";
	body->child[body->n++] = random_json(d, a, DEPTH - 1, body->key[1], "");
}

void
lang_random_request(
	struct lang_request *q, struct lang_dice *d, struct arena *a)
{
	static const char *const sent[] = {
		"X-TEAM", "x-team", "X-A", "User-Agent", "Accept"};

	*q = (struct lang_request){
		.method = PICK(d, methods),
		.path = PICK(d, paths),
		.api_version = PICK(d, versions),
		.client_ip = lang_roll(d, 4) ? PICK(d, ips) : NULL,
		.uid = lang_roll(d, 2) ? 0 : 1000,
		.gid = lang_roll(d, 2) ? 5 : 1000,
		.role = PICK(d, roles),
		.identity =
			lang_roll(d, 10) ? PICK(d, identities) : LANG_EVIL_TEXT,
		.listener = PICK(d, listeners),
		.weekday = lang_roll(d, 7),
		.minute = lang_roll(d, 24 * 60),
	};
	random_query(q, d);
	q->nheaders = lang_roll(d, LANG_WIDTH);
	for (unsigned i = 0; i < q->nheaders; i++)
		q->header[i] = (struct lang_pair){
			.name = PICK(d, sent),
			.value = word(d),
			.hop = lang_roll(d, 8) == 0,
		};
	if (lang_roll(d, 5))
		q->body = random_json(d, a, DEPTH, "", "");
	if (lang_roll(d, 4) == 0)
		random_create(q, d, a);
	for (unsigned i = 0; i < LANG_RULES; i++)
		q->retry_after_ms[i] =
			lang_roll(d, 3) ? 0 : 1 + lang_roll(d, 99);
}
