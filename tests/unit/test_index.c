/* The candidate index: which rules are left out, and that it changes no
 * verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/candidates.h"
#include "tests/unit/policy_fixture.h"

static void
compile(struct fixture *f, const char *text)
{
	struct policy_input in = {
		.file = "p.conf", .text = str_of(text), .envp = no_env};

	fixture_compile(f, &in);
	if (!f->policy)
		fail_msg("%s", f->told);
}

/* The names of the candidates, in order, separated by blanks. */
static void
candidates_of(const struct fixture *f, const struct request *q, char out[256])
{
	const struct program *p = &f->policy->program;
	struct arena a;
	struct target target;
	struct facts facts = {
		.method = q->method, .target = &target, .arena = &a};
	size_t n = 0;

	arena_init(&a, MIB(1));
	request_target(&target, q, &a);
	if (q->ip)
		assert_true(ip_parse(str_of(q->ip), &facts.client_ip));
	const uint64_t *set = candidates_find(p, &facts);
	assert_non_null(set);
	out[0] = '\0';
	for (uint32_t s = 0;; s++) {
		s = candidates_next(set, s, p->nslots);
		if (s == p->nslots)
			break;
		uint32_t at = p->slots[s];
		while (p->insns[at].op == OPCODE_TEST)
			at++;
		struct str name =
			program_text(p, p->rules[p->insns[at].arg].name);
		n += (size_t)snprintf(out + n, 256 - n, "%s%.*s", n ? " " : "",
			STR_FMT(name));
	}
	arena_fini(&a);
}

/* --- what is left out ---------------------------------------------------------- */

#define RULE(name, conditions) \
	"- {name: " name ", action: deny, conditions: [" conditions "]}\n"
#define IS(field, op, value) \
	"{field: " field ", operator: " op ", value: " value "}"

static const char policy[] = "auth: {type: none}\n"
			     "rules:\n"
	/* clang-format off */
	RULE("any", "")
	RULE("info", IS("path", "equals", "/info"))
	RULE("two", IS("path", "in", "[/info, /version]"))
	RULE("containers", IS("path", "starts_with", "/containers"))
	RULE("logs", IS("path", "starts_with", "/containers/a")
		"," IS("path", "ends_with", "/logs"))
	RULE("best", IS("path", "starts_with", "/c")
		"," IS("path", "equals", "/containers/a/json"))
	RULE("regex", IS("path", "matches", "'^/containers/[a-z]+/json$'"))
	RULE("free-regex", IS("path", "matches", "'/nothing'"))
	RULE("put", IS("method", "in", "[put, DELETE]"))
	RULE("unread", IS("method", "not_in", "[GET, HEAD, OPTIONS, TRACE]"))
	RULE("not-info", IS("path", "not_equals", "/info"))
	RULE("nocase", "{field: path, operator: equals, value: /INFO, "
		"ignore_case: true}")
	RULE("net", IS("client_ip", "in", "[10.0.0.0/8, 'fd00::/8']"))
	RULE("not-net", IS("client_ip", "not_in", "[10.0.0.0/8]"))
	RULE("either", "{or: [" IS("path", "equals", "/a") ","
		IS("path", "starts_with", "/b") "]}")
	RULE("unknown-or", "{or: [" IS("path", "equals", "/a") ","
		IS("role", "equals", "x") "]}")
	RULE("nor", "{not: [{or: [" IS("path", "not_equals", "/n") ","
		IS("role", "equals", "x") "]}]}")
	RULE("nobody", IS("path", "in", "[]"))
	/* clang-format on */
	"- {name: filter, action: response_filter, conditions: ["
	"{field: path, operator: equals, value: /info}], "
	"response_filter: [{field: ID, action: redact}]}\n";

/* Of no table, whatever the request. */
#define WITHOUT "free-regex not-info nocase not-net unknown-or"

static void
test_left_out(void **state)
{
	static const struct {
		struct request q;
		const char *want;
	} cases[] = {
		{{.method = METHOD_GET, .path = "/x"}, "any " WITHOUT},
		{{.method = METHOD_GET, .path = "/info"},
			"any info two free-regex not-info "
			"nocase not-net unknown-or filter"},
		{{.method = METHOD_GET, .path = "/infos"}, "any " WITHOUT},
		{{.method = METHOD_GET, .path = "/version"},
			"any two " WITHOUT},
		{{.method = METHOD_GET, .path = "/c"}, "any " WITHOUT},
		{{.method = METHOD_GET, .path = "/containers"},
			"any containers " WITHOUT},
		{{.method = METHOD_GET, .path = "/containers/a"},
			"any containers logs regex " WITHOUT},
		{{.method = METHOD_GET, .path = "/containers/a/json"},
			"any containers logs best regex " WITHOUT},
		{{.method = METHOD_GET, .path = "/containers/a/json/x"},
			"any containers logs regex " WITHOUT},
		{{.method = METHOD_GET, .path = "/containers/b"},
			"any containers regex " WITHOUT},
		{{.method = METHOD_GET, .path = "/a"},
			"any free-regex not-info nocase not-net "
			"either unknown-or"},
		{{.method = METHOD_GET, .path = "/bb"},
			"any free-regex not-info nocase not-net "
			"either unknown-or"},
		{{.method = METHOD_GET, .path = "/n"},
			"any free-regex not-info nocase not-net "
			"unknown-or nor"},
		{{.method = METHOD_PUT, .path = "/x"},
			"any free-regex put unread not-info "
			"nocase not-net unknown-or"},
		{{.method = METHOD_POST, .path = "/x"},
			"any free-regex unread not-info nocase "
			"not-net unknown-or"},
		{{.method = METHOD_GET, .path = "/x", .ip = "10.255.0.1"},
			"any free-regex not-info nocase net not-net "
			"unknown-or"},
		{{.method = METHOD_GET, .path = "/x", .ip = "fd12::1"},
			"any free-regex not-info nocase net not-net "
			"unknown-or"},
		{{.method = METHOD_GET, .path = "/x", .ip = "11.0.0.1"},
			"any " WITHOUT},
	};
	struct fixture f;
	char got[256];

	(void)state;
	compile(&f, policy);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		candidates_of(&f, &cases[i].q, got);
		assert_string_equal(got, cases[i].want);
	}
	fixture_fini(&f);
}

