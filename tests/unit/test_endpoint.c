/* Endpoints: methods, calls that HTTP treats specially, HostConfig. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/endpoint.h"

#include "runtime/docker.h"

#include <ctype.h>
#include <stdio.h>

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void
test_methods(void **state)
{
	(void)state;
	static const char *const names[METHOD_COUNT] = {"GET", "HEAD", "POST",
		"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"};
	for (unsigned m = 0; m < METHOD_COUNT; m++) {
		enum method got = METHOD_COUNT;
		struct str name = method_name((enum method)m);
		assert_true(str_eq(name, str_of(names[m])));
		assert_true(method_parse(name, &got));
		assert_int_equal(got, m);
	}
	static const char *const unknown[] = {"", "get", "Get", "GE", "GETT",
		"GET ", " GET", "POSTS", "CONNECT", "PRI", "FOO", "post"};
	for (size_t i = 0; i < COUNT(unknown); i++) {
		enum method got;
		if (method_parse(str_of(unknown[i]), &got))
			fail_msg("\"%s\" is no method", unknown[i]);
	}
	enum method got;
	assert_false(method_parse((struct str){"GET\0", 4}, &got));
	assert_false(method_parse((struct str){NULL, 0}, &got));
}

#define TUNNEL (ENDPOINT_HIJACK | ENDPOINT_UPGRADE)

static const struct {
	enum method method;
	const char *path;
	unsigned flags;
} calls[] = {
	/* every row of the table */
	{METHOD_POST, "/containers/create", ENDPOINT_CREATE},
	{METHOD_POST, "/containers/web/start", ENDPOINT_NO_BODY},
	{METHOD_POST, "/containers/web/attach", TUNNEL},
	{METHOD_POST, "/exec/0a1b/start", TUNNEL},
	{METHOD_GET, "/containers/web/attach/ws", ENDPOINT_UPGRADE},
	{METHOD_POST, "/session", ENDPOINT_UPGRADE},
	{METHOD_POST, "/grpc", ENDPOINT_UPGRADE},
	{METHOD_GET, "/events", ENDPOINT_STREAM},
	{METHOD_GET, "/containers/web/logs", ENDPOINT_STREAM},
	{METHOD_GET, "/containers/web/stats", ENDPOINT_STREAM},
	{METHOD_POST, "/containers/web/wait", ENDPOINT_STREAM},
	{METHOD_GET, "/services/s/logs", ENDPOINT_STREAM},
	{METHOD_GET, "/tasks/t/logs", ENDPOINT_STREAM},
	{METHOD_POST, "/build", ENDPOINT_STREAM},
	{METHOD_POST, "/images/create", ENDPOINT_STREAM},
	{METHOD_POST, "/images/load", ENDPOINT_STREAM},
	{METHOD_POST, "/images/reg:5000/a/b/push", ENDPOINT_STREAM},
	{METHOD_POST, "/plugins/pull", ENDPOINT_STREAM},
	{METHOD_POST, "/plugins/vieux/sshfs:latest/push", ENDPOINT_STREAM},
	{METHOD_POST, "/plugins/vieux/sshfs:latest/upgrade", ENDPOINT_STREAM},
	{METHOD_POST, "/libpod/containers/web/attach",
		ENDPOINT_LIBPOD | TUNNEL},
	{METHOD_POST, "/libpod/exec/0a1b/start", ENDPOINT_LIBPOD | TUNNEL},
	{METHOD_GET, "/libpod/events", ENDPOINT_LIBPOD | ENDPOINT_STREAM},
	{METHOD_GET, "/libpod/containers/stats",
		ENDPOINT_LIBPOD | ENDPOINT_STREAM},
	{METHOD_GET, "/libpod/containers/web/logs",
		ENDPOINT_LIBPOD | ENDPOINT_STREAM},
	{METHOD_GET, "/libpod/containers/web/stats",
		ENDPOINT_LIBPOD | ENDPOINT_STREAM},
	{METHOD_POST, "/libpod/containers/web/wait",
		ENDPOINT_LIBPOD | ENDPOINT_STREAM},
	{METHOD_POST, "/libpod/build", ENDPOINT_LIBPOD | ENDPOINT_STREAM},
	{METHOD_POST, "/libpod/images/load", ENDPOINT_LIBPOD | ENDPOINT_STREAM},
	{METHOD_POST, "/libpod/images/pull", ENDPOINT_LIBPOD | ENDPOINT_STREAM},
	{METHOD_POST, "/libpod/images/a/b/push",
		ENDPOINT_LIBPOD | ENDPOINT_STREAM},

	/* a {name} spans slashes, and only the last words count */
	{METHOD_POST, "/containers/P/db/start", ENDPOINT_NO_BODY},
	{METHOD_POST, "/containers/P/db/attach", TUNNEL},
	{METHOD_POST, "/containers/a/start/attach", TUNNEL},
	{METHOD_POST, "/containers/a/attach/start", ENDPOINT_NO_BODY},
	{METHOD_POST, "/containers/a/exec/b/start", ENDPOINT_NO_BODY},
	{METHOD_POST, "/exec/a/b/start", TUNNEL},
	{METHOD_GET, "/containers/a/attach/ws/logs", ENDPOINT_STREAM},
	{METHOD_GET, "/containers/P/db/attach/ws", ENDPOINT_UPGRADE},
	{METHOD_POST, "/containers/create/start", ENDPOINT_NO_BODY},
	{METHOD_POST, "/containers/start/start", ENDPOINT_NO_BODY},
	{METHOD_POST, "/images/create/push", ENDPOINT_STREAM},

	/* no name at all is another call */
	{METHOD_POST, "/containers/start", 0},
	{METHOD_POST, "/containers/attach", 0},
	{METHOD_GET, "/containers/attach/ws", 0},
	{METHOD_GET, "/containers/logs", 0},
	{METHOD_POST, "/exec/start", 0},
	{METHOD_POST, "/images/push", 0},
	{METHOD_GET, "/images/get", 0},

	/* another method is another call */
	{METHOD_GET, "/containers/create", 0},
	{METHOD_PUT, "/containers/create", 0},
	{METHOD_GET, "/containers/web/start", 0},
	{METHOD_GET, "/containers/web/attach", 0},
	{METHOD_POST, "/containers/web/attach/ws", 0},
	{METHOD_HEAD, "/containers/web/attach/ws", 0},
	{METHOD_GET, "/session", 0},
	{METHOD_GET, "/grpc", 0},
	{METHOD_POST, "/events", 0},
	{METHOD_GET, "/build", 0},
	{METHOD_GET, "/exec/0a1b/start", 0},
	{METHOD_DELETE, "/containers/a/start", 0},

	/* look-alikes: case, a slash more, a word more or less */
	{METHOD_POST, "/containers/Create", 0},
	{METHOD_POST, "/containers/create/", 0},
	{METHOD_POST, "/containers/created", 0},
	{METHOD_POST, "/Containers/create", 0},
	{METHOD_POST, "/containers/web/start/", 0},
	{METHOD_POST, "/containers/web/restart", 0},
	{METHOD_POST, "/containers/web/startx", 0},
	{METHOD_POST, "/containers/web/attach/", 0},
	{METHOD_POST, "/containersx/web/attach", 0},
	{METHOD_POST, "/session/", 0},
	{METHOD_POST, "/sessions", 0},
	{METHOD_POST, "/grpc/x", 0},
	{METHOD_POST, "/x/grpc", 0},
	{METHOD_POST, "/build/prune", 0},
	{METHOD_POST, "/build/cancel", 0},
	{METHOD_GET, "/events/", 0},
	{METHOD_POST, "/v1.41/containers/create", 0},
	{METHOD_GET, "/containers/json", 0},
	{METHOD_GET, "/containers/web/json", 0},
	{METHOD_GET, "/_ping", 0},
	{METHOD_GET, "/", 0},
	{METHOD_GET, "", 0},

	/* Podman's create takes a document of its own, where `privileged` at
	 * the top level is meant; its API knows no session and no grpc. */
	{METHOD_POST, "/libpod/containers/create", ENDPOINT_LIBPOD},
	{METHOD_POST, "/libpod/containers/web/start", ENDPOINT_LIBPOD},
	{METHOD_POST, "/libpod/session", ENDPOINT_LIBPOD},
	{METHOD_POST, "/libpod/grpc", ENDPOINT_LIBPOD},
	{METHOD_GET, "/libpod/", ENDPOINT_LIBPOD},
	{METHOD_GET, "/libpod", 0},
	{METHOD_POST, "/libpodx/containers/web/attach", 0},
	{METHOD_POST, "/containers/libpod/attach", TUNNEL},
};

