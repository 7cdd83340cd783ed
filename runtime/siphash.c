/* SipHash: a keyed hash for what strangers choose. */
#include "runtime/siphash.h"

#include <endian.h>

struct sip {
	uint64_t v[4];
	int rounds; /* for each word */
};

static inline uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
run(struct sip *s, int rounds)
{
	uint64_t *v = s->v;

#pragma GCC unroll 4
	for (int i = 0; i < rounds; i++) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static inline void
take_word(struct sip *s, uint64_t word)
{
	s->v[3] ^= word;
	run(s, s->rounds);
	s->v[0] ^= word;
}

static inline struct sip
start(struct siphash_key key, int rounds)
{
	return (struct sip){
		.v =
			{
				key.k0 ^ UINT64_C(0x736f6d6570736575),
				key.k1 ^ UINT64_C(0x646f72616e646f6d),
				key.k0 ^ UINT64_C(0x6c7967656e657261),
				key.k1 ^ UINT64_C(0x7465646279746573),
			},
		.rounds = rounds,
	};
}

static inline void
take_all(struct sip *s, struct str str)
{
	uint64_t last = (uint64_t)str.n << 56;
	uint64_t word;

	for (; str.n >= sizeof(word); str = str_from(str, sizeof(word))) {
		memcpy(&word, str.p, sizeof(word));
		take_word(s, le64toh(word));
	}
	for (size_t i = 0; i < str.n; i++)
		last |= (uint64_t)(unsigned char)str.p[i] << (8 * i);
	take_word(s, last);
}

static inline uint64_t
fold(const struct sip *s)
{
	return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

struct siphash_key
siphash_key(uint32_t seed, uint64_t domain)
{
	/* Spread over 64 bits, as splitmix64 does. */
	uint64_t k0 = ((uint64_t)seed + 1) * UINT64_C(0x9e3779b97f4a7c15);

	return (struct siphash_key){k0, ~k0 ^ domain};
}

uint64_t
siphash13(struct siphash_key key, struct str str)
{
	struct sip s = start(key, 1);

	take_all(&s, str);
	s.v[2] ^= 0xff;
	run(&s, 3);
	return fold(&s);
}

void
siphash24_128(struct siphash_key key, struct str str, uint64_t out[2])
{
	struct sip s = start(key, 2);

	s.v[1] ^= 0xee;
	take_all(&s, str);
	s.v[2] ^= 0xee;
	run(&s, 4);
	out[0] = fold(&s);
	s.v[1] ^= 0xdd;
	run(&s, 4);
	out[1] = fold(&s);
}
