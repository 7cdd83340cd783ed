"""Ready policies before a real Engine: nothing of the host is reached, and
what they are for works."""

import json

import pytest

import engine as engines
import evasion_effects as effects
import proxy as proxies
from cli import DEBIAN, Docker
from conftest import debian
from test_compose import able, compose

OPEN = {"auth": {"type": "none"}, "global": {"default": "allow"}}
CLOSED = {"auth": {"type": "none"}}

# Policies of the corpus that are not about the host: other containers,
# images and networks, names, secrets, what an exec or an archive may do.
ELSEWHERE = {"ARCHPATH", "COMMIT", "FORCE", "IMGDENY", "IMGPATH", "KILLALLOW",
             "LEAVE", "NAMEALLOW", "NETSECRET", "NOARCH", "NOAUTH", "NODIST",
             "NOEXEC", "NOIMGGET", "NONE", "NOPSARGS", "NOREAD", "NOWS",
             "PULLALLOW", "RO", "SECRETS", "SESSION", "TAG", "UPDATE",
             "USERROOT"}
# Their policy forbids more than the host.
HARMLESS = {
    "host-47": "the usual runtime by its other name",
    "host-53": "a limit",
    "host-54": "a name in the container's own /etc/hosts",
    "image-03": "an import from the request's body",
    "get-harm-15": "GET /swarm: the tokens are removed",
}


def escapes():
    return [entry for entry in effects.evasion.entries()
            if not entry["benign"] and entry["id"] not in HARMLESS
            and entry["rule"]["id"] not in ELSEWHERE]


def test_no_escape_of_the_corpus(engine):
    policy = {**OPEN, "include": ["policy:no-host-escape"]}
    assert len(escapes()) > 150
    with proxies.Proxy(engine.socket, policy=policy) as proxy:
        had = [(entry["id"], entry["why"], answer[:200])
               for entry in escapes()
               for effect, answer in [effects.run(engine, proxy, entry)]
               if effect]
    assert had == []


# --- ordinary life ----------------------------------------------------------


@pytest.fixture(params=[
    {**OPEN, "include": ["policy:no-host-escape"]},
    {**CLOSED, "include": ["policy:compose"]},
], ids=["no-host-escape", "compose"])
def docker(request, engine, home):
    with proxies.Proxy(engine.socket, policy=request.param) as proxy:
        yield Docker(DEBIAN, proxy.host, home)


def refused(done):
    return done.code != 0 and b"baseline: " in done.err


def test_run_exec_build(docker, tmp_path):
    """A container's life, its network and volume, a build; and what the host
    must be asked for."""
    (tmp_path / "Dockerfile").write_text("FROM bb\nRUN echo built >/built\n")
    docker.ok("build", "--tag", "built", tmp_path)
    docker.ok("network", "create", "ordinary")
    docker.ok("volume", "create", "ordinary")
    try:
        docker.ok("run", "--detach", "--name", "ordinary", "--network",
                  "ordinary", "--publish", "127.0.0.1::80", "--volume",
                  "ordinary:/data", "--tmpfs", "/scratch", "--memory", "64m",
                  "--env", "A=b", "--label", "c=d", "--cap-drop", "ALL",
                  "--restart", "no", "built", "sleep", "1000")
        assert docker.ok("exec", "ordinary", "cat", "/built") == "built\n"
        (tmp_path / "file").write_text("copied")
        docker.ok("cp", tmp_path / "file", "ordinary:/data/file")
        assert docker.ok("exec", "--user", "1", "ordinary", "cat",
                         "/data/file") == "copied"
        assert docker.ok("run", "--rm", "--volume", "ordinary:/data", "built",
                         "cat", "/data/file") == "copied"
        docker.ok("logs", "ordinary")
        assert json.loads(docker.ok("inspect", "ordinary"))
        for what in (["--privileged"], ["--volume", "/etc:/host"],
                     ["--pid", "host"], ["--network", "host"],
                     ["--device", "/dev/null"], ["--cap-add", "SYS_ADMIN"],
                     ["--security-opt", "seccomp=unconfined"],
                     ["--volumes-from", "ordinary"]):
            assert refused(docker.run("run", "--rm", *what, "built", "true"))
        assert refused(docker.run("exec", "--privileged", "ordinary", "id"))
    finally:
        docker.run("rm", "--force", "--volumes", "ordinary")
        docker.run("network", "rm", "ordinary")
        docker.run("volume", "rm", "ordinary")
        docker.run("rmi", "built")


