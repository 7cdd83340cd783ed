/* Reading an audit log: line by line, and what a line says. */
#include "daemon/audit_lines.h"

#include <errno.h>
#include <string.h>

bool
audit_lines_open(struct audit_lines *l, const char *file)
{
	l->number = 0;
	l->n = 0;
	l->file = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	return l->file;
}

void
audit_lines_close(struct audit_lines *l)
{
	if (l->file && l->file != stdin)
		fclose(l->file);
	l->file = NULL;
}

enum audit_read
audit_lines_next(struct audit_lines *l)
{
	int c;

	l->n = 0;
	l->number++;
	while ((c = getc_unlocked(l->file)) != EOF) {
		if (l->n == sizeof(l->line))
			return AUDIT_READ_LONG;
		l->line[l->n++] = (char)c;
		if (c == '\n')
			return AUDIT_READ_LINE;
	}
	if (ferror(l->file))
		return AUDIT_READ_ERROR;
	return l->n > 0 ? AUDIT_READ_PART : AUDIT_READ_END;
}

const char *
audit_read_text(enum audit_read read)
{
	switch (read) {
	case AUDIT_READ_LINE:
	case AUDIT_READ_END:
		return NULL;
	case AUDIT_READ_PART:
		return "it does not end: the file was cut off, or is being "
		       "written";
	case AUDIT_READ_LONG:
		return "it is longer than any line of an audit log";
	case AUDIT_READ_ERROR:
		return strerror(errno);
	}
	return NULL;
}

/* --- what a line says ----------------------------------------------------- */

static const struct json_node *
member(const struct json *j, struct str key)
{
	return json_member(j, j->nodes, key, key);
}

static struct str
text_of(const struct json *j, struct str key, struct arena *a)
{
	const struct json_node *n = member(j, key);

	return n && n->type == JSON_STRING ? json_decoded(j, n, a) : STR("");
}

static bool
is_true(const struct json *j, struct str key)
{
	const struct json_node *n = member(j, key);

	return n && n->type == JSON_TRUE;
}

static uint16_t
status_of(const struct json *j)
{
	const struct json_node *n = member(j, STR("status"));
	unsigned status = 0;

	if (!n || n->type != JSON_NUMBER)
		return 0;
	for (uint32_t i = n->start; i < n->end && status < 1000; i++)
		status = 10 * status + (unsigned)(j->text.p[i] - '0');
	return status < 1000 ? (uint16_t)status : 0;
}

bool
audit_record_read(struct audit_record *r, struct str line, struct arena *a)
{
	static const struct json_limits limits = {.depth = 4};
	struct json *j = &r->json;
	size_t at;

	*r = (struct audit_record){.kind = AUDIT_KINDS};
	if (json_scan(line, &limits, a, j, &at) || j->count == 0 ||
		j->nodes->type != JSON_OBJECT ||
		!audit_kind_parse(text_of(j, STR("event"), a), &r->kind))
		return false;
	r->method = text_of(j, STR("method"), a);
	r->path = text_of(j, STR("path"), a);
	r->query = text_of(j, STR("query"), a);
	r->role = text_of(j, STR("user_role"), a);
	r->identity = text_of(j, STR("identity"), a);
	r->rule = text_of(j, STR("rule_name"), a);
	r->listener = text_of(j, STR("listener"), a);
	r->peer_ip = text_of(j, STR("peer_ip"), a);
	r->user_agent = text_of(j, STR("user_agent"), a);
	r->status = status_of(j);
	r->dry_run = is_true(j, STR("dry_run"));
	r->learns = str_eq(text_of(j, STR("mode"), a), STR("learn"));
	r->docker = member(j, STR("docker"));
	return true;
}
