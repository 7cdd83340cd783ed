/* Conditions that cannot do what they were written for.
 *
 * Warnings, not errors: a file that the Rust docker-proxy takes is taken
 * here. But a `deny` that never fires is a hole, and should be told.
 */
#include "compiler/conditions.h"

/* Fields of a head that are for the proxy: rules see what is forwarded, and
 * these are not (http1.c). */
static const char *const own_headers[] = {
	"authorization",
	"connection",
	"content-length",
	"expect",
	"http2-settings",
	"keep-alive",
	"proxy-authenticate",
	"proxy-authorization",
	"proxy-connection",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
};

void
header_name_lint(struct diag *d, struct pos pos, struct str name)
{
	for (size_t i = 0; i < COUNT_OF(own_headers); i++) {
		if (!str_eq(name, str_of(own_headers[i])))
			continue;
		diag_warning(d, FINDING_UNSEEN_HEADER, pos,
			"rules never see the header %s: it is not forwarded",
			own_headers[i]);
		if (i == 0)
			diag_help(d, "use the fields role and identity");
	}
}

static bool
is_digit(struct str s, size_t at)
{
	return at < s.n && s.p[at] >= '0' && s.p[at] <= '9';
}

/* Does the pattern start with a version that is not optional? */
static bool
wants_version(struct str pattern)
{
	struct str rest = pattern;
	if (!str_starts(rest, STR("^/v")))
		return false;
	rest = str_from(rest, 3);
	return is_digit(rest, 0) || str_starts(rest, STR("[0-9")) ||
	       str_starts(rest, STR("[\\d")) || str_starts(rest, STR("\\d"));
}

static void
lint_path(struct diag *d, const struct cond *c, const struct cond_value *v)
{
	bool whole =
		c->op == OP_EQUALS || c->op == OP_IN || c->op == OP_STARTS_WITH;
	struct str s = v->text;
	bool version = whole && str_starts(s, STR("/v")) && is_digit(s, 2);
	if (version || (c->op == OP_MATCHES && wants_version(s))) {
		diag_warning(d, FINDING_VERSION_IN_PATH, v->pos,
			"no path is like this: the API "
			"version is not part of it");
		diag_help(d, "leave the version out; the field api_version "
			     "has it");
	} else if (whole && s.n > 0 && s.p[0] != '/') {
		diag_warning(d, FINDING_PATH_WITHOUT_SLASH, v->pos,
			"no path is like this: each starts with /");
	}
}

static void
lint_empty(struct diag *d, const struct cond *c, const struct cond_value *v)
{
	bool part = c->op == OP_CONTAINS || c->op == OP_STARTS_WITH ||
		    c->op == OP_ENDS_WITH || c->op == OP_MATCHES;
	if (part && v->text.n == 0)
		diag_warning(d, FINDING_EMPTY_TEXT, v->pos,
			"an empty value is part of every text");
}

/* A reference starts with its registry, or with "id:". */
static bool
is_image_start(struct str s)
{
	size_t slash = str_find(s, STR("/"));
	struct str first = {s.p, slash};
	return s.n == 0 || str_eq(first, STR("localhost")) ||
	       str_find(first, STR(".")) < first.n ||
	       str_find(first, STR(":")) < first.n;
}

static void
lint_docker(struct diag *d, const struct cond *c, const struct cond_value *v)
{
	if (c->op != OP_STARTS_WITH)
		return;
	if (c->field == FIELD_DOCKER_IMAGES && !is_image_start(v->text))
		diag_warning(d, FINDING_IMAGE_WITHOUT_REGISTRY, v->pos,
			"no image is like this: each starts with its registry, "
			"as docker.io/library/alpine:latest does");
	if (c->field != FIELD_DOCKER_HOST_PATHS)
		return;
	diag_warning(d, FINDING_HOST_PATH_PREFIX, v->pos,
		"a path next to this one may start like it");
	diag_help(d, "use under, which compares whole names");
}

void
cond_lint(struct diag *d, const struct cond *c)
{
	if (c->field == FIELD_HEADER)
		header_name_lint(d, c->pos, c->name);
	for (size_t i = 0; i < c->nvalues; i++) {
		lint_empty(d, c, &c->values[i]);
		if (c->field == FIELD_PATH)
			lint_path(d, c, &c->values[i]);
		lint_docker(d, c, &c->values[i]);
	}
}
