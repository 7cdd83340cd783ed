"""The stack of packaging/swarm, deployed on a swarm of one."""

import os

import pytest

import engine as engines
import shipped as shipping
from alike import assert_denied
from conftest import debian
from wait import until

FOLDER = shipping.ROOT / "packaging" / "swarm"


@pytest.fixture
def swarm():
    """An Engine of its own: one that was a manager is not the same again."""
    own = engines.Engine()
    try:
        own.start()
        docker = debian(own)
        shipping.build(docker)
        docker.ok("create", "--name", "stand-in", "client", "true")
        docker.ok("commit", "--change",
                  'ENTRYPOINT ["sh", "-c", "exec sleep 100000"]', "stand-in",
                  "traefik:v3")
        docker.ok("swarm", "init", "--advertise-addr", "127.0.0.1")
        own.folder.chmod(0o711)
        yield own
        own.kill()  # in good order it would wait for shells to hear it
    finally:
        own.remove()


def tasks(docker, service):
    """The running containers of a service."""
    return docker.ok("ps", "--quiet", "--filter",
                     f"label=com.docker.swarm.service.name={service}").split()


def test_the_stack(swarm):
    docker = debian(swarm)
    docker.environment.update(DOCKER_RUN=str(swarm.folder), DOCKER_GID=str(
        os.stat(swarm.socket).st_gid))
    docker.ok("config", "create", "docker-proxy.conf",
              FOLDER / "docker-proxy.conf")
    docker.ok("stack", "deploy", "--resolve-image", "never", "--compose-file",
              FOLDER / "stack.yaml", "edge")

    def state():
        return docker.ok("stack", "ps", "--no-trunc", "edge") + swarm.tail()
    for service in ("edge_docker-proxy", "edge_traefik"):
        until(lambda s=service: tasks(docker, s), lambda: state())
    [proxy] = tasks(docker, "edge_docker-proxy")
    shipping.until_healthy(docker, proxy)
    host = docker.ok("inspect", "--format", "{{.HostConfig.ReadonlyRootfs}} "
                     "{{.HostConfig.CapDrop}} {{.HostConfig.Memory}} "
                     "{{.HostConfig.PortBindings}}", proxy)
    assert host.split() == ["true", "[ALL]", str(128 << 20), "map[]"]
    [client] = tasks(docker, "edge_traefik")

    def ask(command):
        return docker.run("exec", "-e", "DOCKER_HOST=tcp://docker-proxy:2375",
                          client, "docker", *command.split())
    for command in ("version", "service ls", "network ls",
                    "node inspect " + docker.ok("node", "ls", "-q").strip()):
        assert ask(command).code == 0, ask(command)
    for command in ("ps", "info", "service inspect edge_traefik",
                    "service rm edge_traefik", "swarm leave --force",
                    "secret ls", "config ls", "node rm --force x"):
        assert_denied(command, ask(command))
