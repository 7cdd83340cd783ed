/* Reading an audit log: line by line, and what a line says. */
#ifndef DAEMON_AUDIT_LINES_H
#define DAEMON_AUDIT_LINES_H

#include "runtime/arena.h"
#include "runtime/audit.h"
#include "runtime/docker.h"
#include "runtime/json.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct audit_lines {
	FILE *file;      /* owned, but for standard input */
	uint64_t number; /* of the line, from 1 */
	size_t n;
	char line[AUDIT_LINE_MAX]; /* with its \n */
};

enum audit_read {
	AUDIT_READ_LINE,
	AUDIT_READ_END,
	AUDIT_READ_PART, /* the file ends inside a line */
	AUDIT_READ_LONG, /* no audit log has such a line */
	AUDIT_READ_ERROR /* errno */
};

/* "-" is standard input. False with errno set. */
bool audit_lines_open(struct audit_lines *l, const char *file)
	__attribute__((warn_unused_result));
enum audit_read audit_lines_next(struct audit_lines *l);
void audit_lines_close(struct audit_lines *l);

/* What ended the reading, in words; NULL for AUDIT_READ_LINE and _END. */
const char *audit_read_text(enum audit_read read);

/* An event of the log. Texts are borrowed of the line or in the arena; empty
 * for null. */
struct audit_record {
	struct json json;
	enum audit_kind kind;
	struct str method, path, query, role, identity, rule, listener, peer_ip;
	struct str user_agent;
	uint16_t status;                /* 0: null */
	bool dry_run, learns;           /* `mode` is "learn" */
	const struct json_node *docker; /* of json; NULL: not recorded */
};

/* False: the line is no event of ours. */
bool audit_record_read(struct audit_record *r, struct str line, struct arena *a)
	__attribute__((warn_unused_result));

/* The docker.* fields as they were recorded, in the arena; *hidden_out has a
 * bit for each of which not all was. False: nothing is recorded of them. */
bool audit_record_means(const struct audit_record *r, struct arena *a,
	struct docker *out, uint64_t *hidden_out);

/* The request target, without an API version: that is not recorded. */
struct str audit_record_target(const struct audit_record *r, struct arena *a);

#endif
