/* Text of whoever sent it, inside a line of JSON that must not grow beyond a
 * room: for the parts of audit.c.
 *
 * Escaped is what a terminal or a parser could stumble over: control
 * characters, invalid UTF-8, characters without a width or that turn the
 * direction of writing.
 */
#ifndef RUNTIME_AUDIT_TEXT_H
#define RUNTIME_AUDIT_TEXT_H

#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const char audit_hex[];

/* That all fits is sure beforehand: each value has its share. */
struct audit_buf {
	char *p; /* borrowed */
	size_t n, room;
};

void audit_put(struct audit_buf *o, struct str s);
void audit_put_number(struct audit_buf *o, uint64_t n);

/* The inside of a JSON string that may take so much room and no more. */
struct audit_text {
	struct audit_buf *o; /* borrowed */
	size_t end;          /* where the mark of a cut begins at the latest */
	uint64_t bytes;
	bool cut;
};

/* With both quotes; a text that was cut says so at its end. */
struct audit_text audit_text_begin(struct audit_buf *o, size_t max);
void audit_text_put(struct audit_text *t, struct str s);
void audit_text_end(struct audit_text *t);

/* The string; null when it is empty. */
void audit_put_text(struct audit_buf *o, struct str s, size_t max);

#endif
