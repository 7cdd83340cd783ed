/* The structs of the Engine's API that containers, volumes and networks are
 * made of: every member of every version since API 1.24, and which fact it
 * says.
 *
 * A new member of the API is a line here. Sources: moby api/types/container
 * (config.go, hostconfig.go, exec.go), mount, network, volume and
 * runconfig/config_unix.go, up to API 1.56.
 */
#include "runtime/docker_shapes.h"

/* --- mounts ------------------------------------------------------------------ */

const struct docker_shape docker_shape_nothing = {0};

static const struct docker_member driver_members[] = {
	TEXT("Name", DRIVERS, as_is),
	PAIRS("Options", DRIVER_OPTS, docker_take_driver_opt),
};
SHARED(driver, NULL);

static const struct docker_member bind_options_members[] = {
	ANY("Propagation"),
	ANY("NonRecursive"),
	ANY("CreateMountpoint"),
	ANY("ReadOnlyNonRecursive"),
	ANY("ReadOnlyForceRecursive"),
};
SHAPE(bind_options);

static const struct docker_member volume_options_members[] = {
	ANY("NoCopy"),
	PAIRS("Labels", LABELS, as_is),
	ANY("Subpath"),
	OBJECT("DriverConfig", docker_shape_driver),
};
SHAPE(volume_options);

static const struct docker_member image_options_members[] = {
	ANY("Subpath"),
};
SHAPE(image_options);

static const struct docker_member tmpfs_options_members[] = {
	ANY("SizeBytes"),
	ANY("Mode"),
	ANY("Options"),
};
SHAPE(tmpfs_options);

static const struct docker_member mount_members[] = {
	ANY("Type"), /* said by all of them together */
	ANY("Source"),
	ANY("Target"),
	ANY("ReadOnly"),
	ANY("Consistency"),
	OBJECT("BindOptions", bind_options),
	OBJECT("VolumeOptions", volume_options),
	OBJECT("ImageOptions", image_options),
	OBJECT("TmpfsOptions", tmpfs_options),
	OBJECT("ClusterOptions", docker_shape_nothing),
};
SHARED(mount, docker_take_mount);

/* --- networks ------------------------------------------------------------------ */

static const struct docker_member endpoint_ipam_members[] = {
	ANY("IPv4Address"),
	ANY("IPv6Address"),
	ANY("LinkLocalIPs"),
};
SHAPE(endpoint_ipam);

static const struct docker_member endpoint_members[] = {
	OBJECT("IPAMConfig", endpoint_ipam),
	TEXTS("Links", CONTAINERS, docker_take_link),
	ANY("Aliases"),
	ANY("MacAddress"),
	PAIRS("DriverOpts", DRIVER_OPTS, docker_take_driver_opt),
	ANY("GwPriority"),
	TEXT("NetworkID", NETWORKS, docker_take_network),
	ANY("EndpointID"),
	ANY("Gateway"),
	ANY("IPAddress"),
	ANY("IPPrefixLen"),
	ANY("IPv6Gateway"),
	ANY("GlobalIPv6Address"),
	ANY("GlobalIPv6PrefixLen"),
	ANY("DNSNames"),
};
SHAPE(endpoint);

static const struct docker_member networking_members[] = {
	{STR("EndpointsConfig"), FORM_MAP, FIELD_DOCKER_NETWORKS, "",
		docker_take_network, NULL, &endpoint},
};
SHAPE(networking);

/* --- limits and devices ---------------------------------------------------------- */

static const struct docker_member restart_members[] = {
	TEXT("Name", RESTART, as_is),
	ANY("MaximumRetryCount"),
};
SHAPE(restart);

static const struct docker_member ulimit_members[] = {
	ANY("Name"),
	ANY("Soft"),
	ANY("Hard"),
};
SHARED(ulimit, docker_take_ulimit);

static const struct docker_member weight_members[] = {
	ANY("Path"),
	ANY("Weight"),
};
SHAPE(weight);

static const struct docker_member throttle_members[] = {
	ANY("Path"),
	ANY("Rate"),
};
SHAPE(throttle);

static const struct docker_member device_members[] = {
	ANY("PathOnHost"),
	ANY("PathInContainer"),
	ANY("CgroupPermissions"),
};
SHAPE_TAKE(device, docker_take_device);

