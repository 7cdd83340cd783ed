/* The demonstration engine's sample data: containers. */
#include "daemon/demo_data.h"

#include "daemon/demo_data_ids.h"

/* JSON is laid out by hand. */
/* clang-format off */

const char demo_container_base_json[] = JSON({
	"Id": "", "Created": "", "Path": "", "Args": [],
	"State": {
		"Status": "running", "Running": true, "Paused": false,
		"Restarting": false, "OOMKilled": false, "Dead": false,
		"Pid": 0, "ExitCode": 0, "Error": "", "StartedAt": "",
		"FinishedAt": "0001-01-01T00:00:00Z"},
	"Image": "", "ResolvConfPath": "", "HostnamePath": "", "HostsPath": "",
	"LogPath": "", "Name": "", "RestartCount": 0, "Driver": "overlay2",
	"Platform": "linux", "MountLabel": "", "ProcessLabel": "",
	"AppArmorProfile": "docker-default", "ExecIDs": null,
	"HostConfig": {
		"Binds": null, "ContainerIDFile": "",
		"LogConfig": {"Type": "json-file", "Config": {}},
		"NetworkMode": "shop_default", "PortBindings": {},
		"RestartPolicy": {
			"Name": "unless-stopped", "MaximumRetryCount": 0},
		"AutoRemove": false, "VolumeDriver": "", "VolumesFrom": null,
		"CapAdd": null, "CapDrop": null, "CgroupnsMode": "private",
		"Dns": [], "DnsOptions": [], "DnsSearch": [],
		"ExtraHosts": null, "GroupAdd": null, "IpcMode": "private",
		"Cgroup": "", "Links": null, "OomScoreAdj": 0, "PidMode": "",
		"Privileged": false, "PublishAllPorts": false,
		"ReadonlyRootfs": false, "SecurityOpt": null, "UTSMode": "",
		"UsernsMode": "", "ShmSize": 67108864, "Runtime": "runc",
		"ConsoleSize": [0, 0],
		"Isolation": "", "CpuShares": 0, "Memory": 0, "NanoCpus": 0,
		"CgroupParent": "", "BlkioWeight": 0, "BlkioWeightDevice": null,
		"BlkioDeviceReadBps": null, "BlkioDeviceWriteBps": null,
		"BlkioDeviceReadIOps": null, "BlkioDeviceWriteIOps": null,
		"CpuPeriod": 0, "CpuQuota": 0, "CpuRealtimePeriod": 0,
		"CpuRealtimeRuntime": 0, "CpusetCpus": "", "CpusetMems": "",
		"Devices": null, "DeviceCgroupRules": null,
		"DeviceRequests": null, "KernelMemory": 0, "KernelMemoryTCP": 0,
		"MemoryReservation": 0, "MemorySwap": 0,
		"MemorySwappiness": null, "OomKillDisable": null,
		"PidsLimit": null, "Ulimits": null, "CpuCount": 0,
		"CpuPercent": 0, "IOMaximumIOps": 0, "IOMaximumBandwidth": 0,
		"MaskedPaths": [
			"/proc/asound", "/proc/acpi", "/proc/kcore",
			"/proc/keys", "/proc/latency_stats", "/proc/timer_list",
			"/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
			"/sys/firmware"],
		"ReadonlyPaths": [
			"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
			"/proc/sysrq-trigger"]},
	"GraphDriver": {"Data": {}, "Name": "overlay2"},
	"Mounts": [],
	"Config": {
		"Hostname": "", "Domainname": "", "User": "",
		"AttachStdin": false, "AttachStdout": true,
		"AttachStderr": true, "Tty": false, "OpenStdin": false,
		"StdinOnce": false, "Env": [], "Cmd": null, "Image": "",
		"Volumes": null, "WorkingDir": "", "Entrypoint": null,
		"OnBuild": null,
		"Labels": {"com.docker.compose.project": "shop"}},
	"NetworkSettings": {
		"Bridge": "", "SandboxID": "", "HairpinMode": false,
		"LinkLocalIPv6Address": "", "LinkLocalIPv6PrefixLen": 0,
		"Ports": {}, "SandboxKey": "", "SecondaryIPAddresses": null,
		"SecondaryIPv6Addresses": null, "EndpointID": "", "Gateway": "",
		"GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0,
		"IPAddress": "", "IPPrefixLen": 0, "IPv6Gateway": "",
		"MacAddress": "",
		"Networks": {
			"shop_default": {
				"IPAMConfig": null, "Links": null,
				"Aliases": [], "NetworkID": SHOP_NETWORK,
				"EndpointID": "", "Gateway": "",
				"IPAddress": "", "IPPrefixLen": 0,
				"IPv6Gateway": "", "GlobalIPv6Address": "",
				"GlobalIPv6PrefixLen": 0, "MacAddress": "",
				"DriverOpts": null}}}
});

