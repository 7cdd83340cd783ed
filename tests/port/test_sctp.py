"""C13: SCTP. Where the kernel has it, over it; in any case over what stands
in for it (sctp.c), which shows all but the kernel's part."""

import os
import socket
import struct

import pytest

import helper
from helper import Pair, free_port, reset
from kernel import has_sctp

STAND_IN = os.path.join(os.path.dirname(helper.BUILT), "tests", "sctp.so")
UNORDERED, ABORT, EOF = 1, 4, 0x200


class Sctp(Pair):
    """A published port, and messages over TCP to both of its ends."""

    def __init__(self, kind, **more):
        env = {"LD_PRELOAD": STAND_IN, **more.pop("env", {}),
               # It would be loaded first, else it says no.
               "ASAN_OPTIONS": "verify_asan_link_order=0"}
        super().__init__(kind, proto="sctp", env=env, **more)

    def both(self):
        client = self.connect()
        send(client, b"?")
        server = self.accept()
        assert receive(server) == (b"?", 0, 0, 0)
        return client, server


def send(s, data, stream=0, ppid=0, flags=0):
    s.sendall(struct.pack("=IIII", len(data), stream, ppid, flags) + data)


def exactly(s, n):
    data = b""
    while len(data) < n:
        piece = s.recv(n - len(data))
        assert piece, "the connection has ended"
        data += piece
    return data


def receive(s):
    n, stream, ppid, flags = struct.unpack("=IIII", exactly(s, 16))
    return exactly(s, n), stream, ppid, flags


pytestmark = pytest.mark.ours


def test_messages_stay_what_they_are(kind):
    client, server = Sctp(kind).both()
    for source, sink in ((client, server), (server, client)):
        for message in ((b"one", 3, 46, 0), (b"two", 65534, 0xffffffff, 0),
                        (b"x" * 100_000, 1, 2, UNORDERED)):
            send(source, *message)
            assert receive(sink) == message


def test_many(kind):
    client, server = Sctp(kind).both()
    for i in range(200):
        send(client, b"%d" % i * 50, i, i)
    for i in range(200):
        assert receive(server) == (b"%d" % i * 50, i, i, 0)


def test_a_slow_reader_holds_the_sender(kind):
    client, server = Sctp(kind).both()
    block = os.urandom(50_000)
    client.settimeout(0.5)
    sent = 0
    try:
        while sent < 2000:
            send(client, block, sent, sent)
            sent += 1
    except TimeoutError:  # part of one has left
        client.settimeout(helper.TIMEOUT)
    assert 0 < sent < 2000
    for i in range(sent):
        assert receive(server) == (block, i, i, 0)


def test_what_a_message_may_not_say(kind):
    """That the association ends: it would be ours."""
    client, server = Sctp(kind).both()
    send(client, b"end", 1, 2, ABORT | EOF | UNORDERED)
    assert receive(server) == (b"end", 1, 2, UNORDERED)


def test_no_half_is_closed(kind):
    for first in (0, 1):
        ends = Sctp(kind).both()
        ends[first].shutdown(socket.SHUT_WR)
        assert ends[1 - first].recv(1) == b""
        assert ends[first].recv(1) == b""


def test_an_abort_is_passed_on(kind):
    for first in (0, 1):
        ends = Sctp(kind).both()
        reset(ends[first])
        with pytest.raises(ConnectionResetError):
            ends[1 - first].recv(1)


def test_half_a_message_is_none(kind):
    client, server = Sctp(kind).both()
    client.sendall(struct.pack("=IIII", 10, 0, 0, 0) + b"half")
    client.shutdown(socket.SHUT_WR)
    with pytest.raises(ConnectionResetError):
        server.recv(1)


def test_a_message_too_long(kind):
    client, server = Sctp(kind).both()
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        send(client, b"x" * (1 << 20))
        client.recv(1)
    with pytest.raises(ConnectionResetError):
        server.recv(1)


def test_nobody_listens(kind):
    pair = Sctp(kind)
    pair.container.close()
    with pair.connect() as client:
        assert client.recv(1) == b""
    helper.wait_until(
        lambda: "Can't forward traffic to backend sctp/127.0.0.1:"
        in pair.proxy.stderr(), "it says so")


def test_no_header_of_the_proxy_protocol(kind):
    """It would be a message more."""
    Sctp(kind, env={"DOCKER_PROXY_FORWARD": "proxy-protocol=v2"}).both()


# --- the kernel's ---------------------------------------------------------------

def test_of_the_kernel(kind):
    """Or its error, where it has none."""
    if kind.inherits:
        pytest.skip("it is there, or nobody could pass it")
    port = free_port()
    args = ("-proto", "sctp", "-host-ip", "127.0.0.1", "-host-port", str(port),
            "-container-ip", "127.0.0.1", "-container-port")
    if not has_sctp():
        proxy = kind.raw(*args, "1")
        assert (proxy.wait(), proxy.status()) == (
            1, f"1\nfailed to listen on 127.0.0.1:{port}: protocol not "
               "supported".encode())
        return
    with sctp() as container, sctp() as client:
        container.bind(("127.0.0.1", 0))
        container.listen()
        proxy = kind.raw(*args, str(container.getsockname()[1]))
        assert proxy.status() == b"0\n"
        client.connect(("127.0.0.1", port))
        info = struct.pack("=HHHxxIIIIIi", 5, 0, 0, 46, 0, 0, 0, 0, 0)
        client.sendmsg([b"hello"], [(socket.IPPROTO_SCTP, 1, info)])
        server = container.accept()[0]
        data, came, _, _ = server.recvmsg(100, 200)
        assert data == b"hello"
        ((_, _, info),) = came
        assert struct.unpack_from("=H", info) == (5,)
        assert struct.unpack_from("=I", info, 8) == (46,)


def sctp():
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_SCTP)
    s.settimeout(helper.TIMEOUT)
    s.setsockopt(socket.IPPROTO_SCTP, 11, b"\1")  # SCTP_EVENTS: data_io
    return s


def test_a_listener_of_tcp_is_none(kind):
    with helper.stream() as listener:
        proxy = kind.raw("-proto", "sctp", "-host-ip", "127.0.0.1",
                         "-use-listen-fd", listener=listener)
        assert proxy.wait() == 1
        assert proxy.status() == \
            b"1\nfile file+net listen-sock: invalid argument"
