"""Whatever the Engine answers, the client is not deceived about where it ends.

Each answer here has a body or fields of an attacker's choice. The client gets
a well-framed answer, a 502, or one that is visibly broken off; and neither it
nor another client ever takes a part of one answer for another.
"""

import signal
import threading

import pytest

import wire
from fake_engine import OK
from wire import answer, request

EVIL = answer("200 OK", "X-Evil: 1", body=b"evil")

BROKEN = "broken"  # begun, and broken off: never whole
BAD = "502"

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def head(*lines):
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def ok(*lines):
    return head("HTTP/1.1 200 OK", *lines)


# What the Engine writes, and what comes of it: a body, BAD or BROKEN.
ANSWERS = {
    # Two framings, or one that several read differently.
    "both": (ok("Content-Length: 5", "Transfer-Encoding: chunked")
             + b"0\r\n\r\n" + EVIL, BAD),
    "both-turned": (ok("Transfer-Encoding: chunked", "Content-Length: 5")
                    + b"0\r\n\r\n" + EVIL, BAD),
    "two-lengths-alike": (ok("Content-Length: 2", "Content-Length: 2")
                          + b"ok", BAD),
    "length-list": (ok("Content-Length: 2, 2") + b"ok", BAD),
    "length-plus": (ok("Content-Length: +2") + b"ok", BAD),
    "length-hex": (ok("Content-Length: 0x2") + b"ok", BAD),
    "length-blank-inside": (ok("Content-Length: 2 2") + b"ok", BAD),
    "coding-list": (ok("Transfer-Encoding: gzip, chunked")
                    + b"0\r\n\r\n", BAD),
    "coding-unknown": (ok("Transfer-Encoding: x") + b"evil", BAD),
    "coding-identity": (ok("Transfer-Encoding: identity") + b"evil", BAD),
    "coding-tab": (ok("Transfer-Encoding:\tchunked")
                   + b"2\r\nok\r\n0\r\n\r\n", b"ok"),
    "coding-vertical-tab": (ok("Transfer-Encoding: \x0bchunked")
                            + b"0\r\n\r\n", BAD),
    "coding-on-1.0": (head("HTTP/1.0 200 OK", "Transfer-Encoding: chunked")
                      + b"0\r\n\r\n", BAD),
    "coding-behind-a-blank": (ok("Transfer-Encoding : chunked")
                              + b"0\r\n\r\n", BAD),
    "connection-takes-the-length": (ok("Connection: content-length",
                                       "Content-Length: 2") + b"ok", BAD),
    "connection-takes-the-coding": (
        ok("Connection: transfer-encoding", "Transfer-Encoding: chunked")
        + b"2\r\nok\r\n0\r\n\r\n", BAD),
    # Fields and lines that hide another.
    "cr-in-a-value": (ok("X: y\rX-Evil: 1", "Content-Length: 2") + b"ok",
                      BAD),
    "lf-in-a-value": (ok("X: y\nX-Evil: 1", "Content-Length: 2") + b"ok",
                      BAD),
    "nul-in-a-value": (ok("X: y\0", "Content-Length: 2") + b"ok", BAD),
    "cr-in-the-reason": (head("HTTP/1.1 200 O\rK", "Content-Length: 2")
                         + b"ok", BAD),
    "nul-in-the-reason": (head("HTTP/1.1 200 O\0K", "Content-Length: 2")
                          + b"ok", BAD),
    "lf-ends-the-head": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\n\nok", BAD),
    "folded-length": (b"HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nok",
                      BAD),
    "folded": (ok("X: y", " X-Evil: 1", "Content-Length: 2") + b"ok", BAD),
    "no-name": (ok(": y", "Content-Length: 2") + b"ok", BAD),
    "name-with-a-blank": (ok("X Y: z", "Content-Length: 2") + b"ok", BAD),
    "crlf-first": (b"\r\n" + answer("200 OK", body=b"ok"), BAD),
    "status-600": (head("HTTP/1.1 600 X", "Content-Length: 2") + b"ok", BAD),
    "status-of-two-digits": (head("HTTP/1.1 20 OK", "Content-Length: 2")
                             + b"ok", BAD),
    "status-of-four-digits": (head("HTTP/1.1 2000 OK", "Content-Length: 2")
                              + b"ok", BAD),
    "two-blanks": (head("HTTP/1.1  200 OK", "Content-Length: 2") + b"ok",
                   BAD),
    "http-2": (head("HTTP/2.0 200 OK", "Content-Length: 2") + b"ok", BAD),
    # Chunks.
    "chunk-extension": (CHUNKED + b"2;evil=\"x\"\r\nok\r\n0;e\r\n\r\n",
                        b"ok"),
    "chunk-trailers": (CHUNKED + b"2\r\nok\r\n0\r\nX-Evil: 1\r\n"
                       b"Content-Length: 0\r\n\r\n", b"ok"),
    "chunk-lf": (CHUNKED + b"2\nok\r\n0\r\n\r\n", BROKEN),
    "chunk-lf-in-extension": (CHUNKED + b"2;\nok\r\n0\r\n\r\n", BROKEN),
    "chunk-blank": (CHUNKED + b"2 \r\nok\r\n0\r\n\r\n", BROKEN),
    "chunk-too-long": (CHUNKED + b"2\r\nok!\r\n0\r\n\r\n", BROKEN),
    "chunk-overflow": (CHUNKED + b"10000000000000002\r\nok\r\n0\r\n\r\n",
                       BROKEN),
    "chunk-minus": (CHUNKED + b"-2\r\nok\r\n0\r\n\r\n", BROKEN),
    "chunk-folded-trailer": (CHUNKED + b"2\r\nok\r\n0\r\n X: y\r\n\r\n",
                             BROKEN),
    "chunk-endless-trailers": (CHUNKED + b"2\r\nok\r\n0\r\n"
                               + b"X: y\r\n" * 2000 + b"\r\n", BROKEN),
    # Interim answers.
    "100-with-a-length": (head("HTTP/1.1 100 Continue", "Content-Length: 4")
                          + answer("200 OK", body=b"ok"), b"ok"),
    "100-with-a-coding": (head("HTTP/1.1 100 Continue",
                               "Transfer-Encoding: chunked")
                          + answer("200 OK", body=b"ok"), b"ok"),
    "103-with-a-body": (head("HTTP/1.1 103 Early Hints",
                             "Content-Length: 4") + b"evil"
                        + answer("200 OK", body=b"ok"), BAD),
    "199-then-ok": (head("HTTP/1.1 199 X") + answer("200 OK", body=b"ok"),
                    b"ok"),
    "100-with-bad-field": (head("HTTP/1.1 100 Continue", "X: \x01")
                           + answer("200 OK", body=b"ok"), BAD),
    "100-then-rubbish": (head("HTTP/1.1 100 Continue") + b"rubbish\r\n\r\n",
                         BAD),
    "100-closing": (head("HTTP/1.1 100 Continue", "Connection: close")
                    + answer("200 OK", body=b"ok"), b"ok"),
    "interim-many": (head("HTTP/1.1 102 Processing") * 20
                     + answer("200 OK", body=b"ok"), b"ok"),
    "interim-large": (head("HTTP/1.1 103 Early Hints", "X: " + "y" * 60000)
                      * 20 + answer("200 OK", body=b"ok"), b"ok"),
    "101-unasked": (head("HTTP/1.1 101 Switching Protocols",
                         "Connection: Upgrade", "Upgrade: tcp") + EVIL, BAD),
    "205": (answer("205 Reset Content", body=b""), b""),
    "raw-stream-elsewhere": (ok(
        "Content-Type: application/vnd.docker.raw-stream",
        "Content-Length: 2") + b"ok", b"ok"),
    # Fields that are ours to say.
    "hop-by-hop": (ok("Keep-Alive: timeout=1", "Proxy-Connection: close",
                      "Trailer: X", "Upgrade: h2c", "Connection: X-Evil",
                      "X-Evil: 1", "Content-Length: 2") + b"ok", b"ok"),
}

