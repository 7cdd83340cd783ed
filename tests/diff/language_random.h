/* The policy language, said once more: random policies and requests. */
#ifndef TESTS_DIFF_LANGUAGE_RANDOM_H
#define TESTS_DIFF_LANGUAGE_RANDOM_H

#include "runtime/arena.h"
#include "tests/diff/language_text.h"

/* What they are made of is in the arena. Both draw from the same few paths,
 * names and values, so that conditions hold about as often as not. */
void lang_random_policy(
	struct lang_policy *p, struct lang_dice *d, struct arena *a);
void lang_random_request(
	struct lang_request *q, struct lang_dice *d, struct arena *a);

#endif
