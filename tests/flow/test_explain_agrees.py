"""explain and the running proxy say the same of each recorded line: of the
two HAProxy images' requests under all their environments, of the crafted
corpus, of what clients send, and of what is wrong with a head or a body."""

import gzip
import json
import re
import socket
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

import proxy_process
from test_evasion import BY_RULE
from test_recorded import ASK, RECORDED, Recorded, headless

sys.path.insert(0, str(Path(__file__).parent.parent))
import evasion  # noqa: E402

DATA = Path(__file__).parent.parent / "data"
EACH = Path(proxy_process.BINARY).resolve().parent / "tests" / "flow" / "explain_each"
FINAL = re.compile(rb"HTTP/1\.1 ([2-5]\d\d) ")


def explained(proxy, requests):
    """What explain says of each: a list of statuses, with the reasons."""
    config = [a for a in proxy.args if a.endswith("config.yaml")]
    done = subprocess.run(
        [EACH, *config], env=proxy.env, cwd=proxy.folder, timeout=120,
        input=b"".join(b"%d\n%s" % (len(r), r) for r in requests),
        stdout=subprocess.PIPE, check=True)
    lines = done.stdout.decode().split("\n")[:-1]
    assert len(lines) == len(requests)
    return [line.split() for line in lines]


def statuses(told):
    """Of a list of explain's; the bytes that are cut get no answer."""
    return [int(t.split(":")[0]) for t in told if t != "-"]


def answers(proxy, data, n=None):
    """The proxy's statuses for these bytes on a connection: n of them, or all
    that come when nothing more is sent."""
    with socket.create_connection(proxy.tcp, timeout=20) as s:
        found, rest = [], b""
        try:
            s.sendall(data)
            if n is None:
                s.shutdown(socket.SHUT_WR)
            while len(found) != n and (piece := s.recv(65536)):
                rest += piece
                for match in FINAL.finditer(rest):
                    found.append(int(match[1]))
                rest = rest[-len("HTTP/1.1 20"):]  # no whole one
        except (ConnectionResetError, BrokenPipeError):
            pass  # what the proxy did not want to read is still unread
    return found


# --- toggles ----------------------------------------------------------------


def toggle_lines():
    """{environment: the requests}, each once."""
    found = defaultdict(dict)
    with gzip.open(DATA / "toggles-golden.tsv.gz", "rt",
                   encoding="latin-1") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            image, env, method, target, _ = line.rstrip("\n").split("\t")
            raw = re.sub(r"\\x([0-9a-f]{2})",
                         lambda m: chr(int(m[1], 16)), target)
            found[image, env][
                f"{method} {raw} HTTP/1.1\r\nHost: x\r\n\r\n"] = None
    return {key: [r.encode("latin-1") for r in requests]
            for key, requests in found.items()}


TOGGLES = toggle_lines()


def test_toggles_are_all_there():
    assert len(TOGGLES) == 194
    assert sum(map(len, TOGGLES.values())) > 59_000


@pytest.mark.parametrize("image", ["tecnativa", "lsio"])
def test_toggles(folder, make_proxy, image):
    wrong = []
    for (of, env), requests in TOGGLES.items():
        if of == image:
            wrong += toggles_differ(folder, make_proxy, image, env, requests)
    assert wrong == []


NO_ENGINE = 503  # what is let through, where there is none


def toggles_differ(folder, make_proxy, image, env, requests):
    """What passes or is denied goes over one connection; what ends it, over
    one of its own."""
    port = proxy_process.free_port()
    proxy = make_proxy(folder, env={
        "DOCKER_PROXY_PROFILE":
            "linuxserver" if image == "lsio" else "tecnativa",
        "DOCKER_PROXY_PORT": str(port),
        "DOCKER_SOCKET": str(folder / "no-engine.sock"),
        **dict(x.split("=", 1) for x in env.split(",") if x)}, port=port)
    told = [NO_ENGINE if t == ["200"] else statuses(t)[0]
            for t in explained(proxy, requests)]
    plain = [i for i, t in enumerate(told) if t in (NO_ENGINE, 403)]
    proxy.start()
    try:
        got = dict(zip(plain, answers(
            proxy, b"".join(requests[i] for i in plain), len(plain))))
        for i in set(range(len(requests))) - set(plain):
            got[i] = answers(proxy, requests[i], 1)[0]
    finally:
        proxy.stop()
        proxy.log_path.unlink()
    return [(image, env, requests[i], told[i], got.get(i))
            for i in range(len(requests)) if told[i] != got.get(i)]


# --- crafted, and recorded --------------------------------------------------


