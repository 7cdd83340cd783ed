"""Where a rule asks for the body, nothing is forwarded before the verdict.

The configuration's rule denies POST /containers/create with
HostConfig.Privileged; other paths are not looked into.
"""

import json
import threading

import pytest

import proxy_process
import wire
from fake_engine import OK, Untouched
from wire import answer, chunked, request

CREATE = "/v1.41/containers/create?name="
GOOD = b'{ "Image":"alpine",\n "HostConfig" : {"Privileged":false, "x":1e3} }'
BAD = b'{"Image": "alpine", "HostConfig": {"Privileged": true}}'
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def create(name, body, *fields):
    return request("POST", CREATE + name, *fields, body=body)


def create_chunked(name, *pieces):
    return request("POST", CREATE + name,
                   "Transfer-Encoding: chunked") + chunked(*pieces)


@pytest.mark.parametrize("kind", ["", "application/json", "text/plain",
                                  "application/x-tar"])
def test_good_body_arrives_as_it_was(client, engine, kind):
    """Byte for byte: not written anew, whatever its Content-Type says."""
    name = engine.play()
    fields = ["Content-Type: " + kind] if kind else []
    assert client.ask(create(name, GOOD, *fields)).status == 200
    r = engine.named(name)[0]
    assert (r.framing, r.length, r.body) == ("length", len(GOOD), GOOD)
    assert r.head.values("Content-Type") == ([kind] if kind else [])


def test_chunked_becomes_a_length(client, engine):
    name = engine.play()
    pieces = wire.bytewise(GOOD)
    assert client.ask(create_chunked(name, *pieces)).status == 200
    r = engine.named(name)[0]
    assert (r.framing, r.length, r.body) == ("length", len(GOOD), GOOD)
    assert r.head.value("Transfer-Encoding") is None


@pytest.mark.parametrize("listener", ["unix", "tcp"])
def test_denied_body(proxy, engine, untouched, listener):
    with proxy.connect(listener) as client:
        with untouched:
            r = client.ask(create("a", BAD))
            assert r.status == 403 and r.message()
            assert client.ask(create_chunked("a", BAD)).status == 403
        name = engine.play()
        assert client.ask(create(name, GOOD)).status == 200


@pytest.mark.parametrize("make", [create, create_chunked])
def test_nothing_before_the_last_byte(proxy, engine, make):
    """With the last byte withheld, the Engine has seen nothing at all."""
    name = engine.play()
    data = make(name, GOOD)
    with proxy.connect() as client:
        judge = Untouched(proxy, engine)
        with judge:
            client.send_apart([data[:40], data[40:-1]])
        assert client.silent()
        client.send(data[-1:])
        assert client.response().status == 200
    assert engine.named(name)[0].body == GOOD


def test_nothing_at_any_byte_of_a_denied_body(proxy, client, engine):
    judge = Untouched(proxy, engine)
    with judge:
        client.send_apart(wire.bytewise(create("a", BAD)))
        assert client.response().status == 403


def test_the_engine_is_not_even_called(proxy, engine):
    """Not one connection is opened for a request under judgement."""
    engine.drop_idle()
    before = len(engine.connections)
    with proxy.connect() as client:
        data = create("a", BAD)
        client.send_apart([data[:-1]])
        assert len(engine.connections) == before
        client.send(data[-1:])
        assert client.response().status == 403
    assert len(engine.connections) == before


def test_a_client_that_goes_in_the_middle(proxy, engine):
    judge = Untouched(proxy, engine)
    data = create("a", GOOD)
    with judge:
        for make_gone in ("half_close", "reset"):
            with proxy.connect("tcp") as client:
                client.send_apart([data[:-1]])
                getattr(client, make_gone)()
    name = engine.play()
    with proxy.connect() as client:
        assert client.ask(create(name, GOOD)).status == 200


def test_large_bodies(client, engine):
    """Just within the limit of 1 MiB, with a request behind each."""
    for size in (10_000, 16_384, 65_536, 100_000, 262_144, (1 << 20) - 64):
        for make in (create, create_chunked):
            name, after = engine.play(), engine.play()
            body = json.dumps({"Image": "x" * size}).encode()
            client.send(make(name, body)
                        + request("GET", f"/containers/{after}/json"))
            assert client.response().status == 200
            assert client.response().status == 200
            assert engine.named(name)[0].body == body


# --- what is not one clear JSON value ---------------------------------------

PRIVILEGED = b'{"HostConfig": {"Privileged": true}}'

