/* Learning: the policy, as an operator would write it. */
#include "daemon/learn.h"

#include "compiler/show.h"

#include <inttypes.h>
#include <string.h>

#define BIT(f) (UINT64_C(1) << ((f)-DOCKER_FIRST))

/* Names and texts that a next run may give anew; and who gives up more than
 * was seen does no harm. */
#define FREE_FIELDS \
	(BIT(FIELD_DOCKER_TARGET) | BIT(FIELD_DOCKER_NAME) | \
		BIT(FIELD_DOCKER_DROPPED) | BIT(FIELD_DOCKER_ENV) | \
		BIT(FIELD_DOCKER_LABELS) | BIT(FIELD_DOCKER_ANNOTATIONS))
/* Where it must be known what is meant: they are the ways to the host. */
#define HOST_FIELDS \
	(BIT(FIELD_DOCKER_HOST_PATHS) | BIT(FIELD_DOCKER_MOUNT_TYPES) | \
		BIT(FIELD_DOCKER_CAPABILITIES) | \
		BIT(FIELD_DOCKER_NAMESPACES) | BIT(FIELD_DOCKER_SECURITY) | \
		BIT(FIELD_DOCKER_DEVICES) | BIT(FIELD_DOCKER_UNKNOWN))

/* --- text -------------------------------------------------------------------- */

static void
write_quoted(struct str s, FILE *out)
{
	fputc('"', out);
	show_yaml_text(s, out);
	fputc('"', out);
}

/* --- the path ---------------------------------------------------------------- */

static bool
is_literal(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '/' || c == '_' || c == '-';
}

/* Inside a pattern in single quotes. */
static void
write_pattern(struct str s, FILE *out)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (is_literal(c) || (unsigned char)c >= 0x80)
			fputc(c, out);
		else
			fprintf(out, "\\x{%02x}", (unsigned char)c);
	}
}

static void
write_path(const struct learnt_call *c, FILE *out)
{
	if (!c->names) {
		fputs("operator: equals, value: ", out);
		write_quoted(c->before, out);
		return;
	}
	fputs("operator: matches, value: '^", out);
	write_pattern(c->before, out);
	fputs(c->slashes ? ".+" : "[^/]+", out);
	write_pattern(c->behind, out);
	fputs("$'", out);
}

/* "POST /containers/{}/start" */
static void
write_name(const struct learnt_call *c, FILE *out)
{
	struct str method = method_name(c->method);

	fprintf(out, "%.*s ", STR_FMT(method));
	show_yaml_text(c->before, out);
	if (c->names)
		fputs("{}", out);
	show_yaml_text(c->behind, out);
}

/* --- what it may say ----------------------------------------------------------- */

static void
write_list(const struct learnt_texts *t, FILE *out)
{
	fputc('[', out);
	for (uint32_t i = 0; i < t->n; i++) {
		if (i > 0)
			fputs(", ", out);
		write_quoted(t->v[i], out);
	}
	fputc(']', out);
}

static bool
is_id(struct str s)
{
	size_t digits = 0;

	while (digits < s.n && strchr("0123456789abcdef", s.p[digits]))
		digits++;
	return s.n == 64 && digits == 64;
}

static bool
has_id(const struct learnt_texts *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (is_id(t->v[i]))
			return true;
	return false;
}

/* Why a field that had values cannot be limited to them; NULL: it can. */
static const char *
why_open(const struct learnt_call *c, unsigned f)
{
	uint64_t bit = UINT64_C(1) << f;

	if (c->hidden & bit)
		return "not all of its values are recorded";
	if (c->doubts & bit)
		return "some of its values could not be read";
	if (!(HOST_FIELDS & bit) && has_id(&c->values[f]))
		return "it had ids, which change";
	return NULL;
}

static void
write_field(const struct learnt_call *c, unsigned f, FILE *out)
{
	const struct learnt_texts *t = &c->values[f];
	const char *name = field_info[DOCKER_FIRST + f].name;
	uint64_t bit = UINT64_C(1) << f;

	if (FREE_FIELDS & bit)
		return;
	const char *open = why_open(c, f);
	if (open) {
		fprintf(out, "      # %s is not limited: %s\n", name, open);
		return;
	}
	if (t->n > 0) {
		fprintf(out, "      - {field: %s, operator: %s, value: ", name,
			DOCKER_FIRST + f == FIELD_DOCKER_HOST_PATHS
				? "only_under"
				: "only_in");
		write_list(t, out);
		fputs("}\n", out);
	} else if (c->says_more && !(c->named & bit)) {
		fprintf(out, "      - {field: %s, operator: not_exists}\n",
			name);
	}
}

/* --- rules ----------------------------------------------------------------------- */

static bool
is_read(const struct learnt_call *c)
{
	return c->method == METHOD_GET || c->method == METHOD_HEAD;
}

/* Why nobody should allow the call by what is recorded of it; NULL: it can be
 * allowed. */
