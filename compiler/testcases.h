/* The `tests` of a policy: requests with the verdict they must get.
 *
 * Also the form in which explain is asked. Who asks counts as authenticated,
 * as the role and identity that the test says (none, if it says none), unless
 * it brings an Authorization header: then that is looked at.
 */
#ifndef COMPILER_TESTCASES_H
#define COMPILER_TESTCASES_H

#include "runtime/cidr.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_map;
struct reader;
struct tree;

struct testcase_field {
	struct str name, value;
};

enum testcase_expect {
	TESTCASE_ALLOW,
	TESTCASE_DENY, /* whatever the status */
	TESTCASE_STATUS,
};

/* Texts end in NUL and live in the policy's arena. */
struct testcase {
	uint32_t line;
	struct str method, target;
	bool is_known; /* who asks is: role and identity */
	struct str role, identity;
	struct ip ip;        /* not set: loopback, or a unix listener's peer */
	struct str listener; /* empty: the first */
	bool has_peer;
	uint32_t uid, gid;
	bool has_time; /* else it is now */
	uint8_t weekday;
	uint16_t minute;
	const struct testcase_field *fields;
	size_t nfields;
	bool has_body;
	struct str body;
	enum testcase_expect expect;
	uint16_t status;
	struct str rule; /* that must have decided; empty: any */
};

struct testcases {
	const struct testcase *v;
	size_t n;
};

extern const struct key_map testcase_map;

/* NULL: the file has none. Errors go to the reader's diag. */
void testcases_read(
	struct reader *r, const struct tree *node, struct testcases *out);

/* "Mon 08:30". */
bool testcase_time(struct str s, uint8_t *weekday_out, uint16_t *minute_out);

#endif
