/* One test of a program against the facts. */
#ifndef RUNTIME_MATCH_H
#define RUNTIME_MATCH_H

#include "runtime/facts.h"
#include "runtime/program.h"
#include "runtime/regex.h"

enum truth {
	TRUTH_FALSE,
	TRUTH_TRUE,
	TRUTH_DOUBT, /* a limit was hit: the rule's action decides */
};

/* Does the test hold? A field with several values (`*` in a body path, a
 * query list) holds when some value does; in doubt about one, when another
 * does. After REGEX_DOUBTS_MAX doubts the rest is not tried. A string is to
 * `*` and to element 0 a list of one. A body test needs facts->body; an
 * arena that overflows makes a doubt. */
enum truth match_test(const struct program *p, const struct program_test *t,
	const struct facts *f, struct regex_scratch *scratch);

/* The header of that name as tests see it: several lines are one, joined by
 * ", " in the facts' arena. False when there is none; p is NULL when the
 * arena has overflowed. */
bool match_header_value(
	const struct facts *f, struct str name, struct str *value_out);

#endif
