/* Facts: what a program can know of one request.
 *
 * Filled by the proxy (or by `explain` and tests) from what will be
 * forwarded, never from what the client merely wrote: fields that end here
 * are not among the headers.
 */
#ifndef RUNTIME_FACTS_H
#define RUNTIME_FACTS_H

#include "runtime/arena.h"
#include "runtime/cidr.h"
#include "runtime/docker.h"
#include "runtime/http1.h"
#include "runtime/json.h"
#include "runtime/target.h"

struct facts {
	enum method method;
	const struct target *target; /* borrowed */
	const struct http1_field
		*headers; /* borrowed; `hop` ones are skipped */
	size_t nheaders;
	struct ip client_ip;
	struct str role, identity; /* empty without authentication */
	struct str listener;
	bool has_peer; /* on a unix listener */
	uint32_t peer_uid, peer_gid;
	uint8_t weekday; /* local time: 0 is Sunday */
	uint16_t minute; /* of the day */
	/* NULL while the body is unknown. A request without a body has an
	 * empty one (count 0), and fields of it are absent. */
	const struct json *body;
	struct docker *docker; /* borrowed: what docker.* fields found so far;
				  all zero at first */
	struct arena *arena;   /* scratch, of the request */
};

#endif
