"""What RFC 9110, RFC 9112 or the Engine's reading forbid is refused here.

Every case is one raw request, followed by a good one in the same segment:
the answer has the status, it is the proxy's own, the connection closes, and
not one byte reaches the Engine.
"""

import json

import pytest

from wire import chunked, request

HOST = "Host: docker\r\n"
BEHIND = request("GET", "/containers/behind/json")


def head(*lines, start="POST /containers/a/rename?name=b HTTP/1.1"):
    return ("\r\n".join([start, *lines]) + "\r\n\r\n").encode("latin-1")


def with_host(*lines, **start):
    return head("Host: docker", *lines, **start)


def line(start):
    return with_host(start=start)


def target(raw, method="GET"):
    """raw is latin-1: one character a byte."""
    return line(f"{method} {raw} HTTP/1.1")


def refuse(proxy, untouched, data, status=400, closes=True):
    with untouched, proxy.connect() as client:
        client.send(data + BEHIND)
        response = client.response()
        assert response.status == status, response.body
        assert response.message()
        if closes:
            assert response["Connection"] == "close"
            assert client.gone()


def cases(table):
    return pytest.mark.parametrize(
        "data", list(table.values()), ids=list(table))


# --- the request line -------------------------------------------------------

LINES = {
    "http-0.9": b"GET /containers/json\r\n\r\n",
    "no-version": line("GET /containers/json "),
    "http-1.2": line("GET /containers/json HTTP/1.2"),
    "http-1.10": line("GET /containers/json HTTP/1.10"),
    "http-01.1": line("GET /containers/json HTTP/01.1"),
    "http-2.0": line("GET /containers/json HTTP/2.0"),
    "lower-case-version": line("GET /containers/json http/1.1"),
    "mixed-case-version": line("GET /containers/json Http/1.1"),
    "https-version": line("GET /containers/json HTTPS/1.1"),
    "junk-behind": line("GET /containers/json HTTP/1.1 x"),
    "blank-behind": line("GET /containers/json HTTP/1.1 "),
    "two-blanks": line("GET  /containers/json HTTP/1.1"),
    "two-blanks-behind": line("GET /containers/json  HTTP/1.1"),
    "tab": line("GET\t/containers/json HTTP/1.1"),
    "tab-behind": line("GET /containers/json\tHTTP/1.1"),
    "leading-blank": line(" GET /containers/json HTTP/1.1"),
    "leading-crlf": b"\r\n" + line("GET /containers/json HTTP/1.1"),
    "no-target": line("GET HTTP/1.1"),
    "empty-target": line("GET  HTTP/1.1"),
    "only-method": line("GET"),
    "no-method": line("/containers/json HTTP/1.1"),
    "lower-case-method": line("get /containers/json HTTP/1.1"),
    "mixed-case-method": line("Get /containers/json HTTP/1.1"),
    "unknown-method": line("FOO /containers/json HTTP/1.1"),
    "long-method": line("GETT /containers/json HTTP/1.1"),
    "method-is-no-token": line("GE(T /containers/json HTTP/1.1"),
    "nul-in-method": line("G\0T /containers/json HTTP/1.1"),
    "http2-preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                     + bytes.fromhex("000000040000000000"),
    "tls-hello": bytes.fromhex("16030100a5010000a1030300") + b"\r\n\r\n",
    "bare-lf": b"GET /containers/json HTTP/1.1\nHost: docker\n\n",
    "bare-lf-first": b"GET /containers/json HTTP/1.1\nHost: docker\r\n\r\n",
    "bare-cr-first": b"GET /containers/json HTTP/1.1\rHost: docker\r\n\r\n",
    "cr-cr-lf": b"GET /containers/json HTTP/1.1\r\r\nHost: docker\r\n\r\n",
}


@cases(LINES)
def test_request_line(proxy, untouched, data):
    refuse(proxy, untouched, data)


def test_trace_is_not_implemented(proxy, untouched):
    refuse(proxy, untouched, target("/containers/json", "TRACE"), 501)


@pytest.mark.parametrize("raw", ["/containers/json", "docker:2375"])
def test_connect(proxy, untouched, raw):
    refuse(proxy, untouched, target(raw, "CONNECT"))


# --- fields -----------------------------------------------------------------

