/* The policy language, said once more: written as an operator and a client
 * would write it. */
#ifndef TESTS_DIFF_LANGUAGE_TEXT_H
#define TESTS_DIFF_LANGUAGE_TEXT_H

#include "tests/diff/language.h"

#include <stdio.h>

/* A source of chance: a number below n. */
struct lang_dice {
	uint64_t state; /* not 0 */
};
unsigned lang_roll(struct lang_dice *d, unsigned n);

/* The file. */
void lang_write_policy(const struct lang_policy *p, FILE *out);

/* The request target. */
void lang_write_target(const struct lang_request *q, FILE *out);

/* The body, with spaces and escapes as chance has it; NULL dice: plain. */
void lang_write_body(const struct lang_json *v, struct lang_dice *d, FILE *out);

#endif
