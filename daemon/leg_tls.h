/* TLS inside of a leg. Seen by leg.c alone: flows see leg.h. */
#ifndef DAEMON_LEG_TLS_H
#define DAEMON_LEG_TLS_H

#include "daemon/leg.h"

#include <sys/types.h>

/* leg_start_tls(), leg_drop_tls(), leg_handshake(), leg_error(),
 * leg_read_cert(), of a leg that has TLS, or gets it. */
bool leg_tls_start(struct leg *leg, struct tls_context *context);
void leg_tls_drop(struct leg *leg);
enum handshake leg_tls_handshake(struct leg *leg);
const char *leg_tls_error(const struct leg *leg);
struct auth_cert *leg_tls_read_cert(const struct leg *leg);

/* Records in can_read and can_write what the loop said. */
void leg_tls_event(struct leg *leg, short what);

/* What the loop must be asked for, so that reading or writing can go on. */
short leg_tls_interest(const struct leg *leg, bool read, bool write);

/* leg_fill() */
bool leg_tls_fill(struct leg *leg);

/* leg_is_silent() */
bool leg_tls_is_silent(struct leg *leg);

/* Does SSL hold something? The loop does not know of it. */
bool leg_tls_has_more(const struct leg *leg);

/* Writes the start of what the references say: as much as fits a record. -1
 * with EAGAIN in errno: again later, then the queue must still start with the
 * same bytes. */
ssize_t leg_tls_write(
	struct leg *leg, const struct iovec *refs, unsigned count);

/* leg_shutdown(), leg_farewell(). */
bool leg_tls_farewell(struct leg *leg);

#endif
