/* SHA-256: the standard's examples, and OpenSSL's opinion at every length that
 * pads differently. */
#include "runtime/sha256.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
assert_hex(struct str s, const char *want)
{
	uint8_t digest[SHA256_BYTES];
	char got[2 * SHA256_BYTES + 1];

	sha256(s, digest);
	for (size_t i = 0; i < SHA256_BYTES; i++)
		snprintf(got + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(got, want);
}

/* FIPS 180-2, appendix B, and the empty message. */
static void
says_what_the_standard_says(void **state)
{
	(void)state;
	assert_hex((struct str){0}, "e3b0c44298fc1c149afbf4c8996fb924"
				    "27ae41e4649b934ca495991b7852b855");
	assert_hex(STR("abc"), "ba7816bf8f01cfea414140de5dae2223"
			       "b00361a396177a9cb410ff61f20015ad");
	assert_hex(STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmno"
		       "mnopnopq"),
		"248d6a61d20638b8e5c026930c3e6039"
		"a33ce45964ff2167f6ecedd419db06c1");
}

static void
agrees_with_openssl_at_every_length(void **state)
{
	static char text[1000];
	uint8_t ours[SHA256_BYTES], theirs[SHA256_BYTES];
	(void)state;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 31 + (i >> 3));
	for (size_t n = 0; n <= sizeof(text); n++) {
		sha256((struct str){text, n}, ours);
		assert_int_equal(
			EVP_Digest(text, n, theirs, NULL, EVP_sha256(), NULL),
			1);
		assert_memory_equal(ours, theirs, sizeof(ours));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_the_standard_says),
		cmocka_unit_test(agrees_with_openssl_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
