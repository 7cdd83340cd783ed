/* Redaction: the grammar of a stream of JSON, in pieces.
 *
 * Two walkers over one state. The slow one takes part of a token at a time
 * and can stop at any byte; the quick one takes whole tokens of the usual
 * kind, as long as there are any, and leaves whatever it does not like to the
 * slow one, which knows why it is wrong. Quick and slow must agree: all
 * splits of an input are tested against it in one piece.
 */
#include "runtime/redact_state.h"

#include "runtime/json_plain.h"

#define INLINE static inline __attribute__((always_inline))

/* --- both ------------------------------------------------------------------ */

INLINE bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

INLINE const char *
skip_space(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	return p;
}

/* Is the innermost open container watched; with none, the stream? */
INLINE bool
watched(const struct redact *r)
{
	return r->depth == r->watched;
}

/* What comes behind a value. */
INLINE enum redact_state
behind_value(const struct redact *r)
{
	return r->depth ? REDACT_AT_COMMA : REDACT_AT_ROOT;
}

/* Opens the container whose bracket is c; its depth is below the limit. */
INLINE enum redact_state
open_container(struct redact *r, char c)
{
	bool object = c == '{';

	if (watched(r))
		redact_enter(r, object);
	r->objects[++r->depth] = object;
	return object ? REDACT_AT_FIRST_KEY : REDACT_AT_FIRST_ELEMENT;
}

/* Closes the innermost container, which ends before p. */
INLINE enum redact_state
close_container(struct redact *r, const char *p)
{
	if (watched(r))
		r->watched--;
	r->depth--;
	if (watched(r))
		redact_value_end(r, p);
	return behind_value(r);
}

/* Decides on the value at p; it may be that nothing of it fits then. NULL
 * when it cannot. */
INLINE const char *
decide(struct redact *r, const char *p)
{
	if (watched(r) && !redact_value_begin(r, p))
		return NULL;
	r->state = REDACT_AT_OPENED;
	return p;
}

/* --- quick ----------------------------------------------------------------- */

/* Past an escape or a character beyond ASCII; NULL when it is not whole or
 * not right. */
static __attribute__((noinline)) const char *
skip_unusual(const char *p, const char *end)
{
	struct redact_string s = {0};

	if (end - p > 2 && p[0] == '\\' && (p[1] == '"' || p[1] == '\\'))
		return p + 2; /* the most usual of them */

	do {
		if (p == end || !redact_string_step(&s, (unsigned char)*p++))
			return NULL;
	} while (!redact_string_between(&s));
	return p;
}

/* Past the closing quote of the string that goes on at p, or NULL. */
INLINE const char *
skip_rest(const char *p, const char *end)
{
	for (;;) {
		p = json_plain_run(p, end);
		if (p == end)
			return NULL;
		if (*p == '"')
			return p + 1;
		p = skip_unusual(p, end);
		if (!p)
			return NULL;
	}
}

/* Past an integer, or NULL. */
INLINE const char *
skip_integer(const char *p, const char *end)
{
	if (*p == '0')
		p++;
	else
		while (p < end && *p >= '0' && *p <= '9')
			p++;
	/* What ends it tells that it is one. */
	return p < end && (*p == ',' || *p == '}' || *p == ']') ? p : NULL;
}

INLINE const char *
skip_word(const char *p, const char *end, struct str word)
{
	if ((size_t)(end - p) < word.n || memcmp(p, word.p, word.n) != 0)
		return NULL;
	return p + word.n;
}

INLINE const char *
skip_scalar(const char *p, const char *end)
{
	switch (*p) {
	case '"':
		return skip_rest(p + 1, end);
	case 'n':
		return skip_word(p, end, STR("null"));
	case 't':
		return skip_word(p, end, STR("true"));
	case 'f':
		return skip_word(p, end, STR("false"));
	default:
		return *p >= '0' && *p <= '9' ? skip_integer(p, end) : NULL;
	}
}

/* Past a comma or the closing bracket of a container, or NULL. */
INLINE const char *
quick_comma(struct redact *r, const char *p)
{
	bool object = r->objects[r->depth];

	if (*p == ',') {
		if (watched(r))
			redact_comma(r, p);
		r->state = object ? REDACT_AT_KEY : REDACT_AT_VALUE;
		return p + 1;
	}
	if (*p != (object ? '}' : ']'))
		return NULL;
	r->state = close_container(r, p + 1);
	return p + 1;
}

/* Past a whole scalar and the comma that follows at once, or past the opening
 * bracket of a container, or NULL. */
