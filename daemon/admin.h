/* Health, readiness and metrics on listeners of their own: admin.listen and
 * metrics.listen. On the main thread's loop; never blocks.
 *
 * One request a connection, GET or HEAD, without authentication: whoever can
 * connect may read. Bounded: ADMIN_CONNECTIONS, of which the oldest makes
 * room for a new one, each with ADMIN_HEAD_BYTES of a request and ADMIN_MS to
 * live.
 *
 *   admin.listen    /healthz  200 "ok" while we serve, 503 when we stop
 *                   /readyz   200 while the Engine answers a ping, else 503
 *                   /metrics  and / tells of these
 *   metrics.listen  metrics.path
 */
#ifndef DAEMON_ADMIN_H
#define DAEMON_ADMIN_H

#include "daemon/worker.h"

struct admin;

/* Listens where the settings say; NULL with the error logged. Without either
 * listener it is an admin that does nothing. On worker 0's loop. */
struct admin *admin_open(struct shared *shared);

/* From now on neither healthy nor ready; answering goes on. */
void admin_stop(struct admin *a);

/* NULL is nothing. Before the worker's end. */
void admin_close(struct admin *a);

#endif