FIELDS = {
    "bare-lf": b"GET / HTTP/1.1\r\nHost: docker\nX-A: b\r\n\r\n",
    "lf-lf-end": b"GET / HTTP/1.1\r\nHost: docker\r\n\n",
    "lf-end": b"GET / HTTP/1.1\r\nHost: docker\n\r\n",
    "lf-in-value": with_host("X-A: b\nContent-Length: 5"),
    "bare-cr": with_host("X-A: b\rc"),
    "cr-end": b"GET / HTTP/1.1\r\nHost: docker\r\r\n\r\n",
    "nul": with_host("X-A: b\0c"),
    "nul-in-name": with_host("X\0A: b"),
    "control": with_host("X-A: b\x01c"),
    "escape": with_host("X-A: b\x1bc"),
    "vertical-tab": with_host("X-A: b\x0bc"),
    "del": with_host("X-A: b\x7fc"),
    "folded": with_host("X-A: b", " c"),
    "folded-tab": with_host("X-A: b", "\tc"),
    "folded-blank": with_host("X-A: b", " "),
    "folded-first": head(" X-A: b", "Host: docker"),
    "folded-length": with_host("Content-Length:", " 5"),
    "folded-coding": with_host("Transfer-Encoding:", " chunked"),
    "blank-before-colon": with_host("X-A : b"),
    "tab-before-colon": with_host("X-A\t: b"),
    "host-blank-colon": head("Host : docker"),
    "length-blank-colon": with_host("Content-Length : 5"),
    "no-colon": with_host("X-A"),
    "empty-name": with_host(": b"),
    "name-is-no-token": with_host("X(A): b"),
    "latin-name": with_host("X-\xe9: b"),
    "quoted-name": with_host('"X-A": b'),
}


@cases(FIELDS)
def test_fields(proxy, untouched, data):
    refuse(proxy, untouched, data)


HOSTS = {
    "none": head("X-A: b"),
    "two": with_host("Host: docker"),
    "two-different": with_host("Host: evil"),
    "two-by-case": with_host("hOST: docker"),
    "blank-inside": head("Host: a b"),
    "slash": head("Host: docker/x"),
    "userinfo": head("Host: u@docker"),
    "quote": head("Host: a\"b"),
    "backslash": head("Host: a\\b"),
    "angle": head("Host: <a>"),
    "query": head("Host: a?b"),
    "latin": head("Host: d\xf6cker"),
}


@cases(HOSTS)
def test_host(proxy, untouched, data):
    refuse(proxy, untouched, data)


@pytest.mark.parametrize("host", [
    "docker", "docker:2375", "127.0.0.1", "[::1]:2375", "LOCALHOST", "a.b-c_d",
    "%2Fvar%2Frun%2Fdocker.sock", "api.moby.localhost"])
def test_hosts_of_real_clients(client, engine, host):
    name = engine.play()
    r = client.ask(request("GET", f"/containers/{name}/json", host=host))
    assert r.status == 200
    assert engine.named(name)[0].head.value("Host") == host


# --- framing ----------------------------------------------------------------