static const struct docker_member device_request_members[] = {
	ANY("Driver"),
	ANY("Count"),
	ANY("DeviceIDs"),
	ANY("Capabilities"),
	ANY("Options"),
};
SHAPE_TAKE(device_request, docker_take_device_request);

static const struct docker_member resources_members[] = {
	ANY("BlkioBps"),
	OBJECTS("BlkioDeviceReadBps", throttle),
	OBJECTS("BlkioDeviceReadIOps", throttle),
	OBJECTS("BlkioDeviceWriteBps", throttle),
	OBJECTS("BlkioDeviceWriteIOps", throttle),
	ANY("BlkioIOps"),
	ANY("BlkioWeight"),
	OBJECTS("BlkioWeightDevice", weight),
	TEXT("CgroupParent", CGROUP_PARENT, as_is),
	ANY("CpuCount"),
	ANY("CpuPercent"),
	ANY("CpuPeriod"),
	ANY("CpuQuota"),
	ANY("CpuRealtimePeriod"),
	ANY("CpuRealtimeRuntime"),
	ANY("CpuShares"),
	ANY("Cpuset"),
	ANY("CpusetCpus"),
	ANY("CpusetMems"),
	ANY("DeviceCgroupPermissions"),
	TEXTS("DeviceCgroupRules", DEVICES, docker_take_device_rule),
	OBJECTS("DeviceRequests", device_request),
	OBJECTS("Devices", device),
	ANY("DiskQuota"),
	ANY("IOMaximumBandwidth"),
	ANY("IOMaximumIOps"),
	ANY("KernelMemory"),
	ANY("KernelMemoryTCP"),
	ANY("MaximumIOBps"),
	ANY("MaximumIOps"),
	ANY("Memory"),
	ANY("MemoryReservation"),
	ANY("MemorySwap"),
	ANY("MemorySwappiness"),
	ANY("NanoCpus"),
	ANY("OomKillDisable"),
	ANY("PidsLimit"),
	ANY("SandboxSize"),
	OBJECTS("Ulimits", docker_shape_ulimit),
};
SHAPE(resources);

static const struct docker_member update_members[] = {
	OBJECT("RestartPolicy", restart),
};
SHAPE_ON(update, &resources, NULL);

/* --- containers --------------------------------------------------------------------- */

static const struct docker_member log_config_members[] = {
	TEXT("Type", LOG_DRIVER, as_is),
	PAIRS("Config", DRIVER_OPTS, docker_take_log_opt),
};
SHAPE(log_config);

static const struct docker_member host_config_members[] = {
	PAIRS("Annotations", ANNOTATIONS, as_is),
	ANY("AutoRemove"),
	TEXTS("Binds", HOST_PATHS, docker_take_bind),
	TEXTS("CapAdd", CAPABILITIES, docker_take_capability),
	TEXTS("CapDrop", DROPPED, docker_take_capability),
	TEXTS("Capabilities", CAPABILITIES, docker_take_capability),
	WORD("Cgroup", NAMESPACES, "cgroup:", docker_take_namespace),
	WORD("CgroupnsMode", NAMESPACES, "cgroup:", docker_take_namespace),
	ANY("ConsoleSize"),
	ANY("ContainerIDFile"),
	ANY("Dns"),
	ANY("DnsOptions"),
	ANY("DnsSearch"),
	TEXTS("ExtraHosts", EXTRA_HOSTS, as_is),
	TEXTS("GroupAdd", GROUPS, docker_take_id),
	ANY("Init"),
	TEXT("InitPath", HOST_PATHS, docker_take_host_path),
	WORD("IpcMode", NAMESPACES, "ipc:", docker_take_namespace),
	ANY("Isolation"),
	TEXTS("Links", CONTAINERS, docker_take_link),
	OBJECT("LogConfig", log_config),
	ANY("LxcConf"),
	VALUE("MaskedPaths", docker_take_masked_paths),
	OBJECTS("Mounts", docker_shape_mount),
	TEXT("NetworkMode", NETWORKS, docker_take_network),
	ANY("OomScoreAdj"),
	WORD("PidMode", NAMESPACES, "pid:", docker_take_namespace),
	VALUE("PortBindings", docker_take_ports),
	FLAG("Privileged", CAPABILITIES, "PRIVILEGED"),
	FLAG("PublishAllPorts", PORTS, "*"),
	VALUE("ReadonlyPaths", docker_take_readonly_paths),
	ANY("ReadonlyRootfs"),
	OBJECT("RestartPolicy", restart),
	TEXT("Runtime", RUNTIME, as_is),
	TEXTS("SecurityOpt", SECURITY, docker_take_security),
	ANY("ShmSize"),
	ANY("StorageOpt"),
	PAIRS("Sysctls", SYSCTLS, docker_take_sysctl),
	KEYS("Tmpfs", MOUNT_TYPES, docker_take_tmpfs),
	ANY("Umask"),
	WORD("UTSMode", NAMESPACES, "uts:", docker_take_namespace),
	WORD("UsernsMode", NAMESPACES, "user:", docker_take_namespace),
	TEXT("VolumeDriver", DRIVERS, as_is),
	TEXTS("VolumesFrom", CONTAINERS, docker_take_volumes_from),
};
SHAPE_ON(host_config, &resources, NULL);

