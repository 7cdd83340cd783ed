/* Redaction: rewriting a stream of JSON as it passes.
 *
 * A tokenizer and a path automaton, compiled from the filters of all the
 * rules that apply to the request. Works on one value or on an endless
 * sequence of values (events, stats), with memory that depends on the depth
 * alone. Bytes that no filter touches pass unchanged; a removed member takes
 * its comma along. Keys are matched exactly and also folded as Go's decoder
 * folds them, so that no spelling escapes a filter. Fails closed: malformed
 * input is an error, never passed on past the point where it went wrong.
 *
 * A filter's path: keys, array indices, `*` for any element or any member;
 * it is tried from the root of each value of the stream. A value inside a
 * redacted or removed one is gone with it. Where several filters name one
 * value, `remove` wins over `redact`, which wins over `replace`; of several
 * replacements the first does.
 *
 * A filter with a pattern applies to strings that match. Of `NAME=value` its
 * `redact` keeps the name: all up to the first `=` in the match, else the
 * first before it, else the first behind it; without any, all up to the
 * match's end; and nothing when the match ends the string. A string too long
 * for a regex, and one it cannot decide, counts as a match.
 *
 * To be undone, a comma, a key and what a pattern looks at are held, up to
 * the limits of limits.h: a longer key is no step but `*`, and with a pattern
 * that removes counts as a match; more whitespace there is bad.
 */
#ifndef RUNTIME_REDACT_H
#define RUNTIME_REDACT_H

#include "runtime/arena.h"
#include "runtime/program.h"
#include "runtime/regex.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The automaton of a set of filters; immutable, shared by threads. */
struct redact_plan;

/* filters: indices into the program's filter table, of every rule that
 * fired, in their order. In the arena; NULL when that overflows. */
const struct redact_plan *redact_plan_new(const struct program *p,
	const uint32_t *filters, size_t n, struct arena *a);

enum redact_step {
	REDACT_MORE, /* all input is taken: feed more, or end */
	REDACT_FULL, /* the output is full: empty it and go on, with what is
			left of the input, be it nothing */
	REDACT_BAD,  /* the input is no JSON, or too deep: cut the answer;
			what is out is right as far as it goes */
};

struct redact;

/* For one answer: all the memory it will ever need, about 10 KiB, with
 * patterns 100 more. The plan and the scratch must outlive it. NULL when the
 * arena overflows. */
struct redact *redact_new(const struct redact_plan *plan,
	struct regex_scratch *scratch, struct arena *a);

/* Takes input (*used_out bytes of it) and appends to out (*out_n of cap
 * bytes). What a complete value has written is all in out when REDACT_MORE
 * is returned: nothing of an event waits for the next one. */
enum redact_step redact_run(struct redact *r, const char *in, size_t n,
	size_t *used_out, char *out, size_t cap, size_t *out_n);

/* At the input's end: true when it ended between values. */
bool redact_end(const struct redact *r);

#endif
