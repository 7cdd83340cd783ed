/* The docker.* fields: each fact from each place where it can be said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/docker_fixture.h"

#define CREATE        "POST /v1.43/containers/create"
#define HOST(members) "{\"Image\":\"a\",\"HostConfig\":{" members "}}"

#define F(name)       FIELD_DOCKER_##name

/* --- containers -------------------------------------------------------------- */

static void
test_capabilities(void **state)
{
	static const struct docker_case cases[] = {
		{F(DROPPED), CREATE,
			HOST("\"CapDrop\":[\"all\",\"cap_net_raw\"]"),
			"ALL | NET_RAW"},
		{F(DROPPED), "POST /services/create",
			"{\"TaskTemplate\":{\"ContainerSpec\":"
			"{\"CapabilityDrop\":[\"CAP_ALL\"]}}}",
			"ALL"},
		{F(CAPABILITIES), CREATE, HOST("\"CapDrop\":[\"ALL\"]"), ""},
		{F(UNKNOWN),
			"POST /build?t=a&q=1&remote=&dockerfile=x&version=2",
			NULL, ""},
		{F(UNKNOWN), "POST /build?t=a&Privileged=1&entitlements=x",
			NULL, "query.Privileged | query.entitlements"},
		{F(CAPABILITIES), CREATE, HOST(""), ""},
		{F(CAPABILITIES), CREATE, HOST("\"CapAdd\":[\"sys_admin\"]"),
			"SYS_ADMIN"},
		{F(CAPABILITIES), CREATE,
			HOST("\"CapAdd\":[\"CAP_NET_ADMIN\",\"cap_mknod\","
			     "\"all\"]"),
			"NET_ADMIN | MKNOD | ALL"},
		/* Go upper-cases a long s and a dotless i, too. */
		{F(CAPABILITIES), CREATE,
			HOST("\"CapAdd\":[\"\xc5\xbfys_adm\xc4\xb1n\"]"),
			"SYS_ADMIN"},
		{F(CAPABILITIES), CREATE,
			HOST("\"CapAdd\":[\"\\u017fYS_ADMIN\"]"), "SYS_ADMIN"},
		/* One string is a list of one. */
		{F(CAPABILITIES), CREATE, HOST("\"CapAdd\":\"ALL\""), "ALL"},
		{F(CAPABILITIES), CREATE, HOST("\"Privileged\":true"),
			"PRIVILEGED"},
		{F(CAPABILITIES), CREATE,
			"{\"ho\xc5\xbftconfig\":{\"privi\\u006ceged\":true}}",
			"PRIVILEGED"},
		{F(CAPABILITIES), CREATE, HOST("\"Privileged\":false"), ""},
		{F(CAPABILITIES), CREATE, HOST("\"Privileged\":null"), ""},
		{F(CAPABILITIES), CREATE, HOST("\"CapDrop\":[\"ALL\"]"), ""},
		{F(CAPABILITIES), "POST /containers/web/exec",
			"{\"Privileged\":true}", "PRIVILEGED"},
		{F(CAPABILITIES), "POST /services/create",
			"{\"TaskTemplate\":{\"ContainerSpec\":"
			"{\"CapabilityAdd\":[\"CAP_SYS_TIME\"]}}}",
			"SYS_TIME"},
		/* What the Engine refuses is in doubt. */
		{F(CAPABILITIES), CREATE, HOST("\"CapAdd\":{\"0\":\"ALL\"}"),
			"?"},
		{F(CAPABILITIES), CREATE, HOST("\"CapAdd\":[1,\"ALL\"]"),
			"ALL | ?"},
		{F(CAPABILITIES), CREATE, HOST("\"Privileged\":\"true\""), "?"},
		{F(CAPABILITIES), CREATE, HOST("\"Privileged\":1"), "?"},
		{F(CAPABILITIES), CREATE, "{\"HostConfig\":[]}", "?"},
		{F(CAPABILITIES), CREATE, "[]", "?"},
		{F(CAPABILITIES), CREATE, "null", ""},
		{F(CAPABILITIES), CREATE, NULL, ""},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

static void
test_namespaces(void **state)
{
	static const struct docker_case cases[] = {
		{F(NAMESPACES), CREATE, HOST("\"PidMode\":\"host\""),
			"pid:host"},
		{F(NAMESPACES), CREATE,
			HOST("\"PidMode\":\"container:web\",\"IpcMode\":"
			     "\"host\",\"UTSMode\":\"host\",\"UsernsMode\":"
			     "\"host\",\"CgroupnsMode\":\"host\""),
			"pid:container:web | ipc:host | uts:host | user:host "
			"| cgroup:host"},
		{F(NAMESPACES), CREATE, HOST("\"Cgroup\":\"container:a\""),
			"cgroup:container:a"},
		{F(NAMESPACES), CREATE, HOST("\"NetworkMode\":\"host\""),
			"net:host"},
		{F(NAMESPACES), CREATE,
			HOST("\"NetworkMode\":\"container:web\""),
			"net:container:web"},
		{F(NAMESPACES), CREATE,
			HOST("\"PidMode\":\"\",\"IpcMode\":\"private\","
			     "\"CgroupnsMode\":\"private\",\"NetworkMode\":"
			     "\"default\""),
			""},
		{F(NAMESPACES), CREATE, HOST("\"IpcMode\":\"shareable\""),
			"ipc:shareable"},
		{F(NAMESPACES), CREATE,
			"{\"NetworkingConfig\":{\"EndpointsConfig\":"
			"{\"host\":{}}}}",
			"net:host"},
		{F(NAMESPACES), "POST /services/create",
			"{\"Networks\":[{\"Target\":\"host\"}]}", "net:host"},
		{F(NAMESPACES), "POST /services/x/update?version=1",
			"{\"TaskTemplate\":{\"Networks\":[{\"Target\":"
			"\"host\"}]}}",
			"net:host"},
		/* The host's by the beginning of an id, of a swarm's or its own;
		 * a container would not be let into it. */
		{F(NAMESPACES), "POST /services/create",
			"{\"Networks\":[{\"Target\":\"v\"}]}", "?"},
		{F(NAMESPACES), "POST /services/create",
			"{\"Networks\":[{\"Target\":\"\"}]}", "?"},
		{F(NAMESPACES), "POST /services/x/update?version=1",
			"{\"TaskTemplate\":{\"Networks\":[{\"Target\":"
			"\"9geryj8fy5t283kjzz9p319hy\"}]}}",
			"?"},
		{F(NAMESPACES), "POST /services/create",
			"{\"Networks\":[{\"Target\":\"bridge\"},"
			"{\"Target\":\"stack_web\"},{\"Target\":\"Web\"}]}",
			""},
		{F(NAMESPACES), CREATE, HOST("\"NetworkMode\":\"fe\""), ""},
		{F(NAMESPACES), "POST /build?networkmode=ho%73t", NULL,
			"net:host"},
		{F(CONTAINERS), CREATE,
			HOST("\"PidMode\":\"container:a\",\"IpcMode\":"
			     "\"container:b\",\"NetworkMode\":\"container:c\""),
			"a = id:a | b = id:b | c = id:c"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

static void
test_networks(void **state)
{
	static const struct docker_case cases[] = {
		{F(NETWORKS), CREATE, HOST("\"NetworkMode\":\"secretnet\""),
			"secretnet = id:secretnet"},
		{F(NETWORKS), CREATE,
			"{\"HostConfig\":{\"NetworkMode\":\"none\"},"
			"\"NetworkingConfig\":{\"EndpointsConfig\":{\"x\":"
			"{\"NetworkID\":\"secretnet\"}}}}",
			"none | x = id:x | secretnet = id:secretnet"},
		{F(NETWORKS), CREATE,
			"{\"NetworkingConfig\":{\"EndpointsConfig\":"
			"{\"secretnet\":null}}}",
			"secretnet = id:secretnet"},
		{F(NETWORKS), CREATE,
			"{\"NetworkingConfig\":{\"EndpointsConfig\":null}}",
			""},
		{F(NETWORKS), CREATE, HOST("\"NetworkMode\":\"container:web\""),
			"container:web"},
		{F(NETWORKS), "POST /networks/secretnet/connect",
			"{\"Container\":\"web\",\"EndpointConfig\":"
			"{\"NetworkID\":\"other\"}}",
			"secretnet = id:secretnet | other = id:other"},
		{F(NETWORKS), "POST /networks/n/disconnect", "{}", "n = id:n"},
		{F(NETWORKS), "POST /services/create",
			"{\"Networks\":[{\"Target\":\"a\"}],\"TaskTemplate\":"
			"{\"Networks\":[{\"Target\":\"b\"},null]}}",
			"a = id:a | b = id:b"},
		{F(NETWORKS), "POST /networks/create",
			"{\"Name\":\"n\",\"ConfigFrom\":{\"Network\":\"c\"}}",
			"c = id:c"},
		{F(NETWORKS), "POST /build?networkmode=n", NULL, "n = id:n"},
		{F(CONTAINERS), "POST /networks/n/connect",
			"{\"Container\":\"/web\"}", "web"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

static void
test_security(void **state)
{
	static const struct docker_case cases[] = {
		{F(SECURITY), CREATE,
			HOST("\"SecurityOpt\":[\"seccomp:unconfined\","
			     "\"apparmor=unconfined\",\"label:disable\","
			     "\"disable\"]"),
			"seccomp=unconfined | apparmor=unconfined | "
			"label=disable | label=disable"},
		{F(SECURITY), CREATE,
			HOST("\"SecurityOpt\":[\"no-new-privileges\","
			     "\"no-new-privileges:false\","
			     "\"no-new-privileges=F\",\"no-new-privileges="
			     "1\"]"),
			"no-new-privileges=true | no-new-privileges=false | "
			"no-new-privileges=false | no-new-privileges=true"},
		{F(SECURITY), CREATE,
			HOST("\"SecurityOpt\":[\"label=type:svirt_t\"]"),
			"label=type:svirt_t"},
		{F(SECURITY), CREATE,
			HOST("\"SecurityOpt\":[\"label:type:svirt_t\"]"),
			"label=type:svirt_t"},
		{F(SECURITY), CREATE, HOST("\"SecurityOpt\":[\"odd\"]"),
			"odd | ?"},
		{F(SECURITY), CREATE, HOST("\"MaskedPaths\":[]"),
			"masked-paths=cleared"},
		{F(SECURITY), CREATE, HOST("\"MaskedPaths\":[\"/proc/acpi\"]"),
			"masked-paths=cleared"},
		{F(SECURITY), CREATE,
			HOST("\"MaskedPaths\":[\"/proc/asound\",\"/proc/acpi\","
			     "\"/proc/kcore\",\"/proc/keys\","
			     "\"/proc/latency_stats\",\"/proc/timer_list\","
			     "\"/proc/timer_stats\",\"/proc/sched_debug\","
			     "\"/proc/scsi\",\"/sys/firmware\"]"),
			""},
		{F(SECURITY), CREATE, HOST("\"MaskedPaths\":null"), ""},
		{F(SECURITY), CREATE, HOST("\"ReadonlyPaths\":[]"),
			"readonly-paths=cleared"},
		{F(SECURITY), CREATE,
			HOST("\"ReadonlyPaths\":[\"/proc/bus\",\"/proc/fs\","
			     "\"/proc/irq\",\"/proc/sys\","
			     "\"/proc/sysrq-trigger\"]"),
			""},
		{F(SECURITY), "POST /services/create",
			"{\"TaskTemplate\":{\"ContainerSpec\":{\"Privileges\":"
			"{\"Seccomp\":{\"Mode\":\"unconfined\"},\"AppArmor\":"
			"{\"Mode\":\"disabled\"},\"SELinuxContext\":"
			"{\"Disable\":true,\"Type\":\"t\"},"
			"\"NoNewPrivileges\":true,\"CredentialSpec\":"
			"{\"File\":\"c\"}}}}}",
			"seccomp=unconfined | apparmor=unconfined | "
			"label=disable | label=type:t | no-new-privileges=true "
			"| credentialspec=file://c"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

static void
test_users(void **state)
{
	static const struct docker_case cases[] = {
		{F(USER), CREATE, "{\"Image\":\"a\"}", "root"},
		{F(USER), CREATE, "{\"User\":\"\"}", "root"},
		{F(USER), CREATE, "{\"User\":null}", "root"},
		{F(USER), CREATE, "{\"User\":\"root\"}", "root"},
		{F(USER), CREATE, "{\"User\":\"0\"}", "root"},
		{F(USER), CREATE, "{\"User\":\"00\"}", "root"},
		{F(USER), CREATE, "{\"User\":\"+0\"}", "root"},
		{F(USER), CREATE, "{\"User\":\"-0\"}", "root"},
		{F(USER), CREATE, "{\"User\":\"0:0\"}", "root"},
		{F(USER), CREATE, "{\"User\":\":5\"}", "root"},
		{F(USER), CREATE, "{\"User\":\"root:x:y\"}", "root"},
		{F(USER), CREATE, "{\"User\":\"+1000\"}", "1000"},
		{F(USER), CREATE, "{\"User\":\"01000:0\"}", "1000"},
		{F(USER), CREATE, "{\"User\":\"web:staff\"}", "web"},
		{F(USER), CREATE, "{\"User\":\"-5\"}", "-5"},
		{F(USER), CREATE, "{\"User\":0}", "root | ?"},
		{F(USER), "POST /containers/web/exec", "{\"Cmd\":[\"id\"]}",
			"root"},
		{F(USER), "POST /containers/web/exec",
			"{\"u\xc5\xbf"
			"er\":\"7\"}",
			"7"},
		{F(USER), "POST /services/create",
			"{\"TaskTemplate\":{\"ContainerSpec\":{\"User\":"
			"\"0\"}}}",
			"root"},
		{F(USER), "POST /services/create", "{\"Name\":\"s\"}", ""},
		{F(USER), "POST /commit", "{\"User\":\"\"}", ""},
		{F(USER), "POST /commit", "{\"User\":\"9\"}", "9"},
		{F(GROUPS), CREATE,
			"{\"User\":\"web:00\",\"HostConfig\":{\"GroupAdd\":"
			"[\"docker\",\"0999\"]}}",
			"docker | 999 | root"},
		{F(GROUPS), CREATE, "{\"User\":\"web\"}", ""},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

static void
test_resources(void **state)
{
	static const struct docker_case cases[] = {
		{F(DEVICES), CREATE,
			HOST("\"Devices\":[{\"PathOnHost\":\"/dev/../dev/sda\","
			     "\"PathInContainer\":\"/dev/x\"}],"
			     "\"DeviceCgroupRules\":[\"a *:* rwm\"],"
			     "\"DeviceRequests\":[{\"Driver\":\"cdi\","
			     "\"DeviceIDs\":[\"v/c=all\"]},{\"Count\":-1}]"),
			"/dev/sda | rule:a *:* rwm | request:cdi | "
			"request:cdi:v/c=all | request:"},
		{F(SYSCTLS), CREATE,
			HOST("\"Sysctls\":{\"net.ipv4.ip_forward\":\"1\","
			     "\"net/ipv4/conf/eth0.1/forwarding\":\"1\","
			     "\"net.ipv4.conf.eth0/1.x\":\"0\"}"),
			"net.ipv4.ip_forward=1 | "
			"net.ipv4.conf.eth0/1.forwarding=1 | "
			"net.ipv4.conf.eth0/1.x=0"},
		{F(SYSCTLS), "POST /networks/n/connect",
			"{\"EndpointConfig\":{\"DriverOpts\":"
			"{\"com.docker.network.endpoint.sysctls\":"
			"\"net.a=1,net.b=2\"}}}",
			"net.a=1 | net.b=2"},
		{F(ULIMITS), CREATE,
			HOST("\"Ulimits\":[{\"Name\":\"nofile\",\"Soft\":1,"
			     "\"Hard\":2},{\"Name\":\"core\"}]"),
			"nofile=1:2 | core=0:0"},
		{F(CGROUP_PARENT), CREATE, HOST("\"CgroupParent\":\"/../..\""),
			"/../.."},
		{F(CGROUP_PARENT), "POST /build?cgroupparent=/x", NULL, "/x"},
		{F(RUNTIME), CREATE,
			HOST("\"Runtime\":\"io.containerd.runc.v2\""),
			"io.containerd.runc.v2"},
		{F(RUNTIME), "POST /services/create",
			"{\"TaskTemplate\":{\"Runtime\":\"plugin\"}}",
			"plugin"},
		{F(LOG_DRIVER), CREATE,
			HOST("\"LogConfig\":{\"Type\":\"syslog\",\"Config\":"
			     "{\"syslog-address\":\"tcp://1.2.3.4:9\"}}"),
			"syslog"},
		{F(DRIVER_OPTS), CREATE,
			HOST("\"LogConfig\":{\"Type\":\"syslog\",\"Config\":"
			     "{\"syslog-address\":\"tcp://1.2.3.4:9\"}}"),
			"syslog-address=tcp://1.2.3.4:9"},
		{F(RESTART), "POST /containers/web/update",
			"{\"restartpolicy\":{\"name\":\"always\"}}", "always"},
		{F(RESTART), "POST /services/create",
			"{\"TaskTemplate\":{\"RestartPolicy\":{\"Condition\":"
			"\"any\"}}}",
			"any"},
		{F(EXTRA_HOSTS), CREATE,
			HOST("\"ExtraHosts\":[\"registry:127.0.0.1\"]"),
			"registry:127.0.0.1"},
		{F(EXTRA_HOSTS), "POST /build?extrahosts=a:1&extrahosts=b:2",
			NULL, "a:1 | b:2"},
		{F(ANNOTATIONS), CREATE,
			HOST("\"Annotations\":{\"run.oci.hooks\":\"x\"}"),
			"run.oci.hooks=x"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

static void
test_ports(void **state)
{
	static const struct docker_case cases[] = {
		{F(PORTS), CREATE,
			HOST("\"PortBindings\":{\"80/tcp\":[{\"HostPort\":"
			     "\"8080\"},{\"HostIp\":\"127.0.0.1\","
			     "\"HostPort\":\"081\"}]}"),
			"0.0.0.0:8080/tcp | 127.0.0.1:81/tcp"},
		{F(PORTS), CREATE,
			HOST("\"PortBindings\":{\"53/UDP\":[{\"HostIp\":\"::1\""
			     "}],\"80\":[null,{}]}"),
			"[::1]:0/udp | 0.0.0.0:0/tcp | 0.0.0.0:0/tcp"},
		/* What is no address to the Engine is every address. */
		{F(PORTS), CREATE,
			HOST("\"PortBindings\":{\"80/tcp\":[{\"HostIp\":"
			     "\"127.0.0.01\",\"HostPort\":\"8000-8010\"}]}"),
			"0.0.0.0:8000-8010/tcp"},
		/* The Engine fills in any port where there is none. */
		{F(PORTS), CREATE,
			HOST("\"PortBindings\":{\"80/tcp\":null,\"9/udp\":[]}"),
			"0.0.0.0:0/tcp | 0.0.0.0:0/udp"},
		{F(PORTS), CREATE, HOST("\"PortBindings\":{}"), ""},
		{F(PORTS), CREATE, HOST("\"PortBindings\":{\"80/tcp\":{}}"),
			"0.0.0.0:0/tcp | ?"},
		{F(PORTS), CREATE, HOST("\"PortBindings\":[]"), "?"},
		{F(PORTS), CREATE,
			HOST("\"PortBindings\":{\"80/tcp\":[{\"HostPort\":"
			     "80}]}"),
			"0.0.0.0:0/tcp | ?"},
		{F(PORTS), CREATE, HOST("\"PublishAllPorts\":true"), "*"},
		{F(PORTS), "POST /services/create",
			"{\"EndpointSpec\":{\"Ports\":[{\"TargetPort\":80,"
			"\"PublishedPort\":8080},{\"Protocol\":\"udp\"}]}}",
			"0.0.0.0:8080/tcp | 0.0.0.0:0/udp"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

static void
test_env_and_labels(void **state)
{
	static const struct docker_case cases[] = {
		{F(ENV), CREATE, "{\"Env\":[\"A=1\",\"B\"]}", "A=1 | B"},
		{F(ENV), "POST /containers/c/exec", "{\"Env\":[\"A=1\"]}",
			"A=1"},
		{F(ENV),
			"POST /build?buildargs=%7B%22HTTP_PROXY%22:%22x%22,"
			"%22http_proxy%22:null%7D",
			NULL, "HTTP_PROXY=x | http_proxy="},
		{F(LABELS), "POST /build?labels=%7B%22A%22:%22b%22%7D", NULL,
			"A=b"},
		{F(LABELS), "POST /build?labels=%7B", NULL, "?"},
		{F(LABELS), "POST /build?labels=%7B%7D%7D", NULL, "?"},
		{F(LABELS), "POST /build?labels=[]", NULL, "?"},
		{F(LABELS), "POST /build?labels=", NULL, ""},
		{F(LABELS), CREATE,
			"{\"Labels\":{\"Com.X\":\"1\",\"com.x\":\"2\"}}",
			"Com.X=1 | com.x=2"},
		{F(LABELS), "POST /volumes/create",
			"{\"Labels\":{\"a\":\"b\"}}", "a=b"},
		{F(LABELS), "POST /networks/create",
			"{\"Labels\":{\"a\":\"b\"}}", "a=b"},
		{F(LABELS), "POST /services/create",
			"{\"Labels\":{\"a\":\"b\"},\"TaskTemplate\":"
			"{\"ContainerSpec\":{\"Labels\":{\"c\":\"\"}}}}",
			"a=b | c="},
		{F(LABELS), CREATE, "{\"Labels\":{\"a\":1}}", "a= | ?"},
		{F(LABELS), CREATE, "{\"Labels\":[\"a=b\"]}", "?"},
		{F(NAME), "POST /containers/create?name=/evil", NULL, "evil"},
		{F(NAME), "POST /containers/a/rename?name=b", NULL, "b"},
		{F(NAME), "POST /networks/create", "{\"Name\":\"n\"}", "n"},
		{F(NAME), "POST /volumes/create", "{\"Name\":\"v\"}", "v"},
		{F(NAME), "POST /services/create", "{\"Name\":\"s\"}", "s"},
		{F(SECRETS), "POST /services/create",
			"{\"TaskTemplate\":{\"ContainerSpec\":{\"Secrets\":"
			"[{\"SecretID\":\"i\",\"SecretName\":\"n\"}],"
			"\"Configs\":[{\"ConfigName\":\"c\"}]}}}",
			"i | n | c"},
		{F(DRIVERS), "POST /networks/create",
			"{\"driver\":\"ipvlan\",\"IPAM\":{\"Driver\":\"x\"}}",
			"ipvlan | x"},
		{F(DRIVER_OPTS), "POST /networks/create",
			"{\"options\":{\"parent\":\"eth0\"}}", "parent=eth0"},
		{F(SUBNETS), "POST /networks/create",
			"{\"IPAM\":{\"Config\":[{\"Subnet\":\"10.0.0.0/8\"}]}}",
			"10.0.0.0/8"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

/* --- other calls ------------------------------------------------------------------ */

static void
test_plugins(void **state)
{
#define PULL "POST /plugins/pull?remote=vieux/sshfs&name=s"
#define PRIVILEGES \
	"[{\"Name\":\"network\",\"Value\":[\"host\"]},{\"Name\":\"mount\"," \
	"\"Value\":[\"/var/lib\",\"\"]},{\"Name\":\"device\",\"Value\":" \
	"[\"/dev/fuse\"]},{\"Name\":\"capabilities\",\"Value\":" \
	"[\"CAP_SYS_ADMIN\"]},{\"Name\":\"host pid namespace\",\"Value\":" \
	"[\"true\"]},{\"Name\":\"host ipc namespace\",\"Value\":[\"true\"]}," \
	"{\"Name\":\"allow-all-devices\",\"Value\":[\"true\"]}]"
	static const struct docker_case cases[] = {
		{F(IMAGES), PULL, "[]", "docker.io/vieux/sshfs:latest"},
		{F(NAME), PULL, "[]", "s"},
		{F(HOST_PATHS), PULL, PRIVILEGES, "/var/lib | /dev/fuse"},
		{F(DEVICES), PULL, PRIVILEGES, "/dev/fuse | rule:a *:* rwm"},
		{F(CAPABILITIES), PULL, PRIVILEGES, "SYS_ADMIN"},
		{F(NAMESPACES), PULL, PRIVILEGES,
			"net:host | pid:host | ipc:host"},
		{F(NAMESPACES), PULL,
			"[{\"Name\":\"new thing\",\"Value\":[\"x\"]}]", "?"},
		{F(HOST_PATHS), "POST /plugins/s/set",
			"[\"DEBUG=1\",\"m.source=/etc/../root\"]", "/root"},
		{F(ENV), "POST /plugins/s/set", "[\"DEBUG=1\"]", "DEBUG=1"},
		{F(HOST_PATHS), "POST /plugins/create?name=a", NULL, "?"},
		{F(TARGET), "POST /plugins/vieux/sshfs/set", "[]",
			"vieux/sshfs"},
		{F(HOST_PATHS), "POST /services/create",
			"{\"TaskTemplate\":{\"PluginSpec\":{\"privileges\":"
			"[{\"name\":\"mount\",\"value\":[\"/etc\"]}]}}}",
			"/etc"},
		{F(IMAGES), "POST /services/create",
			"{\"TaskTemplate\":{\"PluginSpec\":{\"remote\":\"a/b\"}"
			"}}",
			"docker.io/a/b:latest"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

static void
test_targets(void **state)
{
	static const struct docker_case cases[] = {
		{F(TARGET), "GET /v1.41/containers/web/json", NULL, "web"},
		{F(TARGET), "POST /containers/p/db/exec", NULL, "p/db"},
		{F(TARGET), "GET /containers/web%2Fattach%2Fws", NULL, "web"},
		{F(TARGET), "DELETE /containers/web?force=1", NULL, "web"},
		{F(TARGET), "DELETE /containers/web/checkpoints/c", NULL,
			"web"},
		{F(TARGET), "GET /containers/json", NULL, ""},
		{F(TARGET), "GET /containers/json/json", NULL, "json"},
		{F(TARGET), "POST /containers/create", NULL, ""},
		{F(TARGET), "POST /containers/prune", NULL, ""},
		{F(TARGET), "GET /containers/web/newthing", NULL, "?"},
		{F(TARGET), "PUT /containers/web/json", NULL, "?"},
		{F(TARGET), "GET /images/docker.io%2Flibrary%2Fbb/json", NULL,
			"docker.io/library/bb"},
		{F(TARGET), "GET /images/a/b/attestations", NULL, "a/b"},
		{F(TARGET), "GET /images/json", NULL, ""},
		{F(TARGET), "GET /images/get?names=a", NULL, ""},
		{F(TARGET), "GET /networks/n", NULL, "n"},
		{F(TARGET), "GET /networks", NULL, ""},
		{F(TARGET), "GET /networks/", NULL, ""},
		{F(TARGET), "DELETE /volumes/v", NULL, "v"},
		{F(TARGET), "GET /volumes", NULL, ""},
		{F(TARGET), "POST /exec/x1/start", NULL, "x1"},
		{F(TARGET), "GET /services/s/logs", NULL, "s"},
		{F(TARGET), "GET /containers/cafe12/json", NULL,
			"cafe12 = id:cafe12"},
		{F(TARGET), "GET /info", NULL, ""},
		{F(TARGET), "GET /_ping", NULL, ""},
		{F(CONTAINERS), "GET /containers/web/archive?path=/", NULL,
			"web"},
		{F(CONTAINERS), "POST /commit?container=/web", NULL, "web"},
		{F(CONTAINERS), CREATE,
			HOST("\"VolumesFrom\":[\"web:ro\"],\"Links\":"
			     "[\"/db:alias\"]"),
			"web | db = id:db"},
		{F(CONTAINERS), "POST /containers/0a1b2c/stop", NULL,
			"0a1b2c = id:0a1b2c"},
		{F(MOUNT_TYPES), CREATE, HOST("\"VolumesFrom\":[\"web:ro\"]"),
			"volumes-from"},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

/* Where nothing can be known, everything is in doubt; where nothing can be
 * said, nothing is. */
static void
test_what_is_not_read(void **state)
{
	static const struct docker_case cases[] = {
		{F(CAPABILITIES), "POST /libpod/containers/create",
			"{\"privileged\":true}", "?"},
		{F(TARGET), "POST /libpod/containers/web/start", NULL, "?"},
		{F(HOST_PATHS), "PUT /libpod/containers/a/archive?path=/", NULL,
			"?"},
		{F(HOST_PATHS), "GET /libpod/containers/json", NULL, ""},
		{F(NAMESPACES), "POST /grpc", NULL, "?"},
		{F(HOST_PATHS), "POST /grpc", NULL, ""},
		{F(CAPABILITIES), "POST /services/s/update?rollback=previous",
			"{}", "?"},
		{F(CAPABILITIES), "POST /services/s/update?rollback=none", "{}",
			""},
		{F(CAPABILITIES), "GET /containers/create",
			HOST("\"Privileged\":true"), ""},
		{F(CAPABILITIES), "POST /secretly/create",
			HOST("\"Privileged\":true"), ""},
	};

	(void)state;
	DOCKER_CHECK(cases);
}

/* Only where a body can say something is it asked for. */
static void
test_bodies_that_are_read(void **state)
{
	static const struct {
		const char *request;
		bool reads;
	} cases[] = {
		{"POST /containers/create", true},
		{"POST /containers/a/exec", true},
		{"POST /containers/a/update", true},
		{"POST /exec/a/start", true},
		{"POST /commit", true},
		{"POST /services/create", true},
		{"POST /services/a/update?version=1", true},
		{"POST /volumes/create", true},
		{"PUT /volumes/v", true},
		{"POST /networks/create", true},
		{"POST /networks/a/connect", true},
		{"POST /networks/a/disconnect", true},
		{"POST /plugins/pull?remote=a", true},
		{"POST /plugins/a/upgrade?remote=b", true},
		{"POST /plugins/a/set", true},
		/* archives, and streams */
		{"POST /build", false},
		{"POST /images/create?fromSrc=-", false},
		{"POST /images/load", false},
		{"POST /plugins/create?name=a", false},
		{"PUT /containers/a/archive?path=/", false},
		{"POST /containers/a/attach", false},
		{"POST /session", false},
		{"POST /grpc", false},
		{"POST /libpod/build", false},
		{"GET /info", false},
	};
	struct docker_fixture fx;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		docker_setup(&fx, cases[i].request, NULL);
		if (docker_reads_body(&fx.facts) != cases[i].reads)
			fail_msg("%s", cases[i].request);
		arena_fini(&fx.arena);
	}
}

/* An object of 80,000 keys that nobody knows: each is told, in time that is
 * linear in them. */
static void
test_many_unknown(void **state)
{
	struct docker_fixture fx;
	char *body;
	size_t n;
	bool doubt;

	(void)state;
	FILE *out = open_memstream(&body, &n);
	assert_non_null(out);
	fputs("{\"HostConfig\":{", out);
	for (unsigned i = 0; i < 80000; i++)
		fprintf(out, "%s\"K%u\":1", i ? "," : "", i);
	fputs("}}", out);
	assert_int_equal(fclose(out), 0);
	docker_setup(&fx, CREATE, body);
	const struct docker_list *l =
		docker_values(&fx.facts, FIELD_DOCKER_UNKNOWN, &doubt);
	assert_int_equal(l->n, 80000);
	assert_true(str_eq(l->v[79999].text, STR("HostConfig.K79999")));
	assert_false(doubt);
	arena_fini(&fx.arena);
	free(body);
}

/* However little memory there is: nothing is read that is not there, and the
 * arena says that values may be missing. */
static void
test_out_of_memory(void **state)
{
	static const char *const requests[][2] = {
		{"POST /containers/create?name=/a",
			"{\"Image\":\"a@sha256:b\",\"Us\\u0065r\":\"0:0\","
			"\"Env\":[\"A\\u0041=1\"],\"Labels\":{\"a\":\"b\"},"
			"\"N\\u0065w\":1,\"HostConfig\":{\"Binds\":["
			"\"/a//b:/c:ro\",\"v:/c\"],\"CapAdd\":[\"cap_x\"],"
			"\"Sysctls\":{\"a/b\":\"1\"},\"SecurityOpt\":["
			"\"a:b\"],\"PortBindings\":{\"1/TCP\":[{}]},"
			"\"PidMode\":\"container:cafe\",\"DeviceRequests\":"
			"[{\"DeviceIDs\":[\"x\"]}],\"Ulimits\":[{}],"
			"\"Mounts\":[{\"VolumeOptions\":{\"DriverConfig\":"
			"{\"Options\":{\"o\":\"bind,ro\",\"device\":"
			"\"a\"}}}}]}}"},
		{"POST "
		 "/build?t=a&labels=%7B%22A%22:%22b%22%7D&buildargs=%7B%7D",
			NULL},
		{"POST /images/create?fromImage=a", NULL},
	};
	struct docker_fixture fx;
	bool doubt;

	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		for (size_t room = 0; room < 4096; room += 16) {
			docker_setup(&fx, requests[i][0], requests[i][1]);
			size_t before = fx.arena.used;
			fx.arena.cap = before + room;
			for (unsigned f = DOCKER_FIRST;
				f < DOCKER_FIRST + DOCKER_COUNT; f++)
				docker_values(&fx.facts, (enum field)f, &doubt);
			if (room == 0)
				assert_true(arena_overflowed(&fx.arena));
			arena_fini(&fx.arena);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_namespaces),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_security),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_resources),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_env_and_labels),
		cmocka_unit_test(test_plugins),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_what_is_not_read),
		cmocka_unit_test(test_bodies_that_are_read),
		cmocka_unit_test(test_many_unknown),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
