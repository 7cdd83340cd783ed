"""What is recorded: command lines, compose files, calls of docker-py.

Many of them fail at this Engine, for want of a registry, a device or a
plugin. That does not matter: the request is what is wanted.
"""

# Each one as an option of `docker create`.
CREATE = """
--add-host=db:10.0.0.2 --add-host=gate:host-gateway
--annotation=a=b
--attach=stdout
--blkio-weight=300
--blkio-weight-device=/dev/sda:200
--cap-add=NET_ADMIN --cap-add=sys_time
--cap-drop=ALL
--cgroup-parent=/docker
--cgroupns=private
--cpu-count=2
--cpu-period=50000
--cpu-quota=25000
--cpu-rt-period=1000000
--cpu-rt-runtime=1000
--cpu-shares=512
--cpus=1.5
--cpuset-cpus=0
--cpuset-mems=0
--device=/dev/null:/dev/zero:r
--device-cgroup-rule="c 1:3 rwm"
--device-read-bps=/dev/sda:1mb
--device-read-iops=/dev/sda:1000
--device-write-bps=/dev/sda:1mb
--device-write-iops=/dev/sda:1000
--dns=10.0.0.53 --dns-search=example.org --dns-option=ndots:2
--domainname=example.org
--entrypoint=/bin/sh
--entrypoint=
--env=A=1 --env=B="x y" --env=C='"quoted" \\ and ä'
--expose=8080/tcp --expose=9000-9002/udp
--gpus=all
--group-add=audio --group-add=1000
--health-cmd="wget -q http://localhost" --health-interval=30s --health-retries=3
--health-timeout=2s --health-start-period=5s
--hostname=box
--init
--interactive
--interactive --tty
--ip=172.30.0.4 --network=inner
--ipc=shareable
--ipc=container:web
--isolation=default
--kernel-memory=64m
--label=a=b --label=com.example.long="some text, with a comma"
--link=web:site
--link-local-ip=169.254.1.2 --network=inner
--log-driver=json-file --log-opt=max-size=10m --log-opt=max-file=3
--log-driver=none
--mac-address=02:42:ac:11:00:99
--memory=64m --memory-reservation=32m --memory-swap=128m
--memory-swappiness=10
--mount=type=bind,source=/srv,target=/data,readonly
--mount=type=bind,source=/srv,target=/data,bind-propagation=rslave
--mount=type=volume,source=data,target=/data,volume-nocopy
--mount=type=volume,target=/data,volume-driver=local,volume-opt=type=tmpfs,volume-opt=device=tmpfs
--mount=type=tmpfs,target=/tmp,tmpfs-size=1m,tmpfs-mode=1770
--name=one
--name=/two
--network=none
--network=host
--network=inner --network-alias=a --network-alias=b
--network=container:web
--no-healthcheck
--oom-kill-disable
--oom-score-adj=500
--pid=host
--pid=container:web
--pids-limit=100
--pids-limit=-1
--platform=linux/amd64
--privileged
--publish=8080:80
--publish=127.0.0.1:8081:81/udp --publish=82
--publish=9000-9003:9000-9003
--publish-all
--read-only
--restart=always
--restart=on-failure:3
--restart=unless-stopped
--rm
--runtime=runc
--security-opt=no-new-privileges
--security-opt=seccomp=unconfined --security-opt=apparmor=unconfined
--security-opt=label=type:svirt_t
--shm-size=128m
--stop-signal=SIGQUIT --stop-timeout=3
--storage-opt=size=1G
--sysctl=net.core.somaxconn=1024 --sysctl=kernel.msgmax=65536
--tmpfs=/run --tmpfs=/tmp:size=1m,mode=1777
--tty
--ulimit=nofile=1024:2048 --ulimit=nproc=100
--user=1000:1000
--user=root
--userns=host
--uts=host
--volume=/srv:/data --volume=/srv/app:/app:ro --volume=data:/var/lib
--volume=/anonymous
--volume-driver=local --volume=other:/data
--volumes-from=web:ro
--workdir=/srv
"""

