/* Denials: the latest of each worker, for the status page.
 *
 * Rings of fixed size. A worker writes to its own and only when it denies, so
 * its lock is all but always free; the main thread reads, a copy at a time.
 */
#ifndef DAEMON_DENIALS_H
#define DAEMON_DENIALS_H

#include "runtime/str.h"

#include <stdint.h>

#define DENIALS_KEPT 32   /* of each worker, and told at once of all */
#define DENIAL_BYTES 3072 /* of its JSON */

struct denials;

/* Whom to tell of one: the members of its JSON object, without braces. */
struct denials_reader {
	void (*take)(void *ctx, uint64_t id, int64_t time_ms, struct str json);
	void *ctx;
};

/* NULL without memory. */
struct denials *denials_new(unsigned nworkers);
void denials_free(struct denials *d); /* NULL is nothing */

/* By that worker alone. Cut to nothing when it is longer than DENIAL_BYTES. */
void denials_put(
	struct denials *d, unsigned worker, int64_t time_ms, struct str json);

/* Tells the latest that seen[] (a count for each worker, 0 at first) does not
 * have, oldest first, and counts them there. One thread at a time. */
void denials_read(
	struct denials *d, uint64_t *seen, const struct denials_reader *r);

#endif