def differ(proxy, engine, requests):
    """Those of whose answers explain says something else, up to the first
    refusal. What stands behind a request whose connection ends is not
    answered."""
    engine.unnamed = headless
    wrong = []
    for request, told in zip(requests, explained(proxy, requests)):
        want = statuses(told)
        got = answers(proxy, request)[:len(want)]
        if got != want[:max(len(got), 1)]:
            wrong.append((request[:300], told, got))
    return wrong


@pytest.mark.parametrize("rule", sorted(BY_RULE))
def test_evasion(own_proxy, engine, rule):
    entries = BY_RULE[rule]
    proxy = own_proxy(rules=evasion.rules(entries[0]))
    assert differ(proxy, engine, [evasion.sent(e) for e in entries]) == []


def test_recorded(own_proxy, engine):
    with gzip.open(RECORDED, "rt", encoding="ascii") as lines:
        requests = [Recorded(json.loads(line)).raw for line in lines]
    assert differ(own_proxy(rules=ASK), engine, requests) == []


# --- what is wrong with the bytes -------------------------------------------

GET = b"GET /info HTTP/1.1\r\n"
CREATE = b"POST /containers/create HTTP/1.1\r\nHost: x\r\n"
BAD = {
    "no_host": GET + b"\r\n",
    "line_end": GET + b"Host: x\n\r\n",
    "version": b"GET /info HTTP/1.2\r\nHost: x\r\n\r\n",
    "method": b"BREW /info HTTP/1.1\r\nHost: x\r\n\r\n",
    "trace": b"TRACE /info HTTP/1.1\r\nHost: x\r\n\r\n",
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00",
    "authority": b"GET http://y/info HTTP/1.1\r\nHost: x\r\n\r\n",
    "long_target": b"GET /" + 9000 * b"a" + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "many_fields": GET + b"Host: x\r\n" + 200 * b"A: b\r\n" + b"\r\n",
    "long_head": GET + b"Host: x\r\nA: " + 70_000 * b"a",
    "length_twice": CREATE + 2 * b"Content-Length: 2\r\n" + b"\r\n{}",
    "both": CREATE + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n"
                     b"\r\n0\r\n\r\n",
    "chunk": CREATE + b"Transfer-Encoding: chunked\r\n\r\nx\r\n",
    "encoded": CREATE + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n"
                        b"\r\n{}",
    "form": CREATE + b"Content-Type: application/x-www-form-urlencoded\r\n"
                     b"Content-Length: 2\r\n\r\na=",
    "start": b"POST /containers/x/start HTTP/1.1\r\nHost: x\r\n"
             b"Content-Length: 2\r\n\r\n{}",
    "expect": GET + b"Host: x\r\nExpect: magic\r\n\r\n",
    "large": CREATE + b"Content-Length: 99999999\r\n\r\n",
    "large_chunks": CREATE + b"Transfer-Encoding: chunked\r\n\r\n"
                    + b"ffff\r\n" + 0xffff * b" " + b"\r\n"
                    + b"ffff\r\n" + 0xffff * b" " + b"\r\n0\r\n\r\n",
    **{name: CREATE + b"Content-Length: %d\r\n\r\n" % len(body) + body
       for name, body in {
           "no_json": b"hello", "two_values": b"{}{}", "blank": b"  ",
           "twice": b'{"a":1,"A":2}', "utf8": b'{"a":"\xff"}',
           "surrogate": b'{"a":"\\ud800"}', "deep": 99 * b"[" + 99 * b"]",
           "stray": b'{"Privileged":true}', "fine": b"{}",
           "privileged": b'{"HostConfig":{"Privileged":true}}'}.items()},
}


@pytest.mark.parametrize("asks, reasons", [
    ("nobody", 15), ("rule", 25), ("audit log", 25)])
def test_bad_bytes(own_proxy, engine, asks, reasons):
    """Whoever asks for bodies."""
    proxy = own_proxy(
        global_={"limits": {"inspected_body_bytes": "64KiB"},
                 **({"audit_log": "audit", "audit_docker": True}
                    if asks == "audit log" else {})},
        rules=proxy_process.DENIALS if asks == "rule" else [])
    assert differ(proxy, engine, list(BAD.values())) == []
    told = {t[0] for t in explained(proxy, list(BAD.values()))}
    assert len(told) > reasons, told


def test_authentication(own_proxy, engine):
    proxy = own_proxy(auth={"type": "bearer", "lockout": {"failures": 100},
                            "tokens": [{"token": "t", "role": "r"}]})
    assert differ(proxy, engine, [
        GET + b"Host: x\r\n" + field + b"\r\n" for field in (
            b"", b"Authorization: Bearer t\r\n",
            b"Authorization: Bearer T\r\n", b"Authorization: Basic t\r\n",
            2 * b"Authorization: Bearer t\r\n")]) == []
