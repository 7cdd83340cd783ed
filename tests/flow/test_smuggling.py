"""Nothing that was not judged as a request reaches the Engine as one.

Streams of good requests, whose bodies look like requests, end in one that is
to be refused; they are cut wherever it might matter. And after each kind of
early answer, what follows on the connection is read as what it is.
"""

import random

import pytest

import wire
from fake_engine import OK, Untouched
from reading import framing, refused
from reading.all import ROWS
from test_reading import BEHIND, as_received
from wire import answer, chunked, request

SMUGGLED = request("GET", "/smuggled")
REFUSED = [row for row in ROWS if row.status == 400]
SHORT = [row for row in REFUSED if len(row.sent) < 1000]


def send_apart(client, pieces):
    """As far as they are taken: the refusal may come before the end."""
    try:
        client.send_apart(pieces)
    except (BrokenPipeError, ConnectionResetError):
        pass  # it came


# --- streams ----------------------------------------------------------------

def good(dice):
    """A request and what the Engine gets of it."""
    body = SMUGGLED * dice.randrange(3)
    target = f"/images/load?x={dice.randrange(1000)}"
    kind = dice.randrange(4)
    if kind == 0:
        sent = request("GET", target)
        return sent, sent
    if kind == 1:
        sent = request(dice.choice(["POST", "GET", "PUT"]), target, body=body)
        return sent, sent
    start = request("POST", target, "Transfer-Encoding: chunked")
    if kind == 2:
        cut = dice.randrange(len(body) + 1)
        return start + chunked(body[:cut], body[cut:]), start + body
    extended = b"%x;GET /smuggled HTTP/1.1\r\n%s\r\n0\r\nX: %s\r\n\r\n"
    if not body:
        return start + chunked(), start
    return start + extended % (len(body), body, b"GET /smuggled"), start + body


def cuts(dice, data):
    """The data in pieces: some large, some of one byte."""
    marks = sorted(dice.sample(range(1, len(data)), min(
        dice.randrange(12), len(data) - 1)))
    return [data[a:b] for a, b in zip([0, *marks], [*marks, len(data)],
                                      strict=True)]


@pytest.mark.parametrize("seed", range(150))
def test_streams(proxy, engine, seed):
    dice = random.Random(seed)
    requests = [good(dice) for _ in range(dice.randrange(6))]
    bad = dice.choice(REFUSED)
    data = b"".join(sent for sent, _ in requests) + bad.sent + SMUGGLED * 2
    seen = len(engine.requests)
    with proxy.connect() as client:
        send_apart(client, cuts(dice, data))
        for _ in requests:
            assert client.response().body == b"ok"
        assert client.response("POST").status == 400, bad.key
        assert client.gone()
    got = [as_received(r) for r in engine.requests[seen:]]
    assert got == [reached for _, reached in requests]


@pytest.mark.parametrize("row", [row for row in SHORT if row.proves in (
    "both", "lines", "preface", "connection", "fields", "length", "coding")],
    ids=lambda row: row.key)
def test_byte_by_byte(proxy, untouched, row):
    """However slowly it comes, it is refused, and no later than at its
    end."""
    with untouched, proxy.connect() as client:
        send_apart(client, wire.bytewise(row.sent))
        assert client.response(row.method).status == 400
        assert client.gone()


