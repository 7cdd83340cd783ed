"""Records what docker's own clients send: tests/data/requests.jsonl.gz.

    sudo python3 tests/engine/record tests/data/requests.jsonl.gz

Starts an Engine of its own with a relay before it, runs the commands of
commands.py with each docker client of this machine, docker-compose and
docker-py, and writes each distinct request once. What differs from run to run
(identifiers, times, paths) is made equal, length for length.
"""

import gzip
import io
import json
import pathlib
import re
import shlex
import sys
import tarfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

import docker  # noqa: E402

import cli  # noqa: E402
import commands  # noqa: E402
import engine as engines  # noqa: E402
import relay as relays  # noqa: E402

BODY_MAX = 2048  # of an upload; a tar stream is a tar stream
DOCKERFILE = b"FROM bb AS last\nARG A\nRUN true\nCOPY Dockerfile /d\n"

# What is of this run alone; what stands for it has the same length.
OF_THIS_RUN = [
    (re.compile(rb"\b[0-9a-f]{64}\b"), lambda m: b"0123456789abcdef" * 4),
    (re.compile(rb"\b[0-9a-f]{12}\b"), lambda m: b"0123456789ab"),
    (re.compile(rb"\b(?=[a-z]*[0-9])[0-9a-z]{25}\b"),
     lambda m: b"abcdefghijklmnopqrstuvwxy"),
    (re.compile(rb"SWMTKN-1-[0-9a-z-]+"), lambda m: m[0][:9].ljust(
        len(m[0]), b"0")),
    (re.compile(rb"\b1[6-9][0-9]{8}\b"), lambda m: b"1600000000"),
    (re.compile(rb"20[23][0-9]-[01][0-9]-[0-3][0-9]T[0-9:]{8}"),
     lambda m: b"2020-01-01T00:00:00"),
    (re.compile(rb"engine-[0-9a-z_]{8}"), lambda m: b"engine-abcdefgh"),
    (re.compile(rb"(?<=\r\nHost: )%2[Ff]\S+"),
     lambda m: b"%2Fvar%2Frun%2Fdocker.sock"),
]


def one_alike(data):
    for pattern, replacement in OF_THIS_RUN:
        data = pattern.sub(replacement, data)
    return data


def with_length(head, body):
    return relays.LENGTH.sub(
        b"\r\nContent-Length: %d" % len(body), head)


def distinct(requests):
    """Each request once, as it is stored."""
    seen = {}
    for head, body in requests:
        if len(body) > BODY_MAX:
            body = body[:BODY_MAX]
        head, body = one_alike(head), one_alike(body)
        seen.setdefault((with_length(head, body), body))
    return [{"head": head.decode("latin-1"), "body": body.decode("latin-1")}
            for head, body in seen]


# --- the clients --------------------------------------------------------------

def folder_to_build(folder):
    for name in ("Dockerfile", "Other"):
        (folder / name).write_bytes(DOCKERFILE)
    return folder


def run(client, line, **options):
    try:
        client.run(*shlex.split(line), data=b"typed\n", seconds=20, **options)
    except AssertionError as late:
        print(f"  {late}"[:150])


def run_cli(client, folder):
    for line in commands.lines(commands.COMMANDS):
        run(client, line)
    for options in commands.lines(commands.CREATE):
        run(client, f"create {options} bb sleep 1")
    for options in commands.lines(commands.BUILD):
        run(client, f"build {options} .", cwd=folder)
    for options in commands.lines(commands.SERVICE):
        run(client, f"service create --detach {options} bb sleep 1000")
    for options in commands.lines(commands.UPDATE_SERVICE):
        run(client, f"service update --detach {options} one")
    for line in commands.lines(commands.SERVICES):
        run(client, line)
    with_input(client, "load", tar_of("manifest.json", b"[]"))
    with_input(client, "import - imported:1", tar_of("a", b"b"))
    with_input(client, "cp - web:/tmp", tar_of("a", b"b"))
    with_input(client, "build -", DOCKERFILE)
    client.environment["DOCKER_BUILDKIT"] = "1"
    run(client, "build .", cwd=folder)
    client.environment["DOCKER_BUILDKIT"] = "0"


def tar_of(name, data):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(engines.entry(name, size=len(data)), io.BytesIO(data))
    return packed.getvalue()


def with_input(client, line, data):
    client.run(*shlex.split(line), data=data, seconds=20)


