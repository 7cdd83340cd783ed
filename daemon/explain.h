/* An explanation: the verdict on a request, and how it came about.
 *
 * Made of an offline judgement and a trace of it; written as text for people
 * and as JSON (docs/tools.md) for programs.
 */
#ifndef DAEMON_EXPLAIN_H
#define DAEMON_EXPLAIN_H

#include "compiler/explain.h"
#include "daemon/offline.h"

#include <stdio.h>

#define EXPLAIN_NEAREST 3u
#define EXPLAIN_WITHOUT 16u

struct explanation {
	const struct policy *policy; /* borrowed */
	struct offline_verdict verdict;
	/* The request; what it was judged by is empty when it was refused
	 * before that. */
	struct str method, target; /* as it says */
	struct str path, api_version, listener, client, role, identity;
	bool judged;                      /* by the policy: the rules below */
	const struct explain_rule *rules; /* all, in the order of evaluation */
	uint32_t nrules;
	/* Of one that no rule allows: rules that would allow it, if only. */
	struct explain_rule nearest[EXPLAIN_NEAREST];
	unsigned nnearest;
	/* Of one that a rule denies: the rules without which it would not be
	 * so, in the order in which they do; and what it came to then. */
	uint32_t without[EXPLAIN_WITHOUT];
	unsigned nwithout;
	bool then_allowed;
	uint32_t then_rule; /* that did; PROGRAM_NO_RULE: the default */
};

/* Judges the bytes, as offline_judge() does, and explains it. All is in the
 * arena but the policy. False without memory. */
bool explain_make(struct explanation *e, struct offline *o,
	const struct policy *policy, const struct offline_from *from,
	struct str bytes, struct arena *a) __attribute__((warn_unused_result));

/* all: also rules that are for other calls. indent: before each line. */
void explain_text(
	const struct explanation *e, bool all, const char *indent, FILE *out);

/* One line; all as above. */
void explain_json(const struct explanation *e, bool all, FILE *out);

#endif
