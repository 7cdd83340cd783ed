"""TLS: versions, handshakes, what is not TLS, and how it ends."""

import socket
import ssl
import subprocess
import threading

import pytest

import fake_engine
import proxy_process
import raw_client
import tls_peer
import wire
from tls_peer import attempt, connect, wait_log
from wire import answer, request

both = pytest.mark.parametrize("version", ["1.2", "1.3"])


# --- versions, protocols ----------------------------------------------------

@both
def test_get(start, ca, version):
    proxy = start()
    with connect(proxy, tls_peer.client_context(ca.ca, version)) as client:
        assert client.sock.ssl.version() == f"TLSv{version}"
        assert client.get("/_ping").body == b"ok"
        assert client.get("/_ping").body == b"ok"


def old_context(version):
    context = tls_peer.client_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_versions_are_attempt(start):
    proxy = start()
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        assert attempt(proxy, old_context(version)) == \
            "TLSV1_ALERT_PROTOCOL_VERSION"
    line = wait_log(proxy, "unsupported protocol")[0]
    assert "client=127.0.0.1:" in line and "listener=secure" in line


def test_min_version(start):
    proxy = start({"min_version": "1.3"})
    assert attempt(proxy, tls_peer.client_context(version="1.2")) == \
        "TLSV1_ALERT_PROTOCOL_VERSION"
    assert attempt(proxy, tls_peer.client_context(version="1.3")) == \
        "got in: 200"


@pytest.mark.parametrize("offer, selected", [
    ([], None), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"),
])
def test_alpn(start, offer, selected):
    proxy = start()
    with connect(proxy, tls_peer.client_context(alpn=offer)) as client:
        assert client.sock.ssl.selected_alpn_protocol() == selected
        assert client.get("/_ping").status == 200


@both
def test_http2_alone_is_attempt(start, version):
    proxy = start()
    context = tls_peer.client_context(version=version, alpn=["h2"])
    assert "no application protocol" in attempt(proxy, context)
    wait_log(proxy, "no application protocol")


def test_weak_ciphers_are_attempt(start):
    proxy = start()
    for cipher in ("ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256"):
        context = tls_peer.client_context(version="1.2")
        context.set_ciphers(cipher)
        assert attempt(proxy, context) == "SSLV3_ALERT_HANDSHAKE_FAILURE"


# --- the wrong protocol -----------------------------------------------------

@pytest.mark.parametrize("data", [
    request("GET", "/_ping"), request("DELETE", "/containers/a"), b"\0", b"x",
    b"SSH-2.0-OpenSSH_9.2\r\n", b"\x80\x2e\x01\x03\x01"])
def test_no_tls_at_a_tls_listener(start, data):
    proxy = start()
    with socket.create_connection(proxy.tcp) as sock:
        client = raw_client.Client(sock)
        client.send(data)
        r = client.response()
        assert r.status == 400 and r["Connection"] == "close"
        assert "speaks TLS" in r.message()
        assert client.at_end()
    line = wait_log(proxy, "speaks TLS")[0]
    assert "client=127.0.0.1:" in line


def test_tls_at_a_plain_listener(proxy):
    with pytest.raises(ssl.SSLError) as e:
        connect(proxy, tls_peer.client_context())
    assert e.value.reason == "WRONG_VERSION_NUMBER"
    line = wait_log(proxy, "does not speak TLS")[0]
    assert "client=127.0.0.1:" in line


def test_a_port_that_is_only_looked_at(start):
    """Health checks connect and go: nothing is worth a warning."""
    proxy = start()
    for _ in range(3):
        socket.create_connection(proxy.tcp).close()
    assert attempt(proxy, tls_peer.client_context()) == "got in: 200"
    assert "TLS failed" not in proxy.log()


# --- handshakes -------------------------------------------------------------

