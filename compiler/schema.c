/* Schema: from tables of keys to JSON Schema, draft 7.
 *
 * Values are scalars to the compiler, which reads their text: so a number may
 * stand in quotes, and a variable anywhere. What JSON Schema has no word for
 * stands in `x-default`: what holds where a key without a default is not said.
 */
#include "compiler/schema.h"

#include "compiler/read.h"
#include "compiler/toggle_set.h"
#include "runtime/number.h"
#include "runtime/program.h"

#include <jansson.h>

#define VARIABLE "\\$\\{"

/* jansson's functions take NULL for memory that is out, and pass it on; where
 * it would be lost they are asked. */
struct schema {
	json_t *definitions;
	bool failed;
};

static json_t *map_ref(struct schema *s, const struct key_map *map);

static void
put(struct schema *s, json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) != 0)
		s->failed = true;
}

static void
add(struct schema *s, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		s->failed = true;
}

/* --- scalars --------------------------------------------------------------- */

/* Of a text that has this form, or a variable in it. */
static void
put_pattern(struct schema *s, json_t *to, const char *pattern)
{
	put(s, to, "pattern", json_sprintf("%s|" VARIABLE, pattern));
}

static json_t *
text_schema(struct schema *s, const struct key *k)
{
	json_t *t =
		json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean");
	if (k->pattern)
		put_pattern(s, t, k->pattern);
	if (k->min > 0)
		put(s, t, "minLength", json_integer(k->min));
	return t;
}

static json_t *
number_schema(struct schema *s, const struct key *k, const char *pattern)
{
	int64_t unit = k->type == KEY_TIME ? 1000 : 1;
	json_t *t = json_pack("{s:[s,s],s:I,s:I}", "type", "integer", "string",
		"minimum", (json_int_t)((k->min + unit - 1) / unit), "maximum",
		(json_int_t)(k->max / unit));
	put_pattern(s, t, pattern);
	return t;
}

static json_t *
boolean_schema(struct schema *s)
{
	json_t *t = json_pack("{s:[s,s]}", "type", "boolean", "string");
	put_pattern(s, t, "^(true|false)$");
	return t;
}

/* A word that reads as a number may be written as one. */
static void
add_word(struct schema *s, json_t *words, const char *word)
{
	add(s, words, json_string(word));
	if (number_is(str_of(word)))
		add(s, words, json_real(strtod(word, NULL)));
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		add(s, words, json_boolean(word[0] == 't'));
}

static json_t *
one_of_words(json_t *words)
{
	return json_pack("{s:[{s:o},{s:s}]}", "anyOf", "enum", words, "$ref",
		"#/definitions/variable");
}

static json_t *
word_schema(struct schema *s, const struct key_word *words)
{
	json_t *list = json_array();
	for (; words->word; words++)
		add_word(s, list, words->word);
	return one_of_words(list);
}

/* --- what conditions and toggles have ------------------------------------- */

static json_t *
field_schema(struct schema *s)
{
	json_t *plain = json_array(), *any;
	char named[256] = "";
	size_t n = 0;
	for (unsigned i = 0; i < FIELD_COUNT; i++) {
		const struct field_info *f = &field_info[i];
		if (f->flags & FIELD_NAMED)
			n += (size_t)snprintf(named + n, sizeof(named) - n,
				"%s%s", n > 0 ? "|" : "", f->name);
		else
			add(s, plain, json_string(f->name));
	}
	any = json_sprintf("^(%s)\\..+|" VARIABLE, named);
	return json_pack("{s:[{s:o},{s:s,s:o}]}", "anyOf", "enum", plain,
		"type", "string", "pattern", any);
}

static json_t *
toggle_schema(struct schema *s)
{
	json_t *keys = json_object(), *profiles = json_array();
	for (unsigned p = 0; p < TOGGLE_PROFILES; p++) {
		const struct toggle_profile_info *info = toggle_profiles[p];
		add_word(s, profiles, info->name);
		for (size_t i = 0; i < info->ndefs; i++)
			put(s, keys, info->defs[i].name,
				json_pack("{s:s}", "$ref",
					"#/definitions/toggle"));
	}
	put(s, keys, "profile", one_of_words(profiles));
	return json_pack("{s:s,s:o,s:b}", "type", "object", "properties", keys,
		"additionalProperties", 0);
}

/* --- keys ------------------------------------------------------------------ */

static json_t *
list_of(json_t *items)
{
	return json_pack("{s:s,s:o}", "type", "array", "items", items);
}

/* One alternative needs no list, but for a $ref, beside which nothing counts.
 */
static json_t *
only(json_t *any)
{
	json_t *one = json_incref(json_array_get(any, 0));
	if (json_object_get(one, "$ref")) {
		json_decref(one);
		return json_pack("{s:o}", "anyOf", any);
	}
	json_decref(any);
	return one;
}

