/* Request ids: what X-Request-Id may be, and ours. */
#include "runtime/request_id.h"

#include <endian.h>

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

static inline char
digit(uint8_t n)
{
	return (char)(n + '0' + (n > 9 ? 'a' - '0' - 10 : 0));
}

void
request_id_make(struct request_ids *ids, char out[REQUEST_ID_MADE])
{
	const struct str count = {(const char *)&ids->made, sizeof(ids->made)};
	uint64_t hash[2];
	uint8_t bytes[sizeof(hash)];

	siphash24_128(ids->key, count, hash);
	ids->made++;
	hash[0] = htole64(hash[0]);
	hash[1] = htole64(hash[1]);
	memcpy(bytes, hash, sizeof(bytes));
	/* A loop that the compiler makes a few vectors of. */
	for (size_t i = 0; i < sizeof(bytes); i++) {
		out[2 * i] = digit(bytes[i] & 0x0f);
		out[2 * i + 1] = digit(bytes[i] >> 4);
	}
}
