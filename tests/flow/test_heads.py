"""Heads are written anew: exactly what arrives, in both directions."""

import urllib.parse

import pytest

import wire
from fake_engine import OK
from wire import answer, chunked, request

# Written anew, or added where the Engine says none.
OURS = {"content-length", "transfer-encoding", "date"}


def unframed(head):
    return [f for f in head.without_made_id() if f[0].lower() not in OURS]


def forwarded(client, engine, data, name, method="GET"):
    """What the Engine gets of a request that it answers."""
    response = client.ask(data, method)
    assert response.status == 200, response.body
    return engine.named(name)[-1]


# --- targets ----------------------------------------------------------------

# What is asked, and what the Engine is asked; {n} is the script's name.
TARGETS = [
    ("/containers/{n}/json", "/containers/{n}/json"),
    ("/v1.41/containers/{n}/json", "/v1.41/containers/{n}/json"),
    ("/v1%2e41/containers/{n}/json", "/v1.41/containers/{n}/json"),
    ("/%76%31.41/containers/{n}/json", "/v1.41/containers/{n}/json"),
    ("/%63ontainers/{n}/json", "/containers/{n}/json"),
    ("/containers%2F{n}%2fjson", "/containers/{n}/json"),
    ("/v1.41%2Fcontainers%2F{n}/json", "/v1.41/containers/{n}/json"),
    ("/containers/{n}/", "/containers/{n}/"),
    ("/images/{n}%20x/json", "/images/{n}%20x/json"),
    ("/images/{n}%2577eb/json", "/images/{n}%2577eb/json"),
    ("/images/{n}%3Fx/json", "/images/{n}%3Fx/json"),
    ("/images/{n}%23x/json", "/images/{n}%23x/json"),
    ("/images/{n}%c3%a9/json", "/images/{n}%C3%A9/json"),
    ("/containers/{n}/json?all=1", "/containers/{n}/json?all=1"),
    ("/containers/{n}/json?%61ll=%31", "/containers/{n}/json?all=1"),
    ("http://docker/containers/{n}/json", "/containers/{n}/json"),
    ("http://docker/containers/{n}/json?a=b", "/containers/{n}/json?a=b"),
    ("HTTP://docker/v1.41/containers/{n}", "/v1.41/containers/{n}"),
]


@pytest.mark.parametrize("asked, expected", TARGETS)
def test_target(client, engine, asked, expected):
    name = engine.play()
    r = forwarded(client, engine,
                  request("GET", asked.replace("{n}", name)), name)
    assert r.target == expected.replace("{n}", name)
    assert r.head.values("Host") == ["docker"]


@pytest.mark.parametrize("path", [
    "ghcr.io/a/b:tag", "reg:5000/a@sha256:0123", "a+b", "a&b=c", "a;b",
    "a\"b", "a%b", "a#b?c", "sch\u00f6n", "\u65e5\u672c", "a b", "{x}", "~a'",
])
def test_any_name_keeps_its_meaning(client, engine, path):
    name = engine.play()
    asked = urllib.parse.quote(path, safe="/")
    r = forwarded(client, engine,
                  request("GET", f"/images/{name}{asked}/json"), name)
    assert urllib.parse.unquote(r.target) == f"/images/{name}{path}/json"
    assert "?" not in r.target and "#" not in r.target


QUERIES = [
    [("all", "1"), ("limit", "5")],
    [("filters", '{"label":["a=b"],"status":["exited"]}')],
    [("names", "a"), ("names", "b/c:d"), ("names", "a&b")],
    [("t", "a:1"), ("t", "b:2")],
    [("a", ""), ("b", "1 2"), ("c", "1+2"), ("d", "100%"), ("e", "x;y")],
    [("f", "\u00e9"), ("g", "#"), ("h", "a=b"), ("i", "/../"), ("", "x")],
]


@pytest.mark.parametrize("pairs", QUERIES)
@pytest.mark.parametrize("space", ["+", "%20"])
def test_query_keeps_its_meaning(client, engine, pairs, space):
    name = engine.play()
    asked = urllib.parse.urlencode(pairs).replace("+", space)
    r = forwarded(client, engine,
                  request("GET", f"/images/{name}?{asked}"), name)
    path, _, query = r.target.partition("?")
    assert path == f"/images/{name}"
    assert urllib.parse.parse_qsl(query, keep_blank_values=True) == pairs
    assert not set(query) & set(";\"<> #")


