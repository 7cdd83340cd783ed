/* Server-sent events: what the status page shows, as it changes.
 *
 * Once a STATUS_TICK_MS, and only while somebody listens: the same bytes for
 * all of them. A client that does not take them is dropped, and so are all
 * when another policy comes into force: they come again.
 */
#ifndef DAEMON_STATUS_STREAM_H
#define DAEMON_STATUS_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admin;
struct event;

struct status_stream {
	struct event *tick;  /* owned */
	unsigned clients;    /* that listen */
	uint64_t generation; /* whose rules are counted */
	uint64_t *hits;      /* owned: of each series, as told */
	uint32_t next;       /* series to look at first */
	uint64_t *denials;   /* owned: of each worker, how many were told */
};

bool status_stream_init(struct admin *a);
void status_stream_fini(struct admin *a);

#endif
