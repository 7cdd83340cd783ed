/* Redaction: the grammar of a stream of JSON, by whole tokens: the quick
 * walker. It knows compact JSON inside of containers, and stops at anything
 * else: before it with the state as it is, so that the slow one goes on.
 */
#include "runtime/redact_steps.h"

#include "runtime/json_plain.h"

/* It begins no token in the last bytes of a window: so there is a byte behind
 * each that tells what comes next, and room for a word. */
#define QUICK_MARGIN 8

/* What is at hand while it runs. */
struct quick {
	struct redact *r;
	const char *p;   /* the next byte */
	const char *end; /* of the window, but for the margin */
	enum redact_state state;
	struct json_specials specials; /* those to come, in front of the end */
	uint32_t depth;                /* of the innermost container */
	bool object;                   /* it is one */
	struct redact_frame *frame;    /* its own; NULL: it is not watched */

	/* What may not be skimmed, in the container of this depth: its end,
	 * and keys with these bits; 0: it is not watched. */
	uint32_t floor;
	uint64_t keys;
};

/* --- tokens ---------------------------------------------------------------- */

/* Past an escape or a character beyond ASCII, or NULL. */
static const char *
skip_unusual(const char *p, const char *end)
{
	struct redact_string s = {0};

	/* Most are of two bytes. */
	if (*p == '\\' && memchr("\"\\/bfnrt", p[1], 8))
		return p + 2;
	do {
		if (p == end || !redact_string_step(&s, (unsigned char)*p++))
			return NULL;
	} while (!redact_string_between(&s));
	return p;
}

/* Past the closing quote of a string whose plain part ends at p, or NULL. */
static __attribute__((cold)) const char *
skip_rest(const char *p, const char *end)
{
	while (p < end) {
		if (*p == '"')
			return p + 1;
		p = skip_unusual(p, end);
		if (!p)
			return NULL;
		p = json_plain_run(p, end);
	}
	return NULL;
}

/* Past the closing quote of the string that comes next, or NULL; is it plain?
 */
REDACT_INLINE const char *
skip_string(struct json_specials *s, const char *end, bool *plain_out)
{
	const char *p = json_specials_second(s, end);
	*plain_out = *p == '"';
	if (*plain_out)
		return p + 1;
	p = skip_rest(p, end);
	if (p)
		json_specials_skip(s, p, end);
	return p;
}

/* Past an integer, or NULL. */
REDACT_INLINE const char *
skip_integer(const char *p, const char *end)
{
	p += *p == '-';
	if (*p == '0')
		p++;
	else if (*p >= '1' && *p <= '9')
		do
			p++;
		while (p < end && *p >= '0' && *p <= '9');
	else
		return NULL;
	/* What ends it tells that it is one. */
	return *p == ',' || *p == '}' || *p == ']' ? p : NULL;
}

REDACT_INLINE const char *
skip_word(const char *p, struct str word)
{
	return memcmp(p, word.p, word.n) == 0 ? p + word.n : NULL;
}

/* Past the scalar at p, or NULL. */
REDACT_INLINE const char *
skip_scalar(struct quick *q, const char *p)
{
	bool plain;

	switch (*p) {
	case '"':
		return skip_string(&q->specials, q->end, &plain);
	case 'n':
		return skip_word(p, STR("null"));
	case 't':
		return skip_word(p, STR("true"));
	case 'f':
		return skip_word(p, STR("false"));
	default:
		return skip_integer(p, q->end);
	}
}

/* --- what they mean -------------------------------------------------------- */

/* Another container is the innermost one. */
REDACT_INLINE void
look_around(struct quick *q)
{
	struct redact *r = q->r;

	q->depth = r->depth;
	q->object = r->objects[r->depth];
	q->frame = redact_is_watched(r) ? &r->frames[r->watched] : NULL;
}

/* The window may have another end now. */
REDACT_INLINE void
look_ahead(struct quick *q)
{
	const char *end = q->r->out.end;

	end = end - q->p > QUICK_MARGIN ? end - QUICK_MARGIN : q->p;
	if (q->end == end)
		return;
	q->end = end;
	json_specials_begin(&q->specials, q->p, end);
}

/* Finds the set of a watched object's member, and whether there is anything
 * to decide; false when it cannot. Where nothing is removed, a plain key that
 * no filter names has been skimmed. */