const char demo_containers_json[] = JSON([{
	"Id": WEB_ID, "Name": "/web", "Created": "@-259200",
	"Path": "/docker-entrypoint.sh",
	"Args": ["nginx", "-g", "daemon off;"],
	"State": {
		"Pid": 1412, "StartedAt": "@-259198",
		"Health": {
			"Status": "healthy", "FailingStreak": 0,
			"Log": [
				{
					"Start": "@-20", "End": "@-19",
					"ExitCode": 0, "Output": "ok\n"}]}},
	"Image": NGINX_IMAGE,
	"HostConfig": {
		"PortBindings": {
			"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}},
	"Config": {
		"Hostname": "0bf6c2ac282f",
		"ExposedPorts": {"80/tcp": {}},
		"Env": [
			"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
			"NGINX_VERSION=1.27.4"],
		"Cmd": ["nginx", "-g", "daemon off;"],
		"Image": "nginx:1.27-alpine",
		"Entrypoint": ["/docker-entrypoint.sh"],
		"Labels": {"com.docker.compose.service": "web"},
		"StopSignal": "SIGQUIT"},
	"NetworkSettings": {
		"Ports": {
			"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]},
		"Networks": {
			"shop_default": {
				"Aliases": ["web", "0bf6c2ac282f"],
				"EndpointID": WEB_ENDPOINT,
				"Gateway": "172.18.0.1",
				"IPAddress": "172.18.0.3", "IPPrefixLen": 16,
				"MacAddress": "02:42:ac:12:00:03"}}},
	"Demo": {
		"Summary": {
			"Command": "/docker-entrypoint.sh nginx",
			"Created": "#-259200", "Status": "Up 3 days (healthy)",
			"Ports": [
				{
					"IP": "0.0.0.0", "PrivatePort": 80,
					"PublicPort": 8080, "Type": "tcp"}]},
		"Top": [
			[
				"root", "1412", "1390", "0", "09:00", "?",
				"00:00:00", "nginx: master process nginx"],
			[
				"systemd+", "1478", "1412", "0", "09:00", "?",
				"00:00:07", "nginx: worker process"],
			[
				"systemd+", "1479", "1412", "0", "09:00", "?",
				"00:00:06", "nginx: worker process"]],
		"Logs": [
			["#-259198", "stdout", "configuration complete"],
			["#-259198", "stderr", "[notice] 1#1: nginx/1.27.4"],
			[
				"#-259198", "stderr",
				"[notice] 1#1: start worker processes"],
			[
				"#-7200", "stdout",
				"172.18.0.1 - - \"GET /\" 200 615"],
			[
				"#-3600", "stdout",
				"172.18.0.1 - - \"GET /cart\" 200 12"],
			[
				"#-60", "stderr",
				"[error] 29#29: open() favicon.ico failed"],
			[
				"#-60", "stdout",
				"172.18.0.1 - - \"GET /favicon.ico\" 404 153"]],
		"Follow": [
			"172.18.0.1 - - \"GET /\" 200 615",
			"172.18.0.1 - - \"GET /health\" 200 3",
			"172.18.0.1 - - \"POST /cart\" 303 0"],
		"Load": {
			"Nanoseconds": 31000000, "Memory": 14680064, "Pids": 3,
			"Received": 1204224, "Sent": 5383168}}
}, {
	"Id": MIGRATE_ID, "Name": "/migrate", "Created": "@-259210",
	"Path": "sh",
	"Args": ["-c", "migrate up"],
	"State": {
		"Status": "exited", "Running": false, "StartedAt": "@-259209",
		"FinishedAt": "@-259205"},
	"Image": BUSYBOX_IMAGE,
	"HostConfig": {"RestartPolicy": {"Name": "no"}},
	"Config": {
		"Hostname": "cf22b0810edb",
		"Env": [
			"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
			"DATABASE_URL=postgres://shop:sample-secret@db/shop"],
		"Cmd": ["sh", "-c", "migrate up"],
		"Image": "busybox:1.36",
		"Labels": {"com.docker.compose.service": "migrate"}},
	"Demo": {
		"Summary": {
			"Command": "sh -c 'migrate up'", "Created": "#-259210",
			"Status": "Exited (0) 3 days ago", "Ports": []},
		"Top": [],
		"Logs": [
			["#-259208", "stdout", "0001_products ... applied"],
			["#-259206", "stdout", "0002_orders ... applied"],
			["#-259205", "stdout", "schema is up to date"]],
		"Follow": [],
		"Load": {
			"Nanoseconds": 0, "Memory": 0, "Pids": 0, "Received": 0,
			"Sent": 0}}
}, {
	"Id": DB_ID, "Name": "/db", "Created": "@-259230",
	"Path": "docker-entrypoint.sh",
	"Args": ["postgres"],
	"State": {"Pid": 1301, "StartedAt": "@-259229"},
	"Image": POSTGRES_IMAGE,
	"HostConfig": {
		"Memory": 536870912, "MemorySwap": 1073741824,
		"Mounts": [
			{
				"Type": "volume", "Source": "shop_data",
				"Target": "/var/lib/postgresql/data"}]},
	"Mounts": [
		{
			"Type": "volume", "Name": "shop_data",
			"Source": "/var/lib/docker/volumes/shop_data/_data",
			"Destination": "/var/lib/postgresql/data",
			"Driver": "local", "Mode": "z", "RW": true,
			"Propagation": ""}],
	"Config": {
		"Hostname": "53c3709585d9",
		"ExposedPorts": {"5432/tcp": {}},
		"Env": [
			"POSTGRES_USER=shop", "POSTGRES_PASSWORD=sample-secret",
			"PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"PG_VERSION=16.8", "PGDATA=/var/lib/postgresql/data"],
		"Cmd": ["postgres"],
		"Image": "postgres:16-alpine",
		"Volumes": {"/var/lib/postgresql/data": {}},
		"Entrypoint": ["docker-entrypoint.sh"],
		"Labels": {"com.docker.compose.service": "db"},
		"StopSignal": "SIGINT"},
	"NetworkSettings": {
		"Ports": {"5432/tcp": null},
		"Networks": {
			"shop_default": {
				"Aliases": ["db", "53c3709585d9"],
				"EndpointID": DB_ENDPOINT,
				"Gateway": "172.18.0.1",
				"IPAddress": "172.18.0.2", "IPPrefixLen": 16,
				"MacAddress": "02:42:ac:12:00:02"}}},
	"Demo": {
		"Summary": {
			"Command": "docker-entrypoint.sh postgres",
			"Created": "#-259230", "Status": "Up 3 days",
			"Ports": [{"PrivatePort": 5432, "Type": "tcp"}]},
		"Top": [
			[
				"70", "1301", "1280", "0", "09:00", "?",
				"00:00:11", "postgres"],
			[
				"70", "1366", "1301", "0", "09:00", "?",
				"00:00:02", "postgres: checkpointer"],
			[
				"70", "1368", "1301", "0", "09:00", "?",
				"00:00:04", "postgres: walwriter"]],
		"Logs": [
			[
				"#-259228", "stdout",
				"PostgreSQL init process complete"],
			[
				"#-259228", "stderr",
				"LOG:  starting PostgreSQL 16.8"],
			[
				"#-259227", "stderr",
				"LOG:  ready to accept connections"],
			["#-900", "stderr", "LOG:  checkpoint starting: time"],
			[
				"#-898", "stderr",
				"LOG:  checkpoint complete: 42 buffers"]],
		"Follow": [
			"LOG:  connection authorized: user=shop database=shop",
			"LOG:  disconnection: session time: 0:00:00.021"],
		"Load": {
			"Nanoseconds": 12000000, "Memory": 60293120, "Pids": 7,
			"Received": 884736, "Sent": 2097152}}
}]);

/* The numbers that move are filled in for each sample. */
const char demo_stats_base_json[] = JSON({
	"read": "", "preread": "",
	"pids_stats": {"current": 0, "limit": 4915},
	"blkio_stats": {
		"io_service_bytes_recursive": [
			{
				"major": 254, "minor": 0, "op": "read",
				"value": 12480512},
			{
				"major": 254, "minor": 0, "op": "write",
				"value": 4096}],
		"io_serviced_recursive": null, "io_queue_recursive": null,
		"io_service_time_recursive": null,
		"io_wait_time_recursive": null, "io_merged_recursive": null,
		"io_time_recursive": null, "sectors_recursive": null},
	"num_procs": 0, "storage_stats": {},
	"cpu_stats": {
		"cpu_usage": {
			"total_usage": 0, "usage_in_kernelmode": 0,
			"usage_in_usermode": 0},
		"system_cpu_usage": 0, "online_cpus": 2,
		"throttling_data": {
			"periods": 0, "throttled_periods": 0,
			"throttled_time": 0}},
	"precpu_stats": {
		"cpu_usage": {
			"total_usage": 0, "usage_in_kernelmode": 0,
			"usage_in_usermode": 0},
		"system_cpu_usage": 0, "online_cpus": 2,
		"throttling_data": {
			"periods": 0, "throttled_periods": 0,
			"throttled_time": 0}},
	"memory_stats": {
		"usage": 0,
		"stats": {"inactive_file": 0},
		"limit": 4113313792},
	"name": "", "id": "",
	"networks": {
		"eth0": {
			"rx_bytes": 0, "rx_packets": 0, "rx_errors": 0,
			"rx_dropped": 0, "tx_bytes": 0, "tx_packets": 0,
			"tx_errors": 0, "tx_dropped": 0}}
});