# Each one as an option of `docker service create`.
SERVICE = """
--name=one
--name=two --replicas=3
--mode=global
--cap-add=NET_RAW --cap-drop=CHOWN
--constraint=node.role==manager
--container-label=a=b
--dns=10.0.0.53 --dns-search=example.org --dns-option=ndots:2
--endpoint-mode=dnsrr
--entrypoint=/bin/sh
--env=A=b
--generic-resource=gpu=2
--group=1000
--health-cmd=true --health-interval=10s
--host=db:10.0.0.2
--hostname=box
--init
--label=a=b
--limit-cpu=.5 --limit-memory=64m --limit-pids=100
--reserve-cpu=.25 --reserve-memory=32m
--log-driver=json-file --log-opt=max-size=1m
--mount=type=bind,source=/srv,target=/data
--mount=type=volume,source=data,target=/data,volume-driver=local
--mount=type=tmpfs,target=/tmp,tmpfs-size=1m
--network=inner
--no-healthcheck
--placement-pref=spread=node.labels.rack
--publish=8080:80
--publish=mode=host,target=81,published=8081,protocol=udp
--read-only
--replicas=2 --replicas-max-per-node=1
--restart-condition=on-failure --restart-delay=1s --restart-max-attempts=2 --restart-window=1m
--rollback-delay=1s --rollback-failure-action=continue --rollback-parallelism=2
--secret=word
--secret=source=word,target=/run/word,uid=1,gid=1,mode=0400
--config=source=plain,target=/etc/plain
--stop-grace-period=3s --stop-signal=SIGQUIT
--sysctl=net.core.somaxconn=1024
--tty
--ulimit=nofile=100
--update-delay=1s --update-failure-action=rollback --update-order=start-first
--user=1000
--workdir=/srv
"""

# Each one as an option of `docker service update ... one`.
UPDATE_SERVICE = """
--args="sleep 2000"
--cap-add=NET_ADMIN
--constraint-add=node.role==manager
--container-label-add=a=b
--env-add=A=b
--env-rm=A
--force
--host-add=db:10.0.0.2
--hostname=box
--image=bb:latest
--label-add=a=b
--label-rm=a
--limit-memory=64m
--mount-add=type=bind,source=/srv,target=/data
--mount-rm=/data
--publish-add=8080:80
--publish-rm=8080:80
--read-only
--replicas=2
--rollback
--secret-add=word
--user=1000
--workdir=/srv
"""

# Each one as an option of `docker build`.
BUILD = """
--add-host=db:10.0.0.2
--build-arg=A=b --build-arg=HTTP_PROXY=http://proxy:3128
--cache-from=bb,other
--cgroup-parent=/docker
--compress
--cpu-period=50000 --cpu-quota=25000
--cpu-shares=512
--cpuset-cpus=0 --cpuset-mems=0
--file=Other
--force-rm
--label=a=b
--memory=64m --memory-swap=128m
--network=none
--network=host
--no-cache
--platform=linux/amd64
--pull
--quiet
--rm=false
--security-opt=seccomp=unconfined
--shm-size=64m
--squash
--tag=a:1 --tag=b/c:2
--target=last
--ulimit=nofile=100
"""