static void
test_flags(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		unsigned got =
			endpoint_flags(calls[i].method, str_of(calls[i].path));
		if (got != calls[i].flags)
			fail_msg("%s %s: %#x instead of %#x",
				method_name(calls[i].method).p, calls[i].path,
				got, calls[i].flags);
	}
}

/* What HostConfig has in API 1.51, and what it lost on the way there. */
static const char *const members[] = {
	"AutoRemove",
	"Annotations",
	"Binds",
	"BlkioDeviceReadBps",
	"BlkioDeviceReadIOps",
	"BlkioDeviceWriteBps",
	"BlkioDeviceWriteIOps",
	"BlkioWeight",
	"BlkioWeightDevice",
	"CapAdd",
	"CapDrop",
	"Cgroup",
	"CgroupParent",
	"CgroupnsMode",
	"ConsoleSize",
	"ContainerIDFile",
	"CpuCount",
	"CpuPercent",
	"CpuPeriod",
	"CpuQuota",
	"CpuRealtimePeriod",
	"CpuRealtimeRuntime",
	"CpuShares",
	"CpusetCpus",
	"CpusetMems",
	"DeviceCgroupRules",
	"DeviceRequests",
	"Devices",
	"Dns",
	"DnsOptions",
	"DnsSearch",
	"ExtraHosts",
	"GroupAdd",
	"IOMaximumBandwidth",
	"IOMaximumIOps",
	"Init",
	"IpcMode",
	"Isolation",
	"KernelMemory",
	"KernelMemoryTCP",
	"Links",
	"LogConfig",
	"MaskedPaths",
	"Memory",
	"MemoryReservation",
	"MemorySwap",
	"MemorySwappiness",
	"Mounts",
	"NanoCpus",
	"NetworkMode",
	"OomKillDisable",
	"OomScoreAdj",
	"PidMode",
	"PidsLimit",
	"PortBindings",
	"Privileged",
	"PublishAllPorts",
	"ReadonlyPaths",
	"ReadonlyRootfs",
	"RestartPolicy",
	"Runtime",
	"SecurityOpt",
	"ShmSize",
	"StorageOpt",
	"Sysctls",
	"Tmpfs",
	"UTSMode",
	"Ulimits",
	"UsernsMode",
	"VolumeDriver",
	"VolumesFrom",
	/* of old */
	"BlkioBps",
	"BlkioIOps",
	"Capabilities",
	"Cpuset",
	"DeviceCgroupPermissions",
	"DiskQuota",
	"InitPath",
	"LxcConf",
	"MaximumIOBps",
	"MaximumIOps",
	"SandboxSize",
};

