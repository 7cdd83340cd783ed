/* The state of one rewritten answer, shared by the files of redact.
 *
 * Its walkers know the grammar and tell redact.c of what happens in the
 * containers that are watched: those that some filter may name a part of.
 * They are the outermost ones, one inside the other, so that a container is
 * watched when its depth is `watched`; where that is 0, no container is open.
 * redact.c decides what becomes of a value and tells redact_out.c.
 */
#ifndef RUNTIME_REDACT_STATE_H
#define RUNTIME_REDACT_STATE_H

#include "runtime/limits.h"
#include "runtime/redact.h"
#include "runtime/redact_out.h"
#include "runtime/redact_plan.h"
#include "runtime/redact_text.h"

/* What comes next. */
enum redact_state {
	REDACT_AT_FIRST_KEY,
	REDACT_AT_KEY,
	REDACT_AT_FIRST_ELEMENT,
	REDACT_AT_VALUE,
	REDACT_AT_OPENED, /* a value that has been decided on */
	REDACT_AT_COMMA,  /* or the container's end */
	REDACT_AT_COLON,
	REDACT_AT_ROOT, /* a value of the stream, or its end */
	/* the rest of a token: */
	REDACT_IN_KEY,
	REDACT_IN_STRING,
	REDACT_IN_NUMBER,
	REDACT_IN_WORD,
	/* nothing more: */
	REDACT_BROKEN,
};

/* A watched container. Of frames[0] only the place is used: that of the
 * values of the stream. */
struct redact_frame {
	struct redact_set set;
	uint32_t index; /* of an array: that of the next element */
	bool object;
	bool settled; /* all elements of the array are named alike, and the
			 set of the next value is theirs */
	bool kept;    /* some member has not been removed */
};

struct redact {
	const struct redact_plan *plan; /* borrowed */
	struct regex_scratch *scratch;  /* borrowed */
	struct redact_out out;

	/* The grammar. */
	const char *p; /* the next byte */
	enum redact_state state;
	struct redact_string string;
	unsigned number;  /* of redact_number_step() */
	const char *word; /* what must come of true, false, null */
	uint32_t depth;   /* containers open */
	bool objects[REDACT_DEPTH_MAX + 1]; /* is that container one? */

	/* The automaton. The set of the value that comes next is in
	 * frames[watched + 1]. */
	uint32_t watched;
	struct redact_frame *frames; /* in the arena */

	/* The member that is held, in bytes from the start of it. */
	bool comma; /* it begins with one */
	size_t key_at, value_at;
	bool matching;   /* the value is a string to be looked at */
	unsigned doubts; /* about strings, in this value of the stream */
	char *text;      /* decoded; in the arena */
};

/* --- redact_quick.c ------------------------------------------------------ */

/* Goes through the window as far as there are whole tokens of the usual kind;
 * what is held is all of this window. */
void redact_quick(struct redact *r);

/* --- redact_token.c ------------------------------------------------------ */

/* Goes through the window; false when it is no JSON: r->p is at the fault. */
bool redact_tokens(struct redact *r);

/* --- redact.c: in a watched container, from its start on ------------------ */

/* A container opens that is no part of an unwatched one. */
void redact_enter(struct redact *r, bool object);

/* The comma at p. */
void redact_comma(struct redact *r, const char *p);

/* The key whose opening quote is at p begins; it ends before p. */
bool redact_key_begin(struct redact *r, const char *p);
void redact_key_end(struct redact *r, const char *p);

/* Both, for a key that is whole in this window, by what is between its
 * quotes; plain: that stands for itself. False: it is too long for that, or
 * nothing may follow what is held. */
bool redact_key(struct redact *r, struct str inside, bool plain);

/* The same for a key that is known to be no step, where some may be removed:
 * the set is empty already. */
bool redact_key_stays(struct redact *r, struct str inside);

/* The value whose first byte is at p begins; it ends before p. */
bool redact_value_begin(struct redact *r, const char *p);
void redact_value_end(struct redact *r, const char *p);

/* What is held has outgrown its limit in the middle of a string. */
void redact_string_outgrown(struct redact *r, const char *p);

/* --- redact_match.c ------------------------------------------------------- */

/* What becomes of a string, by all filters that name it. */
struct redact_verdict {
	const struct redact_final *final; /* NULL: it stays */
	size_t keep; /* of FILTER_REDACT: bytes of `inside` that stay */
};
struct redact_verdict redact_match(
	struct redact *r, const struct redact_set *set, struct str inside);

/* The filter that wins when no pattern can be asked. */
const struct redact_final *redact_doubt(
	const struct redact *r, const struct redact_set *set);

#endif
