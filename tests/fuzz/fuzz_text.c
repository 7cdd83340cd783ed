/* The small readers of text: addresses, numbers, credentials, what proxies say
 * of the client, patterns. The input's first byte says which. */
#include "runtime/auth.h"
#include "runtime/cidr.h"
#include "runtime/docker.h"
#include "runtime/endpoint.h"
#include "runtime/forwarded.h"
#include "runtime/limits.h"
#include "runtime/number.h"
#include "runtime/proxyproto.h"
#include "runtime/regex.h"
#include "runtime/sha256.h"
#include "tests/fuzz/fuzz.h"

/* An address that was read is read again from its text. */
static void
check_address(struct str in)
{
	struct ip ip, again;
	char text[46];

	if (!ip_parse(in, &ip))
		return;
	assert(ip.set);
	assert(ip_parse(str_of(ip_text(&ip, text)), &again) && again.set);
	assert(memcmp(ip.b, again.b, sizeof(ip.b)) == 0);
}

/* A network has its own address. */
static void
check_network(struct str in)
{
	struct cidr net;
	bool host_bits;

	if (!cidr_parse(in, &net, &host_bits))
		return;
	struct ip ip = {.set = true};
	memcpy(ip.b, net.b, sizeof(ip.b));
	assert(net.bits <= 128 && cidr_has(&net, &ip));
	ip.set = false;
	assert(!cidr_has(&net, &ip));
}

/* An order: of the three lines, two by two. */
static void
check_numbers(struct str in)
{
	struct str n[3];

	for (int i = 0; i < 3; i++) {
		n[i] = fuzz_cut(&in, '\n');
		if (!number_is(n[i]))
			return;
		assert(number_cmp(n[i], n[i]) == 0);
	}
	int ab = number_cmp(n[0], n[1]), bc = number_cmp(n[1], n[2]);
	int ac = number_cmp(n[0], n[2]);
	assert((ab > 0) == (number_cmp(n[1], n[0]) < 0));
	assert((ab == 0) == (number_cmp(n[1], n[0]) == 0));
	if (ab <= 0 && bc <= 0)
		assert(ac <= 0 && (ac < 0 || (ab == 0 && bc == 0)));
}

/* A token's digest does not depend on how it was brought. */
static void
check_bearer(struct str in)
{
	uint8_t digest[32], again[32];

	if (!auth_bearer_digest(in, digest))
		return;
	size_t at = str_find(in, STR(" "));
	struct str token = str_from(in, at);
	while (token.n && token.p[0] == ' ')
		token = str_from(token, 1);
	assert(token.n > 0);
	sha256(token, again);
	assert(auth_digest_equal(digest, again));
}

/* Lines: a pattern, then names. A name matches itself. */
static void
check_certificate(struct str in)
{
	struct str names[8];
	struct auth_cert cert = {.names = names};
	struct str pattern = fuzz_cut(&in, '\n');

	cert.cn = fuzz_cut(&in, '\n');
	while (in.n && cert.nnames < 8)
		names[cert.nnames++] = fuzz_cut(&in, '\n');
	bool matches = auth_cert_matches(&cert, pattern);
	if (cert.cn.n && str_eq(cert.cn, pattern))
		assert(matches);
}

/* Whole and byte by byte: the same. */
static void
check_proxy(struct str in)
{
	struct proxyproto whole = {.n = 0}, bytes = {.n = 0};
	size_t used, at = 0, one;

	enum proxyproto_step want = proxyproto_feed(&whole, in.p, in.n, &used);
	assert(used <= in.n);
	enum proxyproto_step got = PROXYPROTO_MORE;
	while (got == PROXYPROTO_MORE && at < in.n) {
		got = proxyproto_feed(&bytes, in.p + at, 1, &one);
		assert(one <= 1);
		at += one;
		assert(one == 1 || got != PROXYPROTO_MORE);
	}
	assert(got == want);
	if (want != PROXYPROTO_DONE)
		return;
	assert(at == used && whole.port == bytes.port);
	assert(memcmp(&whole.ip, &bytes.ip, sizeof(whole.ip)) == 0);
}

/* Lines: "name: value". From whoever is not trusted nothing is taken. */
static void
check_forwarded(struct str in)
{
	struct http1_field fields[16];
	struct cidr nets[2];
	struct forwarded_trust trust = {nets, 2};
	struct ip from, client;
	size_t n = 0;
	bool host_bits;

	while (in.n && n < 16) {
		struct str line = fuzz_cut(&in, '\n');
		fields[n].name = fuzz_cut(&line, ':');
		fields[n++].value = line;
	}
	cidr_parse(STR("10.0.0.0/8"), &nets[0], &host_bits);
	cidr_parse(STR("fd00::/8"), &nets[1], &host_bits);
	ip_parse(STR("10.0.0.1"), &from);
	if (forwarded_client(fields, n, &trust, &from, &client) != WHY_OK)
		assert(memcmp(&client, &from, sizeof(from)) == 0);
	assert(client.set);
	ip_parse(STR("192.0.2.1"), &from);
	assert(forwarded_client(fields, n, &trust, &from, &client) == WHY_OK);
	assert(memcmp(&client, &from, sizeof(from)) == 0);
}

/* A pattern, a line end, a subject. */
static void
check_regex(struct str in)
{
	static struct regex_scratch *scratch;
	char err[128];
	size_t offset, start, end;
	struct str pattern = fuzz_cut(&in, '\n');

	if (!scratch)
		scratch = regex_scratch_new();
	assert(scratch);
	struct regex *re =
		regex_compile(pattern, false, err, sizeof(err), &offset);
	if (!re) {
		assert(err[0] && offset <= pattern.n);
		return;
	}
	enum regex_result found = regex_find(re, in, scratch, &start, &end);
	assert(regex_match(re, in, scratch) == found);
	assert(found != REGEX_YES || (start <= in.n && end <= in.n));
	regex_free(re);
}

/* A needle, a line end, what it is looked for in: it is there, and nowhere
 * before. */
static void
check_find(struct str in)
{
	struct str needle = fuzz_cut(&in, '\n');
	size_t at = str_find(in, needle);

	assert(at <= in.n && str_find_nocase(in, needle) <= at);
	if (at < in.n)
		assert(str_starts(str_from(in, at), needle));
	for (size_t i = 0; needle.n && i < at; i++)
		assert(!str_starts(str_from(in, i), needle));
}

/* A method's number, and a path. */
static void
check_endpoint(struct str in)
{
	enum method method = (enum method)(fuzz_byte(&in) % METHOD_COUNT);
	unsigned flags = endpoint_flags(method, in);

	/* Only these may switch to a raw stream, and all of them may. */
	assert(!(flags & ENDPOINT_HIJACK) || (flags & ENDPOINT_UPGRADE));
	docker_is_host_config(in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(struct str in) = {
		check_address,
		check_network,
		check_numbers,
		check_bearer,
		check_certificate,
		check_proxy,
		check_forwarded,
		check_regex,
		check_find,
		check_endpoint,
	};
	struct str in = fuzz_text(data, size);
	unsigned which = fuzz_byte(&in) - '0';
	char *copy = fuzz_copy(in);

	if (which < sizeof(checks) / sizeof(checks[0]))
		checks[which]((struct str){copy, in.n});
	free(copy);
	return 0;
}
