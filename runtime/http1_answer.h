/* The head of an answer that is the last one's again is not parsed again.
 *
 * What an Engine answers differs from one request to the next by its date, once
 * a second: under load most heads are the same bytes as the one before. Parsing
 * depends on nothing but the bytes and the request's method, so where both are
 * equal, what it made of them is, too.
 *
 * Heads of requests are not remembered: they hold secrets, and the time that a
 * comparison takes would tell one client how much it has guessed of another's.
 */
#ifndef RUNTIME_HTTP1_ANSWER_H
#define RUNTIME_HTTP1_ANSWER_H

#include "runtime/http1.h"
#include "runtime/limits.h"

/* Longer heads are parsed where they lie, and forgotten. */
#define HTTP1_ANSWER_BYTES 1024

struct http1_answer {
	struct http1_head head; /* of text, or of the caller's bytes */
	enum method method;     /* of the request */
	size_t n;               /* bytes of text; 0: none is remembered */
	char text[HTTP1_ANSWER_BYTES];
	struct http1_field fields[HTTP1_FIELDS_MAX];
};

/* For free(); NULL without memory. */
struct http1_answer *http1_answer_new(void);

/* Does the input, of an answer to a request of that method, begin with the
 * head that is remembered? Then a->head is it, and *len_out its length. */
static inline bool
http1_answer_is(const struct http1_answer *a, struct str in, enum method method,
	size_t *len_out)
{
	*len_out = a->n;
	return a->n && a->method == method &&
	       str_starts(in, (struct str){a->text, a->n});
}

/* As http1_parse_response(), to a->head. It is good until the next call; where
 * it is too long to be remembered, only as long as the bytes at p are. */
enum why http1_answer_parse(
	struct http1_answer *a, const char *p, size_t n, enum method method);

#endif
