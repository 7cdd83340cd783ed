/* JSON without a tree: the scan, one function for each form of RFC 8259. */
#include "runtime/json.h"

#include "runtime/json_keys.h"
#include "runtime/json_string.h"
#include "runtime/limits.h"
#include "runtime/number.h"

struct scan {
	struct str text;
	size_t at;      /* the next byte, or the fault */
	unsigned depth; /* containers open */
	unsigned deepest;
	struct arena *arena;
	struct json_node *nodes; /* in the arena; room of them */
	uint32_t count, room;
	struct json_keys keys;
};

/* Where a value stands. */
struct place {
	struct str key; /* of a member */
	uint32_t raw_key;
	uint8_t flags;    /* JSON_KEY_ESCAPED */
	struct str field; /* the key as the name of a struct's field, folded;
			     empty for an element and inside a data map */
	struct str outer; /* the same of the object around */
};

/* Values nest: the recursion is JSON_DEPTH_MAX containers deep at most. */
static enum why scan_value(struct scan *s, const struct place *place);

/* The next byte that is no whitespace; NUL, which starts nothing, at the
 * end. */
static char
peek(struct scan *s)
{
	while (s->at < s->text.n) {
		char c = s->text.p[s->at];
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return c;
		s->at++;
	}
	return '\0';
}

static bool
take(struct scan *s, char c)
{
	if (peek(s) != c)
		return false;
	s->at++;
	return true;
}

/* Another node. The array doubles; the old ones stay in the arena, together
 * no larger than the new one. */
static enum why
add_node(struct scan *s)
{
	if (s->count == JSON_NODES_MAX)
		return WHY_JSON_NODES;
	if (s->count == s->room) {
		uint32_t room = s->room ? s->room * 2 : 64;
		struct json_node *nodes =
			arena_alloc(s->arena, room * sizeof(*nodes));
		if (!nodes)
			return WHY_OUT_OF_MEMORY;
		if (s->count)
			memcpy(nodes, s->nodes, s->count * sizeof(*nodes));
		s->nodes = nodes;
		s->room = room;
	}
	s->count++;
	return WHY_OK;
}

/* --- keys --------------------------------------------------------------- */

/* The key as it is compared: decoded, and folded where it names a field. */
static enum why
read_key(struct scan *s, struct str inside, bool escaped, bool fold,
	struct str *out)
{
	*out = inside;
	if (!escaped && !fold)
		return WHY_OK;
	char *p = arena_alloc(s->arena, inside.n);
	if (!p)
		return WHY_OUT_OF_MEMORY;
	size_t n = json_string_decode(inside, p);
	if (fold)
		n = json_string_fold(p, n);
	*out = (struct str){p, n};
	return WHY_OK;
}

static enum why
scan_key(struct scan *s, uint32_t object, struct place *place)
{
	bool data_map = s->nodes[object].flags & JSON_DATA_MAP;
	bool escaped = false;
	size_t start = s->at;

	enum why why = json_string_scan(s->text, &s->at, &escaped);
	if (why != WHY_OK)
		return why;
	struct str inside = {s->text.p + start + 1, s->at - start - 2};
	why = read_key(s, inside, escaped, !data_map, &place->key);
	if (why != WHY_OK)
		return why;
	if (!json_keys_add(&s->keys, object, place->key)) {
		s->at = start;
		return WHY_JSON_DUPLICATE;
	}
	if (arena_overflowed(s->arena))
		return WHY_OUT_OF_MEMORY;
	place->raw_key = (uint32_t)start;
	place->flags = escaped ? JSON_KEY_ESCAPED : 0;
	place->field = data_map ? STR("") : place->key;
	return WHY_OK;
}

/* --- values ------------------------------------------------------------- */

static enum why
scan_members(struct scan *s, uint32_t object, struct str field)
{
	struct place place = {.outer = field};

	if (take(s, '}'))
		return WHY_OK;
	do {
		if (peek(s) != '"')
			return WHY_JSON_SYNTAX;
		enum why why = scan_key(s, object, &place);
		if (why != WHY_OK)
			return why;
		if (!take(s, ':'))
			return WHY_JSON_SYNTAX;
		why = scan_value(s, &place);
		if (why != WHY_OK)
			return why;
		s->nodes[object].children++;
	} while (take(s, ','));
	return take(s, '}') ? WHY_OK : WHY_JSON_SYNTAX;
}

