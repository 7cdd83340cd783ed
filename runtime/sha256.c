/* SHA-256, by libmd. */
#include "runtime/sha256.h"

#include <sha2.h>

void
sha256(struct str s, uint8_t digest_out[SHA256_BYTES])
{
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, (const uint8_t *)s.p, s.n);
	SHA256Final(digest_out, &context);
}
