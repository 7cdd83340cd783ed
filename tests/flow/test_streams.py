"""Long bodies: bounded memory, no spinning, whole or visibly broken."""

import hashlib
import threading
import time

import pytest

import proxy_process
import wire
from fake_engine import OK
from wire import answer, request

MIB = 1 << 20
BIG = 64 * MIB
# Buffers may grow to their bounds once; sanitizers keep shadow memory.
GROWTH_KIB = 48 * 1024 if proxy_process.SANITIZED else 4 * 1024
# Soon, and not by any of our timeouts.
SOON_S = wire.TIMEOUT / 3


class Pattern:
    """Bytes that are nowhere the same, in pieces, with their hash."""

    def __init__(self, total=BIG, piece=256 * 1024):
        self.total = total
        self.piece = piece
        self.sent = 0
        self.hash = hashlib.blake2b()
        self.base = hashlib.shake_256(b"flow").digest(piece)

    def __iter__(self):
        while self.sent < self.total:
            data = self.sent.to_bytes(8, "big") + self.base[8:]
            self.hash.update(data)
            yield data
            self.sent += len(data)


def stalled(progress):
    """Waits until progress() no longer changes."""
    last, since = -1, time.monotonic()

    def same():
        nonlocal last, since
        value, now = progress(), time.monotonic()
        if value != last:
            last, since = value, now
        return value > 0 and now - since > 0.3
    wire.wait_until(same, "the sender stalls")


def hash_of(read, total):
    h = hashlib.blake2b()
    while total:
        data = read(min(total, MIB))
        assert data
        h.update(data)
        total -= len(data)
    return h.hexdigest()


# --- back-pressure ----------------------------------------------------------

@pytest.mark.parametrize("listener", ["tcp", "unix"])
@pytest.mark.parametrize("framing", ["length", "chunked", "eof"])
def test_a_client_that_does_not_read(proxy, engine, framing, listener):
    # More than all the sockets' buffers on the way may hold.
    pattern = Pattern(BIG if framing == "length" else 32 * MIB)

    def script(x):
        x.send({
            "length": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
                      % pattern.total,
            "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                       b"\r\n\r\n",
            "eof": b"HTTP/1.1 200 OK\r\n\r\n"}[framing])
        for data in pattern:
            x.send(b"%x\r\n%s\r\n" % (len(data), data)
                   if framing == "chunked" else data)
        if framing == "chunked":
            x.send(b"0\r\n\r\n")
        if framing == "eof":
            x.close()

    name = engine.play(script)
    with proxy.connect(listener) as client:
        with proxy_process.PeakMemory(proxy) as memory:
            client.send(request("GET", f"/images/{name}/get"))
            stalled(lambda: pattern.sent)
            assert proxy.rests(), "it spins"
            assert pattern.sent < pattern.total
            if framing == "length":
                response = client.head()
                got = hash_of(client.read, int(response["Content-Length"]))
            else:
                body = client.response().body
                assert len(body) == pattern.total
                got = hashlib.blake2b(body).hexdigest()
        assert got == pattern.hash.hexdigest()
        assert memory.growth_kib() < GROWTH_KIB
        if framing != "eof":
            assert client.get("/containers/json").status == 200


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_engine_that_does_not_read(proxy, engine, framing):
    # More than all the sockets' buffers on the way may hold; that of a
    # connection which has carried much before has grown.
    engine.drop_idle()
    pattern = Pattern(BIG if framing == "length" else 32 * MIB)
    go_on = threading.Event()
    result = []

    def script(x):
        assert go_on.wait(wire.TIMEOUT * 3)
        reader = x.connection.reader
        if framing == "length":
            result.append(hash_of(
                lambda n: reader.take(n) or (reader.fill()
                                             and reader.take(n)),
                x.request.length))
        else:
            h = hashlib.blake2b()
            while piece := reader.chunk():
                h.update(piece)
            result.append(h.hexdigest())
        x.request.complete = True
        x.send(OK)

    def upload(client):
        for data in pattern:
            client.send(b"%x\r\n%s\r\n" % (len(data), data)
                        if framing == "chunked" else data)
        if framing == "chunked":
            client.send(b"0\r\n\r\n")

    name = engine.play(script)
    with proxy.connect("tcp") as client:
        with proxy_process.PeakMemory(proxy) as memory:
            client.send(request(
                "PUT", f"/containers/{name}/archive?path=/",
                f"Content-Length: {pattern.total}" if framing == "length"
                else "Transfer-Encoding: chunked"))
            sender = threading.Thread(target=upload, args=(client,))
            sender.start()
            stalled(lambda: pattern.sent)
            assert proxy.rests(), "it spins"
            assert pattern.sent < pattern.total
            go_on.set()
            assert client.response().status == 200
            sender.join()
        assert result == [pattern.hash.hexdigest()]
        assert memory.growth_kib() < GROWTH_KIB