/* What may stand at a key of NODE or CUSTOM, by its forms. */
static json_t *
forms_schema(struct schema *s, const struct key *k)
{
	json_t *any = json_array();
	if (k->forms & FORM_TEXT)
		add(s, any,
			k->words ? word_schema(s, k->words)
				 : text_schema(s, k));
	if (k->forms & FORM_TEXTS)
		add(s, any, list_of(text_schema(s, k)));
	if (k->forms & FORM_MAP)
		add(s, any, map_ref(s, k->map));
	if (k->forms & FORM_MAPS)
		add(s, any, list_of(map_ref(s, k->map)));
	if (k->forms & FORM_FIELD)
		add(s, any, field_schema(s));
	if (k->forms & FORM_TOGGLES)
		add(s, any, toggle_schema(s));
	if (k->forms & FORM_HEADERS)
		add(s, any,
			json_pack("{s:s,s:o}", "type", "object",
				"additionalProperties", text_schema(s, k)));
	if (k->forms & FORM_ANY)
		add(s, any, json_object());
	return json_array_size(any) == 1 ? only(any)
					 : json_pack("{s:o}", "anyOf", any);
}

static json_t *
value_schema(struct schema *s, const struct key *k)
{
	switch (k->type) {
	case KEY_TEXT:
	case KEY_FILE:
		return text_schema(s, k);
	case KEY_BOOL:
		return boolean_schema(s);
	case KEY_U16:
	case KEY_U32:
	case KEY_I64:
		return number_schema(s, k, "^-?[0-9]+$");
	case KEY_SIZE:
		return number_schema(s, k, "^[0-9]+(KiB|MiB|GiB)?$");
	case KEY_TIME:
		return number_schema(s, k, "^[0-9]+(ms|s|m|h)?$");
	case KEY_WORD:
	case KEY_SWITCH:
		return word_schema(s, k->words);
	case KEY_MAP:
		return json_pack("{s:[o]}", "anyOf", map_ref(s, k->map));
	case KEY_NODE:
	case KEY_CUSTOM:
		break;
	}
	return forms_schema(s, k);
}

/* The default, with its type. */
static json_t *
preset_value(const struct key *k)
{
	bool number =
		k->type == KEY_U16 || k->type == KEY_U32 || k->type == KEY_I64;
	if (k->type == KEY_BOOL)
		return json_boolean(strcmp(k->preset, "true") == 0);
	if (number)
		return json_integer(strtoll(k->preset, NULL, 10));
	return json_string(k->preset);
}

static json_t *
key_schema(struct schema *s, const struct key *k)
{
	json_t *t = value_schema(s, k);
	put(s, t, "description", json_string(k->help));
	if (k->preset)
		put(s, t, "default", preset_value(k));
	if (k->unsaid)
		put(s, t, "x-default", json_string(k->unsaid));
	return t;
}

/* --- maps ------------------------------------------------------------------ */

static void
put_needs(struct schema *s, json_t *to, const struct key_map *map)
{
	json_t *required = json_array(), *with = json_object();
	for (size_t i = 0; i < map->nkeys; i++) {
		const struct key *k = &map->keys[i];
		if (k->required)
			add(s, required, json_string(k->name));
		if (k->with)
			put(s, with, k->name, json_pack("[s]", k->with));
	}
	if (json_array_size(required) > 0)
		put(s, to, "required", json_incref(required));
	if (json_object_size(with) > 0)
		put(s, to, "dependencies", json_incref(with));
	json_decref(required);
	json_decref(with);
}

static void
fill_map(struct schema *s, json_t *to, const struct key_map *map)
{
	json_t *keys = json_object(), *one_of = json_array();
	for (size_t i = 0; i < map->nkeys; i++)
		put(s, keys, map->keys[i].name, key_schema(s, &map->keys[i]));
	put(s, to, "type", json_string("object"));
	put(s, to, "properties", keys);
	put(s, to, "additionalProperties", json_false());
	put_needs(s, to, map);
	for (const char *const *k = map->one_of; k && *k; k++)
		add(s, one_of, json_pack("{s:[s]}", "required", *k));
	if (map->one_of)
		put(s, to, "oneOf", json_incref(one_of));
	json_decref(one_of);
}

/* A map may hold itself, as conditions do: it is entered before it is filled.
 */
static json_t *
map_ref(struct schema *s, const struct key_map *map)
{
	if (!json_object_get(s->definitions, map->name)) {
		json_t *t = json_object();
		put(s, s->definitions, map->name, t);
		fill_map(s, t, map);
	}
	return json_pack(
		"{s:o}", "$ref", json_sprintf("#/definitions/%s", map->name));
}

static json_t *
make(struct schema *s)
{
	json_t *root = json_pack("{s:s,s:s}", "$schema",
		"http://json-schema.org/draft-07/schema#", "title",
		"The configuration of docker-proxy");
	put(s, s->definitions, "variable",
		json_pack("{s:s,s:s,s:s}", "description",
			"a variable of the environment", "type", "string",
			"pattern", VARIABLE));
	put(s, s->definitions, "toggle",
		json_pack("{s:s,s:[s,s,s,s],s:[i,i]}", "description", "1 or 0",
			"type", "integer", "boolean", "string", "null",
			"examples", 0, 1));
	fill_map(s, root, &policy_map);
	put(s, root, "definitions", json_incref(s->definitions));
	return root;
}

bool
schema_write(FILE *out)
{
	struct schema s = {.definitions = json_object()};
	json_t *root = make(&s);
	bool ok = !s.failed && json_dumpf(root, out, JSON_INDENT(2)) == 0;
	json_decref(root);
	json_decref(s.definitions);
	return ok && fputc('\n', out) != EOF;
}
