/* Request ids: what X-Request-Id may be, and ours.
 *
 * An id ties a client's request to the log, the audit log and the Engine's
 * own. One of ours is a counter through a keyed hash: 128 bits that cannot be
 * guessed from those before, without asking the system for each.
 */
#ifndef RUNTIME_REQUEST_ID_H
#define RUNTIME_REQUEST_ID_H

#include "runtime/siphash.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>

#define REQUEST_ID_MAX  128 /* bytes of a client's */
#define REQUEST_ID_MADE 32  /* hex digits of ours */

/* One for each thread, its key from the system's randomness. */
struct request_ids {
	struct siphash_key key;
	uint64_t made;
};

/* Does a client's id do: 1 to REQUEST_ID_MAX letters, digits and ._~+/=:@- ?
 * What else could be in one would have to be escaped somewhere. */
bool request_id_is_sane(struct str id);

void request_id_make(struct request_ids *ids, char out[REQUEST_ID_MADE]);

#endif
