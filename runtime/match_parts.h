/* One test against the facts, in parts. Seen by match*.c. */
#ifndef RUNTIME_MATCH_PARTS_H
#define RUNTIME_MATCH_PARTS_H

#include "runtime/match.h"

/* A test on its way through the values of a field that is not one plain
 * text. */
struct match {
	const struct program *p;
	const struct program_test *t;
	const struct facts *f;
	struct regex_scratch *scratch;
	unsigned doubts; /* values that could not be decided so far */
};

static inline enum truth
match_truth(bool holds)
{
	return holds ? TRUTH_TRUE : TRUTH_FALSE;
}

static inline enum truth
match_opposite(enum truth truth)
{
	if (truth == TRUTH_DOUBT)
		return truth;
	return match_truth(truth == TRUTH_FALSE);
}

/* match.c: out of the way of what is compared mostly. */
enum truth match_compare_nocase(struct str a, struct str b);

/* The last byte first: paths share their beginnings, and most comparisons of
 * a policy fail. */
static inline enum truth
match_compare(const struct program_test *t, struct str a, struct str b)
{
	if (a.n != b.n)
		return TRUTH_FALSE;
	if (a.n == 0)
		return TRUTH_TRUE;
	if (program_test_nocase(t))
		return match_compare_nocase(a, b);
	if (a.p[a.n - 1] != b.p[b.n - 1])
		return TRUTH_FALSE;
	return match_truth(memcmp(a.p, b.p, a.n) == 0);
}

/* --- match.c ---------------------------------------------------------------- */

/* Of a field that has no value. */
enum truth match_absent(const struct match *m);

/* Does the test hold for this value, a text? */
enum truth match_value(const struct match *m, struct str s);

/* Adds the answer for one more value to *so_far. True when the rest need not
 * be looked at: one value holds, or so many are in doubt that a hostile list
 * would cost a match limit for each of its elements. */
bool match_settled(struct match *m, enum truth *so_far, enum truth one);

/* --- match_json.c ------------------------------------------------------------ */

enum truth match_body(struct match *m);

/* Where one step of a body path leads from a node; NULL for nowhere. */
const struct json_node *match_follow(const struct program *p,
	const struct json *j, const struct json_node *n,
	const struct program_step *s);

#endif
