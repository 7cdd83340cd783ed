"""However the bytes of a message come, the other side sees the same one."""

import pytest

from wire import answer, bytewise, chunked, in_two, request

BODY = b'{"Image": "a"}'
ID = "X-Request-Id: a-b"  # one of the proxy's would be another each time


def chunked_request(target):
    head = request("POST", target, "Content-Type: application/json", ID,
                   "Transfer-Encoding: chunked")
    return head + chunked(BODY[:5], BODY[5:])


REQUESTS = {
    "get": lambda n: request(
        "GET", f"/v1.41/containers/{n}/json?size=1", "Accept: */*",
        "Connection: keep-alive", ID),
    "length": lambda n: request(
        "POST", f"/containers/{n}/update", "Content-Type: application/json",
        ID, body=BODY),
    "chunked": lambda n: chunked_request(f"/containers/{n}/update"),
    "held-length": lambda n: request(
        "POST", f"/containers/create?name={n}", ID, body=BODY),
    "held-chunked": lambda n: chunked_request(
        f"/containers/create?name={n}"),
}


@pytest.fixture(scope="module")
def settings():
    """So many segments take a while."""
    return {"timeouts": {"request_head": "60s", "request_body": "60s"}}


# What the Engine writes, the request's method, and whether EOF ends it.
ANSWERS = {
    "length": (answer("200 OK", "X-A: b", body=b"hello"), "GET", False),
    "chunked": (answer("200 OK", body=b"hello, world",
                       framing="chunked"), "GET", False),
    "head": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", False),
    "204": (b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n", "DELETE", False),
    "304": (b"HTTP/1.1 304 Not Modified\r\n\r\n", "POST", False),
    "100-200": (b"HTTP/1.1 100 Continue\r\n\r\n"
                + answer("200 OK", body=b"hi"), "GET", False),
    "103-200": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                + answer("200 OK", body=b"hi"), "GET", False),
    "eof": (b"HTTP/1.1 200 OK\r\nX-A: b\r\n\r\nhello", "GET", True),
}


def received(engine, name):
    """What the Engine saw of the last request of that name."""
    r = engine.named(name)[-1]
    return r.method, r.target, r.head.fields, r.body


def reference(client, engine, name, make):
    """The same request in one piece."""
    assert client.ask(make(name)).status == 200
    seen = received(engine, name)
    assert seen[3] == (b"" if seen[0] == "GET" else BODY)
    return seen


@pytest.mark.parametrize("kind", REQUESTS)
def test_request_cut_in_two(client, engine, kind):
    name = engine.play()
    expected = reference(client, engine, name, REQUESTS[kind])
    for pieces in in_two(REQUESTS[kind](name)):
        client.send_apart(pieces)
        assert client.response().body == b"ok"
        assert received(engine, name) == expected, len(pieces[0])


@pytest.mark.parametrize("listener", ["unix", "tcp"])
@pytest.mark.parametrize("kind", REQUESTS)
def test_request_byte_by_byte(proxy, engine, kind, listener):
    name = engine.play()
    with proxy.connect(listener) as client:
        expected = reference(client, engine, name, REQUESTS[kind])
        client.send_apart(bytewise(REQUESTS[kind](name)))
        assert client.response().body == b"ok"
    assert received(engine, name) == expected


def seen_by_client(client, engine, data, method, ends, pieces):
    """The answer as the client gets it, when the Engine writes pieces; but
    for the Date, which may be the next second's."""
    def script(x):
        x.body()
        x.send_apart(pieces)
        if ends:
            x.close()

    name = engine.play(script)
    r = client.ask(request(method, f"/containers/{name}/json", ID), method)
    interim = [(i.status, i.head.fields) for i in r.interim]
    fields = [f for f in r.head.fields if f[0] != "Date"]
    return r.status, r.reason, fields, r.body, interim


@pytest.mark.parametrize("kind", ANSWERS)
def test_answer_cut_in_two(client, engine, kind):
    data, method, ends = ANSWERS[kind]
    expected = seen_by_client(client, engine, data, method, ends, [data])
    for pieces in in_two(data):
        seen = seen_by_client(client, engine, data, method, ends, pieces)
        assert seen == expected, len(pieces[0])


@pytest.mark.parametrize("kind", ANSWERS)
def test_answer_byte_by_byte(client, engine, kind):
    data, method, ends = ANSWERS[kind]
    expected = seen_by_client(client, engine, data, method, ends, [data])
    seen = seen_by_client(client, engine, data, method, ends, bytewise(data))
    assert seen == expected


BODIES = {"length": b"hello", "chunked": b"hello, world", "head": b"",
          "204": b"", "304": b"", "100-200": b"hi", "103-200": b"hi",
          "eof": b"hello"}


@pytest.mark.parametrize("kind", ANSWERS)
def test_answer_body_is_the_engines(client, engine, kind):
    """The comparisons above are with something that is right."""
    data, method, ends = ANSWERS[kind]
    seen = seen_by_client(client, engine, data, method, ends, [data])
    assert str(seen[0]) in kind or seen[0] == 200
    assert seen[3] == BODIES[kind]
    assert [str(i[0]) for i in seen[4]] == kind.split("-")[:-1]
