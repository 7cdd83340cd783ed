/* The demonstration engine's sample data: the system, images, networks,
 * volumes and events. */
#include "daemon/demo_data.h"

#include "daemon/demo_data_ids.h"

/* JSON is laid out by hand. */
/* clang-format off */

const char demo_version_json[] = JSON({
	"Platform": {"Name": "Docker Engine - demonstration"},
	"Components": [
		{
			"Name": "Engine", "Version": "20.10.24",
			"Details": {
				"ApiVersion": "1.41", "Arch": "amd64",
				"BuildTime": "2023-04-04T18:05:19.0+00:00",
				"Experimental": "false", "GitCommit": "demo",
				"GoVersion": "none",
				"KernelVersion": "6.1.0-demo",
				"MinAPIVersion": "1.12", "Os": "linux"}}],
	"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12",
	"GitCommit": "demo", "GoVersion": "none", "Os": "linux",
	"Arch": "amd64", "KernelVersion": "6.1.0-demo",
	"BuildTime": "2023-04-04T18:05:19.0+00:00"
});

const char demo_info_json[] = JSON({
	"ID": "DEMO:DEMO:DEMO:DEMO:DEMO:DEMO:DEMO:DEMO:DEMO:DEMO:DEMO:DEMO",
	"Containers": 3, "ContainersRunning": 2, "ContainersPaused": 0,
	"ContainersStopped": 1, "Images": 3, "Driver": "overlay2",
	"DriverStatus": [
		["Backing Filesystem", "extfs"],
		["Supports d_type", "true"],
		["Native Overlay Diff", "true"],
		["userxattr", "false"]],
	"Plugins": {
		"Volume": ["local"],
		"Network": [
			"bridge", "host", "ipvlan", "macvlan", "null",
			"overlay"],
		"Authorization": null,
		"Log": ["json-file", "local"]},
	"MemoryLimit": true, "SwapLimit": true, "KernelMemory": true,
	"KernelMemoryTCP": true, "CpuCfsPeriod": true, "CpuCfsQuota": true,
	"CPUShares": true, "CPUSet": true, "PidsLimit": true,
	"IPv4Forwarding": true, "BridgeNfIptables": true,
	"BridgeNfIp6tables": true, "Debug": false, "NFd": 31,
	"OomKillDisable": true, "NGoroutines": 40, "SystemTime": "@-0",
	"LoggingDriver": "json-file", "CgroupDriver": "systemd",
	"CgroupVersion": "2", "NEventsListener": 0,
	"KernelVersion": "6.1.0-demo",
	"OperatingSystem": "Demonstration engine of docker-proxy",
	"OSVersion": "1", "OSType": "linux", "Architecture": "x86_64",
	"IndexServerAddress": "https://index.docker.io/v1/",
	"RegistryConfig": {
		"AllowNondistributableArtifactsCIDRs": [],
		"AllowNondistributableArtifactsHostnames": [],
		"InsecureRegistryCIDRs": ["127.0.0.0/8"],
		"IndexConfigs": {
			"docker.io": {
				"Name": "docker.io", "Mirrors": [],
				"Secure": true, "Official": true}},
		"Mirrors": []},
	"NCPU": 2, "MemTotal": 4113313792, "GenericResources": null,
	"DockerRootDir": "/var/lib/docker", "HttpProxy": "", "HttpsProxy": "",
	"NoProxy": "", "Name": "demo-engine",
	"Labels": ["sample=true"],
	"ExperimentalBuild": false, "ServerVersion": "20.10.24",
	"Runtimes": {"runc": {"path": "runc"}},
	"DefaultRuntime": "runc",
	"Swarm": {
		"NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive",
		"ControlAvailable": false, "Error": "", "RemoteManagers": null},
	"LiveRestoreEnabled": false, "Isolation": "", "InitBinary": "",
	"ContainerdCommit": {"ID": "demo", "Expected": "demo"},
	"RuncCommit": {"ID": "demo", "Expected": "demo"},
	"InitCommit": {"ID": "", "Expected": ""},
	"SecurityOptions": [
		"name=apparmor", "name=seccomp,profile=default",
		"name=cgroupns"],
	"Warnings": ["WARNING: sample data; this engine runs no containers"]
});

