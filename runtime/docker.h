/* What a request means to the Docker Engine: the docker.* fields.
 *
 * The Engine takes one intent in many spellings. Here each fact (a path of
 * the host, a capability, an image) is gathered from every place where it can
 * be said and brought to one form, so that a rule speaks of the fact. Where
 * that is, tables say: docker_calls.c by call, docker_shapes.c by member of
 * the API's structs. docs/docker-fields.md is the operator's view.
 *
 * Gathered once a request, when a field is first asked for, in time linear in
 * the body, into the request's arena. A value that cannot be read (of a type
 * the Engine would refuse, of a form that means two things) puts its field in
 * doubt, and doubt is denial.
 *
 * Implements the reading of moby's api/types, volume/mounts/linux_parser.go,
 * volume/local, oci/caps, daemon.parseSecurityOpt and distribution/reference,
 * of every API version from 1.24 on at once.
 */
#ifndef RUNTIME_DOCKER_H
#define RUNTIME_DOCKER_H

#include "runtime/arena.h"
#include "runtime/program.h"
#include "runtime/str.h"

#include <stdbool.h>
#include <stdint.h>

struct facts;
struct docker_call;

#define DOCKER_FIRST FIELD_DOCKER_TARGET
#define DOCKER_COUNT (FIELD_DOCKER_UNKNOWN - FIELD_DOCKER_TARGET + 1)

struct docker_value {
	struct str text; /* in the arena, or borrowed from the request */
	bool also;       /* another reading of the one before: no value more */
};

struct docker_list {
	struct docker_value *v; /* in the arena */
	uint32_t n, room;
};

/* What is known so far. Owned by the request. */
struct docker {
	const struct docker_call *call; /* NULL: none that has facts */
	bool has_call, has_head, has_body;
	uint32_t doubts; /* a bit for each field: some value is not known */
	struct docker_list lists[DOCKER_COUNT]; /* once has_head */
};

/* Nothing yet. The lists are left for whoever asks first, if anybody does. */
static inline void
docker_init(struct docker *d)
{
	d->call = NULL;
	d->has_call = d->has_head = d->has_body = false;
	d->doubts = 0;
}

/* Can this request's body say something? Of all other requests it need not be
 * known. */
bool docker_reads_body(const struct facts *f);

/* Can its query? The name in its path is no part of that. */
bool docker_reads_query(const struct facts *f);

/* The values of a docker.* field, borrowed from *f->docker; *doubt_out when
 * there may be others. A field with FIELD_NEEDS_BODY needs f->body where
 * docker_reads_body(). An arena that overflows loses values: ask it. */
const struct docker_list *docker_values(
	const struct facts *f, enum field field, bool *doubt_out);

/* The nth field's name without "docker.": "host_paths". */
struct str docker_field_name(unsigned n);

/* The form in which values of the field come, of a text that an operator
 * wrote; itself for fields whose values come as they are. False: no value of
 * the field can be it. */
bool docker_normal(
	enum field field, struct str text, struct arena *a, struct str *out);

/* Is the folded key a member of HostConfig, in any API version? */
bool docker_is_host_config(struct str folded_key);

#endif
