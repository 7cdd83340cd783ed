"""C11 and what Docker's own gets wrong: connections over TCP."""

import hashlib
import os
import pathlib
import resource
import socket
import subprocess
import threading
import time

import pytest

import helper
from helper import Pair, free_port, read_all, reset, stream, wait_until

BULK = 64 << 20


def send_bulk(s, n=BULK):
    """Sends n bytes of a pattern and the end; a thread, and their digest."""
    block = bytes(range(256)) * 4096
    digest = hashlib.sha256()

    def run():
        for at in range(0, n, len(block)):
            digest.update(block[:n - at])
            s.sendall(block[:n - at])
        s.shutdown(socket.SHUT_WR)
    thread = threading.Thread(target=run)
    thread.start()
    return thread, digest


def receive_bulk(s):
    digest, n = hashlib.sha256(), 0
    while piece := s.recv(1 << 20):
        digest.update(piece)
        n += len(piece)
    return digest.hexdigest(), n


def test_both_ways(kind):
    client, server = Pair(kind).both()
    for i in range(100):
        client.sendall(b"q%d" % i)
        assert server.recv(10) == b"q%d" % i
        server.sendall(b"a%d" % i)
        assert client.recv(10) == b"a%d" % i


@pytest.mark.parametrize("up", [True, False])
def test_half_close(kind, up):
    client, server = Pair(kind).both()
    first, second = (client, server) if up else (server, client)
    first.sendall(b"all")
    first.shutdown(socket.SHUT_WR)
    assert read_all(second) == b"all"
    for _ in range(3):
        second.sendall(b"more")
        assert first.recv(4) == b"more"
    second.close()
    assert read_all(first) == b""


@pytest.mark.parametrize("n", [0, 1, 65536, 200_000, BULK])
def test_whole_and_in_order(kind, n):
    client, server = Pair(kind).both()
    for source, sink in ((client, server), (server, client)):
        thread, digest = send_bulk(source, n)
        got, length = receive_bulk(sink)
        thread.join()
        assert (length, got) == (n, digest.hexdigest())


def test_bulk_both_ways_at_once(kind):
    client, server = Pair(kind).both()
    up, up_digest = send_bulk(client)
    down, down_digest = send_bulk(server)
    got = {}
    other = threading.Thread(
        target=lambda: got.update(up=receive_bulk(server)))
    other.start()
    got["down"] = receive_bulk(client)
    for thread in (up, down, other):
        thread.join()
    assert got == {"up": (up_digest.hexdigest(), BULK),
                   "down": (down_digest.hexdigest(), BULK)}


def test_bulk_and_then_talk(kind):
    """What bulk was spliced through holds nothing back."""
    client, server = Pair(kind).both()
    block = os.urandom(8 << 20)
    for _ in range(3):
        thread = threading.Thread(target=client.sendall, args=(block,))
        thread.start()
        got = b""
        while len(got) < len(block):
            got += server.recv(1 << 20)
        thread.join()
        assert got == block
        for i in range(40):
            client.sendall(b"%d" % i)
            assert server.recv(8) == b"%d" % i


def test_a_slow_reader_holds_the_sender(kind):
    client, server = Pair(kind).both()
    client.setblocking(False)
    sent, block = 0, b"x" * 65536
    quiet = time.monotonic()
    while time.monotonic() - quiet < 0.5 and sent < 1 << 30:
        try:
            sent += client.send(block)
            quiet = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
    assert sent < 64 << 20
    client.setblocking(True)
    client.shutdown(socket.SHUT_WR)
    assert receive_bulk(server)[1] == sent


@pytest.mark.defect("a reset becomes an orderly end")
@pytest.mark.parametrize("up", [True, False])
def test_reset_is_passed_on(kind, up):
    client, server = Pair(kind).both()
    first, second = (client, server) if up else (server, client)
    first.sendall(b"part of an answer")
    assert second.recv(100) == b"part of an answer"
    reset(first)
    with pytest.raises(ConnectionResetError):
        second.recv(1)


@pytest.mark.defect("a reset becomes an orderly end")
def test_reset_behind_an_end(kind):
    """The client has said all; then the container dies."""
    client, server = Pair(kind).both()
    client.shutdown(socket.SHUT_WR)
    assert server.recv(1) == b""
    server.sendall(b"half an")
    assert client.recv(7) == b"half an"
    reset(server)
    with pytest.raises(ConnectionResetError):
        client.recv(1)


@pytest.mark.defect("it keeps what nobody is there for any more")
def test_a_container_that_is_gone(kind):
    """It has closed altogether: at the next byte of the client it is known."""
    client, server = Pair(kind).both()
    server.close()
    assert client.recv(1) == b""
    client.sendall(b"anybody?")
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        for _ in range(1000):
            client.sendall(b"anybody?")
            time.sleep(0.005)


