"""Whoever ends or resets at whichever byte: what is cut short never looks
whole, to the Engine and to the client, and nothing is left behind."""

import contextlib

import pytest

import fake_engine
import wire
from exposition import scrape
from proxy_process import DENIALS, free_port
from wire import chunked, request

SWITCH = (b"HTTP/1.1 101 UPGRADED\r\n"
          b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
JSON = b'[{"Id":"1","Labels":{"secret":"x"}},{"Id":"2"}]'
REDACT = {"name": "no-labels", "action": "response_filter",
          "conditions": [{"field": "path", "operator": "equals",
                          "value": "/images/json"}],
          "response_filter": [{"field": "*.Labels.secret",
                               "action": "remove"}]}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def engine():
    """Only TCP knows resets."""
    e = fake_engine.FakeEngine(("127.0.0.1", 0))
    yield e
    e.close()


@pytest.fixture(scope="module")
def settings():
    return {"admin": {"listen": f"127.0.0.1:{free_port()}"}}


@pytest.fixture
def nothing_left(proxy, settings):
    yield

    def right():
        m = scrape(int(settings["admin"]["listen"].rpartition(":")[2]))
        return m("connections") == 0 and m("engine_connections", "busy") == 0
    wire.wait_until(right, "no connection is left, and none is busy")


# --- the Engine ---------------------------------------------------------------

def cut(data, how):
    """The Engine's answer stops there."""
    def script(x):
        x.body()
        x.send(data)
        # A reset overtakes what has not been read.
        wire.wait_until(lambda: wire.unread_there(x.sock) == 0, "read")
        x.close() if how == "end" else x.reset()
    return script


ANSWERS = {
    "length": HEAD + b"Content-Length: %d\r\n\r\n" % len(JSON) + JSON,
    "chunked": HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
               + chunked(JSON[:20], JSON[20:]),
    "interim": b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD
               + b"Content-Length: 5\r\n\r\nhello",
    "empty": HEAD + b"Content-Length: 0\r\n\r\n",
}


def outcome(client, version):
    """None: it broke off. Else the answer."""
    try:
        r = client.head()
        framing, length = r.head.framing()
        if framing is None and r.status == 200:
            assert version == "1.0" and length is None
            r.body = client.read_to_end()
        else:
            r.body = client.reader.body(framing, length)
        return r
    except (wire.Truncated, ConnectionResetError):
        return None


@pytest.mark.parametrize("how", ["end", "reset"])
@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_an_answer(proxy, engine, nothing_left, kind, how, version):
    data = ANSWERS[kind]
    for n in range(len(data)):
        name = engine.play(cut(data[:n], how))
        with proxy.connect("tcp") as client:
            client.send(f"GET /containers/{name}/json HTTP/{version}\r\n"
                        "Host: d\r\n\r\n".encode())
            r = outcome(client, version)
            assert r is None or (r.status == 502 and r.message()), \
                f"after {n} bytes: {r.head.raw} {r.body}"
        assert len(engine.named(name)) <= 2


@pytest.mark.parametrize("how", ["end", "reset"])
@pytest.mark.parametrize("kind", ["length", "chunked"])
def test_an_answer_that_is_filtered(own_proxy, engine, kind, how):
    """JSON that ends within a value, or does not end."""
    proxy = own_proxy(rules=[*DENIALS, REDACT])
    data = ANSWERS[kind]
    for n in range(len(data)):
        name = engine.play(cut(data[:n], how))
        with proxy.connect("tcp") as client:
            client.send(request("GET", f"/images/json?x={name}"))
            r = outcome(client, "1.1")
            assert r is None or r.status == 502, f"{n}: {r.body}"


@pytest.mark.parametrize("how", ["end", "reset"])
def test_a_switch(proxy, engine, nothing_left, how):
    """Within the 101: none. Behind it: what came, and the end."""
    data = SWITCH + b"hello"
    for n in range(len(data)):
        name = engine.play(cut(data[:n], how))
        with proxy.connect("tcp") as client:
            client.send(request("POST", f"/containers/{name}/attach",
                                "Connection: Upgrade", "Upgrade: tcp"))
            r = client.head()
            if n < len(SWITCH):
                assert r.status == 502
                continue
            assert r.status == 101
            with contextlib.suppress(ConnectionResetError):
                assert client.read_to_end() == data[len(SWITCH):n]


# --- the client ---------------------------------------------------------------

BODY = b'{"Image":"alpine"}'
REQUESTS = {
    "GET": lambda name: request("GET", f"/containers/{name}/json"),
    "held": lambda name: request(
        "POST", f"/containers/create?name={name}", body=BODY),
    "held-chunked": lambda name: request(
        "POST", f"/containers/create?name={name}",
        "Transfer-Encoding: chunked") + chunked(BODY[:9], BODY[9:]),
    "streamed": lambda name: request(
        "POST", f"/images/load?x={name}", body=BODY),
    "streamed-chunked": lambda name: request(
        "POST", f"/images/load?x={name}", "Transfer-Encoding: chunked")
    + chunked(BODY[:9], BODY[9:]),
}


def leave(client, how):
    if how == "reset":
        client.reset()
    elif how == "end":
        client.half_close()
    else:
        client.sock.close()


@pytest.mark.parametrize("how", ["end", "close", "reset"])
@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request(proxy, engine, nothing_left, kind, how):
    """The Engine gets all of it, or sees that it did not."""
    names = []
    size = len(REQUESTS[kind](engine.play()))
    for n in range(size):
        name = engine.play()
        data = REQUESTS[kind](name)[:n]
        if len(data) < n:
            break  # names grow
        names.append(name)
        with proxy.connect("tcp") as client:
            client.send_apart([data])
            leave(client, how)
            if how == "end":
                with contextlib.suppress(ConnectionResetError):
                    rest = client.read_to_end()
                    assert not rest or b" 400 " in rest[:20]
    engine.drop_idle()
    for name in names:
        for r in engine.named(name):
            assert kind.startswith("streamed") and not r.complete, r


@pytest.mark.parametrize("listener", ["tcp", "unix"])
@pytest.mark.parametrize("kind", ["length", "chunked", "tunnel"])
def test_a_reader(proxy, engine, nothing_left, kind, listener):
    """A client that goes after each byte of its answer, with more to come:
    the Engine is let go."""
    head = {"length": HEAD + b"Content-Length: 99999\r\n\r\n",
            "chunked": HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n",
            "tunnel": SWITCH}[kind]

    def script(x):
        x.send(head + b"x" * 9999)
        x.wait_gone()

    names = []
    for n in range(1, 130):
        names.append(engine.play(script))
        with proxy.connect(listener, receive_buffer=4096) as client:
            client.send(request("POST", f"/containers/{names[-1]}/attach",
                                "Connection: Upgrade", "Upgrade: tcp"))
            client.read(n)
            client.reset()
    for name in names:
        assert engine.wait_for(name).connection.closed.wait(wire.TIMEOUT)
