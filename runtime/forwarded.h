/* The client behind proxies, from what they say of it.
 *
 * Reads Forwarded (RFC 7239), X-Forwarded-For and X-Real-IP. Whoever connects
 * can write these fields, so they count only where the connection comes from a
 * trusted network; there, what cannot be read is a refusal, since rules and
 * limits ask for the address.
 */
#ifndef RUNTIME_FORWARDED_H
#define RUNTIME_FORWARDED_H

#include "runtime/cidr.h"
#include "runtime/http1.h"
#include "runtime/why.h"

#include <stddef.h>

/* The networks whose word is taken. */
struct forwarded_trust {
	const struct cidr *nets; /* borrowed */
	size_t n;
};

/* Who the client is of a request that came from the address `from`. That
 * itself, when it is not trusted or tells nothing. Else each kind of field
 * that is there is read as one list over all of its lines: the last address
 * in it that is not trusted, or the first one if all are. A proxy sets one
 * kind and may let a client's others pass, and nobody knows which: so all of
 * them must say the same. *client_out is `from` whenever the result is not
 * WHY_OK:
 *
 *   WHY_FIELD_VALUE         a field is malformed, or the place in the list
 *                           has no address ("unknown", "_hidden")
 *   WHY_FIELD_DUPLICATE     several X-Real-IP
 *   WHY_FORWARDED_CONFLICT  two kinds name two clients
 */
enum why forwarded_client(const struct http1_field *fields, size_t nfields,
	const struct forwarded_trust *trust, const struct ip *from,
	struct ip *client_out);

#endif