REDACT_INLINE bool
name_member(struct quick *q, struct str key, bool plain, bool *named_out)
{
	struct redact_frame *f = q->frame;

	/* Of a key that is not plain nothing is known yet. */
	*named_out =
		!plain || !f->set.removes || redact_may_be(key, f->set.keys);
	if (*named_out)
		return redact_key(q->r, key, plain);
	redact_set_clear(&f[1].set);
	return redact_key_stays(q->r, key);
}

/* Decides on the next value, directly in a watched container; false when it
 * cannot. */
REDACT_INLINE bool
decide(struct quick *q)
{
	struct redact *r = q->r;
	const struct redact_frame *f = q->frame;
	bool known = f->object || f->settled;

	/* No value: more whitespace, or the end of an empty array. */
	if (redact_is_space(*q->p) || *q->p == ']')
		return false;
	if (known && !f[1].set.best && !f[1].set.patterns && !r->out.mark)
		return true;
	if (!redact_value_begin(r, q->p))
		return false;
	q->state = REDACT_AT_OPENED;
	look_ahead(q);
	return q->p < q->end;
}

/* --- steps: past what comes next; false when that cannot be ---------------- */

/* A key and its colon. */
REDACT_INLINE bool
pass_key(struct quick *q)
{
	if (*q->p != '"')
		return false;
	bool plain, named = false;
	const char *past = skip_string(&q->specials, q->end, &plain);
	if (!past || *past != ':')
		return false;
	struct str key = {q->p + 1, (size_t)(past - q->p) - 2};
	if (!name_member(q, key, plain, &named))
		return false;
	q->p = past + 1;
	q->state = named ? REDACT_AT_VALUE : REDACT_AT_OPENED;
	return q->p < q->end;
}

/* A scalar. */
REDACT_INLINE bool
pass_scalar(struct quick *q)
{
	struct redact *r = q->r;
	const char *past = skip_scalar(q, q->p);

	if (!past)
		return false;
	bool named = r->matching || r->out.swallowing;
	if (named && (size_t)(past - q->p) > REDACT_MATCH_MAX)
		return false;
	q->p = past;
	q->state = REDACT_AT_COMMA;
	if (named) {
		redact_value_end(r, past);
		look_ahead(q);
	}
	return q->p < q->end;
}

/* The bracket that closes a container. */
REDACT_INLINE bool
pass_close(struct quick *q)
{
	if (*q->p != (q->object ? '}' : ']'))
		return false;
	q->p++;
	q->state = redact_close(q->r, q->p);
	look_around(q);
	look_ahead(q);
	return q->p < q->end;
}

/* The bracket that opens a container; of an empty one also the other. */
REDACT_INLINE bool
pass_open(struct quick *q)
{
	if (q->r->depth == REDACT_DEPTH_MAX)
		return false;
	q->state = redact_open(q->r, *q->p++);
	look_around(q);
	if (*q->p == '}' || *q->p == ']')
		return pass_close(q);
	return q->p < q->end;
}

REDACT_INLINE bool
pass_value(struct quick *q)
{
	if (q->state != REDACT_AT_OPENED && !decide(q))
		return false;
	if (*q->p == '{' || *q->p == '[')
		return pass_open(q);
	return pass_scalar(q);
}

/* A comma, or the end of a container. */
REDACT_INLINE bool
pass_comma(struct quick *q)
{
	if (*q->p != ',')
		return pass_close(q);
	/* It is watched: another's comma has been skimmed. That of an object
	 * matters only where a member may be removed. */
	if (!q->object || q->frame->set.removes)
		redact_comma(q->r, q->p);
	q->p++;
	q->state = q->object ? REDACT_AT_KEY : REDACT_AT_VALUE;
	return q->p < q->end;
}

/* Whitespace. */
REDACT_INLINE bool
pass_space(struct quick *q)
{
	const char *p = q->p;

	while (p < q->end && redact_is_space(*p))
		p++;
	if (p == q->p || p == q->end)
		return false;
	q->p = p;
	json_specials_skip(&q->specials, p, q->end);
	return true;
}

/* --- the same where nothing is to be decided ------------------------------- */

/* A key that no filter names, and its colon. */
REDACT_INLINE bool
skim_key(struct quick *q)
{
	struct json_specials specials = q->specials;
	bool plain;

	q->state = REDACT_AT_KEY;
	if (q->p >= q->end || *q->p != '"')
		return false;
	const char *past = skip_string(&specials, q->end, &plain);
	if (!past || *past != ':')
		return false;
	struct str key = {q->p + 1, (size_t)(past - q->p) - 2};
	if (q->depth == q->floor && q->keys &&
		(!plain || redact_may_be(key, q->keys)))
		return false;
	q->specials = specials;
	q->p = past + 1;
	return true;
}