FRAMINGS = {
    "length-and-coding": with_host(
        "Content-Length: 5", "Transfer-Encoding: chunked"),
    "coding-and-length": with_host(
        "Transfer-Encoding: chunked", "Content-Length: 5"),
    "coding-and-length-0": with_host(
        "Transfer-Encoding: chunked", "Content-Length: 0"),
    "two-lengths": with_host("Content-Length: 5", "Content-Length: 5"),
    "two-different": with_host("Content-Length: 5", "Content-Length: 6"),
    "two-by-case": with_host("Content-Length: 5", "content-length: 5"),
    "list": with_host("Content-Length: 5, 5"),
    "list-different": with_host("Content-Length: 5, 6"),
    "plus": with_host("Content-Length: +5"),
    "minus": with_host("Content-Length: -5"),
    "minus-0": with_host("Content-Length: -0"),
    "hex": with_host("Content-Length: 0x5"),
    "hex-digits": with_host("Content-Length: a"),
    "fraction": with_host("Content-Length: 5.0"),
    "exponent": with_host("Content-Length: 5e0"),
    "blank-inside": with_host("Content-Length: 5 5"),
    "quoted": with_host('Content-Length: "5"'),
    "empty": with_host("Content-Length:"),
    "blank": with_host("Content-Length:  "),
    "underscore": with_host("Content-Length: 1_0"),
    "2^63": with_host("Content-Length: 9223372036854775808"),
    "2^64": with_host("Content-Length: 18446744073709551616"),
    "2^64+5": with_host("Content-Length: 18446744073709551621"),
    "99-nines": with_host("Content-Length: " + "9" * 99),
    "coding-identity": with_host("Transfer-Encoding: identity"),
    "coding-gzip": with_host("Transfer-Encoding: gzip"),
    "coding-gzip-chunked": with_host("Transfer-Encoding: gzip, chunked"),
    "coding-chunked-gzip": with_host("Transfer-Encoding: chunked, gzip"),
    "coding-twice": with_host("Transfer-Encoding: chunked, chunked"),
    "coding-parameter": with_host("Transfer-Encoding: chunked;q=1"),
    "coding-comma": with_host("Transfer-Encoding: chunked,"),
    "coding-comma-first": with_host("Transfer-Encoding: ,chunked"),
    "coding-quoted": with_host('Transfer-Encoding: "chunked"'),
    "coding-empty": with_host("Transfer-Encoding:"),
    "coding-prefix": with_host("Transfer-Encoding: xchunked"),
    "coding-suffix": with_host("Transfer-Encoding: chunkedx"),
    "coding-vertical-tab": with_host("Transfer-Encoding: \x0bchunked"),
    "two-codings": with_host(
        "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "coding-and-identity": with_host(
        "Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
    "coding-on-1.0": with_host(
        "Transfer-Encoding: chunked",
        start="POST /containers/a/rename?name=b HTTP/1.0"),
    "content-encoding-gzip": with_host(
        "Content-Encoding: gzip", "Content-Length: 5"),
    "content-encoding-identity": with_host(
        "Content-Encoding: identity", "Content-Length: 5"),
}


@cases(FRAMINGS)
def test_framing(proxy, untouched, data):
    refuse(proxy, untouched, data + b"0\r\n\r\n")


@pytest.mark.parametrize("coding", ["Chunked", "CHUNKED", "chunked \t"])
def test_coding_is_a_token_without_case(client, engine, coding):
    """RFC 9112 section 7: forwarded in its one spelling."""
    name = engine.play()
    r = client.ask(request("POST", f"/containers/{name}/rename?name=b",
                           "Transfer-Encoding: " + coding)
                   + chunked(b"hello"))
    assert r.status == 200
    assert engine.named(name)[0].head.value(
        "Transfer-Encoding") == "chunked"
    assert engine.named(name)[0].body == b"hello"


CHUNKS = {
    "empty-size": b"\r\nhello\r\n0\r\n\r\n",
    "no-hex": b"g\r\nhello\r\n0\r\n\r\n",
    "0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "plus": b"+5\r\nhello\r\n0\r\n\r\n",
    "minus": b"-5\r\nhello\r\n0\r\n\r\n",
    "blank-first": b" 5\r\nhello\r\n0\r\n\r\n",
    "blank-last": b"5 \r\nhello\r\n0\r\n\r\n",
    "tab-last": b"5\t\r\nhello\r\n0\r\n\r\n",
    "lf-size": b"5\nhello\r\n0\r\n\r\n",
    "cr-size": b"5\rhello\r\n0\r\n\r\n",
    "lf-data": b"5\r\nhello\n0\r\n\r\n",
    "no-crlf-data": b"5\r\nhello0\r\n\r\n",
    "too-long-data": b"5\r\nhello!\r\n0\r\n\r\n",
    "lf-last": b"5\r\nhello\r\n0\n\r\n",
    "lf-end": b"5\r\nhello\r\n0\r\n\n",
    "lf-extension": b"5;a\nb\r\nhello\r\n0\r\n\r\n",
    "cr-extension": b"5;a\rb\r\nhello\r\n0\r\n\r\n",
    "nul-extension": b"5;a\0\r\nhello\r\n0\r\n\r\n",
    "long-extension": b"5;" + b"a" * 5000 + b"\r\nhello\r\n0\r\n\r\n",
    "overflow": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "2^64-1": b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
    "2^63": b"8000000000000000\r\nhello\r\n0\r\n\r\n",
    "many-zeros": b"0" * 1000 + b"5\r\nhello\r\n0\r\n\r\n",
    "trailer-folded": b"0\r\n X-A: b\r\n\r\n",
    "trailer-lf": b"0\r\nX-A: b\n\r\n",
    "trailer-nul": b"0\r\nX-A: \0\r\n\r\n",
    "trailers-too-long": b"0\r\n" + b"X-A: " + b"b" * 9000 + b"\r\n\r\n",
}


def chunked_post(path, body):
    return with_host("Transfer-Encoding: chunked",
                     start=f"POST {path} HTTP/1.1") + body


@cases(CHUNKS)
def test_chunks_of_a_held_body(proxy, untouched, data):
    refuse(proxy, untouched, chunked_post("/containers/create", data))


@cases(CHUNKS)
def test_chunks_of_a_streamed_body(proxy, engine, data):
    """Its head may be on its way already: then the Engine must not get a
    whole request, and what follows must not be read as one."""
    behind = engine.play()
    name = engine.play(lambda x: x.body())
    with proxy.connect() as client:
        client.send(chunked_post(f"/containers/{name}/rename?name=b", data)
                    + request("GET", f"/containers/{behind}/json"))
        response = client.response()
        assert response.status == 400
        assert client.gone()
    for r in engine.named(name):
        assert r.connection.closed.wait(10)
        assert not r.complete
    assert not engine.named(behind)


@pytest.mark.parametrize("extension", [
    b";", b";a", b";a=b", b';a="b c"', b"; a = b;c"])
def test_chunk_extensions_end_here(client, engine, extension):
    """RFC 9112 section 7.1.1: a recipient ignores them. The fake Engine
    would complain about one."""
    name = engine.play()
    r = client.ask(chunked_post(
        f"/containers/{name}/rename?name=b",
        b"5%s\r\nhello\r\n0%s\r\n\r\n" % (extension, extension)))
    assert r.status == 200
    assert engine.named(name)[0].body == b"hello"


def test_a_body_that_ends_early(proxy, untouched):
    """Held: nothing is forwarded. The client has gone with its body."""
    for data in (request("POST", "/containers/create", body=b"{}")[:-1],
                 chunked_post("/containers/create", b"5\r\n{}")):
        with untouched, proxy.connect() as client:
            client.send(data)
            client.half_close()
            rest = client.read_to_end()
            assert not rest or rest.startswith(b"HTTP/1.1 400 ")


# --- Expect -----------------------------------------------------------------

@pytest.mark.parametrize("value", [
    "foo", "200-ok", "x, 100-continue", "100-continue, x", ""])
def test_other_expectations(proxy, untouched, value):
    data = with_host("Expect: " + value, "Content-Length: 5") + b"hello"
    refuse(proxy, untouched, data, 417, closes=False)


# --- targets ----------------------------------------------------------------

TARGETS = [
    "*", "containers/json", "docker:2375", "docker:2375/containers/json",
    "//", "//docker/containers/json", "//containers/json",
    "/containers//json", "/v1.41//containers/json", "/%2Fcontainers/json",
    "/containers/%2Fjson", "/containers/%2fjson", "/containers//",
    "/.", "/..", "/./containers/json", "/containers/./json",
    "/containers/json/.", "/containers/json/..", "/../containers/json",
    "/containers/../secrets", "/v1.41/../secrets", "/v1.41/./secrets",
    "/%2e%2e/secrets", "/containers/%2e%2e/secrets", "/%2E/secrets",
    "/containers/.%2e/secrets", "/containers%2f..%2fsecrets",
    "/containers/..%2fsecrets", "/containers/%2e/json",
    "/%", "/%4", "/%zz", "/%4g", "/%u0041", "/containers/a%/json", "/a%%41",
    "/%00", "/containers/a%00/json", "/containers/a%0a/json", "/a%0d%0ab",
    "/a%1f", "/a%7f", "/%ff", "/%c0%af", "/%e0%80%af", "/%ed%a0%80",
    "/%f4%90%80%80", "/a%c3", "/\xff", "/\xc0\xaf",
    "/v1.41.0/containers/json", "/v1.41.0.0/x", "/v1/containers/json",
    "/v1./containers/json", "/v.1/containers/json", "/v1..24/x",
    "/v.../x", "/v01.41/x", "/v1.041/x", "/v1.41.99/containers/json",
    "/v1%2e41%2e0/containers/json", "/v99999999999999999999.41/x",
    "/v1.99999999999999999999/x",
    "/v1.12/containers/json", "/v1.23/containers/json", "/v1.0/x",
    "/v0.41/x", "/v0.0/x", "/v1.9/x",
    "/containers/json?a=1;b=2", "/containers/json?;", "/a?a=%zz", "/a?%",
    "/a?a=%", "/a?a=%4", "/a?a=%ff", "/a?%c0%af=1", "/a?a=1&a=2",
    "/a?a=1&a=1", "/a?a&a", "/a?a=1&%61=2", "/a?a=&b=1&a=",
    "/containers/create?name=a&name=b", "/a?T=1&T=2",
    "https://docker/containers/json", "ftp://docker/containers/json",
    "http:/containers/json", "http:containers/json", "http:///containers/json",
    "http://evil/containers/json", "http://docker:1/containers/json",
    "http://u@docker/containers/json", "http://docker\\/containers/json",
    "http://docker", "http://docker?a=b",
    "http://docker//containers/json", "http://docker/../secrets",
    "x:/containers/json", "unix:///containers/json",
    "/a\x01b", "/a\x7fb", "/a\x00b", "/a\x0bb",
]


@pytest.mark.parametrize("raw", TARGETS, ids=ascii)
def test_target(proxy, untouched, raw):
    refuse(proxy, untouched, target(raw))


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "POST"])
def test_asterisk(proxy, untouched, method):
    refuse(proxy, untouched, target("*", method))


