"""The PROXY header: before the request, before TLS, never past its end."""

import socket
import struct
import time

import pytest

import proxy_process
import raw_client
import tls_peer
import wire
from authority import Authority
from wire import request

RULES = [{
    "name": "not-from-there", "action": "deny",
    "conditions": [{"field": "client_ip", "operator": "in",
                    "value": ["192.0.2.0/24"]}],
}]
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v2(command, family, payload):
    return SIGNATURE + struct.pack("!BBH", 0x20 | command, family,
                                   len(payload)) + payload


def v2_ip4(address, tlvs=b""):
    return v2(1, 0x11, socket.inet_aton(address) + socket.inet_aton("10.0.0.1")
              + struct.pack("!HH", 4711, 80) + tlvs)


THERE = {
    "v1": b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 80\r\n",
    "v2": v2_ip4("192.0.2.7"),
    "v2-tlv": v2_ip4("192.0.2.7", b"\x04\x02\x58" + bytes(600)),
}
OWN = {
    "v1-unknown": b"PROXY UNKNOWN\r\n",
    "v2-local": v2(0, 0, b""),
    "v2-unspecified": v2(1, 0, b""),
}
BAD = {
    "none": request("GET", "/version"),
    "tls": b"\x16\x03\x01\x02\x00\x01",
    "v1": b"PROXY TCP4 192.0.2.7 10.0.0.1 4711\r\n",
    "v1-long": b"PROXY UNKNOWN " + b"x" * 100 + b"\r\n",
    "v2": v2(3, 0, b""),
    "v2-unix": v2(1, 0x31, bytes(216)),
    "v2-long": v2(0, 0, bytes(65535)),
}


class Plain:
    """Listeners with proxy_protocol; clients speak after their header."""

    def __init__(self, own_proxy):
        self.own_proxy = own_proxy

    def start(self, **overrides):
        listener = {"name": "tcp", "bind": "127.0.0.1",
                    "port": proxy_process.free_port(),
                    "proxy_protocol": True}
        listener.update(self.listener())
        settings = {"listeners": [listener], "access_log": "all"}
        settings.update(overrides.pop("global_", {}))
        return self.own_proxy(
            global_=settings, **{"rules": RULES, **overrides})

    def listener(self):
        return {}

    def wrap(self, sock):
        return sock

    def connect(self, proxy, *pieces):
        client = proxy.connect("tcp")
        try:
            wire.send_apart(client.sock, pieces)
            return raw_client.Client(self.wrap(client.sock))
        except BaseException:
            client.sock.close()
            raise

    def status(self, proxy, *pieces):
        with self.connect(proxy, *pieces) as client:
            return client.get("/version").status


class Tls(Plain):
    def __init__(self, own_proxy, authority):
        super().__init__(own_proxy)
        self.cert = authority.issue("server", "server",
                                    names=["IP:127.0.0.1"])
        self.context = tls_peer.client_context(authority.ca)

    def listener(self):
        cert, key = self.cert
        return {"tls": {"cert": str(cert), "key": str(key)}}

    def wrap(self, sock):
        return tls_peer.TlsSocket(sock, self.context)


@pytest.fixture(scope="module")
def authority(folder):
    return Authority(folder / "ca")


@pytest.fixture(params=["plain", "tls"])
def balancer(request, own_proxy, authority):
    if request.param == "plain":
        return Plain(own_proxy)
    return Tls(own_proxy, authority)


def test_whose_it_is(balancer):
    proxy = balancer.start()
    for name, header in THERE.items():
        assert balancer.status(proxy, header) == 403, name
    for name, header in OWN.items():
        assert balancer.status(proxy, header) == 200, name
    proxy.stop()
    lines = [x for x in proxy.log().splitlines() if " status=" in x]
    assert sum(" client=192.0.2.7:4711 " in x for x in lines) == len(THERE)
    assert sum(" client=127.0.0.1:" in x for x in lines) == len(OWN)


