/* The `tests` of a policy, run.
 */
#ifndef DAEMON_TESTS_H
#define DAEMON_TESTS_H

#include "compiler/testcases.h"
#include "daemon/explain.h"

struct policy;

/* A test that was run; borrowed until the next one is. */
struct tests_outcome {
	const struct testcase *test;
	bool passed;
	struct str expected, got;              /* "deny by rule x" */
	const struct explanation *explanation; /* of one that failed; NULL:
						  there can be no such request */
};

/* Who hears of each. */
struct tests_hearer {
	void (*hear)(struct tests_hearer *h, const struct tests_outcome *o);
};

struct tests_count {
	size_t run, failed;
};

/* Runs them in their order. A rate limit is taken to have a token; where a
 * status is expected, and not got so, to have none. fired: for each rule,
 * whether it fired in some test; the caller's, NULL: nobody wants to know.
 * False without memory. */
bool tests_run(const struct policy *policy, struct tests_hearer *h, bool *fired,
	struct tests_count *count_out) __attribute__((warn_unused_result));

#endif