DENIED_SPELLINGS = {
    "folded": b'{"hostconfig": {"privileged": true}}',
    "upper": b'{"HOSTCONFIG": {"PRIVILEGED": true}}',
    "long-s": '{"Ho\u017ftConfig": {"Privileged": true}}'.encode(),
    "long-s-escaped": b'{"Ho\\u017ftConfig": {"Privileged": true}}',
    "escaped": b'{"\\u0048ostConfig": {"Pri\\u0076ileged": true}}',
    "blanks": b' \r\n\t{"HostConfig" : {\n"Privileged"\t: true } } \n',
}

MALFORMED = {
    "duplicate": b'{"HostConfig": {}, "HostConfig": {"Privileged": true}}',
    "duplicate-inner": b'{"HostConfig": {"Privileged": true, '
                       b'"Privileged": false}}',
    "duplicate-folded": b'{"HostConfig": {}, "hostconfig": '
                        b'{"Privileged": true}}',
    "duplicate-kelvin": '{"HostConfig": {"NetworkMode": "a", '
                        '"Networ\u212aMode": "b"}}'.encode(),
    "duplicate-escaped": b'{"Image": "a", "\\u0049mage": "b"}',
    "duplicate-elsewhere": b'{"x": [{"y": {"z": 1, "z": 2}}]}',
    "trailing-value": b'{"Image": "a"} ' + PRIVILEGED,
    "trailing-brace": b'{"Image": "a"}}',
    "trailing-bracket": b'{"Image": "a"}]',
    "trailing-nul": b'{"Image": "a"}\0',
    "two-values": b"{}{}",
    "unfinished": b'{"Image": "a"',
    "blank": b" \r\n",
    "text": b"hello",
    "invalid-utf8": b'{"Image": "\xff"}',
    "invalid-utf8-key": b'{"\xc0\xafImage": "a"}',
    "utf8-surrogate": b'{"Image": "\xed\xa0\x80"}',
    "lone-surrogate": b'{"Image": "\\ud800"}',
    "low-surrogate": b'{"Image": "\\udc00x"}',
    "byte-order-mark": b"\xef\xbb\xbf{}",
    "utf-16": '{"Image": "a"}'.encode("utf-16"),
    "control-in-string": b'{"Image": "a\nb"}',
    "bad-escape": b'{"Image": "\\x41"}',
    "comment": b'{"Image": "a" /* b */}',
    "trailing-comma": b'{"Image": "a",}',
    "single-quotes": b"{'Image': 'a'}",
    "nan": b'{"CpuShares": NaN}',
    "leading-zero": b'{"CpuShares": 01}',
    "deep": b"[" * 65 + b"]" * 65,
    "very-deep": b"[" * 100_000,
    "top-level-privileged": b'{"Image": "a", "Privileged": true}',
    "top-level-binds": b'{"Image": "a", "Binds": ["/:/host"]}',
    "top-level-folded": b'{"Image": "a", "binds": ["/:/host"]}',
    "top-level-escaped": b'{"Image": "a", "\\u0042inds": []}',
}


@pytest.mark.parametrize("kind", DENIED_SPELLINGS)
def test_denied_spellings(client, untouched, kind):
    with untouched:
        r = client.ask(create("a", DENIED_SPELLINGS[kind]))
        assert r.status == 403


@pytest.mark.parametrize("kind", MALFORMED)
def test_malformed(proxy, untouched, kind):
    with untouched:
        for make in (create, create_chunked):
            with proxy.connect() as client:
                r = client.ask(make("a", MALFORMED[kind]))
                assert r.status == 400, r.body
                assert r.message()


@pytest.mark.parametrize("body", [
    b'{"Labels": {"a": "1", "A": "2"}}',
    b'{"HostConfig": {"Sysctls": {"a.b": "1", "A.b": "2"}}}',
    b'{"HostConfig": {"Privileged": null, "Binds": null}}',
    b'{"Env": ["A=\\u0000", "\\ud83d\\ude00"], "x": 18446744073709551615}',
    b"{}",
], ids=lambda b: b.decode())
def test_unusual_but_clear(client, engine, body):
    name = engine.play()
    assert client.ask(create(name, body)).status == 200
    assert engine.named(name)[0].body == body


def test_no_body_is_an_empty_object(client, engine):
    name = engine.play()
    assert client.ask(request("POST", CREATE + name)).status == 200
    assert client.ask(create(name, b"")).status == 200
    assert [r.body for r in engine.named(name)] == [b"", b""]


def test_other_paths_are_not_looked_into(client, engine):
    name = engine.play()
    body = b"\xff not JSON \0" * 1000
    r = client.ask(request("POST", f"/images/load?x={name}", body=body))
    assert r.status == 200
    assert engine.named(name)[0].body == body


