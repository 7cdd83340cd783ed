/* SipHash: a keyed hash for what strangers choose (Aumasson and Bernstein,
 * 2012).
 *
 * 1-3 with 64 bits for hash tables that compare the whole key as well; 2-4
 * with 128 bits where the hash stands for the key.
 */
#ifndef RUNTIME_SIPHASH_H
#define RUNTIME_SIPHASH_H

#include "runtime/str.h"

#include <stdint.h>

struct siphash_key {
	uint64_t k0, k1;
};

/* A key from a random seed and what tells one use of it from another. */
struct siphash_key siphash_key(uint32_t seed, uint64_t domain);

uint64_t siphash13(struct siphash_key key, struct str s);
void siphash24_128(struct siphash_key key, struct str s, uint64_t out[2]);

#endif
