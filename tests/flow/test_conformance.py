"""What RFC 9110 and RFC 9112 ask of a proxy and no other test shows.

docs/conformance.md says which test proves which requirement.
"""

import email.utils
import time

import pytest

from fake_engine import OK
from wire import answer, chunked, request


def target(name):
    return f"/containers/{name}/json"


# --- Date (RFC 9110 section 6.6.1) --------------------------------------------

def age_of(response):
    then = email.utils.parsedate_to_datetime(response["Date"]).timestamp()
    return time.time() - then


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "404 Not Found",
                                    "500 Internal Server Error"])
def test_an_answer_without_a_date_gets_one(client, engine, status):
    name = engine.play(answer(status, body=b"x"))
    response = client.get(target(name))
    assert len(response.head.values("Date")) == 1
    assert -2 < age_of(response) < 60


def test_the_engines_date_stays(client, engine):
    date = "Sun, 06 Nov 1994 08:49:37 GMT"
    name = engine.play(answer("200 OK", f"date: {date}", body=b"x"))
    assert client.get(target(name)).head.values("Date") == [date]


def test_an_interim_answer_gets_none(client, engine):
    name = engine.play(b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK)
    response = client.get(target(name))
    assert response.interim[0]["Date"] is None
    assert -2 < age_of(response) < 60


def test_our_own_answers_have_one(client):
    assert -2 < age_of(client.get("/secrets")) < 60


# --- Max-Forwards (RFC 9110 section 7.6.2) --------------------------------------

@pytest.mark.parametrize("value", ["0", "1", "10", "x", ""])
def test_max_forwards_of_options(proxy, untouched, value):
    """Not forwarded uncounted: the proxy answers as the last recipient, and
    what it answers is that it does not do this."""
    with untouched, proxy.connect() as client:
        r = client.ask(request("OPTIONS", "/info", f"Max-Forwards: {value}"))
        assert r.status == 501 and r.message()


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_max_forwards_of_others(client, engine, method):
    """Without meaning there, and so an ordinary field."""
    name = engine.play()
    assert client.ask(request(method, target(name),
                              "Max-Forwards: 0")).status == 200
    assert engine.named(name)[0].head.value("Max-Forwards") == "0"


# --- Connection (RFC 9110 section 7.6.1, RFC 9112 section 9) --------------------

@pytest.mark.parametrize("option", ["close", "Close", "keep-alive, close"])
def test_a_field_named_like_an_option(proxy, engine, option):
    """An option's name is a field's name, also where the option is known."""
    name = engine.play()
    with proxy.connect() as client:
        r = client.ask(request("GET", target(name), "cLOSE: x",
                               f"Connection: {option}"))
        assert r["Connection"] == "close"
        assert client.gone()
    assert engine.named(name)[0].head.value("Close") is None


def test_a_body_that_came_too_late_ends_the_connection(own_proxy):
    """408 is said to close (RFC 9110 section 15.5.9)."""
    proxy = own_proxy(global_={"timeouts": {"request_body": "300ms"}})
    with proxy.connect() as client:
        client.send(request("POST", "/containers/create",
                            "Content-Length: 5"))
        response = client.response()
        assert response.status == 408
        assert response["Connection"] == "close"
        assert client.gone()


# --- Upgrade (RFC 9110 section 7.8) ---------------------------------------------

@pytest.mark.parametrize("asked, granted, status", [
    ("tcp", "tcp", 101), ("TCP", "tcp", 101), ("tcp", "h2c", 502),
    ("h2c", "tcp", 502), ("tcp", "tcp, h2c", 502), ("tcp", "", 502)])
def test_the_protocol_that_was_asked_for(proxy, engine, asked, granted,
                                         status):
    """A server must not switch to another."""
    def script(x):
        x.body()
        x.send(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n"
               b"Upgrade: %s\r\n\r\n" % granted.encode())
        x.wait_gone()

    name = engine.play(script)
    with proxy.connect() as client:
        client.send(request("POST", f"/containers/{name}/attach",
                            "Connection: Upgrade", f"Upgrade: {asked}"))
        assert client.response().status == status


@pytest.mark.parametrize("held", [False, True])
def test_100_comes_before_101(own_proxy, engine, held):
    """The Engine's own, or ours where a rule asks for the body."""
    ask = [{"name": "ask", "action": "deny", "conditions": [
        {"field": "body.Privileged", "operator": "equals", "value": True}]}]
    body = b'{"Detach": false}'

    def script(x):
        if x.request.head.value("Expect"):
            x.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert x.body() == body
        x.send(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n"
               b"Upgrade: tcp\r\n\r\n")
        x.close()

    name = engine.play(script)
    proxy = own_proxy(rules=ask if held else [])
    with proxy.connect() as client:
        client.send(request("POST", f"/exec/{name}/start",
                            "Connection: Upgrade", "Upgrade: tcp",
                            "Expect: 100-continue",
                            f"Content-Length: {len(body)}"))
        assert client.interim().status == 100
        client.send(body)
        assert client.response().status == 101
    assert (engine.named(name)[0].head.value("Expect") is None) == held


# --- framing of what is sent (RFC 9112 sections 6 and 7) ------------------------

