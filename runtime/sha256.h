/* SHA-256 (FIPS 180-4): what tokens are known by, and what chains the audit
 * log.
 *
 * Not OpenSSL's: that costs a process half a megabyte and most of its start,
 * and is loaded for TLS alone.
 */
#ifndef RUNTIME_SHA256_H
#define RUNTIME_SHA256_H

#include "runtime/str.h"

#include <stdint.h>

#define SHA256_BYTES 32

void sha256(struct str s, uint8_t digest_out[SHA256_BYTES]);

#endif