def test_fragment(proxy, untouched):
    """Not a target (RFC 9112 section 3.2.1); the Engine would read it as a
    part of the path."""
    refuse(proxy, untouched, target("/containers/json#x"))


@pytest.mark.parametrize("name", ["t", "names", "changes", "extrahosts",
                                  "platform", "type"])
def test_lists_may_repeat(client, engine, name):
    n = engine.play()
    r = client.get(f"/images/{n}?{name}=a&{name}=b")
    assert r.status == 200
    assert engine.named(n)[0].target.endswith(f"?{name}=a&{name}=b")


def test_target_too_long(proxy, untouched):
    refuse(proxy, untouched, target("/images/" + "x" * 8185), 414)


# --- sizes ------------------------------------------------------------------

def test_head_too_large(proxy, untouched):
    refuse(proxy, untouched, with_host(
        *(f"X-{i}: " + "x" * 1000 for i in range(66))), 431)


def test_one_field_too_large(proxy, untouched):
    refuse(proxy, untouched, with_host("X-A: " + "x" * 66000), 431)


def test_head_that_never_ends(proxy, untouched):
    """Refused when the limit is passed, not when the head ends."""
    with untouched, proxy.connect() as client:
        client.send(b"GET / HTTP/1.1\r\n" + HOST.encode() + b"X: "
                    + b"x" * 70000)
        assert client.response().status == 431
        assert client.gone()