static void
test_hostconfig_members(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(members); i++) {
		char folded[64];
		size_t n = strlen(members[i]);
		assert_true(n < sizeof(folded));
		for (size_t k = 0; k < n; k++)
			folded[k] = (char)tolower((unsigned char)members[i][k]);
		if (!docker_is_host_config((struct str){folded, n}))
			fail_msg("%s is a member", members[i]);
		/* Neither a prefix of it, unless that is one itself ... */
		folded[n] = 'x';
		if (docker_is_host_config((struct str){folded, n + 1}))
			fail_msg("%sx is no member", members[i]);
	}
}

/* The members of Config, which stand at the top level of a create body. */
static void
test_config_members_are_others(void **state)
{
	(void)state;
	static const char *const config[] = {
		"hostname",
		"domainname",
		"user",
		"attachstdin",
		"attachstdout",
		"attachstderr",
		"exposedports",
		"tty",
		"openstdin",
		"stdinonce",
		"env",
		"cmd",
		"healthcheck",
		"argsescaped",
		"image",
		"volumes",
		"workingdir",
		"entrypoint",
		"networkdisabled",
		"macaddress",
		"onbuild",
		"labels",
		"stopsignal",
		"stoptimeout",
		"shell",
		"hostconfig",
		"networkingconfig",
		"portspecs",
		"platform",
		"innerhostconfig",
		"resources",
	};
	for (size_t i = 0; i < COUNT(config); i++)
		if (docker_is_host_config(str_of(config[i])))
			fail_msg("%s belongs to Config", config[i]);
	static const char *const others[] = {"", "a", "zzz", "privilege",
		"rivileged", "Privileged", " privileged", "bind", "volumesfro",
		"volumesfromx", "privileged.", "annotation", "aaaa"};
	for (size_t i = 0; i < COUNT(others); i++)
		if (docker_is_host_config(str_of(others[i])))
			fail_msg("\"%s\" is no member", others[i]);
	assert_false(docker_is_host_config((struct str){NULL, 0}));
	assert_false(docker_is_host_config(STR("privileged\0")));
	assert_false(docker_is_host_config(STR("init\0path")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_hostconfig_members),
		cmocka_unit_test(test_config_members_are_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
