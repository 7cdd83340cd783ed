/* A bounded queue of records: many producers, one consumer, no lock.
 *
 * Records of any length follow one another in one block of memory. A
 * producer reserves room, copies and then publishes the record; it never
 * waits, not even for another producer: a full ring refuses. Records come out
 * in the order of their reservations.
 */
#ifndef DAEMON_AUDIT_RING_H
#define DAEMON_AUDIT_RING_H

#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>

struct audit_ring;

/* Of at least so many bytes, 8 more for each record. NULL without memory. */
struct audit_ring *audit_ring_new(size_t bytes);
void audit_ring_free(struct audit_ring *r);

/* From any thread. False: there is no room for it. */
bool audit_ring_put(struct audit_ring *r, struct str record)
	__attribute__((warn_unused_result));

/* From one thread: is there a record to take? */
bool audit_ring_ready(const struct audit_ring *r);

/* From one thread: the next record, copied to buf, which must be large
 * enough for any. False: there is none. */
bool audit_ring_take(struct audit_ring *r, char *buf, size_t cap, size_t *n_out)
	__attribute__((warn_unused_result));

#endif
