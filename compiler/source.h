/* Source: the bytes of a policy, checked before any parser sees them.
 *
 * libfyaml ends its input silently at a NUL byte or at overlong UTF-8, and
 * takes control bytes into keys: so strict UTF-8, no NUL, no C0 but tab and
 * line ends, no C1, no BOM, NEL, LS or PS, nothing that changes the direction
 * of text (a reader must see what is compiled), at most SOURCE_BYTES_MAX; and
 * no directives nor heaps of brackets, on which libfyaml spends gigabytes.
 */
#ifndef COMPILER_SOURCE_H
#define COMPILER_SOURCE_H

#include "compiler/diag.h"

struct source {
	struct str name; /* as told to the user */
	uint32_t file;   /* as in struct pos: its number in d */
	struct str text;
	const uint32_t *lines; /* offset of each line's start; in the arena */
	size_t nlines;
};

/* False after an error was added to d, which has s as a source then. */
bool source_init(struct source *s, struct str name, struct str text,
	struct arena *a, struct diag *d);

/* The bytes of the character at the start of s, which is not empty; *plain_out
 * tells whether it is safe to show: valid UTF-8 that a policy may contain. */
size_t source_char(struct str s, bool *plain_out);

/* The text of a line, counted from 1, without its end; empty outside. */
struct str source_line(const struct source *s, uint32_t line);

#endif