static enum why
scan_elements(struct scan *s, uint32_t array)
{
	static const struct place element;

	if (take(s, ']'))
		return WHY_OK;
	do {
		enum why why = scan_value(s, &element);
		if (why != WHY_OK)
			return why;
		s->nodes[array].children++;
	} while (take(s, ','));
	return take(s, ']') ? WHY_OK : WHY_JSON_SYNTAX;
}

static enum why
scan_container(struct scan *s, uint32_t self, const struct place *place)
{
	enum why why;

	if (s->depth == s->deepest)
		return WHY_JSON_DEPTH;
	s->depth++;
	if (s->text.p[s->at++] == '[') {
		s->nodes[self].type = JSON_ARRAY;
		why = scan_elements(s, self);
	} else {
		s->nodes[self].type = JSON_OBJECT;
		if (json_is_data_map(place->field, place->outer))
			s->nodes[self].flags |= JSON_DATA_MAP;
		why = scan_members(s, self, place->field);
	}
	s->depth--;
	return why;
}

static enum why
scan_word(struct scan *s, uint32_t self, struct str word, enum json_type type)
{
	if (!str_starts(str_from(s->text, s->at), word))
		return WHY_JSON_SYNTAX;
	s->at += word.n;
	s->nodes[self].type = (uint8_t)type;
	return WHY_OK;
}

static enum why
scan_number(struct scan *s, uint32_t self)
{
	struct str rest = str_from(s->text, s->at);
	size_t n = 0;
	while (n < rest.n && rest.p[n] && strchr("+-.0123456789Ee", rest.p[n]))
		n++;
	if (!number_is((struct str){rest.p, n}))
		return WHY_JSON_SYNTAX;
	s->at += n;
	s->nodes[self].type = JSON_NUMBER;
	return WHY_OK;
}

static enum why
scan_string(struct scan *s, uint32_t self)
{
	bool escaped = false;
	s->nodes[self].type = JSON_STRING;
	enum why why = json_string_scan(s->text, &s->at, &escaped);
	if (escaped)
		s->nodes[self].flags |= JSON_ESCAPED;
	return why;
}

static enum why
scan_by_first_byte(
	struct scan *s, char first, uint32_t self, const struct place *place)
{
	switch (first) {
	case '{':
	case '[':
		return scan_container(s, self, place);
	case '"':
		return scan_string(s, self);
	case 'n':
		return scan_word(s, self, STR("null"), JSON_NULL);
	case 'f':
		return scan_word(s, self, STR("false"), JSON_FALSE);
	case 't':
		return scan_word(s, self, STR("true"), JSON_TRUE);
	default:
		return scan_number(s, self);
	}
}

static enum why
scan_value(struct scan *s, const struct place *place)
{
	char first = peek(s);
	enum why why = add_node(s);
	if (why != WHY_OK)
		return why;
	uint32_t self = s->count - 1;
	s->nodes[self] = (struct json_node){
		.key = place->key,
		.raw_key = place->raw_key,
		.start = (uint32_t)s->at,
		.flags = place->flags,
	};
	why = scan_by_first_byte(s, first, self, place);
	s->nodes[self].end = (uint32_t)s->at;
	s->nodes[self].next = s->count;
	return why;
}

enum why
json_scan(struct str text, const struct json_limits *limits, struct arena *a,
	struct json *out, size_t *at_out)
{
	static const struct place top;
	struct scan s = {
		.text = text,
		.deepest = limits->depth < JSON_DEPTH_MAX ? limits->depth
							  : JSON_DEPTH_MAX,
		.arena = a,
	};

	*out = (struct json){.text = text};
	*at_out = 0;
	if (text.n > UINT32_MAX)
		return WHY_BODY_TOO_LARGE; /* offsets have 32 bits */
	peek(&s);
	if (s.at == text.n)
		return WHY_OK;
	json_keys_init(&s.keys, limits->hash_seed, a);
	enum why why = scan_value(&s, &top);
	if (why == WHY_OK) {
		peek(&s);
		if (s.at < text.n)
			why = WHY_JSON_TRAILING;
	}
	*at_out = s.at;
	if (why == WHY_OK) {
		out->nodes = s.nodes;
		out->count = s.count;
	}
	return why;
}
