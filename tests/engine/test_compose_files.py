"""The compose files of packaging/, unchanged, on a real Engine.

The images that they name are not to be had here: what stands in for Portainer,
Traefik and docker is a shell with a docker client, which asks what they would.
"""

import hashlib
import os
import pathlib
import shutil

import pytest

import cli
from alike import assert_denied
from conftest import debian
from shipped import ROOT, until_healthy
from test_compose import programs

NAMES = ["portainer/portainer-ce:lts", "traefik:v3", "docker:cli"]
STANDS_IN = 'ENTRYPOINT ["sh", "-c", "exec sleep 100000"]'


@pytest.fixture(scope="module")
def docker(engine):
    return debian(engine)


@pytest.fixture(scope="module")
def stand_ins(docker, shipped):
    docker.ok("create", "--name", "stand-in", "client", "true")
    docker.ok("commit", "--change", STANDS_IN, "stand-in", NAMES[0])
    docker.ok("rm", "stand-in")
    for name in NAMES[1:]:
        docker.ok("tag", NAMES[0], name)


class Project:
    """A folder of packaging/compose, up."""

    def __init__(self, program, engine, folder, **variables):
        self.compose = cli.Docker(program, engine.host, folder)
        self.compose.environment.update(
            DOCKER_RUN=str(engine.folder), DOCKER_SOCKET="", **variables)
        self.engine = debian(engine)
        self.folder = folder
        self.containers = {}

    def run(self, *arguments):
        return self.compose.run(*arguments, cwd=self.folder, seconds=120)

    def ok(self, *arguments):
        done = self.run(*arguments)
        assert done.code == 0, (arguments, done)
        return done.out.decode()

    def docker(self, service, command):
        """The docker client of a service's container."""
        return self.engine.run("exec", "-e", "DOCKER_BUILDKIT=0",
                               self.container(service), "docker",
                               *command.split())

    def container(self, service):
        if service not in self.containers:
            self.containers[service] = self.ok("ps", "--quiet",
                                               service).strip()
        return self.containers[service]


@pytest.fixture(params=programs(),
                ids=lambda program: pathlib.Path(program).parts[-6]
                if "libexec" in program else "own")
def project(request, engine, stand_ins, socket_group, tmp_path):
    """A function: the folder of a name, up with variables."""
    started = []

    def up(name, **variables):
        folder = tmp_path / name
        shutil.copytree(ROOT / "packaging" / "compose" / name, folder,
                        dirs_exist_ok=True)
        p = Project(request.param, engine, folder,
                    DOCKER_GID=str(socket_group), **variables)
        started.append(p)
        p.ok("up", "--detach")
        return p
    yield up
    for p in started:
        p.ok("down", "--volumes", "--timeout", "1")


def assert_hardened(docker, container):
    host = "{{.HostConfig.%s}}"
    for member, value in (("ReadonlyRootfs", "true"), ("CapDrop", "[ALL]"),
                          ("CapAdd", "[]"), ("Privileged", "false"),
                          ("SecurityOpt", "[no-new-privileges:true]"),
                          ("Memory", str(128 << 20)), ("PidsLimit", "128"),
                          ("PortBindings", "map[]")):
        told = docker.ok("inspect", "--format", host % member, container)
        assert told.strip() in (value, value.replace("[]", "<no value>")), \
            member


def can(project, service, host, open_, closed):
    """What a service's client can do at a host, and what it cannot."""
    for command in open_:
        done = project.docker(service, f"--host {host} {command}")
        assert done.code == 0, (command, done)
    for command in closed:
        assert_denied(command, project.docker(
            service, f"--host {host} {command}"))


def test_portainer(project, docker):
    p = project("portainer")
    proxy = p.container("docker-proxy")
    until_healthy(docker, proxy)
    assert_hardened(docker, proxy)
    can(p, "portainer", "tcp://docker-proxy:2375",
        ["version", "info", "ps --all", "images", "network ls", "volume ls",
         "inspect web", "system df", "plugin ls"],
        ["stop web", "exec web true", "run --rm bb true", "rm --force web",
         "network create new", "volume create new", "pull bb", "secret ls",
         "cp web:/www/index.html -", "swarm init"])


def test_traefik(project, docker):
    p = project("traefik")
    proxy = p.container("docker-proxy")
    until_healthy(docker, proxy)
    assert_hardened(docker, proxy)
    can(p, "traefik", "tcp://docker-proxy:2375",
        ["version", "ps", "inspect --type container web",
         "events --until 0s"],
        ["info", "images", "network ls", "logs web", "top web", "stop web",
         "run --rm bb true", "exec web true", "system df"])
    told = p.docker("traefik", "--host tcp://docker-proxy:2375 inspect "
                    "--type container --format {{.Config}}{{.Args}} web")
    assert b"PATH" not in told.out and b"httpd" not in told.out
    assert b"httpd" in docker.run(
        "inspect", "--format", "{{.Config}}{{.Args}}", "web").out


@pytest.fixture
def tenants(tmp_path, docker):
    """Each team's token: its client's file, and the hash for the proxy."""
    folder = tmp_path / "tenants"
    folder.mkdir()
    hashes = {}
    for team in ("red", "blue"):
        token = os.urandom(32).hex()
        (folder / f"{team}.json").write_text(
            '{"HttpHeaders": {"Authorization": "Bearer %s"}}' % token)
        hashes[f"{team.upper()}_TOKEN_SHA256"] = hashlib.sha256(
            token.encode()).hexdigest()
        docker.ok("run", "--detach", "--name", f"{team}-app", "--label",
                  f"tenant={team}", "bb", "sleep", "100000")
    yield hashes
    docker.ok("rm", "--force", "red-app", "blue-app")


def test_tenants(project, docker, tenants):
    p = project("tenants", **tenants)
    proxy = p.container("docker-proxy")
    until_healthy(docker, proxy)
    assert_hardened(docker, proxy)
    for own, other, port in (("red", "blue", 2375), ("blue", "red", 2376)):
        can(p, own, f"tcp://docker-proxy:{port}",
            ["version", f"inspect --type container {own}-app",
             f"top {own}-app", f"restart --time 0 {own}-app",
             f"ps --filter label=tenant={own}"],
            [f"inspect --type container {other}-app", f"top {other}-app",
             f"restart {other}-app", "ps", f"ps --filter label=tenant={other}",
             "inspect --type container web", f"rm --force {own}-app",
             f"exec {own}-app true", "run --rm bb true", "images", "info"])
        # Its token is not of the other's listener.
        can(p, own, f"tcp://docker-proxy:{4751 - port}", ["version"],
            [f"inspect --type container {own}-app",
             f"inspect --type container {other}-app"])
        listed = p.docker(own, f"--host tcp://docker-proxy:{port} ps --filter "
                          f"label=tenant={own} --format {{{{.Names}}}}")
        assert listed.out == f"{own}-app\n".encode()
    # Without a token nobody gets in, and the teams do not meet.
    alone = p.run("exec", "-T", "-e", "DOCKER_CONFIG=/nowhere", "red",
                  "docker", "--host", "tcp://docker-proxy:2375", "version")
    assert alone.code != 0
    assert b"authentication required" in alone.out + alone.err
    assert p.run("exec", "-T", "red", "nc", "-w", "1", "blue", "1").code != 0
