/* SHA-256, of what lies in memory as a whole (FIPS 180-4 section 6.2). */
#include "runtime/sha256.h"

#include <string.h>

#define BLOCK_BYTES  64u
#define LENGTH_BYTES 8u
#define WORDS        8

/* The first 32 bits of the fractions of the cube roots of the primes. */
static const uint32_t constants[BLOCK_BYTES] = {0x428a2f98, 0x71374491,
	0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d,
	0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb,
	0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
	0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb,
	0xbef9a3f7, 0xc67178f2};

/* Of the square roots. */
static const uint32_t initial[WORDS] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
	0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static uint32_t
rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static uint32_t
load(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void
store(uint8_t *p, uint32_t x)
{
	for (int i = 3; i >= 0; i--, x >>= 8)
		p[i] = (uint8_t)x;
}

static void
schedule(const uint8_t *block, uint32_t w[BLOCK_BYTES])
{
	for (size_t t = 0; t < 16; t++)
		w[t] = load(block + 4 * t);
	for (size_t t = 16; t < BLOCK_BYTES; t++) {
		uint32_t a = w[t - 15], b = w[t - 2];
		uint32_t s0 = rotate(a, 7) ^ rotate(a, 18) ^ a >> 3;
		uint32_t s1 = rotate(b, 17) ^ rotate(b, 19) ^ b >> 10;
		w[t] = w[t - 16] + s0 + w[t - 7] + s1;
	}
}

static void
compress(uint32_t h[WORDS], const uint8_t *block)
{
	uint32_t w[BLOCK_BYTES], v[WORDS];

	schedule(block, w);
	memcpy(v, h, sizeof(v));
	for (size_t t = 0; t < BLOCK_BYTES; t++) {
		uint32_t a = v[0], e = v[4];
		uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
		uint32_t choice = (e & v[5]) ^ (~e & v[6]);
		uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
		uint32_t majority = (a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]);
		uint32_t t1 = v[7] + s1 + choice + constants[t] + w[t];
		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + s0 + majority;
	}
	for (size_t i = 0; i < WORDS; i++)
		h[i] += v[i];
}

/* What is left of s, the bit 1, zeros, and the length in bits. */
static void
finish(uint32_t h[WORDS], struct str rest, uint64_t bytes)
{
	uint8_t tail[2 * BLOCK_BYTES] = {0};
	size_t n = rest.n + 1 + LENGTH_BYTES <= BLOCK_BYTES ? BLOCK_BYTES
							    : sizeof(tail);

	if (rest.n)
		memcpy(tail, rest.p, rest.n);
	tail[rest.n] = 0x80;
	store(tail + n - 8, (uint32_t)(bytes >> 29));
	store(tail + n - 4, (uint32_t)(bytes << 3));
	for (size_t at = 0; at < n; at += BLOCK_BYTES)
		compress(h, tail + at);
}

void
sha256(struct str s, uint8_t digest_out[SHA256_BYTES])
{
	uint32_t h[WORDS];
	uint64_t bytes = s.n;

	memcpy(h, initial, sizeof(h));
	for (; s.n >= BLOCK_BYTES; s = str_from(s, BLOCK_BYTES))
		compress(h, (const uint8_t *)s.p);
	finish(h, s, bytes);
	for (size_t i = 0; i < WORDS; i++)
		store(digest_out + 4 * i, h[i]);
}
