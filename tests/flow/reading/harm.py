"""Where a request asks for the host: every place, as a rule would name it.

A place in a body is its call, its path and a value. A step in brackets is a
key of a data map, where case counts; `*` is an element, [*] any key. The
values are what an operator would forbid.
"""

BODIES = """
POST /containers/create | HostConfig.Privileged | true
POST /containers/create | HostConfig.Binds.* | "/etc:/x"
POST /containers/create | HostConfig.Mounts.*.Type | "bind"
POST /containers/create | HostConfig.Mounts.*.Source | "/"
POST /containers/create | HostConfig.Mounts.*.BindOptions.Propagation | "rshared"
POST /containers/create | HostConfig.Mounts.*.BindOptions.NonRecursive | true
POST /containers/create | HostConfig.Mounts.*.BindOptions.CreateMountpoint | true
POST /containers/create | HostConfig.Mounts.*.VolumeOptions.Subpath | "x"
POST /containers/create | HostConfig.Mounts.*.VolumeOptions.DriverConfig.Name | "nfs"
POST /containers/create | HostConfig.Mounts.*.VolumeOptions.DriverConfig.Options.[device] | "/"
POST /containers/create | HostConfig.VolumesFrom.* | "web"
POST /containers/create | HostConfig.VolumeDriver | "nfs"
POST /containers/create | HostConfig.Devices.*.PathOnHost | "/dev/sda"
POST /containers/create | HostConfig.DeviceCgroupRules.* | "a *:* rwm"
POST /containers/create | HostConfig.DeviceRequests.*.Driver | "cdi"
POST /containers/create | HostConfig.CapAdd.* | "SYS_ADMIN"
POST /containers/create | HostConfig.CapAdd | "ALL"
POST /containers/create | HostConfig.PidMode | "host"
POST /containers/create | HostConfig.IpcMode | "container:web"
POST /containers/create | HostConfig.UTSMode | "host"
POST /containers/create | HostConfig.UsernsMode | "host"
POST /containers/create | HostConfig.CgroupnsMode | "host"
POST /containers/create | HostConfig.NetworkMode | "host"
POST /containers/create | NetworkingConfig.EndpointsConfig.[secretnet] | {}
POST /containers/create | NetworkingConfig.EndpointsConfig.[*].NetworkID | "secretnet"
POST /containers/create | HostConfig.SecurityOpt.* | "seccomp=unconfined"
POST /containers/create | HostConfig.MaskedPaths | []
POST /containers/create | HostConfig.ReadonlyPaths | []
POST /containers/create | HostConfig.Sysctls.[kernel.msgmax] | "1"
POST /containers/create | HostConfig.CgroupParent | "/"
POST /containers/create | HostConfig.Runtime | "other"
POST /containers/create | HostConfig.Annotations.[run.oci.hooks] | "x"
POST /containers/create | HostConfig.LogConfig.Type | "syslog"
POST /containers/create | HostConfig.LogConfig.Config.[syslog-address] | "unix:///x"
POST /containers/create | HostConfig.OomScoreAdj | -1000
POST /containers/create | HostConfig.OomKillDisable | true
POST /containers/create | HostConfig.Ulimits.*.Name | "nofile"
POST /containers/create | HostConfig.ShmSize | 99999999999
POST /containers/create | HostConfig.CpuRealtimeRuntime | 1000
POST /containers/create | HostConfig.Memory | 99999999999
POST /containers/create | HostConfig.PidsLimit | -1
POST /containers/create | HostConfig.StorageOpt.[size] | "1T"
POST /containers/create | HostConfig.BlkioWeight | 1000
POST /containers/create | HostConfig.GroupAdd.* | "docker"
POST /containers/create | HostConfig.Links.* | "web:db"
POST /containers/create | HostConfig.ExtraHosts.* | "registry:10.0.0.1"
POST /containers/create | HostConfig.Dns.* | "10.0.0.1"
POST /containers/create | HostConfig.PortBindings.[80/tcp].*.HostPort | "80"
POST /containers/create | HostConfig.PublishAllPorts | true
POST /containers/create | HostConfig.Tmpfs.[/run] | "exec"
POST /containers/create | HostConfig.RestartPolicy.Name | "always"
POST /containers/create | HostConfig.Init | true
POST /containers/create | User | "0"
POST /containers/create | Image | "secret"
POST /containers/a/exec | Privileged | true
POST /containers/a/exec | User | "root"
POST /containers/a/exec | Env.* | "A=b"
POST /containers/a/exec | WorkingDir | "/proc"
POST /containers/a/exec | Tty | true
POST /containers/a/update | Memory | 99999999999
POST /containers/a/update | PidsLimit | -1
POST /containers/a/update | RestartPolicy.Name | "always"
POST /containers/a/checkpoints | CheckpointDir | "/etc"
POST /commit | User | "0"
POST /commit | Env.* | "A=b"
POST /volumes/create | Driver | "nfs"
POST /volumes/create | DriverOpts.[o] | "bind"
POST /volumes/create | DriverOpts.[device] | "/"
PUT /volumes/a | Spec.AccessMode.Scope | "multi"
POST /networks/create | Driver | "macvlan"
POST /networks/create | Options.[parent] | "eth0"
POST /networks/create | Options.[com.docker.network.bridge.name] | "docker0"
POST /networks/create | IPAM.Config.*.Subnet | "10.0.0.0/8"
POST /networks/create | ConfigFrom.Network | "x"
POST /networks/create | Scope | "swarm"
POST /networks/create | Ingress | true
POST /networks/a/connect | Container | "web"
POST /networks/a/connect | EndpointConfig.Aliases.* | "registry"
POST /networks/a/connect | EndpointConfig.IPAMConfig.IPv4Address | "10.0.0.1"
POST /networks/a/connect | EndpointConfig.DriverOpts.[com.docker.network.endpoint.sysctls] | "x"
POST /networks/a/disconnect | Container | "web"
POST /swarm/init | ListenAddr | "0.0.0.0"
POST /swarm/join | RemoteAddrs.* | "evil:2377"
POST /swarm/update | EncryptionConfig.AutoLockManagers | true
POST /swarm/unlock | UnlockKey | "x"
POST /nodes/a/update | Role | "manager"
POST /secrets/create | Name | "x"
POST /secrets/a/update | Labels.[a] | "b"
POST /configs/create | Templating.Name | "golang"
POST /configs/a/update | Labels.[a] | "b"
POST /services/create | TaskTemplate.ContainerSpec.Image | "secret"
POST /services/create | TaskTemplate.ContainerSpec.Mounts.*.Source | "/"
POST /services/create | TaskTemplate.ContainerSpec.Mounts.*.VolumeOptions.DriverConfig.Options.[device] | "/"
POST /services/create | TaskTemplate.ContainerSpec.CapabilityAdd.* | "ALL"
POST /services/create | TaskTemplate.ContainerSpec.Privileges.CredentialSpec.File | "x"
POST /services/create | TaskTemplate.ContainerSpec.Privileges.SELinuxContext.Disable | true
POST /services/create | TaskTemplate.ContainerSpec.Privileges.Seccomp.Mode | "unconfined"
POST /services/create | TaskTemplate.ContainerSpec.Privileges.AppArmor.Mode | "disabled"
POST /services/create | TaskTemplate.ContainerSpec.Privileges.NoNewPrivileges | false
POST /services/create | TaskTemplate.ContainerSpec.Sysctls.[kernel.msgmax] | "1"
POST /services/create | TaskTemplate.ContainerSpec.Secrets.*.SecretName | "x"
POST /services/create | TaskTemplate.ContainerSpec.Configs.*.ConfigName | "x"
POST /services/create | TaskTemplate.ContainerSpec.User | "0"
POST /services/create | TaskTemplate.ContainerSpec.Groups.* | "docker"
POST /services/create | TaskTemplate.ContainerSpec.Hosts.* | "10.0.0.1 registry"
POST /services/create | TaskTemplate.ContainerSpec.Ulimits.*.Name | "nofile"
POST /services/create | TaskTemplate.ContainerSpec.OomScoreAdj | -1000
POST /services/create | TaskTemplate.Networks.*.Target | "host"
POST /services/create | TaskTemplate.LogDriver.Name | "syslog"
POST /services/create | TaskTemplate.Runtime | "plugin"
POST /services/create | TaskTemplate.PluginSpec.Remote | "x"
POST /services/create | Networks.*.Target | "host"
POST /services/create | EndpointSpec.Ports.*.PublishedPort | 22
POST /services/a/update | TaskTemplate.ContainerSpec.Mounts.*.Source | "/"
POST /services/a/update | TaskTemplate.ContainerSpec.CapabilityAdd.* | "ALL"
POST /plugins/pull | *.Name | "mount"
POST /plugins/a/upgrade | *.Value.* | "/"
POST /plugins/a/set | * | "mounts.source=/"
POST /images/a/push | serveraddress | "evil"
POST /auth | serveraddress | "evil"
"""

