"""The read-only sidecar: what it is given works, and nothing else does."""

import base64
import os

import pytest

import cli
from alike import assert_denied
from proxy import Proxy
from wait import until

TOGGLES = {"CONTAINERS": "1", "SERVICES": "1", "NETWORKS": "1",
           "VOLUMES": "1", "EXEC": "0", "SYSTEM": "0"}

OPEN = [
    "ps --all --no-trunc --quiet", "inspect web", "logs web", "top web",
    "diff web", "port web", "network ls", "network inspect bridge",
    "volume ls", "volume inspect kept", "version",
    # The Engine's own answer, that it is no swarm manager.
    "service ls", "service inspect nosuch",
]
CLOSED = [
    "run --rm bb true", "run --detach --name new bb true", "exec web true",
    "exec --privileged web true", "rm --force web", "stop web", "kill web",
    "restart web", "pause web", "rename web other", "create --name new bb",
    "update --cpu-shares 2 web", "attach --no-stdin web", "wait web",
    "cp web:/www/index.html -", "export web", "commit web stolen", "images",
    "pull bb", "image save bb", "tag bb other", "rmi bb", "info",
    "system df", "swarm init", "secret ls", "config ls", "node ls",
    "plugin ls", "network create net", "network rm bridge",
    "network connect bridge web", "network prune --force",
    "volume create new", "volume rm kept", "volume prune --force",
    "container prune --force", "build -",
]


@pytest.fixture(scope="module")
def sidecar(engine):
    with Proxy(engine.socket, toggles=TOGGLES) as running:
        yield running


@pytest.fixture
def reader(program, sidecar, home):
    return cli.Docker(program, sidecar.host, home)


@pytest.fixture(autouse=True)
def kept(direct):
    """A volume to look at; and nothing may have changed in the end."""
    direct.ok("volume", "create", "kept")
    before = world(direct)
    yield
    assert world(direct) == before
    direct.ok("volume", "rm", "kept")


def world(docker):
    """In an order of ours: images of the same second come in any."""
    return [sorted(docker.ok(*command.split()).splitlines()) for command in (
        "ps --all --quiet --no-trunc", "images --all --quiet --no-trunc",
        "network ls --quiet", "volume ls --quiet", "inspect web")]


def test_lists_and_inspects(direct, reader):
    for command in OPEN:
        assert reader.run(*command.split()) == direct.run(*command.split())


def test_does_nothing_else(reader):
    for command in CLOSED:
        done = reader.run(*command.split(), data=b"FROM bb\n")
        assert_denied(command, done)


def test_events_are_open(reader, direct, engine):
    before = engine.event_listeners()
    with reader.start("events", "--filter", "volume=seen",
                      "--format", "{{.Action}}") as events:
        until(lambda: engine.event_listeners() > before,
              "the Engine to serve the event stream")
        direct.ok("volume", "create", "seen")
        direct.ok("volume", "rm", "seen")
        assert [events.line(), events.line()] == ["create", "destroy"]


@pytest.mark.parametrize("method, target", [
    ("GET", "/containers/web/attach/ws?stream=1&stdin=1"),
    ("GET", "/v1.41/containers/web/attach/ws?stream=1"),
    ("POST", "/v1.41/containers/web/attach?stream=1"),
    ("GET", "/v1.41/containers/web/archive?path=/etc/passwd"),
    ("HEAD", "/v1.41/containers/web/archive?path=/etc/passwd"),
    ("PUT", "/v1.41/containers/web/archive?path=/tmp"),
    ("GET", "/v1.41/containers/web/export"),
    ("POST", "/v1.41/containers/web/exec"),
    ("GET", "/v1.41/exec/0123/json"),
    ("POST", "/session"), ("POST", "/grpc"),
    ("GET", "/debug/pprof/cmdline"), ("GET", "/images/json"),
    ("OPTIONS", "/containers/json"), ("GET", "/"),
])
def test_no_way_around(sidecar, method, target):
    key = base64.b64encode(os.urandom(16)).decode()
    headers = {"Connection": "Upgrade", "Upgrade": "websocket",
               "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
    status, body = sidecar.ask(method, target, headers=headers)
    assert status == 403, body