# --- Expect: 100-continue ---------------------------------------------------

def test_a_held_body_is_asked_for(proxy, client, engine):
    """The Engine cannot be asked yet, so the proxy says 100 itself, and
    the Engine is not asked again."""
    name = engine.play()
    data = create(name, GOOD, "Expect: 100-continue")
    with Untouched(proxy, engine):
        client.send(data[:-len(GOOD)])
        assert client.interim().status == 100
    client.send(GOOD)
    assert client.response().status == 200
    r = engine.named(name)[0]
    assert r.body == GOOD and r.head.value("Expect") is None


def test_a_held_body_that_came_along(client, engine):
    """No 100 is owed to a client that did not wait; one does no harm."""
    name = engine.play()
    r = client.ask(create(name, GOOD, "Expect: 100-continue"))
    assert r.status == 200
    assert [i.status for i in r.interim] in ([], [100])


def test_a_denied_body_after_the_100(client, untouched):
    with untouched:
        data = create("a", BAD, "Expect: 100-continue")
        client.send(data[:-len(BAD)])
        assert client.interim().status == 100
        client.send(BAD)
        assert client.response().status == 403


def test_denied_without_asking_for_the_body(client, untouched):
    """The path alone is denied: the body is never asked for."""
    with untouched:
        client.send(request("POST", "/secrets/create", "Expect: 100-continue",
                            "Content-Length: 5"))
        r = client.response()
        assert r.status == 403 and not r.interim


def test_expect_is_forwarded_where_nothing_is_held(client, engine):
    asked = threading.Event()

    def script(x):
        assert x.request.head.value("Expect").lower() == "100-continue"
        assert asked.wait(wire.TIMEOUT)
        x.send(CONTINUE)
        assert x.body() == b"hello"
        x.send(OK)

    name = engine.play(script)
    client.send(request("POST", f"/images/load?x={name}",
                        "Expect: 100-continue", "Content-Length: 5"))
    engine.wait_for(name)
    assert client.silent()
    asked.set()
    assert client.interim().status == 100
    client.send(b"hello")
    assert client.response().body == b"ok"


def test_a_client_that_does_not_wait_for_its_100(client, engine):
    name = engine.play(CONTINUE + OK)
    r = client.ask(request("POST", f"/images/load?x={name}",
                           "Expect: 100-continue", body=b"hello"))
    assert (r.status, [i.status for i in r.interim]) == (200, [100])
    assert engine.named(name)[0].body == b"hello"


def test_the_engine_refuses_instead_of_100(proxy, engine):
    """The client keeps its body. Either the connection closes, or the next
    bytes are that body: never a request smuggled as one."""
    smuggled = engine.play()

    def script(x):
        x.send(answer("413 Too Large", "Connection: close", body=b"no"))
        x.close()

    name = engine.play(script)
    inner = request("GET", f"/containers/{smuggled}/json")
    with proxy.connect() as client:
        client.send(request("POST", f"/images/load?x={name}",
                            "Expect: 100-continue",
                            f"Content-Length: {len(inner)}"))
        r = client.response()
        assert (r.status, r.body, r.interim) == (413, b"no", [])
        try:
            client.send(inner)
            assert client.gone()
        except (BrokenPipeError, ConnectionResetError):
            pass
    assert not engine.named(smuggled)


@pytest.mark.parametrize("value", ["100-continue", "100-CONTINUE"])
def test_expect_without_body(client, engine, value):
    """Nothing to wait for: forwarded or not, the answer comes."""
    name = engine.play()
    r = client.get(f"/containers/{name}/json", "Expect: " + value)
    assert r.status == 200


def test_a_scan_is_over_with_the_verdict(own_proxy, engine):
    """An exec or attach may live for days: what scanning its body took is
    given back before."""
    proxy = own_proxy()
    name = engine.play(lambda x: (x.body(), x.wait_gone()))
    body = b"[" + b"0," * 200_000 + b"0]"
    with proxy.connect() as client:  # what is kept for the next one
        assert client.ask(request("POST", "/containers/create",
                                  body=body)).status == 200
    clients = []
    with proxy_process.PeakMemory(proxy) as memory:
        for n in range(20):
            clients.append(proxy.connect())
            clients[-1].send(request(
                "POST", f"/containers/create?name={name}", body=body))
            engine.wait_for(name, n + 1)
        settled = proxy.rss_kib() - memory.begin
    for c in clients:
        c.sock.close()
    if not proxy_process.SANITIZED:
        assert settled < 20 * 2048, f"{settled} KiB are held"
