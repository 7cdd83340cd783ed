/* Health, readiness, metrics and the status page on listeners of their own:
 * admin.listen and metrics.listen. On the main thread's loop; never blocks.
 *
 * One request a connection. Bounded: ADMIN_CONNECTIONS, of which the oldest
 * makes room for a new one, each with ADMIN_HEAD_BYTES and ADMIN_BODY_BYTES
 * of a request and ADMIN_MS to live; those that are told events stay longer,
 * and are ADMIN_STREAMS at most.
 *
 *   admin.listen    /healthz  200 "ok" while we serve, 503 when we stop
 *                   /readyz   200 while the Engine answers a ping, else 503
 *                   /metrics
 *                   /         the status page, and /api/ behind it
 *   metrics.listen  metrics.path
 *
 * Whoever can connect may have health and metrics. The page and its API ask
 * for admin.token where there is one; beyond loopback they are off without.
 */
#ifndef DAEMON_ADMIN_H
#define DAEMON_ADMIN_H

#include "daemon/worker.h"

struct admin;
struct reload;

/* Listens where the settings say; NULL with the error logged. Without either
 * listener it is an admin that does nothing. On worker 0's loop. With the
 * admin listener it makes shared->denials, which outlives it. */
struct admin *admin_open(struct shared *shared, const struct reload *reload);

/* From now on neither healthy nor ready; answering goes on. */
void admin_stop(struct admin *a);

/* NULL is nothing. Before the worker's end. */
void admin_close(struct admin *a);

#endif