@pytest.mark.parametrize("data, method", [
    (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "GET"),
    (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "GET"),
    (b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
     "GET"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD"),
])
def test_no_coding_where_there_is_no_body(client, engine, data, method):
    """Section 6.1: never on 1xx and 204; nor here on 304 and to HEAD."""
    name = engine.play(b"HTTP/1.1 103 Early Hints\r\n"
                       b"Transfer-Encoding: chunked\r\n\r\n" + data)
    response = client.ask(request(method, target(name)), method)
    for head in [response.head, *(i.head for i in response.interim)]:
        assert head.value("Transfer-Encoding") is None
        assert head.value("Content-Length") is None
    assert client.get("/containers/json").status == 200


def test_a_status_line_ends_in_its_blank(client, engine):
    """Section 4: the space is sent also when no reason follows it."""
    name = engine.play(b"HTTP/1.1 299\r\nContent-Length: 2\r\n\r\nok")
    response = client.get(target(name))
    assert response.head.raw.startswith(b"HTTP/1.1 299 \r\n")


def test_our_version_is_sent(client, engine):
    """RFC 9110 section 2.5, RFC 9112 section 2.3: our own, both ways."""
    def script(x):
        x.send(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
        x.close()

    name = engine.play(script)
    assert client.get(target(name)).version == "HTTP/1.1"
    assert engine.named(name)[0].version == "HTTP/1.1"


def test_an_http_1_0_answer_is_not_reused(client, engine):
    """Section 9.3: without keep-alive the connection ends with it."""
    name = engine.play(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", OK)
    engine.drop_idle()
    for _ in range(2):
        assert client.get(target(name)).body == b"ok"
    first, second = engine.named(name)
    assert first.connection is not second.connection


# --- fields (RFC 9110 sections 5 and 7.6) ---------------------------------------

UNKNOWN = [("X-Unheard-Of", "1"), ("A", ""), ("x!#$%&'*+-.^_`|~", "2"),
           ("Via", "1.1 other"), ("Cache-Control", "no-transform"),
           ("Range", "bytes=0-0"), ("If-None-Match", '"x"'),
           ("Forwarded", "for=192.0.2.1"), ("Cookie", "a=b"),
           ("Set-Cookie", "a=b"), ("Content-Language", "de"),
           ("Accept", "a/b"), ("Accept", "c/d"), ("Obs", "caf\xe9")]


def test_unknown_fields_pass_both_ways(client, engine):
    """Section 5.1: forwarded, in the order they came (section 5.3)."""
    lines = [f"{n}: {v}" for n, v in UNKNOWN]
    name = engine.play(answer("200 OK", *lines, body=b"ok"))
    response = client.ask(request("GET", target(name), *lines))
    for head in (response.head, engine.named(name)[0].head):
        assert [f for f in head.fields if f in UNKNOWN] == UNKNOWN


def test_a_head_that_comes_again(client, engine):
    """It is not parsed again, but what follows is the new answer's: its own
    body, and none where a HEAD is answered."""
    for method, body in [("GET", b"one"), ("GET", b"two"), ("HEAD", b""),
                         ("GET", b"HTT"), ("HEAD", b""), ("HEAD", b"")]:
        whole = answer("200 OK", "X-A: 1", body=body or b"one")
        name = engine.play(whole if body else whole[:-3])
        r = client.ask(request(method, target(name)), method)
        assert (r.status, r["X-A"], r["Content-Length"]) == (200, "1", "3")
        assert r.body == body


def test_a_head_that_comes_again_in_pieces(client, engine):
    """Where the head before was the same, or the same up to there; and what
    has been looked at of it says nothing about the one behind it."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    known = answer("200 OK", "X-A: 1", "X-B: 2", body=b"one")
    other = answer("200 OK", "X-A: 1", "X-B: 3", body=b"two")

    def given(whole, cut):
        name = engine.play(
            lambda x: x.send_apart([hints[:cut], hints[cut:] + whole[:cut],
                                    whole[cut:]]))
        r = client.ask(request("GET", target(name)))
        return len(r.interim), r.status, r["X-B"], r.body

    for cut in range(1, len(hints)):
        assert given(known, cut) == (1, 200, "2", b"one")
        assert given(other, cut) == (1, 200, "3", b"two")
        assert given(known, len(hints) - cut) == (1, 200, "2", b"one")


def test_unknown_statuses_pass(client, engine):
    """Section 15: whatever is in the classes."""
    for status in (218, 299, 399, 418, 451, 499, 599):
        name = engine.play(answer(f"{status} Thing", body=b"x"))
        response = client.get(target(name))
        assert (response.status, response.reason) == (status, "Thing")


# --- bodies and what follows (RFC 9112 sections 8 and 9.3) ----------------------

@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_a_body_of_any_method_is_read(client, engine, method, coding):
    """Else its rest would be the next request."""
    def script(x):
        x.body()
        x.send(OK[:-2] if method == "HEAD" else OK)

    name = engine.play(script)
    body = request("GET", "/smuggled")
    if coding == "length":
        data = request(method, target(name), body=body)
    else:
        data = request(method, target(name),
                       "Transfer-Encoding: chunked") + chunked(body)
    client.send(data + request("GET", "/containers/json"))
    assert client.response(method).status == 200
    assert client.response().body == b"ok"
    assert engine.named(name)[0].body == body
    assert not engine.named("/smuggled")


def test_requests_are_served_in_order(client, engine):
    """Section 9.3.2: whoever is faster."""
    names = [engine.play(answer("200 OK", body=b"%d" % i))
             for i in range(30)]
    client.send(b"".join(request("GET", target(n)) for n in names))
    for i in range(30):
        assert client.response().body == b"%d" % i


def test_a_target_of_8000_bytes(client, engine):
    """Section 3: at the least, a request line may be so long."""
    name = engine.play()
    asked = target(name) + "?" + "a" * 7900
    assert client.get(asked).status == 200