# Calls whose body Docker 20.10 decodes whatever its Content-Type says, and
# /auth, where every version does: all of the above are tried with each.
TYPES = ["application/json", "Application/JSON; charset=x", "text/plain",
         "application/octet-stream", None]

QUERIES = """
POST /build | networkmode | host
POST /build | cgroupparent | /
POST /build | remote | http://evil/
POST /build | extrahosts | registry:10.0.0.1
POST /build | dockerfile | Other
POST /build | t | prod:1
POST /build | securityopt | seccomp=unconfined
POST /images/create | fromSrc | http://evil/x.tar
POST /images/create | fromImage | evil/x
POST /images/a/tag | repo | prod
POST /commit | repo | prod
POST /commit | container | secret
POST /containers/create | name | prod
POST /containers/a/kill | signal | KILL
POST /containers/a/start | checkpoint-dir | /etc
POST /containers/a/rename | name | prod
PUT /containers/a/archive | path | /etc
GET /containers/a/archive | path | /etc
HEAD /containers/a/archive | path | /etc
GET /containers/a/top | ps_args | aux -o args
GET /containers/a/checkpoints | dir | /etc
POST /plugins/pull | remote | evil/x
GET /plugins/privileges | remote | evil/x
POST /swarm/leave | force | 1
POST /services/a/update | rollback | previous
GET /images/get | names | secret
"""

# What gives access by being reached at all: where nothing allows it, 403.
REACHED = """
GET /containers/a/attach/ws
GET /containers/a/archive?path=/
HEAD /containers/a/archive?path=/
GET /containers/a/export
GET /containers/a/logs
GET /containers/a/top
GET /containers/a/checkpoints?dir=/etc
GET /images/get?names=a
GET /images/a/get
GET /images/search?term=a
GET /distribution/a/json
GET /plugins/privileges?remote=a
GET /swarm
GET /swarm/unlockkey
GET /configs
GET /secrets
GET /debug/pprof/heap
POST /debug/pprof/heap
DELETE /debug/vars
POST /grpc
POST /v1.41/grpc
POST /session
POST /auth
POST /containers/a/attach
POST /exec/a/start
POST /containers/a/copy
PUT /containers/a/archive?path=/
POST /images/load
POST /plugins/create?name=a
PATCH /containers/a
OPTIONS /containers/json
DELETE /nothing/like/it
GET /
"""


def table(text):
    return [line.split(" | ") for line in text.strip().splitlines()]
