/* Endpoints of the Engine's API: tables of methods and calls. */
#include "runtime/endpoint.h"

#include <assert.h>
#include <stddef.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct str methods[METHOD_COUNT] = {
	[METHOD_GET] = STR("GET"),
	[METHOD_HEAD] = STR("HEAD"),
	[METHOD_POST] = STR("POST"),
	[METHOD_PUT] = STR("PUT"),
	[METHOD_DELETE] = STR("DELETE"),
	[METHOD_PATCH] = STR("PATCH"),
	[METHOD_OPTIONS] = STR("OPTIONS"),
	[METHOD_TRACE] = STR("TRACE"),
};

struct str
method_name(enum method method)
{
	assert(method < METHOD_COUNT);
	return methods[method];
}

bool
method_parse(struct str name, enum method *out)
{
	for (unsigned m = 0; m < METHOD_COUNT; m++) {
		if (str_eq(name, methods[m])) {
			*out = (enum method)m;
			return true;
		}
	}
	return false;
}

/* A call: the whole path, or what stands before and behind a {name}. The
 * router's {name:.*} spans slashes: `containers/a/start/attach` attaches to
 * `a/start`, so only both ends count. */
struct call {
	enum method method;
	struct str before;
	struct str behind; /* empty: `before` is the whole path */
	unsigned flags;
};

#define TUNNEL (ENDPOINT_HIJACK | ENDPOINT_UPGRADE)

/* A table for each letter that a path may begin with: most have none. */
static const struct call build[] = {
	{METHOD_POST, STR("/build"), STR(""), ENDPOINT_STREAM},
};

static const struct call containers[] = {
	{METHOD_POST, STR("/containers/create"), STR(""), ENDPOINT_CREATE},
	{METHOD_POST, STR("/containers/"), STR("/start"), ENDPOINT_NO_BODY},
	{METHOD_POST, STR("/containers/"), STR("/attach"), TUNNEL},
	{METHOD_GET, STR("/containers/"), STR("/attach/ws"), ENDPOINT_UPGRADE},
	{METHOD_GET, STR("/containers/"), STR("/logs"), ENDPOINT_STREAM},
	{METHOD_GET, STR("/containers/"), STR("/stats"), ENDPOINT_STREAM},
	{METHOD_POST, STR("/containers/"), STR("/wait"), ENDPOINT_STREAM},
};

static const struct call exec_and_events[] = {
	{METHOD_POST, STR("/exec/"), STR("/start"), TUNNEL},
	{METHOD_GET, STR("/events"), STR(""), ENDPOINT_STREAM},
};

static const struct call grpc[] = {
	{METHOD_POST, STR("/grpc"), STR(""), ENDPOINT_UPGRADE},
};

static const struct call images[] = {
	{METHOD_POST, STR("/images/create"), STR(""), ENDPOINT_STREAM},
	{METHOD_POST, STR("/images/load"), STR(""), ENDPOINT_STREAM},
	{METHOD_POST, STR("/images/"), STR("/push"), ENDPOINT_STREAM},
};

/* Podman's own spelling of the same (pkg/api/server/register_*.go) */
static const struct call libpod[] = {
	{METHOD_POST, STR("/libpod/containers/"), STR("/attach"), TUNNEL},
	{METHOD_POST, STR("/libpod/exec/"), STR("/start"), TUNNEL},
	{METHOD_GET, STR("/libpod/events"), STR(""), ENDPOINT_STREAM},
	{METHOD_GET, STR("/libpod/containers/stats"), STR(""), ENDPOINT_STREAM},
	{METHOD_GET, STR("/libpod/containers/"), STR("/logs"), ENDPOINT_STREAM},
	{METHOD_GET, STR("/libpod/containers/"), STR("/stats"),
		ENDPOINT_STREAM},
	{METHOD_POST, STR("/libpod/containers/"), STR("/wait"),
		ENDPOINT_STREAM},
	{METHOD_POST, STR("/libpod/build"), STR(""), ENDPOINT_STREAM},
	{METHOD_POST, STR("/libpod/images/load"), STR(""), ENDPOINT_STREAM},
	{METHOD_POST, STR("/libpod/images/pull"), STR(""), ENDPOINT_STREAM},
	{METHOD_POST, STR("/libpod/images/"), STR("/push"), ENDPOINT_STREAM},
};

static const struct call plugins[] = {
	{METHOD_POST, STR("/plugins/pull"), STR(""), ENDPOINT_STREAM},
	{METHOD_POST, STR("/plugins/"), STR("/push"), ENDPOINT_STREAM},
	{METHOD_POST, STR("/plugins/"), STR("/upgrade"), ENDPOINT_STREAM},
};

static const struct call services_and_session[] = {
	{METHOD_GET, STR("/services/"), STR("/logs"), ENDPOINT_STREAM},
	{METHOD_POST, STR("/session"), STR(""), ENDPOINT_UPGRADE},
};

static const struct call tasks[] = {
	{METHOD_GET, STR("/tasks/"), STR("/logs"), ENDPOINT_STREAM},
};

static const struct {
	const struct call *calls;
	size_t n;
} by_letter[] = {
#define CALLS(letter, table) [(letter) - 'a'] = {table, COUNT(table)}
	CALLS('b', build),
	CALLS('c', containers),
	CALLS('e', exec_and_events),
	CALLS('g', grpc),
	CALLS('i', images),
	CALLS('l', libpod),
	CALLS('p', plugins),
	CALLS('s', services_and_session),
	CALLS('t', tasks),
#undef CALLS
};

static bool
is_call(const struct call *c, enum method method, struct str path)
{
	if (method != c->method)
		return false;
	if (c->behind.n == 0)
		return str_eq(path, c->before);
	return path.n > c->before.n + c->behind.n &&
	       str_starts(path, c->before) && str_ends(path, c->behind);
}

unsigned
endpoint_flags(enum method method, struct str path)
{
	unsigned flags = 0;

	if (path.n < 2 || path.p[1] < 'a' ||
		path.p[1] - 'a' >= (int)COUNT(by_letter))
		return 0;
	const struct call *calls = by_letter[path.p[1] - 'a'].calls;
	size_t n = by_letter[path.p[1] - 'a'].n;
	if (str_starts(path, STR("/libpod/")))
		flags = ENDPOINT_LIBPOD;
	for (size_t i = 0; i < n; i++)
		if (is_call(&calls[i], method, path))
			flags |= calls[i].flags;
	return flags;
}
