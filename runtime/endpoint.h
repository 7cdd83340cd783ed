/* Endpoints of the Engine's API that HTTP treats specially.
 *
 * By canonical path and method (moby api/server/router/ and
 * api/server/httputils): which calls may switch to a raw stream, which take
 * no body, which are honoured with HostConfig's members at the top level.
 */
#ifndef RUNTIME_ENDPOINT_H
#define RUNTIME_ENDPOINT_H

#include "runtime/str.h"
#include "runtime/why.h"

#include <stdbool.h>

/* Methods the proxy knows; all others are refused. */
enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_DELETE,
	METHOD_PATCH,
	METHOD_OPTIONS,
	METHOD_TRACE,
	METHOD_COUNT
};

/* "GET"; the only place that spells them. */
struct str method_name(enum method method);

/* Case-sensitive, as the Engine compares; false when unknown. */
bool method_parse(struct str name, enum method *out);

enum endpoint_flag {
	/* A 101, or a raw-stream 200 without framing, makes a tunnel: POST
	 * containers/{}/attach, POST exec/{}/start. */
	ENDPOINT_HIJACK = 1 << 0,
	/* `Upgrade` is forwarded: the two above, GET containers/{}/attach/ws,
	 * POST session, POST grpc. */
	ENDPOINT_UPGRADE = 1 << 1,
	/* A body would be read as a HostConfig by engines <= 25: POST
	 * containers/{}/start. */
	ENDPOINT_NO_BODY = 1 << 2,
	/* Engines <= 26 honour HostConfig's members at the top level: POST
	 * containers/create. */
	ENDPOINT_CREATE = 1 << 3,
	/* Podman's own API, where multipart bodies are meant: libpod/... */
	ENDPOINT_LIBPOD = 1 << 4,
	/* The answer has no end of its own (events, logs, stats, wait) or
	 * the Engine stops its work when the client goes (build, pull, push,
	 * load): a client that has shut its side down has gone. */
	ENDPOINT_STREAM = 1 << 5,
};

/* Flags of a call, by canonical path (target.h). {name} spans slashes, as in
 * the Engine's router. */
unsigned endpoint_flags(enum method method, struct str path);

#endif
