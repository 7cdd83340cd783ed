"""Rules on what a request means, with real clients: none of them says
anything that is not known here, and what they may do works."""

import docker
import pytest

import cli
import proxy as proxies
from cli import Docker
from test_compose import COMPOSE, FILE

DOCKERFILE = b"FROM bb\nARG WHO\nRUN echo $WHO >/who\n"


def deny(field, operator, *value):
    return {"name": f"{field} {operator}", "action": "deny",
            "conditions": [{"field": field, "operator": operator,
                            **({"value": value[0]} if value else {})}]}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """The one folder that may be mounted."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="module")
def guarded(engine, shared):
    rules = [
        deny("docker.unknown", "exists"),
        deny("docker.host_paths", "not_only_under", [str(shared)]),
        deny("docker.capabilities", "not_only_in", ["NET_ADMIN"]),
        deny("docker.namespaces", "exists"),
        deny("docker.security", "not_only_in", ["no-new-privileges"]),
        deny("docker.devices", "exists"),
        deny("docker.drivers", "not_only_in", ["local", "bridge", "default"]),
        deny("docker.log_driver", "not_only_in", ["json-file"]),
        deny("docker.runtime", "not_only_in", ["runc"]),
        deny("docker.mount_types", "not_only_in",
             ["bind", "volume", "tmpfs", "volumes-from"]),
    ]
    policy = {"auth": {"type": "none"}, "global": {"default": "allow"},
              "rules": rules}
    with proxies.Proxy(engine.socket, policy=policy) as running:
        yield running


@pytest.fixture
def guest(program, guarded, home):
    return cli.Docker(program, guarded.host, home)


@pytest.fixture
def tidy(engine):
    yield
    client = cli.Docker(cli.DEBIAN, engine.host, engine.folder)
    names = client.ok("ps", "--all", "--quiet", "--filter", "name=guest-")
    if names.split():
        client.ok("rm", "--force", "--volumes", *names.split())
    for kind in ("network", "volume"):
        names = client.ok(kind, "ls", "--quiet", "--filter", "name=guest-")
        if names.split():
            client.ok(kind, "rm", *names.split())


@pytest.mark.usefixtures("tidy")
def test_command_line(guest, shared, tmp_path):
    ok = guest.ok
    ok("network", "create", "--subnet", "10.123.0.0/24", "--label", "a=b",
       "guest-net")
    ok("volume", "create", "--label", "a=b", "guest-data")
    ok("volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs",
       "--opt", "o=size=1m", "guest-tmp")
    said = ok(
        "run", "--rm", "--name", "guest-a", "--hostname", "h", "--user", "5:6",
        "--env", "A=1", "--label", "l=1", "--workdir", "/tmp", "--init=false",
        "--volume", f"{shared}:/x", "--volume", f"{shared}:/y:ro",
        "--volume", "guest-data:/data", "--volume", "/anonymous",
        "--mount", f"type=bind,source={shared},target=/z,readonly",
        "--mount", "type=volume,source=guest-tmp,target=/t",
        "--mount", "type=tmpfs,target=/m,tmpfs-size=1m",
        "--tmpfs", "/n", "--volumes-from", "web", "--cap-add", "net_admin",
        "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
        "--network", "guest-net", "--network-alias", "n",
        "--publish", "80", "--expose", "81", "--dns", "1.1.1.1",
        "--add-host", "a:1.2.3.4", "--ulimit", "nofile=100",
        "--memory", "64m", "--pids-limit", "50", "--shm-size", "1m",
        "--log-driver", "json-file", "--log-opt", "max-size=1m",
        "--health-cmd", "true", "--stop-signal", "INT", "--read-only",
        "--restart", "no", "--group-add", "7", "bb", "id", "-u")
    assert said == "5\n"
    ok("run", "--detach", "--name", "guest-b", "--link", "web:w", "bb",
       "sleep", "1000")
    assert ok("exec", "--user", "3", "--env", "A=1", "--workdir", "/tmp",
              "guest-b", "sh", "-c", "id -u; pwd") == "3\n/tmp\n"
    ok("network", "connect", "--alias", "x", "guest-net", "guest-b")
    ok("network", "disconnect", "guest-net", "guest-b")
    ok("update", "--restart", "on-failure:2", "guest-b")
    ok("rename", "guest-b", "guest-c")
    ok("commit", "--message", "m", "guest-c", "guest-image:1")
    ok("tag", "guest-image:1", "guest-image:2")
    (tmp_path / "Dockerfile").write_bytes(DOCKERFILE)
    ok("build", "--build-arg", "WHO=me", "--label", "l=1", "--tag",
       "guest-image:3", "--ulimit", "nofile=100", tmp_path)
    assert ok("run", "--rm", "--name", "guest-d", "guest-image:3", "cat",
              "/who") == "me\n"
    ok("rm", "--force", "guest-c")
    ok("rmi", "guest-image:1", "guest-image:2", "guest-image:3")
    ok("network", "rm", "guest-net")
    ok("volume", "rm", "guest-data", "guest-tmp")


@pytest.mark.usefixtures("tidy")
@pytest.mark.parametrize("options", [
    ["--privileged"],
    ["--volume", "/etc:/x"],
    ["--mount", "type=bind,source=/,target=/x"],
    ["--mount", "type=volume,target=/x,volume-opt=type=none,"
     "volume-opt=o=bind,volume-opt=device=/etc"],
    ["--device", "/dev/null"],
    ["--device-cgroup-rule", "a *:* rwm"],
    ["--pid", "host"],
    ["--network", "host"],
    ["--network", "container:web"],
    ["--cap-add", "sys_admin"],
    ["--security-opt", "seccomp=unconfined"],
    ["--security-opt", "apparmor=unconfined"],
    ["--security-opt", "systempaths=unconfined"],
    ["--log-driver", "syslog"],
    ["--runtime", "io.containerd.runc.v2"],
])
def test_options_that_lead_to_the_host(guest, options):
    done = guest.run("create", "--name", "guest-x", *options, "bb", "true")
    assert done.code != 0 and b"denied by rule" in done.err, done


def test_compose(guarded, home, tmp_path):
    (tmp_path / "docker-compose.yml").write_text(FILE)
    run = Docker(COMPOSE, guarded.host, home).run
    try:
        up = run("--project-name", "guest", "up", "--detach", cwd=tmp_path)
        assert up.code == 0, up
    finally:
        down = run("--project-name", "guest", "down", "--volumes",
                   "--timeout", "0", cwd=tmp_path)
    assert down.code == 0, down


@pytest.mark.usefixtures("tidy")
def test_sdk(guarded, shared):
    client = docker.DockerClient(base_url=guarded.host, timeout=30)
    try:
        said = client.containers.run(
            "bb", "id -u", name="guest-p", remove=True, user="9",
            environment={"A": "1"}, labels={"a": "b"}, cap_add=["NET_ADMIN"],
            volumes={str(shared): {"bind": "/x", "mode": "rw"}},
            ulimits=[docker.types.Ulimit(name="nofile", soft=100, hard=100)],
            mounts=[docker.types.Mount("/t", None, type="tmpfs")],
            ports={"80/tcp": None}, sysctls={},
            log_config=docker.types.LogConfig(type="json-file"))
        assert said == b"9\n"
        with pytest.raises(docker.errors.APIError) as refused:
            client.containers.create("bb", privileged=True)
        assert refused.value.status_code == 403
        box = client.containers.run("bb", "sleep 1000", name="guest-q",
                                    detach=True)
        assert box.exec_run(["id", "-u"], user="4").output == b"4\n"
        net = client.networks.create("guest-sdk", driver="bridge")
        net.connect(box, aliases=["a"])
        net.disconnect(box)
        net.remove()
        box.remove(force=True)
    finally:
        client.close()
