"""Limits, each with a figure small enough to be reached."""

import pytest

import wire
from wire import chunked, request


@pytest.fixture(scope="module")
def settings():
    return {
        "error_format": "text",
        "limits": {"inspected_body_bytes": 1024, "header_bytes": 4096,
                   "headers": 20, "target_bytes": 512, "json_depth": 8},
        # How long the rest of a refused body is waited for.
        "timeouts": {"request_body": "1s"},
    }


def refused(client, status):
    """One of the proxy's own answers, in the format `text`."""
    r = client.response()
    assert r.status == status, r.body
    assert r["Content-Type"].startswith("text/plain")
    assert r["Content-Length"] == str(len(r.body))
    text = r.body.decode()
    assert text.strip() and not text.startswith("{")
    return r


# --- sizes ------------------------------------------------------------------

def padded(n):
    """A JSON object of n bytes."""
    return b'{"Image": "' + b"x" * (n - 13) + b'"}'


def test_largest_inspected_body(client, engine):
    name = engine.play()
    target = f"/containers/create?name={name}"
    assert client.ask(request(
        "POST", target, body=padded(1024))).status == 200
    assert client.ask(request(
        "POST", target, "Transfer-Encoding: chunked")
        + chunked(padded(1024)[:500], padded(1024)[500:])).status == 200
    assert [r.body for r in engine.named(name)] == [padded(1024)] * 2


def test_inspected_body_too_large(proxy, untouched):
    """By its length at once: the body has not even been sent."""
    with untouched:
        with proxy.connect() as client:
            client.send(request("POST", "/containers/create",
                                "Content-Length: 1025"))
            refused(client, 413)
            assert client.gone()
        with proxy.connect() as client:
            client.send(request("POST", "/containers/create",
                                "Content-Length: 999999999999999999"))
            refused(client, 413)


def test_inspected_chunked_body_too_large(proxy, untouched):
    """When the limit is passed: the last chunk has not been sent."""
    with untouched, proxy.connect() as client:
        client.send(request("POST", "/containers/create",
                            "Transfer-Encoding: chunked")
                    + b"401\r\n" + padded(1025))
        refused(client, 413)
        assert client.gone()


def test_what_is_too_large_is_not_read_twice(proxy, engine):
    """Its data look like the end of a chunk and the request behind it."""
    inside, behind = engine.play(), engine.play()
    data = (b"\r\n0\r\n\r\n"
            + request("GET", f"/containers/{inside}/json")).ljust(2000)
    with proxy.connect() as client:
        client.send_apart([
            request("POST", "/containers/create",
                    "Transfer-Encoding: chunked") + b"7d0\r\n",
            data + b"\r\n0\r\n\r\n"
            + request("GET", f"/containers/{behind}/json")])
        refused(client, 413)
        assert client.response().status == 200
    assert len(engine.named(behind)) == 1
    assert not engine.named(inside)


def test_expect_and_a_body_too_large(proxy, untouched):
    """No 100 for a body that will be refused."""
    with untouched, proxy.connect() as client:
        client.send(request("POST", "/containers/create",
                            "Expect: 100-continue", "Content-Length: 1025"))
        assert refused(client, 413).interim == []


def test_json_depth(proxy, engine, untouched):
    def nested(n):
        return b'{"x":' + b"[" * (n - 1) + b"]" * (n - 1) + b"}"

    name = engine.play()
    with proxy.connect() as client:
        assert client.ask(request("POST", f"/containers/create?name={name}",
                                  body=nested(8))).status == 200
    with untouched, proxy.connect() as client:
        client.send(request("POST", "/containers/create", body=nested(9)))
        refused(client, 400)


@pytest.mark.parametrize("data, status", [
    (request("GET", "/" + "x" * 512), 414),
    (request("GET", "/a", "X-A: " + "x" * 4096), 431),
    (request("GET", "/a", *["X-A: b"] * 20), 431),
], ids=["target", "head", "fields"])
def test_set_sizes(proxy, untouched, data, status):
    with untouched, proxy.connect() as client:
        client.send(data)
        refused(client, status)
        assert client.gone()