@pytest.mark.parametrize("kind", ["v1", "v2"])
def test_every_split(balancer, kind):
    proxy = balancer.start()
    header = THERE[kind]
    for at in range(1, len(header)):
        assert balancer.status(proxy, header[:at], header[at:]) == 403, at


def test_byte_by_byte(balancer):
    proxy = balancer.start()
    header = THERE["v2"]
    pieces = [header[i:i + 1] for i in range(len(header))]
    assert balancer.status(proxy, *pieces) == 403


@pytest.mark.parametrize("header", [*THERE.values(), *OWN.values()],
                         ids=[*THERE, *OWN])
def test_in_one_piece_with_the_request(own_proxy, header):
    plain = Plain(own_proxy)
    proxy = plain.start(rules=[])
    with proxy.connect("tcp") as client:
        assert client.ask(header + request("GET", "/version")).status == 200
        assert client.get("/version").status == 200


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_a_bad_one_is_closed(balancer, engine, data):
    """Without a word, whose protocol we do not know."""
    proxy = balancer.start()
    with proxy.connect("tcp") as client:
        client.sock.sendall(data)
        try:
            assert client.sock.recv(1) == b""
        except ConnectionResetError:
            pass  # something was unread
    wire.wait_until(lambda: proxy.log().count("no PROXY header") == 1,
                    "one line tells of it")
    assert balancer.status(proxy, OWN["v1-unknown"]) == 200


def test_an_end_within(balancer):
    proxy = balancer.start()
    with proxy.connect("tcp") as client:
        client.sock.sendall(THERE["v2"][:-1])
        client.sock.shutdown(socket.SHUT_WR)
        assert client.sock.recv(1) == b""
    wire.wait_until(lambda: "ended before its end" in proxy.log(),
                    "one line tells of it")


def test_it_has_the_time_of_a_head(balancer):
    proxy = balancer.start(global_={"timeouts": {"request_head": "1s"}})
    begin = time.monotonic()
    with proxy.connect("tcp") as client:
        client.sock.sendall(THERE["v1"][:-1])
        assert client.sock.recv(1) == b""
    assert time.monotonic() - begin > 0.5
    wire.wait_until(lambda: "it took too long" in proxy.log(),
                    "one line tells of it")


def test_a_trusted_proxy_behind_it(own_proxy):
    plain = Plain(own_proxy)
    proxy = plain.start(global_={"trusted_proxies": ["198.51.100.0/24"]})
    header = b"PROXY TCP4 198.51.100.1 10.0.0.1 4711 80\r\n"
    with plain.connect(proxy, header) as client:
        there = "X-Forwarded-For: 192.0.2.7"
        assert client.get("/version", there).status == 403
        assert client.get("/version").status == 200
    with plain.connect(proxy, OWN["v2-local"]) as client:
        assert client.get("/version", there).status == 200


def test_connections_are_counted_by_who_connects(own_proxy):
    """And given back: the header changes nothing of that."""
    plain = Plain(own_proxy)
    proxy = plain.start(
        global_={"limits": {"connections_per_client": 2}}, rules=[])

    def let_in(header):
        client = plain.connect(proxy, header)
        if client.get("/version").status == 200:
            return client
        return client.sock.close()

    for _ in range(5):
        # Those of before are given back.
        with wire.wait_until(lambda: let_in(THERE["v1"]), "one gets in"), \
                wire.wait_until(lambda: let_in(THERE["v2"]), "and another"):
            assert plain.status(proxy, OWN["v1-unknown"]) == 429


def test_on_a_unix_listener(own_proxy, socket_path):
    proxy = own_proxy(rules=RULES, global_={"listeners": [
        {"name": "u", "unix": socket_path, "proxy_protocol": True}]})
    for header, status in ((THERE["v2"], 403), (OWN["v1-unknown"], 200)):
        with proxy.connect("unix") as client:
            client.sock.sendall(header)
            assert client.get("/version").status == status


def test_without_it_a_header_is_no_request(own_proxy):
    with own_proxy().connect("tcp") as client:
        assert client.ask(THERE["v1"] + b"\r\n").status == 400
