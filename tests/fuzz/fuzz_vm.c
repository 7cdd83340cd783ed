/* Program images: any bytes go through program_verify(), and what it lets pass
 * is loaded, listed and run over requests. An image is a policy's, compiled
 * right here, with bytes changed: the input's first byte chooses the policy,
 * and each three bytes are an offset and what stands there. So a corpus
 * outlives a change of the format, and the fuzzer begins where it is
 * interesting. */
#include "compiler/listing.h"
#include "compiler/policy.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/requests.h"

#define RULES "auth: {type: none}\nrules:\n"

/* Each instruction, operator and kind of operand is in some. */
static const struct str policies[] = {
	STR("auth: {type: none}\nglobal: {default: deny}\nrules: []\n"),
	STR(RULES "- {name: a, action: allow, conditions: [{field: path,\n"
		  "   operator: starts_with, value: /containers}]}\n"
		  "- {name: d, action: deny, message: no, conditions: [\n"
		  "   {field: body.HostConfig.Privileged, operator: equals,\n"
		  "    value: true}]}\n"
		  "- {name: r, action: require_role, role: [ops, user]}\n"
		  "- {name: l, action: rate_limit, rate_limit: {requests: 2,\n"
		  "   period: 1s, key: header.x}}\n"
		  "- {name: dry, action: deny, dry_run: true}\n"),
	STR(RULES "- {name: x, action: deny, conditions: [{or: [\n"
		  "   {field: 'body.HostConfig.Binds.*', operator: matches,\n"
		  "    value: '^/(etc|:)'},\n"
		  "   {field: body.n, operator: greater_than, value: 3.5},\n"
		  "   {field: body.Labels, operator: not_empty}]},\n"
		  "   {not: {field: 'body.*.0', operator: contains,\n"
		  "    value: X, ignore_case: true}}]}\n"),
	STR(RULES "- {name: f, action: response_filter, response_filter: [\n"
		  "   {field: 'Config.Env.*', action: redact},\n"
		  "   {field: '*.Labels', action: remove},\n"
		  "   {field: Name, action: replace, replacement: x}]}\n"),
	STR(RULES "- {name: x, action: allow, conditions: [\n"
		  "   {field: client_ip, operator: in,\n"
		  "    value: [10.0.0.0/8, '2001:db8::/32']},\n"
		  "   {field: query.t, operator: not_in, value: [a, b]},\n"
		  "   {field: header.content-type, operator: empty},\n"
		  "   {field: api_version, operator: equals, value: '1.24'},\n"
		  "   {field: role, operator: ends_with, value: ''}]}\n"
		  "- {name: y, action: deny, conditions: [\n"
		  "   {field: peer.uid, operator: less_than, value: 2000},\n"
		  "   {field: time, operator: in,\n"
		  "    value: ['Mon-Fri 08:00-18:00']}]}\n"),
	STR(RULES "- {name: x, action: deny, conditions: [\n"
		  "   {field: docker.host_paths, operator: not_only_under,\n"
		  "    value: [/srv]}]}\n"
		  "- {name: y, action: deny, conditions: [\n"
		  "   {field: docker.capabilities, operator: not_only_in,\n"
		  "    value: [CHOWN]}]}\n"),
};

#define POLICIES (sizeof(policies) / sizeof(policies[0]))

/* Kept, so that each is compiled once. */
static const struct policy *
compiled(unsigned number)
{
	static struct policy *kept[POLICIES];
	const char *const envp[] = {NULL};
	const struct policy_input in = {
		.file = "vm.conf",
		.text = policies[number],
		.envp = envp,
	};
	struct arena a;
	struct diag diag;

	if (kept[number])
		return kept[number];
	arena_init(&a, MIB(1));
	kept[number] = policy_compile(&in, &a, &diag);
	if (!kept[number])
		diag_write(&diag, stderr);
	assert(kept[number]);
	diag_fini(&diag);
	arena_fini(&a);
	return kept[number];
}

static void
list(const struct program *p)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert(out);
	listing_code(p, out);
	listing_rules(p, out);
	fclose(out);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = fuzz_text(data, size);
	const struct policy *base =
		compiled((unsigned)fuzz_byte(&in) % POLICIES);
	size_t n = base->image_size;
	char *image = fuzz_copy((struct str){base->image, n});
	struct program p;
	const char *why;

	while (in.n >= 3) {
		size_t at = fuzz_byte(&in);
		at |= (size_t)fuzz_byte(&in) << 8;
		image[at % n] = (char)fuzz_byte(&in);
	}
	if (program_load(&p, image, n, &why)) {
		list(&p);
		fuzz_run_all(&p);
		program_fini(&p);
	} else {
		assert(why && size > 1);
	}
	free(image);
	return 0;
}
