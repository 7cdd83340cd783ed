"""Heads and framing: one strict reading, where the Engine has several."""

from reading import Row, becomes, get, head, post, refused, same
from wire import chunked, request

TARGET = "/containers/a/rename?name=b"
HELD = "/containers/create"
START = f"POST {TARGET} HTTP/1.1"
HOST = "Host: docker"
CHUNKED = "Transfer-Encoding: chunked"
LAST = b"0\r\n\r\n"

# A body that would be another request, were it not read as a body.
INNER = request("GET", "/secrets/inner")


def sent(*lines, body=b"", start=START):
    return head(start, HOST, *lines) + body


def length_rows():
    served = post(TARGET, body=b"hello")
    for what, value in [("plain", "5"), ("zeros", "0005"),
                        ("blanks", " \t5\t "), ("many-zeros", "0" * 40 + "5")]:
        yield becomes("length", what,
                      sent(f"Content-Length:{value}", body=b"hello"), served)
    for value in ("5,5", "5, 6", "5,", ",5", "+5", "-5", "5 5", "0x5", "5.",
                  "5e0", "٥".encode().decode("latin-1"), "5\xa0", "5;",
                  "'5'", "1_0", "9223372036854775808"):
        yield refused("length", f"no-{value!a}",
                      sent(f"Content-Length: {value}", body=b"hello"))
    yield refused("length", "empty", sent("Content-Length:", body=b"hello"))
    yield refused("length", "twice", sent(
        "Content-Length: 5", "Content-Length: 5", body=b"hello"))
    yield refused("length", "twice-apart", sent(
        "Content-Length: 5", "X: y", "CONTENT-LENGTH: 5", body=b"hello"))
    yield refused("length", "one-of-them-folded", sent(
        "Content-Length: 5", "\tContent-Length: 6", body=b"hello"))


def coding_rows():
    served = sent(CHUNKED) + b"hello"
    body = chunked(b"hello")
    for value in ("chunked", "Chunked", "CHUNKED", " \tchunked\t "):
        yield becomes("coding", f"is-{value!a}",
                      sent("Transfer-Encoding:" + value, body=body), served)
    for value in ("identity", "gzip", "chunked, identity", "gzip, chunked",
                  "chunked, chunked", "chunked;q=1", '"chunked"', "",
                  "chunked,", ",chunked", "x-chunked", "chunke", "chunked\xa0",
                  "chun ked", "\x0cchunked", "chunked\x00", "c\u0125".encode()
                  .decode("latin-1"), "chun\u212aed".encode()
                  .decode("latin-1")):
        yield refused("coding", f"no-{value!a}",
                      sent("Transfer-Encoding: " + value, body=body))
    yield refused("coding", "twice", sent(CHUNKED, CHUNKED, body=body))
    yield refused("coding", "twice-identity", sent(
        CHUNKED, "Transfer-Encoding: identity", body=body))
    for length in ("0", "5", str(len(body)), "99999"):
        yield refused("both", f"length-{length}-first", sent(
            f"Content-Length: {length}", CHUNKED, body=body))
        yield refused("both", f"length-{length}-last", sent(
            CHUNKED, f"Content-Length: {length}", body=body))
    # Faults of one kind must not hide those of the other.
    yield refused("both", "bad-coding", sent(
        "Content-Length: 5", "Transfer-Encoding: x", body=b"hello"))
    yield refused("both", "coding-name-disguised", sent(
        "Content-Length: 5", "Transfer-Encoding : chunked", body=b"hello"))
    yield becomes("both", "coding-by-another-name",
                  sent("Content-Length: 5", "Transfer_Encoding: chunked",
                       body=b"hello"),
                  sent("Transfer_Encoding: chunked", "Content-Length: 5",
                       body=b"hello"))
    for what, start in (("get", "GET /info HTTP/1.1"),
                        ("delete", "DELETE /containers/a HTTP/1.1"),
                        ("head", "HEAD /_ping HTTP/1.1")):
        # A body of a method that has none is a body all the same.
        yield becomes("body-of-any-method", f"{what}-chunked",
                      sent(CHUNKED, start=start, body=chunked(INNER)),
                      sent(CHUNKED, start=start, body=INNER))
        yield same("body-of-any-method", f"{what}-length",
                   sent(f"Content-Length: {len(INNER)}", start=start,
                        body=INNER))


