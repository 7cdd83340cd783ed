/* JSON strings: their grammar, their text, and Go's folding of keys.
 *
 * RFC 8259 section 7 and nothing more; the text must be valid UTF-8, and
 * escaped surrogates must come in pairs. A string is scanned first; the other
 * functions take `inside`, what stands between the quotes of a scanned one,
 * and write no more than inside.n bytes.
 */
#ifndef RUNTIME_JSON_STRING_H
#define RUNTIME_JSON_STRING_H

#include "runtime/str.h"
#include "runtime/why.h"

#include <stdbool.h>
#include <stddef.h>

/* Scans the string whose opening quote is at *at. On WHY_OK *at is past the
 * closing quote, else at the fault. */
enum why json_string_scan(struct str text, size_t *at, bool *escaped_out);

/* The text: escapes undone. Returns its length. */
size_t json_string_decode(struct str inside, char *to);

/* The shortest spelling that is still inside of quotes: only `"`, `\` and
 * control bytes escaped. Returns its length. */
size_t json_string_compact(struct str inside, char *to);

/* Folds n bytes of decoded text where they stand, as Go's decoder does to
 * find a struct's field: ASCII to lower case, U+017F to s, U+212A to k (its
 * other folds end outside ASCII, where no field is). Returns the length. */
size_t json_string_fold(char *p, size_t n);

#endif