def test_a_stalled_stream_does_not_stop_the_others(proxy, engine):
    pattern = Pattern(16 * MIB)

    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
               % pattern.total)
        for data in pattern:
            x.send(data)

    name = engine.play(script)
    with proxy.connect() as slow, proxy.connect() as quick:
        slow.send(request("GET", f"/images/{name}/get"))
        stalled(lambda: pattern.sent)
        for _ in range(50):
            assert quick.get("/containers/json").body == b"ok"
        assert len(slow.response().body) == pattern.total


def test_small_pieces_are_passed_on_at_once(client, engine):
    """An event is not kept until more have come."""
    turn = threading.Semaphore(0)

    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for i in range(20):
            assert turn.acquire(timeout=wire.TIMEOUT)
            x.send(b"6\r\nevent%d\r\n" % (i % 10))
        x.send(b"0\r\n\r\n")

    name = engine.play(script)
    client.send(request("GET", f"/events?x={name}"))
    assert client.head().status == 200
    for i in range(20):
        turn.release()
        assert client.reader.chunk() == b"event%d" % (i % 10)
    assert client.reader.chunk() == b""


def test_a_head_is_passed_on_without_its_body(client, engine):
    """`wait` answers its head at once, and its body much later."""
    go_on = threading.Event()

    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert go_on.wait(wire.TIMEOUT)
        x.send(b"2\r\n{}\r\n0\r\n\r\n")

    name = engine.play(script)
    client.send(request("POST", f"/containers/{name}/wait"))
    assert client.head().status == 200
    go_on.set()
    assert client.reader.chunk() == b"{}"


def test_a_request_head_is_passed_on_without_its_body(client, engine):
    """build: the Engine reads while the client still writes."""
    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            x.send(b"1\r\n" + x.connection.reader.chunk() + b"\r\n")
        assert x.connection.reader.chunk() == b""
        x.request.complete = True
        x.send(b"0\r\n\r\n")

    name = engine.play(script)
    client.send(request("POST", f"/build?x={name}",
                        "Transfer-Encoding: chunked"))
    for i in range(3):
        client.send(b"1\r\n%d\r\n" % i)
        if i == 0:
            assert client.head().status == 200
        assert client.reader.chunk() == b"%d" % i
    client.send(b"0\r\n\r\n")
    assert client.reader.chunk() == b""


# --- sizes ------------------------------------------------------------------

SIZES = sorted({max(0, (1 << k) + off) for k in range(0, 20)
                for off in (-1, 0, 1)})


@pytest.mark.parametrize("up", ["length", "chunked"])
@pytest.mark.parametrize("down", ["length", "chunked"])
def test_bodies_of_any_size(client, engine, up, down):
    """There and back, around the sizes of all buffers."""
    def echo(x):
        x.send(answer("200 OK", body=x.body(), framing=down))

    name = engine.play(echo)
    data = hashlib.shake_256(b"sizes").digest(SIZES[-1])
    for size in SIZES:
        body = data[:size]
        if up == "length":
            r = client.ask(request("POST", f"/build?x={name}", body=body))
        else:
            r = client.ask(request("POST", f"/build?x={name}",
                                   "Transfer-Encoding: chunked")
                           + wire.chunked(body[:size // 3], body[size // 3:]))
        assert (r.status, r.body == body) == (200, True), size


def test_tiny_chunks_both_ways(client, engine):
    data = hashlib.shake_256(b"tiny").digest(30_000)
    tiny = wire.chunked(*wire.bytewise(data))

    def script(x):
        assert x.body() == data
        x.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               + tiny)

    name = engine.play(script)
    r = client.ask(request("POST", f"/build?x={name}",
                           "Transfer-Encoding: chunked") + tiny)
    assert r.body == data


# --- floods -----------------------------------------------------------------

@pytest.mark.parametrize("target", ["/secrets", "/containers/json"])
def test_a_client_that_asks_and_never_reads(proxy, target):
    """Answers are not piled up: the client is no longer read. Then it
    reads, and nothing is missing."""
    data = request("GET", target)
    sent = [0]

    def flood(client):
        while sent[0] < 4000:
            client.send(data * 40)
            sent[0] += 40

    with proxy.connect(receive_buffer=4096) as client:
        with proxy_process.PeakMemory(proxy) as memory:
            sender = threading.Thread(target=flood, args=(client,))
            sender.start()
            # What fits the sockets' buffers is still being answered.
            stalled(lambda: sent[0] + proxy.cpu_ms())
            assert proxy.rests(), "it spins"
            for _ in range(4000):
                client.response()
            sender.join()
        assert client.silent()
        assert memory.growth_kib() < GROWTH_KIB


# --- half-close -------------------------------------------------------------

@pytest.mark.parametrize("listener", ["tcp", "unix"])
@pytest.mark.parametrize("framing", ["length", "chunked", "eof"])
def test_half_close_with_an_answer_pending(proxy, engine, framing, listener):
    """`curl | nc -N` style: the client says no more, and gets all."""
    body = Pattern(3 * MIB)
    data = b"".join(body)
    closed = threading.Event()

    def script(x):
        assert closed.wait(wire.TIMEOUT)
        x.send(answer("200 OK", body=data, framing=framing))
        if framing == "eof":
            x.close()

    name = engine.play(script)
    with proxy.connect(listener) as client:
        client.send(request("GET", f"/images/{name}/get"))
        engine.wait_for(name)
        client.half_close()
        closed.set()
        assert client.response().body == data
        assert client.at_end()


def test_half_close_behind_pipelined_requests(proxy, engine):
    """All that came before it is served, also when the end is known early:
    the probe makes sure that the worker has seen it."""
    known = threading.Event()

    def script(x):
        assert known.wait(wire.TIMEOUT)
        x.send(OK)

    name = engine.play(script, OK)
    with proxy.connect() as client, proxy.connect() as probe:
        client.send(request("GET", f"/containers/{name}/json") * 3)
        client.half_close()
        assert probe.get("/containers/json").status == 200
        known.set()
        assert [client.response().body for _ in range(3)] == [b"ok"] * 3
        assert client.at_end()


# --- clients that go --------------------------------------------------------

# An endless answer has no end to wait for: a half-close is a farewell too.
GOING = {
    "closes": lambda c: c.sock.close(),
    "resets": lambda c: c.reset(),
    "half-closes": lambda c: c.half_close(),
}


@pytest.mark.parametrize("listener", ["tcp", "unix"])
@pytest.mark.parametrize("how", GOING)
def test_the_client_goes_during_events(proxy, engine, how, listener):
    """Quiet events: nothing is written that could fail."""
    gone = threading.Event()

    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               b"2\r\n{}\r\n")
        x.wait_gone()
        gone.set()

    name = engine.play(script)
    with proxy.connect(listener) as client:
        client.send(request("GET", f"/events?x={name}"))
        client.head()
        assert client.reader.chunk() == b"{}"
        GOING[how](client)
        assert gone.wait(SOON_S), "the Engine still serves a client that has gone"


def test_the_client_goes_before_the_answer(proxy, engine):
    gone = threading.Event()

    def script(x):
        x.wait_gone()
        gone.set()

    name = engine.play(script)
    with proxy.connect("tcp") as client:
        client.send(request("GET", f"/events?x={name}"))
        engine.wait_for(name)
        client.reset()
        assert gone.wait(SOON_S)


def test_the_client_goes_while_it_does_not_read(proxy, engine):
    """The proxy has paused reading: it must notice all the same."""
    gone = threading.Event()
    pattern = Pattern()

    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
               % pattern.total)
        try:
            for data in pattern:
                x.send(data)
        finally:
            gone.set()

    name = engine.play(script)
    with proxy.connect("tcp") as client:
        client.send(request("GET", f"/images/{name}/get"))
        stalled(lambda: pattern.sent)
        client.reset()
        assert gone.wait(SOON_S)
    assert pattern.sent < pattern.total


