/* Scraping: the sums of all workers, and what the system knows of us. */
#include "daemon/scrape.h"

#include "daemon/generation.h"
#include "daemon/reply.h"
#include "daemon/request.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the process ---------------------------------------------------------- */

static uint64_t
resident_bytes(void)
{
	unsigned long long size, resident;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return METRICS_UNKNOWN;
	int n = fscanf(f, "%llu %llu", &size, &resident);
	fclose(f);
	return n == 2 ? resident * (uint64_t)sysconf(_SC_PAGESIZE)
		      : METRICS_UNKNOWN;
}

static uint64_t
open_descriptors(void)
{
	struct stat st;
	uint64_t n = 0;

	/* Linux 6.2 tells it so; looking at each of thousands is slow. */
	if (stat("/proc/self/fd", &st) == 0 && st.st_size > 0)
		return (uint64_t)st.st_size;
	DIR *d = opendir("/proc/self/fd");
	if (!d)
		return METRICS_UNKNOWN;
	for (const struct dirent *e = readdir(d); e; e = readdir(d))
		n += e->d_name[0] != '.';
	closedir(d);
	return n - 1; /* but the folder's own */
}

/* --- the text ------------------------------------------------------------- */

static void
put_to_file(void *ctx, const char *p, size_t n)
{
	fwrite(p, 1, n, ctx);
}

static void
gather(const struct shared *s, const struct generation *g,
	struct metrics_snapshot *out)
{
	uint64_t *count = out->count;

	*out = (struct metrics_snapshot){0};
	for (unsigned i = 0; i < s->nworkers; i++)
		metrics_collect(out, &s->first[i].metrics);
	count[METRIC_CONNECTIONS] =
		atomic_load_explicit(&s->connections, memory_order_relaxed);
	count[METRIC_GENERATION] = g->number;
	count[METRIC_GENERATIONS] =
		atomic_load_explicit(&s->generations, memory_order_relaxed);
	count[METRIC_RULES] = g->policy->program.nrules;
	count[METRIC_START_TIME] = (uint64_t)s->start_time;
	count[METRIC_RESIDENT] = resident_bytes();
	count[METRIC_OPEN_FDS] = open_descriptors();
}

char *
scrape_text(const struct shared *s, const struct generation *g, size_t *n_out)
{
	struct metrics_snapshot snapshot;
	char *text = NULL;
	FILE *f = open_memstream(&text, n_out);

	if (!f)
		return NULL;
	gather(s, g, &snapshot);
	const struct metrics_out out = {.put = put_to_file, .ctx = f};
	metrics_write(&out, &snapshot, g->rules, DOCKER_PROXY_VERSION);
	bool failed = ferror(f);
	if (fclose(f) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}

/* --- on the proxy's own listeners ----------------------------------------- */

bool
scrape_is_asked(const struct flow *f)
{
	const struct settings_metrics *m = &flow_policy(f)->settings.metrics;
	const struct request *rq = f->rq;

	return m->enabled && str_eq(rq->target.path, m->path) &&
	       rq->target.api_version.n == 0 &&
	       (rq->head.method == METHOD_GET ||
		       rq->head.method == METHOD_HEAD);
}

static bool
queue(struct flow *f)
{
	return reply_queue_held(f, STR(SCRAPE_TYPE));
}

enum flow_step
scrape_answer(struct flow *f)
{
	struct request *rq = f->rq;

	rq->held = scrape_text(f->worker->shared, rq->generation, &rq->held_n);
	return rq->held ? flow_answer(f, queue)
			: flow_refuse(f, WHY_OUT_OF_MEMORY);
}