const char demo_images_json[] = JSON([{
	"Id": NGINX_IMAGE,
	"RepoTags": ["nginx:1.27-alpine", "nginx:latest"],
	"RepoDigests": [],
	"Parent": "", "Comment": "buildkit.dockerfile.v0",
	"Created": "@-1900800", "CreatedAt": "#-1900800", "Container": "",
	"DockerVersion": "", "Author": "", "Architecture": "amd64",
	"Os": "linux", "Size": 48213419, "VirtualSize": 48213419,
	"Config": {
		"Hostname": "", "Domainname": "", "User": "",
		"ExposedPorts": {"80/tcp": {}},
		"Env": [
			"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
			"NGINX_VERSION=1.27.4"],
		"Entrypoint": ["/docker-entrypoint.sh"],
		"Cmd": ["nginx", "-g", "daemon off;"],
		"Labels": {"maintainer": "sample@example.com"},
		"StopSignal": "SIGQUIT", "Volumes": null, "WorkingDir": "",
		"OnBuild": null, "Image": "", "Tty": false},
	"GraphDriver": {"Name": "overlay2", "Data": {}},
	"RootFS": {"Type": "layers", "Layers": [NGINX_IMAGE]},
	"Metadata": {"LastTagTime": "@-259200"}
}, {
	"Id": POSTGRES_IMAGE,
	"RepoTags": ["postgres:16-alpine"],
	"RepoDigests": [],
	"Parent": "", "Comment": "buildkit.dockerfile.v0",
	"Created": "@-2592000", "CreatedAt": "#-2592000", "Container": "",
	"DockerVersion": "", "Author": "", "Architecture": "amd64",
	"Os": "linux", "Size": 276481021, "VirtualSize": 276481021,
	"Config": {
		"Hostname": "", "Domainname": "", "User": "",
		"ExposedPorts": {"5432/tcp": {}},
		"Env": [
			"PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"PG_VERSION=16.8", "PGDATA=/var/lib/postgresql/data"],
		"Entrypoint": ["docker-entrypoint.sh"],
		"Cmd": ["postgres"],
		"Labels": null, "StopSignal": "SIGINT",
		"Volumes": {"/var/lib/postgresql/data": {}},
		"WorkingDir": "", "OnBuild": null, "Image": "", "Tty": false},
	"GraphDriver": {"Name": "overlay2", "Data": {}},
	"RootFS": {"Type": "layers", "Layers": [POSTGRES_IMAGE]},
	"Metadata": {"LastTagTime": "@-259200"}
}, {
	"Id": BUSYBOX_IMAGE,
	"RepoTags": ["busybox:1.36"],
	"RepoDigests": [],
	"Parent": "", "Comment": "", "Created": "@-7776000",
	"CreatedAt": "#-7776000", "Container": "", "DockerVersion": "",
	"Author": "", "Architecture": "amd64", "Os": "linux", "Size": 4261574,
	"VirtualSize": 4261574,
	"Config": {
		"Hostname": "", "Domainname": "", "User": "",
		"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
		"Entrypoint": null,
		"Cmd": ["sh"],
		"Labels": null, "Volumes": null, "WorkingDir": "",
		"OnBuild": null, "Image": "", "Tty": false},
	"GraphDriver": {"Name": "overlay2", "Data": {}},
	"RootFS": {"Type": "layers", "Layers": [BUSYBOX_IMAGE]},
	"Metadata": {"LastTagTime": "@-604800"}
}]);

const char demo_networks_json[] = JSON([{
	"Name": "bridge", "Id": BRIDGE_NETWORK, "Created": "@-864000",
	"Scope": "local", "Driver": "bridge", "EnableIPv6": false,
	"IPAM": {
		"Driver": "default", "Options": null,
		"Config": [
			{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]},
	"Internal": false, "Attachable": false, "Ingress": false,
	"ConfigFrom": {"Network": ""},
	"ConfigOnly": false, "Containers": {},
	"Options": {"com.docker.network.bridge.name": "docker0"},
	"Labels": {}
}, {
	"Name": "host", "Id": HOST_NETWORK, "Created": "@-864000",
	"Scope": "local", "Driver": "host", "EnableIPv6": false,
	"IPAM": {"Driver": "default", "Options": null, "Config": []},
	"Internal": false, "Attachable": false, "Ingress": false,
	"ConfigFrom": {"Network": ""},
	"ConfigOnly": false, "Containers": {}, "Options": {}, "Labels": {}
}, {
	"Name": "none", "Id": NONE_NETWORK, "Created": "@-864000",
	"Scope": "local", "Driver": "null", "EnableIPv6": false,
	"IPAM": {"Driver": "default", "Options": null, "Config": []},
	"Internal": false, "Attachable": false, "Ingress": false,
	"ConfigFrom": {"Network": ""},
	"ConfigOnly": false, "Containers": {}, "Options": {}, "Labels": {}
}, {
	"Name": "shop_default", "Id": SHOP_NETWORK, "Created": "@-259260",
	"Scope": "local", "Driver": "bridge", "EnableIPv6": false,
	"IPAM": {
		"Driver": "default", "Options": null,
		"Config": [
			{"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]},
	"Internal": false, "Attachable": true, "Ingress": false,
	"ConfigFrom": {"Network": ""},
	"ConfigOnly": false,
	"Containers": {
		WEB_ID: {
			"Name": "web", "EndpointID": WEB_ENDPOINT,
			"MacAddress": "02:42:ac:12:00:03",
			"IPv4Address": "172.18.0.3/16", "IPv6Address": ""},
		DB_ID: {
			"Name": "db", "EndpointID": DB_ENDPOINT,
			"MacAddress": "02:42:ac:12:00:02",
			"IPv4Address": "172.18.0.2/16", "IPv6Address": ""}},
	"Options": {},
	"Labels": {
		"com.docker.compose.network": "default",
		"com.docker.compose.project": "shop"}
}]);

const char demo_volumes_json[] = JSON([{
	"CreatedAt": "@-259260", "Driver": "local",
	"Labels": {
		"com.docker.compose.project": "shop",
		"com.docker.compose.volume": "data"},
	"Mountpoint": "/var/lib/docker/volumes/shop_data/_data",
	"Name": "shop_data", "Options": null, "Scope": "local"
}, {
	"CreatedAt": "@-691200", "Driver": "local", "Labels": null,
	"Mountpoint": "/var/lib/docker/volumes/scratch/_data",
	"Name": "scratch", "Options": null, "Scope": "local"
}]);

/* Told one after the other, from the start again after the last. */
const char demo_events_json[] = JSON([{
	"status": "health_status: healthy", "id": WEB_ID,
	"from": "nginx:1.27-alpine", "Type": "container",
	"Action": "health_status: healthy",
	"Actor": {
		"ID": WEB_ID,
		"Attributes": {"image": "nginx:1.27-alpine", "name": "web"}}
}, {
	"status": "exec_create: pg_isready -U shop", "id": DB_ID,
	"from": "postgres:16-alpine", "Type": "container",
	"Action": "exec_create: pg_isready -U shop",
	"Actor": {
		"ID": DB_ID,
		"Attributes": {"image": "postgres:16-alpine", "name": "db"}}
}, {
	"status": "exec_start: pg_isready -U shop", "id": DB_ID,
	"from": "postgres:16-alpine", "Type": "container",
	"Action": "exec_start: pg_isready -U shop",
	"Actor": {
		"ID": DB_ID,
		"Attributes": {"image": "postgres:16-alpine", "name": "db"}}
}, {
	"status": "exec_die", "id": DB_ID, "from": "postgres:16-alpine",
	"Type": "container", "Action": "exec_die",
	"Actor": {
		"ID": DB_ID,
		"Attributes": {
			"exitCode": "0", "image": "postgres:16-alpine",
			"name": "db"}}
}, {
	"status": "pull", "id": "busybox:1.36", "Type": "image",
	"Action": "pull",
	"Actor": {"ID": "busybox:1.36", "Attributes": {"name": "busybox"}}
}, {
	"Type": "volume", "Action": "mount",
	"Actor": {
		"ID": "shop_data",
		"Attributes": {
			"container": DB_ID, "driver": "local",
			"propagation": "", "read/write": "true"}}
}]);
