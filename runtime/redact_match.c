/* Redaction by patterns: which strings match, and how much of them stays. */
#include "runtime/redact_state.h"

#include "runtime/json_string.h"

static bool
is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
			c != '_' && c != '-' && c != '.')
			return false;
	}
	return s.n > 0;
}

/* How many bytes of a text stay in front of its secret: of `NAME=value` the
 * name. In any other text what the pattern found may be the secret itself, or
 * stand behind it: nothing stays. */
static size_t
kept(struct str text)
{
	const char *equals = memchr(text.p, '=', text.n);
	size_t name = equals ? (size_t)(equals - text.p) : 0;

	return is_name((struct str){text.p, name}) ? name + 1 : 0;
}

/* Does the pattern match, or can it not be told? */
static bool
applies(struct redact *r, const struct regex *re, struct str text,
	size_t *keep_out)
{
	size_t start;
	size_t end;

	*keep_out = 0;
	/* Each doubt may have cost a match limit: enough is enough. */
	if (text.n > REGEX_SUBJECT_MAX || r->doubts >= REGEX_DOUBTS_MAX)
		return true;
	switch (regex_find(re, text, r->scratch, &start, &end)) {
	case REGEX_NO:
		return false;
	case REGEX_YES:
		*keep_out = kept(text);
		return true;
	case REGEX_DOUBT:
		break;
	}
	r->doubts++;
	return true;
}

/* How many bytes of `inside` make the first n of its text. */
static size_t
as_written(struct str inside, size_t n)
{
	char character[4];
	size_t at = 0;

	while (n) {
		size_t used = 1;
		if (inside.p[at] == '\\')
			used = inside.p[at + 1] != 'u' ? 2 : 6;
		/* \uD8xx to \uDBxx are the first half of a pair */
		if (used == 6 && ascii_lower(inside.p[at + 2]) == 'd' &&
			strchr("89abAB", inside.p[at + 3]))
			used = 12;
		n -= json_string_decode(
			(struct str){inside.p + at, used}, character);
		at += used;
	}
	return at;
}

struct redact_verdict
redact_match(struct redact *r, const struct redact_set *set, struct str inside)
{
	struct redact_verdict v = {.keep = SIZE_MAX};
	struct str text = inside;
	bool escaped = inside.n && memchr(inside.p, '\\', inside.n);

	if (escaped)
		text = (struct str){
			r->text, json_string_decode(inside, r->text)};
	for (uint32_t i = 0; i < set->count; i++) {
		const struct redact_final *f =
			r->plan->nodes[set->nodes[i]].finals;
		for (; f; f = f->next) {
			size_t keep = 0;
			const struct redact_final *stronger =
				redact_stronger(v.final, f);
			/* Redactions add up: the least of them stays. */
			bool adds = v.final &&
				    v.final->action == FILTER_REDACT &&
				    f->action == FILTER_REDACT;
			if (stronger != f && !adds)
				continue;
			if (f->match && !applies(r, f->match, text, &keep))
				continue;
			v.final = stronger;
			if (f->action == FILTER_REDACT && keep < v.keep)
				v.keep = keep;
		}
	}
	if (v.keep == SIZE_MAX)
		v.keep = 0;
	if (escaped)
		v.keep = as_written(inside, v.keep);
	return v;
}

const struct redact_final *
redact_doubt(const struct redact *r, const struct redact_set *set)
{
	const struct redact_final *best = NULL;

	for (uint32_t i = 0; i < set->count; i++)
		for (const struct redact_final *f =
				r->plan->nodes[set->nodes[i]].finals;
			f; f = f->next)
			best = redact_stronger(best, f);
	return best;
}