# Whole command lines, in this order. `web` runs, `bb` is an image.
COMMANDS = r"""
version
info
info --format {{.Name}}
network create inner
network create --driver=bridge --subnet=10.99.0.0/24 --gateway=10.99.0.1 --ip-range=10.99.0.0/25 --aux-address=a=10.99.0.9 ranged
network create --internal --attachable --label=a=b --opt=com.docker.network.bridge.name=br9 closed
network create --ipv6 --subnet=fd00:99::/64 --ipam-driver=default --ipam-opt=a=b six
network create --config-only --subnet=10.98.0.0/24 pattern
network create --driver=macvlan --opt=parent=eth0 lan
network create --driver=ipvlan --opt=ipvlan_mode=l2 ip
network create --scope=local plain
network ls
network ls --filter=driver=bridge --filter=label=a=b
network ls --filter=dangling=true --no-trunc
network ls --quiet --filter=name=inner
network inspect inner
network inspect --verbose inner closed
network inspect nosuch
network connect inner web
network connect --alias=x --alias=y --ip=10.99.0.77 --link=web:l ranged web
network connect --driver-opt=a=b closed web
network disconnect inner web
network disconnect --force ranged web
network disconnect closed web
network rm lan ip six
network rm nosuch
network prune --force
network prune --force --filter=until=1h --filter=label!=keep
volume create data
volume create --driver=local --opt=type=tmpfs --opt=device=tmpfs --opt=o=size=1m,uid=1000 --label=a=b memory
volume create
volume create --driver=nosuch other
volume ls
volume ls --filter=dangling=true --filter=driver=local
volume ls --filter=label=a=b --quiet
volume ls --filter=name=data
volume inspect data
volume inspect nosuch
volume rm memory
volume rm --force memory nosuch
volume prune --force
volume prune --force --filter=label=a
ps
ps --all
ps --all --size
ps --all --no-trunc --quiet
ps --last=3
ps --latest
ps --filter=name=web
ps --filter=status=running --filter=status=exited
ps --filter=label=a --filter=label=b=c
ps --filter=ancestor=bb
ps --filter=before=web
ps --filter=since=web
ps --filter=volume=data
ps --filter=network=inner
ps --filter=publish=80 --filter=expose=8080/tcp
ps --filter=health=healthy --filter=exited=0 --filter=is-task=false
ps --filter=id=abc
images
images --all --digests --no-trunc
images bb
images bb:latest
images --filter=dangling=true
images --filter=label=a=b --filter=before=bb
images --filter=reference=b*
images --filter=since=bb --quiet
inspect web
inspect --size web
inspect --type=container web
inspect --type=image bb
inspect --type=network bridge
inspect --type=volume data
inspect nosuch
image inspect bb
image history bb
history --no-trunc bb
tag bb other:1
tag bb registry.example:5000/some/where:tag
tag bb some/where
image tag bb with_under-score.dot:TAG
save bb
save bb other:1
save --output=/dev/null other:1
push registry.example:5000/some/where:tag
push --all-tags some/where
pull registry.example:5000/some/where
pull --all-tags registry.example:5000/some/where
pull --platform=linux/arm64 registry.example:5000/x@sha256:0123456789012345678901234567890123456789012345678901234567890123
manifest inspect registry.example:5000/x
search --limit=5 --filter=stars=3 --filter=is-official=true nosuch.example/term
rmi other:1
rmi --force --no-prune some/where
image rm nosuch
image prune --force
image prune --force --all --filter=until=24h --filter=label=x
run --rm bb true
run --rm --name=said bb echo said
run --detach --name=sleeper bb sleep 1000
run --rm --env=A=b --workdir=/tmp --user=0 bb sh -c "echo $A"
run --rm --publish-all --hostname=h bb hostname
run --rm nosuch:tag
run --detach --name=quiet --network=inner --network-alias=q bb sleep 1000
run --tty --rm bb echo on a terminal
start sleeper
start --attach nosuch
stop --time=0 sleeper
start sleeper
restart --time=0 sleeper
restart --signal=SIGKILL --time=0 sleeper
pause sleeper
unpause sleeper
kill --signal=USR1 sleeper
kill --signal=0 sleeper
kill sleeper
wait sleeper
start sleeper
rename sleeper renamed
rename renamed sleeper
update --memory=64m --memory-swap=128m sleeper
update --cpus=1 --cpu-shares=512 sleeper
update --restart=on-failure:2 sleeper
update --pids-limit=50 --blkio-weight=200 sleeper
update --cpuset-cpus=0 --cpuset-mems=0 sleeper
update --memory-reservation=16m --kernel-memory=32m sleeper
top sleeper
top sleeper -eo pid,comm
top web aux
port web
port web 80/tcp
diff web
logs web
logs --tail=5 --timestamps web
logs --details --since=2020-01-01T00:00:00Z --until=1h web
logs --since=10m sleeper
stats --no-stream
stats --no-stream --all
stats --no-stream web sleeper
exec sleeper true
exec --user=1000:1000 --env=A=b --workdir=/tmp sleeper env
exec --privileged sleeper id
exec --tty sleeper echo tty
exec --detach sleeper sleep 1
exec --interactive sleeper cat
exec --detach-keys=ctrl-x sleeper true
exec nosuch true
exec sleeper nosuchprogram
cp sleeper:/etc/passwd -
cp sleeper:/etc/ -
cp --follow-link --archive sleeper:/www/index.html /dev/null
cp sleeper:/nosuch -
export sleeper
commit sleeper saved:1
commit --author=me --message="some words" --change="ENV A=b" --change="CMD [\"sh\"]" --pause=false sleeper saved:2
attach --no-stdin nosuch
events --since=1 --until=2
events --since=1 --until=2 --filter=type=container --filter=event=start
events --since=1 --until=2 --filter=container=web --filter=label=a=b
events --since=1 --until=2 --filter=image=bb --filter=scope=local
system df
system df --verbose
system prune --force
system prune --force --all --volumes --filter=label=x
system info
builder prune --force
builder prune --force --all --filter=until=1h --keep-storage=1g
container ls
container inspect web sleeper
container prune --force
container prune --force --filter=until=1h --filter=label!=keep
container create bb
container logs web
container exec sleeper ls /
container rm --force --volumes nosuch
rm --force sleeper
rm --link web/site
rm --volumes quiet
plugin ls
plugin ls --filter=enabled=true --filter=capability=volumedriver
plugin install --grant-all-permissions registry.example:5000/plugin A=b
plugin inspect nosuch
plugin enable --timeout=3 nosuch
plugin disable --force nosuch
plugin set nosuch A=b
plugin upgrade --grant-all-permissions nosuch registry.example:5000/plugin
plugin push registry.example:5000/plugin
plugin rm --force nosuch
login --username=u --password=p registry.example:5000
checkpoint ls web
checkpoint create --leave-running --checkpoint-dir=/srv web one
swarm init --advertise-addr=127.0.0.1
swarm join-token worker
swarm join-token --rotate manager
swarm unlock-key
swarm unlock-key --rotate
swarm update --task-history-limit=3 --cert-expiry=720h
swarm update --autolock=false --dispatcher-heartbeat=6s --snapshot-interval=1000 --max-snapshots=1
swarm ca
swarm join --token=SWMTKN-1-0 127.0.0.1:1
node ls
node ls --filter=role=manager --filter=membership=accepted
node inspect self
node ps self
node ps --filter=desired-state=running self
node update --label-add=rack=a --availability=active self
node update --role=manager self
node promote self
node demote self
node rm --force nosuch
secret create word /etc/hostname
secret create --label=a=b --template-driver=golang other /etc/hostname
secret ls
secret ls --filter=name=word --filter=label=a
secret inspect word
secret rm other
config create plain /etc/hostname
config create --label=a=b --template-driver=golang other /etc/hostname
config ls
config ls --filter=name=plain
config inspect plain
config rm other
network create --driver=overlay --attachable --opt=encrypted mesh
network inspect mesh
"""

