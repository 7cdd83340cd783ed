/* Findings for programs: JSON, and SARIF 2.1.0. */
#include "daemon/lint_report.h"

#include "compiler/source.h"

#include <jansson.h>

#define SARIF_SCHEMA \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/" \
	"sarif-schema-2.1.0.json"

static json_t *
text_of(struct str s)
{
	return json_stringn(s.p ? s.p : "", s.n);
}

/* Takes over j, which is NULL without memory. */
static bool
dump(json_t *j, FILE *out)
{
	bool ok = j && json_dumpf(j, out, JSON_INDENT(2)) == 0;

	json_decref(j);
	return ok && putc('\n', out) != EOF;
}

/* Takes over item. */
static bool
append(json_t *list, json_t *item)
{
	return item && json_array_append_new(list, item) == 0;
}

/* A list of what make() makes of each entry. */
static json_t *
each_entry(const struct diag *d,
	json_t *(*make)(const struct diag *d, const struct diag_entry *e))
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < d->n; i++) {
		if (append(list, make(d, &d->entries[i])))
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

static bool
is_finding(const struct diag_entry *e)
{
	return e->finding < FINDING_COUNT;
}

/* The file that it is about; empty: the environment. */
static struct str
file_of(const struct diag *d, const struct diag_entry *e)
{
	const struct source *s = diag_source(d, e->pos);

	return s && (e->pos.line > 0 || e->whole_file) ? s->name : STR("");
}

/* --- JSON ------------------------------------------------------------------- */

static json_t *
entry_json(const struct diag *d, const struct diag_entry *e)
{
	const struct finding_info *f =
		is_finding(e) ? finding_info(e->finding) : NULL;

	return json_pack("{s:o?, s:i, s:i, s:s, s:s*, s:s*, s:o?, s:o?}",
		"file", text_of(file_of(d, e)), "line", (int)e->pos.line,
		"column", (int)e->pos.col, "level", diag_level_name(e->level),
		"code", f ? f->code : NULL, "name", f ? f->name : NULL,
		"message", text_of(e->text), "help", text_of(e->help));
}

bool
lint_report_json(struct diag *d, FILE *out)
{
	return dump(each_entry(d, entry_json), out);
}

static json_t *
finding_json(enum finding id)
{
	const struct finding_info *f = finding_info(id);

	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "code", f->code, "name",
		f->name, "level", f->level == FINDING_NOTE ? "note" : "warning",
		"why", f->why, "fix", f->fix);
}

bool
lint_report_findings(FILE *out)
{
	json_t *list = json_array();

	for (unsigned i = 0; list && i < FINDING_COUNT; i++) {
		if (append(list, finding_json((enum finding)i)))
			continue;
		json_decref(list);
		return false;
	}
	return dump(list, out);
}

/* --- SARIF ------------------------------------------------------------------ */

/* A reportingDescriptor (section 3.49). */
static json_t *
sarif_rule(enum finding id)
{
	const struct finding_info *f = finding_info(id);

	return json_pack("{s:s, s:s, s:{s:s}, s:{s:s}, s:{s:s}}", "id", f->code,
		"name", f->name, "shortDescription", "text", f->why, "help",
		"text", f->fix, "defaultConfiguration", "level",
		f->level == FINDING_NOTE ? "note" : "warning");
}

static json_t *
sarif_rules(void)
{
	json_t *list = json_array();

	for (unsigned i = 0; list && i < FINDING_COUNT; i++) {
		if (append(list, sarif_rule((enum finding)i)))
			continue;
		json_decref(list);
		return NULL;
	}
	return list;
}

/* A URI is made of few characters (RFC 3986, section 2.3). */
static json_t *
uri_of(struct str file)
{
	static const char hex[] = "0123456789ABCDEF";
	char uri[3 * 4096];
	size_t n = 0;

	for (size_t i = 0; i < file.n && n + 3 < sizeof(uri); i++) {
		unsigned char c = (unsigned char)file.p[i];
		bool plain = (c >= '0' && c <= '9') ||
			     (ascii_lower((char)c) >= 'a' &&
				     ascii_lower((char)c) <= 'z') ||
			     (c != '\0' && strchr("-._~/", c));
		if (plain) {
			uri[n++] = (char)c;
			continue;
		}
		uri[n++] = '%';
		uri[n++] = hex[c >> 4];
		uri[n++] = hex[c & 15];
	}
	return json_stringn(uri, n);
}

/* A location (section 3.28); none for what is found in the environment. */
static json_t *
sarif_locations(const struct diag *d, const struct diag_entry *e)
{
	struct str file = file_of(d, e);

	if (file.n == 0)
		return json_array();
	json_t *physical =
		json_pack("{s:{s:o}}", "artifactLocation", "uri", uri_of(file));
	if (physical && e->pos.line > 0 &&
		json_object_set_new(physical, "region",
			json_pack("{s:i, s:i, s:i}", "startLine",
				(int)e->pos.line, "startColumn",
				(int)e->pos.col, "endColumn",
				(int)(e->pos.col + e->pos.len))) != 0) {
		json_decref(physical);
		return NULL;
	}
	return json_pack("[{s:o}]", "physicalLocation", physical);
}

static json_t *
sarif_message(const struct diag *d, const struct diag_entry *e)
{
	bool helps = e->help.n > 0;

	return text_of(arena_fmt(d->arena, "%.*s%s%.*s", STR_FMT(e->text),
		helps ? ": " : "", STR_FMT(e->help)));
}

/* A result (section 3.27). An error of the policy is of no rule. */
static json_t *
sarif_result(const struct diag *d, const struct diag_entry *e)
{
	json_t *result = json_pack("{s:s, s:{s:o}, s:o}", "level",
		diag_level_name(e->level), "message", "text",
		sarif_message(d, e), "locations", sarif_locations(d, e));

	if (!result || !is_finding(e))
		return result;
	if (json_object_set_new(result, "ruleId",
		    json_string(finding_info(e->finding)->code)) == 0 &&
		json_object_set_new(
			result, "ruleIndex", json_integer(e->finding)) == 0)
		return result;
	json_decref(result);
	return NULL;
}

bool
lint_report_sarif(struct diag *d, FILE *out)
{
	return dump(
		json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:o}}, s:s, s:o}]}",
			"$schema", SARIF_SCHEMA, "version", "2.1.0", "runs",
			"tool", "driver", "name", "docker-proxy", "version",
			DOCKER_PROXY_VERSION, "rules", sarif_rules(),
			"columnKind", "unicodeCodePoints", "results",
			each_entry(d, sarif_result)),
		out);
}
