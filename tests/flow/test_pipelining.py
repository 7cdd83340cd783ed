"""Requests sent before the answers have come: in order, each one judged."""

import pytest

import wire
from fake_engine import OK
from wire import answer, chunked, in_two, request


def three(engine):
    """Three requests in a row, and what answers each."""
    names = [engine.play(answer("200 OK", body=b"%d" % i)) for i in range(3)]
    return names, b"".join(
        request("GET", f"/containers/{n}/json") for n in names)


def test_three_in_one_segment(client, engine):
    names, data = three(engine)
    client.send(data)
    assert [client.response().body for _ in names] == [b"0", b"1", b"2"]
    assert client.silent()


def test_three_cut_everywhere(client, engine):
    names, data = three(engine)
    for pieces in in_two(data):
        client.send_apart(pieces)
        assert [client.response().body for _ in names] == [b"0", b"1", b"2"]


def test_two_hundred_at_once(client, engine):
    name = engine.play()
    client.send(request("GET", f"/containers/{name}/json") * 200)
    assert all(client.response().body == b"ok" for _ in range(200))
    assert len(engine.named(name)) == 200


def test_one_at_a_time_at_the_engine(client, engine):
    """The second is forwarded when the first has been answered."""
    second = engine.play()

    def script(x):
        assert not engine.named(second)
        x.send(OK)

    first = engine.play(script)
    client.send(request("GET", f"/containers/{first}/json")
                + request("GET", f"/containers/{second}/json"))
    assert client.response().status == 200
    assert client.response().status == 200


FIRST = {
    "length": ("POST", lambda t: request("POST", t, body=b"x" * 100), OK),
    "empty": ("POST", lambda t: request("POST", t, body=b""), OK),
    "chunked": ("POST", lambda t: request(
        "POST", t, "Transfer-Encoding: chunked") + chunked(b"x" * 100), OK),
    "head": ("HEAD", lambda t: request("HEAD", t),
             b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
    "204": ("DELETE", lambda t: request("DELETE", t),
            b"HTTP/1.1 204 No Content\r\n\r\n"),
    "304": ("POST", lambda t: request("POST", t, body=b""),
            b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    "chunked-answer": ("GET", lambda t: request("GET", t),
                       answer("200 OK", body=b"hi", framing="chunked")),
}


@pytest.mark.parametrize("kind", FIRST)
def test_behind(client, engine, kind):
    method, make, script = FIRST[kind]
    first, second = engine.play(script), engine.play()
    client.send(make(f"/containers/{first}/rename?name=a")
                + request("GET", f"/containers/{second}/json"))
    client.response(method)
    assert client.response().body == b"ok"
    assert client.silent()


def test_behind_a_held_body(client, engine):
    first, second = engine.play(), engine.play()
    body = b'{"HostConfig": {"Privileged": false}}'
    client.send(request("POST", f"/containers/create?name={first}", body=body)
                + request("GET", f"/containers/{second}/json"))
    assert client.response().status == 200
    assert client.response().status == 200
    assert engine.named(first)[0].body == body


def test_behind_an_answer_that_ends_with_the_connection(client, engine):
    """The Engine's connection ends; the client's does not have to."""
    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
        x.close()

    first, second = engine.play(script), engine.play()
    client.send(request("GET", f"/containers/{first}/json")
                + request("GET", f"/containers/{second}/json"))
    assert client.response().body == b"hello"
    assert client.response().body == b"ok"


# --- behind a denial --------------------------------------------------------

def test_behind_a_denial(proxy, client, engine):
    name = engine.play()
    client.send(request("GET", "/secrets")
                + request("GET", f"/containers/{name}/json"))
    denied = client.response()
    assert denied.status == 403
    assert "secrets are closed" in denied.message()
    wire.wait_until(lambda: "no-secrets" in proxy.log(),
                    "the log names the rule")
    assert client.response().body == b"ok"


def test_denied_one_by_one(client, untouched):
    with untouched:
        for _ in range(20):
            assert client.get("/secrets").status == 403
        client.send(request("GET", "/secrets") * 20)
        assert [client.response().status for _ in range(20)] == [403] * 20


def test_denied_head_has_no_body(client, engine):
    name = engine.play()
    client.send(request("HEAD", "/secrets")
                + request("GET", f"/containers/{name}/json"))
    denied = client.response("HEAD")
    assert denied.status == 403
    assert denied["Content-Type"] == "application/json"
    assert client.response().body == b"ok"


@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_a_denied_body_is_no_request(client, engine, coding):
    """The body of a denied request looks like one: it must not be read as
    the next, and the true next one must be."""
    smuggled, name = engine.play(), engine.play()
    inner = request("GET", f"/containers/{smuggled}/json")
    if coding == "length":
        denied = request("POST", "/secrets/create", body=inner)
    else:
        denied = request("POST", "/secrets/create",
                         "Transfer-Encoding: chunked") + chunked(inner)
    client.send(denied + request("GET", f"/containers/{name}/json"))
    assert client.response().status == 403
    assert client.response().body == b"ok"
    assert not engine.named(smuggled)


def test_behind_a_denied_large_body(client, engine):
    """Either the body is read to its end and the next one served, or the
    connection closes: never anything between."""
    smuggled = engine.play()
    inner = request("GET", f"/containers/{smuggled}/json") * 5000
    client.send(request("POST", "/secrets/create", body=inner))
    denied = client.response()
    assert denied.status == 403
    if denied["Connection"] == "close":
        assert client.gone()
    else:
        assert client.get("/containers/a/json").status == 200
    assert not engine.named(smuggled)


def test_nothing_behind_a_refusal(client, untouched):
    with untouched:
        client.send(b"GET /a/../b HTTP/1.1\r\nHost: docker\r\n\r\n"
                    + request("GET", "/containers/json"))
        assert client.response().status == 400
        assert client.at_end()


def test_nothing_behind_connection_close(client, engine):
    first, second = engine.play(), engine.play()
    client.send(
        request("GET", f"/containers/{first}/json", "Connection: close")
        + request("GET", f"/containers/{second}/json"))
    response = client.response()
    assert response.body == b"ok"
    assert response["Connection"] == "close"
    assert client.gone()
    assert not engine.named(second)


def test_a_smuggled_kill_is_judged(client, engine):
    """Behind every kind of allowed request, the next one is judged."""
    for kind, (method, make, script) in FIRST.items():
        first = engine.play(script)
        client.send(make(f"/containers/{first}/rename?name=a")
                    + request("POST", f"/containers/{first}/kill"))
        client.response(method)
        assert client.response().status == 403, kind
        assert len(engine.named(first)) == 1, kind