def test_text_denial(client, untouched):
    with untouched:
        client.send(request("GET", "/secrets"))
        r = refused(client, 403)
        assert "secrets are closed" in r.body.decode()
        client.send(request("HEAD", "/secrets"))
        assert client.response("HEAD").status == 403


def filled(n, *fields):
    """The head of a chunked POST, exactly n bytes long."""
    def head(pad):
        return request("POST", *fields, "Transfer-Encoding: chunked",
                       "X-Pad: " + "x" * pad)
    return head(n - len(head(0)))


@pytest.mark.parametrize("size", [16 << 10, 64 << 10, 256 << 10])
@pytest.mark.parametrize("left", [0, 1, 5])
def test_a_head_that_fills_its_block(own_proxy, engine, size, left):
    """A body still finds room, and is not moved byte by byte."""
    proxy = own_proxy(global_={"limits": {"header_bytes": 256 << 10}})
    held, moved = engine.play(), engine.play()
    body = b'{"Image": "%s"}' % (b"x" * 200_000)
    with proxy.connect() as client:
        for name, target in ((held, "/containers/create?name="),
                             (moved, "/images/load?x=")):
            client.send(filled(size - left, target + name) + chunked(body))
            # Its head is too long with what the proxy adds to it.
            if size == 256 << 10:
                assert client.response().status == 503
                continue
            assert client.response().status == 200
            r = engine.named(name)[0]
            assert r.body == body
            sent = r.connection.received
            assert sent < 2 * len(body) + size, "a chunk a byte"
            engine.drop_idle()


# --- how many ---------------------------------------------------------------

def answered(client):
    return client.get("/containers/json").status


def overflow(proxy, within, status):
    """One client more than the limit is told so and closed; when another
    has gone there is room again."""
    clients = []
    for _ in range(within):
        clients.append(proxy.connect("tcp"))
        assert answered(clients[-1]) == 200
    with proxy.connect("tcp") as late:
        try:
            late.send(request("GET", "/containers/json"))
        except (BrokenPipeError, ConnectionResetError):
            pass
        r = late.response()
        assert r.status == status and r.message()
        assert late.gone()
    assert answered(clients[0]) == 200
    clients.pop().sock.close()

    def room():
        with proxy.connect("tcp") as c:
            try:
                return answered(c) == 200
            except (BrokenPipeError, ConnectionResetError, wire.Truncated):
                return False
    wire.wait_until(room, "there is room again")
    for c in clients:
        c.sock.close()


def test_held_bodies(own_proxy):
    """Many clients, each with a body about to be complete: their memory is
    bounded, and theirs again when they have gone."""
    size = 1 << 20
    # So many take a while: nobody's body is late meanwhile.
    proxy = own_proxy(global_={"timeouts": {"request_body": "1h"}})
    data = request("POST", "/containers/create", body=b" " * size)
    for _ in range(2):
        clients = [proxy.connect() for _ in range(72)]
        for c in clients:
            c.send(data[:-1])
        told = wire.wait_until(
            lambda: [c for c in clients if not c.silent()],
            "some are refused")
        for c in told:
            assert c.response().status == 503
        wire.wait_until(
            lambda: all(wire.unread_there(c.sock) == 0 for c in clients),
            "all have been read")
        kept = [c for c in clients if c not in told and c.silent()]
        assert 32 <= len(kept) <= 64
        for c in clients:
            c.sock.close()
        with proxy.connect() as c:
            assert c.ask(request("POST", "/containers/create",
                                 body=b"{}".ljust(size))).status == 200


def test_connections(own_proxy):
    overflow(own_proxy(global_={"limits": {"connections": 6}}), 6, 503)


def test_connections_per_client(own_proxy):
    proxy = own_proxy(global_={"limits": {"connections_per_client": 4}})
    overflow(proxy, 4, 429)