def test_a_build_then_a_test(engine, home, tmp_path):
    """What ci-build and testcontainers are for, and nothing else of it."""
    (tmp_path / "Dockerfile").write_text("FROM bb\nRUN echo built >/built\n")
    with proxies.Proxy(engine.socket, policy={
            **CLOSED, "include": ["policy:ci-build"]}) as proxy:
        docker = Docker(DEBIAN, proxy.host, home)
        docker.ok("build", "--tag", "built", tmp_path)
        docker.ok("tag", "built", "built:2")
        docker.ok("save", "built:2", "--output", tmp_path / "saved")
        docker.ok("rmi", "built:2")
        docker.ok("load", "--input", tmp_path / "saved")
        assert docker.run("build", "--network", "host", tmp_path).code != 0
        assert docker.run("create", "built", "true").code != 0
    with proxies.Proxy(engine.socket, policy={
            **CLOSED, "include": ["policy:testcontainers"]}) as proxy:
        docker = Docker(DEBIAN, proxy.host, home)
        docker.ok("network", "create", "tested")
        try:
            docker.ok("create", "--name", "tested", "--network", "tested",
                      "--publish", "127.0.0.1::80", "built:2", "sh", "-c",
                      "echo said; exec sleep 1000")
            docker.ok("start", "tested")
            assert docker.ok("exec", "tested", "cat", "/built") == "built\n"
            (tmp_path / "file").write_text("copied")
            docker.ok("cp", tmp_path / "file", "tested:/file")
            assert docker.ok("cp", "tested:/file", "-")[-2000:]
            assert docker.ok("logs", "tested") == "said\n"
            assert refused(docker.run("create", "--privileged", "built"))
            assert refused(docker.run(
                "create", "--volume", "/var/run/docker.sock:/s", "built"))
        finally:
            docker.run("rm", "--force", "--volumes", "tested")
            docker.run("network", "rm", "tested")
            docker.run("rmi", "built", "built:2")


COMPOSED = """
version: "3.8"
services:
  server:
    build: .
    command: ["httpd", "-f", "-h", "/www"]
    networks: {inner: {aliases: [website]}}
    volumes: ["data:/data"]
    ports: ["127.0.0.1::80"]
  client:
    image: bb
    command: ["sh", "-c", "until wget -qO- http://website; do usleep 50000;
        done; exec sleep 1000"]
    depends_on: [server]
    networks: [inner]
    mem_limit: 64m
networks: {inner: {}}
volumes: {data: {}}
"""


@pytest.mark.parametrize("policy", [
    {**OPEN, "include": ["policy:no-host-escape"]},
    {**CLOSED, "include": ["policy:compose"]},
], ids=["no-host-escape", "compose"])
@pytest.mark.parametrize("program", able())
def test_compose_up_and_down(engine, home, tmp_path, policy, program):
    file = tmp_path / "docker-compose.yml"
    (tmp_path / "Dockerfile").write_text("FROM bb\n")
    file.write_text(COMPOSED)
    with proxies.Proxy(engine.socket, policy=policy) as proxy:
        run = compose(proxy.host, home, tmp_path, program)
        try:
            for words in (["up", "--detach"], ["ps"], ["logs"],
                          ["exec", "-T", "client", "true"],
                          ["restart", "--timeout", "0", "client"],
                          ["up", "--detach", "--force-recreate", "--timeout",
                           "0"]):
                done = run(*words)
                assert done.code == 0, done
        finally:
            down = run("down", "--volumes", "--timeout", "0", "--rmi", "local")
        assert down.code == 0, down
        file.write_text(COMPOSED.replace("data:/data", "/etc:/data"))
        try:
            done = run("up", "--detach")
            assert done.code != 0
            assert b"no path of the host" in done.err + done.out, done
        finally:
            run("down", "--volumes", "--timeout", "0", "--rmi", "local")


# --- a swarm -----------------------------------------------------------------


@pytest.fixture
def swarm():
    """An Engine of its own: one that was a manager is not the same again."""
    own = engines.Engine()
    try:
        own.start()
        debian(own).ok("swarm", "init", "--advertise-addr", "127.0.0.1")
        yield own
    finally:
        own.remove()


def service(name, network):
    return json.dumps({"Name": name, "TaskTemplate": {
        "ContainerSpec": {"Image": "bb"},
        "Networks": [{"Target": network}]}}).encode()


def attached(swarm, name):
    """The networks of a service, by their names."""
    [made] = swarm.get_json(f'/services?filters={{"name":["{name}"]}}')
    return [swarm.get_json(f"/networks/{network['Target']}?scope=swarm")["Name"]
            for network in made["Spec"]["TaskTemplate"]["Networks"]]


def test_the_hosts_network_by_its_ids(swarm):
    """A service is let into it by its id, by the swarm's, by the beginning of
    either; of the names, those that no id begins with pass."""
    json_type = {"Content-Type": "application/json"}
    local = swarm.get_json("/networks/host")["Id"]
    shared = swarm.get_json("/networks/host?scope=swarm")["Id"]
    assert local != shared
    debian(swarm).ok("network", "create", "--driver", "overlay", "stack_web")
    policy = {**OPEN, "include": ["policy:no-host-escape"]}
    with proxies.Proxy(swarm.socket, policy=policy) as proxy:
        for number, network in enumerate(
                ["host", local, local[:12], shared, shared[:3], "stack_web"]):
            name = f"s{number}"
            status, answer = proxy.ask("POST", "/services/create",
                                       service(name, network), json_type)
            if network == "stack_web":
                assert status == 201, answer
                assert attached(swarm, name) == ["stack_web"]
                continue
            assert status == 403 and b"baseline: " in answer, (network, answer)
            # That the proxy had to refuse it: so would the Engine have it.
            status, answer = swarm.ask("POST", "/services/create",
                                       service(name, network), json_type)
            assert status == 201, answer
            assert attached(swarm, name) == ["host"]