def chunk_rows():
    served = sent(CHUNKED) + b"hello"
    for what, body in {
            "zeros": b"0005\r\nhello\r\n000\r\n\r\n",
            "upper-and-lower": b"1\r\nh\r\n04\r\nello\r\n0\r\n\r\n",
            "extension": b"5;a=b\r\nhello\r\n0;c\r\n\r\n",
            "quoted-extension": b'5;a="\\"b"\r\nhello\r\n0\r\n\r\n',
            "extension-like-a-chunk": b"5;0\r\nhello\r\n0\r\n\r\n",
            "trailers": b"5\r\nhello\r\n0\r\nX-A: b\r\nHost: evil\r\n"
                        b"Transfer-Encoding: x\r\n\r\n",
            }.items():
        yield becomes("chunks", what, sent(CHUNKED, body=body), served)
    inner = chunked(INNER)
    for what, body in {
            "no-size": b"\r\nhello\r\n0\r\n\r\n",
            "no-hex": b"5x\r\nhello\r\n0\r\n\r\n",
            "signed": b"+5\r\nhello\r\n0\r\n\r\n",
            "blank-behind-size": b"5 \r\nhello\r\n0\r\n\r\n",
            "blank-before-extension": b"5 ;a\r\nhello\r\n0\r\n\r\n",
            "lf-behind-size": b"5\nhello\r\n0\r\n\r\n",
            "lf-in-extension": b"5;\n\r\nhello\r\n0\r\n\r\n",
            "lf-extension-hides-a-chunk": b"2;\nxx\r\n%x\r\n" % len(inner)
                                          + inner + LAST,
            "cr-behind-size": b"5\r\rhello\r\n0\r\n\r\n",
            "cr-in-extension": b"5;\r;\r\nhello\r\n0\r\n\r\n",
            "no-crlf-behind-data": b"5\r\nhello0\r\n\r\n",
            "lf-behind-data": b"5\r\nhello\n0\r\n\r\n",
            "one-too-many": b"5\r\nhellox\r\n0\r\n\r\n",
            "two-too-many": b"5\r\nhelloxx0\r\n\r\n",
            "lf-at-the-end": b"5\r\nhello\r\n0\r\n\n",
            "lf-behind-last": b"5\r\nhello\r\n0\n\r\n",
            "lf-in-trailer": b"5\r\nhello\r\n0\r\nX: y\n\r\n",
            "cr-in-trailer": b"5\r\nhello\r\n0\r\nX: \ry\r\n\r\n",
            "folded-trailer": b"5\r\nhello\r\n0\r\n X: y\r\n\r\n",
            "sixteen-digits": b"0000000000000005\r\nhello\r\n0\r\n\r\n",
            "2^64+5": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
            }.items():
        yield refused("chunks", f"no-{what}",
                      sent(CHUNKED, body=body, start=f"POST {HELD} HTTP/1.1"))


def http_1_0_rows():
    """No framing but a length, no next request, no Host needed."""
    start = "POST " + TARGET + " HTTP/1.0"
    yield refused("http-1.0", "coding", sent(
        CHUNKED, start=start, body=chunked(INNER)))
    yield refused("http-1.0", "coding-and-length", sent(
        CHUNKED, "Content-Length: 5", start=start, body=b"hello"))
    yield becomes("http-1.0", "length", sent(
        "Content-Length: 5", start=start, body=b"hello"),
        post(TARGET, body=b"hello"), closes=True)
    yield becomes("http-1.0", "keep-alive", sent(
        "Connection: keep-alive", start=start), post(TARGET), closes=True)
    yield becomes("http-1.0", "no-host", head("GET /info HTTP/1.0"),
                  get("/info"), closes=True)
    yield refused("http-1.0", "two-hosts", head(
        "GET /info HTTP/1.0", HOST, HOST))
    yield becomes("http-1.0", "no-body-without-a-length", head(start)
                  + INNER, post(TARGET), closes=True)


