"""Timeouts, each short enough to be waited for, and what must not run into
one.

A machine may pause any of us for a while: between connecting and speaking,
or between two bytes that are meant to come in time. What is meant to be in
time has most of a second to spare.
"""

import threading
import time

import pytest

import wire
from fake_engine import OK, Untouched
from wire import request

SHORT_MS = 1000
CLIENTS = ("request_head", "request_body", "keepalive")
SWITCH = (b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n"
          b"Upgrade: tcp\r\n\r\n")


@pytest.fixture
def impatient(own_proxy):
    """Starts a proxy of which these timeouts are short."""
    def start(*kinds, ms=SHORT_MS):
        return own_proxy(global_={
            "timeouts": {kind: f"{ms}ms" for kind in kinds}})
    return start


def refused(client, status):
    r = client.response()
    assert r.status == status and r.message()


def wait_ms(ms):
    assert not threading.Event().wait(ms / 1000)


def attach(name):
    return request("POST", f"/containers/{name}/attach",
                   "Connection: Upgrade", "Upgrade: tcp")


# --- a client's head ----------------------------------------------------------

@pytest.mark.parametrize("part", [
    b"G", b"GET / HTTP/1.1\r\nHost: docker\r\n"])
def test_slow_head(impatient, engine, part):
    proxy = impatient("request_head")
    with Untouched(proxy, engine):
        started = time.monotonic()
        with proxy.connect() as client:
            client.send(part)
            refused(client, 408)
            assert client.gone()
        assert time.monotonic() - started > SHORT_MS * 0.8 / 1000


def test_a_head_that_trickles(impatient, engine):
    """The time is for the whole head. If each byte bought more of it, there
    would be no answer before thousands of them have made a limit's worth."""
    proxy = impatient("request_head")
    with Untouched(proxy, engine), proxy.connect() as client:
        stop = threading.Event()

        def trickle():
            try:
                client.send(b"GET /containers/json HTTP/1.1\r\nX: ")
                while not stop.wait(SHORT_MS / 20 / 1000):
                    client.send(b"x")
            except OSError:
                pass

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            refused(client, 408)
        finally:
            stop.set()
            thread.join()


def test_a_client_that_says_nothing(impatient):
    """Closed without a word: there is no request to answer."""
    with impatient("request_head").connect() as client:
        rest = client.read_to_end()
        assert not rest or rest.startswith(b"HTTP/1.1 408 ")


# --- its body -----------------------------------------------------------------

def test_slow_held_body(impatient, engine):
    proxy = impatient("request_body")
    data = request("POST", "/containers/create", body=b"{}")
    with Untouched(proxy, engine), proxy.connect() as client:
        client.send(data[:-1])
        refused(client, 408)
        assert client.gone()


@pytest.mark.parametrize("framing", ["Content-Length: 100",
                                     "Transfer-Encoding: chunked"])
def test_slow_streamed_body(impatient, engine, framing):
    name = engine.play(lambda x: x.body())
    with impatient("request_body").connect() as client:
        client.send(request("POST", f"/images/load?x={name}", framing)
                    + b"5\r\nhello\r\n")
        refused(client, 408)
        assert client.gone()
    r = engine.named(name)[0]
    assert r.connection.closed.wait(wire.TIMEOUT)
    assert not r.complete


def test_a_body_that_comes_slowly_but_comes(impatient, engine):
    """request_body is about silence, not about the whole: that takes one and
    a half times as long here."""
    name = engine.play()
    with impatient("request_body", ms=2 * SHORT_MS).connect() as client:
        client.send(request("POST", f"/images/load?x={name}",
                            "Content-Length: 6"))
        for _ in range(6):
            wait_ms(SHORT_MS / 2)
            client.send(b"x")
        assert client.response().status == 200
    assert engine.named(name)[0].body == b"x" * 6


# --- between requests, and when it is not the client's turn -------------------

def test_idle_client(impatient):
    """keepalive: closed without a word, and not before its time."""
    with impatient("keepalive").connect() as client:
        started = time.monotonic()
        assert client.get("/containers/json").status == 200
        assert client.at_end()
        assert time.monotonic() - started > SHORT_MS * 0.8 / 1000


def test_a_thinking_engine_is_no_idle_client(impatient, engine):
    """`wait` takes as long as it takes: no timeout of ours counts."""
    def script(x):
        wait_ms(SHORT_MS * 1.5)
        x.send(OK)

    name = engine.play(script)
    with impatient(*CLIENTS).connect() as client:
        assert client.ask(request(
            "POST", f"/containers/{name}/wait")).status == 200


def test_a_quiet_tunnel_is_no_idle_client(impatient, engine):
    def script(x):
        x.send(SWITCH)
        assert x.read(5) == b"hello"
        x.send(b"bye")
        x.close()

    name = engine.play(script)
    with impatient(*CLIENTS).connect() as client:
        client.send(attach(name))
        assert client.head().status == 101
        wait_ms(SHORT_MS * 1.5)
        client.send(b"hello")
        assert client.read_to_end() == b"bye"


# --- the Engine's -------------------------------------------------------------

def test_engine_response(impatient, engine):
    """504 when the Engine thinks too long, where that is set."""
    name = engine.play(lambda x: x.wait_gone())
    with impatient("engine_response").connect() as client:
        client.send(request("POST", f"/containers/{name}/restart"))
        refused(client, 504)
    assert engine.named(name)[0].connection.closed.wait(wire.TIMEOUT)
    assert len(engine.named(name)) == 1


def test_tunnel_idle(impatient, engine):
    def script(x):
        x.send(SWITCH)
        x.wait_gone()

    name = engine.play(script)
    with impatient("tunnel_idle").connect() as client:
        client.send(attach(name))
        assert client.head().status == 101
        assert client.gone()
    assert engine.named(name)[0].connection.closed.wait(wire.TIMEOUT)
