/* Credentials: bearer tokens, compared in constant time, and the names of
 * verified client certificates.
 *
 * Tokens are known by their SHA-256 only: a comparison of digests tells an
 * attacker nothing of how much of a guess was right.
 */
#ifndef RUNTIME_AUTH_H
#define RUNTIME_AUTH_H

#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>

/* The digest of the token in the value of an Authorization field, `Bearer
 * <token>` (RFC 6750 section 2.1; the scheme without case). False for any
 * other value, and for none (p is NULL). */
bool auth_bearer_digest(struct str authorization, uint8_t digest_out[32]);

/* Who a verified certificate is made out to. */
struct auth_cert {
	struct str cn;           /* the subject's common name; empty: none */
	const struct str *names; /* DNS names of subjectAltName */
	size_t nnames;
};

/* Is the certificate made out to that name, by its CN or a DNS name? Without
 * case; a pattern `*.example.com` stands for exactly one label more. */
bool auth_cert_matches(const struct auth_cert *c, struct str pattern);

/* In a time that does not depend on the bytes. */
bool auth_digest_equal(const uint8_t a[32], const uint8_t b[32]);

#endif
