"""Tunnels: only where the Engine switches, and each half closed by itself."""

import hashlib
import threading

import pytest

import wire
from fake_engine import OK
from wire import answer, request

MIB = 1 << 20
SWITCH = (b"HTTP/1.1 101 UPGRADED\r\n"
          b"Content-Type: application/vnd.docker.raw-stream\r\n"
          b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n")
RAW_STREAM = (b"HTTP/1.1 200 OK\r\n"
              b"Content-Type: application/vnd.docker.raw-stream\r\n\r\n")
ASK = ["Connection: Upgrade", "Upgrade: tcp"]
DETACHED = b'{"Detach": false, "Tty": true}'


def attach(name, *fields):
    return request("POST", f"/v1.41/containers/{name}/attach"
                           "?stream=1&stdin=1", *fields)


def exec_start(name, *fields):
    return request("POST", f"/v1.41/exec/{name}/start", *fields,
                   "Content-Type: application/json", body=DETACHED)


# How a tunnel is asked for, and how the Engine grants it.
TUNNELS = {
    "attach": (attach, ASK, SWITCH),
    "exec": (exec_start, ASK, SWITCH),
    "attach-200": (attach, [], RAW_STREAM),
    "exec-200": (exec_start, [], RAW_STREAM),
    "attach-200-asked": (attach, ASK, RAW_STREAM),
    "websocket": (
        lambda n, *f: request("GET", f"/containers/{n}/attach/ws", *f),
        ["Connection: Upgrade", "Upgrade: websocket",
         "Sec-WebSocket-Version: 13",
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n"),
    "session": (
        lambda n, *f: request("POST", f"/v1.41/session?x={n}", *f),
        ["Connection: Upgrade", "Upgrade: h2c",
         "X-Docker-Expose-Session-Uuid: u"],
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
        b"Upgrade: h2c\r\n\r\n"),
    "grpc": (
        lambda n, *f: request("POST", f"/grpc?x={n}", *f),
        ["Connection: Upgrade", "Upgrade: h2c"],
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
        b"Upgrade: h2c\r\n\r\n"),
}
tunnels = pytest.mark.parametrize("kind", TUNNELS)


def ask(name, kind):
    make, fields, _ = TUNNELS[kind]
    return make(name, *fields)


def switch(x, kind):
    x.body()
    x.send(TUNNELS[kind][2])


def echo(kind):
    """Switches, then sends back all there is, then ends."""
    def script(x):
        switch(x, kind)
        reader = x.connection.reader
        while True:
            x.send(reader.take(len(reader.buffer)))
            if not reader.fill():
                break
        x.close()
    return script


def open_tunnel(client, name, kind):
    client.send(ask(name, kind))
    response = client.head()
    assert response.status == int(TUNNELS[kind][2][9:12])
    return response


@tunnels
def test_bytes_both_ways(proxy, engine, kind):
    name = engine.play(echo(kind))
    with proxy.connect() as client:
        open_tunnel(client, name, kind)
        for data in (b"ls\n", b"\0\xff\r\n\r\n", b"x" * 100_000,
                     request("GET", "/secrets")):
            client.send(data)
            assert client.read(len(data)) == data
        client.half_close()
        assert client.at_end()


@tunnels
def test_the_heads_of_a_switch(proxy, engine, kind):
    """Upgrade is forwarded, with a Connection of our own, and so is the
    Engine's answer."""
    name = engine.play(echo(kind))
    with proxy.connect() as client:
        response = open_tunnel(client, name, kind)
    r = engine.named(name)[0]
    asked = dict(f.split(": ") for f in TUNNELS[kind][1])
    assert r.head.value("Upgrade") == asked.pop("Upgrade", None)
    assert (r.head.value("Connection") or "").lower() == \
        asked.pop("Connection", "").lower()
    for field, value in asked.items():
        assert r.head.value(field) == value
    granted = wire.Head(TUNNELS[kind][2])
    assert response["Upgrade"] == granted.value("Upgrade")
    assert response["Content-Type"] == granted.value("Content-Type")
    if response.status == 101:
        assert response["Connection"].lower() == "upgrade"
    assert response.head.framing() == (None, None)


@pytest.mark.parametrize("path", ["session", "grpc"])
def test_upgrade_without_connection(proxy, engine, path):
    """The Engine looks at Upgrade alone; RFC 9110 section 7.8 wants it
    named. Not switching is an answer, a half-switched state is none."""
    name = engine.play(OK)
    with proxy.connect() as client:
        r = client.ask(request("POST", f"/{path}?x={name}", "Upgrade: h2c"))
        assert r.status in (200, 400)


# --- early bytes ------------------------------------------------------------

@tunnels
def test_early_bytes_wait_for_the_switch(proxy, engine, kind):
    """The Engine would lose them: none may arrive before its 101."""
    go_on = threading.Event()
    seen = []

    def script(x):
        x.body()
        assert go_on.wait(wire.TIMEOUT)
        seen.append(bytes(x.connection.reader.buffer))
        seen.append(wire.unread_here(x.sock))
        x.send(TUNNELS[kind][2])
        seen.append(x.read(12))
        x.send(b"done")
        x.close()

    name = engine.play(script)
    with proxy.connect() as client:
        client.send_apart([ask(name, kind) + b"early ", b"by", b"tes "])
        engine.wait_for(name)
        go_on.set()
        client.head()
        client.send(b"later")
        assert client.read_to_end() == b"done"
    assert seen == [b"", 0, b"early bytes "]


@pytest.mark.parametrize("listener", ["tcp", "unix"])
def test_many_early_bytes(proxy, engine, listener):
    """More than any buffer holds: the client is not read on, and nothing
    is lost or turned about."""
    go_on = threading.Event()
    got = []

    def script(x):
        x.body()
        assert go_on.wait(wire.TIMEOUT)
        assert not x.connection.reader.buffer
        x.send(SWITCH)
        got.append(x.read_to_end())
        x.close()

    name = engine.play(script)
    with proxy.connect(listener) as client:
        def send():
            client.send(exec_start(name, *ASK) + DATA["client"])
            client.half_close()

        sender = threading.Thread(target=send)
        sender.start()
        engine.wait_for(name)
        go_on.set()
        assert client.head().status == 101
        sender.join()
        assert client.at_end()
    assert got == [DATA["client"]]


@pytest.mark.parametrize("kind", ["attach", "exec", "exec-200"])
def test_switch_cut_everywhere(proxy, engine, kind):
    """With the first bytes of the stream in one piece with the head."""
    data = TUNNELS[kind][2] + b"hello"

    def script(pieces):
        def run(x):
            x.body()
            x.send_apart(pieces)
            assert x.read(3) == b"abc"
            x.send(b"bye")
            x.close()
        return run

    for pieces in wire.in_two(data) + [wire.bytewise(data)]:
        name = engine.play(script(pieces))
        with proxy.connect() as client:
            client.send(ask(name, kind) + b"abc")
            client.head()
            assert client.read_to_end() == b"hellobye"


# --- half-close -------------------------------------------------------------

DATA = {"client": hashlib.shake_256(b"client").digest(3 * MIB),
        "engine": hashlib.shake_256(b"engine").digest(3 * MIB)}


@pytest.mark.parametrize("listener", ["tcp", "unix"])
@tunnels
def test_the_client_ends_first(proxy, engine, kind, listener):
    """`docker exec -i`: stdin ends, then the output comes."""
    got = []

    def script(x):
        switch(x, kind)
        got.append(x.read_to_end())
        x.send(DATA["engine"])
        x.close()

    name = engine.play(script)
    with proxy.connect(listener) as client:
        open_tunnel(client, name, kind)
        client.send(DATA["client"])
        client.half_close()
        assert client.read_to_end() == DATA["engine"]
    assert got == [DATA["client"]]


@pytest.mark.parametrize("listener", ["tcp", "unix"])
@tunnels
def test_the_engine_ends_first(proxy, engine, kind, listener):
    got = []
    done = threading.Event()

    def script(x):
        switch(x, kind)
        x.send(DATA["engine"])
        x.half_close()
        got.append(x.read_to_end())
        done.set()

    name = engine.play(script)
    with proxy.connect(listener) as client:
        open_tunnel(client, name, kind)
        assert client.read_to_end() == DATA["engine"]
        client.send(DATA["client"])
        client.half_close()
        assert done.wait(wire.TIMEOUT)
    assert got == [DATA["client"]]


@pytest.mark.parametrize("kind", ["attach", "exec-200"])
def test_both_ways_at_once(proxy, engine, kind):
    got = []
    done = threading.Event()

    def script(x):
        switch(x, kind)
        writer = threading.Thread(target=x.send, args=(DATA["engine"],))
        writer.start()
        got.append(x.read(len(DATA["client"])))
        writer.join()
        x.close()
        done.set()

    name = engine.play(script)
    with proxy.connect("tcp") as client:
        open_tunnel(client, name, kind)
        writer = threading.Thread(target=client.send, args=(DATA["client"],))
        writer.start()
        assert client.read_to_end() == DATA["engine"]
        writer.join()
    assert done.wait(wire.TIMEOUT)
    assert got == [DATA["client"]]


def test_early_bytes_and_half_close(proxy, engine):
    """`echo x | docker attach`: all is said before the Engine answers."""
    got = []
    go_on = threading.Event()

    def script(x):
        assert go_on.wait(wire.TIMEOUT)
        x.send(SWITCH)
        got.append(x.read_to_end())
        x.send(b"output")
        x.close()

    name = engine.play(script)
    with proxy.connect("tcp") as client:
        client.send(attach(name, *ASK) + b"input")
        engine.wait_for(name)
        client.half_close()
        go_on.set()
        assert client.head().status == 101
        assert client.read_to_end() == b"output"
    assert got == [b"input"]


@pytest.mark.parametrize("listener", ["tcp", "unix"])
def test_the_client_vanishes(proxy, engine, listener):
    """A reset, or a close of both halves, while the Engine is quiet."""
    gone = threading.Event()

    def script(x):
        switch(x, "attach")
        x.wait_gone()
        gone.set()

    name = engine.play(script)
    with proxy.connect(listener) as client:
        open_tunnel(client, name, "attach")
        client.reset()
    assert gone.wait(wire.TIMEOUT / 3)  # soon: not by any timeout


def test_the_engine_vanishes(proxy, engine):
    def script(x):
        switch(x, "attach")
        x.send(b"hello")
        x.close()

    name = engine.play(script)
    with proxy.connect() as client:
        open_tunnel(client, name, "attach")
        assert client.read(5) == b"hello"
        assert client.gone()


@pytest.mark.parametrize("listener", ["tcp", "unix"])
@pytest.mark.parametrize("size", [1000, 150_000])
@pytest.mark.parametrize("late", [0, 1, 3])
def test_the_engine_ends_while_the_client_still_writes(proxy, engine, late,
                                                       size, listener):
    """An exec that ends under a typing user, who reads slowly: what it
    printed last must not be destroyed for what was typed too late. (An
    Engine that closes with something unread looks reset to the proxy.)"""
    output = DATA["engine"][:size]

    def script(x):
        switch(x, "attach")
        x.send(output)
        wire.wait_until(lambda: wire.unread_here(x.sock), "typed")
        x.close()

    name = engine.play(script)
    with proxy.connect(listener, receive_buffer=4096) as client:
        open_tunnel(client, name, "attach")
        client.send(b"x" * 100)
        assert engine.named(name)[0].connection.closed.wait(wire.TIMEOUT)
        try:
            for _ in range(late):
                client.send(b"y" * 100)
        except (BrokenPipeError, ConnectionResetError):
            pass  # closed already
        assert client.read(len(output)) == output
        assert client.gone()


# --- when the Engine does not switch ----------------------------------------

REFUSALS = {
    "404": answer("404 Not Found", "Content-Type: application/json",
                  body=b'{"message":"no such exec"}'),
    "409-chunked": answer("409 Conflict", body=b"conflict",
                          framing="chunked"),
    "200-length": answer("200 OK", body=b""),
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
}


@pytest.mark.parametrize("kind", ["attach", "exec", "exec-200", "session",
                                  "grpc", "websocket"])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_follows_a_refusal_is_judged(proxy, engine, refusal, kind):
    """The Engine stays in HTTP mode and would execute what follows: a
    smuggled kill must be denied, and an honest request be served."""
    name, after = engine.play(REFUSALS[refusal]), engine.play()
    smuggled = request("POST", f"/containers/{name}/kill")
    with proxy.connect() as client:
        client.send(ask(name, kind) + smuggled
                    + request("GET", f"/containers/{after}/json"))
        assert client.response().status == int(REFUSALS[refusal][9:12])
        assert client.response().status == 403
        assert client.response().body == b"ok"
    assert len(engine.named(name)) == 1


def test_rubbish_behind_a_refusal_goes_nowhere(proxy, engine):
    name = engine.play(REFUSALS["404"])
    with proxy.connect() as client:
        client.send(attach(name, *ASK) + b"echo hello\n")
        assert client.response().status == 404
        assert client.response().status == 400
        assert client.gone()
    r = engine.named(name)[0]
    assert b"echo" not in r.connection.record


def test_a_handwritten_error_ends_with_the_connection(proxy, engine):
    """attach writes its 404 without a length and closes."""
    def script(x):
        x.send(b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json"
               b"\r\n\r\n{\"message\":\"no such container\"}\r\n")
        x.close()

    name = engine.play(script)
    with proxy.connect() as client:
        client.send(attach(name, *ASK)
                    + request("POST", f"/containers/{name}/kill"))
        r = client.response()
        assert (r.status, r.body) == (
            404, b'{"message":"no such container"}\r\n')
        assert client.gone() or client.response().status == 403
    assert len(engine.named(name)) == 1


def test_raw_stream_with_framing_is_no_tunnel(proxy, engine):
    name = engine.play(answer(
        "200 OK", "Content-Type: application/vnd.docker.raw-stream",
        body=b"hello"))
    with proxy.connect() as client:
        client.send(attach(name) + request("POST",
                                           f"/containers/{name}/kill"))
        assert client.response().body == b"hello"
        assert client.response().status == 403
    assert len(engine.named(name)) == 1


def test_raw_stream_elsewhere_is_no_tunnel(proxy, engine):
    """logs of a terminal: EOF-delimited, but nothing flows up."""
    def script(x):
        x.send(RAW_STREAM + b"hello")
        x.close()

    name = engine.play(script)
    with proxy.connect() as client:
        client.send(request("GET", f"/containers/{name}/logs")
                    + request("POST", f"/containers/{name}/kill"))
        assert client.response().body == b"hello"
        assert client.response().status == 403
    assert len(engine.named(name)) == 1


# --- where no switch is meant -----------------------------------------------

@pytest.mark.parametrize("method, path", [
    ("GET", "/containers/{}/json"), ("POST", "/containers/{}/wait"),
    ("POST", "/build?x={}"), ("GET", "/session?x={}"), ("GET", "/grpc?x={}"),
    ("GET", "/containers/{}/attach"), ("POST", "/containers/{}/attach/ws"),
    ("GET", "/exec/{}/start"), ("POST", "/exec/{}/resize"),
    ("POST", "/sessions?x={}"), ("POST", "/images/{}/attach"),
    ("GET", "/events?x={}"),
])
@pytest.mark.parametrize("protocol", ["tcp", "h2c", "websocket"])
def test_upgrade_is_not_forwarded(client, engine, method, path, protocol):
    name = engine.play()
    r = client.ask(request(method, path.format(name), "Connection: Upgrade",
                           "Upgrade: " + protocol))
    assert r.status == 200
    head = engine.named(name)[0].head
    assert head.values("Upgrade") == [] and head.values("Connection") == []


@pytest.mark.parametrize("make", [
    lambda n: request("GET", f"/containers/{n}/json"),
    lambda n: request("GET", f"/containers/{n}/json", *ASK),
    lambda n: request("POST", f"/containers/{n}/wait"),
    attach, exec_start,
])
def test_a_switch_that_nobody_asked_for(proxy, engine, make):
    """The proxy forwarded no Upgrade: 502, and nothing flows."""
    def script(x):
        x.body()
        x.send(SWITCH + b"evil")
        x.wait_gone()

    name = engine.play(script)
    with proxy.connect() as client:
        client.send(make(name) + request("POST", f"/containers/{name}/kill"))
        response = client.response()
        assert response.status == 502 and response.message()
        assert b"evil" not in response.body
        if not client.gone():
            assert client.response().status == 403
    assert len(engine.named(name)) == 1


@pytest.mark.parametrize("value", ["tcp, h2c", "h2c,tcp", "", "t cp"])
def test_one_protocol_only(proxy, untouched, value):
    with untouched, proxy.connect() as client:
        client.send(attach("a", "Connection: Upgrade", "Upgrade: " + value))
        assert client.response().status == 400
        assert client.gone()


def test_a_denied_upgrade(proxy, untouched):
    """Judged like any other request; the connection goes on."""
    with untouched, proxy.connect() as client:
        client.send(request("POST", "/containers/a/kill", *ASK)
                    + request("GET", "/secrets"))
        assert client.response().status == 403
        assert client.response().status == 403


def test_upgrade_on_http_1_0(proxy, engine):
    """RFC 9110 section 7.8: ignored in an HTTP/1.0 request."""
    name = engine.play(OK)
    with proxy.connect() as client:
        client.send((f"POST /containers/{name}/attach HTTP/1.0\r\n"
                     "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n").encode())
        assert client.response().status in (200, 400)
    for r in engine.named(name):
        assert r.head.value("Upgrade") is None
