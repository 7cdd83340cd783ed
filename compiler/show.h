/* Showing text that others wrote: to a terminal, safely.
 *
 * Names, messages and values may hold control bytes or characters that change
 * the direction of text; they are shown as \xNN.
 */
#ifndef COMPILER_SHOW_H
#define COMPILER_SHOW_H

#include "runtime/str.h"

#include <stdio.h>

void show_text(struct str s, FILE *out);

/* In double quotes, with `"` and `\` escaped. */
void show_quoted(struct str s, FILE *out);

#endif
