/* Request ids: what X-Request-Id may be, and ours. */
#include "runtime/request_id.h"

static const bool is_plain[256] = {
	['a' ... 'z'] = true,
	['A' ... 'Z'] = true,
	['0' ... '9'] = true,
	['.'] = true,
	['_'] = true,
	['~'] = true,
	['+'] = true,
	['/'] = true,
	['='] = true,
	[':'] = true,
	['@'] = true,
	['-'] = true,
};

bool
request_id_is_sane(struct str id)
{
	if (id.n == 0 || id.n > REQUEST_ID_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (!is_plain[(unsigned char)id.p[i]])
			return false;
	return true;
}

void
request_id_make(struct request_ids *ids, char out[REQUEST_ID_MADE])
{
	const struct str count = {(const char *)&ids->made, sizeof(ids->made)};
	uint64_t hash[2];

	siphash24_128(ids->key, count, hash);
	ids->made++;
	for (size_t i = 0; i < REQUEST_ID_MADE; i++)
		out[i] = "0123456789abcdef"[hash[i / 16] >> (i % 16 * 4) & 15];
}