static const char *
why_not(const struct learnt_call *c)
{
	if (c->says_more && c->untold)
		return "it is not recorded what it means: record it with "
		       "`audit_docker: true` or `--mode learn`";
	if (is_read(c))
		return NULL;
	if (c->doubts & HOST_FIELDS)
		return "what it asks of the host could not be read";
	if (c->hidden & HOST_FIELDS)
		return "not all that it asks of the host is recorded";
	return NULL;
}

static void
write_rule(const struct learnt *l, const struct learnt_call *c, FILE *out)
{
	fputs("\n  - name: \"", out);
	write_name(c, out);
	fprintf(out,
		"\" # %" PRIu64 " request%s\n"
		"    action: allow\n"
		"    conditions:\n"
		"      - {field: method, operator: equals, value: %.*s}\n"
		"      - {field: path, ",
		c->requests, c->requests == 1 ? "" : "s",
		STR_FMT(method_name(c->method)));
	write_path(c, out);
	fputs("}\n", out);
	if (l->known_roles && !c->anonymous) {
		fputs("      - {field: role, operator: in, value: ", out);
		write_list(&c->roles, out);
		fputs("}\n", out);
	}
	if (c->says_more || (!is_read(c) && c->method != METHOD_DELETE))
		for (unsigned f = 0; f < DOCKER_COUNT; f++)
			write_field(c, f, out);
}

static void
write_rules(const struct learnt *l, FILE *out)
{
	fputs("rules:", out);
	for (size_t i = 0; i < l->ncalls; i++) {
		const struct learnt_call *c = &l->calls[i];
		const char *why = why_not(c);
		if (!why) {
			write_rule(l, c, out);
			continue;
		}
		fputs("\n  # Not allowed: ", out);
		write_name(c, out);
		fprintf(out,
			", %" PRIu64 " request%s:\n"
			"  # %s.\n",
			c->requests, c->requests == 1 ? "" : "s", why);
	}
	fputc('\n', out);
}

/* --- tests ------------------------------------------------------------------------- */

static bool
is_allowed(const struct learnt *l, enum method method, struct str path)
{
	for (size_t i = 0; i < l->ncalls; i++)
		if (l->calls[i].method == method && !why_not(&l->calls[i]) &&
			learn_fits(&l->calls[i], path))
			return true;
	return false;
}

static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

/* What is masked or cut in the log cannot be sent again, and what the proxy
 * would not have read did not come from it. */
static bool
is_whole(const struct learnt_call *c)
{
	return !has_control(c->path) &&
	       str_find(c->target, STR("***")) == c->target.n &&
	       str_find(c->target, STR("...[cut: ")) == c->target.n &&
	       str_find(c->path, STR("...[cut: ")) == c->path.n;
}

static void
write_test(const struct learnt_call *c, enum method method, bool query,
	const char *expect, const char *body, FILE *out)
{
	struct str target = c->target;

	fprintf(out, "  - request: \"%.*s ", STR_FMT(method_name(method)));
	target.n = query ? target.n : str_find(target, STR("?"));
	show_yaml_text(target, out);
	fputs("\"\n", out);
	if (c->roles.n > 0) {
		fputs("    role: ", out);
		write_quoted(c->roles.v[0], out);
		fputc('\n', out);
	}
	if (body)
		fprintf(out, "    body: %s\n", body);
	fprintf(out, "    expect: %s\n", expect);
}

static void
write_tests(const struct learnt *l, FILE *out)
{
	fputs("tests:\n", out);
	for (size_t i = 0; i < l->ncalls; i++) {
		const struct learnt_call *c = &l->calls[i];
		enum method other =
			c->method == METHOD_DELETE ? METHOD_PUT : METHOD_DELETE;
		/* A body is not recorded, only what it means. */
		if (!why_not(c) && !c->reads_body && is_whole(c))
			write_test(c, c->method, true, "allow", NULL, out);
		if (c->reads_body && c->method == METHOD_POST &&
			str_ends(c->path, STR("/create")))
			write_test(c, c->method, false, "deny",
				"{HostConfig: {Privileged: true}}", out);
		if (!is_allowed(l, other, c->path))
			write_test(c, other, false, "deny", NULL, out);
	}
}

/* --- all of it ----------------------------------------------------------------------- */

void
learn_write(const struct learnt *l, const char *source, FILE *out)
{
	fprintf(out, "# Learnt from %" PRIu64 " request%s in ", l->requests,
		l->requests == 1 ? "" : "s");
	show_text(str_of(source), out);
	if (l->refused > 0)
		fprintf(out, "; %" PRIu64 " more were refused", l->refused);
	fputs(".\n"
	      "# It allows what was recorded and nothing else. Read it before "
	      "it is used:\n"
	      "# what somebody did is not always what they should.\n"
	      "\n"
	      "global:\n"
	      "  default: deny\n"
	      "\n",
		out);
	fputs(l->known_roles
			? "# As recorded, callers have roles: put the `auth` "
			  "section here that gives them.\n\n"
			: "auth:\n"
			  "  type: none # as recorded: nobody had a role\n\n",
		out);
	write_rules(l, out);
	fputc('\n', out);
	write_tests(l, out);
}
