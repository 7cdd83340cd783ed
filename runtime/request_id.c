/* Request ids: what X-Request-Id may be, and ours. */
#include "runtime/request_id.h"

#include "runtime/word.h"

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

/* Eight hexadecimal digits, the lowest first: a digit a byte, then a letter's
 * distance where it is above nine. */
static inline void
put_digits(uint32_t n, char out[8])
{
	uint64_t w = n;

	w = (w | w << 16) & UINT64_C(0x0000ffff0000ffff);
	w = (w | w << 8) & UINT64_C(0x00ff00ff00ff00ff);
	w = (w | w << 4) & WORD_EACH(0x0f);
	uint64_t letters = (w + WORD_EACH(6)) >> 4 & WORD_EACH(1);
	w = htole64(w + WORD_EACH('0') + letters * ('a' - '0' - 10));
	memcpy(out, &w, sizeof(w));
}

void
request_id_make(struct request_ids *ids, char out[REQUEST_ID_MADE])
{
	const struct str count = {(const char *)&ids->made, sizeof(ids->made)};
	uint64_t hash[2];

	siphash24_128(ids->key, count, hash);
	ids->made++;
	for (size_t i = 0; i < 2; i++) {
		put_digits((uint32_t)hash[i], out + i * 16);
		put_digits((uint32_t)(hash[i] >> 32), out + i * 16 + 8);
	}
}
