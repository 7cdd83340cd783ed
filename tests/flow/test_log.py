"""Log lines: whole, one a line, and harmless to who reads them."""

import json
import os

import pytest

import wire
from exposition import scrape
from proxy_process import configuration, free_port


def denied(own_proxy, path, **settings):
    """The log line of one denial."""
    proxy = own_proxy(global_=settings)
    with proxy.connect() as client:
        assert client.get("/secrets/" + path).status == 403
    return wire.wait_until(
        lambda: next((line for line in proxy.log().split("\n")
                      if " denied " in line or '"denied"' in line), None),
        "the denial is logged")


@pytest.mark.parametrize("path", ["x" * 8000, "%22" * 2700, "%C3%A4" * 1300])
def test_a_long_path_cuts_nothing_else(own_proxy, path):
    line = json.loads(denied(own_proxy, path, log_format="json"))
    assert line["path"].startswith("/secrets/")
    assert (line["rule"], line["status"]) == ("no-secrets", "403")
    line = denied(own_proxy, path)
    assert " status=403 rule=no-secrets " in line
    # What a pipe takes in one piece.
    assert len(line.encode()) < 4096


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("path, shown", [
    ("%C2%9B31m", "\\u009b31m"), ("a%C2%85b", "a\\u0085b"),
    ("a%E2%80%AEgnp.%D8%9C", "a\\u202egnp.\\u061c"),
    ("a%F3%A0%80%81b", "a\\udb40\\udc01b"), ("%C3%BC%F0%9F%90%B3", "ü🐳"),
    ("%C2%A0", "\u00a0"), ("%22%5C", '\\"\\\\')])
def test_nothing_that_acts_on_a_terminal(own_proxy, path, shown, log_format):
    line = denied(own_proxy, path, log_format=log_format)
    assert "/secrets/" + shown in line


def test_a_sentence_is_harmless_too(own_proxy, engine):
    """The path stands inside it, cut or not."""
    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")
        x.close()

    proxy = own_proxy()
    for path in ("%C2%9B", "%C3%A4" * 1000):
        name = engine.play(script)
        with proxy.connect() as client, pytest.raises(wire.Truncated):
            client.get(f"/containers/{name}/{path}")
    wire.wait_until(lambda: proxy.log().count("broke off") == 1
                    and proxy.log().count("answer to") == 2,
                    "both are logged")
    assert "\u009b" not in proxy.log() and "\ufffd" not in proxy.log()


def test_many_lines_at_once(own_proxy):
    """All of them, whole and in order, though they are written together."""
    proxy = own_proxy(global_={"log_format": "json"})
    paths = [f"/secrets/{i}" for i in range(200)]
    with proxy.connect() as client:
        client.send(b"".join(wire.request("GET", p) for p in paths))
        for _ in paths:
            assert client.response().status == 403
    wire.wait_until(lambda: paths[-1] in proxy.log(), "all are logged")
    lines = [line for line in proxy.log().split("\n") if "/secrets/" in line]
    assert [json.loads(line)["path"] for line in lines] == paths


def test_nobody_reads_the_log(folder, engine, make_proxy):
    """Requests go on while it stalls; then it says what is missing."""
    port = free_port()
    config = configuration(engine.url(), folder, global_={
        "admin": {"listen": f"127.0.0.1:{port}"}})
    proxy = make_proxy(folder, config)
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as log:
        proxy.start(log=writer)
        with proxy.connect() as client:
            for _ in range(3000):
                assert client.get("/secrets").status == 403
        lost = scrape(port)("log_lines_lost_total")
        assert lost > 1000
        log.read(1 << 16)
        with proxy.connect() as client:
            assert client.get("/secrets").status == 403
        proxy.signal()
        rest = b""
        while data := log.read(1 << 16):
            rest += data
    assert b" %d log lines were lost" % lost in rest
    assert proxy.wait() == 0