def version_rows():
    for text in ("HTTP/0.9", "HTTP/1.2", "HTTP/1.9", "HTTP/1.10", "HTTP/2.0",
                 "HTTP/3.0", "Http/1.1", "HTTP/1", "HTTP/1.", "HTTP/11",
                 "HTTP/1.1.1", "ICY/1.1", "HTTP/01.1", "HTTP 1.1"):
        yield refused("versions", text, sent(start=f"GET /info {text}"))
    yield refused("versions", "none", b"GET /info\r\n\r\n")
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    settings = bytes.fromhex("000000040000000000")
    yield refused("preface", "alone", preface)
    yield refused("preface", "and-settings", preface + settings)
    yield refused("preface", "cut-short", preface[:18])


def line_rows():
    for what, raw in {
            "lf-behind-request-line": b"GET /info HTTP/1.1\nHost: d\r\n\r\n",
            "lf-everywhere": b"GET /info HTTP/1.1\nHost: d\n\n",
            "lf-lf-end": b"GET /info HTTP/1.1\r\nHost: d\r\n\n",
            "lf-cr-lf-end": b"GET /info HTTP/1.1\r\nHost: d\n\r\n",
            "lf-hides-a-field":
                b"GET /info HTTP/1.1\r\nHost: d\r\nX: y\nContent-Length: 9"
                b"\r\n\r\n",
            "cr-for-a-blank": b"GET\r/info HTTP/1.1\r\nHost: d\r\n\r\n",
            "cr-before-version": b"GET /info\rHTTP/1.1\r\nHost: d\r\n\r\n",
            "cr-behind-version": b"GET /info HTTP/1.1\r\r\nHost: d\r\n\r\n",
            "cr-before-name": b"GET /info HTTP/1.1\r\n\rHost: d\r\n\r\n",
            "cr-hides-a-field":
                b"GET /info HTTP/1.1\r\nHost: d\r\nX: y\rContent-Length: 9"
                b"\r\n\r\n",
            "cr-cr-lf-end": b"GET /info HTTP/1.1\r\nHost: d\r\n\r\r\n\r\n",
            "crlf-first": b"\r\nGET /info HTTP/1.1\r\nHost: d\r\n\r\n",
            "blank-first": b" GET /info HTTP/1.1\r\nHost: d\r\n\r\n",
            "blank-line-of-blanks":
                b"GET /info HTTP/1.1\r\n \r\nHost: d\r\n\r\n",
            "field-before-the-first":
                b"GET /info HTTP/1.1\r\n X: y\r\nHost: d\r\n\r\n",
            "two-blanks": b"GET  /info HTTP/1.1\r\nHost: d\r\n\r\n",
            "form-feed": b"GET\x0c/info HTTP/1.1\r\nHost: d\r\n\r\n",
            "vertical-tab": b"GET /info\x0bHTTP/1.1\r\nHost: d\r\n\r\n",
            "blank-behind": b"GET /info HTTP/1.1 \r\nHost: d\r\n\r\n",
            "line-separator":
                "GET /info\u2028HTTP/1.1\r\nHost: d\r\n\r\n".encode(),
            "next-line":
                "GET /info HTTP/1.1\u0085Host: d\r\n\r\n".encode(),
            }.items():
        yield refused("lines", what, raw)


