"""Connections: kept, reused, closed, on every kind of listener."""

import os
import resource
import socket
import stat
import threading

import pytest

import fake_engine
import proxy_process
import wire
from fake_engine import OK
from wire import answer, chunked, request


# --- to the Engine ----------------------------------------------------------

def test_few_engine_connections_for_many_clients(proxy, engine):
    """Clients that take turns share what is kept."""
    before = len(engine.connections)
    for _ in range(30):
        with proxy.connect() as client:
            assert client.get("/containers/json").status == 200
    assert len(engine.connections) - before <= 2


def test_one_engine_connection_for_a_row_of_requests(client, engine):
    name = engine.play()
    for _ in range(30):
        assert client.get(f"/containers/{name}/json").status == 200
    assert len({r.connection.number for r in engine.named(name)}) == 1


@pytest.mark.parametrize("data", [
    answer("200 OK", "Connection: close", body=b"ok"),
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\n\r\nok",
], ids=["close", "1.0", "eof"])
def test_what_the_engine_ends_is_not_reused(client, engine, data):
    def script(x):
        x.send(data)
        if b"Length" not in data:
            x.close()
        else:
            x.wait_gone()

    engine.drop_idle()
    name = engine.play(script)
    assert client.get(f"/containers/{name}/json").body == b"ok"
    first = engine.named(name)[0].connection
    assert client.get("/containers/json").status == 200
    assert first.closed.wait(wire.TIMEOUT)
    assert first.requests == 1


def test_busy_clients_do_not_wait_for_each_other(proxy, engine):
    """Twenty requests are with the Engine at once."""
    together = threading.Barrier(20)

    def script(x):
        together.wait(wire.TIMEOUT)
        x.send(OK)

    name = engine.play(script)
    clients = [proxy.connect() for _ in range(20)]
    for c in clients:
        c.send(request("GET", f"/containers/{name}/json"))
    for c in clients:
        with c:
            assert c.response().status == 200


def test_answers_do_not_get_mixed(own_proxy, engine):
    """Many clients, several workers: everybody gets their own answer."""
    proxy = own_proxy(global_={"threads": 4})
    names = [engine.play(answer("200 OK", body=b"%d" % i))
             for i in range(40)]
    wrong = []

    def run(i):
        with proxy.connect(["unix", "tcp"][i % 2]) as c:
            for _ in range(10):
                body = c.get(f"/containers/{names[i]}/json").body
                if body != b"%d" % i:
                    wrong.append((i, body))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == []
    assert all(len(engine.named(n)) == 10 for n in names)
    engine.drop_idle()


# --- from clients -----------------------------------------------------------

@pytest.mark.parametrize("fields, kept", [
    ([], True), (["Connection: keep-alive"], True),
    (["Connection: close"], False), (["Connection: Close"], False),
    (["Connection: x-a, close"], False),
    (["Connection: keep-alive", "Connection: close"], False),
    (["Connection: keep-alive, close"], False),
], ids=str)
def test_connection_close(proxy, fields, kept):
    with proxy.connect() as client:
        r = client.get("/containers/json", *fields)
        assert r.status == 200
        if kept:
            assert r["Connection"] in (None, "keep-alive")
            assert client.get("/containers/json").status == 200
        else:
            assert r["Connection"] == "close"
            assert client.at_end()


def test_connection_close_on_a_denial(proxy, untouched):
    with untouched, proxy.connect() as client:
        r = client.get("/secrets", "Connection: close")
        assert (r.status, r["Connection"]) == (403, "close")
        assert client.at_end()


