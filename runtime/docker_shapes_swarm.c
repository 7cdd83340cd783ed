/* The structs of the Engine's API that plugins, services and swarms are made
 * of, as docker_shapes.c has the others.
 *
 * Sources: moby api/types/swarm and api/types/plugin, up to API 1.56.
 */
#include "runtime/docker_shapes.h"

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
	OBJECT("Runtime", docker_shape_nothing),
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
	OBJECTS("Mounts", docker_shape_mount),
	ANY("StopGracePeriod"),
	OBJECT("Healthcheck", docker_shape_health),
	TEXTS("Hosts", EXTRA_HOSTS, as_is),
	OBJECT("DNSConfig", dns),
	OBJECTS("Secrets", secret),
	OBJECTS("Configs", secret),
	ANY("Isolation"),
	PAIRS("Sysctls", SYSCTLS, docker_take_sysctl),
	TEXTS("CapabilityAdd", CAPABILITIES, docker_take_capability),
	TEXTS("CapabilityDrop", DROPPED, docker_take_capability),
	OBJECTS("Ulimits", docker_shape_ulimit),
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

/* The Engine finds it by each beginning of its id, too, and the host's own as
 * any (daemon/cluster/services.go: populateNetworkID). A container is not let
 * into that one by its id. */
static void
take_attachment(struct gather *g, const struct docker_member *m, struct str s)
{
	docker_take_network(g, m, s);
	if (s.n == 0 || docker_is_network_id(s))
		gather_doubt(g, FIELD_DOCKER_NAMESPACES);
}

static const struct docker_member attachment_members[] = {
	TEXT("Target", NETWORKS, take_attachment),
	ANY("Aliases"),
	PAIRS("DriverOpts", DRIVER_OPTS, docker_take_driver_opt),
};
SHAPE(attachment);

static const struct docker_member log_driver_members[] = {
	TEXT("Name", LOG_DRIVER, as_is),
	PAIRS("Options", DRIVER_OPTS, docker_take_log_opt),
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
	OBJECT("Global", docker_shape_nothing),
	OBJECT("ReplicatedJob", replicated),
	OBJECT("GlobalJob", docker_shape_nothing),
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
SHAPE_ON(service, &annotations, NULL);

/* --- the rest of a swarm ------------------------------------------------------------------------- */

/* A secret or a config. */
static const struct docker_member secret_spec_members[] = {
	ANY("Data"),
	OBJECT("Driver", docker_shape_driver),
	OBJECT("Templating", docker_shape_driver),
};
SHAPE_ON(secret_spec, &annotations, NULL);

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
SHAPE_ON(swarm_spec, &annotations, NULL);

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
SHAPE_ON(node, &annotations, NULL);

/* --- bodies ------------------------------------------------------------------ */

BODY(service, service);
BODY(secret, secret_spec);
BODY(swarm_init, swarm_init);
BODY(swarm_join, swarm_join);
BODY(swarm_spec, swarm_spec);
BODY(node, node);

const struct docker_member docker_body_privileges = OBJECTS("", privilege);
const struct docker_member docker_body_plugin_set =
	TEXTS("", ENV, docker_take_plugin_setting);
