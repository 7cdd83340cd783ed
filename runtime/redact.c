/* Redaction: what becomes of each value of a stream of JSON. */
#include "runtime/redact_state.h"

#include "runtime/json_plain.h"
#include "runtime/json_string.h"

/* --- decisions ------------------------------------------------------------ */

static struct redact_frame *
frame(struct redact *r)
{
	return &r->frames[r->watched];
}

/* The set of the value that comes next. */
static struct redact_set *
next_set(struct redact *r)
{
	return &r->frames[r->watched + 1].set;
}

/* What stands in the place of a whole value. */
static struct str
text_of(const struct redact_final *final)
{
	return final->action == FILTER_REPLACE ? final->replacement
					       : STR("\"***REDACTED***\"");
}

/* How much goes of what is held when its member stays: a comma that has lost
 * the member in front of it. */
static size_t
lost_comma(const struct redact *r)
{
	return r->comma && !r->frames[r->watched].kept ? 1 : 0;
}

/* What is held passes, up to p. */
static void
release(struct redact *r, const char *p)
{
	if (r->out.mark)
		redact_out_release(&r->out, p, lost_comma(r));
	frame(r)->kept = true;
}

/* What is held is gone, with what comes of the member. */
static void
drop(struct redact *r, const char *p)
{
	if (!r->out.mark)
		redact_out_hold(&r->out, p, 0);
	redact_out_drop(&r->out);
}

void
redact_enter(struct redact *r, bool object)
{
	if (r->out.swallowing || !next_set(r)->live)
		return;
	r->watched++;
	frame(r)->index = 0;
	frame(r)->object = object;
	frame(r)->settled = false;
	frame(r)->kept = false;
}

void
redact_comma(struct redact *r, const char *p)
{
	struct redact_frame *f = frame(r);

	if (!f->object && f->index < UINT32_MAX)
		f->index++;
	if (!f->set.removes)
		return;
	redact_out_hold(&r->out, p, REDACT_SPACE_MAX);
	r->comma = true;
}

bool
redact_key_begin(struct redact *r, const char *p)
{
	struct redact_out *o = &r->out;

	if (!o->mark) {
		redact_out_hold(o, p, 0);
		r->comma = false;
	} else if (redact_out_held(o, p) > o->limit) {
		return false;
	}
	r->key_at = redact_out_held(o, p);
	o->limit = r->key_at + r->plan->key_max;
	return true;
}

/* The key as it is compared: decoded, and folded where it is not ASCII. */
static struct str
key_text(struct redact *r, struct str inside)
{
	const char *end = inside.p + inside.n;

	if (json_plain_run(inside.p, end) == end)
		return inside;
	size_t n = json_string_decode(inside, r->text);
	return (struct str){r->text, json_string_fold(r->text, n)};
}

/* The set of a member's value is known, and its key ends before p: it passes
 * unless the value may be removed. */
static void
end_key(struct redact *r, const char *p)
{
	if (!frame(r)->set.removes || next_set(r)->count == 0)
		release(r, p);
	else
		r->out.limit = redact_out_held(&r->out, p) + REDACT_SPACE_MAX;
}

void
redact_key_end(struct redact *r, const char *p)
{
	if (!r->out.mark)
		return; /* it has outgrown its limit */
	const char *key = redact_out_gather(&r->out, p) + r->key_at;
	size_t n = redact_out_held(&r->out, p) - r->key_at;
	struct str inside = {key + 1, n - 2};

	redact_plan_key(
		r->plan, &frame(r)->set, key_text(r, inside), next_set(r));
	end_key(r, p);
}

bool
redact_key(struct redact *r, struct str inside, bool plain)
{
	const struct redact_frame *f = frame(r);

	if (inside.n + 2 > r->plan->key_max)
		return false;
	if (f->set.removes && !redact_key_begin(r, inside.p - 1))
		return false;
	redact_plan_key(r->plan, &f->set, plain ? inside : key_text(r, inside),
		next_set(r));
	if (f->set.removes)
		end_key(r, inside.p + inside.n + 1);
	return true;
}

bool
redact_key_stays(struct redact *r, struct str inside)
{
	struct redact_out *o = &r->out;

	if (o->mark && redact_out_held(o, inside.p - 1) > o->limit)
		return false;
	release(r, inside.p + inside.n + 1);
	return true;
}

/* A key longer than any step: only `*` can name it. Whether a pattern matches
 * its value will not be known in time, and counts as if it did. */
static void
key_outgrown(struct redact *r, const char *p)
{
	redact_plan_any(r->plan, &frame(r)->set, next_set(r));
	const struct redact_final *final = redact_doubt(r, next_set(r));

	if (final && final->action == FILTER_REMOVE)
		drop(r, p);
	else
		release(r, p);
}

/* Finds the set of an element. */
static void
find_element(struct redact *r)
{
	struct redact_frame *f = frame(r);

	if (f->settled)
		return;
	redact_plan_index(r->plan, &f->set, f->index, next_set(r));
	f->settled = !f->set.indices;
}

/* In the place of the value that begins at p comes another, or nothing. */
static void
overwrite(struct redact *r, const char *p, const struct redact_final *final)
{
	if (final->action == FILTER_REMOVE) {
		drop(r, p);
		return;
	}
	release(r, p);
	redact_out_swallow(&r->out, p, text_of(final));
}