def test_the_client_goes_while_it_sends(proxy, engine):
    """The Engine must not take what came for a whole body."""
    for framing in ("Content-Length: 100", "Transfer-Encoding: chunked"):
        name = engine.play(lambda x: x.body())
        with proxy.connect("tcp") as client:
            client.send(request("PUT", f"/containers/{name}/archive",
                                framing) + b"5\r\nhello\r\n")
            r = engine.wait_for(name)
            client.reset()
        assert r.connection.closed.wait(SOON_S)
        assert not r.complete


# --- an Engine that answers early -------------------------------------------

@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize("listener", ["tcp", "unix"])
def test_an_early_answer_reaches_a_client_that_uploads(proxy, engine, ends,
                                                      listener):
    """The Engine says 413 after the head and reads no more; the client
    is still writing, and must get the answer."""
    def script(x):
        x.send(answer("413 Too Large", *["Connection: close"] * ends,
                      body=b"enough"))
        if ends:
            x.close()
        else:
            x.wait_gone()

    name = engine.play(script)
    failed = threading.Event()

    def upload(client):
        try:
            for data in Pattern(32 * MIB):
                client.send(data)
        except OSError:
            failed.set()

    with proxy.connect(listener) as client:
        client.send(request("PUT", f"/containers/{name}/archive?path=/",
                            f"Content-Length: {32 * MIB}"))
        sender = threading.Thread(target=upload, args=(client,))
        sender.start()
        response = client.response()
        assert (response.status, response.body) == (413, b"enough")
        client.sock.close()
        sender.join(wire.TIMEOUT)
        assert not sender.is_alive()


def test_an_early_answer_and_a_body_that_ends(client, engine):
    """The Engine answers whole before it has the whole body. The client's
    connection may end there, or go on: what follows is the body's rest,
    never a request."""
    smuggled = engine.play()
    inner = request("GET", f"/containers/{smuggled}/json")

    def script(x):
        x.send(answer("200 OK", body=b"early"))
        try:
            x.body()
        except wire.Truncated:
            x.over = True

    name = engine.play(script)
    client.send(request("POST", f"/images/load?x={name}",
                        f"Content-Length: {len(inner) + 2}") + b"he")
    assert client.response().body == b"early"
    try:
        client.send(inner + request("GET", "/containers/json"))
        assert client.response().body == b"ok"
    except (BrokenPipeError, ConnectionResetError, wire.Truncated):
        pass  # closed
    assert not engine.named(smuggled)
