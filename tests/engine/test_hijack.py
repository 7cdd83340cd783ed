"""Connections taken over, in each way the Engine grants."""

import pytest

import hijack
from conftest import debian


@pytest.fixture(params=["direct", "proxied"])
def side(request, engine, proxy):
    return engine if request.param == "direct" else proxy


@pytest.fixture
def cat(engine):
    """A container on a terminal that echoes what it reads."""
    docker = debian(engine)
    docker.ok("run", "--detach", "--interactive", "--tty", "--name", "cat",
              "bb", "cat")
    yield "cat"
    docker.ok("rm", "--force", "cat")


@pytest.mark.parametrize("upgrade, status", [(True, 101), (False, 200)])
def test_exec_with_and_without_upgrade(side, upgrade, status):
    exec_id = hijack.exec_create(
        side, "web", ["sh", "-c", "read line; echo got $line; cat >&2"])
    raw, got, fields = hijack.exec_start(side, exec_id, upgrade)
    with raw:
        assert got == status
        assert fields["content-type"] == "application/vnd.docker.raw-stream"
        assert "content-length" not in fields
        assert "transfer-encoding" not in fields
        assert fields.get("upgrade", "none") == ("tcp" if upgrade else "none")
        raw.sendall(b"one\n")
        assert hijack.frame(raw) == (1, b"got one\n")
        raw.sendall(b"two\n")
        assert hijack.frame(raw) == (2, b"two\n")
        raw.shutdown(1)
        assert hijack.to_the_end(raw) == b""


@pytest.mark.parametrize("upgrade, status", [(True, 101), (False, 200)])
def test_attach_with_and_without_upgrade(side, cat, upgrade, status):
    headers = ["Connection: Upgrade", "Upgrade: tcp"] if upgrade else []
    raw, got, _ = hijack.request(
        side, "POST", f"/v1.41/containers/{cat}/attach"
        "?stream=1&stdin=1&stdout=1&stderr=1", headers)
    with raw:
        assert got == status
        raw.sendall(b"typed\n")
        wanted = b"typed\r\ntyped\r\n"
        assert hijack.exactly(raw, len(wanted)) == wanted


def test_attach_by_websocket(side, cat):
    raw, status, accepted = hijack.websocket(
        side, f"/v1.41/containers/{cat}/attach/ws"
        "?stream=1&stdin=1&stdout=1&stderr=1")
    with raw:
        assert (status, accepted) == (101, True)
        hijack.websocket_send(raw, b"typed\n")
        seen = b""
        while seen.count(b"typed\r\n") < 2:
            seen += hijack.websocket_receive(raw)
        assert seen == b"typed\r\ntyped\r\n"


@pytest.mark.parametrize("target, status", [
    ("/v1.41/containers/nosuch/attach?stream=1", 404),
    ("/v1.41/exec/nosuch/start", 404),
    ("/v1.41/containers/nosuch/attach/ws?stream=1", 404),
])
def test_hijacks_that_the_engine_refuses(side, target, status):
    method = "GET" if "/ws" in target else "POST"
    body = b'{"Detach":false}' if "/start" in target else b""
    raw, got, _ = hijack.request(
        side, method, target, ["Connection: Upgrade", "Upgrade: tcp"], body)
    with raw:
        assert got == status


def test_detached_exec_leaves_the_connection_to_http(side):
    """Upgrade is asked for and not granted: the next request is one."""
    exec_id = hijack.exec_create(side, "web", ["true"], AttachStdin=False,
                                 AttachStdout=False, AttachStderr=False)
    raw, status, fields = hijack.exec_start(side, exec_id, True, Detach=True)
    with raw:
        assert status == 200
        assert fields["content-length"] == "0"
        if fields.get("connection", "").lower() != "close":
            raw.sendall(b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n")
            assert b" 200 OK" in hijack.read_head(raw)
            assert hijack.exactly(raw, 2) == b"OK"
