/* A request judged without a connection: what the running proxy would do with
 * it, by the same judge.h. Nothing is spent or counted: it is told which rate
 * limits were asked for a token.
 *
 * For explain, test and whoever else wants to know beforehand. One thread at a
 * time; hundreds of thousands of requests a second.
 */
#ifndef DAEMON_OFFLINE_H
#define DAEMON_OFFLINE_H

#include "daemon/judge.h"
#include "runtime/cidr.h"
#include "runtime/vm.h"

struct arena;
struct docker;
struct facts;
struct offline;

/* Who sends it. All zero but for the time: nobody in particular, over the
 * first listener. Borrowed. */
struct offline_from {
	struct str listener; /* its name; empty: the first one's */
	struct ip ip;        /* not set: as on a unix listener */
	bool has_peer;       /* on a unix listener */
	uint32_t uid, gid;
	const struct judge_caller *caller; /* NULL: by credentials, as ever */
	bool has_no_tokens;                /* left, of any rate limit */
	/* What the request means, where that is known without its body, of
	 * which it then has none; NULL: it is read from the request. */
	const struct docker *means;
	uint8_t weekday; /* clock.h */
	uint16_t minute;
};

/* A request in words. */
struct offline_field {
	struct str name, value;
};
struct offline_request {
	struct str method, target;
	const struct offline_field *fields;
	size_t nfields;
	bool has_body;
	struct str body;
};

/* Borrowed of the struct offline, until it judges again. */
struct offline_verdict {
	bool allow;
	bool is_scrape;     /* allowed: the proxy answers, with its metrics */
	bool is_cut;        /* the bytes end before the request does */
	bool is_held;       /* a rule asked for the body */
	enum why why;       /* of a denial */
	uint16_t status;    /* of a denial */
	struct str message; /* of a denial: what the client is told */
	uint32_t rule;      /* that decided; PROGRAM_NO_RULE: none */
	uint32_t doubts;    /* conditions that could not be decided */
	/* Rules in dry run that would have denied. */
	const uint32_t *dry;
	uint32_t ndry;
	/* Of an allow, records of the filter table. */
	const uint32_t *filters;
	uint32_t nfilters;
	/* Rules whose rate limit was asked for a token. */
	const uint32_t *limits;
	uint32_t nlimits;
	size_t used; /* bytes that the request takes up, as far as known */
};

/* Borrows the policy. NULL without memory. */
struct offline *offline_new(const struct policy *policy);
void offline_free(struct offline *o); /* NULL is nothing */

/* The bytes of a request: the fields as given, and where they are not among
 * them Host and, of a body, Content-Length and Content-Type (JSON). False when
 * there can be no such bytes (a line break in a field), or no memory. */
bool offline_bytes(const struct offline_request *q, struct arena *a,
	struct str *bytes_out) __attribute__((warn_unused_result));

/* Judges the first request of the bytes, which stay in place until the next
 * one is. trace: NULL, or as vm_run_traced() has it. */
struct offline_verdict offline_judge(struct offline *o,
	const struct offline_from *from, struct str bytes,
	struct vm_trace *trace);

/* For more tests of its regexes. */
struct regex_scratch *offline_scratch(struct offline *o);

/* What is known of the request that was judged; NULL when it did not come to
 * the policy. */
const struct facts *offline_facts(const struct offline *o);

#endif
