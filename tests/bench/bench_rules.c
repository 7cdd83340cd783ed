/* What rules cost a request that none of them is for: 10 to 10,000 rules of
 * each kind, with the candidate index and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/policy_fixture.h"

#include <time.h>

#define ROUNDS   7
#define ROUND_NS 20000000

enum kind { EXACT, PREFIX, REGEX, NETWORK, KINDS };

static const char *const kind_names[] = {"exact", "prefix", "regex", "network"};

static double
cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void
write_condition(FILE *out, enum kind kind, unsigned i)
{
	switch (kind) {
	case EXACT:
		fprintf(out, "path, operator: equals, value: /tenants/%u/x", i);
		break;
	case PREFIX:
		fprintf(out, "path, operator: starts_with, value: /tenants/%u/",
			i);
		break;
	case REGEX:
		fprintf(out,
			"path, operator: matches, value: '^/tenants/%u/.+$'",
			i);
		break;
	case NETWORK:
		fprintf(out, "client_ip, operator: in, value: [10.%u.%u.0/24]",
			i >> 8, i & 255);
		break;
	case KINDS:
		break;
	}
}

static char *
policy_of(enum kind kind, unsigned n)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("auth: {type: none}\nglobal: {default: allow}\nrules:\n", out);
	for (unsigned i = 0; i < n; i++) {
		fprintf(out,
			"- {name: r%u, action: deny, conditions: [{field: ", i);
		write_condition(out, kind, i);
		fputs("}]}\n", out);
	}
	fclose(out);
	return text;
}

static bool
decide(const struct program *p, struct facts *f, struct regex_scratch *scratch)
{
	struct vm vm;

	arena_reset(f->arena);
	if (!vm_init(&vm, p, f->arena))
		return false;
	return vm_run(&vm, f, scratch) == VM_DONE && vm.verdict.allow;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The median of some rounds, ns a request. */
static double
measure(const struct program *p)
{
	struct regex_scratch *scratch = regex_scratch_new();
	struct target target = {.path = STR("/containers/json")};
	struct arena a;
	struct facts f = {.target = &target, .arena = &a};
	double ns[ROUNDS];

	arena_init(&a, MIB(16));
	ip_parse(STR("192.0.2.7"), &f.client_ip);
	for (unsigned r = 0; r < ROUNDS; r++) {
		double start = cpu_ns(), end = start;
		unsigned n = 0;
		for (; end - start < ROUND_NS; end = cpu_ns())
			for (unsigned i = 0; i < 100; i++, n++)
				assert_true(decide(p, &f, scratch));
		ns[r] = (end - start) / n;
	}
	qsort(ns, ROUNDS, sizeof(*ns), by_value);
	arena_fini(&a);
	regex_scratch_free(scratch);
	return ns[ROUNDS / 2];
}

static void
report(enum kind kind, unsigned n, bool no_index)
{
	char *text = policy_of(kind, n);
	struct policy_input in = {.file = "p.conf",
		.text = str_of(text),
		.envp = no_env,
		.no_index = no_index};
	struct fixture f;
	double start = cpu_ns();

	fixture_compile(&f, &in);
	double compiled = cpu_ns() - start;
	assert_non_null(f.policy);
	printf("%-8s %6u rules %-8s %9.0f ns a request, compiled in %6.1f ms, "
	       "image %5zu KiB\n",
		kind_names[kind], n, no_index ? "plain" : "indexed",
		measure(&f.policy->program), compiled / 1e6,
		f.policy->image_size / 1024);
	fixture_fini(&f);
	free(text);
}

int
main(void)
{
	static const unsigned counts[] = {5, 10, 20, 40, 100, 1000, 10000};

	for (enum kind kind = 0; kind < KINDS; kind++)
		for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
			report(kind, counts[i], true);
			report(kind, counts[i], false);
		}
	return 0;
}