def test_request_line_that_never_ends(proxy, untouched):
    with untouched, proxy.connect() as client:
        client.send(b"GET /" + b"x" * 70000)
        assert client.response().status in (414, 431)
        assert client.gone()


def test_largest_head(client, engine):
    name = engine.play()
    start = request("GET", f"/containers/{name}/json", "X-A: ")
    fill = 65536 - len(start)
    r = client.ask(start[:-4] + b"x" * fill + b"\r\n\r\n")
    assert r.status == 200
    assert len(engine.named(name)[0].head.value("X-A")) == fill


def test_too_many_fields(proxy, untouched):
    refuse(proxy, untouched,
           with_host(*(f"X-{i}: a" for i in range(128))), 431)


def test_most_fields(client, engine):
    name = engine.play()
    fields = [f"X-{i}: a" for i in range(127)]
    r = client.get(f"/containers/{name}/json", *fields)
    assert r.status == 200
    assert len(engine.named(name)[0].head.without_made_id()) == 128


# --- bodies that are refused by what they are -------------------------------

FORMS = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-8",
    "APPLICATION/X-WWW-Form-Urlencoded",
    "application/x-www-form-urlencoded;",
    "multipart/form-data; boundary=x",
    "Multipart/Form-Data; boundary=x",
    "multipart/form-data",
    # Go reads these as forms too: it lowers U+0130 to i, and trims blanks
    # of Unicode.
    "appl\u0130cation/x-www-form-urlencoded",
    "mult\u0130part/form-data; boundary=x",
    "\u00a0application/x-www-form-urlencoded",
    "\u2003application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded\u00a0",
]


