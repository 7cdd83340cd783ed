/* Showing text that others wrote: to a terminal, safely.
 *
 * Names, messages and values may hold control bytes or characters that change
 * the direction of text; they are shown as \xNN.
 */
#ifndef COMPILER_SHOW_H
#define COMPILER_SHOW_H

#include "runtime/str.h"

#include <stdint.h>
#include <stdio.h>

void show_text(struct str s, FILE *out);

/* In double quotes, with `"` and `\` escaped. */
void show_quoted(struct str s, FILE *out);

/* A time, in the largest unit that shows it whole; 0 is "0". */
void show_time(uint32_t ms, FILE *out);

#endif
