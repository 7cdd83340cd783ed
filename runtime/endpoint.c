/* Endpoints of the Engine's API: tables of methods, calls and members. */
#include "runtime/endpoint.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

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

static const struct call calls[] = {
	{METHOD_POST, STR("/containers/create"), STR(""), ENDPOINT_CREATE},
	{METHOD_POST, STR("/containers/"), STR("/start"), ENDPOINT_NO_BODY},
	{METHOD_POST, STR("/containers/"), STR("/attach"), TUNNEL},
	{METHOD_POST, STR("/exec/"), STR("/start"), TUNNEL},
	{METHOD_GET, STR("/containers/"), STR("/attach/ws"), ENDPOINT_UPGRADE},
	{METHOD_POST, STR("/session"), STR(""), ENDPOINT_UPGRADE},
	{METHOD_POST, STR("/grpc"), STR(""), ENDPOINT_UPGRADE},

	{METHOD_GET, STR("/events"), STR(""), ENDPOINT_STREAM},
	{METHOD_GET, STR("/containers/"), STR("/logs"), ENDPOINT_STREAM},
	{METHOD_GET, STR("/containers/"), STR("/stats"), ENDPOINT_STREAM},
	{METHOD_POST, STR("/containers/"), STR("/wait"), ENDPOINT_STREAM},
	{METHOD_GET, STR("/services/"), STR("/logs"), ENDPOINT_STREAM},
	{METHOD_GET, STR("/tasks/"), STR("/logs"), ENDPOINT_STREAM},
	{METHOD_POST, STR("/build"), STR(""), ENDPOINT_STREAM},
	{METHOD_POST, STR("/images/create"), STR(""), ENDPOINT_STREAM},
	{METHOD_POST, STR("/images/load"), STR(""), ENDPOINT_STREAM},
	{METHOD_POST, STR("/images/"), STR("/push"), ENDPOINT_STREAM},
	{METHOD_POST, STR("/plugins/pull"), STR(""), ENDPOINT_STREAM},
	{METHOD_POST, STR("/plugins/"), STR("/push"), ENDPOINT_STREAM},
	{METHOD_POST, STR("/plugins/"), STR("/upgrade"), ENDPOINT_STREAM},

	/* Podman's own spelling of the same (pkg/api/server/register_*.go) */
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

	if (str_starts(path, STR("/libpod/")))
		flags = ENDPOINT_LIBPOD;
	for (size_t i = 0; i < COUNT(calls); i++)
		if (is_call(&calls[i], method, path))
			flags |= calls[i].flags;
	return flags;
}

/* Every member that HostConfig, its Resources and the wrapper around them
 * have had since API 1.0, folded, in order of bytes (moby
 * runconfig/hostconfig.go, runconfig/config_unix.go,
 * api/types/container/hostconfig.go; engine-api
 * types/container/host_config.go). */
static const struct str hostconfig_members[] = {
	STR("annotations"),
	STR("autoremove"),
	STR("binds"),
	STR("blkiobps"),
	STR("blkiodevicereadbps"),
	STR("blkiodevicereadiops"),
	STR("blkiodevicewritebps"),
	STR("blkiodevicewriteiops"),
	STR("blkioiops"),
	STR("blkioweight"),
	STR("blkioweightdevice"),
	STR("capabilities"),
	STR("capadd"),
	STR("capdrop"),
	STR("cgroup"),
	STR("cgroupnsmode"),
	STR("cgroupparent"),
	STR("consolesize"),
	STR("containeridfile"),
	STR("cpucount"),
	STR("cpupercent"),
	STR("cpuperiod"),
	STR("cpuquota"),
	STR("cpurealtimeperiod"),
	STR("cpurealtimeruntime"),
	STR("cpuset"),
	STR("cpusetcpus"),
	STR("cpusetmems"),
	STR("cpushares"),
	STR("devicecgrouppermissions"),
	STR("devicecgrouprules"),
	STR("devicerequests"),
	STR("devices"),
	STR("diskquota"),
	STR("dns"),
	STR("dnsoptions"),
	STR("dnssearch"),
	STR("extrahosts"),
	STR("groupadd"),
	STR("init"),
	STR("initpath"),
	STR("iomaximumbandwidth"),
	STR("iomaximumiops"),
	STR("ipcmode"),
	STR("isolation"),
	STR("kernelmemory"),
	STR("kernelmemorytcp"),
	STR("links"),
	STR("logconfig"),
	STR("lxcconf"),
	STR("maskedpaths"),
	STR("maximumiobps"),
	STR("maximumiops"),
	STR("memory"),
	STR("memoryreservation"),
	STR("memoryswap"),
	STR("memoryswappiness"),
	STR("mounts"),
	STR("nanocpus"),
	STR("networkmode"),
	STR("oomkilldisable"),
	STR("oomscoreadj"),
	STR("pidmode"),
	STR("pidslimit"),
	STR("portbindings"),
	STR("privileged"),
	STR("publishallports"),
	STR("readonlypaths"),
	STR("readonlyrootfs"),
	STR("restartpolicy"),
	STR("runtime"),
	STR("sandboxsize"),
	STR("securityopt"),
	STR("shmsize"),
	STR("storageopt"),
	STR("sysctls"),
	STR("tmpfs"),
	STR("ulimits"),
	STR("usernsmode"),
	STR("utsmode"),
	STR("volumedriver"),
	STR("volumesfrom"),
};

static int
cmp_member(const void *key, const void *element)
{
	const struct str *a = key;
	const struct str *b = element;
	int order = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);
	return order ? order : (a->n > b->n) - (a->n < b->n);
}

bool
endpoint_is_hostconfig_member(struct str folded_name)
{
	return folded_name.n && bsearch(&folded_name, hostconfig_members,
					COUNT(hostconfig_members),
					sizeof(struct str), cmp_member);
}