CUT_EVERYWHERE = [
    refused("x", "coding-and-length", framing.sent(
        "Content-Length: 5", framing.CHUNKED, body=chunked(SMUGGLED))),
    refused("x", "two-lengths", framing.sent(
        "Content-Length: 0", f"Content-Length: {len(SMUGGLED)}",
        body=SMUGGLED)),
    refused("x", "folded-coding", framing.sent(
        "Transfer-Encoding:", " chunked", body=chunked(SMUGGLED))),
    refused("x", "preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SMUGGLED),
    refused("x", "lf-extension", framing.sent(
        framing.CHUNKED, start="POST /containers/create HTTP/1.1",
        body=b"2;\n{}\r\n0\r\n\r\n" + SMUGGLED)),
]


@pytest.mark.parametrize("row", CUT_EVERYWHERE, ids=lambda row: row.what)
def test_cut_everywhere(proxy, engine, row):
    with Untouched(proxy, engine):
        for first, second in wire.in_two(row.sent):
            with proxy.connect() as client:
                send_apart(client, [first, second])
                assert client.response("POST").status == 400, len(first)
                assert client.gone()


@pytest.mark.parametrize("before", [
    BEHIND, BEHIND * 3, request("POST", "/images/load", body=SMUGGLED),
    request("POST", "/x", "Transfer-Encoding: chunked") + chunked(b"x"),
    request("GET", "/info", "Connection: Upgrade, HTTP2-Settings",
            "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
    request("GET", "/info", "Upgrade: tcp"),
], ids=["one", "three", "length", "chunked", "h2c", "tcp"])
def test_the_preface_later(proxy, engine, before):
    """Engines of today speak HTTP/2 to whoever begins with it."""
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    count = before.count(b" HTTP/1.1\r\n") - before.count(b"/smuggled")
    seen = len(engine.requests)
    with proxy.connect() as client:
        client.send(before + preface + SMUGGLED)
        for _ in range(count):
            assert client.response().status == 200
        assert client.response().status == 400
        assert client.gone()
    assert len(engine.requests) - seen == count


# --- behind early answers ---------------------------------------------------

def small(body=SMUGGLED):
    return request("POST", "/secrets/create", body=body)


def coded(body=SMUGGLED):
    return request("POST", "/secrets/create",
                   "Transfer-Encoding: chunked") + chunked(body, body)


# A request that the proxy answers by itself, the status, and whether the
# connection goes on.
EARLY = {
    "denied": (request("GET", "/secrets"), 403, True),
    "denied-with-a-length": (small(), 403, True),
    "denied-chunked": (coded(), 403, True),
    "denied-with-trailers": (coded()[:-2] + b"GET: /smuggled\r\n\r\n", 403,
                             True),
    "denied-body": (request("POST", "/containers/create", body=(
        b'{"HostConfig": {"Privileged": true}, "x": "GET /smuggled"}')),
        403, True),
    "denied-expecting": (request(
        "POST", "/secrets/create", "Expect: 100-continue",
        f"Content-Length: {len(SMUGGLED)}"), 403, False),
    "not-json": (request("POST", "/containers/create", body=SMUGGLED), 400,
                 False),
    "value-behind": (request("POST", "/containers/create",
                             body=b"{}" + SMUGGLED), 400, False),
    "form": (request("POST", "/x", "Content-Type: multipart/form-data",
                     body=SMUGGLED), 400, False),
    "too-large": (request("POST", "/containers/create",
                          f"Content-Length: {1 << 20 | 1}"), 413, False),
    "expectation": (request("POST", "/x", "Expect: x", body=SMUGGLED), 417,
                    False),
    "trace": (request("TRACE", "/x"), 501, False),
    "unclean": (request("POST", "/x//y", body=SMUGGLED), 400, False),
    "denied-large": (small(SMUGGLED * 5000), 403, False),
    "denied-closing": (request("POST", "/secrets/create",
                               "Connection: close", body=SMUGGLED), 403,
                       False),
    "denied-1.0": (small().replace(b"HTTP/1.1", b"HTTP/1.0", 1), 403, False),
}


@pytest.mark.parametrize("kind", EARLY)
@pytest.mark.parametrize("listener", ["unix", "tcp"])
def test_behind_an_early_answer(proxy, engine, kind, listener):
    data, status, goes_on = EARLY[kind]
    seen = len(engine.requests)
    with proxy.connect(listener) as client:
        try:
            client.send(data + BEHIND)
        except (BrokenPipeError, ConnectionResetError):
            assert not goes_on
        assert client.response().status == status
        if goes_on:
            assert client.response().body == b"ok"
            assert client.silent()
        else:
            assert client.gone()
    assert [r.target for r in engine.requests[seen:]] == (
        ["/behind"] * goes_on)


@pytest.mark.parametrize("kind", [k for k, v in EARLY.items() if v[2]])
def test_behind_an_early_answer_cut_everywhere(proxy, engine, kind):
    data, status, _ = EARLY[kind]
    seen = len(engine.requests)
    pieces = wire.in_two(data + BEHIND)
    with proxy.connect() as client:
        for first, second in pieces:
            client.send_apart([first, second])
            assert client.response().status == status, len(first)
            assert client.response().body == b"ok", len(first)
    assert [r.target for r in engine.requests[seen:]] == (
        ["/behind"] * len(pieces))


# --- behind early answers of the Engine -------------------------------------

def refuses_early(status, *fields, close=False):
    """An Engine that answers before it has the body."""
    def script(x):
        x.send(answer(status, *fields, body=b"early"))
        if close:
            x.close()
            return
        try:
            x.body()
        except wire.Truncated:
            x.over = True
    return script


ENGINE_EARLY = {
    "keeps": refuses_early("413 Too Large"),
    "closes": refuses_early("413 Too Large", "Connection: close", close=True),
    "closes-silently": refuses_early("400 Bad Request", close=True),
    "ok": refuses_early("200 OK"),
}


def send_the_rest(client, body):
    """A body after its answer, and the next request: that is answered, or
    the connection is over."""
    try:
        client.send(body + BEHIND)
        if not client.gone():
            assert client.response().body == b"ok"
    except (BrokenPipeError, ConnectionResetError):
        pass  # closed


@pytest.mark.parametrize("coding", ["length", "chunked", "expect"])
@pytest.mark.parametrize("kind", ENGINE_EARLY)
def test_the_rest_of_a_body_is_no_request(proxy, engine, kind, coding):
    """The client goes on with its body after the answer: either it is still
    read as one, or the connection is over."""
    name = engine.play(ENGINE_EARLY[kind])
    target = f"/images/load?x={name}"
    body = SMUGGLED * 3
    if coding == "chunked":
        head = request("POST", target, "Transfer-Encoding: chunked")
        body = chunked(body)
    else:
        fields = ["Expect: 100-continue"] if coding == "expect" else []
        head = request("POST", target, *fields,
                       f"Content-Length: {len(body)}")
    with proxy.connect() as client:
        client.send(head)
        assert client.response().body == b"early"
        send_the_rest(client, body)
    assert not engine.named("/smuggled")


def test_an_engine_that_goes_while_a_body_comes(proxy, engine):
    """502 in the middle of an upload; the rest is not a request."""
    def script(x):
        x.read(1)
        x.reset()

    name = engine.play(script)
    body = SMUGGLED * 5
    with proxy.connect() as client:
        client.send(request("POST", f"/images/load?x={name}",
                            f"Content-Length: {len(body) + 1}") + b"x")
        assert client.response().status == 502
        send_the_rest(client, body)
    assert not engine.named("/smuggled")


def test_the_module_can_fail(proxy, engine):
    """What would be smuggled is let in where it is a request."""
    before = len(engine.named("/smuggled"))
    with proxy.connect() as client:
        assert client.ask(SMUGGLED).body == OK[-2:]
    assert len(engine.named("/smuggled")) == before + 1
