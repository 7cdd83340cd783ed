/* Scraping: the sums of all workers, and what the system knows of us. */
#include "daemon/scrape.h"

#include "daemon/generation.h"
#include "daemon/log.h"
#include "daemon/reply.h"
#include "daemon/request.h"
#include "daemon/sandbox.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the process ---------------------------------------------------------- */

struct scrape_proc {
	int statm;            /* owned; -1: none */
	DIR *fds;             /* owned; NULL: none */
	pthread_mutex_t lock; /* of reading fds */
};

struct scrape_proc *
scrape_open(void)
{
	struct scrape_proc *p = malloc(sizeof(*p));

	if (!p)
		return NULL;
	p->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	p->fds = opendir("/proc/self/fd");
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

void
scrape_close(struct scrape_proc *p)
{
	if (!p)
		return;
	if (p->statm >= 0)
		close(p->statm);
	if (p->fds)
		closedir(p->fds);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static uint64_t
resident_bytes(const struct scrape_proc *p)
{
	unsigned long long size, resident;
	char text[128];

	ssize_t n = pread(p->statm, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return METRICS_UNKNOWN;
	text[n] = '\0';
	return sscanf(text, "%llu %llu", &size, &resident) == 2
		       ? resident * (uint64_t)sysconf(_SC_PAGESIZE)
		       : METRICS_UNKNOWN;
}

static uint64_t
open_descriptors(struct scrape_proc *p)
{
	struct stat st;
	uint64_t n = 0;

	if (!p->fds)
		return METRICS_UNKNOWN;
	/* Linux 6.2 tells it so; looking at each of thousands is slow. */
	if (fstat(dirfd(p->fds), &st) == 0 && st.st_size > 0)
		return (uint64_t)st.st_size;
	pthread_mutex_lock(&p->lock);
	rewinddir(p->fds);
	for (const struct dirent *e = readdir(p->fds); e; e = readdir(p->fds))
		n += e->d_name[0] != '.';
	pthread_mutex_unlock(&p->lock);
	return n;
}

/* --- the text ------------------------------------------------------------- */

static void
put_to_file(void *ctx, const char *p, size_t n)
{
	fwrite(p, 1, n, ctx);
}

static const enum metric part_metrics[SANDBOX_PARTS] = {
	[SANDBOX_NOT_DUMPABLE] = METRIC_SANDBOX_NOT_DUMPABLE,
	[SANDBOX_USER] = METRIC_SANDBOX_USER,
	[SANDBOX_CAPABILITIES] = METRIC_SANDBOX_CAPABILITIES,
	[SANDBOX_NO_NEW_PRIVILEGES] = METRIC_SANDBOX_NO_NEW_PRIVILEGES,
	[SANDBOX_LANDLOCK] = METRIC_SANDBOX_LANDLOCK,
	[SANDBOX_SECCOMP] = METRIC_SANDBOX_SECCOMP,
};

void
scrape_gather(const struct shared *s, const struct generation *g,
	struct metrics_snapshot *out)
{
	uint64_t *count = out->count;

	*out = (struct metrics_snapshot){0};
	for (unsigned i = 0; i < s->nworkers; i++)
		metrics_collect(out, &s->first[i].metrics);
	count[METRIC_CONNECTIONS] =
		atomic_load_explicit(&s->connections, memory_order_relaxed);
	count[METRIC_LOG_LOST] = log_lost();
	count[METRIC_GENERATION] = g->number;
	count[METRIC_GENERATIONS] =
		atomic_load_explicit(&s->generations, memory_order_relaxed);
	count[METRIC_RULES] = g->policy->program.nrules;
	count[METRIC_LEARNS] = s->learns;
	for (unsigned i = 0; i < SANDBOX_PARTS; i++)
		count[part_metrics[i]] = s->sandbox >> i & 1;
	count[METRIC_START_TIME] = (uint64_t)s->start_time;
	count[METRIC_RESIDENT] = resident_bytes(s->proc);
	count[METRIC_OPEN_FDS] = open_descriptors(s->proc);
	metrics_derive(out);
}

char *
scrape_text(const struct shared *s, const struct generation *g, size_t *n_out)
{
	struct metrics_snapshot snapshot;
	char *text = NULL;
	FILE *f = open_memstream(&text, n_out);

	if (!f)
		return NULL;
	scrape_gather(s, g, &snapshot);
	const struct metrics_out out = {.put = put_to_file, .ctx = f};
	metrics_write(&out, &snapshot, g->rules, DOCKER_PROXY_VERSION);
	bool failed = ferror(f);
	if (fclose(f) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}

/* --- on the proxy's own listeners ----------------------------------------- */

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
