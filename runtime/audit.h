/* Audit events: one JSON object a line.
 *
 * The keys of the Rust docker-proxy, always all of them and in their order
 * (timestamp event peer_ip method path user_agent user_role identity
 * rule_name rule_action status dry_run message), null where there is
 * nothing, and then ours: request_id listener query bytes_in bytes_out
 * duration_ms, where asked for `docker` and `mode`, of what was lost `count`,
 * and with a chain `prev`, the SHA-256 of the line before.
 *
 * Never a secret: in `query` (a query string, written anew) the values of
 * parameters whose names look like one are masked, as are the user and
 * password of URLs. What a terminal or a parser could stumble over is
 * escaped: control characters, invalid UTF-8, characters without a width or
 * that turn the direction of writing.
 */
#ifndef RUNTIME_AUDIT_H
#define RUNTIME_AUDIT_H

#include "runtime/arena.h"
#include "runtime/str.h"
#include "runtime/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct audit_buf;
struct facts;

enum audit_kind {
	AUDIT_REQUEST, /* allowed; with `audit: all` */
	AUDIT_DENY,
	AUDIT_DRY_RUN,
	AUDIT_AUTH_FAILURE,
	AUDIT_RATE_LIMITED,
	AUDIT_LOCKOUT,
	AUDIT_RELOAD,
	AUDIT_DROPPED,     /* `count` events were lost */
	AUDIT_CHAIN_START, /* the chain does not go on from the line before */
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
	uint64_t count;    /* of AUDIT_DROPPED */
	struct str docker; /* of audit_facts(); empty: left out */
	bool learns;       /* `mode` is "learn"; else it is left out */
};

/* Of a line's `event`; false: there is none of that name. */
bool audit_kind_parse(struct str name, enum audit_kind *out);

#define AUDIT_FACTS_MAX 8000
/* With `prev` and \n; values are cut, and say so. */
#define AUDIT_LINE_MAX  24576
#define AUDIT_DIGEST    32

/* Writes the line with its \n, without `prev`, to buf, which has room for
 * AUDIT_LINE_MAX bytes; its length. There is always room left for `prev`. */
size_t audit_line(const struct audit_event *e, char buf[AUDIT_LINE_MAX]);

/* What the docker.* fields say, as JSON: {"host_paths": ["/srv"], "images":
 * [["id:3f", "docker.io/library/3f:latest"]], "doubts": ["user"], "hidden":
 * ["env"]}. Fields without a value are left out; a value that can be read in
 * two ways is an array of them; in doubt are fields that may have others.
 * Hidden: not all is told, since values of env, labels, annotations and
 * driver_opts may be secret, or there is no room. As docker_values(), it may
 * need the body. In the arena; empty when that is full. */
struct str audit_facts(const struct facts *f, struct arena *a);

/* A query as events have it, as a JSON string that takes so much room inside;
 * null when there is none. */
void audit_put_query(struct audit_buf *o, const struct target_param *params,
	size_t nparams, size_t max);

/* --- the chain ---------------------------------------------------------- */

/* Adds `"prev":"<hex of digest>"` to a line of audit_line, before its closing
 * brace, and moves digest on to the SHA-256 of the new line, \n and all. The
 * new length. */
size_t audit_chain(
	char buf[AUDIT_LINE_MAX], size_t n, uint8_t digest[AUDIT_DIGEST]);

/* What a line with its \n has as `prev`; false when it has none. */
bool audit_prev(struct str line, uint8_t digest_out[AUDIT_DIGEST]);

#endif
