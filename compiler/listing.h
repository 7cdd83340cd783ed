/* Listing: a program, or its rules, as text. */
#ifndef COMPILER_LISTING_H
#define COMPILER_LISTING_H

#include "runtime/program.h"

#include <stdio.h>

/* The rules in the order of evaluation, one a line with its conditions as
 * indented lines, decompiled from the program: what --check-config prints. */
void listing_rules(const struct program *p, FILE *out);

/* The instructions, tests and constants. */
void listing_code(const struct program *p, FILE *out);

#endif
