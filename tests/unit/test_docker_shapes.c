/* The structs of the Engine's API: which members are known, and how those that
 * are not are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/docker_fixture.h"

#include <ctype.h>

/* What HostConfig has in API 1.56, and what it lost on the way there. */
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
	"Umask",
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
		"rivileged", " privileged", "bind", "volumesfro",
		"volumesfromx", "privileged.", "annotation", "aaaa"};
	for (size_t i = 0; i < COUNT(others); i++)
		if (docker_is_host_config(str_of(others[i])))
			fail_msg("\"%s\" is no member", others[i]);
	assert_false(docker_is_host_config((struct str){NULL, 0}));
	assert_false(docker_is_host_config(STR("privileged\0")));
	assert_false(docker_is_host_config(STR("init\0path")));
}

#define CREATE        "POST /v1.43/containers/create"
#define HOST(members) "{\"HostConfig\":{" members "}}"
#define UNKNOWN       FIELD_DOCKER_UNKNOWN

static void
test_unknown(void **state)
{
	static const struct docker_case cases[] = {
		{UNKNOWN, CREATE, "{\"Foo\":1}", "Foo"},
		{UNKNOWN, CREATE, "{\"Foo\":null}", ""},
		{UNKNOWN, CREATE, HOST("\"Foo\":{\"Privileged\":true}"),
			"HostConfig.Foo"},
		{UNKNOWN, CREATE, HOST("\"Mounts\":[{},{\"foo\":0}]"),
			"HostConfig.Mounts.*.foo"},
		{UNKNOWN, CREATE,
			"{\"hostconfig\":{\"F\\u006fo\":\"\",\"\":1}}",
			"HostConfig.Foo | HostConfig."},
		{UNKNOWN, CREATE,
			"{\"NetworkingConfig\":{\"EndpointsConfig\":{\"a.b\":"
			"{\"New\":1}}}}",
			"NetworkingConfig.EndpointsConfig.*.New"},
		{UNKNOWN, CREATE,
			HOST("\"LogConfig\":{\"Config\":{\"any\":\"x\"}},"
			     "\"Sysctls\":{\"any\":\"x\"},\"Tmpfs\":{\"/a\":"
			     "\"\"}"),
			""},
		{UNKNOWN, CREATE, "{\"Labels\":{\"any\":\"x\"}}", ""},
		{UNKNOWN, CREATE, HOST("\"Privileged\\u0000\":1"),
			"HostConfig.Privileged"},
		{UNKNOWN, "POST /containers/c/exec", "{\"Ulimits\":[]}",
			"Ulimits"},
		{UNKNOWN, "POST /containers/c/update", "{\"Privileged\":true}",
			"Privileged"},
		{UNKNOWN, "POST /containers/c/update", "{\"Memory\":1}", ""},
		{UNKNOWN, "POST /volumes/create", "{\"Opts\":{}}", "Opts"},
		{UNKNOWN, "POST /networks/create", "{\"A\":1,\"B\":2}",
			"A | B"},
		{UNKNOWN, "POST /services/create",
			"{\"Name\":\"s\",\"TaskTemplate\":{\"ContainerSpec\":"
			"{\"Privileged\":true}}}",
			"TaskTemplate.ContainerSpec.Privileged"},
		{UNKNOWN, "POST /plugins/pull?remote=a", "[{\"X\":1}]",
			"*.X | ?"},
		{UNKNOWN, "POST /exec/e/start", "{\"Detach\":false,\"Q\":1}",
			"Q"},
		{UNKNOWN, "POST /swarm/init", "{\"Spec\":{\"Raft\":{\"R\":1}}}",
			"Spec.Raft.R"},
		{UNKNOWN, "GET /info", "{\"A\":1}", ""},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

/* Of every struct: bodies as complete as the API has them. */
static void
test_known(void **state)
{
	static const struct docker_case cases[] = {
		{UNKNOWN, CREATE,
			"{\"Hostname\":\"\",\"Domainname\":\"\",\"User\":\"\","
			"\"AttachStdin\":false,\"AttachStdout\":true,"
			"\"AttachStderr\":true,\"ExposedPorts\":{\"80/tcp\":{}}"
			",\"Tty\":false,\"OpenStdin\":false,\"StdinOnce\":false"
			",\"Env\":[],\"Cmd\":[\"a\"],\"Healthcheck\":{\"Test\":"
			"[],\"Interval\":0,\"Timeout\":0,\"StartPeriod\":0,"
			"\"StartInterval\":0,\"Retries\":0},\"ArgsEscaped\":"
			"false,\"Image\":\"a\",\"Volumes\":{},\"WorkingDir\":"
			"\"\",\"Entrypoint\":null,\"NetworkDisabled\":false,"
			"\"MacAddress\":\"\",\"OnBuild\":null,\"Labels\":{},"
			"\"StopSignal\":\"\",\"StopTimeout\":1,\"Shell\":[],"
			"\"PortSpecs\":[],\"NetworkingConfig\":"
			"{\"EndpointsConfig\":{\"n\":{\"IPAMConfig\":"
			"{\"IPv4Address\":\"\",\"IPv6Address\":\"\","
			"\"LinkLocalIPs\":[]},\"Links\":[],\"Aliases\":[],"
			"\"MacAddress\":\"\",\"DriverOpts\":{},\"GwPriority\":0"
			",\"NetworkID\":\"\",\"EndpointID\":\"\",\"Gateway\":"
			"\"\",\"IPAddress\":\"\",\"IPPrefixLen\":0,"
			"\"IPv6Gateway\":\"\",\"GlobalIPv6Address\":\"\","
			"\"GlobalIPv6PrefixLen\":0,\"DNSNames\":[]}}}}",
			""},
		{UNKNOWN, CREATE,
			HOST("\"Mounts\":[{\"Type\":\"volume\",\"Source\":\"v\""
			     ",\"Target\":\"/t\",\"ReadOnly\":false,"
			     "\"Consistency\":\"\",\"BindOptions\":"
			     "{\"Propagation\":\"\",\"NonRecursive\":false,"
			     "\"CreateMountpoint\":false,"
			     "\"ReadOnlyNonRecursive\":false,"
			     "\"ReadOnlyForceRecursive\":false},"
			     "\"VolumeOptions\":{\"NoCopy\":false,\"Labels\":{}"
			     ",\"Subpath\":\"\",\"DriverConfig\":{\"Name\":\"\""
			     ",\"Options\":{\"x\":\"y\"}}},\"ImageOptions\":"
			     "{\"Subpath\":\"\"},\"TmpfsOptions\":"
			     "{\"SizeBytes\":0,\"Mode\":0,\"Options\":[[\"a\"]]"
			     "},\"ClusterOptions\":{}}],\"Ulimits\":[{\"Name\":"
			     "\"a\",\"Soft\":1,\"Hard\":1}],"
			     "\"BlkioWeightDevice\":[{\"Path\":\"\",\"Weight\":"
			     "1}],\"BlkioDeviceReadBps\":[{\"Path\":\"\","
			     "\"Rate\":1}],\"DeviceRequests\":[{\"Driver\":\"\""
			     ",\"Count\":1,\"DeviceIDs\":[],\"Capabilities\":"
			     "[[\"gpu\"]],\"Options\":{\"k\":\"v\"}}],"
			     "\"RestartPolicy\":{\"Name\":\"\","
			     "\"MaximumRetryCount\":0},\"LogConfig\":{\"Type\":"
			     "\"\",\"Config\":{\"a\":\"b\"}}"),
			""},
		{UNKNOWN, "POST /containers/c/exec",
			"{\"User\":\"\",\"Privileged\":false,\"Tty\":true,"
			"\"ConsoleSize\":[1,2],\"Container\":\"c\","
			"\"AttachStdin\":true,\"AttachStderr\":true,"
			"\"AttachStdout\":true,\"Detach\":false,"
			"\"DetachKeys\":\"\",\"Env\":null,\"WorkingDir\":\"\","
			"\"Cmd\":[\"id\"]}",
			""},
		{UNKNOWN, "POST /exec/e/start",
			"{\"Detach\":false,\"Tty\":true,\"ConsoleSize\":[1,2]}",
			""},
		{UNKNOWN, "POST /networks/create",
			"{\"Name\":\"n\",\"CheckDuplicate\":true,\"Driver\":"
			"\"bridge\",\"Scope\":\"\",\"EnableIPv4\":true,"
			"\"EnableIPv6\":false,\"IPAM\":{\"Driver\":\"default\","
			"\"Options\":{\"x\":\"y\"},\"Config\":[{\"Subnet\":\"\""
			",\"IPRange\":\"\",\"Gateway\":\"\","
			"\"AuxiliaryAddresses\":{\"h\":\"1.2.3.4\"}}]},"
			"\"Internal\":false,\"Attachable\":false,\"Ingress\":"
			"false,\"ConfigOnly\":false,\"ConfigFrom\":"
			"{\"Network\":\"\"},\"Options\":{\"a\":\"b\"},"
			"\"Labels\":{\"a\":\"b\"}}",
			""},
		{UNKNOWN, "POST /volumes/create",
			"{\"Name\":\"v\",\"Driver\":\"local\",\"DriverOpts\":{}"
			",\"Labels\":{},\"ClusterVolumeSpec\":{\"Group\":\"\","
			"\"AccessMode\":{\"Scope\":\"\",\"Sharing\":\"\","
			"\"MountVolume\":{\"FsType\":\"\",\"MountFlags\":[]},"
			"\"BlockVolume\":{}},\"AccessibilityRequirements\":"
			"{\"Requisite\":[{\"Segments\":{\"a\":\"b\"}}],"
			"\"Preferred\":[]},\"CapacityRange\":{\"RequiredBytes\""
			":0,\"LimitBytes\":0},\"Secrets\":[{\"Key\":\"\","
			"\"Secret\":\"\"}],\"Availability\":\"\"}}",
			""},
		{UNKNOWN, "POST /services/create",
			"{\"Name\":\"s\",\"Labels\":{},\"TaskTemplate\":"
			"{\"ContainerSpec\":{\"Image\":\"a\",\"Labels\":{},"
			"\"Command\":[],\"Args\":[],\"Hostname\":\"\",\"Env\":"
			"[],\"Dir\":\"\",\"User\":\"\",\"Groups\":[],"
			"\"Privileges\":{\"CredentialSpec\":{\"Config\":\"\","
			"\"File\":\"\",\"Registry\":\"\"},\"SELinuxContext\":"
			"{\"Disable\":false,\"User\":\"\",\"Role\":\"\","
			"\"Type\":\"\",\"Level\":\"\"},\"Seccomp\":{\"Mode\":"
			"\"\",\"Profile\":\"\"},\"AppArmor\":{\"Mode\":\"\"},"
			"\"NoNewPrivileges\":false},\"Init\":true,"
			"\"StopSignal\":\"\",\"TTY\":false,\"OpenStdin\":false,"
			"\"ReadOnly\":false,\"Mounts\":[],\"StopGracePeriod\":1"
			",\"Healthcheck\":{},\"Hosts\":[],\"DNSConfig\":"
			"{\"Nameservers\":[],\"Search\":[],\"Options\":[]},"
			"\"Secrets\":[{\"File\":{\"Name\":\"\",\"UID\":\"0\","
			"\"GID\":\"0\",\"Mode\":292},\"SecretID\":\"\","
			"\"SecretName\":\"\"}],\"Configs\":[{\"Runtime\":{},"
			"\"ConfigID\":\"\",\"ConfigName\":\"\"}],"
			"\"Isolation\":\"\",\"Sysctls\":{},\"CapabilityAdd\":[]"
			",\"CapabilityDrop\":[],\"Ulimits\":[],\"OomScoreAdj\":"
			"0},\"Resources\":{\"Limits\":{\"NanoCPUs\":1,"
			"\"MemoryBytes\":1,\"Pids\":1},\"Reservations\":"
			"{\"GenericResources\":[{\"NamedResourceSpec\":"
			"{\"Kind\":\"\",\"Value\":\"\"},"
			"\"DiscreteResourceSpec\":{\"Kind\":\"\",\"Value\":1}}]"
			"},\"SwapBytes\":1,\"MemorySwappiness\":1},"
			"\"RestartPolicy\":{\"Condition\":\"\",\"Delay\":1,"
			"\"MaxAttempts\":1,\"Window\":1},\"Placement\":"
			"{\"Constraints\":[],\"Preferences\":[{\"Spread\":"
			"{\"SpreadDescriptor\":\"\"}}],\"MaxReplicas\":1,"
			"\"Platforms\":[{\"Architecture\":\"\",\"OS\":\"\"}]},"
			"\"Networks\":[{\"Target\":\"n\",\"Aliases\":[],"
			"\"DriverOpts\":{}}],\"LogDriver\":{\"Name\":\"\","
			"\"Options\":{\"a\":\"b\"}},\"ForceUpdate\":0,"
			"\"Runtime\":\"\",\"NetworkAttachmentSpec\":"
			"{\"ContainerID\":\"\"},\"PluginSpec\":{\"name\":\"\","
			"\"remote\":\"\",\"privileges\":[],\"disabled\":false,"
			"\"env\":[]}},\"Mode\":{\"Replicated\":{\"Replicas\":1}"
			",\"Global\":{},\"ReplicatedJob\":{\"MaxConcurrent\":1,"
			"\"TotalCompletions\":1},\"GlobalJob\":{}},"
			"\"UpdateConfig\":{\"Parallelism\":1,\"Delay\":1,"
			"\"FailureAction\":\"\",\"Monitor\":1,"
			"\"MaxFailureRatio\":0.5,\"Order\":\"\"},"
			"\"RollbackConfig\":{},\"Networks\":[],"
			"\"EndpointSpec\":{\"Mode\":\"vip\",\"Ports\":[{"
			"\"Name\":\"\",\"Protocol\":\"\",\"TargetPort\":1,"
			"\"PublishedPort\":1,\"PublishMode\":\"host\"}]}}",
			""},
		{UNKNOWN, "POST /swarm/init",
			"{\"ListenAddr\":\"\",\"AdvertiseAddr\":\"\","
			"\"DataPathAddr\":\"\",\"DataPathPort\":0,"
			"\"ForceNewCluster\":false,\"Spec\":{\"Name\":\"\","
			"\"Labels\":{},\"Orchestration\":"
			"{\"TaskHistoryRetentionLimit\":5},\"Raft\":"
			"{\"SnapshotInterval\":1,\"KeepOldSnapshots\":1,"
			"\"LogEntriesForSlowFollowers\":1,\"ElectionTick\":1,"
			"\"HeartbeatTick\":1},\"Dispatcher\":"
			"{\"HeartbeatPeriod\":1},\"CAConfig\":"
			"{\"NodeCertExpiry\":1,\"ExternalCAs\":[{\"Protocol\":"
			"\"\",\"URL\":\"\",\"Options\":{\"a\":\"b\"},"
			"\"CACert\":\"\"}],\"SigningCACert\":\"\","
			"\"SigningCAKey\":\"\",\"ForceRotate\":1},"
			"\"TaskDefaults\":{\"LogDriver\":{\"Name\":\"x\"}},"
			"\"EncryptionConfig\":{\"AutoLockManagers\":true}},"
			"\"AutoLockManagers\":true,\"Availability\":\"\","
			"\"DefaultAddrPool\":[],\"SubnetSize\":24}",
			""},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostconfig_members),
		cmocka_unit_test(test_config_members_are_others),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_known),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
