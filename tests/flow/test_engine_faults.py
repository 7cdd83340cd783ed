"""An Engine that refuses, dies, stalls or talks rubbish."""

import socket
import threading

import pytest

import fake_engine
import wire
from fake_engine import OK
from wire import answer, request


@pytest.fixture(scope="module", params=["unix", "tcp"])
def engine(request, folder):
    """Both kinds: a reset is only real over TCP."""
    if request.param == "unix":
        address = str(folder / f"engine-{request.param}.sock")
    else:
        address = ("127.0.0.1", 0)
    e = fake_engine.FakeEngine(address)
    yield e
    e.close()


def closes(x):
    x.body()
    x.close()


def resets(x):
    x.body()
    x.reset()


ENDS = {"closes": closes, "resets": resets}
ends = pytest.mark.parametrize("how", ENDS)


def reused(proxy, engine):
    """Makes the pool hold exactly one connection that has served."""
    engine.drop_idle()
    with proxy.connect() as client:
        assert client.get("/containers/json").status == 200


# --- before the answer ------------------------------------------------------

@ends
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_lost_reused_connection_is_retried(proxy, engine, method, how):
    """The Engine closed it as the request was on its way: once more, on a
    new connection."""
    name = engine.play(ENDS[how], OK[:-2] if method == "HEAD" else OK)
    reused(proxy, engine)
    with proxy.connect() as client:
        r = client.ask(request(method, f"/containers/{name}/json"), method)
        assert r.status == 200
    first, second = engine.named(name)
    assert first.connection is not second.connection


@ends
def test_it_is_retried_once_only(proxy, engine, how):
    name = engine.play(ENDS[how])
    reused(proxy, engine)
    with proxy.connect() as client:
        r = client.get(f"/containers/{name}/json")
        assert r.status == 502 and r.message()
    assert len(engine.named(name)) == 2


@ends
def test_a_lost_new_connection_is_not_retried(proxy, engine, how):
    name = engine.play(ENDS[how])
    engine.drop_idle()
    with proxy.connect() as client:
        r = client.get(f"/containers/{name}/json")
        assert r.status == 502 and r.message()
    assert len(engine.named(name)) == 1


@ends
@pytest.mark.parametrize("make", [
    lambda n: request("POST", f"/containers/{n}/restart"),
    lambda n: request("POST", f"/containers/{n}/restart", body=b""),
    lambda n: request("POST", f"/images/load?x={n}", body=b"hello"),
    lambda n: request("POST", f"/containers/create?name={n}", body=b"{}"),
    lambda n: request("DELETE", f"/containers/{n}"),
    lambda n: request("PUT", f"/containers/{n}/archive", body=b"x"),
    lambda n: request("GET", f"/containers/{n}/json", body=b"x"),
], ids=["POST", "POST-0", "POST-body", "POST-held", "DELETE", "PUT",
        "GET-body"])
def test_what_acts_is_never_retried(proxy, engine, make, how):
    name = engine.play(ENDS[how])
    reused(proxy, engine)
    with proxy.connect() as client:
        r = client.ask(make(name))
        assert r.status == 502 and r.message()
    assert len(engine.named(name)) == 1
    with proxy.connect() as client:
        assert client.get("/containers/json").status == 200


def test_idle_connections_that_the_engine_ended(proxy, engine):
    """Noticed while idle: even a POST is safe behind it."""
    for _ in range(3):
        reused(proxy, engine)
        engine.drop_idle()
        name = engine.play()
        with proxy.connect() as client:
            r = client.ask(request("POST", f"/containers/{name}/restart"))
            assert r.status == 200
        assert len(engine.named(name)) == 1


# --- inside the answer ------------------------------------------------------

BROKEN = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
    "length-0-of": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
    "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             b"64\r\nhello",
    "between-chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                      b"\r\n5\r\nhello\r\n",
    "last-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  b"5\r\nhello\r\n0\r\n",
    "bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 b"5\r\nhello\r\nzz\r\n",
    "bad-chunk-end": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                     b"5\r\nhello!!0\r\n\r\n",
    "lf-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"5\nhello\r\n0\r\n\r\n",
}


