/* The special bytes of JSON, sixty-four at a time. */
#include "runtime/json_plain.h"

#include <assert.h>

uint64_t
json_special_last(const char *block, size_t n)
{
	char last[JSON_MASK] = {0}; /* control bytes */

	assert(n < JSON_MASK);
	memcpy(last, block, n);
	return json_special_whole(last);
}
