/* Scalars: their text, as the source means it.
 *
 * libfyaml 0.7.12 determines how long a text is by another way than it writes
 * it, and the two do not always agree: on '''' in single quotes, on an escaped
 * blank at the end of a line, on folded lines with deeper ones among them. What
 * fy_token_get_text() gives then lacks its end, or has bytes of nobody there.
 * So the one is held against the other, and '' is read here.
 */
#ifndef COMPILER_SCALAR_H
#define COMPILER_SCALAR_H

#include "runtime/arena.h"
#include "runtime/str.h"

struct fy_token;

enum scalar {
	SCALAR_READ,
	SCALAR_UNSURE, /* libfyaml does not agree with itself about it */
	SCALAR_NO_MEMORY,
};

/* The bytes of a scalar in the source, its quotes included. */
struct str scalar_source(struct fy_token *token, struct str text);

/* The text of the scalar that is written as `source`: of the token, the source
 * or the arena. */
enum scalar scalar_text(struct fy_token *token, struct str source,
	struct arena *a, struct str *text_out);

#endif