# The same with something behind the end, in one piece with it: later it would
# be the next answer, as far as anyone could tell.
BEHIND = {
    "204-with-a-length": (answer("204 No Content", body=b"evil"), b""),
    "204-with-a-coding": (answer("204 No Content", body=b"evil",
                                 framing="chunked"), b""),
    "304-with-a-body": (answer("304 Not Modified", body=b"evil"), b""),
    "second-answer": (answer("200 OK", body=b"ok") + EVIL, b"ok"),
    "line-behind": (answer("200 OK", body=b"ok") + b"\r\n", b"ok"),
}


def played(pieces):
    """What the proxy does not want to hear ends the connection."""
    def script(x):
        x.body()
        for piece in pieces:
            x.send(piece)
    return script


def outcome(client, method):
    try:
        response = client.response(method)
    except (wire.Truncated, ConnectionResetError):
        return BROKEN
    assert response["X-Evil"] is None
    assert not any("evil" in str(f).lower() for i in response.interim
                   for f in i.head.fields)
    if response.status == 502:
        assert response.message()
        return BAD
    return response.body


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("split", [1, 100, 1 << 20])
def test_answer(proxy, engine, kind, split):
    """The same, whichever way it comes."""
    data, expected = ANSWERS[kind]
    if split == 1:  # and what is long, in fewer
        split = max(1, len(data) // 1000)
    check(proxy, engine, data, split, expected)


@pytest.mark.parametrize("kind", BEHIND)
def test_something_behind(proxy, engine, kind):
    data, expected = BEHIND[kind]
    check(proxy, engine, data, len(data), expected)


def test_a_flood_of_interim_answers(proxy, engine):
    """Passed on, or refused; the next answer is the next one's."""
    data = head("HTTP/1.1 102 Processing") * 5000 + answer(
        "200 OK", body=b"ok")
    name, after = engine.play(played([data])), engine.play()
    with proxy.connect() as client:
        client.send(request("POST", f"/containers/{name}/restart")
                    + request("GET", f"/containers/{after}/json"))
        assert outcome(client, "POST") in (b"ok", BAD)
        assert client.response().body == b"ok"
        assert client.silent()


def check(proxy, engine, data, split, expected):
    """The answer is as expected, and the next ones are their own."""
    pieces = [data[i:i + split] for i in range(0, len(data), split)]
    name, after = engine.play(played(pieces)), engine.play()
    with proxy.connect() as client:
        client.send(request("POST", f"/containers/{name}/restart")
                    + request("GET", f"/containers/{after}/json"))
        seen = outcome(client, "POST")
        assert seen == expected
        if seen == BROKEN:
            return
        assert client.response().body == b"ok"
        assert client.silent()
    with proxy.connect() as other:
        assert other.get(f"/containers/{after}/json").body == b"ok"


@pytest.mark.parametrize("framing", ["length", "chunked", "eof"])
def test_a_body_behind_head(proxy, engine, framing):
    """An Engine that answers HEAD with a body: it is nobody's answer."""
    name = engine.play(played([answer("200 OK", body=EVIL,
                                        framing=framing)]))
    with proxy.connect() as client:
        client.send(request("HEAD", f"/containers/{name}/archive?path=/")
                    + request("GET", "/behind"))
        assert client.response("HEAD").status == 200
        assert client.response().body == b"ok"
        assert client.silent()


@pytest.mark.parametrize("minor", [0, 1])
def test_a_body_like_an_answer(proxy, engine, minor):
    """Of a body that ends with the connection nothing is an answer, nor is
    it longer for an HTTP/1.0 client."""
    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\n\r\n" + EVIL)
        x.close()

    name = engine.play(script)
    with proxy.connect() as client:
        data = request("GET", f"/containers/{name}/json")
        r = client.ask(data.replace(b"HTTP/1.1", b"HTTP/1.%d" % minor))
        assert r.body == EVIL
        if minor:
            assert client.get("/behind").body == b"ok"
        else:
            assert client.gone()


def stopped(proxy):
    with open(f"/proc/{proxy.process.pid}/stat", encoding="ascii") as f:
        return f.read().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("end", [False, True], ids=["answer", "end"])
def test_an_answer_before_the_question(proxy, engine, end):
    """What an idle connection says answers nothing (RFC 9112 section 9.2),
    also when the next request is there before the loop has told of it; and
    one that has ended is not asked. POST: it would not be sent again."""
    go_on, said = threading.Event(), threading.Event()

    def script(x):
        x.send(OK)
        assert go_on.wait(wire.TIMEOUT)
        if end:
            x.half_close()
        else:
            x.send(EVIL)
        said.set()
        x.wait_gone()

    engine.drop_idle()
    name = engine.play(script, OK)
    with proxy.connect() as client:
        assert client.get(f"/containers/{name}/json").body == b"ok"
        proxy.signal(signal.SIGSTOP)
        try:
            wire.wait_until(lambda: stopped(proxy), "it is stopped")
            client.send(request("POST", f"/containers/{name}/restart"))
            go_on.set()
            assert said.wait(wire.TIMEOUT)
        finally:
            proxy.signal(signal.SIGCONT)
        assert client.response().body == b"ok"
    first, second = engine.named(name)
    assert first.connection is not second.connection
