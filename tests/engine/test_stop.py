"""SIGTERM: what is idle or endless ends at once, work gets its time.

Proxy.stop() insists on an exit with code 0 within 20 s; the drain time is
30 s where a test does not set it.
"""

import pytest

import hijack
from cli import Docker
from conftest import OPEN
from proxy import Proxy
from wait import until

BRIEF = {"auth": {"type": "none"},
         "global": {"default": "allow", "timeouts": {"drain": "3s"}}}


@pytest.fixture
def exec_in(engine):
    """A function that starts an exec on a hijacked connection."""
    def run(proxy, *command):
        exec_id = hijack.exec_create(proxy, "web", list(command))
        raw, status, _ = hijack.exec_start(proxy, exec_id, True)
        assert status == 101
        return raw
    return run


def test_idle_client(engine):
    proxy = Proxy(engine.socket, policy=OPEN)
    with proxy.connect() as raw:
        raw.sendall(b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n")
        hijack.read_head(raw)
        assert hijack.exactly(raw, 2) == b"OK"
        proxy.stop()
        assert raw.recv(1) == b""


def test_endless_answer(program, engine, home):
    proxy = Proxy(engine.socket, policy=OPEN)
    before = engine.event_listeners()
    with Docker(program, proxy.host, home).start("events") as events:
        until(lambda: engine.event_listeners() > before,
              "the Engine to serve the event stream")
        proxy.stop()
        events.wait()


def test_tunnel_that_the_engine_has_ended(engine, exec_in):
    """docker-py keeps such connections until they are garbage."""
    proxy = Proxy(engine.socket, policy=OPEN)
    with exec_in(proxy, "true") as raw:
        assert hijack.to_the_end(raw) == b""
        proxy.stop()


def stopping(proxy):
    """SIGTERM, and wait for the proxy to have taken it."""
    proxy.terminate()
    until(lambda: "stopping" in proxy.text(), "the proxy to stop")


def test_tunnel_in_use_gets_the_drain_time(engine, exec_in):
    proxy = Proxy(engine.socket, policy=BRIEF)
    with exec_in(proxy, "cat") as raw:
        stopping(proxy)
        raw.sendall(b"still here\n")
        assert hijack.frame(raw) == (1, b"still here\n")
        proxy.ended()
        assert raw.recv(1) == b""


@pytest.mark.parametrize("stays", [False, True])
def test_tunnel_that_ends_in_time_ends_the_proxy(engine, exec_in, stays):
    """Whether or not its client then closes the connection."""
    proxy = Proxy(engine.socket, policy=OPEN)
    with exec_in(proxy, "sh", "-c", "read line; echo $line") as raw:
        stopping(proxy)
        raw.sendall(b"last words\n")
        assert hijack.frame(raw) == (1, b"last words\n")
        assert hijack.to_the_end(raw) == b""
        if not stays:
            raw.close()
        proxy.ended()


def test_second_signal_ends_it_at_once(engine, exec_in):
    proxy = Proxy(engine.socket, policy=OPEN)
    with exec_in(proxy, "cat") as raw:
        stopping(proxy)
        proxy.stop()
        assert raw.recv(1) == b""
