/* Audit events: one JSON object a line.
 *
 * The keys of the Rust docker-proxy, always all of them and in their order
 * (timestamp event peer_ip method path user_agent user_role identity
 * rule_name rule_action status dry_run message), null where there is
 * nothing, and then ours: request_id listener query bytes_in bytes_out
 * duration_ms, and with a chain `prev`, the SHA-256 of the line before.
 * Never a secret: values of query parameters whose names look like one are
 * masked; control bytes and invalid UTF-8 are escaped.
 */
#ifndef RUNTIME_AUDIT_H
#define RUNTIME_AUDIT_H

#include "runtime/str.h"
#include "runtime/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum audit_kind {
	AUDIT_REQUEST, /* allowed; with `audit: all` */
	AUDIT_DENY,
	AUDIT_DRY_RUN,
	AUDIT_AUTH_FAILURE,
	AUDIT_RATE_LIMITED,
	AUDIT_LOCKOUT,
	AUDIT_RELOAD,
	AUDIT_KINDS
};

struct audit_event {
	enum audit_kind kind;
	int64_t time_ms; /* since 1970, UTC */
	/* Empty: null. */
	struct str peer_ip, method, path, user_agent, role, identity;
	struct str rule_name, rule_action, message, request_id, listener;
	const struct target_param *params;
	size_t nparams;
	uint16_t status; /* 0: null */
	bool dry_run;
	uint64_t bytes_in, bytes_out, duration_ms;
};

#define AUDIT_LINE_MAX 16384 /* longer values are cut, and say so */

/* Writes the line with its \n, without `prev`, to buf; its length. */
size_t audit_line(const struct audit_event *e, char *buf, size_t cap);

/* Adds `"prev":"<hex>"` to a line, before its closing brace, and moves
 * digest (32 bytes, in and out) on to the SHA-256 of the new line. The new
 * length; 0 when it does not fit. */
size_t audit_chain(char *line, size_t n, size_t cap, uint8_t digest[32]);

#endif