COMPOSE_FILE = """
version: "3.8"
services:
  other: {image: bb, command: sleep 1000}
  one:
    image: bb
    %s
networks: {inner: {ipam: {config: [{subnet: 10.97.0.0/24}]}}}
volumes: {data: {labels: {a: b}}}
secrets: {word: {file: ./word}}
"""


def run_compose(client, folder):
    (folder / "word").write_text("secret")
    for part in commands.COMPOSE:
        (folder / "docker-compose.yml").write_text(COMPOSE_FILE % part)
        run(client, "--project-name p up --no-start", cwd=folder)
    for line in ("up --detach", "ps", "ps --quiet --all", "logs other",
                 "logs --tail=3 --timestamps", "exec -T other true",
                 "exec -T --user=0 --env=A=b other env", "top", "images",
                 "run -T --rm other true", "port one 80", "pause", "unpause",
                 "scale other=2", "kill --signal=SIGUSR1 other",
                 "restart --timeout=0", "stop --timeout=0", "start",
                 "rm --force --stop", "pull", "push", "build",
                 "build --no-cache --pull",
                 "down --volumes --timeout=0 --rmi=local"):
        run(client, f"--project-name p {line}", cwd=folder)


def tolerant(call, *arguments, **options):
    try:
        return call(*arguments, **options)
    except (docker.errors.DockerException, AttributeError, TypeError,
            ValueError):
        return None  # the Engine's refusal, or docker-py's own


