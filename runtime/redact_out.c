/* What passes from one window of input to the output, and what is held back. */
#include "runtime/redact_out.h"

#include <assert.h>

/* Cuts the window to what the output has room for. */
static void
fit(struct redact_out *o, const char *p)
{
	size_t room = o->queued ? 0 : (size_t)(o->to_end - o->to);
	size_t left = (size_t)(o->in_end - p);

	o->end = o->swallowing || left <= room ? o->in_end : p + room;
}

static size_t
copy(struct redact_out *o, struct str text)
{
	size_t room = (size_t)(o->to_end - o->to);
	size_t n = text.n < room ? text.n : room;

	if (n)
		memcpy(o->to, text.p, n);
	o->to += n;
	return n;
}

/* Text that is not of this window, or is so only in part. */
static void
put(struct redact_out *o, struct str text)
{
	if (!o->queued)
		text = str_from(text, copy(o, text));
	if (!text.n)
		return;
	assert(o->queued < sizeof(o->queue) / sizeof(o->queue[0]));
	o->queue[o->queued++] = text;
}

bool
redact_out_drain(struct redact_out *o)
{
	unsigned done = 0;

	while (done < o->queued) {
		struct str *text = &o->queue[done];
		*text = str_from(*text, copy(o, *text));
		if (text->n)
			break;
		done++;
	}
	o->queued -= done;
	memmove(o->queue, o->queue + done, o->queued * sizeof(o->queue[0]));
	return o->queued == 0;
}

void
redact_out_open(struct redact_out *o, const char *p)
{
	o->run = o->swallowing ? NULL : p;
	o->mark = o->holding ? p : NULL;
	fit(o, p);
}

/* Moves what is held of this window into the hold; all before it is out. */
static void
keep_held(struct redact_out *o, const char *p)
{
	size_t n = (size_t)(p - o->mark);

	assert(o->hold_n + n <= o->limit + 1);
	if (n)
		memcpy(o->hold + o->hold_n, o->mark, n);
	o->hold_n += n;
	o->mark = p;
	o->run = p;
}

void
redact_out_close(struct redact_out *o, const char *p, bool bad)
{
	redact_out_flush(o, o->mark ? o->mark : p);
	o->holding = o->mark && !bad;
	if (o->holding)
		keep_held(o, p);
	o->run = NULL;
	o->mark = NULL;
}

void
redact_out_flush(struct redact_out *o, const char *upto)
{
	if (!o->run)
		return;
	size_t n = (size_t)(upto - o->run);
	/* A window is no longer than the room it was given. */
	assert(n <= (size_t)(o->to_end - o->to));
	memcpy(o->to, o->run, n);
	o->to += n;
	o->run = upto;
}

const char *
redact_out_gather(struct redact_out *o, const char *p)
{
	if (o->hold_n == 0)
		return o->mark;
	keep_held(o, p);
	return o->hold;
}

void
redact_out_release(struct redact_out *o, const char *p, size_t skip)
{
	if (o->hold_n) {
		redact_out_replace(o, p, skip, redact_out_held(o, p), STR(""));
		return;
	}
	if (skip) {
		redact_out_flush(o, o->mark);
		o->run = o->mark + skip;
	}
	o->mark = NULL;
}

void
redact_out_replace(struct redact_out *o, const char *p, size_t skip,
	size_t keep, struct str text)
{
	const char *held = redact_out_gather(o, p);

	if (o->hold_n) {
		put(o, (struct str){held + skip, keep - skip});
	} else {
		redact_out_flush(o, held);
		o->run = held + skip;
		redact_out_flush(o, held + keep);
	}
	put(o, text);
	o->hold_n = 0;
	o->mark = NULL;
	redact_out_resume(o, p);
}

void
redact_out_drop(struct redact_out *o)
{
	redact_out_flush(o, o->mark);
	o->run = NULL;
	o->mark = NULL;
	o->hold_n = 0;
	o->swallowing = true;
	o->end = o->in_end;
}

void
redact_out_swallow(struct redact_out *o, const char *p, struct str text)
{
	redact_out_flush(o, p);
	put(o, text);
	o->run = NULL;
	o->swallowing = true;
	o->end = o->in_end;
}

void
redact_out_resume(struct redact_out *o, const char *p)
{
	o->swallowing = false;
	o->run = p;
	fit(o, p);
}
