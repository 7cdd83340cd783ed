/* Judging a request: from its bytes to a verdict.
 *
 * What the running proxy (flow_judge.c) and those who only ask what it would
 * do (offline.c) have in common, so that the two cannot differ. It knows of no
 * socket, clock or lock: what it needs of them is in struct judge. In order:
 * judge_find_head(), judge_head(), judge_caller(), then vm_run() on rq->vm;
 * where that asks for the body, judge_hold(), the body into rq->held,
 * judge_body(), vm_run().
 */
#ifndef DAEMON_JUDGE_H
#define DAEMON_JUDGE_H

#include "runtime/str.h"
#include "runtime/why.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arrival;
struct auth_cert;
struct policy;
struct program_rule;
struct request;

/* Who it is, where that is known. */
struct judge_caller {
	struct str role, identity;
};

/* All borrowed. */
struct judge {
	const struct policy *policy;
	const struct arrival *from;        /* who is there */
	const struct auth_cert *cert;      /* the client's; NULL: none */
	const struct judge_caller *caller; /* NULL: to be found out */
	uint32_t hash_seed;
	uint32_t locked_out_s; /* the client is, for so long; 0: it is not */
	uint8_t weekday;       /* local time, as in struct facts */
	uint16_t minute;
};

/* Looks for the end of a head among the bytes so far: its length to *len_out,
 * 0 when more must come. *seen as of http1_scan_head(). */
enum why judge_find_head(const struct policy *policy, struct str in,
	size_t *seen, size_t *len_out);

/* Parses the head (len bytes that stay in place), checks what needs no policy,
 * and gathers the facts. One for our own metrics (rq->is_scrape) is not judged
 * further. */
enum why judge_head(const struct judge *j, struct request *rq, const char *head,
	size_t len);

/* Finds out who it is; rq->guessed when credentials were wrong. Then the
 * program can be run. */
enum why judge_caller(const struct judge *j, struct request *rq);

/* Does the audit log tell what requests mean? Then bodies that can say so are
 * held, whether or not a rule asks, and refused like others. */
bool judge_records(const struct policy *policy);
bool judge_wants_body(const struct request *rq);

/* The body is asked for: may it be held? */
enum why judge_hold(const struct judge *j, struct request *rq);

/* The held body is complete: scans it into the facts. */
enum why judge_body(const struct judge *j, struct request *rq);

/* --- of a request whose `why` is set -------------------------------------- */

/* The rule that refused it; NULL: none did. */
const struct program_rule *judge_rule(const struct request *rq);

/* The status of our answer. */
uint16_t judge_status(const struct request *rq);

/* What the client and the logs are told of a refused one; never empty. */
struct str judge_message(struct request *rq);

#endif