def run_sdk(host, folder):
    client = docker.DockerClient(base_url=host, timeout=20)
    api = client.api
    for options in commands.SDK_CREATE:
        tolerant(client.containers.create, "bb", **options)
    box = client.containers.run("bb", "sleep 1000", detach=True,
                                name="subject")
    calls = [
        (api.ping,), (api.version,), (api.info,), (api.df,),
        (api.containers,), (api.containers, True, True),
        (lambda: client.containers.list(
            all=True, filters={"status": ["running", "exited"],
                               "label": "a=b"}),),
        (lambda: client.containers.list(limit=2, since="web"),),
        (lambda: client.containers.list(before="web", sparse=True),),
        (box.reload,), (box.top,), (lambda: box.top(ps_args="aux"),),
        (box.logs,), (lambda: box.logs(tail=3, timestamps=True, since=1),),
        (lambda: box.stats(stream=False),), (box.diff,), (box.pause,),
        (box.unpause,), (lambda: box.update(mem_limit="64m"),),
        (lambda: box.update(restart_policy={"Name": "always"}),),
        (lambda: box.rename("subject2"),), (lambda: box.resize(24, 80),),
        (lambda: box.exec_run("true"),),
        (lambda: box.exec_run(["env"], environment={"A": "b"}, user="0",
                              workdir="/tmp", privileged=True),),
        (lambda: box.exec_run("cat", stdin=True, tty=True, detach=True),),
        (lambda: box.exec_run("echo x", demux=True),),
        (lambda: box.attach_socket().close(),),
        (lambda: box.attach_socket(params={"stdin": 1, "stream": 1}).close(),),
        (lambda: list(box.get_archive("/etc/passwd")[0]),),
        (lambda: box.put_archive("/tmp", tar_of("a", b"b")),),
        (lambda: list(box.export()),),
        (lambda: box.commit("saved", "3", message="m", author="a",
                            changes=["ENV A=b"]),),
        (lambda: box.kill("SIGUSR1"),), (lambda: box.stop(timeout=0),),
        (box.start,), (lambda: box.restart(timeout=0),), (box.kill,),
        (box.wait,), (lambda: box.wait(condition="not-running"),),
        (lambda: box.remove(force=True, v=True),),
        (client.images.list,),
        (lambda: client.images.list(name="bb", all=True),),
        (lambda: client.images.list(filters={"dangling": True}),),
        (lambda: client.images.get("bb").history(),),
        (lambda: client.images.get("bb").tag("x/y", tag="1"),),
        (lambda: list(client.images.get("bb").save(named=True))[:0],),
        (lambda: client.images.load(tar_of("manifest.json", b"[]")),),
        (lambda: client.images.pull("registry.example:5000/a", tag="1"),),
        (lambda: client.images.pull("registry.example:5000/a", auth_config={
            "username": "u", "password": "p"}),),
        (lambda: client.images.push("x/y", tag="1"),),
        (lambda: client.images.search("nosuch.example/x", limit=3),),
        (lambda: client.images.remove("x/y:1", force=True, noprune=True),),
        (client.images.prune,),
        (lambda: client.images.prune(filters={"dangling": False}),),
        (lambda: client.images.build(path=str(folder), tag="built"),),
        (lambda: client.images.build(
            path=str(folder), buildargs={"A": "b"}, labels={"a": "b"},
            nocache=True, rm=True, network_mode="none", target="last",
            shmsize=1 << 20, extra_hosts={"db": "10.0.0.2"},
            container_limits={"memory": 1 << 26}),),
        (lambda: client.images.get_registry_data("registry.example:5000/a"),),
        (client.networks.list,),
        (lambda: client.networks.list(names=["bridge"], greedy=True),),
        (lambda: client.networks.create("sdk", driver="bridge", labels={
            "a": "b"}, internal=True, attachable=True),),
        (lambda: client.networks.create("ranged2", ipam=docker.types.IPAMConfig(
            pool_configs=[docker.types.IPAMPool(
                subnet="10.96.0.0/24", aux_addresses={"a": "10.96.0.9"})])),),
        (lambda: client.networks.get("sdk").connect("web", aliases=["x"],
                                                    ipv4_address="10.0.0.9"),),
        (lambda: client.networks.get("sdk").disconnect("web", force=True),),
        (lambda: client.networks.get("sdk").remove(),),
        (client.networks.prune,), (client.volumes.list,),
        (lambda: client.volumes.list(filters={"dangling": True}),),
        (lambda: client.volumes.create("sdk", driver="local", driver_opts={
            "type": "tmpfs", "device": "tmpfs"}, labels={"a": "b"}),),
        (lambda: client.volumes.get("sdk").remove(force=True),),
        (client.volumes.prune,), (client.containers.prune,),
        (lambda: list(client.events(since=1, until=2, decode=True)),),
        (lambda: list(client.events(since=1, until=2, filters={
            "type": "container"})),),
        (client.plugins.list,),
        (lambda: client.plugins.install("registry.example:5000/p"),),
        (lambda: client.login("u", "p", registry="registry.example:5000"),),
        (lambda: client.swarm.init(advertise_addr="127.0.0.1"),),
        (lambda: client.swarm.update(rotate_worker_token=True),),
        (client.nodes.list,), (client.swarm.reload,),
        (lambda: client.secrets.create(name="s", data=b"x", labels={}),),
        (lambda: client.secrets.list(filters={"name": "s"}),),
        (lambda: client.configs.create(name="c", data=b"x"),),
        (client.configs.list,), (client.services.list,),
        (lambda: client.services.create(
            "bb", command="sleep 1000", name="svc", env=["A=b"],
            mounts=["/srv:/data:ro"], labels={"a": "b"},
            resources=docker.types.Resources(mem_limit=1 << 26)),),
        (lambda: client.services.get("svc").update(env=["A=c"]),),
        (lambda: client.services.get("svc").tasks(),),
        (lambda: client.services.get("svc").scale(2),),
        (lambda: list(client.services.get("svc").logs(stdout=True))[:0],),
        (lambda: client.services.get("svc").remove(),),
        (lambda: client.swarm.leave(force=True),),
    ]
    for call, *arguments in calls:
        tolerant(call, *arguments)
    client.close()


def record(engine):
    folder = folder_to_build(engine.folder / "context")
    path = engine.folder / "relay.sock"
    relay = relays.Relay(path, engine.socket)
    host = f"unix://{path}"
    for program in cli.clients():
        print(program, cli.version(program))
        run_cli(cli.Docker(program, host, engine.folder), folder)
    print("docker-compose")
    run_compose(cli.Docker("/usr/bin/docker-compose", host, engine.folder),
                folder)
    print("docker-py", docker.__version__)
    run_sdk(host, folder)
    relay.close()
    return relay.requests()


def prepare(engine):
    (engine.folder / "context").mkdir()
    client = cli.Docker(cli.DEBIAN, engine.host, engine.folder)
    client.ok("import", "-", "bb:latest", data=engines.busybox_root())
    client.ok("run", "--detach", "--name", "web", "--publish", "80", "bb",
              "httpd", "-f", "-h", "/www")


def main():
    engine = engines.Engine()
    try:
        engine.start()
        prepare(engine)
        requests = record(engine)
    finally:
        engine.remove()
    stored = distinct(requests)
    print(f"{len(requests)} requests, {len(stored)} distinct")
    text = "".join(json.dumps(entry) + "\n" for entry in stored)
    pathlib.Path(sys.argv[1]).write_bytes(
        gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