def test_nobody_listens(kind):
    pair = Pair(kind)
    pair.container.close()
    for _ in range(3):
        with pair.connect() as client:
            assert client.recv(1) == b""
    assert pair.proxy.alive()
    for text in ("Can't forward traffic to backend tcp/127.0.0.1:",
                 "connect: connection refused\n"):
        wait_until(lambda t=text: t in pair.proxy.stderr(), text)


def test_the_container_comes_back(kind):
    pair = Pair(kind)
    address = pair.container.getsockname()
    pair.container.close()
    with pair.connect() as client:
        assert client.recv(1) == b""
    pair.container = stream(*address)
    client, server = pair.both()
    server.sendall(b"back")
    assert client.recv(4) == b"back"


def test_a_container_that_is_slow_to_accept(kind):
    """A connection that hangs while it is made holds no other one up."""
    pair = Pair(kind)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        hanging = kind.start(container_port=full.getsockname()[1])
        clients = [socket.create_connection(("127.0.0.1", hanging.port))
                   for _ in range(8)]
        client, server = pair.both()
        server.sendall(b"yes")
        assert client.recv(3) == b"yes"
        full.accept()[0].close()
        for c in clients:
            c.close()


def test_an_end_before_there_is_a_connection(kind):
    """A client that has nothing to say ends its half while the container is
    slow to accept: it gets its answer."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        full.settimeout(helper.TIMEOUT)
        fill = socket.create_connection(full.getsockname())
        proxy = kind.start(container_port=full.getsockname()[1])
        client = socket.create_connection(("127.0.0.1", proxy.port),
                                          helper.TIMEOUT)
        client.shutdown(socket.SHUT_WR)
        wait_until(lambda: "SYN-SENT" in connecting(full), "it is dialled")
        wait_until(lambda: has_ended(proxy.port), "the proxy is told")
        wait_until(lambda: is_asleep(proxy.pid), "it has dealt with it")
        full.accept()[0].close()
        fill.close()
        server = full.accept()[0]
        server.settimeout(helper.TIMEOUT)
        assert server.recv(1) == b""
        server.sendall(b"answer")
        server.close()
        assert read_all(client) == b"answer"


@pytest.mark.defect("it goes on connecting")
def test_who_goes_away_is_not_waited_for(kind):
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        proxy = kind.start(container_port=full.getsockname()[1])
        fill = socket.create_connection(full.getsockname())
        wait_until(lambda: "SYN-SENT" not in connecting(full), "it is full")
        before = len(proxy.fds())
        clients = [socket.create_connection(("127.0.0.1", proxy.port))
                   for _ in range(20)]
        wait_until(lambda: len(proxy.fds()) >= before + 39, "all are dialled")
        for c in clients:
            reset(c)
        wait_until(lambda: len(proxy.fds()) <= before + 1, "they are dropped")
        fill.close()


def connecting(to):
    """What ss tells of connections to it that are not made yet."""
    return subprocess.run(
        ["ss", "-Htn", "state", "syn-sent", "dport", "=",
         f":{to.getsockname()[1]}"], capture_output=True, text=True,
        check=True).stdout and "SYN-SENT"


def has_ended(port):
    """Has the kernel the end of what a client sends to that port?"""
    return subprocess.run(
        ["ss", "-Htn", "state", "close-wait", "sport", "=", f":{port}"],
        capture_output=True, text=True, check=True).stdout


def is_asleep(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().split()[2] == "S"


def options(pid):
    """What ss tells of a process' connections."""
    out = subprocess.run(["ss", "-Htnoep"], capture_output=True, text=True,
                         check=True).stdout
    return [line for line in out.splitlines() if f"pid={pid}," in line]


@pytest.mark.defect("20.10 keeps the client's side alive alone")
def test_keep_alive(kind):
    pair = Pair(kind)
    ends = pair.both()
    lines = options(pair.proxy.pid)
    assert len(lines) == 2 and len(ends) == 2
    for line in lines:
        timer = line.split("timer:(keepalive,")[1].split(",")[0]
        seconds = float(timer.rstrip("sec").replace("ms", "e-3"))
        assert seconds <= 15


# --- descriptors -----------------------------------------------------------------

@pytest.mark.defect("six descriptors a connection")
def test_descriptors_of_a_thousand(kind):
    pair = Pair(kind, soft=(4096, 4096))
    before = len(pair.proxy.fds())
    resource_limit()
    ends = [pair.both() for _ in range(1000)]
    assert len(pair.proxy.fds()) - before <= 2100
    for client, server in ends:
        client.close()
        server.close()
    wait_until(lambda: len(pair.proxy.fds()) <= before + 8,
               "descriptors are closed")


def resource_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))


