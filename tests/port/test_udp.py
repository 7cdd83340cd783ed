"""C12, and what Docker's own gets wrong: datagrams."""

import pathlib
import re
import resource
import socket

import pytest

import helper
from helper import datagram, wait_until


class Udp:
    """A published UDP port and its container."""

    def __init__(self, kind, host="127.0.0.1", container="127.0.0.1", **more):
        self.container = datagram(container)
        self.container.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.host = host
        self.proxy = kind.start(
            "udp", host=host, container=container,
            container_port=self.container.getsockname()[1], **more)

    def client(self, ip=None, bind=None):
        ip = ip or self.host
        s = socket.socket(
            socket.AF_INET6 if ":" in ip else socket.AF_INET,
            socket.SOCK_DGRAM)
        s.settimeout(helper.TIMEOUT)
        if bind:
            s.bind((bind, 0))
        s.connect((ip, self.proxy.port))
        return s

    def echo(self, client, data):
        client.send(data)
        got, peer = self.container.recvfrom(70_000)
        assert got == data
        self.container.sendto(data, peer)
        assert client.recv(70_000) == data
        return peer


@pytest.mark.parametrize("host, container", [
    ("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "::1"),
    ("::1", "127.0.0.1"), ("::1", "::1")])
def test_there_and_back(kind, host, container):
    u = Udp(kind, host, container)
    u.echo(u.client(), b"hello")


@pytest.mark.parametrize("n", [1, 1400, 9000, 65507])
def test_sizes(kind, n):
    u = Udp(kind)
    u.echo(u.client(), b"x" * n)


@pytest.mark.defect("it drops what is empty")
def test_empty(kind):
    u = Udp(kind)
    u.echo(u.client(), b"")


def test_each_client_has_a_port_of_its_own(kind):
    u = Udp(kind)
    clients = [u.client() for _ in range(50)]
    ports = [u.echo(c, b"%d" % i) for i, c in enumerate(clients)]
    assert len(set(ports)) == 50
    # And keeps it.
    assert [u.echo(c, b"again") for c in clients] == ports
    for i, (c, port) in enumerate(zip(clients, ports)):
        u.container.sendto(b"for %d" % i, port)
        assert c.recv(100) == b"for %d" % i


def test_order(kind):
    u = Udp(kind)
    c = u.client()
    for burst in range(20):
        for i in range(50):
            c.send(b"%d.%d" % (burst, i))
        for i in range(50):
            assert u.container.recv(100) == b"%d.%d" % (burst, i)


def test_clients_between_each_other(kind):
    """Of a batch each datagram reaches its own."""
    u = Udp(kind)
    clients = [u.client() for _ in range(5)]
    ports = [u.echo(c, b"hi") for c in clients]
    for i in range(100):
        clients[i % 5].send(b"%d" % i)
    for _ in range(100):
        data, peer = u.container.recvfrom(100)
        assert peer == ports[int(data) % 5]


@pytest.mark.defect("20.10 answers from any address of the host")
@pytest.mark.parametrize("ip", ["127.0.0.2", "127.1.2.3"])
def test_the_answer_comes_from_where_was_asked(kind, ip):
    u = Udp(kind, host="0.0.0.0")
    # A connected socket takes nothing from elsewhere.
    u.echo(u.client(ip, bind="127.0.0.1"), b"who are you?")


def test_a_container_that_comes_later(kind):
    u = Udp(kind)
    address = u.container.getsockname()
    c = u.client()
    u.container.close()
    for _ in range(5):
        c.send(b"lost")
    assert u.proxy.alive()
    u.container = datagram(*address)

    def comes_through():
        c.send(b"now")
        u.container.settimeout(0.1)
        try:
            return u.container.recv(100) == b"now"
        except TimeoutError:
            return False
    wait_until(comes_through, "it is forwarded again")


@pytest.mark.defect("the first one behind a refusal is lost")
def test_nothing_is_lost_to_what_was_refused_before(kind):
    u = Udp(kind)
    address = u.container.getsockname()
    c = u.client()
    u.echo(c, b"here")
    u.container.close()
    before = helper.kernel_counts("Udp", "NoPorts")
    c.send(b"lost")
    wait_until(lambda: helper.kernel_counts("Udp", "NoPorts") > before,
               "it is refused")
    u.container = datagram(*address)
    c.send(b"kept")
    assert u.container.recv(100) == b"kept"


@pytest.mark.ours
def test_who_is_silent_is_forgotten(kind):
    u = Udp(kind, env={"DOCKER_PROXY_FORWARD": "udp-timeout=2s"})
    before = len(u.proxy.fds())
    c, busy = u.client(), u.client()
    port = u.echo(c, b"hello")
    kept = u.echo(busy, b"hello")
    assert len(u.proxy.fds()) == before + 2

    def one_is_gone():
        busy.send(b"one-sided")
        assert u.container.recvfrom(100)[1] == kept
        return len(u.proxy.fds()) == before + 1
    wait_until(one_is_gone, "its socket is closed")
    assert u.echo(c, b"again") != port


@pytest.mark.ours
def test_a_socket_without_packet_info(kind):
    """As a dockerd that is being updated passes it."""
    if not kind.inherits:
        pytest.skip("it is passed")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener, \
            datagram() as container:
        listener.bind(("127.0.0.1", 0))
        proxy = kind.raw(
            "-proto", "udp", "-host-ip", "127.0.0.1", "-host-port", "9",
            "-container-ip", "127.0.0.1", "-container-port",
            str(container.getsockname()[1]), "-use-listen-fd",
            listener=listener)
        assert proxy.status() == b"0\n"
        c = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        c.settimeout(helper.TIMEOUT)
        c.connect(listener.getsockname())
        c.send(b"hello")
        data, peer = container.recvfrom(100)
        container.sendto(data, peer)
        assert c.recv(100) == b"hello"


@pytest.mark.ours
def test_who_may_send(kind):
    u = Udp(kind, host="0.0.0.0",
            env={"DOCKER_PROXY_FORWARD": "allow=127.0.0.0/30,max=2"})
    first, second = u.client("127.0.0.1"), u.client("127.0.0.1")
    u.client("127.0.0.1", bind="127.0.0.9").send(b"not allowed")
    u.echo(first, b"one")
    u.echo(second, b"two")
    u.client("127.0.0.1").send(b"too many")
    u.echo(first, b"three")


def kilobytes(proxy):
    text = pathlib.Path(f"/proc/{proxy.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Rss:\s+(\d+)", text, re.M)[1])


@pytest.mark.defect("71 KiB a client")
def test_memory_of_three_thousand(kind):
    if helper.SANITIZED:
        pytest.skip("a sanitizer's own memory")
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    u = Udp(kind, soft=(8192, 8192))
    clients = [u.client() for _ in range(3000)]
    for i, c in enumerate(clients):
        u.echo(c, b"%d" % i)
    assert kilobytes(u.proxy) <= 5 * 1024


def test_out_of_descriptors(kind):
    u = Udp(kind, soft=(32, 32))
    first = u.client()
    u.echo(first, b"let in")
    for i in range(60):
        u.client().send(b"%d" % i)
    text = "Can't proxy a datagram to udp/127.0.0.1:"
    wait_until(lambda: text in u.proxy.stderr(), "it says so")
    assert "too many open files" in u.proxy.stderr()
    while u.container.recv(100) != b"0":
        pass
    assert u.proxy.alive()