static const struct docker_member health_members[] = {
	ANY("Test"),
	ANY("Interval"),
	ANY("Timeout"),
	ANY("StartPeriod"),
	ANY("StartInterval"),
	ANY("Retries"),
};
SHARED(health, NULL);

static const struct docker_member config_members[] = {
	ANY("Hostname"),
	ANY("Domainname"),
	ANY("User"), /* of each body another way */
	ANY("AttachStdin"),
	ANY("AttachStdout"),
	ANY("AttachStderr"),
	ANY("ExposedPorts"),
	ANY("PortSpecs"),
	ANY("Tty"),
	ANY("OpenStdin"),
	ANY("StdinOnce"),
	TEXTS("Env", ENV, as_is),
	ANY("Cmd"),
	OBJECT("Healthcheck", docker_shape_health),
	ANY("ArgsEscaped"),
	TEXT("Image", IMAGES, docker_take_image),
	KEYS("Volumes", MOUNT_TYPES, docker_take_bind),
	ANY("WorkingDir"),
	ANY("Entrypoint"),
	ANY("NetworkDisabled"),
	ANY("MacAddress"),
	ANY("OnBuild"),
	PAIRS("Labels", LABELS, as_is),
	ANY("StopSignal"),
	ANY("StopTimeout"),
	ANY("Shell"),
	OBJECT("HostConfig", host_config),
	OBJECT("NetworkingConfig", networking),
	ANY("Cpuset"),
};
SHAPE_TAKE(config, docker_take_user);

static const struct docker_shape commit =
	MEMBERS(config, NULL, docker_take_user_if_said);

static const struct docker_member exec_members[] = {
	ANY("User"),
	FLAG("Privileged", CAPABILITIES, "PRIVILEGED"),
	ANY("Tty"),
	ANY("ConsoleSize"),
	ANY("Container"), /* ignored: the path says it */
	ANY("AttachStdin"),
	ANY("AttachStderr"),
	ANY("AttachStdout"),
	ANY("Detach"),
	ANY("DetachKeys"),
	TEXTS("Env", ENV, as_is),
	ANY("WorkingDir"),
	ANY("Cmd"),
};
SHAPE_TAKE(exec, docker_take_user);

static const struct docker_member exec_start_members[] = {
	ANY("Detach"),
	ANY("Tty"),
	ANY("ConsoleSize"),
};
SHAPE(exec_start);

static const struct docker_member checkpoint_members[] = {
	ANY("CheckpointID"),
	TEXT("CheckpointDir", HOST_PATHS, docker_take_host_path),
	ANY("Exit"),
};
SHAPE(checkpoint);

/* --- volumes -------------------------------------------------------------------------- */

static const struct docker_member mount_volume_members[] = {
	ANY("FsType"),
	ANY("MountFlags"),
};
SHAPE(mount_volume);

static const struct docker_member access_mode_members[] = {
	ANY("Scope"),
	ANY("Sharing"),
	OBJECT("MountVolume", mount_volume),
	OBJECT("BlockVolume", docker_shape_nothing),
};
SHAPE(access_mode);

static const struct docker_member topology_members[] = {
	ANY("Segments"),
};
SHAPE(topology);