@ends
@pytest.mark.parametrize("listener", ["unix", "tcp"])
@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_answer_looks_broken(proxy, engine, kind, listener, how):
    """Short of its length, or without the last chunk: never whole."""
    def script(x):
        x.send(BROKEN[kind])
        if "bad" in kind or "lf" in kind:
            x.wait_gone()
        elif how == "closes":
            x.close()
        else:
            # Let the bytes arrive: a reset may overtake them.
            wire.wait_until(lambda: wire.unread_there(x.sock) == 0, "read")
            x.reset()

    name = engine.play(script)
    with proxy.connect(listener) as client:
        client.send(request("GET", f"/images/{name}/get"))
        try:
            response = client.response()
        except (wire.Truncated, ConnectionResetError):
            return
        # Broken before anything was sent on: then an honest error.
        assert response.status == 502


def test_an_eof_delimited_answer_that_is_reset(own_proxy):
    """A reset is no end. Only TCP knows them."""
    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
        wire.wait_until(lambda: wire.unread_there(x.sock) == 0, "read")
        x.reset()

    remote = fake_engine.FakeEngine(("127.0.0.1", 0))
    name = remote.play(script)
    with own_proxy(engine_url=remote.url()).connect() as client:
        client.send(request("GET", f"/images/{name}/get"))
        with pytest.raises((wire.Truncated, ConnectionResetError)):
            client.response()
    remote.close()


# --- rubbish ----------------------------------------------------------------