class Wire:
    """A TLS client whose bytes the test sends by itself."""

    def __init__(self, proxy, context):
        self.sock = socket.create_connection(proxy.tcp, wire.TIMEOUT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.coming, self.going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.ssl = context.wrap_bio(self.coming, self.going)

    def bytes_of(self, action, *args):
        """What it wants to send, and whether it is done."""
        try:
            action(*args)
            done = True
        except ssl.SSLWantReadError:
            done = False
        return self.going.read(), done

    def receive(self):
        data = self.sock.recv(65536)
        assert data, "the proxy has closed"
        self.coming.write(data)

    def read(self, n):
        data = b""
        while len(data) < n:
            try:
                data += self.ssl.read(n - len(data))
            except ssl.SSLWantReadError:
                self.receive()
        return data


@both
def test_byte_by_byte(start, ca, version):
    """Each byte of the handshake and of a request in a segment of its own;
    two requests in as few records as can be, in one segment."""
    proxy = start()
    w = Wire(proxy, tls_peer.client_context(ca.ca, version))
    done = False
    while not done:
        data, done = w.bytes_of(w.ssl.do_handshake)
        wire.send_apart(w.sock, wire.bytewise(data))
        if not done:
            w.receive()
    data, _ = w.bytes_of(w.ssl.write, request("GET", "/_ping"))
    wire.send_apart(w.sock, wire.bytewise(data))
    assert w.read(15) == b"HTTP/1.1 200 OK"
    w.read(w.ssl.pending())
    records = [w.bytes_of(w.ssl.write, request("GET", "/secrets/a")[i:i + 3])
               for i in range(0, len(request("GET", "/secrets/a")), 3)]
    w.sock.sendall(b"".join(data for data, _ in records))
    assert w.read(12) == b"HTTP/1.1 403"
    w.sock.close()


def test_a_handshake_that_does_not_end(start, ca):
    proxy = start(global_={"timeouts": {"tls_handshake": "1s"}})
    w = Wire(proxy, tls_peer.client_context(ca.ca))
    hello, _ = w.bytes_of(w.ssl.do_handshake)
    w.sock.close()
    for data in (b"", hello[:7], hello):
        with socket.create_connection(proxy.tcp, wire.TIMEOUT) as sock:
            sock.sendall(data)
            while sock.recv(65536):
                pass
    wire.wait_until(lambda: proxy.log().count("took too long") == 3,
                    "all three are logged")
    # Once inside, other clocks run.
    with connect(proxy, tls_peer.client_context(ca.ca)) as client:
        assert not threading.Event().wait(1.2)
        assert client.get("/_ping").status == 200


@both
def test_nothing_is_read_before_the_handshake_is_done(start, ca, engine,
                                                      version):
    """Bytes of a client that fails are not a request."""
    proxy = start({"client_ca": ca.ca, "require_client_cert": True})
    with fake_engine.Untouched(proxy_with(proxy, ca), engine):
        told = attempt(proxy, tls_peer.client_context(ca.ca, version))
        assert "got in" not in told


class proxy_with:
    """A proxy whose probes have a certificate."""

    def __init__(self, proxy, ca):
        self.proxy = proxy
        self.context = tls_peer.client_context(ca.ca, None, ca.issue("probe"))

    def connect(self):
        return connect(self.proxy, self.context)


@pytest.mark.parametrize("garbage", [
    b"\x16\x03\x01\x00\x05hello", b"\x16\x03\x01\x40\x01" + b"x" * 0x4001,
    b"\x16\x03\x03\x00\x00" * 100, b"\x16" * 4096,
    b"\x16\x03\x01\x00\x04\x01\xff\xff\xff" + b"\x16\x03\x01\x40\x00"
    + b"\0" * 0x4000])
def test_garbage_instead_of_a_handshake(start, garbage):
    proxy = start(global_={"timeouts": {"tls_handshake": "1s"}})
    with socket.create_connection(proxy.tcp, wire.TIMEOUT) as sock:
        sock.sendall(garbage)
        while sock.recv(65536):
            pass
    wait_log(proxy, "TLS failed")
    assert attempt(proxy, tls_peer.client_context()) == "got in: 200"


def s_client(proxy, lines, *args):
    """openssl's client, which can do what Python's cannot. Lines are typed
    one by one, each when what it waits for has been printed so many times;
    at last the input ends."""
    child = subprocess.Popen(
        ["openssl", "s_client", "-connect", "%s:%d" % proxy.tcp, *args],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    said = []
    reader = threading.Thread(
        target=lambda: said.extend(iter(lambda: child.stdout.read(1), "")))
    reader.start()
    for times, after, line in lines:
        wire.wait_until(
            lambda times=times, after=after: "".join(said).count(after)
            == times or child.poll() is not None, f"openssl says {after}")
        try:
            child.stdin.write(line)
            child.stdin.flush()
        except BrokenPipeError:
            break
    try:
        child.stdin.close()
    except BrokenPipeError:
        pass
    child.wait(wire.TIMEOUT)
    reader.join()
    return "".join(said)


PING = "GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n"


def test_key_updates(start, ca):
    """TLS 1.3, in both directions, between requests."""
    proxy = start()
    said = s_client(proxy, [
        (1, "Verify return code", PING), (1, "\n\nok", "K\n"),
        (1, "KEYUPDATE", PING), (2, "\n\nok", "k\n"),
        (2, "KEYUPDATE", PING), (3, "\n\nok", "")],
        "-tls1_3", "-CAfile", ca.ca)
    assert said.count("HTTP/1.1 200 OK") == 3, said


def test_no_renegotiation(start, ca):
    proxy = start()
    said = s_client(proxy, [
        (1, "Verify return code", PING), (1, "\n\nok", "R\n"),
        (1, "RENEGOTIATING", PING)], "-tls1_2", "-CAfile", ca.ca)
    assert said.count("HTTP/1.1 200 OK") == 1, said
    assert "no renegotiation" in said
    assert proxy.alive()


# --- ends -------------------------------------------------------------------

@both
def test_an_end_is_said(start, ca, engine, version):
    """close_notify follows what ends with the connection."""
    proxy = start()
    context = tls_peer.client_context(ca.ca, version)

    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        x.close()

    name = engine.play(script)
    with connect(proxy, context) as client:
        client.send(f"GET /containers/{name}/logs HTTP/1.0\r\nHost: a\r\n\r\n"
                    .encode())
        assert client.response().body == b"all of it"
        assert client.sock.clean_end
    with connect(proxy, context) as client:
        r = client.ask(request("GET", "/_ping", "Connection: close"))
        assert r.status == 200 and client.at_end()
        assert client.sock.clean_end


@both
def test_a_broken_answer_has_no_end(start, ca, engine, version):
    proxy = start()

    def script(x):
        x.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        x.close()

    for minor, whole in ((0, b"half"), (1, None)):
        name = engine.play(script)
        with connect(proxy, tls_peer.client_context(ca.ca, version)) as c:
            c.send(f"GET /containers/{name}/json HTTP/1.{minor}\r\nHost: a"
                   "\r\n\r\n".encode())
            assert c.head().status == 200
            try:
                c.reader.rest()
            except ConnectionResetError:
                pass
            assert not c.sock.clean_end


@both
def test_an_end_without_a_word(start, ca, engine, version):
    """FIN without close_notify is the end of reading: what came before is
    served."""
    proxy = start()
    with connect(proxy, tls_peer.client_context(ca.ca, version)) as client:
        client.send(request("GET", "/containers/json") * 2)
        client.sock.shutdown_tcp()
        assert client.response().body == b"ok"
        assert client.response().body == b"ok"
        assert client.at_end() and client.sock.clean_end
    assert "TLS failed" not in proxy.log()


@both
@pytest.mark.parametrize("how", ["clean", "dirty"])
def test_a_truncated_body_is_not_completed(start, ca, engine, how, version):
    proxy = start()
    for fields in ("Content-Length: 100", "Transfer-Encoding: chunked"):
        name = engine.play(lambda x: x.body())
        with connect(proxy, tls_peer.client_context(ca.ca, version)) as c:
            c.send(request("PUT", f"/containers/{name}/archive", fields)
                   + b"5\r\nhello\r\n")
            r = engine.wait_for(name)
            if how == "clean":
                c.half_close()
            else:
                c.sock.shutdown_tcp()
            assert r.connection.closed.wait(wire.TIMEOUT)
            assert not r.complete
            assert c.response().status == 400


@both
def test_a_dirty_end_of_a_tunnel_is_an_end(start, ca, engine, version):
    got = []

    def script(x):
        x.body()
        x.send(b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n"
               b"Upgrade: tcp\r\n\r\n")
        got.append(x.read_to_end())
        x.send(b"bye")
        x.close()

    name = engine.play(script)
    with connect(start(), tls_peer.client_context(ca.ca, version)) as c:
        c.send(request("POST", f"/containers/{name}/attach",
                       "Connection: Upgrade", "Upgrade: tcp") + b"hello")
        assert c.head().status == 101
        c.sock.shutdown_tcp()
        assert c.read_to_end() == b"bye"
        assert c.sock.clean_end
    assert got == [b"hello"]


@both
def test_a_forged_record(start, ca, engine, version):
    """One flipped bit: nothing of the record is taken, the connection ends,
    one line tells of it."""
    proxy = start()
    name = engine.play(lambda x: x.body())
    with connect(proxy, tls_peer.client_context(ca.ca, version)) as client:
        client.send(request("PUT", f"/containers/{name}/archive",
                            "Content-Length: 100") + b"x" * 50)
        r = engine.wait_for(name)
        sock = client.sock
        sock.ssl.write(b"y" * 50)
        record = bytearray(sock._out.read())
        record[-1] ^= 1
        sock.raw.sendall(record)
        assert r.connection.closed.wait(wire.TIMEOUT)
        assert not r.complete
        try:
            assert client.read_to_end() == b""
        except ssl.SSLError as e:
            assert e.reason == "SSLV3_ALERT_BAD_RECORD_MAC"
    assert len(wait_log(proxy, "TLS failed")) == 1
    assert "bad record mac" in wait_log(proxy, "TLS failed")[0]


# --- many -------------------------------------------------------------------

def test_two_hundred_connections(start, ca):
    """When they go, nothing is left of them: what memory is kept for the next
    ones has its measure soon. A KiB of each would be more than is let pass."""
    proxy = start(global_={"threads": 2})
    context = tls_peer.client_context(ca.ca)

    def round_of(n):
        clients = [connect(proxy, context) for _ in range(n)]
        for c in clients:
            assert c.get("/_ping").status == 200
        memory = proxy.rss_kib()
        for c in clients:
            c.sock.close()
        wire.wait_until(lambda: proxy.descriptors() <= base + 8,
                        "the connections are closed")
        return memory

    base = proxy.descriptors()
    kib = [round_of(200), round_of(200)]
    while kib[-1] - max(kib[:-1]) > (2048 if proxy_process.SANITIZED else 128):
        assert len(kib) < 8, f"it grows and grows: {kib}"
        kib.append(round_of(200))


def test_one_too_many_from_an_address(start, ca):
    """The refusal, too, is told by TLS."""
    proxy = start(global_={"limits": {"connections_per_client": 1}})
    context = tls_peer.client_context(ca.ca)

    def let_in():
        client = connect(proxy, context)
        if client.get("/_ping").status == 200:
            return client
        return client.sock.close()
    with wire.wait_until(let_in, "the probe's connection is gone"):
        with connect(proxy, context) as other:
            r = other.ask(request("GET", "/_ping"))
            assert r.status == 429 and "too many connections" in r.message()


@both
@pytest.mark.parametrize("threads", [1, 4])
def test_clients_at_once(start, ca, engine, version, threads):
    body = b"x" * 300_000
    name = engine.play(lambda x: x.send(answer("200 OK", body=x.body())))
    proxy = start(global_={"threads": threads})
    bad = []

    def work():
        context = tls_peer.client_context(ca.ca, version)
        for _ in range(5):
            with connect(proxy, context) as c:
                r = c.ask(request("POST", f"/build?x={name}", body=body))
                if (r.status, r.body) != (200, body):
                    bad.append(r)

    workers = [threading.Thread(target=work) for _ in range(8)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert not bad and len(engine.named(name)) == 40