def test_a_key_alone_and_empty_pairs(client, engine):
    name = engine.play()
    r = forwarded(client, engine,
                  request("GET", f"/images/{name}?&a&&b=&"), name)
    query = r.target.partition("?")[2]
    assert urllib.parse.parse_qsl(query, keep_blank_values=True) == [
        ("a", ""), ("b", "")]


def test_the_longest_target(client, engine):
    name = engine.play()
    start = f"/images/{name}?a="
    target = start + "x" * (8192 - len(start))
    r = forwarded(client, engine, request("GET", target), name)
    assert r.target == target


# --- request fields ---------------------------------------------------------

def test_ordinary_fields_stay_as_they_are(client, engine):
    """In their order, with their names as written, values trimmed."""
    name = engine.play()
    r = forwarded(client, engine, (
        f"GET /containers/{name}/json HTTP/1.1\r\n"
        "User-Agent:  Docker-Client/24.0 (linux) \t\r\n"
        "hOsT: docker:2375\r\n"
        "X-Twice: a\r\n"
        "X-Twice: b\r\n"
        "X-Empty:\r\n"
        "X-Tab: a\tb\r\n"
        "X-Latin: caf\xe9\r\n"
        "X-Registry-Auth: e30=\r\n"
        "Accept: */*\r\n\r\n").encode("latin-1"), name)
    assert [n for n, _ in r.head.fields if n.lower() == "host"] in (
        ["hOsT"], ["Host"])
    assert r.head.values("Host") == ["docker:2375"]
    assert [f for f in r.head.without_made_id() if f[0].lower() != "host"] == [
        ("User-Agent", "Docker-Client/24.0 (linux)"),
        ("X-Twice", "a"), ("X-Twice", "b"), ("X-Empty", ""),
        ("X-Tab", "a\tb"), ("X-Latin", "caf\xe9"),
        ("X-Registry-Auth", "e30="), ("Accept", "*/*"),
    ]


def test_the_exact_bytes(client, engine):
    name = engine.play()
    data = request("GET", f"/v1.41/containers/{name}/json?all=1",
                   "User-Agent: curl/8", "Accept: */*", "X-Request-Id: mine")
    r = forwarded(client, engine, data, name)
    assert r.head.raw == data


HOP_BY_HOP = [
    ["Connection: keep-alive"],
    ["Connection: close, x-a", "X-A: 1"],
    ["Connection: X-A", "Connection: x-b,, X-C ,", "X-A: 1", "x-B: 2",
     "X-C: 3", "X-c: 4"],
    ["X-A: 1", "Connection: x-a"],
    ["Keep-Alive: timeout=5"],
    ["Proxy-Connection: keep-alive"],
    ["Proxy-Authorization: Basic eDp5"],
    ["Authorization: Bearer secret"],
    ["TE: trailers", "Connection: TE"],
    ["Trailer: X-A"],
    ["Upgrade: tcp"],
    ["Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"],
    ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
     "HTTP2-Settings: AAMAAABk"],
]


@pytest.mark.parametrize("fields", HOP_BY_HOP, ids=lambda f: f[0])
def test_what_ends_here(proxy, engine, fields):
    name = engine.play()
    with proxy.connect() as client:
        r = forwarded(client, engine, request(
            "GET", f"/containers/{name}/json", *fields, "X-Stays: 1"), name)
    assert r.head.without_made_id() == [("Host", "docker"), ("X-Stays", "1")]


@pytest.mark.parametrize("field", [
    "Host", "Content-Length", "Transfer-Encoding"])
def test_connection_takes_no_framing_away(proxy, engine, field):
    """`Connection: content-length` and the like: refused, or without
    effect; never a request whose framing has gone."""
    name = engine.play()
    fields = ["Connection: " + field]
    if field == "Transfer-Encoding":
        data = request("POST", f"/containers/{name}/rename?name=b",
                       "Transfer-Encoding: chunked", *fields)
        data += chunked(b"hello")
    else:
        data = request("POST", f"/containers/{name}/rename?name=b", *fields,
                       body=b"hello")
    with proxy.connect() as client:
        response = client.ask(data)
    if response.status == 200:
        assert engine.named(name)[0].body == b"hello"
        assert engine.named(name)[0].head.value("Host") == "docker"
    else:
        assert response.status == 400
        assert not engine.named(name)