def field_rows():
    for what, lines in {
            "folded": ["X: y", " z"], "folded-by-tab": ["X: y", "\tz"],
            "folded-coding": ["Transfer-Encoding:", " chunked"],
            "folded-length": ["Content-Length:", " 63"],
            "folded-type": ["Content-Type: application/",
                            " x-www-form-urlencoded"],
            "blank-before-colon": ["X : y"],
            "tab-before-colon": ["X\t: y"],
            "blank-before-colon-of-length": ["Content-Length : 5"],
            "no-colon": ["X"], "empty-name": [": y"],
            "nul": ["X: \0"], "bell": ["X: \x07"], "del": ["X: \x7f"],
            "nul-in-name": ["Content-Length\0: 5"],
            "bracket-in-name": ["X[]: y"], "latin-name": ["X\xe9: y"],
            "colon-only": [":"], "equals": ["X=y"],
            "two-types": ["Content-Type: application/json",
                          "content-type: application/json"],
            "two-upgrades": ["Upgrade: tcp", "Upgrade: tcp"],
            "two-expects": ["Expect: 100-continue", "Expect: 100-continue"],
            "encoding": ["Content-Encoding: gzip"],
            "encoding-none": ["Content-Encoding: identity"],
            "encoding-empty": ["Content-Encoding:"],
            "second-host": ["Host: docker"],
            "second-host-differs": ["hoSt: evil"],
            }.items():
        yield refused("fields", what, sent(*lines))
    for what, line in {"blank": "Host: a b", "slash": "Host: a/b",
                       "user": "Host: u@a", "none": "X: y"}.items():
        yield refused("hosts", what, head(START, line))
    for what, host in {"empty": "", "foreign": "evil.example",
                       "port": "docker:2375", "six": "[::1]:2375"}.items():
        data = head("GET /info HTTP/1.1", f"Host: {host}")
        yield same("hosts", what, data)
    for value in ("Content-Length", "x, content-length", "host",
                  "Content-Type"):
        yield refused("connection", value, post(
            TARGET, f"Connection: {value}", "Content-Type: text/plain",
            body=b"hello"))
    yield refused("connection", "transfer-encoding", sent(
        "Connection: transfer-encoding", CHUNKED, body=chunked(INNER)))
    yield becomes("connection", "close", post(TARGET, "Connection: close"),
                  post(TARGET), closes=True)
    yield becomes("connection", "named-fields-end-here",
                  get("/info").replace(b"\r\n\r\n", b"\r\nX-A: b\r\n"
                                       b"Connection: x-a\r\nX-a: c\r\n\r\n"),
                  get("/info"))
    # A name is not a prefix of another, nor the other way round.
    yield becomes("connection", "others-stay",
                  head("GET /info HTTP/1.1", HOST, "X-AB: b",
                       "Connection: x-a, x-abc", "X: c"),
                  head("GET /info HTTP/1.1", HOST, "X-AB: b", "X: c"))


def expect_rows():
    for value in ("foo", "x, 100-continue", "100-continue, x", "100",
                  "100-continue;q=1", '"100-continue"', ""):
        yield refused("expect", f"no-{value!a}", sent(
            f"Expect: {value}", "Content-Length: 5", body=b"hello"), 417)
    yield becomes("expect", "without-a-body",
                  get("/info").replace(b"\r\n\r\n",
                                       b"\r\nExpect: 100-CONTINUE\r\n\r\n"),
                  get("/info"))
    yield becomes("expect", "on-http-1.0",
                  sent("Expect: 100-continue", "Content-Length: 5",
                       start=f"POST {TARGET} HTTP/1.0", body=b"hello"),
                  post(TARGET, body=b"hello"), closes=True)


def rows():
    yield from length_rows()
    yield from coding_rows()
    yield from chunk_rows()
    yield from http_1_0_rows()
    yield from version_rows()
    yield from line_rows()
    yield from field_rows()
    yield from expect_rows()
    yield Row("judged", "a-body-that-is-a-request",
              post("/secrets/create", body=INNER), 403)
