/* The requests that lint asks a policy about.
 *
 * Of the Engine's many spellings of one intent, those that policies are known
 * to forget. A new one is a line here.
 */
#include "compiler/lint_probe.h"

#include <stddef.h>

/* clang-format off */

#define CREATE(body) {"POST /containers/create", "{\"Image\":\"@I\"," body "}"}
#define HOST(config) CREATE("\"HostConfig\":{" config "}")
#define UPDATE(body) {"POST /containers/x/update", "{" body "}"}
#define SERVICE(spec) \
	{"POST /services/create", "{\"Name\":\"x\",\"TaskTemplate\":" \
	 "{\"ContainerSpec\":{\"Image\":\"@I\"," spec "}}}"}
#define ANY(request) {request, NULL}

#define BINDS \
	HOST("\"Binds\":[\"/etc:/x\"]")
#define MOUNTS \
	HOST("\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/etc\"," \
	     "\"Target\":\"/x\"}]")
#define OPTIONS \
	"{\"type\":\"none\",\"o\":\"bind\",\"device\":\"/etc\"}"
#define INLINE_VOLUME \
	HOST("\"Mounts\":[{\"Type\":\"volume\",\"Target\":\"/x\"," \
	     "\"VolumeOptions\":{\"DriverConfig\":{\"Name\":\"local\"," \
	     "\"Options\":" OPTIONS "}}}]")
#define VOLUME \
	{"POST /volumes/create", "{\"Name\":\"x\",\"Driver\":\"local\"," \
	 "\"DriverOpts\":" OPTIONS "}"}
#define DEVICE \
	HOST("\"Devices\":[{\"PathOnHost\":\"/dev/sda\"," \
	     "\"PathInContainer\":\"/dev/sda\"," \
	     "\"CgroupPermissions\":\"rwm\"}]")
#define PRIVILEGED HOST("\"Privileged\":true")
#define CAPABILITY(name) HOST("\"CapAdd\":[\"" name "\"]")
#define SECURITY(option) HOST("\"SecurityOpt\":[\"" option "\"]")
#define SERVICE_BIND \
	SERVICE("\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/etc\"," \
		"\"Target\":\"/x\"}]")
#define RESTART "\"RestartPolicy\":{\"Name\":\"always\"}"

const struct probe probe_harmless = {
	"POST /containers/create", "{\"Image\":\"@I\"}"};

const struct probe_open probe_opens[] = {
	{FINDING_ROOT_BY_CREATE, PRIVILEGED},
	{FINDING_ROOT_BY_CREATE, HOST("\"Binds\":[\"/:/x\"]")},
	{FINDING_ROOT_BY_CREATE, SERVICE_BIND},
	{FINDING_OPEN_BUILD, ANY("POST /build")},
	{FINDING_OPEN_SESSION, ANY("POST /session")},
	{FINDING_OPEN_SESSION, ANY("POST /grpc")},
	{FINDING_OPEN_PLUGINS, ANY("POST /plugins/pull?remote=x&name=x")},
	{FINDING_OPEN_PLUGINS, ANY("POST /plugins/create?name=x")},
	{FINDING_OPEN_PLUGINS, ANY("POST /plugins/x/enable")},
	{FINDING_OPEN_SWARM, ANY("POST /swarm/init")},
	{FINDING_OPEN_SWARM, ANY("POST /swarm/join")},
	{FINDING_OPEN_SWARM, ANY("POST /swarm/update?version=1")},
	{FINDING_OPEN_SWARM, ANY("GET /swarm")},
	{FINDING_OPEN_SWARM, ANY("GET /swarm/unlockkey")},
	{FINDING_OPEN_ARCHIVE, ANY("PUT /containers/x/archive?path=/")},
	{.probe = {NULL, NULL}},
};

