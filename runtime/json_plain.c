/* The special bytes of JSON, sixty-four at a time. */
#include "runtime/json_plain.h"

#include <assert.h>

static uint64_t
whole_mask(const char *block)
{
	uint64_t mask = 0;

#pragma GCC unroll 8
	for (unsigned i = 0; i < JSON_MASK; i += JSON_BLOCK)
		mask |= json_special(block + i) << i;
	return mask;
}

static __attribute__((noinline)) uint64_t
last_mask(const char *block, size_t n)
{
	char last[JSON_MASK] = {0}; /* control bytes */

	assert(n < JSON_MASK);
	memcpy(last, block, n);
	return whole_mask(last);
}

uint64_t
json_special_mask(const char *block, const char *end)
{
	if (end - block >= JSON_MASK)
		return whole_mask(block);
	return last_mask(block, (size_t)(end - block));
}
