/* Rules: `rules` of a policy as a typed tree. What toggles become, too. */
#ifndef COMPILER_RULES_H
#define COMPILER_RULES_H

#include "compiler/diag.h"
#include "compiler/tree.h"
#include "runtime/cidr.h"
#include "runtime/program.h"

struct cond_value {
	enum value_kind kind;
	struct str text; /* as written; of a regex the pattern */
	struct cidr cidr;
	uint8_t days;
	uint16_t from, to;
	struct pos pos;
};

enum cond_kind {
	COND_TEST,
	COND_AND, /* true without children */
	COND_OR,  /* false without children */
	COND_NOT, /* one child */
};

struct cond {
	enum cond_kind kind;
	struct pos pos;
	struct cond *first, *next; /* children, sibling */
	/* COND_TEST */
	enum field field;
	struct str name; /* behind the dot of a named field */
	enum operator_id op;
	bool negate; /* not_<operator> */
	bool nocase;
	const struct cond_value *values;
	size_t nvalues;
};

struct rule_limit {
	uint32_t requests, period_ms, penalty_ms;
	enum bucket_key key;
	struct str header; /* of BUCKET_HEADER: lower case */
};

struct rule_filter {
	struct str path; /* as of a body field */
	enum filter_action action;
	struct str replacement; /* of FILTER_REPLACE: JSON */
	bool has_match;
	struct str match; /* a regex */
};

/* Where a rule stands: rules of a part come before those of the next. */
enum rule_part {
	RULE_GUARD,  /* of a guard: nothing before it can allow */
	RULE_OWN,    /* of the configuration itself */
	RULE_POLICY, /* of a policy that it includes */
};

struct rule {
	struct rule *next; /* in the order written */
	struct str name, description, message;
	enum action action;
	int64_t priority;
	uint16_t status;
	bool dry_run;
	bool toggle;       /* lowered from a toggle: no place in a file */
	struct cond *when; /* COND_AND of the conditions */
	enum rule_part part;
	struct pos pos; /* of the rule in its file */
	/* of ACTION_REQUIRE_ROLE: any of them */
	const struct str *roles;
	size_t nroles;
	struct rule_limit limit; /* of ACTION_RATE_LIMIT */
	/* of ACTION_RESPONSE_FILTER */
	const struct rule_filter *filters;
	size_t nfilters;
};

/* The name of a rule, be the rest of it right or wrong. */
struct rule_name {
	struct rule_name *next;
	struct str text;
	struct pos pos;
};
/* Can it end a request with a denial? */
static inline bool
rule_restricts(const struct rule *r)
{
	return r->action == ACTION_DENY || r->action == ACTION_REQUIRE_ROLE ||
	       r->action == ACTION_RATE_LIMIT;
}

struct rule_list {
	struct rule *first, **tail;
	size_t count;
	struct rule_name *names, **names_tail;
	uint32_t nnames;
};

/* The bytes, as written, of the first name of a body path: up to a dot that
 * has no backslash before it. */
static inline size_t
body_path_step(struct str path)
{
	size_t n = 0;
	while (n < path.n && path.p[n] != '.')
		n += path.p[n] == '\\' && n + 1 < path.n ? 2 : 1;
	return n;
}

extern const struct key_map rule_map;

void rule_list_init(struct rule_list *l);
void rule_list_add(struct rule_list *l, struct rule *r);

/* In the order of evaluation: by part, within one by file, within one by
 * priority, equal ones as written; those of toggles behind them all. l->count
 * of them, in the arena; NULL when it is full. */
const struct rule **rules_in_order(const struct rule_list *l, struct arena *a);

/* Types the `rules` node (a list; NULL is none) of a file into l; errors go to
 * d. */
void rules_read(const struct tree *node, enum rule_part part,
	struct rule_list *l, struct arena *a, struct diag *d);

/* No two rules of whatever files may have one name: it is what the log, rate
 * limits and tests know them by. */
void rules_check_names(
	const struct rule_list *l, struct arena *a, struct diag *d);

#endif