def test_http_1_0_becomes_1_1(proxy, engine):
    name = engine.play()
    with proxy.connect() as client:
        client.send(f"GET /containers/{name}/json HTTP/1.0\r\n\r\n".encode())
        assert client.response().status == 200
    r = engine.named(name)[0]
    assert r.version == "HTTP/1.1"
    assert len(r.head.values("Host")) == 1  # 1.1 needs one


# --- request framing --------------------------------------------------------

def framing(client, engine, method, lines, body):
    name = engine.play()
    target = f"/containers/{name}/rename?name=b"
    r = forwarded(client, engine,
                  request(method, target, *lines) + body, name)
    assert r.complete
    return r.framing, r.length, r.body


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_length_is_kept(client, engine, method):
    assert framing(client, engine, method, ["Content-Length: 5"],
                   b"hello") == ("length", 5, b"hello")


def test_length_is_written_anew(client, engine):
    assert framing(client, engine, "POST", ["Content-Length:\t 0005 "],
                   b"hello") == ("length", 5, b"hello")


def test_length_zero(client, engine):
    assert framing(client, engine, "POST", ["Content-Length: 0"],
                   b"") == ("length", 0, b"")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_body(client, engine, method):
    kind, length, body = framing(client, engine, method, [], b"")
    assert body == b""
    assert kind is None or (kind, length, method) == ("length", 0, "POST")


CHUNKED_BODIES = {
    "one": chunked(b"hello"),
    "many": chunked(b"h", b"e", b"llo"),
    "leading-zeros": b"0005\r\nhello\r\n000\r\n\r\n",
    "upper-case": b"000A\r\nhellohello\r\n0\r\n\r\n",
    "trailer": b"5\r\nhello\r\n0\r\nX-T: 1\r\nContent-Length: 7\r\n\r\n",
    "empty": b"0\r\n\r\n",
}


@pytest.mark.parametrize("kind", CHUNKED_BODIES)
def test_chunked_is_written_anew(client, engine, kind):
    """Trailers end here: the fake Engine would complain about them."""
    body = CHUNKED_BODIES[kind]
    expected = {"upper-case": b"hellohello", "empty": b""}.get(kind, b"hello")
    how, _, got = framing(client, engine, "POST",
                          ["Transfer-Encoding: chunked"], body)
    assert (how, got) == ("chunked", expected)


def test_the_client_may_name_trailers(client, engine):
    name = engine.play()
    r = forwarded(client, engine, request(
        "POST", f"/containers/{name}/rename?name=b", "Trailer: X-T",
        "Transfer-Encoding: chunked") + CHUNKED_BODIES["trailer"], name)
    assert r.head.values("Trailer") == [] and r.body == b"hello"


# --- heads of any size ------------------------------------------------------

# Around the sizes of buffers, and around powers of two.
SIZES = [size + off for size in (1024, 4096, 8192, 16384, 32768, 65536)
         for off in range(-700, 1, 28)]


def test_a_request_head_of_any_size(client, engine):
    """With a chunked body of small pieces right behind it."""
    name = engine.play()
    body = chunked(*wire.bytewise(b"hello, world, this is it" * 4))
    start = request("POST", f"/containers/{name}/rename?name=b",
                    "Transfer-Encoding: chunked", "X-A: ")
    for size in SIZES:
        fill = b"x" * (size - len(start))
        r = client.ask(start[:-4] + fill + b"\r\n\r\n" + body)
        assert r.status == 200, size
        seen = engine.named(name)[-1]
        assert seen.body == b"hello, world, this is it" * 4, size
        assert seen.head.value("X-A") == fill.decode(), size


def test_an_answer_head_of_any_size(client, engine):
    pieces = wire.bytewise(b"hello, world, this is it" * 4)
    for size in SIZES:
        fill = b"x" * (size - 60)
        name = engine.play(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                           b"\r\nX-A: " + fill + b"\r\n\r\n"
                           + chunked(*pieces))
        r = client.get(f"/containers/{name}/json")
        assert r.status == 200, size
        assert r["X-A"] == fill.decode() and r.body == b"".join(pieces), size


@pytest.mark.parametrize("size", [100, 5000, 20_000, 60_000])
def test_a_head_behind_an_interim_answer(client, engine, size):
    name = engine.play(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                       + answer("200 OK", "X-A: " + "x" * size, body=b"ok"))
    r = client.get(f"/containers/{name}/json")
    assert (r.status, r["X-A"], r.body) == (200, "x" * size, b"ok")


