/* What both walkers of a JSON stream know of its containers.
 *
 * The slow walker (redact_token.c) takes part of a token at a time and can
 * stop at any byte; the quick one (redact_quick.c) takes whole tokens of the
 * usual kind, as long as there are any, and leaves whatever it does not like
 * to the slow one, which knows why it is wrong. Quick and slow must agree:
 * all splits of an input are tested against it in one piece.
 */
#ifndef RUNTIME_REDACT_STEPS_H
#define RUNTIME_REDACT_STEPS_H

#include "runtime/redact_state.h"

#define REDACT_INLINE static inline __attribute__((always_inline))

REDACT_INLINE bool
redact_is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* Is the innermost open container watched; with none, the stream? */
REDACT_INLINE bool
redact_is_watched(const struct redact *r)
{
	return r->depth == r->watched;
}

/* What comes behind a value. */
REDACT_INLINE enum redact_state
redact_behind_value(const struct redact *r)
{
	return r->depth ? REDACT_AT_COMMA : REDACT_AT_ROOT;
}

/* Opens the container whose bracket is c; its depth is below the limit. */
REDACT_INLINE enum redact_state
redact_open(struct redact *r, char c)
{
	bool object = c == '{';

	if (redact_is_watched(r))
		redact_enter(r, object);
	r->objects[++r->depth] = object;
	return object ? REDACT_AT_FIRST_KEY : REDACT_AT_FIRST_ELEMENT;
}

/* Closes the innermost container, which ends before p. */
REDACT_INLINE enum redact_state
redact_close(struct redact *r, const char *p)
{
	if (redact_is_watched(r))
		r->watched--;
	r->depth--;
	if (redact_is_watched(r))
		redact_value_end(r, p);
	return redact_behind_value(r);
}

#endif