const struct probe_gap probe_gaps[] = {
	{FINDING_BINDS_NOT_MOUNTS, "Binds", BINDS, "Mounts", MOUNTS},
	{FINDING_MOUNTS_NOT_BINDS, "Mounts", MOUNTS, "Binds", BINDS},
	{FINDING_BINDS_NOT_VOLUMES, "Binds", BINDS,
		"a volume with options in Mounts", INLINE_VOLUME},
	{FINDING_BINDS_NOT_VOLUMES, "Binds", BINDS,
		"a volume with options (POST /volumes/create)", VOLUME},
	{FINDING_BINDS_NOT_DEVICES, "Binds", BINDS, "Devices", DEVICE},
	{FINDING_BINDS_NOT_PRIVILEGED, "Binds", BINDS, "Privileged",
		PRIVILEGED},
	{FINDING_PRIVILEGED_NOT_CAPABILITIES, "Privileged", PRIVILEGED,
		"CapAdd: [ALL]", CAPABILITY("ALL")},
	{FINDING_CAPABILITY_NOT_ALL, "CapAdd: [SYS_ADMIN]",
		CAPABILITY("SYS_ADMIN"), "CapAdd: [ALL]", CAPABILITY("ALL")},
	{FINDING_CAPABILITY_NOT_ALL, "CapAdd: [SYS_ADMIN]",
		CAPABILITY("SYS_ADMIN"), "CapAdd: [CAP_SYS_ADMIN]",
		CAPABILITY("CAP_SYS_ADMIN")},
	{FINDING_NAMESPACES_IN_PART, "NetworkMode: host",
		HOST("\"NetworkMode\":\"host\""), "PidMode: host",
		HOST("\"PidMode\":\"host\"")},
	{FINDING_NAMESPACES_IN_PART, "PidMode: host",
		HOST("\"PidMode\":\"host\""), "IpcMode: host",
		HOST("\"IpcMode\":\"host\"")},
	{FINDING_NETWORK_SPELLING, "NetworkMode",
		HOST("\"NetworkMode\":\"@N\""), "EndpointsConfig",
		CREATE("\"NetworkingConfig\":{\"EndpointsConfig\":"
		       "{\"@N\":{}}}")},
	{FINDING_SECURITY_SPELLING, "seccomp=unconfined",
		SECURITY("seccomp=unconfined"), "seccomp:unconfined",
		SECURITY("seccomp:unconfined")},
	{FINDING_SECURITY_SPELLING, "apparmor=unconfined",
		SECURITY("apparmor=unconfined"), "apparmor:unconfined",
		SECURITY("apparmor:unconfined")},
	{FINDING_USER_SPELLING, "User: root", CREATE("\"User\":\"root\""),
		"User: \"0\"", CREATE("\"User\":\"0\"")},
	{FINDING_USER_SPELLING, "User: \"0\"", CREATE("\"User\":\"0\""),
		"User: root", CREATE("\"User\":\"root\"")},
	{FINDING_USER_SPELLING, "User: \"0\"", CREATE("\"User\":\"0\""),
		"User: \"0:0\"", CREATE("\"User\":\"0:0\"")},
	{FINDING_CREATE_NOT_EXEC, "Privileged of create", PRIVILEGED,
		"Privileged of exec",
		{"POST /containers/x/exec",
		 "{\"Cmd\":[\"sh\"],\"Privileged\":true}"}},
	{FINDING_CREATE_NOT_UPDATE, "RestartPolicy of create", HOST(RESTART),
		"RestartPolicy of update", UPDATE(RESTART)},
	{FINDING_CREATE_NOT_UPDATE, "Memory of create",
		HOST("\"Memory\":1099511627776"), "Memory of update",
		UPDATE("\"Memory\":1099511627776")},
	{FINDING_CREATE_NOT_SERVICES, "Binds of a container", BINDS,
		"Mounts of a service", SERVICE_BIND},
	{FINDING_CREATE_NOT_SERVICES, "Mounts of a container", MOUNTS,
		"Mounts of a service", SERVICE_BIND},
	{FINDING_CREATE_NOT_SERVICES, "CapAdd of a container",
		CAPABILITY("ALL"), "CapabilityAdd of a service",
		SERVICE("\"CapabilityAdd\":[\"ALL\"]")},
	{FINDING_IMAGE_SPELLING, "Image: @D",
		{"POST /containers/create", "{\"Image\":\"@D\"}"},
		"Image: docker.io/library/@D",
		{"POST /containers/create",
		 "{\"Image\":\"docker.io/library/@D\"}"}},
	{.denied = {NULL, NULL}},
};
