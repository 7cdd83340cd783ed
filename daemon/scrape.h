/* Scraping: all metrics of the process as text, for whoever asks. */
#ifndef DAEMON_SCRAPE_H
#define DAEMON_SCRAPE_H

#include "daemon/flow.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>

#define SCRAPE_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* What the system tells of this process: opened before the sandbox, which lets
 * nobody open it, and shared by the threads. NULL without memory. */
struct scrape_proc *scrape_open(void);
void scrape_close(struct scrape_proc *p); /* NULL is nothing */

/* All numbers now, derived ones too. On any thread. What /proc does not tell
 * is METRICS_UNKNOWN. */
void scrape_gather(const struct shared *s, const struct generation *g,
	struct metrics_snapshot *out);

/* The text now, to be freed, with the rules of a generation that the caller
 * holds; NULL without memory. On any thread. What /proc does not tell is left
 * out. */
char *scrape_text(
	const struct shared *s, const struct generation *g, size_t *n_out);

/* Answers the flow's request, which asks for it. Always FLOW_MORE. */
enum flow_step scrape_answer(struct flow *f);

#endif
