/* Relay of messages: those of SCTP, whole, each with the stream that it came
 * on and what its sender calls its payload. */
#ifndef DAEMON_RELAY_MESSAGES_H
#define DAEMON_RELAY_MESSAGES_H

#include "daemon/relay.h"

/* A relay's step for legs of one association each (RFC 6458, section 4) that
 * tell SCTP_SNDRCV. Nothing is shut down at the end: an association has no
 * half. What is longer than a block of the largest size breaks it: in pieces
 * it would be more than one message. */
enum relay_step relay_run_messages(
	struct relay *r, struct leg *src, struct leg *dst);

#endif
