/* Redaction of an endless stream of values, as `events` and `stats` are: how
 * fast, against copying it and against jansson reading and writing it; and in
 * how much memory. Each value has something for each of three filters.
 *
 *     bench_redact_stream [MiB, 1024 if not given]
 */
#include "tests/bench/bench.h"
#include "tests/unit/redact_fixture.h"

#include <jansson.h>

#define BLOCK_BYTES  MIB(1)
#define WINDOW       (64u * 1024) /* what the proxy reads at once */
#define JANSSON_PART 64u          /* of the stream, or it takes minutes */
#define GROWTH_KIB   256          /* of memory, in the whole stream */

static const char *const filters[] = {
	"redact Env.* ~ (?i)(token|secret|password|key)=",
	"remove Container.Ports",
	"redact Container.Labels",
};

/* The stream is this block again and again; it ends between two values. */
struct block {
	char *p; /* owned */
	size_t n;
	unsigned values;
};

static struct block
make_block(void)
{
	struct block b = {.p = malloc(BLOCK_BYTES)};
	char value[1024], container[768];

	assert(b.p);
	for (;; b.values++) {
		put_container(container, sizeof(container), b.values);
		int n = snprintf(value, sizeof(value),
			"{\"Env\":[\"PATH=/usr/bin:/bin\",\"DB_PASSWORD=hunter2"
			"-%u\",\"LANG=C\"],\"Container\":%s}\n",
			b.values, container);
		assert(n > 0 && (size_t)n < sizeof(value));
		if (b.n + (size_t)n > BLOCK_BYTES)
			return b;
		memcpy(b.p + b.n, value, (size_t)n);
		b.n += (size_t)n;
	}
}

/* --- the contestants ------------------------------------------------------ */

static char out[WINDOW];

/* Bytes that come out. */
static uint64_t
copy(const struct block *b)
{
	for (size_t at = 0; at < b->n; at += WINDOW) {
		size_t n = b->n - at < WINDOW ? b->n - at : WINDOW;
		memcpy(out, b->p + at, n);
		/* The copy is read, for all the compiler knows. */
		__asm__ volatile("" : : "r"(out) : "memory");
	}
	return b->n;
}

static uint64_t
load_and_dump(const struct block *b)
{
	uint64_t n = 0;

	for (size_t at = 0; at < b->n;) {
		json_error_t e;
		json_t *value = json_loadb(
			b->p + at, b->n - at, JSON_DISABLE_EOF_CHECK, &e);
		assert(value);
		char *text = json_dumps(value, JSON_COMPACT);
		assert(text);
		n += strlen(text);
		free(text);
		json_decref(value);
		at += (size_t)e.position + 1;
	}
	return n;
}

static uint64_t
rewrite(struct redact *r, const struct block *b)
{
	uint64_t sum = 0;

	for (size_t at = 0; at < b->n; at += WINDOW) {
		size_t left = b->n - at < WINDOW ? b->n - at : WINDOW;
		const char *p = b->p + at;
		enum redact_step step;
		do {
			size_t used, n = 0;
			step = redact_run(
				r, p, left, &used, out, sizeof(out), &n);
			p += used;
			left -= used;
			sum += n;
		} while (step == REDACT_FULL);
		assert(step == REDACT_MORE && left == 0);
	}
	return sum;
}

/* --- measuring ------------------------------------------------------------ */

static double
mb_per_s(uint64_t bytes, int64_t start_ns)
{
	return (double)bytes * 1e3 / (double)(now_ns() - start_ns);
}

static struct redact *
begin(struct filters *f)
{
	const struct redact_plan *plan;

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++)
		filters_add(f, filters[i]);
	plan = redact_plan_new(
		&f->program, f->all, f->program.nfilters, &f->arena);
	assert(plan);
	return redact_new(plan, f->scratch, &f->arena);
}

int
main(int argc, char **argv)
{
	uint64_t mib = argc > 1 ? strtoull(argv[1], NULL, 10) : 1024;
	struct block b = make_block();
	struct filters *f = filters_new();
	struct redact *r = begin(f);

	assert(mib > 0 && r);
	uint64_t each = rewrite(r, &b), blocks = mib * MIB(1) / b.n;
	long before = peak_kib();
	size_t arena = f->arena.used;
	printf("%" PRIu64 " MiB: %" PRIu64 " values of %zu bytes, three "
	       "filters that match\n",
		mib, blocks * b.values, b.n / b.values);
	int64_t start = now_ns();
	for (uint64_t i = 0; i < blocks; i++)
		assert(rewrite(r, &b) == each);
	double redact = mb_per_s(blocks * b.n, start);
	long grown = peak_kib() - before;
	assert(redact_end(r) && f->arena.used == arena);

	start = now_ns();
	for (uint64_t i = 0; i < blocks; i++)
		copy(&b);
	double memory = mb_per_s(blocks * b.n, start);
	uint64_t part = blocks / JANSSON_PART + 1;
	start = now_ns();
	for (uint64_t i = 0; i < part; i++)
		load_and_dump(&b);
	double jansson = mb_per_s(part * b.n, start);
	printf("redact               %8.0f MB/s\n", redact);
	printf("memcpy               %8.0f MB/s, %.1f times as fast\n", memory,
		memory / redact);
	printf("jansson: load, dump  %8.0f MB/s, %.1f times slower\n", jansson,
		redact / jansson);
	printf("memory: %zu bytes of the arena; peak RSS %ld KiB, grown by "
	       "%ld\n",
		arena, before, grown);
	free(b.p);
	filters_free(f);
	return grown > GROWTH_KIB;
}