INLINE const char *
quick_value(struct redact *r, const char *p, const char *end)
{
	if (*p == '{' || *p == '[') {
		if (r->depth == REDACT_DEPTH_MAX)
			return NULL;
		r->state = open_container(r, *p);
		return p + 1;
	}
	const char *past = skip_scalar(p, end);
	if (!past)
		return NULL;
	if (watched(r) && (r->matching || r->out.swallowing)) {
		if ((size_t)(past - p) > REDACT_MATCH_MAX)
			return NULL;
		redact_value_end(r, past);
	}
	r->state = behind_value(r);
	if (past < r->out.end && *past == ',' && r->depth > 0)
		return quick_comma(r, past);
	return past;
}

/* A value that has not been decided on. */
INLINE const char *
quick_undecided(struct redact *r, const char *p, const char *end)
{
	const struct redact_frame *f = &r->frames[r->watched];

	bool known = f->object || f->settled;
	bool plain = known && !f[1].set.best && !f[1].set.patterns;

	if (watched(r) && (!plain || r->out.mark || r->out.swallowing))
		return decide(r, p);
	return quick_value(r, p, end);
}

/* Finds the set of a watched object's member. */
INLINE bool
quick_watched_key(
	struct redact *r, const char *p, const char *run, const char *past)
{
	struct redact_frame *f = &r->frames[r->watched];
	struct str key = {p + 1, (size_t)(run - p) - 1};
	bool plain = past == run + 1;

	/* Most keys are no step: they have another length or another first
	 * byte. Of those that are not plain nothing is known yet. */
	if (plain && !f->set.removes && !(f->set.keys & redact_key_bit(key))) {
		redact_set_clear(&f[1].set);
		return true;
	}
	return redact_key(r, p, past);
}

/* Past a key, its colon, and what quick_value() takes, or NULL. */
INLINE const char *
quick_member(struct redact *r, const char *p, const char *end)
{
	if (*p != '"')
		return NULL;
	const char *run = json_plain_run(p + 1, end);
	const char *past = skip_rest(run, end);
	if (!past || past == end || *past != ':')
		return NULL;
	if (watched(r) && !quick_watched_key(r, p, run, past))
		return NULL;
	r->state = REDACT_AT_VALUE;
	r->p = ++past;
	if (past == end || is_space(*past))
		return past;
	return quick_undecided(r, past, end);
}

/* Some tokens from p on, a byte of the window that is no space. NULL: what
 * is at r->p, with the state as it is, is left to the slow walker. */
INLINE const char *
quick_token(struct redact *r, const char *p, const char *end)
{
	switch (r->state) {
	case REDACT_AT_FIRST_KEY:
		return *p == '}' ? quick_comma(r, p) : quick_member(r, p, end);
	case REDACT_AT_KEY:
		return quick_member(r, p, end);
	case REDACT_AT_FIRST_ELEMENT:
		if (*p == ']')
			return quick_comma(r, p);
		return quick_undecided(r, p, end);
	case REDACT_AT_ROOT:
	case REDACT_AT_VALUE:
		return quick_undecided(r, p, end);
	case REDACT_AT_OPENED:
		return quick_value(r, p, end);
	case REDACT_AT_COMMA:
		return quick_comma(r, p);
	case REDACT_AT_COLON:
	case REDACT_IN_KEY:
	case REDACT_IN_STRING:
	case REDACT_IN_NUMBER:
	case REDACT_IN_WORD:
	case REDACT_BROKEN:
		break;
	}
	return NULL;
}

static void
walk_quick(struct redact *r)
{
	const char *p = r->p;

	while (p) {
		p = skip_space(p, r->out.end);
		r->p = p;
		if (p == r->out.end)
			return;
		p = quick_token(r, p, r->out.end);
	}
}

/* --- slow ------------------------------------------------------------------ */

static void
end_value(struct redact *r)
{
	if (watched(r))
		redact_value_end(r, r->p);
	r->state = behind_value(r);
}

/* The key or value that is a string has ended. */
static void
end_string(struct redact *r)
{
	if (r->state == REDACT_IN_STRING) {
		end_value(r);
		return;
	}
	if (watched(r))
		redact_key_end(r, r->p);
	r->state = REDACT_AT_COLON;
}

/* The end of the window; or where what is held outgrows its limit, so that
 * it does so at the same byte in whatever pieces it comes. */
static const char *
string_stop(const struct redact_out *o)
{
	if (!o->mark)
		return o->end;
	size_t left = o->limit + 1 - redact_out_held(o, o->mark);
	return (size_t)(o->end - o->mark) > left ? o->mark + left : o->end;
}