# Once there is a swarm with the service `one`.
SERVICES = r"""
service ls
service ls --filter=name=one --filter=mode=replicated
service inspect one
service inspect --pretty one
service ps one
service ps --filter=desired-state=running --no-trunc one
service logs one
service logs --tail=5 --timestamps --details --since=1h one
service scale --detach one=2
service rollback --detach one
service rm two
service rm nosuch
task nosuch
stack ls
stack services nosuch
stack ps nosuch
stack rm nosuch
swarm leave
swarm leave --force
node ls
service ls
"""

COMPOSE = [  # what the service of a file has, besides its image
    "",
    "environment: {A: b, C: 'x y'}",
    "ports: ['8080:80', '127.0.0.1:8443:443/tcp', '53/udp']",
    "volumes: ['data:/data', '/srv:/srv:ro', './here:/here']",
    "networks: {inner: {aliases: [x], ipv4_address: 10.97.0.5}}",
    "labels: {com.example.a: b}",
    "depends_on: [other]",
    "restart: always",
    "command: ['sh', '-c', 'echo $$HOME; sleep 1000']",
    "entrypoint: /bin/sh -c 'sleep 1000'",
    "cap_add: [NET_ADMIN]\n    cap_drop: [ALL]",
    "privileged: true",
    "healthcheck: {test: [CMD, 'true'], interval: 10s, retries: 2}",
    "logging: {driver: json-file, options: {max-size: 1m}}",
    "tmpfs: [/run, '/tmp:size=1m']",
    "ulimits: {nproc: 100, nofile: {soft: 100, hard: 200}}",
    "sysctls: {net.core.somaxconn: 1024}",
    "security_opt: ['no-new-privileges:true']",
    "read_only: true\n    user: '1000'\n    working_dir: /srv",
    "extra_hosts: ['db:10.0.0.2']\n    dns: [10.0.0.53]",
    "devices: ['/dev/null:/dev/zero']",
    "stdin_open: true\n    tty: true",
    "network_mode: none",
    "network_mode: 'service:other'",
    "pid: host\n    ipc: host",
    "build: {context: ., args: {A: b}, labels: {a: b}}",
    "deploy: {resources: {limits: {memory: 64M}}}",
    "secrets: [word]",
    "stop_signal: SIGQUIT\n    stop_grace_period: 1s\n    init: true",
    "expose: ['9000']\n    hostname: h\n    domainname: d.example",
]

