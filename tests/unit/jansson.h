/* jansson beside runtime/json.h: some of its names are also ours. */
#ifndef TESTS_UNIT_JANSSON_H
#define TESTS_UNIT_JANSSON_H

#define JSON_NULL   JANSSON_NULL
#define JSON_FALSE  JANSSON_FALSE
#define JSON_TRUE   JANSSON_TRUE
#define JSON_STRING JANSSON_STRING
#define JSON_ARRAY  JANSSON_ARRAY
#define JSON_OBJECT JANSSON_OBJECT
#include <jansson.h>
#undef JSON_NULL
#undef JSON_FALSE
#undef JSON_TRUE
#undef JSON_STRING
#undef JSON_ARRAY
#undef JSON_OBJECT

#include <stdbool.h>

/* As strict as ours. */
#define JANSSON_STRICT \
	(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL)

/* It keeps no number that is larger than its types, and no key with a NUL. */
static inline bool
jansson_cannot_keep(const json_error_t *e)
{
	enum json_error_code code = json_error_code(e);

	return code == json_error_numeric_overflow ||
	       code == json_error_null_byte_in_key;
}

#endif
