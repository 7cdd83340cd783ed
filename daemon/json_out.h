/* JSON to a stream, a value at a time: commas and escapes are done here.
 *
 * What is not valid UTF-8 is written byte by byte as the characters U+0080 to
 * U+00FF, as in our answers.
 */
#ifndef DAEMON_JSON_OUT_H
#define DAEMON_JSON_OUT_H

#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json_out {
	FILE *out;    /* borrowed */
	bool another; /* a comma comes first */
};

/* key: of a member; NULL in an array and at the top. Keys are ours: plain
 * ASCII. */
void json_out_open(struct json_out *j, const char *key, char bracket);
void json_out_close(struct json_out *j, char bracket);
void json_out_text(struct json_out *j, const char *key, struct str s);
void json_out_number(struct json_out *j, const char *key, uint64_t n);
void json_out_bool(struct json_out *j, const char *key, bool b);
void json_out_null(struct json_out *j, const char *key);

#endif