bool
redact_value_begin(struct redact *r, const char *p)
{
	struct redact_out *o = &r->out;
	struct redact_set *set = next_set(r);

	if (o->swallowing)
		return true; /* its key outgrew the limit */
	if (o->mark && redact_out_held(o, p) > o->limit)
		return false;
	if (r->watched == 0)
		r->doubts = 0;
	else if (!frame(r)->object)
		find_element(r);
	if (set->patterns && *p == '"') {
		if (!o->mark) {
			redact_out_hold(o, p, 0);
			r->comma = false;
		}
		r->matching = true;
		r->value_at = redact_out_held(o, p);
		o->limit = r->value_at + REDACT_MATCH_MAX;
		return true;
	}
	if (set->best)
		overwrite(r, p, set->best);
	else
		release(r, p);
	return true;
}

/* The string that is held, and ends before p, has been looked at. */
static void
end_match(struct redact *r, const char *p)
{
	struct redact_out *o = &r->out;
	const char *value = redact_out_gather(o, p) + r->value_at;
	size_t n = redact_out_held(o, p) - r->value_at;
	struct redact_verdict v =
		redact_match(r, next_set(r), (struct str){value + 1, n - 2});

	if (!v.final) {
		release(r, p);
		return;
	}
	if (v.final->action == FILTER_REMOVE) {
		drop(r, p);
		redact_out_resume(o, p);
		return;
	}
	bool part = v.final->action == FILTER_REDACT;
	redact_out_replace(o, p, lost_comma(r),
		r->value_at + (part ? 1 + v.keep : 0),
		part ? STR("***REDACTED***\"") : text_of(v.final));
	frame(r)->kept = true;
}

void
redact_value_end(struct redact *r, const char *p)
{
	if (r->matching)
		end_match(r, p);
	else if (r->out.swallowing)
		redact_out_resume(&r->out, p);
	r->matching = false;
}

/* A string too long to be looked at counts as a match. */
static void
match_outgrown(struct redact *r, const char *p)
{
	const struct redact_final *final = redact_doubt(r, next_set(r));

	r->matching = false;
	if (final->action == FILTER_REMOVE) {
		drop(r, p);
		return;
	}
	redact_out_replace(
		&r->out, p, lost_comma(r), r->value_at, text_of(final));
	frame(r)->kept = true;
	redact_out_swallow(&r->out, p, STR(""));
}

void
redact_string_outgrown(struct redact *r, const char *p)
{
	if (r->matching)
		match_outgrown(r, p);
	else
		key_outgrown(r, p);
}

/* --- an answer ------------------------------------------------------------ */

/* Room for each level's set, the hold and the decoded text. */
static void
make_room(struct redact *r, struct arena *a)
{
	const struct redact_plan *plan = r->plan;
	size_t match = plan->patterns ? REDACT_MATCH_MAX : 0;
	size_t text = plan->key_max > match ? plan->key_max : match;

	r->frames = arena_alloc(a, (plan->levels + 1) * sizeof(*r->frames));
	for (uint32_t i = 0; r->frames && i < plan->levels; i++)
		r->frames[i + 1].set.nodes = arena_alloc(
			a, plan->widths[i] * sizeof(*r->frames->set.nodes));
	/* Of a member: comma and space, key, colon and space, string; a byte
	 * more of each before its limit is noticed. */
	r->out.hold = arena_alloc(
		a, 2 * REDACT_SPACE_MAX + plan->key_max + match + 4);
	r->text = arena_alloc(a, text + 4);
}

struct redact *
redact_new(const struct redact_plan *plan, struct regex_scratch *scratch,
	struct arena *a)
{
	struct redact *r = arena_alloc(a, sizeof(*r));

	if (!r)
		return NULL;
	r->plan = plan;
	r->scratch = scratch;
	r->state = REDACT_AT_ROOT;
	make_room(r, a);
	if (arena_overflowed(a))
		return NULL;
	redact_plan_root(plan, next_set(r));
	return r;
}

/* Goes through one window. */
static void
run_window(struct redact *r)
{
	struct redact_out *o = &r->out;
	bool good = redact_tokens(r);

	/* A string is never beyond its limit here: this is whitespace. */
	if (good && o->mark && redact_out_held(o, r->p) > o->limit)
		good = false;
	redact_out_close(o, r->p, !good);
	if (!good)
		r->state = REDACT_BROKEN;
}

static enum redact_step
run_windows(struct redact *r)
{
	struct redact_out *o = &r->out;

	for (;;) {
		if (!redact_out_drain(o))
			return REDACT_FULL;
		if (r->state == REDACT_BROKEN)
			return REDACT_BAD;
		if (r->p == o->in_end)
			return REDACT_MORE;
		redact_out_open(o, r->p);
		if (r->p == o->end)
			return REDACT_FULL;
		run_window(r);
	}
}

enum redact_step
redact_run(struct redact *r, const char *in, size_t n, size_t *used_out,
	char *out, size_t cap, size_t *out_n)
{
	r->p = in;
	r->out.in_end = in + n;
	r->out.to = out + *out_n;
	r->out.to_end = out + cap;
	enum redact_step step = run_windows(r);
	*used_out = (size_t)(r->p - in);
	*out_n = (size_t)(r->out.to - out);
	return step;
}

bool
redact_end(const struct redact *r)
{
	if (r->depth > 0 || r->out.queued)
		return false;
	return r->state == REDACT_AT_ROOT ||
	       (r->state == REDACT_IN_NUMBER && redact_number_whole(r->number));
}
