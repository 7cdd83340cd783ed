/* A request that somebody asks about, in a test or on the command line: the
 * bytes it would have, and who would send them.
 */
#ifndef DAEMON_ASKED_H
#define DAEMON_ASKED_H

#include "compiler/testcases.h"
#include "daemon/offline.h"

struct settings;

struct asked {
	struct offline_from from;
	struct judge_caller caller; /* of from */
	struct str bytes;
};

/* What is not said is taken from the policy (the first listener), from this
 * process (its user, on a unix listener) and the clock; an address is
 * 127.0.0.1. Texts stay with the test and the arena. NULL, or why there can be
 * no such request. *out stays where it is: it points into itself. */
const char *asked_make(const struct testcase *t, const struct settings *s,
	struct arena *a, struct asked *out);

#endif
