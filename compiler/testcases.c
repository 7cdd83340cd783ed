/* The `tests` of a policy: their shape. */
#include "compiler/testcases.h"

#include "runtime/cidr.h"
#include "runtime/endpoint.h"

struct draft {
	const struct tree *request, *expect, *ip, *headers, *body;
	struct str role, identity, rule;
};

static const struct key keys[] = {
	KEY("request", NODE, INTO(struct draft, request), .forms = FORM_TEXT,
		.required = true, .pattern = "^[A-Z]+ /",
		.help = "a method and a target: `GET /containers/json`"),
	KEY("role", TEXT, INTO(struct draft, role), .help = "the caller's"),
	KEY("identity", TEXT, INTO(struct draft, identity),
		.help = "the caller's"),
	KEY("ip", NODE, INTO(struct draft, ip), .forms = FORM_TEXT,
		.help = "the client's address"),
	KEY("headers", NODE, INTO(struct draft, headers), .forms = FORM_HEADERS,
		.help = "header fields"),
	KEY("body", NODE, INTO(struct draft, body), .forms = FORM_ANY,
		.help = "the JSON body"),
	KEY("expect", NODE, INTO(struct draft, expect), .forms = FORM_TEXT,
		.required = true, .pattern = "^(allow|deny|[2-5][0-9]{2})$",
		.help = "`allow`, `deny`, or a status such as 429"),
	KEY("rule", TEXT, INTO(struct draft, rule), .min = 1,
		.help = "the rule that must have decided"),
};

const struct key_map testcase_map = MAP("test", "a test", keys);

static bool
is_request(struct str s)
{
	enum method method;
	size_t space = str_find(s, STR(" "));
	if (space == s.n || !method_parse((struct str){s.p, space}, &method))
		return false;
	return str_starts(str_from(s, space + 1), STR("/"));
}

static bool
is_verdict(struct str s)
{
	int64_t status;
	return str_eq(s, STR("allow")) || str_eq(s, STR("deny")) ||
	       (read_number(s, &status) && status >= 200 && status <= 599);
}

static bool
is_address(struct str s)
{
	struct ip ip;
	return ip_parse(s, &ip);
}

/* A scalar that the function takes; NULL is no error. */
static void
check_text(struct reader *r, const struct tree *node,
	bool (*accepts)(struct str), const char *form)
{
	struct str text;
	if (!node || !read_text(r, node, false, &text) || accepts(text))
		return;
	diag_error(r->diag, node->pos, "%.*s must be %s", STR_FMT(node->key),
		form);
}

static void
check_headers(struct reader *r, const struct tree *node)
{
	struct str text;
	if (!node)
		return;
	if (node->kind != TREE_MAP) {
		diag_error(r->diag, node->pos, "headers must be a map");
		return;
	}
	for (const struct tree *t = node->first; t; t = t->next)
		read_text(r, t, true, &text);
}

static void
check_case(struct reader *r, const struct tree *node)
{
	struct draft draft = {0};
	if (!read_map(r, node, &testcase_map, &draft))
		return;
	if (!draft.request)
		diag_error(r->diag, node->pos, "a test needs a request");
	if (!draft.expect)
		diag_error(
			r->diag, node->pos, "a test must say what to expect");
	check_text(r, draft.request, is_request,
		"a method and a path: GET /containers/json");
	check_text(r, draft.expect, is_verdict,
		"allow, deny or a status such as 403");
	check_text(r, draft.ip, is_address, "an IP address");
	check_headers(r, draft.headers);
}

void
testcases_check(struct reader *r, const struct tree *node)
{
	if (!node || tree_is_null(node) || !read_is_list(r, node))
		return;
	for (const struct tree *t = node->first; t; t = t->next)
		check_case(r, t);
}
