/* Redaction on a list of 200 containers: against copying it, and against
 * jansson reading and writing it. */
#include "tests/bench/bench.h"
#include "tests/unit/redact_fixture.h"

#include <jansson.h>

#define CONTAINERS 200
#define ROUNDS     9
#define ROUND_NS   50000000

static struct str
make_list(void)
{
	size_t room = CONTAINERS * 1024;
	char *p = malloc(room);
	size_t n = 0;

	assert(p);
	p[n++] = '[';
	for (unsigned i = 0; i < CONTAINERS; i++) {
		if (i > 0)
			p[n++] = ',';
		n += put_container(p + n, room - n, i);
	}
	p[n++] = ']';
	return (struct str){p, n};
}

/* --- the contestants --------------------------------------------------------- */

struct bench {
	struct str list;
	char *out; /* as large as the list, or a window */
	size_t cap;
	struct filters *filters;
	struct redact *redact;
};

static void
do_copy(struct bench *b)
{
	memcpy(b->out, b->list.p, b->list.n);
	/* The copy is read, for all the compiler knows. */
	__asm__ volatile("" : : "r"(b->out) : "memory");
}

static void
do_jansson(struct bench *b)
{
	json_error_t error;
	json_t *list = json_loadb(b->list.p, b->list.n, 0, &error);
	char *text = json_dumps(list, JSON_COMPACT);

	assert(text);
	free(text);
	json_decref(list);
}

static void
do_redact(struct bench *b)
{
	enum redact_step step;
	size_t at = 0;

	do {
		size_t used, n = 0;
		step = redact_run(b->redact, b->list.p + at, b->list.n - at,
			&used, b->out, b->cap, &n);
		at += used;
	} while (step == REDACT_FULL);
	assert(step == REDACT_MORE && redact_end(b->redact));
}

/* --- measuring ---------------------------------------------------------------- */

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Microseconds for one list: the median of some rounds. */
static double
measure(struct bench *b, void (*run)(struct bench *))
{
	double us[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++) {
		int64_t start = now_ns();
		int64_t took;
		unsigned n = 0;
		do {
			run(b);
			n++;
			took = now_ns() - start;
		} while (took < ROUND_NS);
		us[i] = (double)took / n / 1000;
	}
	qsort(us, ROUNDS, sizeof(us[0]), by_value);
	return us[ROUNDS / 2];
}

static void
report(const struct bench *b, const char *what, double us)
{
	printf("%-44s %9.1f us %8.0f MB/s\n", what, us, (double)b->list.n / us);
}

static void
bench_filters(struct bench *b, const char *what, const char *const *specs)
{
	const struct redact_plan *plan;

	b->filters = filters_new();
	for (; *specs; specs++)
		filters_add(b->filters, *specs);
	plan = redact_plan_new(&b->filters->program, b->filters->all,
		b->filters->program.nfilters, &b->filters->arena);
	assert(plan);
	b->redact = redact_new(plan, b->filters->scratch, &b->filters->arena);
	assert(b->redact);
	report(b, what, measure(b, do_redact));
	filters_free(b->filters);
}

int
main(void)
{
	static const struct {
		const char *what;
		const char *filters[5];
	} cases[] = {
		{"redact: no filter names anything",
			{"redact Secret", "remove Config.Env.*"}},
		{"redact: one of three members redacted",
			{"redact *.Labels", "redact *.Secret",
				"redact *.Config.Env"}},
		{"redact: three redacted",
			{"redact *.Labels", "redact *.HostConfig.NetworkMode",
				"replace *.Command = \"\""}},
		{"redact: three removed",
			{"remove *.Labels", "remove *.Ports",
				"remove *.NetworkSettings.Networks.*."
				"IPAddress"}},
		{"redact: three matched",
			{"redact *.Labels.* ~ (?i)(token|secret|key)=",
				"remove *.Names.* ~ secret",
				"redact *.Command ~ password="}},
	};
	struct bench b = {.list = make_list()};

	b.cap = 2 * b.list.n;
	b.out = malloc(b.cap);
	assert(b.out);
	printf("%u containers, %zu bytes\n", CONTAINERS, b.list.n);
	report(&b, "memcpy", measure(&b, do_copy));
	report(&b, "jansson: load, dump, free", measure(&b, do_jansson));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		bench_filters(&b, cases[i].what, cases[i].filters);
	b.cap = 16384;
	bench_filters(&b, "redact: three redacted, windows of 16 KiB",
		cases[2].filters);
	free(b.out);
	free((void *)(uintptr_t)b.list.p);
	return 0;
}