def old(method, name, *fields, body=b""):
    lines = [f"{method} /containers/{name}/json HTTP/1.0", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


HELLO = {
    "length": answer("200 OK", body=b"hello"),
    "chunked": answer("200 OK", body=b"hello", framing="chunked"),
    "trailer": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               b"5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
}


@pytest.mark.parametrize("kind", HELLO)
def test_http_1_0_client(proxy, engine, kind):
    """De-chunked, and ended by the end of the connection."""
    name = engine.play(HELLO[kind])
    with proxy.connect() as client:
        client.send(old("GET", name))
        r = client.response()
        assert r["Transfer-Encoding"] is None
        assert r.body == b"hello"
        assert client.at_end()


def test_http_1_0_client_and_eof_delimited_answer(proxy, engine):
    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
        x.close()

    name = engine.play(script)
    with proxy.connect() as client:
        client.send(old("GET", name))
        r = client.response()
        assert (r.body, r["Transfer-Encoding"]) == (b"hello", None)
        assert client.at_end()


def test_http_1_0_client_gets_no_interim_answer(proxy, engine):
    """RFC 9110 section 15.2."""
    name = engine.play(b"HTTP/1.1 102 Processing\r\n\r\n" + OK)
    with proxy.connect() as client:
        client.send(old("GET", name))
        r = client.response()
        assert (r.status, r.body, r.interim) == (200, b"ok", [])


def test_http_1_0_keep_alive_is_not_spoken(proxy, engine):
    name = engine.play()
    with proxy.connect() as client:
        client.send(old("GET", name, "Connection: keep-alive"))
        r = client.response()
        assert (r.body, r["Connection"]) == (b"ok", "close")
        assert client.at_end()


def test_http_1_0_post(proxy, engine):
    name = engine.play()
    with proxy.connect() as client:
        client.send(old("POST", name, "Content-Length: 5", body=b"hello"))
        assert client.response().status == 200
    assert engine.named(name)[0].body == b"hello"


def test_http_1_0_denial(proxy, untouched):
    with untouched, proxy.connect() as client:
        client.send(b"GET /secrets HTTP/1.0\r\n\r\n"
                    + request("GET", "/containers/json"))
        assert client.response().status == 403
        assert client.gone()


def test_http_1_0_broken_answer(proxy, engine):
    """Ended by EOF, a broken answer can only be told from a whole one by
    its length: it must not be invented. A reset shows it over TCP."""
    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
        x.close()

    name = engine.play(script)
    with proxy.connect("tcp") as client:
        client.send(old("GET", name))
        with pytest.raises((wire.Truncated, ConnectionResetError)):
            client.response()


def test_many_connections_that_say_nothing(proxy):
    """Opened and closed: nothing is left of them."""
    for _ in range(5):
        clients = [proxy.connect("tcp") for _ in range(50)]
        for c in clients:
            c.sock.close()
    with proxy.connect() as client:
        assert client.get("/containers/json").status == 200


@pytest.mark.parametrize("part", [
    b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: docker\r\n\r"])
@pytest.mark.parametrize("how", ["half_close", "reset"])
def test_a_client_that_goes_inside_a_head(proxy, untouched, part, how):
    with untouched, proxy.connect("tcp") as client:
        client.send_apart([part])
        getattr(client, how)()
        if how == "half_close":
            rest = client.read_to_end()
            assert not rest or rest.startswith(b"HTTP/1.1 400 ")


# --- descriptors ------------------------------------------------------------

def test_out_of_descriptors(own_proxy):
    """Accepting pauses, nothing spins, nobody is lost: when there are
    descriptors again, those who waited are served."""
    proxy = own_proxy(global_={"limits": {"connections": 1000}})
    with proxy.connect() as client:
        assert client.get("/containers/json").status == 200
        used = proxy.descriptors()
        resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE,
                         (used + 10, used + 10))
        waiting = [proxy.connect() for _ in range(30)]
        wire.wait_until(lambda: proxy.descriptors() >= used + 10,
                        "all descriptors are taken")
        assert proxy.rests(), "it spins"
        # This one has its Engine connection.
        assert client.get("/containers/json").status == 200
        for c in waiting:
            with c:
                c.send(request("GET", "/containers/json"))
                assert c.response().status in (200, 503)
        assert client.get("/containers/json").status == 200


# --- listeners --------------------------------------------------------------

@pytest.mark.parametrize("mode", [None, "0600", "0666"])
def test_unix_listener_and_its_mode(own_proxy, socket_path, mode):
    listener = {"name": "unix", "unix": socket_path}
    if mode:
        listener["mode"] = mode
    proxy = own_proxy(global_={"listeners": [listener]})
    with proxy.connect() as client:
        assert client.get("/containers/json").status == 200
    found = os.stat(socket_path).st_mode
    assert stat.S_ISSOCK(found)
    assert stat.S_IMODE(found) == int(mode or "0660", 8)
    proxy.stop()
    assert not os.path.exists(socket_path), "the socket file is left behind"


def test_a_stale_unix_socket_is_replaced(own_proxy, socket_path):
    """Of a proxy that was killed."""
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(socket_path)
        stale.listen()
    listener = {"name": "unix", "unix": socket_path}
    proxy = own_proxy(global_={"listeners": [listener]})
    with proxy.connect() as client:
        assert client.get("/containers/json").status == 200


def test_ipv6_loopback(own_proxy):
    listener = {"name": "six", "bind": "::1",
                "port": proxy_process.free_port()}
    proxy = own_proxy(global_={"listeners": [listener]})
    with proxy.connect("tcp") as client:
        assert client.get("/containers/json").status == 200
        assert client.get("/secrets").status == 403


def test_port_and_bind(own_proxy):
    """The short form, in place of listeners; and all addresses."""
    for bind, reached in (("127.0.0.1", ["127.0.0.1"]),
                          ("*", ["127.0.0.1", "::1"])):
        port = proxy_process.free_port()
        proxy = own_proxy(global_={
            "listeners": None, "bind": bind, "port": port})
        for address in reached:
            proxy.tcp = (address, port)
            with proxy.connect("tcp") as client:
                assert client.get("/containers/json").status == 200


def test_engine_over_tcp(own_proxy):
    remote = fake_engine.FakeEngine(("127.0.0.1", 0))
    proxy = own_proxy(engine_url=remote.url())
    name = remote.play()
    with proxy.connect() as client:
        for _ in range(3):
            r = client.ask(request(
                "POST", f"/images/load?x={name}",
                "Transfer-Encoding: chunked") + chunked(b"x" * 100_000))
            assert r.body == b"ok"
    assert {len(r.body) for r in remote.named(name)} == {100_000}
    remote.close()


# --- with toggles alone -----------------------------------------------------

@pytest.fixture
def toggles(engine, tmp_path):
    """In a folder without a configuration file."""
    port = proxy_process.free_port()
    p = proxy_process.Proxy(tmp_path, port=port, env={
        "DOCKER_SOCKET": engine.url(), "DOCKER_PROXY_PORT": str(port),
        "CONTAINERS": "1"})
    yield p.start()
    p.stop()


def test_toggles(toggles, engine):
    """No file: read-only, and what is not opened is closed."""
    name, kill = engine.play(), engine.play()
    with toggles.connect() as client:
        for data, status in (
                (request("GET", f"/containers/{name}/json"), 200),
                (request("GET", "/_ping"), 200),
                (request("GET", "/images/json"), 403),
                (request("POST", f"/containers/{kill}/kill"), 403),
                (request("DELETE", f"/containers/{kill}"), 403),
                (request("GET", f"/containers/{kill}/attach/ws"), 403),
                (request("POST", f"/exec/{kill}/start", body=b"{}"), 403)):
            assert client.ask(data).status == status, data
    assert not engine.named(kill)
    engine.drop_idle()
