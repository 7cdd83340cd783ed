/* Proof of the candidate index. Seen by verify.c. */
#ifndef RUNTIME_VERIFY_INDEX_H
#define RUNTIME_VERIFY_INDEX_H

#include "runtime/program.h"

/* Why the index is not well-formed, as program_verify(); its sections are
 * known to be inside the image. */
const char *verify_index(const struct program_header *h);

/* The same of a NEXT at instruction `at`, in a pass that ends before `end`. */
const char *verify_next(
	const struct program_header *h, uint32_t at, uint32_t end);

#endif
