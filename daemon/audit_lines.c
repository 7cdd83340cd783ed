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

/* --- what it means --------------------------------------------------------- */

/* A value with other readings is an array of them. */
static uint32_t
count_readings(const struct json *j, const struct json_node *list)
{
	const struct json_node *n = json_first(list);
	uint32_t count = 0;

	for (uint32_t i = 0; i < list->children; i++, n = json_next(j, n))
		count += n->type == JSON_ARRAY ? n->children : 1;
	return count;
}

static void
take_value(const struct json *j, const struct json_node *value, struct arena *a,
	struct docker_list *to)
{
	bool many = value->type == JSON_ARRAY;
	const struct json_node *n = many ? json_first(value) : value;
	uint32_t readings = many ? value->children : 1;

	for (uint32_t i = 0; i < readings; i++) {
		if (n->type == JSON_STRING)
			to->v[to->n++] = (struct docker_value){
				json_decoded(j, n, a), i > 0};
		n = json_next(j, n);
	}
}

static void
take_list(const struct json *j, const struct json_node *list, struct arena *a,
	struct docker_list *to)
{
	const struct json_node *n = json_first(list);

	to->room = count_readings(j, list);
	to->v = arena_alloc(a, to->room * sizeof(*to->v));
	for (uint32_t i = 0; to->v && i < list->children; i++) {
		take_value(j, n, a, to);
		n = json_next(j, n);
	}
}

/* The number of the field; DOCKER_COUNT: there is none. */
static unsigned
field_of(struct str name)
{
	unsigned f = 0;

	while (f < DOCKER_COUNT && !str_eq(name, docker_field_name(f)))
		f++;
	return f;
}

static uint64_t
bits_of(const struct json *j, const struct json_node *names, struct arena *a)
{
	const struct json_node *n = json_first(names);
	uint64_t bits = 0;

	for (uint32_t i = 0; i < names->children; i++, n = json_next(j, n)) {
		unsigned f = n->type == JSON_STRING
				     ? field_of(json_decoded(j, n, a))
				     : DOCKER_COUNT;
		if (f < DOCKER_COUNT)
			bits |= UINT64_C(1) << f;
	}
	return bits;
}

bool
audit_record_means(const struct audit_record *r, struct arena *a,
	struct docker *out, uint64_t *hidden_out)
{
	const struct json *j = &r->json;
	const struct json_node *n;

	*out = (struct docker){
		.has_call = true, .has_head = true, .has_body = true};
	*hidden_out = 0;
	if (!r->docker || r->docker->type != JSON_OBJECT)
		return false;
	n = json_first(r->docker);
	for (uint32_t i = 0; i < r->docker->children; i++) {
		unsigned f = field_of(n->key);
		if (f < DOCKER_COUNT)
			take_list(j, n, a, &out->lists[f]);
		else if (str_eq(n->key, STR("doubts")))
			out->doubts = (uint32_t)bits_of(j, n, a);
		else if (str_eq(n->key, STR("hidden")))
			*hidden_out = bits_of(j, n, a);
		n = json_next(j, n);
	}
	return true;
}

/* --- the target --------------------------------------------------------------- */

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("/_-.~:@", c));
}

/* The path, percent-encoded; the query is recorded as it is sent. */
struct str
audit_record_target(const struct audit_record *r, struct arena *a)
{
	static const char hex[] = "0123456789ABCDEF";
	char *p = arena_alloc(a, 3 * r->path.n + 1 + r->query.n);
	size_t n = 0;

	if (!p)
		return STR("");
	for (size_t i = 0; i < r->path.n; i++) {
		unsigned char c = (unsigned char)r->path.p[i];
		if (is_plain((char)c)) {
			p[n++] = (char)c;
			continue;
		}
		p[n++] = '%';
		p[n++] = hex[c >> 4];
		p[n++] = hex[c & 15];
	}
	if (r->query.n) {
		p[n++] = '?';
		memcpy(p + n, r->query.p, r->query.n);
		n += r->query.n;
	}
	return (struct str){p, n};
}
