/* What the profiles of the two HAProxy images share. Private to them. */
#ifndef COMPILER_TOGGLE_COMPAT_H
#define COMPILER_TOGGLE_COMPAT_H

#include "compiler/toggle_set.h"

/* The path starts with the section's, in any case. */
struct cond *toggle_compat_section(
	struct toggle_set *s, const struct toggle_def *t);

/* Allows what the openings that are on match, whatever the method. */
void toggle_compat_openings(struct toggle_set *s);

#endif
