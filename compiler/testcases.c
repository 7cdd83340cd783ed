/* The `tests` of a policy. */
#include "compiler/testcases.h"

#include "compiler/read.h"
#include "compiler/tree_json.h"
#include "runtime/endpoint.h"

struct draft {
	const struct tree *request, *expect, *ip, *peer, *time, *headers, *body;
	struct str role, identity, listener, rule;
};

static const struct key peer_keys[] = {
	KEY("uid", U32, INTO(struct testcase, uid), RANGE(0, UINT32_MAX),
		.required = true, .help = "of the client's process"),
	KEY("gid", U32, INTO(struct testcase, gid), RANGE(0, UINT32_MAX),
		.required = true, .help = "of the client's process"),
};

static const struct key_map test_peer_map =
	MAP("test_peer", "the peer of a test", peer_keys);

static const struct key keys[] = {
	KEY("request", NODE, INTO(struct draft, request), .forms = FORM_TEXT,
		.required = true, .pattern = "^[A-Z]+ /",
		.help = "a method and a target: `GET /containers/json`"),
	KEY("role", TEXT, INTO(struct draft, role),
		.help = "the caller's, as authenticated"),
	KEY("identity", TEXT, INTO(struct draft, identity),
		.help = "the caller's, as authenticated"),
	KEY("ip", NODE, INTO(struct draft, ip), .forms = FORM_TEXT,
		.preset = "127.0.0.1", .help = "the client's address"),
	KEY("listener", TEXT, INTO(struct draft, listener), .min = 1,
		.unsaid = "the first", .help = "where it arrives"),
	KEY("peer", NODE, INTO(struct draft, peer), .forms = FORM_MAP,
		.map = &test_peer_map, .unsaid = "who runs the test",
		.help = "the process at a unix listener"),
	KEY("time", NODE, INTO(struct draft, time), .forms = FORM_TEXT,
		.pattern = "^(Sun|Mon|Tue|Wed|Thu|Fri|Sat) "
			   "([01][0-9]|2[0-3]):[0-5][0-9]$",
		.unsaid = "now", .help = "the local time: `Mon 08:30`"),
	KEY("headers", NODE, INTO(struct draft, headers), .forms = FORM_HEADERS,
		.help = "header fields; with `Authorization` the caller is "
			"found out, else it is who the test says"),
	KEY("body", NODE, INTO(struct draft, body), .forms = FORM_ANY,
		.help = "JSON; a text is taken as it is"),
	KEY("expect", NODE, INTO(struct draft, expect), .forms = FORM_TEXT,
		.required = true, .pattern = "^(allow|deny|[2-5][0-9]{2})$",
		.help = "`allow`, `deny`, or a status such as 429"),
	KEY("rule", TEXT, INTO(struct draft, rule), .min = 1,
		.help = "the rule that must have decided"),
};

const struct key_map testcase_map = MAP("test", "a test", keys);

/* --- texts of a form ---------------------------------------------------------- */

/* "GET /info": the method is one that is known, the target begins with "/". */
static bool
split_request(struct str s, struct str *method_out, struct str *target_out)
{
	enum method method;
	size_t space = str_find(s, STR(" "));

	*method_out = (struct str){s.p, space};
	if (space == s.n || !method_parse(*method_out, &method))
		return false;
	*target_out = str_from(s, space + 1);
	return str_starts(*target_out, STR("/"));
}

bool
testcase_time(struct str s, uint8_t *weekday_out, uint16_t *minute_out)
{
	static const char days[7][4] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	int64_t hour, minute;
	uint8_t day = 0;

	if (s.n != strlen("Mon 08:30") || s.p[3] != ' ' || s.p[6] != ':')
		return false;
	while (day < 7 &&
		!str_eq_nocase((struct str){s.p, 3}, str_of(days[day])))
		day++;
	if (day == 7 || !read_number((struct str){s.p + 4, 2}, &hour) ||
		!read_number((struct str){s.p + 7, 2}, &minute) || hour < 0 ||
		hour > 23 || minute < 0 || minute > 59)
		return false;
	*weekday_out = day;
	*minute_out = (uint16_t)(hour * 60 + minute);
	return true;
}