static bool
walk_string(struct redact *r)
{
	struct redact_out *o = &r->out;

	for (;;) {
		const char *stop = string_stop(o);
		if (redact_string_between(&r->string))
			r->p = json_plain_run(r->p, stop);
		if (o->mark && redact_out_held(o, r->p) > o->limit) {
			redact_string_outgrown(r, r->p);
			return true;
		}
		if (r->p == stop)
			return true;
		if (*r->p == '"' && redact_string_between(&r->string)) {
			r->p++;
			end_string(r);
			return true;
		}
		if (!redact_string_step(&r->string, (unsigned char)*r->p))
			return false;
		r->p++;
	}
}

static bool
walk_number(struct redact *r)
{
	for (; r->p < r->out.end; r->p++) {
		unsigned next =
			redact_number_step(r->number, (unsigned char)*r->p);
		if (!next) {
			if (!redact_number_whole(r->number))
				return false;
			end_value(r);
			return true;
		}
		r->number = next;
	}
	return true;
}

static bool
walk_word(struct redact *r)
{
	for (; *r->word; r->word++, r->p++) {
		if (r->p == r->out.end)
			return true;
		if (*r->p != *r->word)
			return false;
	}
	end_value(r);
	return true;
}

static void
begin_string(struct redact *r, enum redact_state state)
{
	r->state = state;
	r->string = (struct redact_string){0};
	r->p++;
}

static bool
begin_word(struct redact *r, const char *word)
{
	r->state = REDACT_IN_WORD;
	r->word = word;
	return walk_word(r);
}

/* The first byte of a value. */
static bool
begin_value(struct redact *r)
{
	switch (*r->p) {
	case '"':
		begin_string(r, REDACT_IN_STRING);
		return true;
	case '{':
	case '[':
		if (r->depth == REDACT_DEPTH_MAX)
			return false;
		r->state = open_container(r, *r->p++);
		return true;
	case 'n':
		return begin_word(r, "null");
	case 't':
		return begin_word(r, "true");
	case 'f':
		return begin_word(r, "false");
	default:
		r->state = REDACT_IN_NUMBER;
		r->number = 0;
		return walk_number(r);
	}
}

static bool
decide_value(struct redact *r)
{
	return decide(r, r->p) != NULL;
}

static bool
walk_key(struct redact *r)
{
	if (*r->p != '"')
		return false;
	if (watched(r) && !redact_key_begin(r, r->p))
		return false;
	begin_string(r, REDACT_IN_KEY);
	return true;
}

static bool
walk_colon(struct redact *r)
{
	if (*r->p != ':')
		return false;
	r->p++;
	r->state = REDACT_AT_VALUE;
	return true;
}

static bool
walk_comma(struct redact *r)
{
	const char *past = quick_comma(r, r->p);

	if (past)
		r->p = past;
	return past != NULL;
}

/* Between two tokens, at a byte that is no space. */
static bool
walk_between(struct redact *r)
{
	switch (r->state) {
	case REDACT_AT_FIRST_KEY:
		return *r->p == '}' ? walk_comma(r) : walk_key(r);
	case REDACT_AT_KEY:
		return walk_key(r);
	case REDACT_AT_COLON:
		return walk_colon(r);
	case REDACT_AT_COMMA:
		return walk_comma(r);
	case REDACT_AT_FIRST_ELEMENT:
		return *r->p == ']' ? walk_comma(r) : decide_value(r);
	case REDACT_AT_ROOT:
	case REDACT_AT_VALUE:
		return decide_value(r);
	case REDACT_AT_OPENED:
	case REDACT_IN_KEY:
	case REDACT_IN_STRING:
	case REDACT_IN_NUMBER:
	case REDACT_IN_WORD:
	case REDACT_BROKEN:
		break;
	}
	return begin_value(r);
}

/* The rest of a token, or the part of it that is here. */
static bool
walk_inside(struct redact *r)
{
	if (r->state == REDACT_IN_NUMBER)
		return walk_number(r);
	if (r->state == REDACT_IN_WORD)
		return walk_word(r);
	return walk_string(r);
}

static bool
walk_slow(struct redact *r)
{
	if (r->state >= REDACT_IN_KEY)
		return walk_inside(r);
	r->p = skip_space(r->p, r->out.end);
	return r->p == r->out.end || walk_between(r);
}

bool
redact_tokens(struct redact *r)
{
	while (r->p < r->out.end) {
		/* What is in the hold would have to be put out before what
		 * comes next: as long as there is some, it goes slowly. */
		if (r->state < REDACT_IN_KEY && r->out.hold_n == 0)
			walk_quick(r);
		if (r->p < r->out.end && !walk_slow(r))
			return false;
	}
	return true;
}
