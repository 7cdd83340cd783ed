/* Regular expressions: PCRE2 with limits that make it safe on hostile input.
 *
 * A compiled regex is immutable and shared by all threads; a scratch belongs
 * to one thread. Unanchored, UTF-8, `$` only at the very end, no \C.
 */
#ifndef RUNTIME_REGEX_H
#define RUNTIME_REGEX_H

#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>

struct regex;
struct regex_scratch;

enum regex_result {
	REGEX_NO,
	REGEX_YES,
	REGEX_DOUBT, /* a limit was hit, or the subject is no UTF-8 */
};

/* NULL on a bad pattern: *offset_out says where and err holds PCRE2's text.
 * Compiled with JIT where the system allows it. */
struct regex *regex_compile(struct str pattern, bool nocase, char *err,
	size_t err_size, size_t *offset_out);
void regex_free(struct regex *re);

/* As it was compiled. */
bool regex_is_nocase(const struct regex *re);

/* Match data, context with limits, JIT stack; NULL without memory. */
struct regex_scratch *regex_scratch_new(void);
void regex_scratch_free(struct regex_scratch *s);

enum regex_result regex_match(const struct regex *re, struct str subject,
	struct regex_scratch *scratch);

/* The same, and on REGEX_YES where the first match begins and ends. */
enum regex_result regex_find(const struct regex *re, struct str subject,
	struct regex_scratch *scratch, size_t *start_out, size_t *end_out);

#endif