@pytest.mark.parametrize("value", FORMS)
@pytest.mark.parametrize("path", [
    "/containers/a/kill?signal=0", "/build", "/containers/a/archive?path=/"])
def test_form_bodies(proxy, untouched, value, path):
    body = b"signal=KILL"
    value = value.encode().decode("latin-1")
    refuse(proxy, untouched, with_host(
        "Content-Type: " + value, f"Content-Length: {len(body)}",
        start=f"POST {path} HTTP/1.1") + body)
    refuse(proxy, untouched, with_host(
        "Content-Type: " + value, "Transfer-Encoding: chunked",
        start=f"PUT {path} HTTP/1.1") + chunked(body))


def test_two_content_types(proxy, untouched):
    refuse(proxy, untouched, with_host(
        "Content-Type: application/json",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Length: 2") + b"{}")


def test_podman_may_send_multipart(client, engine):
    name = engine.play()
    r = client.ask(request(
        "POST", f"/v4.0/libpod/build?x={name}",
        "Content-Type: multipart/form-data; boundary=x", body=b"--x--"))
    assert r.status == 200
    assert engine.named(name)[0].body == b"--x--"


@pytest.mark.parametrize("path", [
    "/containers/a/start", "/v1.41/containers/a/start",
    "/containers/a/%73tart", "/containers/a%2Fstart",
    "/containers/a/b/start", "/containers/a/start?detachKeys=x"])
def test_body_on_start(proxy, untouched, path):
    body = b'{"Privileged": true}'
    refuse(proxy, untouched, with_host(
        f"Content-Length: {len(body)}", start=f"POST {path} HTTP/1.1") + body)
    refuse(proxy, untouched, with_host(
        "Transfer-Encoding: chunked",
        start=f"POST {path} HTTP/1.1") + chunked(body))


@pytest.mark.parametrize("fields", [
    [], ["Content-Length: 0"], ["Content-Type: application/json"],
    ["Content-Type: text/plain", "Content-Length: 0"]], ids=str)
def test_start_without_body(client, engine, fields):
    name = engine.play()
    r = client.ask(request("POST", f"/containers/{name}/start", *fields))
    assert r.status == 200


# --- the answers ------------------------------------------------------------

@pytest.mark.parametrize("status, data", [
    (400, target("/..", "HEAD")),
    (403, target("/secrets", "HEAD")),
    (414, target("/" + "x" * 9000, "HEAD")),
])
def test_head_gets_no_body(proxy, untouched, status, data):
    with untouched, proxy.connect() as client:
        client.send(data)
        response = client.head()
        assert response.status == status
        assert response["Content-Type"] == "application/json"
        assert int(response["Content-Length"]) > 0
        client.half_close()
        assert client.gone()


def test_a_denial_keeps_the_connection(client, untouched):
    with untouched:
        first = client.get("/secrets")
        assert first.status == 403
        assert first["Connection"] in (None, "keep-alive")
        assert client.get("/secrets").status == 403


def test_an_answer_survives_what_is_still_being_sent(proxy, untouched):
    """The client sends a megabyte behind a malformed head: closing at once
    would reset the connection, and the answer would be lost."""
    with untouched, proxy.connect("tcp") as client:
        client.send(target("/.."))
        try:
            client.send(b"x" * (1 << 20))
        except (BrokenPipeError, ConnectionResetError):
            pass  # what was sent too late is not the point
        response = client.response()
        assert response.status == 400
        assert json.loads(response.body)["message"]


def test_refusals_over_tcp(proxy, untouched):
    with untouched:
        for data in (LINES["bare-lf"], FRAMINGS["length-and-coding"],
                     target("/..")):
            with proxy.connect("tcp") as client:
                client.send(data)
                assert client.response().status == 400
                assert client.at_end()
