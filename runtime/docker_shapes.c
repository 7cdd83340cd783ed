/* The structs of the Engine's API that requests are made of: every member of
 * every version since API 1.24, and which fact it says.
 *
 * A new member of the API is a line here. Sources: moby api/types/container
 * (config.go, hostconfig.go, exec.go), mount, network, volume, swarm, plugin
 * and runconfig/config_unix.go, up to API 1.52.
 */
#include "runtime/docker_parts.h"

/* A line each: a member's name, what its value is, what it says. */
#define ANY(name) \
	{ \
		STR(name), .form = FORM_ANY \
	}
#define OBJECT(name, of) \
	{ \
		STR(name), .form = FORM_OBJECT, .shape = &of \
	}
#define OBJECTS(name, of) \
	{ \
		STR(name), .form = FORM_OBJECTS, .shape = &of \
	}
#define VALUE(name, take) \
	{ \
		STR(name), .form = FORM_VALUE, .value = take \
	}
#define TEXT(name, f, take)       SAYS(name, FORM_TEXT, f, "", take)
#define TEXTS(name, f, take)      SAYS(name, FORM_TEXTS, f, "", take)
#define KEYS(name, f, take)       SAYS(name, FORM_KEYS, f, "", take)
#define PAIRS(name, f, take)      SAYS(name, FORM_PAIRS, f, "", take)
#define WORD(name, f, word, take) SAYS(name, FORM_TEXT, f, word, take)
#define FLAG(name, f, word)       SAYS(name, FORM_FLAG, f, word, NULL)
#define SAYS(name, form, f, word, take) \
	{ \
		STR(name), form, FIELD_DOCKER_##f, word, take, NULL, NULL \
	}