static const struct docker_member topologies_members[] = {
	OBJECTS("Requisite", topology),
	OBJECTS("Preferred", topology),
};
SHAPE(topologies);

static const struct docker_member capacity_members[] = {
	ANY("RequiredBytes"),
	ANY("LimitBytes"),
};
SHAPE(capacity);

static const struct docker_member volume_secret_members[] = {
	ANY("Key"),
	TEXT("Secret", SECRETS, as_is),
};
SHAPE(volume_secret);

static const struct docker_member cluster_volume_members[] = {
	ANY("Group"),
	OBJECT("AccessMode", access_mode),
	OBJECT("AccessibilityRequirements", topologies),
	OBJECT("CapacityRange", capacity),
	OBJECTS("Secrets", volume_secret),
	ANY("Availability"),
};
SHAPE(cluster_volume);

static const struct docker_member volume_members[] = {
	TEXT("Name", NAME, as_is),
	TEXT("Driver", DRIVERS, as_is),
	PAIRS("DriverOpts", DRIVER_OPTS, docker_take_driver_opt),
	PAIRS("Labels", LABELS, as_is),
	OBJECT("ClusterVolumeSpec", cluster_volume),
};
SHAPE_TAKE(volume, docker_take_volume);

static const struct docker_member volume_update_members[] = {
	OBJECT("Spec", cluster_volume),
};
SHAPE(volume_update);

/* --- networks of their own --------------------------------------------------------------- */

static const struct docker_member ipam_config_members[] = {
	TEXT("Subnet", SUBNETS, as_is),
	ANY("IPRange"),
	ANY("Gateway"),
	ANY("AuxiliaryAddresses"),
};
SHAPE(ipam_config);

static const struct docker_member ipam_members[] = {
	TEXT("Driver", DRIVERS, as_is),
	PAIRS("Options", DRIVER_OPTS, docker_take_driver_opt),
	OBJECTS("Config", ipam_config),
};
SHAPE(ipam);

static const struct docker_member config_from_members[] = {
	TEXT("Network", NETWORKS, docker_take_network),
};
SHAPE(config_from);

static const struct docker_member network_members[] = {
	TEXT("Name", NAME, as_is),
	ANY("CheckDuplicate"),
	TEXT("Driver", DRIVERS, as_is),
	ANY("Scope"),
	ANY("EnableIPv4"),
	ANY("EnableIPv6"),
	OBJECT("IPAM", ipam),
	ANY("Internal"),
	ANY("Attachable"),
	ANY("Ingress"),
	ANY("ConfigOnly"),
	OBJECT("ConfigFrom", config_from),
	PAIRS("Options", DRIVER_OPTS, docker_take_driver_opt),
	PAIRS("Labels", LABELS, as_is),
};
SHAPE(network);

static const struct docker_member connect_members[] = {
	TEXT("Container", CONTAINERS, docker_take_container),
	OBJECT("EndpointConfig", endpoint),
};
SHAPE(connect);

static const struct docker_member disconnect_members[] = {
	TEXT("Container", CONTAINERS, docker_take_container),
	ANY("Force"),
};
SHAPE(disconnect);

/* --- JSON in the query of a build ------------------------------------------------------------------ */

static const struct docker_member build_json_members[] = {
	PAIRS("buildargs", ENV, as_is),
	TEXTS("cachefrom", IMAGES, docker_take_image),
	PAIRS("labels", LABELS, as_is),
	OBJECTS("ulimits", docker_shape_ulimit),
};
SHARED(build_json, NULL);

/* --- bodies ------------------------------------------------------------------ */

BODY(create, config);
BODY(commit, commit);
BODY(update, update);
BODY(exec, exec);
BODY(exec_start, exec_start);
BODY(checkpoint, checkpoint);
BODY(volume, volume);
BODY(volume_update, volume_update);
BODY(network, network);
BODY(connect, connect);
BODY(disconnect, disconnect);

bool
docker_is_host_config(struct str folded_key)
{
	const struct docker_shape *s = &host_config;

	for (; s; s = s->embedded)
		for (size_t i = 0; i < s->n; i++)
			if (str_eq_nocase(s->members[i].name, folded_key))
				return true;
	return false;
}
