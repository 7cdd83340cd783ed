/* SipHash against the vectors of its authors and against OpenSSL's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/siphash.h"

#include <endian.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

/* The key 00 01 .. 0f of the reference vectors. */
static const struct siphash_key key = {
	UINT64_C(0x0706050403020100),
	UINT64_C(0x0f0e0d0c0b0a0908),
};

static void
agrees_with_the_published_vectors(void **state)
{
	static const char input[] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
	uint64_t out[2];
	(void)state;

	assert_true(siphash13(key, STR("")) == UINT64_C(0xabac0158050fc4dc));
	siphash24_128(key, STR(""), out);
	assert_true(out[0] == UINT64_C(0xe6a825ba047f81a3));
	assert_true(out[1] == UINT64_C(0x930255c71472f66d));
	siphash24_128(key, (struct str){input, sizeof(input)}, out);
	assert_true(out[0] == UINT64_C(0x11a8b03399e99354));
	assert_true(out[1] == UINT64_C(0xd9c3cf970fec087e));
}

static void
oracle(unsigned c, unsigned d, const void *in, size_t n, uint8_t *out,
	size_t size)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	uint64_t k[2] = {htole64(key.k0), htole64(key.k1)};
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_C_ROUNDS, &c),
		OSSL_PARAM_construct_uint(OSSL_MAC_PARAM_D_ROUNDS, &d),
		OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
		OSSL_PARAM_construct_end(),
	};
	assert_true(EVP_MAC_init(ctx, (unsigned char *)k, sizeof(k), params));
	assert_true(EVP_MAC_update(ctx, in, n));
	assert_true(EVP_MAC_final(ctx, out, &size, size));
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

static void
agrees_with_openssl_at_every_length(void **state)
{
	char input[200];
	(void)state;

	srand(1);
	for (size_t n = 0; n <= sizeof(input); n++) {
		uint64_t want[2], got[2];
		for (size_t i = 0; i < n; i++)
			input[i] = (char)rand();
		oracle(1, 3, input, n, (uint8_t *)want, 8);
		got[0] = siphash13(key, (struct str){input, n});
		assert_true(got[0] == le64toh(want[0]));
		oracle(2, 4, input, n, (uint8_t *)want, 16);
		siphash24_128(key, (struct str){input, n}, got);
		assert_true(got[0] == le64toh(want[0]));
		assert_true(got[1] == le64toh(want[1]));
	}
}

static void
keys_differ_by_seed_and_by_domain(void **state)
{
	struct siphash_key a = siphash_key(0, 0), b = siphash_key(1, 0),
			   c = siphash_key(0, 1);
	(void)state;

	assert_true(a.k0 != b.k0);
	assert_true(a.k1 != c.k1);
	assert_true(siphash13(a, STR("x")) != siphash13(b, STR("x")));
	assert_true(siphash13(a, STR("x")) != siphash13(c, STR("x")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_published_vectors),
		cmocka_unit_test(agrees_with_openssl_at_every_length),
		cmocka_unit_test(keys_differ_by_seed_and_by_domain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
