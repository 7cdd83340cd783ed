/* The special bytes of JSON by words and by vectors: for the targets that read
 * JSON, whose build has but one of them. */
#ifndef TESTS_FUZZ_SPECIALS_H
#define TESTS_FUZZ_SPECIALS_H

#include "runtime/json_plain.h"
#include "tests/fuzz/fuzz.h"

/* Both see the same. */
static inline void
fuzz_check_specials(struct str in)
{
#ifdef __SSE2__
	for (size_t i = 0; i + 16 <= in.n; i++)
		assert((json_special_word(in.p + i) |
			       json_special_word(in.p + i + 8) << 8) ==
			json_special_vector(in.p + i));
#else
	(void)in;
#endif
}

#endif
