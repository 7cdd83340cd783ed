"""The Engine goes and comes back; the proxy stays."""

import json
import socket

import pytest

from cli import Docker
from conftest import OPEN
from engine import Engine
from proxy import Proxy
from wait import until


@pytest.fixture
def engine():
    """An Engine that a test may stop."""
    own = Engine()
    try:
        yield own.start()
    finally:
        own.remove()


@pytest.fixture
def proxy(engine):
    with Proxy(engine.socket, policy=OPEN) as running:
        yield running


def assert_unavailable(proxy, path):
    for method, body in (("GET", None), ("HEAD", None), ("POST", b"{}")):
        status, text = proxy.ask(method, "/v1.41/info", body)
        assert status == 503, text
        if method == "HEAD":
            assert text == b""
            continue
        message = json.loads(text)["message"]
        assert "cannot connect to the Docker Engine" in message
        assert str(path) in message


def test_engine_stops_and_starts_again(engine, proxy):
    assert proxy.ask("GET", "/_ping") == (200, b"OK")
    for _ in range(2):
        engine.stop()
        assert_unavailable(proxy, engine.socket)
        engine.start()
        # The very next request: no connection of the old Engine is used.
        assert proxy.ask("GET", "/_ping") == (200, b"OK")
        assert proxy.ask("GET", "/v1.41/containers/json")[0] == 200


def test_engine_restarts_between_two_requests(engine, proxy):
    """The pool's connections are dead, and nobody had told the proxy."""
    for method, target in (("GET", "/_ping"), ("POST", "/networks/prune")):
        assert proxy.ask("GET", "/_ping")[0] == 200
        engine.stop()
        engine.start()
        assert proxy.ask(method, target)[0] == 200


def test_socket_that_nobody_listens_on(engine, proxy):
    engine.stop()
    engine.socket.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(engine.socket))
        assert_unavailable(proxy, engine.socket)
        engine.socket.unlink()
    engine.start()
    assert proxy.ask("GET", "/_ping") == (200, b"OK")


def test_path_that_is_no_socket(tmp_path):
    plain = tmp_path / "docker.sock"
    plain.write_text("")
    with Proxy(plain, policy=OPEN) as proxy:
        assert_unavailable(proxy, plain)


def test_streams_end_with_the_engine(program, engine, proxy, home):
    """As they end without a proxy; and the proxy goes on."""
    with Docker(program, engine.host, home).start("events") as direct, \
            Docker(program, proxy.host, home).start("events") as proxied:
        until(lambda: engine.event_listeners() == 2,
              "the Engine to serve both event streams")
        engine.stop()
        ends = [(side.wait(), side.errors()) for side in (proxied, direct)]
    assert ends[0] == ends[1]
    assert_unavailable(proxy, engine.socket)
