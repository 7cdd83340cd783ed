/* test: runs the `tests` of policies, and says so in TAP, or for people. */
#include "daemon/cmd_test.h"

#include "compiler/policy.h"
#include "compiler/show.h"
#include "daemon/config.h"
#include "daemon/tests.h"

#include <stdlib.h>
#include <string.h>

/* Exit codes of this command. */
enum { PASSED = 0, FAILED = 1, WRONG = 2 };

/* A file, and the rules that fired in its tests. */
struct tested {
	const char *file;      /* borrowed; NULL: none, the toggles alone */
	struct policy *policy; /* owned */
	bool *fired;           /* owned */
};

struct report {
	struct tests_hearer hearer; /* first: it is found by it */
	const struct arguments *a;
	struct tested *files; /* owned */
	unsigned nfiles;
	const struct tested *now;
	size_t planned, number;
	bool tap;
};

/* --- one test ------------------------------------------------------------------- */

/* In TAP a # begins a directive, such as one that excuses a failure. */
static void
put_text(const struct report *r, struct str s)
{
	while (r->tap && s.n) {
		size_t at = str_find(s, STR("#"));
		show_text((struct str){s.p, at}, stdout);
		if (at == s.n)
			return;
		fputs("\\#", stdout);
		s = str_from(s, at + 1);
	}
	show_text(s, stdout);
}

static void
put_name(const struct report *r, const struct tests_outcome *o)
{
	const struct testcase *t = o->test;

	put_text(r, str_of(r->now->file));
	printf(":%u: ", t->line);
	put_text(r, t->method);
	putchar(' ');
	put_text(r, t->target);
	if (t->role.n) {
		printf(" as ");
		put_text(r, t->role);
	}
	printf(": ");
	put_text(r, o->expected);
	putchar('\n');
}

static void
put_line(const char *what, struct str s)
{
	printf("%s", what);
	show_quoted(s, stdout);
	putchar('\n');
}

/* TAP's way of saying more: YAML between --- and ... */
static void
put_diagnostic(const struct tests_outcome *o)
{
	puts("  ---");
	put_line("  expected: ", o->expected);
	put_line("  got: ", o->got);
	if (o->explanation) {
		puts("  explain: |");
		explain_text(o->explanation, false, "    ", stdout);
	}
	puts("  ...");
}

static void
hear(struct tests_hearer *h, const struct tests_outcome *o)
{
	/* The hearer is its first member. */
	struct report *r = (struct report *)(void *)h;

	r->number++;
	if (r->tap) {
		printf("%sok %zu - ", o->passed ? "" : "not ", r->number);
		put_name(r, o);
		if (!o->passed)
			put_diagnostic(o);
		return;
	}
	if (o->passed)
		return;
	printf("FAILED ");
	put_name(r, o);
	printf("  got ");
	show_text(o->got, stdout);
	putchar('\n');
	if (o->explanation)
		explain_text(o->explanation, false, "    ", stdout);
}

/* --- coverage --------------------------------------------------------------------- */

/* Of a file's own rules: those of toggles are ours to test, and those of what
 * it includes have tests where they stand. */
static void
put_coverage(const struct report *r, const struct tested *t)
{
	const struct program *p = &t->policy->program;
	const char *mark = r->tap ? "# " : "";
	unsigned all = 0, fired = 0;

	for (uint32_t i = 0; i < p->nrules; i++) {
		const struct program_rule *rule = &p->rules[i];
		bool own = str_eq(program_text(p, rule->file), str_of(t->file));
		if (!own || !explain_can_fire(p, i))
			continue;
		all++;
		fired += t->fired[i];
		if (t->fired[i])
			continue;
		printf("%s%s:%u: no test reaches ", mark, t->file, rule->line);
		show_text(program_text(p, rule->name), stdout);
		putchar('\n');
	}
	if (all)
		printf("%s%s: %u of %u rules are reached, %u %%\n", mark,
			t->file, fired, all, fired * 100 / all);
}

/* --- all of them -------------------------------------------------------------------- */

static bool
open_file(struct report *r, const char *file)
{
	struct tested *t = &r->files[r->nfiles++];
	const struct config config = {.file = file};

	t->file = file;
	t->policy = config_compile(&config, NULL, stderr);
	if (!t->policy)
		return false;
	t->fired = calloc(t->policy->program.nrules + 1, sizeof(*t->fired));
	r->planned += t->policy->tests.n;
	return t->fired;
}

/* Those named, or the configuration. */
static bool
open_files(struct report *r)
{
	const char *file;
	unsigned n = 0;
	bool ok = true;

	while (argument_operand(r->a, n))
		n++;
	r->files = calloc(n + 1, sizeof(*r->files));
	if (!r->files)
		return false;
	for (unsigned i = 0; i < n; i++)
		ok &= open_file(r, argument_operand(r->a, i));
	if (n > 0)
		return ok;
	file = config_find(NULL);
	if (file)
		return open_file(r, file);
	fputs("docker-proxy: there is no configuration; name a file\n", stderr);
	return false;
}

static int
run_tests(struct report *r)
{
	struct tests_count count, sum = {0, 0};

	if (r->planned == 0) {
		fputs("docker-proxy: there are no tests\n", stderr);
		return WRONG;
	}
	if (r->tap)
		printf("TAP version 14\n1..%zu\n", r->planned);
	for (unsigned i = 0; i < r->nfiles; i++) {
		struct tested *t = &r->files[i];
		r->now = t;
		if (!tests_run(t->policy, &r->hearer, t->fired, &count)) {
			fputs("docker-proxy: out of memory\n", stderr);
			return WRONG;
		}
		sum.run += count.run;
		sum.failed += count.failed;
		if (argument_given(r->a, "--coverage"))
			put_coverage(r, t);
	}
	printf("%s%zu test%s, %zu failed\n", r->tap ? "# " : "", sum.run,
		sum.run == 1 ? "" : "s", sum.failed);
	return sum.failed ? FAILED : PASSED;
}

static bool
read_format(struct report *r)
{
	const char *format = argument_value(r->a, "--format");

	r->tap = !format || strcmp(format, "tap") == 0;
	if (r->tap || strcmp(format, "text") == 0)
		return true;
	fprintf(stderr, "docker-proxy: --format \"%s\": it is tap or text\n",
		format);
	return false;
}

static int
run(const struct arguments *a)
{
	struct report r = {.hearer = {hear}, .a = a};
	int status = WRONG;

	if (read_format(&r) && open_files(&r))
		status = run_tests(&r);
	for (unsigned i = 0; i < r.nfiles; i++) {
		policy_free(r.files[i].policy);
		free(r.files[i].fired);
	}
	free(r.files);
	return status;
}

static const struct flag flags[] = {
	{"--coverage", NULL, "also which rules no test reaches"},
	{"--format", "tap|text", "tap"},
	{0},
};

const struct command command_test = {
	.name = "test",
	.operands = "[FILE...]",
	.most = 1000,
	.flags = flags,
	.help = "run the tests of policies; exit 0 when all pass, 1 when one "
		"fails, 2 when there are none",
	.run = run,
};
