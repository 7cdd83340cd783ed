/* Learning: from recorded requests, the least policy that allows them.
 *
 * Requests are put together by call: method and path, with what the path
 * names (a container, an image) left open. Of a call that can say more, what
 * was said is kept of each docker.* field, and so is what never was.
 */
#ifndef DAEMON_LEARN_H
#define DAEMON_LEARN_H

#include "daemon/audit_files.h"
#include "runtime/arena.h"
#include "runtime/docker.h"
#include "runtime/endpoint.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Each text once, in the order met. */
struct learnt_texts {
	struct str *v; /* in the arena */
	uint32_t n, room;
};

struct learnt_call {
	enum method method;
	bool names;   /* the path is before, a name, behind; else `before` */
	bool slashes; /* one of the names had a "/" */
	struct str before, behind;
	struct str path, target; /* of its first request */
	uint64_t requests;
	bool reads_body; /* its body says what it means */
	bool says_more;  /* so does its body or its query */
	bool untold;     /* of some request it is not recorded what it means */
	bool anonymous;  /* some request was nobody's */
	struct learnt_texts roles;
	struct learnt_texts values[DOCKER_COUNT];
	uint64_t named;  /* bits of fields: the path's name was a value */
	uint64_t doubts; /* that may have had values that could not be read */
	uint64_t hidden; /* whose values are not all recorded */
};

struct learnt {
	struct arena arena;
	struct arena line;         /* of the line that is read */
	struct learnt_call *calls; /* owned; in the order first met */
	size_t ncalls, room;
	uint64_t requests; /* that were let in */
	uint64_t refused;  /* that were not */
	bool known_roles;  /* some request had a role */
};

void learn_init(struct learnt *l);
void learn_fini(struct learnt *l);

/* A line of the log. Other events than requests are passed over. */
enum audit_line learn_add(struct learnt *l, struct str line);

/* Would the path fit the call? */
bool learn_fits(const struct learnt_call *c, struct str path);

/* The policy, as YAML; source says in its first lines where it is from. */
void learn_write(const struct learnt *l, const char *source, FILE *out);

#endif