/* Brackets that close containers, and a comma. */
REDACT_INLINE bool
skim_comma(struct quick *q)
{
	q->state = REDACT_AT_COMMA;
	while (*q->p != ',') {
		if (q->depth == q->floor || q->p >= q->end)
			return false;
		if (*q->p != (q->object ? '}' : ']'))
			return false;
		q->p++;
		q->object = q->r->objects[--q->depth];
	}
	q->p++;
	return true;
}

/* The bracket that opens a container; of an empty one also the other. */
REDACT_INLINE bool
skim_open(struct quick *q)
{
	if (q->depth == REDACT_DEPTH_MAX)
		return false;
	q->object = *q->p++ == '{';
	q->r->objects[++q->depth] = q->object;
	if (*q->p == (q->object ? '}' : ']'))
		return skim_comma(q);
	q->state = q->object ? REDACT_AT_FIRST_KEY : REDACT_AT_FIRST_ELEMENT;
	return !redact_is_space(*q->p);
}

/* A scalar and what follows, or the bracket that opens a container. */
REDACT_INLINE bool
skim_value(struct quick *q)
{
	q->state = REDACT_AT_OPENED;
	if (q->p >= q->end)
		return false;
	if (*q->p == '{' || *q->p == '[')
		return skim_open(q);
	const char *past = skip_scalar(q, q->p);
	if (!past)
		return false;
	q->p = past;
	return skim_comma(q);
}

/* What is left of an item that has begun: up to the next one. */
REDACT_INLINE bool
skim_begun(struct quick *q)
{
	if (q->state == REDACT_AT_COMMA)
		return skim_comma(q);
	/* It may be no item that comes, but whitespace, or an end. */
	if (redact_is_space(*q->p) || *q->p == ']' || *q->p == '}')
		return false;
	return q->state <= REDACT_AT_KEY || skim_value(q);
}

/* Tokens, as far as nothing can come of them: nearly all are of this kind. So
 * this is a function of its own, where all that is at hand is in registers.
 * False when there are no more tokens to pass. */
static __attribute__((noinline)) bool
skim(struct quick *outside)
{
	struct quick q = *outside;

	do {
		bool going = skim_begun(&q);
		while (going)
			going = (!q.object || skim_key(&q)) && skim_value(&q);
	} while (pass_space(&q));
	outside->p = q.p;
	outside->state = q.state;
	outside->specials = q.specials;
	outside->r->depth = q.depth;
	look_around(outside);
	if (q.p >= q.end)
		return false;
	return q.state == REDACT_AT_COMMA ||
	       (q.state == REDACT_AT_KEY && outside->frame);
}

/* Finds how far may be skimmed: up to the end of this container where it is not
 * watched; in a watched object also up to a key that may be named. What is
 * skimmed there has the set that names nothing. False: not at all. */
REDACT_INLINE bool
find_floor(struct quick *q)
{
	struct redact_frame *f = q->frame;

	if (!f) {
		q->floor = q->r->watched + 1;
		q->keys = 0;
		return true;
	}
	if (!f->object || f->set.removes || f->set.keys == UINT64_MAX)
		return false;
	if (q->state > REDACT_AT_KEY && q->state != REDACT_AT_COMMA)
		return false;
	q->floor = q->r->watched;
	q->keys = f->set.keys;
	if (f[1].set.count)
		redact_set_clear(&f[1].set);
	return true;
}

/* Tokens, as long as nothing is between them. */
REDACT_INLINE void
pass_tokens(struct quick *q)
{
	while (q->state <= REDACT_AT_COMMA && q->p < q->end) {
		if (find_floor(q) && !skim(q))
			return;
		if (q->state <= REDACT_AT_KEY && !pass_key(q))
			return;
		if (q->state <= REDACT_AT_OPENED && !pass_value(q))
			return;
		if (q->state == REDACT_AT_COMMA && !pass_comma(q))
			return;
	}
}

void
redact_quick(struct redact *r)
{
	struct quick q = {.r = r, .p = r->p, .state = r->state};

	if (r->depth == 0 || q.state > REDACT_AT_COMMA)
		return;
	look_around(&q);
	look_ahead(&q);
	if (q.p < q.end)
		do
			pass_tokens(&q);
		while (pass_space(&q));
	r->p = q.p;
	r->state = q.state;
}