@pytest.mark.defect("it ends, with 0")
def test_out_of_descriptors(kind):
    """It pauses, serves those it has, and goes on."""
    pair = Pair(kind, soft=(40, 40))
    ends, waiting = [], []
    for _ in range(12):
        ends.append(pair.both())
    for _ in range(30):
        waiting.append(pair.connect())
    client, server = ends[0]
    client.sendall(b"still")
    assert server.recv(5) == b"still"
    assert pair.proxy.alive()
    served = 0
    for client, server in ends:
        client.close()
        server.close()
    for c in waiting:
        c.sendall(b"w")
    while served < len(waiting):
        s = pair.accept()
        assert s.recv(1) == b"w"
        served += 1
        s.close()
        waiting[served - 1].close()
    assert pair.proxy.alive()


# --- DOCKER_PROXY_FORWARD ----------------------------------------------------------

def forward(kind, words, **more):
    return Pair(kind, env={"DOCKER_PROXY_FORWARD": words}, **more)


@pytest.mark.ours
@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_proxy_protocol(kind, version, host):
    pair = forward(kind, f"proxy-protocol={version}", host=host)
    client = pair.connect()
    ip, port = client.getsockname()[:2]
    client.sendall(b"body")
    server = pair.accept()
    if version == "v1":
        family = "TCP6" if host == "::1" else "TCP4"
        want = (f"PROXY {family} {ip} {ip} {port} {pair.proxy.port}\r\n"
                "body").encode()
    else:
        family = socket.AF_INET6 if host == "::1" else socket.AF_INET
        raw = socket.inet_pton(family, ip)
        want = (b"\r\n\r\n\0\r\nQUIT\n\x21"
                + (b"\x21\0\x24" if host == "::1" else b"\x11\0\x0c")
                + raw + raw + port.to_bytes(2, "big")
                + pair.proxy.port.to_bytes(2, "big") + b"body")
    got = b""
    while len(got) < len(want):
        got += server.recv(1000)
    assert got == want


@pytest.mark.ours
def test_who_may_come(kind):
    client, server = forward(kind, "allow=10.0.0.0/8,allow=127.0.0.0/8").both()
    server.sendall(b"yes")
    assert client.recv(3) == b"yes"
    with forward(kind, "allow=10.0.0.0/8").connect() as c:
        assert c.recv(1) == b""


@pytest.mark.ours
@pytest.mark.parametrize("words", ["max=2", "max-per-client=2"])
def test_how_many_may_come(kind, words):
    pair = forward(kind, words)
    ends = [pair.both(), pair.both()]
    with pair.connect() as more:
        assert more.recv(1) == b""
    before = len(pair.proxy.fds())
    for end in ends.pop():
        end.close()
    wait_until(lambda: len(pair.proxy.fds()) < before, "one has gone")

    def let_in():
        with pair.connect() as c:
            c.sendall(b"?")
            c.settimeout(0.2)
            try:
                return c.recv(1) != b""
            except TimeoutError:
                return True
            except ConnectionResetError:
                return False
    wait_until(let_in, "another may come")


@pytest.mark.ours
def test_a_container_that_starts(kind):
    """Who comes before it listens waits a little."""
    port = free_port()
    proxy = kind.start(container_port=port, env={
        "DOCKER_PROXY_FORWARD": "connect-retry=10s"})
    before = helper.kernel_counts("Tcp", "AttemptFails")
    client = socket.create_connection(("127.0.0.1", proxy.port))
    client.sendall(b"early")
    wait_until(lambda: helper.kernel_counts("Tcp", "AttemptFails") > before,
               "it is refused once")
    with stream("127.0.0.1", port) as container:
        server = container.accept()[0]
        assert server.recv(5) == b"early"
        server.sendall(b"late")
        assert client.recv(4) == b"late"


@pytest.mark.ours
def test_half_closed_for_too_long(kind):
    client, server = forward(kind, "half-close=300ms").both()
    client.shutdown(socket.SHUT_WR)
    assert server.recv(1) == b""
    with pytest.raises(ConnectionResetError):
        client.recv(1)


@pytest.mark.ours
@pytest.mark.parametrize("words", [
    "nonsense", "max=", "max=0", "max=-1", "max=9999999999", "allow=",
    "allow=10.0.0.1/8", "allow=10.0.0.0/33", "connect-retry=3",
    "connect-retry=3h", "proxy-protocol=v3", "max=1,,max=2", "max=1 "])
def test_words_that_are_none(kind, words):
    proxy = kind.raw("-host-port", str(free_port()),
                     env={"DOCKER_PROXY_FORWARD": words})
    assert proxy.wait() == 1
    assert proxy.status().startswith(b"1\nDOCKER_PROXY_FORWARD: cannot use ")
