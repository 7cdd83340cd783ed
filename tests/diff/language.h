/* The policy language, said once more: a policy, a request, and a verdict.
 *
 * Written from the language's definition alone; nothing of the compiler or of
 * the runtime is used here, so that the two can be compared. Slow and plain:
 * strings end in NUL, everything is walked.
 */
#ifndef TESTS_DIFF_LANGUAGE_H
#define TESTS_DIFF_LANGUAGE_H

#include <stdbool.h>
#include <stdint.h>

#define LANG_WIDTH 5  /* children, values, steps, members */
#define LANG_RULES 12 /* of a policy */

/* --- values of a body -------------------------------------------------------- */

enum lang_type {
	LANG_NULL,
	LANG_BOOL,
	LANG_NUMBER,
	LANG_STRING,
	LANG_ARRAY,
	LANG_OBJECT,
};

struct lang_json {
	enum lang_type type;
	const char *text; /* of a string; of a number or boolean as written */
	unsigned n;
	const struct lang_json *child[LANG_WIDTH];
	const char *key[LANG_WIDTH]; /* of an object's members */
	bool data_map;               /* its keys are data: they have case */
};

/* --- policies ------------------------------------------------------------------ */

struct lang_value {
	enum lang_type type; /* STRING, NUMBER or BOOL */
	const char *text;
};

enum lang_kind { LANG_TEST, LANG_AND, LANG_OR, LANG_NOT };

struct lang_cond {
	enum lang_kind kind;
	unsigned n;
	const struct lang_cond *child[LANG_WIDTH];
	/* of a test */
	const char *field; /* "path"; "query", "header", "body" without name */
	const char *name;  /* of a query parameter or a header */
	unsigned nsteps;
	const char *step[LANG_WIDTH]; /* of a body's path */
	const char *op;               /* without not_ */
	bool negate, nocase;
	unsigned nvalues;
	struct lang_value value[LANG_WIDTH];
};

struct lang_rule {
	char name[16];
	const char *action;
	long priority;
	unsigned status; /* 0: the default */
	bool dry_run;
	unsigned n;
	const struct lang_cond *when[LANG_WIDTH]; /* all of them */
	unsigned nroles;                          /* 0: the default */
	const char *role[LANG_WIDTH];
	const char *key;   /* of a rate limit; NULL: the default */
	unsigned nfilters; /* the i-th of rule r3 is of the field r3f<i> */
};

struct lang_policy {
	bool default_allow;
	unsigned n;
	struct lang_rule rule[LANG_RULES]; /* in the order written */
};

/* --- requests -------------------------------------------------------------------- */

struct lang_pair {
	const char *name, *value;
	bool hop; /* a header that is not forwarded */
};

struct lang_request {
	const char *method, *path, *api_version;
	unsigned nquery, nheaders;
	struct lang_pair query[LANG_WIDTH], header[LANG_WIDTH];
	const struct lang_json *body; /* NULL: none */
	const char *client_ip;        /* NULL: a unix socket */
	unsigned uid, gid;            /* of its peer */
	const char *role, *identity, *listener;
	unsigned weekday, minute;
	/* What the bucket of each rule answers: 0, there is a token. */
	unsigned retry_after_ms[LANG_RULES];
};

/* --- verdicts -------------------------------------------------------------------- */

struct lang_verdict {
	bool allow;
	int rule; /* that decided, as written; -1: the default */
	unsigned status;
	bool rate_limited;
	unsigned retry_after_ms;
	unsigned ndry, nasked, nfilters; /* rules, in the order of evaluation */
	int dry[LANG_RULES];
	int asked[LANG_RULES];  /* for a token */
	int filter[LANG_RULES]; /* whose filters apply, when it has some */
};

struct lang_verdict lang_decide(
	const struct lang_policy *p, const struct lang_request *q);

/* What tells requests apart in the bucket of that rule; at most n bytes. */
void lang_bucket_key(const struct lang_rule *r, const struct lang_request *q,
	char *out, unsigned n);

/* Is the text matched exponentially by LANG_EVIL? The verdict on it is a
 * doubt. */
#define LANG_EVIL      "^(a+)+$"
#define LANG_EVIL_TEXT "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"

#endif
