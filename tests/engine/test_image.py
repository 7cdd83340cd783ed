"""The image, on a real Engine: what packaging/ ships, as it is shipped.

It is built from what `make image` prepared, without a registry, and runs with
a read-only root and without capabilities beside a client on a private network.
"""

import io
import json
import pathlib
import sys
import tarfile

import pytest

from alike import assert_denied
from conftest import debian
from shipped import IMAGE, health, until_healthy
from wait import until

sys.path.append(str(pathlib.Path(__file__).parents[1] / "flow"))
from authority import Authority  # noqa: E402

MAX_BYTES = 12 << 20
PROXY = "tcp://docker-proxy:2375"
HARDENED = ["--read-only", "--cap-drop", "ALL", "--security-opt",
            "no-new-privileges", "--memory", "128m", "--pids-limit", "128",
            "--health-interval", "1s"]

# What docker puts into each container.
DOCKERS = ("dev", "proc", "sys", "etc/hosts", "etc/hostname",
           "etc/resolv.conf", "etc/mtab", ".dockerenv")


@pytest.fixture(scope="module")
def docker(engine):
    return debian(engine)


@pytest.fixture(scope="module")
def network(docker, shipped):
    docker.ok("network", "create", "--internal", "private")
    yield "private"
    docker.ok("network", "rm", "private")


@pytest.fixture
def running(docker, engine, network, socket_group):
    """The proxy by `docker run`, as docs/deployment.md has it."""
    docker.ok("run", "--detach", "--name", "docker-proxy", *HARDENED,
              "--network", network, "--group-add", socket_group,
              "--volume", f"{engine.folder}:/host/run:ro",
              "--env", "DOCKER_SOCKET=/host/run/docker.sock",
              "--env", "CONTAINERS=1", IMAGE)
    yield "docker-proxy"
    docker.ok("rm", "--force", "docker-proxy")


@pytest.fixture
def client(docker, network):
    """A function: a docker command in a container beside the proxy."""
    def run(*command):
        return docker.run("run", "--rm", "--network", network, "--env",
                          f"DOCKER_HOST={PROXY}", "client", "docker",
                          *command)
    return run


# --- what it is -------------------------------------------------------------

def test_it_is_small_and_not_root(docker, shipped):
    [image] = json.loads(docker.ok("image", "inspect", IMAGE))
    assert image["Size"] <= MAX_BYTES
    config = image["Config"]
    assert config["User"] == "65532:65532"
    assert config["Healthcheck"]["Test"] == [
        "CMD", "/opt/docker-proxy/bin/docker-proxy", "healthcheck"]


def files(docker):
    """{path: mode} of the image."""
    docker.ok("create", "--name", "look", IMAGE)
    with tarfile.open(fileobj=io.BytesIO(
            docker.run("export", "look").out)) as tar:
        found = {m.name: m for m in tar.getmembers()}
    docker.ok("rm", "look")
    return found


def test_there_is_nothing_to_take_over(docker, shipped):
    """One program, nothing that is somebody else's, nothing set-user-ID."""
    found = {name: m for name, m in files(docker).items()
             if not name.startswith(DOCKERS)}
    programs = [name for name, m in found.items()
                if m.isfile() and m.mode & 0o111 and ".so" not in name]
    assert programs == ["opt/docker-proxy/bin/docker-proxy"]
    for name, m in found.items():
        assert not m.mode & 0o6000, name
        assert m.issym() or not m.mode & 0o022, name
        assert m.uid == (65532 if name == "run/docker-proxy" else 0), name


def test_a_scanner_finds_the_packages(docker, shipped):
    found = files(docker)
    told = {name.rpartition("/")[2] for name in found
            if name.startswith("var/lib/dpkg/status.d/")}
    assert {"libc6", "libssl3", "libpcre2-8-0"} <= told
    for package in told:
        assert f"usr/share/doc/{package}/copyright" in found


@pytest.fixture
def certified(tmp_path):
    """A folder with a certificate and a configuration that names it."""
    authority = Authority(tmp_path / "ca")
    cert, key = authority.issue("server", "server", names=["DNS:docker-proxy"])
    folder = tmp_path / "etc"
    folder.mkdir()
    for path, name in ((cert, "cert.pem"), (key, "key.pem")):
        (folder / name).write_bytes(path.read_bytes())
    (folder / "docker-proxy.conf").write_text(json.dumps({
        "global": {"default": "deny", "tls": {
            "cert": "/etc/docker-proxy/cert.pem",
            "key": "/etc/docker-proxy/key.pem"}},
        "auth": {"type": "none"}}))
    return folder


def test_it_speaks_tls(docker, shipped, certified):
    """The module that does is there, and all that it needs."""
    docker.ok("run", "--detach", "--name", "tls", *HARDENED, "--volume",
              f"{certified}:/etc/docker-proxy:ro", IMAGE)
    try:
        until_healthy(docker, "tls")
        log = docker.run("logs", "tls").err.decode()
    finally:
        docker.ok("rm", "--force", "tls")
    assert "listening on tcp://*:2376" in log
    assert "has no TLS" not in log


# --- by docker run ----------------------------------------------------------

def test_a_client_does_what_the_policy_says(docker, running, client):
    until_healthy(docker, running)
    assert "web" in client("ps").out.decode()
    assert client("inspect", "web").code == 0
    for command in ("images", "stop web", "run --rm bb true", "exec web true",
                    "network ls", "info", "cp web:/www/index.html -"):
        assert_denied(command, client(*command.split()))
    assert docker.ok("inspect", "--format", "{{.State.Running}}",
                     "web") == "true\n"


def test_the_sandbox_holds_there(docker, running):
    until_healthy(docker, running)
    log = docker.run("logs", running).err.decode()
    [line] = [each for each in log.splitlines() if " sandbox: " in each
              and "without" not in each]
    for part in ("not dumpable", "no capabilities", "no new privileges",
                 "seccomp"):
        assert part in line


def test_no_port_is_the_hosts(docker, running):
    assert docker.ok("port", running) == ""


def test_it_stops_at_once_with_a_stream_open(docker, engine, running, network):
    until_healthy(docker, running)
    before = engine.event_listeners()
    docker.ok("run", "--detach", "--name", "listener", "--network", network,
              "--env", f"DOCKER_HOST={PROXY}", "client", "docker", "events")
    until(lambda: engine.event_listeners() > before,
          "the Engine to serve the event stream")
    docker.ok("stop", running)
    code = docker.ok("inspect", "--format", "{{.State.ExitCode}}", running)
    docker.ok("rm", "--force", "listener")
    # Who takes ten seconds is killed, and the drain time is longer.
    assert code == "0\n"


def test_it_is_unhealthy_when_the_engine_does_not_answer(docker, shipped):
    """It asks the Engine through the proxy."""
    docker.ok("run", "--detach", "--name", "alone", *HARDENED, "--health-retries", "1",
               "--network", "none", IMAGE)
    try:
        until(lambda: health(docker, "alone") == "unhealthy",
              "it to be unhealthy")
    finally:
        docker.ok("rm", "--force", "alone")
