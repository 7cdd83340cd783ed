/* What a text must begin with for a pattern to match it. */
#ifndef COMPILER_REGEX_PREFIX_H
#define COMPILER_REGEX_PREFIX_H

#include "runtime/arena.h"
#include "runtime/str.h"

/* The literal bytes that any match of the pattern (PCRE2, compiled without
 * options that change letters or lines) begins with at the subject's start,
 * into *prefix_out, borrowed or in the arena. False when that is not known:
 * the pattern is not anchored, or too clever to say. */
bool regex_prefix(struct str pattern, struct arena *a, struct str *prefix_out);

#endif
