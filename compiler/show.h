/* Showing text that others wrote: to a terminal, safely, or as YAML.
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

/* Inside a YAML string in double quotes, where `$$` is a dollar. What a
 * configuration may not have as it is, is written by its number. */
void show_yaml_text(struct str s, FILE *out);

/* As a YAML string in quotes: single ones where that is possible. */
void show_yaml(struct str s, FILE *out);

/* A time, in the largest unit that shows it whole; 0 is "0". */
void show_time(uint32_t ms, FILE *out);

#endif