RUBBISH = {
    "text": b"hello\r\n\r\n",
    "http-0.9": b"<html>\r\n\r\n",
    "smtp": b"220 mail ESMTP\r\n\r\n",
    "http-2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "http-1.2": b"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
    "status-0": b"HTTP/1.1 000 OK\r\nContent-Length: 0\r\n\r\n",
    "status-99": b"HTTP/1.1 99 OK\r\nContent-Length: 0\r\n\r\n",
    "status-1000": b"HTTP/1.1 1000 OK\r\nContent-Length: 0\r\n\r\n",
    "status-letters": b"HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
    "status-minus": b"HTTP/1.1 -20 OK\r\nContent-Length: 0\r\n\r\n",
    "lf": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "lf-field": b"HTTP/1.1 200 OK\r\nA: b\nContent-Length: 0\r\n\r\n",
    "bare-cr": b"HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 0\r\n\r\n",
    "nul": b"HTTP/1.1 200 OK\r\nA: \0\r\nContent-Length: 0\r\n\r\n",
    "folded": b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "blank-colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "no-colon": b"HTTP/1.1 200 OK\r\nA\r\nContent-Length: 0\r\n\r\n",
    "both-framings": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"
                   b"Content-Length: 5\r\n\r\n",
    "bad-length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "empty-length": b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
    "huge-length": b"HTTP/1.1 200 OK\r\nContent-Length: "
                   + b"9" * 30 + b"\r\n\r\n",
    "gzip": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "twice-chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "large-head": b"HTTP/1.1 200 OK\r\nA: " + b"b" * 300_000 + b"\r\n\r\n",
    "endless-head": b"HTTP/1.1 200 OK\r\nA: " + b"b" * 300_000,
    "many-fields": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 3000 + b"\r\n",
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_rubbish_is_502(proxy, engine, kind):
    def script(x):
        x.body()
        try:
            x.send(RUBBISH[kind])
        finally:
            x.wait_gone()

    name = engine.play(script)
    with proxy.connect() as client:
        r = client.ask(request("POST", f"/containers/{name}/restart"))
        assert r.status == 502 and r.message()
    assert engine.named(name)[0].connection.closed.wait(wire.TIMEOUT)
    with proxy.connect() as client:
        assert client.get("/containers/json").body == b"ok"


def test_endless_interim_answers(proxy, engine):
    """Passed on or refused, but never for ever without a bound on memory:
    the client goes, and the Engine's connection with it."""
    def script(x):
        x.body()
        while True:
            x.send(b"HTTP/1.1 102 Processing\r\n\r\n" * 100)

    name = engine.play(script)
    before = proxy.rss_kib()
    with proxy.connect() as client:
        client.send(request("GET", f"/containers/{name}/json"))
        engine.wait_for(name)
        client.reader.fill()
    assert engine.named(name)[0].connection.closed.wait(wire.TIMEOUT)
    assert proxy.rss_kib() - before < 4096


def test_an_answer_before_the_request_is_written(own_proxy, engine):
    """More than the sockets' buffers hold is still on its way when the
    answer comes: the next request must not become the rest of it."""
    proxy = own_proxy(global_={"limits": {"inspected_body_bytes": 1 << 25}})
    answered = threading.Event()

    def script(x):
        x.send(OK)
        # Nothing is read meanwhile. Else all of it might be written before
        # the proxy sees the answer, and the connection be good for more.
        assert answered.wait(wire.TIMEOUT)
        x.wait_gone()

    name = engine.play(script)
    body = b'{"Image": "%s"}' % (b"x" * (1 << 24))
    with proxy.connect() as client:
        r = client.ask(request(
            "POST", f"/containers/create?name={name}", body=body))
        assert r.body == b"ok"
        answered.set()
        assert client.get("/containers/json").body == b"ok"
    first = engine.named(name)[0].connection
    assert first.closed.wait(wire.TIMEOUT)
    assert first.requests == 1


# --- bytes that nobody asked for --------------------------------------------

EVIL = answer("200 OK", body=b"evil")


def test_a_second_answer_in_the_same_segment(proxy, engine):
    engine.drop_idle()
    name = engine.play(OK + EVIL, OK)
    with proxy.connect() as client, proxy.connect() as other:
        for _ in range(3):
            assert client.get(f"/containers/{name}/json").body == b"ok"
            assert other.get("/containers/json").body == b"ok"
    first = engine.named(name)[0].connection
    assert first.closed.wait(wire.TIMEOUT)
    assert first.requests == 1


@pytest.mark.parametrize("data", [EVIL, b"x", b"\r\n"], ids=repr)
def test_a_second_answer_later(proxy, engine, data):
    """An idle connection that speaks is dropped."""
    kept = []
    go_on, sent = threading.Event(), threading.Event()

    def script(x):
        kept.append(x)
        x.send(OK)
        assert go_on.wait(wire.TIMEOUT)
        x.send(data)
        sent.set()
        x.wait_gone()

    engine.drop_idle()
    name = engine.play(script)
    with proxy.connect() as client:
        assert client.get(f"/containers/{name}/json").body == b"ok"
        go_on.set()
        assert sent.wait(wire.TIMEOUT)
        assert kept[0].connection.closed.wait(wire.TIMEOUT)
        assert client.get("/containers/json").body == b"ok"
        assert client.get("/containers/json").body == b"ok"
    assert kept[0].connection.requests == 1


def test_a_body_behind_a_head_answer(proxy, engine):
    """What follows an answer to HEAD is rubbish, not the next answer."""
    name = engine.play(OK, OK)
    with proxy.connect() as client:
        client.send(request("HEAD", f"/containers/{name}/archive"))
        assert client.response("HEAD").status == 200
        assert client.get("/containers/json").body == b"ok"
        assert client.silent()


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_a_body_where_there_is_none(proxy, engine, status):
    name = engine.play(answer(status, body=b"evil"))
    with proxy.connect() as client:
        r = client.ask(request("POST", f"/containers/{name}/start"))
        assert r.status == int(status[:3]) or r.status == 502
        assert client.get("/containers/json").body == b"ok"
        assert client.silent()


# --- an Engine that is not there --------------------------------------------

def test_no_engine_and_then_one(own_proxy, socket_path):
    """503 while there is none; a new socket file is found."""
    proxy = own_proxy(engine_url=f"unix://{socket_path}")
    with proxy.connect() as client:
        for data in (request("GET", "/containers/json"),
                     request("POST", "/images/load", body=b"hello"),
                     request("POST", "/containers/create", body=b"{}")):
            r = client.ask(data)
            assert r.status == 503 and r.message()
        for _ in range(2):
            late = fake_engine.FakeEngine(socket_path)
            assert client.get("/containers/json").status == 200
            late.close()
            r = client.get("/containers/json")
            assert r.status == 503, "the Engine has gone again"


def test_a_socket_file_that_nobody_serves(own_proxy, socket_path):
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(socket_path)
    dead.close()
    proxy = own_proxy(engine_url=f"unix://{socket_path}")
    with proxy.connect() as client:
        assert client.get("/containers/json").status == 503


def test_a_tcp_port_that_nobody_serves(own_proxy):
    late = fake_engine.FakeEngine(("127.0.0.1", 0))
    late.close()
    proxy = own_proxy(engine_url=late.url())
    with proxy.connect() as client:
        assert client.get("/containers/json").status == 503
        late.listen()
        assert client.get("/containers/json").status == 200
    late.close()


def test_a_denial_needs_no_engine(own_proxy):
    proxy = own_proxy(engine_url="unix:///nonexistent/docker.sock")
    with proxy.connect() as client:
        assert client.get("/secrets").status == 403
        assert client.get("/containers/json").status == 503