/* --- many rules ------------------------------------------------------------------ */

enum kind { EXACT, PREFIX, REGEX, NETWORK, KINDS };

/* n rules of a kind; those of half the numbers, so that half of what is asked
 * for below is there. */
static char *
many(enum kind kind, unsigned n)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	fputs("auth: {type: none}\nglobal: {default: allow}\nrules:\n", out);
	for (unsigned i = 0; i < n; i++) {
		unsigned k = 2 * i;
		fprintf(out, "- {name: r%u, action: deny, conditions: [", k);
		switch (kind) {
		case EXACT:
			fprintf(out, IS("path", "equals", "/x/%u/y"), k);
			break;
		case PREFIX:
			fprintf(out, IS("path", "starts_with", "/x/%u/"), k);
			break;
		case REGEX:
			fprintf(out, IS("path", "matches", "'^/x/%u/.$'"), k);
			break;
		case NETWORK:
			fprintf(out, IS("client_ip", "in", "[10.%u.%u.0/24]"),
				k >> 8 & 255, k & 255);
			break;
		case KINDS:
			break;
		}
		fputs("]}\n", out);
	}
	assert_int_equal(fclose(out), 0);
	return text;
}

static unsigned
count_candidates(const struct fixture *f, const struct request *q)
{
	char names[256];
	unsigned n = 0;

	candidates_of(f, q, names);
	for (const char *p = names; *p; p++)
		n += *p == 'r';
	return n;
}

/* One candidate, whatever their number. */
static void
test_many(void **state)
{
	enum { N = 2000 };
	char path[64], ip[64], want[16];
	struct fixture f;

	(void)state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		char *text = many(kind, N);
		compile(&f, text);
		for (unsigned i = 0; i < 2 * N + 2; i += i % 7 ? 1 : 2) {
			bool there = i % 2 == 0 && i < 2 * N;
			snprintf(path, sizeof(path), "/x/%u/y", i);
			snprintf(ip, sizeof(ip), "10.%u.%u.9", i >> 8, i & 255);
			snprintf(want, sizeof(want), "r%u", i);
			if (!there)
				want[0] = '\0';
			struct request q = {.path = path, .ip = ip};
			assert_string_equal(ask(&f, q).rule, want);
			assert_int_equal(count_candidates(&f, &q), there);
		}
		fixture_fini(&f);
		free(text);
	}
}

/* A rule is filed where it stands with the fewest others. */
static void
test_most_telling(void **state)
{
	char *text;
	size_t size;
	struct fixture f;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	fputs("auth: {type: none}\nrules:\n", out);
	for (unsigned i = 0; i < 100; i++)
		fprintf(out,
			RULE("r%u",
				IS("path", "starts_with", "/containers") "," IS(
					"client_ip", "in", "[10.0.%u.0/24]")),
			i, i);
	assert_int_equal(fclose(out), 0);
	compile(&f, text);
	struct request q = {.path = "/containers/json", .ip = "10.0.7.1"};
	assert_int_equal(count_candidates(&f, &q), 1);
	assert_string_equal(ask(&f, q).rule, "r7");
	fixture_fini(&f);
	free(text);
}

/* Keys that are each the beginning of the next: all that hold are found. */
static void
test_nested(void **state)
{
	char text[8192], path[80];
	size_t n = (size_t)sprintf(text, "auth: {type: none}\nrules:\n");
	struct fixture f;

	(void)state;
	for (int i = 0; i < 40; i++)
		n += (size_t)sprintf(text + n,
			RULE("r%d", IS("path", "starts_with", "/%.*s")), i, i,
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	compile(&f, text);
	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "/%.*s%s", i,
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			i % 2 ? "b/c" : "");
		struct request q = {.path = path};
		assert_int_equal(count_candidates(&f, &q), i + 1);
	}
	fixture_fini(&f);
}

static void
test_out_of_memory(void **state)
{
	struct arena a;
	struct fixture f;
	struct target target = {.path = STR("/info")};
	struct facts facts = {.target = &target, .arena = &a};
	struct vm vm;

	(void)state;
	compile(&f, policy);
	arena_init(&a, 16);
	assert_true(vm_init(&vm, &f.policy->program, &a));
	(void)arena_alloc(&a, 16);
	struct regex_scratch *scratch = regex_scratch_new();
	assert_int_equal(vm_run(&vm, &facts, scratch), VM_DONE);
	assert_false(vm.verdict.allow);
	assert_int_equal(vm.verdict.why, WHY_OUT_OF_MEMORY);
	regex_scratch_free(scratch);
	arena_fini(&a);
	fixture_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_most_telling),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