#define as_is        docker_take_as_is

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define SHAPE(name) \
	static const struct docker_shape name = { \
		name##_members, COUNT(name##_members), NULL, NULL}
#define SHAPE_TAKE(name, take) \
	static const struct docker_shape name = { \
		name##_members, COUNT(name##_members), NULL, take}
#define SHAPE_ON(name, embedded, take) \
	static const struct docker_shape name = { \
		name##_members, COUNT(name##_members), &embedded, take}

/* --- mounts ------------------------------------------------------------------ */

static const struct docker_shape nothing = {NULL, 0, NULL, NULL};

static const struct docker_member driver_members[] = {
	TEXT("Name", DRIVERS, as_is),
	PAIRS("Options", DRIVER_OPTS, docker_take_driver_opt),
};
SHAPE(driver);

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
	OBJECT("DriverConfig", driver),
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
	OBJECT("ClusterOptions", nothing),
};
SHAPE_TAKE(mount, docker_take_mount);

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
SHAPE_TAKE(ulimit, docker_take_ulimit);

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
	OBJECTS("Ulimits", ulimit),
};
SHAPE(resources);

static const struct docker_member update_members[] = {
	OBJECT("RestartPolicy", restart),
};
SHAPE_ON(update, resources, NULL);

/* --- containers --------------------------------------------------------------------- */

static const struct docker_member log_config_members[] = {
	TEXT("Type", LOG_DRIVER, as_is),
	PAIRS("Config", DRIVER_OPTS, docker_take_driver_opt),
};
SHAPE(log_config);

static const struct docker_member host_config_members[] = {
	PAIRS("Annotations", ANNOTATIONS, as_is),
	ANY("AutoRemove"),
	TEXTS("Binds", HOST_PATHS, docker_take_bind),
	TEXTS("CapAdd", CAPABILITIES, docker_take_capability),
	ANY("CapDrop"),
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
	ANY("InitPath"),
	WORD("IpcMode", NAMESPACES, "ipc:", docker_take_namespace),
	ANY("Isolation"),
	TEXTS("Links", CONTAINERS, docker_take_link),
	OBJECT("LogConfig", log_config),
	ANY("LxcConf"),
	VALUE("MaskedPaths", docker_take_masked_paths),
	OBJECTS("Mounts", mount),
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
	WORD("UTSMode", NAMESPACES, "uts:", docker_take_namespace),
	WORD("UsernsMode", NAMESPACES, "user:", docker_take_namespace),
	TEXT("VolumeDriver", DRIVERS, as_is),
	TEXTS("VolumesFrom", CONTAINERS, docker_take_volumes_from),
};
SHAPE_ON(host_config, resources, NULL);

static const struct docker_member health_members[] = {
	ANY("Test"),
	ANY("Interval"),
	ANY("Timeout"),
	ANY("StartPeriod"),
	ANY("StartInterval"),
	ANY("Retries"),
};
SHAPE(health);

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
	OBJECT("Healthcheck", health),
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

static const struct docker_shape commit = {
	config_members, COUNT(config_members), NULL, docker_take_user_if_said};

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
	OBJECT("BlockVolume", nothing),
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

/* --- plugins ------------------------------------------------------------------------------ */

static const struct docker_member privilege_members[] = {
	ANY("Name"),
	ANY("Description"),
	ANY("Value"),
};
SHAPE_TAKE(privilege, docker_take_privilege);

static const struct docker_member plugin_spec_members[] = {
	TEXT("Name", NAME, as_is),
	TEXT("Remote", IMAGES, docker_take_image),
	OBJECTS("Privileges", privilege),
	ANY("Disabled"),
	TEXTS("Env", ENV, docker_take_plugin_setting),
};
SHAPE(plugin_spec);

/* --- services ---------------------------------------------------------------------------------- */

static const struct docker_member annotations_members[] = {
	TEXT("Name", NAME, as_is),
	PAIRS("Labels", LABELS, as_is),
};
SHAPE(annotations);

static const struct docker_member credential_spec_members[] = {
	WORD("Config", SECURITY, "credentialspec=config://", as_is),
	WORD("File", SECURITY, "credentialspec=file://", as_is),
	WORD("Registry", SECURITY, "credentialspec=registry://", as_is),
};
SHAPE(credential_spec);

static const struct docker_member selinux_members[] = {
	FLAG("Disable", SECURITY, "label=disable"),
	WORD("User", SECURITY, "label=user:", as_is),
	WORD("Role", SECURITY, "label=role:", as_is),
	WORD("Type", SECURITY, "label=type:", as_is),
	WORD("Level", SECURITY, "label=level:", as_is),
};
SHAPE(selinux);

static const struct docker_member seccomp_members[] = {
	WORD("Mode", SECURITY, "seccomp=", as_is),
	ANY("Profile"),
};
SHAPE(seccomp);

static const struct docker_member app_armor_members[] = {
	TEXT("Mode", SECURITY, docker_take_app_armor),
};
SHAPE(app_armor);

static const struct docker_member privileges_members[] = {
	OBJECT("CredentialSpec", credential_spec),
	OBJECT("SELinuxContext", selinux),
	OBJECT("Seccomp", seccomp),
	OBJECT("AppArmor", app_armor),
	FLAG("NoNewPrivileges", SECURITY, "no-new-privileges=true"),
};
SHAPE(privileges);

static const struct docker_member dns_members[] = {
	ANY("Nameservers"),
	ANY("Search"),
	ANY("Options"),
};
SHAPE(dns);

static const struct docker_member secret_file_members[] = {
	ANY("Name"),
	ANY("UID"),
	ANY("GID"),
	ANY("Mode"),
};
SHAPE(secret_file);

static const struct docker_member secret_members[] = {
	OBJECT("File", secret_file),
	OBJECT("Runtime", nothing),
	TEXT("SecretID", SECRETS, as_is),
	TEXT("SecretName", SECRETS, as_is),
	TEXT("ConfigID", SECRETS, as_is),
	TEXT("ConfigName", SECRETS, as_is),
};
SHAPE(secret);

static const struct docker_member container_spec_members[] = {
	TEXT("Image", IMAGES, docker_take_image),
	PAIRS("Labels", LABELS, as_is),
	ANY("Command"),
	ANY("Args"),
	ANY("Hostname"),
	TEXTS("Env", ENV, as_is),
	ANY("Dir"),
	ANY("User"),
	TEXTS("Groups", GROUPS, docker_take_id),
	OBJECT("Privileges", privileges),
	ANY("Init"),
	ANY("StopSignal"),
	ANY("TTY"),
	ANY("OpenStdin"),
	ANY("ReadOnly"),
	OBJECTS("Mounts", mount),
	ANY("StopGracePeriod"),
	OBJECT("Healthcheck", health),
	TEXTS("Hosts", EXTRA_HOSTS, as_is),
	OBJECT("DNSConfig", dns),
	OBJECTS("Secrets", secret),
	OBJECTS("Configs", secret),
	ANY("Isolation"),
	PAIRS("Sysctls", SYSCTLS, docker_take_sysctl),
	TEXTS("CapabilityAdd", CAPABILITIES, docker_take_capability),
	ANY("CapabilityDrop"),
	OBJECTS("Ulimits", ulimit),
	ANY("OomScoreAdj"),
};
SHAPE_TAKE(container_spec, docker_take_user);

static const struct docker_member attachment_spec_members[] = {
	TEXT("ContainerID", CONTAINERS, docker_take_container),
};
SHAPE(attachment_spec);

static const struct docker_member kind_members[] = {
	ANY("Kind"),
	ANY("Value"),
};
SHAPE(kind);

static const struct docker_member generic_members[] = {
	OBJECT("NamedResourceSpec", kind),
	OBJECT("DiscreteResourceSpec", kind),
};
SHAPE(generic);

static const struct docker_member amounts_members[] = {
	ANY("NanoCPUs"),
	ANY("MemoryBytes"),
	ANY("Pids"),
	OBJECTS("GenericResources", generic),
};
SHAPE(amounts);

static const struct docker_member requirements_members[] = {
	OBJECT("Limits", amounts),
	OBJECT("Reservations", amounts),
	ANY("SwapBytes"),
	ANY("MemorySwappiness"),
};
SHAPE(requirements);

static const struct docker_member service_restart_members[] = {
	TEXT("Condition", RESTART, as_is),
	ANY("Delay"),
	ANY("MaxAttempts"),
	ANY("Window"),
};
SHAPE(service_restart);

static const struct docker_member spread_members[] = {
	ANY("SpreadDescriptor"),
};
SHAPE(spread);

static const struct docker_member preference_members[] = {
	OBJECT("Spread", spread),
};
SHAPE(preference);

static const struct docker_member platform_members[] = {
	ANY("Architecture"),
	ANY("OS"),
};
SHAPE(platform);

static const struct docker_member placement_members[] = {
	ANY("Constraints"),
	OBJECTS("Preferences", preference),
	ANY("MaxReplicas"),
	OBJECTS("Platforms", platform),
};
SHAPE(placement);

static const struct docker_member attachment_members[] = {
	TEXT("Target", NETWORKS, docker_take_network),
	ANY("Aliases"),
	PAIRS("DriverOpts", DRIVER_OPTS, docker_take_driver_opt),
};
SHAPE(attachment);

static const struct docker_member log_driver_members[] = {
	TEXT("Name", LOG_DRIVER, as_is),
	PAIRS("Options", DRIVER_OPTS, docker_take_driver_opt),
};
SHAPE(log_driver);

static const struct docker_member task_members[] = {
	OBJECT("ContainerSpec", container_spec),
	OBJECT("PluginSpec", plugin_spec),
	OBJECT("NetworkAttachmentSpec", attachment_spec),
	OBJECT("Resources", requirements),
	OBJECT("RestartPolicy", service_restart),
	OBJECT("Placement", placement),
	OBJECTS("Networks", attachment),
	OBJECT("LogDriver", log_driver),
	ANY("ForceUpdate"),
	TEXT("Runtime", RUNTIME, as_is),
};
SHAPE(task);

static const struct docker_member replicated_members[] = {
	ANY("Replicas"),
	ANY("MaxConcurrent"),
	ANY("TotalCompletions"),
};
SHAPE(replicated);

static const struct docker_member mode_members[] = {
	OBJECT("Replicated", replicated),
	OBJECT("Global", nothing),
	OBJECT("ReplicatedJob", replicated),
	OBJECT("GlobalJob", nothing),
};
SHAPE(mode);

static const struct docker_member rollout_members[] = {
	ANY("Parallelism"),
	ANY("Delay"),
	ANY("FailureAction"),
	ANY("Monitor"),
	ANY("MaxFailureRatio"),
	ANY("Order"),
};
SHAPE(rollout);

static const struct docker_member port_members[] = {
	ANY("Name"),
	ANY("Protocol"),
	ANY("TargetPort"),
	ANY("PublishedPort"),
	ANY("PublishMode"),
};
SHAPE_TAKE(port, docker_take_service_port);

static const struct docker_member endpoint_spec_members[] = {
	ANY("Mode"),
	OBJECTS("Ports", port),
};
SHAPE(endpoint_spec);

static const struct docker_member service_members[] = {
	OBJECT("TaskTemplate", task),
	OBJECT("Mode", mode),
	OBJECT("UpdateConfig", rollout),
	OBJECT("RollbackConfig", rollout),
	OBJECTS("Networks", attachment),
	OBJECT("EndpointSpec", endpoint_spec),
};
SHAPE_ON(service, annotations, NULL);

/* --- the rest of a swarm ------------------------------------------------------------------------- */

/* A secret or a config. */
static const struct docker_member secret_spec_members[] = {
	ANY("Data"),
	OBJECT("Driver", driver),
	OBJECT("Templating", driver),
};
SHAPE_ON(secret_spec, annotations, NULL);

static const struct docker_member orchestration_members[] = {
	ANY("TaskHistoryRetentionLimit"),
};
SHAPE(orchestration);

static const struct docker_member raft_members[] = {
	ANY("SnapshotInterval"),
	ANY("KeepOldSnapshots"),
	ANY("LogEntriesForSlowFollowers"),
	ANY("ElectionTick"),
	ANY("HeartbeatTick"),
};
SHAPE(raft);

static const struct docker_member dispatcher_members[] = {
	ANY("HeartbeatPeriod"),
};
SHAPE(dispatcher);

static const struct docker_member external_ca_members[] = {
	ANY("Protocol"),
	ANY("URL"),
	ANY("Options"),
	ANY("CACert"),
};
SHAPE(external_ca);

static const struct docker_member ca_members[] = {
	ANY("NodeCertExpiry"),
	OBJECTS("ExternalCAs", external_ca),
	ANY("SigningCACert"),
	ANY("SigningCAKey"),
	ANY("ForceRotate"),
};
SHAPE(ca);

static const struct docker_member task_defaults_members[] = {
	OBJECT("LogDriver", log_driver),
};
SHAPE(task_defaults);

static const struct docker_member encryption_members[] = {
	ANY("AutoLockManagers"),
};
SHAPE(encryption);

static const struct docker_member swarm_spec_members[] = {
	OBJECT("Orchestration", orchestration),
	OBJECT("Raft", raft),
	OBJECT("Dispatcher", dispatcher),
	OBJECT("CAConfig", ca),
	OBJECT("TaskDefaults", task_defaults),
	OBJECT("EncryptionConfig", encryption),
};
SHAPE_ON(swarm_spec, annotations, NULL);

static const struct docker_member swarm_init_members[] = {
	ANY("ListenAddr"),
	ANY("AdvertiseAddr"),
	ANY("DataPathAddr"),
	ANY("DataPathPort"),
	ANY("ForceNewCluster"),
	OBJECT("Spec", swarm_spec),
	ANY("AutoLockManagers"),
	ANY("Availability"),
	ANY("DefaultAddrPool"),
	ANY("SubnetSize"),
};
SHAPE(swarm_init);

static const struct docker_member swarm_join_members[] = {
	ANY("ListenAddr"),
	ANY("AdvertiseAddr"),
	ANY("DataPathAddr"),
	ANY("RemoteAddrs"),
	ANY("JoinToken"),
	ANY("Availability"),
};
SHAPE(swarm_join);

static const struct docker_member node_members[] = {
	ANY("Role"),
	ANY("Availability"),
};
SHAPE_ON(node, annotations, NULL);

/* --- JSON in the query of a build ------------------------------------------------------------------ */

static const struct docker_member build_json_members[] = {
	PAIRS("buildargs", ENV, as_is),
	TEXTS("cachefrom", IMAGES, docker_take_image),
	PAIRS("labels", LABELS, as_is),
	OBJECTS("ulimits", ulimit),
};
const struct docker_shape docker_shape_build_json = {
	build_json_members, COUNT(build_json_members), NULL, NULL};

/* --- bodies -------------------------------------------------------------------------------------------- */

#define BODY(call, of) \
	const struct docker_member docker_body_##call = { \
		.name = STR(""), .form = FORM_OBJECT, .shape = &of}

BODY(create, config);
BODY(commit, commit);
BODY(update, update);
BODY(exec, exec);
BODY(exec_start, exec_start);
BODY(checkpoint, checkpoint);
BODY(service, service);
BODY(volume, volume);
BODY(volume_update, volume_update);
BODY(network, network);
BODY(connect, connect);
BODY(disconnect, disconnect);
BODY(secret, secret_spec);
BODY(swarm_init, swarm_init);
BODY(swarm_join, swarm_join);
BODY(swarm_spec, swarm_spec);
BODY(node, node);

const struct docker_member docker_body_privileges = {
	.name = STR(""), .form = FORM_OBJECTS, .shape = &privilege};
const struct docker_member docker_body_plugin_set =
	TEXTS("", ENV, docker_take_plugin_setting);

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
