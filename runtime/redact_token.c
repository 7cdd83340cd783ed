/* Redaction: the grammar of a stream of JSON, in pieces: the slow walker. */
#include "runtime/redact_steps.h"

#include "runtime/json_plain.h"

static void
end_value(struct redact *r)
{
	if (redact_is_watched(r))
		redact_value_end(r, r->p);
	r->state = redact_behind_value(r);
}

/* The key or value that is a string has ended. */
static void
end_string(struct redact *r)
{
	if (r->state == REDACT_IN_STRING) {
		end_value(r);
		return;
	}
	if (redact_is_watched(r))
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
		r->state = redact_open(r, *r->p++);
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

/* Decides on the value; it may be that nothing of it fits then. */
static bool
decide_value(struct redact *r)
{
	if (redact_is_watched(r) && !redact_value_begin(r, r->p))
		return false;
	r->state = REDACT_AT_OPENED;
	return true;
}

static bool
walk_key(struct redact *r)
{
	if (*r->p != '"')
		return false;
	if (redact_is_watched(r) && !redact_key_begin(r, r->p))
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

/* A comma, or the bracket that closes a container. */
static bool
walk_comma(struct redact *r)
{
	bool object = r->objects[r->depth];

	if (*r->p == ',') {
		if (redact_is_watched(r))
			redact_comma(r, r->p);
		r->state = object ? REDACT_AT_KEY : REDACT_AT_VALUE;
		r->p++;
		return true;
	}
	if (*r->p != (object ? '}' : ']'))
		return false;
	r->p++;
	r->state = redact_close(r, r->p);
	return true;
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
	while (r->p < r->out.end && redact_is_space(*r->p))
		r->p++;
	return r->p == r->out.end || walk_between(r);
}

bool
redact_tokens(struct redact *r)
{
	while (r->p < r->out.end) {
		/* What is in the hold would have to be put out before what
		 * comes next: as long as there is some, it goes slowly. */
		if (r->state < REDACT_IN_KEY && r->out.hold_n == 0)
			redact_quick(r);
		if (r->p < r->out.end && !walk_slow(r))
			return false;
	}
	return true;
}
