"""The test suite of tecnativa/docker-socket-proxy, in its profile.

Its five tests with their environments and commands, without two lines that
fail whatever the proxy does (they are no valid command lines). There, a
command must just fail; here it must fail because the proxy said so.
"""

import contextlib

import pytest

import cli
from alike import assert_denied
from proxy import Proxy

FORBIDDEN_BY_DEFAULT = [
    "pull alpine", "logs C", "wait C", "rm -f C", "restart C", "network ls",
    "config ls", "service ls", "stack ls", "secret ls", "plugin ls", "info",
    "system info", "build .", "swarm init",
]


@pytest.fixture
def target(direct):
    """A container for the commands to try their hands on."""
    direct.ok("run", "--detach", "--name", "target", "bb", "sleep", "1000")
    yield "target"
    direct.run("rm", "--force", "target")
    direct.run("network", "rm", "foo", "foobar")


@pytest.fixture
def client(program, engine, home):
    """A function that yields a client of a proxy with these toggles."""
    @contextlib.contextmanager
    def run(**toggles):
        environment = {"DOCKER_PROXY_PROFILE": "tecnativa", **toggles}
        with Proxy(engine.socket, toggles=environment) as running:
            yield cli.Docker(program, running.host, home)
    return run


def check(docker, target, folder, allowed=(), forbidden=()):
    for commands, allow in ((allowed, True), (forbidden, False)):
        for command in commands:
            arguments = [target if word == "C" else word
                         for word in command.split()]
            done = docker.run(*arguments, cwd=folder)
            if allow:
                assert done.code == 0, (command, done)
            else:
                assert_denied(command, done)


def state(docker, target):
    """What a forbidden command would have changed."""
    return (docker.ok("inspect", "--format",
                      "{{.State.StartedAt}} {{.RestartCount}}", target),
            docker.ok("ps", "--all", "--quiet"),
            docker.ok("network", "ls", "--quiet"),
            sorted(docker.ok("images", "--all", "--quiet").split()))


@pytest.fixture
def untouched(direct, target):
    before = state(direct, target)
    yield
    assert state(direct, target) == before


@pytest.fixture
def context(tmp_path):
    (tmp_path / "Dockerfile").write_text("FROM bb\nRUN true\n")
    return tmp_path


def test_default_permissions(client, target, untouched, context):
    with client() as docker:
        check(docker, target, context, allowed=["version"],
              forbidden=FORBIDDEN_BY_DEFAULT)


def test_container_permissions(client, target, untouched, context):
    with client(CONTAINERS="1") as docker:
        check(docker, target, context, allowed=["logs C", "inspect C"],
              forbidden=["wait C", "run --rm alpine", "rm -f C",
                         "restart C"])


def test_post_permissions(client, target, untouched, context):
    with client(POST="1") as docker:
        check(docker, target, context,
              forbidden=["rm -f C", "pull alpine", "run --rm alpine",
                         "network create foobar"])


def test_network_post_permissions(client, target, context):
    with client(POST="1", NETWORKS="1") as docker:
        check(docker, target, context,
              allowed=["network ls", "network create foo", "network rm foo"])


def test_exec_permissions(client, target, context):
    with client(CONTAINERS="1", EXEC="1", POST="1") as docker:
        check(docker, target, context, allowed=["exec C ls"])