# Options of docker-py's containers.create().
SDK_CREATE = [
    {}, {"command": ["sleep", "1"]}, {"name": "sdk"}, {"detach": True},
    {"environment": {"A": "b"}}, {"environment": ["A=b"]},
    {"ports": {"80/tcp": 8080, "53/udp": ("127.0.0.1", 53), "81": None}},
    {"volumes": {"/srv": {"bind": "/data", "mode": "ro"}}},
    {"volumes": ["/srv:/data", "data:/var/lib:rw"]},
    {"network": "inner"}, {"network_mode": "host"},
    {"network_disabled": True}, {"hostname": "h", "domainname": "d"},
    {"privileged": True}, {"cap_add": ["SYS_ADMIN"], "cap_drop": ["ALL"]},
    {"devices": ["/dev/null:/dev/zero:r"]}, {"dns": ["10.0.0.53"]},
    {"dns_opt": ["ndots:2"], "dns_search": ["example.org"]},
    {"extra_hosts": {"db": "10.0.0.2"}}, {"group_add": ["audio", 1000]},
    {"init": True}, {"ipc_mode": "host"}, {"pid_mode": "host"},
    {"uts_mode": "host"}, {"userns_mode": "host"},
    {"isolation": "default"}, {"labels": {"a": "b"}}, {"labels": ["a"]},
    {"links": {"web": "site"}}, {"mac_address": "02:42:ac:11:00:99"},
    {"mem_limit": "64m", "memswap_limit": "128m"}, {"mem_limit": 67108864},
    {"mem_reservation": "32m", "mem_swappiness": 10},
    {"nano_cpus": 1500000000}, {"cpu_shares": 512, "cpuset_cpus": "0"},
    {"cpu_period": 50000, "cpu_quota": 25000}, {"oom_kill_disable": True},
    {"oom_score_adj": 500}, {"pids_limit": 100}, {"platform": "linux"},
    {"publish_all_ports": True}, {"read_only": True},
    {"restart_policy": {"Name": "on-failure", "MaximumRetryCount": 3}},
    {"auto_remove": True}, {"runtime": "runc"},
    {"security_opt": ["seccomp=unconfined"]}, {"shm_size": "128m"},
    {"stdin_open": True, "tty": True}, {"stop_signal": "SIGQUIT"},
    {"storage_opt": {"size": "1G"}}, {"sysctls": {"net.core.somaxconn": 1}},
    {"tmpfs": {"/run": "size=1m", "/tmp": ""}}, {"user": "1000:1000"},
    {"volume_driver": "local"}, {"volumes_from": ["web"]},
    {"working_dir": "/srv"}, {"entrypoint": ["/bin/sh", "-c"]},
    {"healthcheck": {"test": ["CMD", "true"], "interval": 10000000000}},
    {"blkio_weight": 300}, {"cgroup_parent": "/docker"},
    {"device_cgroup_rules": ["c 1:3 rwm"]}, {"domainname": "ä.example"},
]


def lines(text):
    return [line for line in text.strip().splitlines() if line]