static bool
take_request(struct str s, struct testcase *c)
{
	return split_request(s, &c->method, &c->target);
}

static bool
take_time(struct str s, struct testcase *c)
{
	c->has_time = true;
	return testcase_time(s, &c->weekday, &c->minute);
}

static bool
take_ip(struct str s, struct testcase *c)
{
	return ip_parse(s, &c->ip);
}

static bool
take_expect(struct str s, struct testcase *c)
{
	int64_t status;

	c->expect = str_eq(s, STR("allow")) ? TESTCASE_ALLOW : TESTCASE_DENY;
	if (str_eq(s, STR("allow")) || str_eq(s, STR("deny")))
		return true;
	if (!read_number(s, &status) || status < 200 || status > 599)
		return false;
	c->expect = TESTCASE_STATUS;
	c->status = (uint16_t)status;
	return true;
}

/* A scalar that the function takes; NULL is no error. */
static void
read_form(struct reader *r, const struct tree *node, struct testcase *c,
	bool (*take)(struct str, struct testcase *), const char *form)
{
	struct str text;

	if (!node || !read_text(r, node, false, &text) || take(text, c))
		return;
	diag_error(r->diag, node->pos, "%.*s must be %s", STR_FMT(node->key),
		form);
}

/* --- members ------------------------------------------------------------------------ */

/* Fields in a map; each once. */
static void
read_headers(struct reader *r, const struct tree *node, struct testcase *c)
{
	if (!node)
		return;
	if (node->kind != TREE_MAP) {
		diag_error(r->diag, node->pos, "headers must be a map");
		return;
	}
	struct testcase_field *fields =
		arena_alloc(r->arena, node->count * sizeof(*fields) + 1);
	for (const struct tree *t = node->first; fields && t; t = t->next) {
		struct testcase_field *f = &fields[c->nfields];
		f->name = arena_str(r->arena, t->key);
		c->nfields += read_text(r, t, true, &f->value);
	}
	c->fields = fields;
}

/* A text as it is, anything else as JSON; null is no body. */
static void
read_body(struct reader *r, const struct tree *node, struct testcase *c)
{
	if (!node || tree_is_null(node))
		return;
	c->has_body = true;
	c->body = node->kind == TREE_SCALAR ? arena_str(r->arena, node->text)
					    : tree_json(r, node);
}

static void
read_peer(struct reader *r, const struct tree *node, struct testcase *c)
{
	if (node)
		c->has_peer = read_map(r, node, &test_peer_map, c);
}

static bool
has_credentials(const struct testcase *c)
{
	for (size_t i = 0; i < c->nfields; i++)
		if (str_eq_nocase(c->fields[i].name, STR("authorization")))
			return true;
	return false;
}

static void
read_case(struct reader *r, const struct tree *node, struct testcase *c)
{
	struct draft draft = {0};

	c->line = node->pos.line;
	if (!read_map(r, node, &testcase_map, &draft))
		return;
	if (!draft.request)
		diag_error(r->diag, node->pos, "a test needs a request");
	if (!draft.expect)
		diag_error(
			r->diag, node->pos, "a test must say what to expect");
	read_form(r, draft.request, c, take_request,
		"a method and a path: GET /containers/json");
	read_form(r, draft.expect, c, take_expect,
		"allow, deny or a status such as 403");
	read_form(r, draft.ip, c, take_ip, "an IP address");
	read_form(r, draft.time, c, take_time,
		"a day and a time of the day: Mon 08:30");
	read_headers(r, draft.headers, c);
	read_body(r, draft.body, c);
	read_peer(r, draft.peer, c);
	c->role = draft.role;
	c->identity = draft.identity;
	c->listener = draft.listener;
	c->rule = draft.rule;
	c->is_known = c->role.n || c->identity.n || !has_credentials(c);
}

void
testcases_read(struct reader *r, const struct tree *node, struct testcases *out)
{
	*out = (struct testcases){NULL, 0};
	if (!node || tree_is_null(node) || !read_is_list(r, node))
		return;
	struct testcase *v =
		arena_alloc(r->arena, node->count * sizeof(*v) + 1);
	for (const struct tree *t = node->first; v && t; t = t->next)
		read_case(r, t, &v[out->n++]);
	out->v = v;
}
