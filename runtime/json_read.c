/* JSON without a tree: looking things up in the nodes of a scan. */
#include "runtime/json.h"

#include "runtime/json_string.h"
#include "runtime/number.h"

/* Objects whose keys the Engine decodes into a Go map, by folded key. */
static const struct str data_maps[] = {
	STR("labels"),
	STR("annotations"),
	STR("sysctls"),
	STR("options"),
	STR("driveropts"),
	STR("volumes"),
	STR("portbindings"),
	STR("exposedports"),
	STR("tmpfs"),
	STR("storageopt"),
	STR("endpointsconfig"),
	STR("auxiliaryaddresses"),
	STR("buildargs"),
	STR("authconfigs"),
};

bool
json_is_data_map(struct str folded_key, struct str folded_parent)
{
	for (size_t i = 0; i < sizeof(data_maps) / sizeof(data_maps[0]); i++)
		if (str_eq(folded_key, data_maps[i]))
			return true;
	return str_eq(folded_key, STR("config")) &&
	       str_eq(folded_parent, STR("logconfig"));
}

struct str
json_fold(struct str name, struct arena *a)
{
	char *p = arena_alloc(a, name.n);
	if (!p)
		return STR("");
	if (name.n)
		memcpy(p, name.p, name.n);
	return (struct str){p, json_string_fold(p, name.n)};
}

const struct json_node *
json_member(const struct json *j, const struct json_node *parent,
	struct str folded_name, struct str raw_name)
{
	if (parent->type != JSON_OBJECT)
		return NULL;
	struct str name =
		parent->flags & JSON_DATA_MAP ? raw_name : folded_name;
	const struct json_node *n = parent + 1;
	for (uint32_t i = 0; i < parent->children; i++) {
		if (str_eq(n->key, name))
			return n;
		n = json_next(j, n);
	}
	return NULL;
}

/* The value as it is written. */
static struct str
as_written(const struct json *j, const struct json_node *n)
{
	return (struct str){j->text.p + n->start, n->end - n->start};
}

struct str
json_decoded(const struct json *j, const struct json_node *n, struct arena *a)
{
	struct str text = as_written(j, n);
	struct str inside = {text.p + 1, text.n - 2};
	if (!(n->flags & JSON_ESCAPED))
		return inside;
	char *p = arena_alloc(a, inside.n);
	if (!p)
		return STR("");
	return (struct str){p, json_string_decode(inside, p)};
}

/* A container without the whitespace between its tokens, its strings in their
 * shortest form: never longer than it was. */
static struct str
compact(struct str text, struct arena *a)
{
	char *start = arena_alloc(a, text.n);
	if (!start)
		return STR("");
	char *to = start;
	for (size_t i = 0; i < text.n;) {
		if (text.p[i] == '"') {
			size_t from = i + 1;
			bool escaped;
			json_string_scan(text, &i, &escaped);
			struct str inside = {text.p + from, i - 1 - from};
			*to++ = '"';
			to += json_string_compact(inside, to);
			*to++ = '"';
			continue;
		}
		char c = text.p[i++];
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			*to++ = c;
	}
	return (struct str){start, (size_t)(to - start)};
}

struct str
json_text(const struct json *j, const struct json_node *n, struct arena *a)
{
	switch ((enum json_type)n->type) {
	case JSON_STRING:
		return json_decoded(j, n, a);
	case JSON_ARRAY:
	case JSON_OBJECT:
		return compact(as_written(j, n), a);
	case JSON_NULL:
	case JSON_FALSE:
	case JSON_TRUE:
	case JSON_NUMBER:
		break;
	}
	return as_written(j, n);
}

bool
json_empty(const struct json *j, const struct json_node *n)
{
	switch ((enum json_type)n->type) {
	case JSON_NULL:
	case JSON_FALSE:
		return true;
	case JSON_TRUE:
		return false;
	case JSON_NUMBER:
		return number_cmp(as_written(j, n), STR("0")) == 0;
	case JSON_STRING:
		return n->end - n->start == 2;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return n->children == 0;
}
