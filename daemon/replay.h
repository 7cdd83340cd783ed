/* Replaying: what another policy makes of recorded requests.
 *
 * A recorded request has its method, target, caller and, with audit_docker,
 * what its body means; its other headers and the body itself are not recorded.
 * A verdict that came by a condition on those cannot be told, and is counted
 * apart: never guessed.
 */
#ifndef DAEMON_REPLAY_H
#define DAEMON_REPLAY_H

#include "daemon/audit_files.h"
#include "runtime/arena.h"
#include "runtime/program.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct policy;
struct replay_judge;

enum replay_outcome { REPLAY_DENIED, REPLAY_ALLOWED, REPLAY_UNKNOWN };

/* Requests of which the verdict changes in the same way, by the same rules. */
struct replay_change {
	enum replay_outcome from, to;
	struct str by;   /* the rule that decides now; empty: none does */
	struct str file; /* of the rule; empty: from no file */
	uint32_t line;
	struct str was_by;       /* that decided before; empty: none */
	struct str field;        /* of UNKNOWN: what is not recorded */
	struct str method, path; /* of the first of them */
	uint64_t requests;
};

struct replay {
	struct arena arena;                /* of the changes */
	struct arena line;                 /* of the line that is read */
	struct replay_judge *now, *before; /* owned; before: NULL, as logged */
	struct replay_change *changes;     /* owned */
	size_t nchanges, room;
	uint64_t requests, same; /* judged; of which nothing changes */
	uint64_t skipped;        /* refused before any policy was asked */
};

/* Borrows the policies; against: NULL, what the log says. False without
 * memory. */
bool replay_init(struct replay *r, const struct policy *now,
	const struct policy *against) __attribute__((warn_unused_result));
void replay_fini(struct replay *r);

/* A line of the log. */
enum audit_line replay_add(struct replay *r, struct str line);

/* How many requests of either kind there were. */
uint64_t replay_count(const struct replay *r, enum replay_outcome from,
	enum replay_outcome to);

void replay_text(const struct replay *r, FILE *out);
void replay_json(const struct replay *r, FILE *out);

#endif