# --- answers ----------------------------------------------------------------

def answered(client, engine, data, method="GET", over=False):
    def script(x):
        x.body()
        x.send(data)
        if over:
            x.close()

    name = engine.play(script)
    return client.ask(request(method, f"/containers/{name}/json"), method)


def test_answer_fields_stay_as_they_are(client, engine):
    fields = [("Api-Version", "1.41"), ("content-type", "application/json"),
              ("X-Twice", "a"), ("X-Twice", "b"), ("X-Empty", ""),
              ("Server", "Docker/20.10 (linux)")]
    lines = [f"{n}: {v}" for n, v in fields]
    r = answered(client, engine, answer("201 Created Thing", *lines,
                                        body=b"{}"))
    assert (r.version, r.status, r.reason) == (
        "HTTP/1.1", 201, "Created Thing")
    assert unframed(r.head) == fields
    assert r.body == b"{}"


@pytest.mark.parametrize("fields", [
    ["Connection: close"], ["Connection: keep-alive"],
    ["Keep-Alive: timeout=5"], ["Connection: X-A", "X-A: 1"],
    ["Trailer: X-T"], ["Proxy-Authenticate: Basic"],
    ["Proxy-Connection: close"],
], ids=lambda f: f[0])
def test_what_ends_here_of_an_answer(client, engine, fields):
    r = answered(client, engine,
                 answer("200 OK", *fields, "X-Stays: 1", body=b"ok"),
                 over="Connection: close" in fields)
    assert unframed(r.head) == [("X-Stays", "1")]
    assert client.get("/containers/json").status == 200


def test_status_without_reason(client, engine):
    r = answered(client, engine,
                 b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok")
    assert (r.status, r.body) == (200, b"ok")


def test_answer_trailers_end_here(client, engine):
    r = answered(client, engine,
                 b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 b"2\r\nok\r\n0\r\nX-T: 1\r\n\r\n")
    assert r.body == b"ok"
    assert client.get("/containers/json").status == 200


def test_http_1_0_answer(client, engine):
    r = answered(client, engine, b"HTTP/1.0 200 OK\r\n\r\nhello", over=True)
    assert (r.version, r.body) == ("HTTP/1.1", b"hello")


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_no_body_by_status(client, engine, status):
    r = answered(client, engine, f"HTTP/1.1 {status}\r\n\r\n".encode())
    assert r.status == int(status[:3])
    assert r.head.framing()[0] is None
    assert client.get("/containers/json").status == 200


def test_304_keeps_the_length_of_what_is_not_sent(client, engine):
    r = answered(client, engine, b"HTTP/1.1 304 Not Modified\r\n"
                 b"Content-Length: 99\r\n\r\n")
    assert r["Content-Length"] in ("99", None)
    assert client.get("/containers/json").status == 200


@pytest.mark.parametrize("framing_line", [
    "Content-Length: 99", "Transfer-Encoding: chunked"])
def test_head_keeps_the_framing_without_the_body(client, engine,
                                                 framing_line):
    r = answered(client, engine,
                 f"HTTP/1.1 200 OK\r\n{framing_line}\r\nX-A: b\r\n\r\n"
                 .encode(), "HEAD")
    assert unframed(r.head) == [("X-A", "b")]
    if "99" in framing_line:
        assert r["Content-Length"] == "99"
    assert client.get("/containers/json").status == 200


def test_interim_answers_pass(client, engine):
    r = answered(client, engine,
                 b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n"
                 b"Connection: X-A\r\nX-A: 1\r\n\r\n"
                 b"HTTP/1.1 102 Processing\r\n\r\n" + OK)
    assert [i.status for i in r.interim] == [103, 102]
    assert r.interim[0].head.fields == [("Link", "</a>")]
    assert r.body == b"ok"


def test_eof_delimited_answer_is_framed(client, engine):
    r = answered(client, engine, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100000,
                 over=True)
    assert r.head.framing() == ("chunked", None)
    assert r.body == b"x" * 100000
    assert client.get("/containers/json").status == 200


def test_every_field_line_is_strict():
    """wire.Head refuses what is not: prove that it does."""
    for raw in (b"GET / HTTP/1.1\r\nA : b\r\n\r\n",
                b"GET / HTTP/1.1\r\nA:  b\r\n\r\n\r\n",
                b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n"):
        with pytest.raises(wire.Malformed):
            wire.Head(raw)
