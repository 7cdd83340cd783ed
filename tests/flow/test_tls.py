"""TLS: who gets in, what is refused and how it is told, and the ends."""

import json
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
from authority import Authority
from fake_engine import OK
from wire import answer, request

PAST = "200101000000Z", "210101000000Z"
both = pytest.mark.parametrize("version", ["1.2", "1.3"])


@pytest.fixture(scope="module")
def ca(folder):
    return Authority(folder / "ca")


@pytest.fixture(scope="module")
def other_ca(folder):
    return Authority(folder / "other", "Test CA")


@pytest.fixture(scope="module")
def server_cert(ca):
    return ca.issue("server", "server", names=["IP:127.0.0.1"])


@pytest.fixture
def start(own_proxy, server_cert):
    """Starts a proxy with one TLS listener: its `tls`, other settings."""
    def run(tls=None, global_=None, **overrides):
        listener = {
            "name": "secure", "bind": "127.0.0.1",
            "port": proxy_process.free_port(),
            "tls": {"cert": str(server_cert[0]), "key": str(server_cert[1]),
                    **{k: str(v) if k != "require_client_cert" else v
                       for k, v in (tls or {}).items()}}}
        return own_proxy(global_={"listeners": [listener], **(global_ or {})},
                         **overrides)
    return run


def connect(proxy, context):
    """A client by TLS; the handshake's error is the caller's."""
    sock = socket.create_connection(proxy.tcp, wire.TIMEOUT)
    try:
        return raw_client.Client(tls_peer.TlsSocket(sock, context))
    except (OSError, ssl.SSLError):
        sock.close()
        raise


def refused(proxy, context):
    """Why the proxy let nobody in: its alert. In TLS 1.3 a client learns it
    with its first read."""
    try:
        with connect(proxy, context) as client:
            client.send(request("GET", "/_ping"))
            status = client.response().status
    except ssl.SSLError as e:
        return e.reason or str(e)
    return f"got in: {status}"


def wait_log(proxy, text):
    return wire.wait_until(
        lambda: [x for x in proxy.log().splitlines() if text in x],
        f"the log says {text!r}")


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
def test_old_versions_are_refused(start):
    proxy = start()
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        assert refused(proxy, old_context(version)) == \
            "TLSV1_ALERT_PROTOCOL_VERSION"
    line = wait_log(proxy, "unsupported protocol")[0]
    assert "client=127.0.0.1:" in line and "listener=secure" in line


def test_min_version(start):
    proxy = start({"min_version": "1.3"})
    assert refused(proxy, tls_peer.client_context(version="1.2")) == \
        "TLSV1_ALERT_PROTOCOL_VERSION"
    assert refused(proxy, tls_peer.client_context(version="1.3")) == \
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
def test_http2_alone_is_refused(start, version):
    proxy = start()
    context = tls_peer.client_context(version=version, alpn=["h2"])
    assert "no application protocol" in refused(proxy, context)
    wait_log(proxy, "no application protocol")


def test_weak_ciphers_are_refused(start):
    proxy = start()
    for cipher in ("ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256"):
        context = tls_peer.client_context(version="1.2")
        context.set_ciphers(cipher)
        assert refused(proxy, context) == "SSLV3_ALERT_HANDSHAKE_FAILURE"


# --- client certificates ----------------------------------------------------

@pytest.fixture(scope="module")
def bad_certs(ca, other_ca):
    """Certificates that nobody may get in with, and what is said of each."""
    return {
        "stranger": (other_ca.issue("stranger"), None,
                     "unable to get local issuer certificate"),
        "expired": (ca.issue("expired", dates=PAST),
                    "CERTIFICATE_EXPIRED", "certificate has expired"),
        "server": (ca.issue("no-client", "server"),
                   "UNSUPPORTED_CERTIFICATE",
                   "unsuitable certificate purpose"),
    }


@both
@pytest.mark.parametrize("required", [True, False])
def test_bad_client_certificates(start, ca, bad_certs, required, version):
    """Optional means that there need be none, not that a bad one will do."""
    proxy = start({"client_ca": ca.ca, "require_client_cert": required})
    for cert, alert, text in bad_certs.values():
        told = refused(proxy, tls_peer.client_context(
            ca.ca, version, cert))
        assert told.endswith(alert or "ALERT_UNKNOWN_CA"), told
        line = wait_log(proxy, text)
        assert len(line) == 1 and "client=127.0.0.1:" in line[0]


@both
def test_a_certificate_is_required(start, ca, version):
    proxy = start({"client_ca": ca.ca, "require_client_cert": True})
    told = refused(proxy, tls_peer.client_context(ca.ca, version))
    assert told in ("SSLV3_ALERT_HANDSHAKE_FAILURE",
                    "TLSV13_ALERT_CERTIFICATE_REQUIRED")
    wait_log(proxy, "peer did not return a certificate")
    cert = ca.issue("somebody")
    assert refused(proxy, tls_peer.client_context(ca.ca, version, cert)) == \
        "got in: 200"


@both
def test_revoked(start, ca, version):
    good, bad = ca.issue("good"), ca.issue("revoked")
    proxy = start({"client_ca": ca.ca, "require_client_cert": True,
                   "crl": ca.revocations(bad[0])})
    assert refused(proxy, tls_peer.client_context(ca.ca, version, good)) == \
        "got in: 200"
    assert refused(proxy, tls_peer.client_context(ca.ca, version, bad)) == \
        "SSLV3_ALERT_CERTIFICATE_REVOKED"
    wait_log(proxy, "certificate revoked")


def test_a_list_of_another_ca_opens_nothing(start, ca, other_ca):
    """Nothing is known of this CA's revocations: nobody gets in."""
    proxy = start({"client_ca": ca.ca, "require_client_cert": True,
                   "crl": other_ca.revocations()})
    cert = ca.issue("unlisted")
    assert "got in" not in refused(
        proxy, tls_peer.client_context(ca.ca, None, cert))


@both
def test_sessions(start, ca, version):
    """Resumed where there are no client certificates; where there are,
    each connection is checked anew."""
    def resumes(proxy, context):
        with connect(proxy, context) as client:
            assert client.get("/_ping").status == 200
            session = client.sock.ssl.session
        sock = socket.create_connection(proxy.tcp, wire.TIMEOUT)
        with raw_client.Client(tls_peer.TlsSocket(
                sock, context, session=session)) as client:
            assert client.get("/_ping").status == 200
            return client.sock.ssl.session_reused

    assert resumes(start(), tls_peer.client_context(ca.ca, version))
    cert = ca.issue("again")
    assert not resumes(start({"client_ca": ca.ca}),
                       tls_peer.client_context(ca.ca, version, cert))


# --- identity ---------------------------------------------------------------

ROLE_MAP = [{"cn": "ci", "role": "deployer"},
            {"cn": "*.dev.example.com", "role": "developer"},
            {"cn": "Ops.Example.com", "role": "operator"},
            {"cn": "build.dev.example.com", "role": "never"}]


# Name, subject, SANs; role with and without a default one.
IDENTITIES = {
    "cn": ("/CN=ci", [], "deployer", "deployer"),
    "cn-case": ("/CN=CI", [], "deployer", "deployer"),
    "san": ("/CN=host7", ["DNS:ops.example.com"], "operator", "operator"),
    "wildcard": ("/CN=x", ["DNS:a.dev.example.com"], "developer",
                 "developer"),
    "order": ("/CN=x", ["DNS:build.dev.example.com"], "developer",
              "developer"),
    "two-labels": ("/CN=x", ["DNS:a.b.dev.example.com"], "guest", "x"),
    "no-label": ("/CN=x", ["DNS:dev.example.com"], "guest", "x"),
    "suffix": ("/CN=x", ["DNS:ops.example.com.evil.org"], "guest", "x"),
    "not-dns": ("/CN=x", ["email:ops@example.com", "URI:https://ci"],
                "guest", "x"),
    "own": ("/CN=alice", [], "guest", "alice"),
    "cn-of-two": ("/O=team/CN=ci", ["DNS:other"], "deployer", "deployer"),
    "no-cn": ("/O=team", ["DNS:other"], "guest", None),
    "two-cns": ("/CN=ci/CN=alice", [], None, None),
}


@pytest.fixture(scope="module")
def identities(ca):
    return {name: ca.issue(f"id-{name}", subject=subject, names=names)
            for name, (subject, names, _, _) in IDENTITIES.items()}


@pytest.mark.parametrize("default", ["guest", None])
def test_roles(start, ca, identities, default):
    mtls = {"cert_role_map": ROLE_MAP}
    if default:
        mtls["default_role"] = default
    proxy = start({"client_ca": ca.ca}, {"access_log": "all",
                                         "log_format": "json"},
                  auth={"type": "mtls", "mtls": mtls})
    for name, (subject, _, with_default, without) in IDENTITIES.items():
        role = with_default if default else without
        context = tls_peer.client_context(ca.ca, None, identities[name])
        with connect(proxy, context) as client:
            r = client.get(f"/containers/{name}/json")
        assert r.status == (200 if role else 401), name
        line = json.loads(wait_log(proxy, f"/containers/{name}/json")[0])
        assert line.get("role") == role, name
        if role and "CN=" in subject:
            assert line["identity"] == subject.rpartition("CN=")[2]


def test_mtls_without_a_certificate(start, ca):
    proxy = start({"client_ca": ca.ca}, auth={"type": "mtls"})
    with connect(proxy, tls_peer.client_context(ca.ca)) as client:
        r = client.get("/_ping")
        assert r.status == 401
        assert "a client certificate is required" in r.message()
        r = client.get("/_ping", "Authorization: Bearer x")
        assert r.status == 401


def test_a_rule_on_the_role(start, ca, identities):
    proxy = start({"client_ca": ca.ca}, auth={
        "type": "mtls", "mtls": {"cert_role_map": ROLE_MAP}}, rules=[
            {"name": "not-for-ci", "action": "deny", "conditions": [
                {"field": "role", "operator": "equals",
                 "value": "deployer"},
                {"field": "identity", "operator": "equals", "value": "ci"}]}])
    for name, status in (("cn", 403), ("own", 200)):
        context = tls_peer.client_context(ca.ca, None, identities[name])
        with connect(proxy, context) as client:
            assert client.get("/_ping").status == status


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
    assert refused(proxy, tls_peer.client_context()) == "got in: 200"
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
    w.sock.sendall(b"".join(data for data, _ in records) * 1)
    assert w.read(12) == b"HTTP/1.1 403"
    w.sock.close()


def test_a_handshake_that_does_not_end(start, ca):
    proxy = start(global_={"timeouts": {"tls_handshake": "300ms"}})
    w = Wire(proxy, tls_peer.client_context(ca.ca))
    hello, _ = w.bytes_of(w.ssl.do_handshake)
    w.sock.close()
    for data in (b"", hello[:7], hello):
        with socket.create_connection(proxy.tcp, wire.TIMEOUT) as sock:
            sock.sendall(data)
            while sock.recv(65536):
                pass
    assert len(wait_log(proxy, "took too long")) == 3
    # Once inside, other clocks run.
    with connect(proxy, tls_peer.client_context(ca.ca)) as client:
        assert not threading.Event().wait(0.5)
        assert client.get("/_ping").status == 200


@both
def test_nothing_is_read_before_the_handshake_is_done(start, ca, engine,
                                                      version):
    """Bytes of a client that fails are not a request."""
    proxy = start({"client_ca": ca.ca, "require_client_cert": True})
    with fake_engine.Untouched(proxy_with(proxy, ca), engine):
        told = refused(proxy, tls_peer.client_context(ca.ca, version))
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
    proxy = start(global_={"timeouts": {"tls_handshake": "500ms"}})
    with socket.create_connection(proxy.tcp, wire.TIMEOUT) as sock:
        sock.sendall(garbage)
        while sock.recv(65536):
            pass
    wait_log(proxy, "TLS failed")
    assert refused(proxy, tls_peer.client_context()) == "got in: 200"


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
    """Idle ones hold little; when they go, nothing is left of them."""
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
    first = round_of(200)
    after = [round_of(200) for _ in range(3)]
    assert max(after) - first < (8192 if proxy_process.SANITIZED else 1024)


def test_one_too_many_from_an_address(start, ca):
    """The refusal, too, is told by TLS."""
    proxy = start(global_={"limits": {"connections_per_client": 1}})
    context = tls_peer.client_context(ca.ca)
    wire.wait_until(lambda: "got in: 200" == refused(proxy, context),
                    "the probe's connection is gone")
    with connect(proxy, context) as client:
        assert client.get("/_ping").status == 200
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


# --- the Engine -------------------------------------------------------------

@pytest.fixture
def tls_engine(ca):
    engines = []

    def run(cert, host="127.0.0.1", client_ca=None):
        e = tls_peer.TlsEngine(
            tls_peer.server_context(cert, client_ca=client_ca), host)
        engines.append(e)
        return e
    yield run
    for e in engines:
        e.close()


def ask_engine(own_proxy, engine, tls):
    proxy = own_proxy(engine.url(), global_={"engine_tls": {
        k: str(v) for k, v in tls.items()}})
    with proxy.connect() as client:
        return client.get("/_ping")


def test_the_engine_by_name(own_proxy, ca, tls_engine):
    names = []
    cert = ca.issue("by-name", "server", names=["DNS:localhost"])
    engine = tls_engine(cert, "localhost")
    engine.context.sni_callback = lambda _, name, __: names.append(name)
    assert ask_engine(own_proxy, engine, {"ca": ca.ca}).status == 200
    assert names == ["localhost"]


# Host, the certificate's names, what the answer says.
WRONG_NAMES = {
    "name": ("localhost", ["DNS:other"], "hostname mismatch"),
    "ip": ("127.0.0.1", ["IP:127.0.0.2"], "IP address mismatch"),
    "ip-as-name": ("127.0.0.1", ["DNS:127.0.0.1"], "IP address mismatch"),
    "none": ("127.0.0.1", [], "IP address mismatch"),
}


@pytest.mark.parametrize("kind", WRONG_NAMES)
def test_the_wrong_engine(own_proxy, ca, tls_engine, kind):
    host, names, text = WRONG_NAMES[kind]
    cert = ca.issue(f"wrong-{kind}", "server", names=names)
    engine = tls_engine(cert, host)
    r = ask_engine(own_proxy, engine, {"ca": ca.ca})
    assert r.status == 503 and text in r.message()
    wire.wait_until(lambda: engine.failures, "the Engine hears of it")
    assert not engine.requests


def test_an_engine_not_to_be_trusted(own_proxy, ca, other_ca, tls_engine):
    local = ["IP:127.0.0.1"]
    for cert, text in (
            (other_ca.issue("e1", "server", names=local),
             "unable to get local issuer certificate"),
            (ca.issue("e2", "server", names=local, dates=PAST),
             "certificate has expired"),
            (ca.issue("e3", "client", names=local),
             "unsuitable certificate purpose")):
        engine = tls_engine(cert)
        r = ask_engine(own_proxy, engine, {"ca": ca.ca})
        assert r.status == 503 and text in r.message()
        assert not engine.requests


def test_an_engine_that_wants_a_certificate(own_proxy, ca, tls_engine):
    cert = ca.issue("picky", "server", names=["IP:127.0.0.1"])
    mine = ca.issue("mine")
    engine = tls_engine(cert, client_ca=ca.ca)
    assert ask_engine(own_proxy, engine, {
        "ca": ca.ca, "cert": mine[0], "key": mine[1]}).status == 200
    engine = tls_engine(cert, client_ca=ca.ca)
    assert ask_engine(own_proxy, engine, {"ca": ca.ca}).status in (502, 503)
    assert not engine.requests


def test_an_engine_without_tls(own_proxy, ca):
    with socket.create_server(("127.0.0.1", 0)) as s:
        proxy = own_proxy(f"tls://127.0.0.1:{s.getsockname()[1]}",
                          global_={"engine_tls": {"ca": str(ca.ca)}})
        with proxy.connect() as client:
            client.send(request("GET", "/_ping"))
            plain, _ = s.accept()
            with plain:
                plain.sendall(answer("400 Bad Request"))
                r = client.response()
                assert r.status == 503
                assert "it does not speak TLS" in r.message()


def test_an_engine_silent_in_the_handshake(own_proxy, ca):
    with socket.create_server(("127.0.0.1", 0)) as s:
        proxy = own_proxy(
            f"tls://127.0.0.1:{s.getsockname()[1]}", global_={
                "engine_tls": {"ca": str(ca.ca)},
                "timeouts": {"engine_connect": "300ms"}})
        with proxy.connect() as client:
            assert client.get("/_ping").status == 504


@both
def test_idle_engine_connections_are_kept(own_proxy, ca, version):
    """TLS 1.3's tickets on an idle connection are no reason to drop it."""
    cert = ca.issue("kept", "server", names=["IP:127.0.0.1"])
    engine = tls_peer.TlsEngine(tls_peer.server_context(cert, version))
    try:
        proxy = own_proxy(engine.url(), global_={
            "engine_tls": {"ca": str(ca.ca)}})
        for _ in range(20):
            with proxy.connect() as client:
                assert client.get("/_ping").status == 200
        assert len(engine.connections) == 1
    finally:
        engine.close()


# --- files ------------------------------------------------------------------

def convert(cert, folder, name, *args):
    path = folder / name
    subprocess.run(["openssl", *args, "-in", str(cert[1]), "-out",
                    str(path)], check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def rsa_cert(ca, folder):
    """With a PKCS#1 key."""
    key, cert = folder / "rsa.key", folder / "rsa.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
         "/CN=rsa", "-keyout", key, "-out", cert, "-addext",
         "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    return cert, key


def test_forms_of_keys(start, server_cert, rsa_cert, folder):
    sec1 = convert(server_cert, folder, "sec1.key", "ec")
    params = folder / "params.key"
    params.write_text(subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1"], check=True, text=True,
        capture_output=True).stdout + sec1.read_text())
    pkcs1 = convert(rsa_cert, folder, "pkcs1.key", "rsa", "-traditional")
    pkcs8 = convert(rsa_cert, folder, "pkcs8.key", "pkey")
    assert "BEGIN EC PRIVATE" in sec1.read_text()
    assert "BEGIN RSA PRIVATE" in pkcs1.read_text()
    assert "BEGIN PRIVATE" in pkcs8.read_text()
    for cert, key in ((server_cert[0], sec1), (server_cert[0], params),
                      (rsa_cert[0], pkcs1), (rsa_cert[0], pkcs8)):
        proxy = start({"cert": cert, "key": key})
        assert refused(proxy, tls_peer.client_context()) == "got in: 200"


def start_error(engine, folder, tls, kind="listener"):
    config = proxy_process.configuration(engine.url(), folder)
    if kind == "listener":
        config["global"]["listeners"][0]["tls"] = {
            k: str(v) for k, v in tls.items()}
    else:
        config["global"]["socket"] = "tls://127.0.0.1:1"
        config["global"]["engine_tls"] = {k: str(v) for k, v in tls.items()}
    path = folder / "bad.yaml"
    path.write_text(json.dumps(config), encoding="ascii")
    run = subprocess.run(
        [proxy_process.BINARY, "--config", str(path)], capture_output=True,
        text=True, timeout=wire.TIMEOUT, check=False,
        stdin=subprocess.DEVNULL)
    assert run.returncode == 1, run.stderr
    assert not proxy_process.FORBIDDEN.search(run.stderr), run.stderr
    return run.stderr


def test_files_that_will_not_do(engine, folder, ca, server_cert, rsa_cert):
    cert, key = server_cert
    locked = convert(server_cert, folder, "locked.key", "pkcs8", "-topk8",
                     "-passout", "pass:secret")
    text = folder / "text.pem"
    text.write_text("hello\n")
    missing = folder / "missing.pem"
    usual = {"cert": cert, "key": key}
    for tls, expected in (
            ({"cert": missing, "key": key},
             f"certificate from {missing}: No such file or directory"),
            ({"cert": cert, "key": missing},
             f"private key from {missing}: No such file or directory"),
            ({"cert": text, "key": key},
             f"certificate from {text}: it holds nothing of that kind"),
            ({"cert": cert, "key": text}, f"private key from {text}: "),
            ({"cert": key, "key": key}, f"certificate from {key}: "),
            ({"cert": cert, "key": rsa_cert[1]},
             f"the key in {rsa_cert[1]} is not that of the certificate in "
             f"{cert}"),
            ({"cert": cert, "key": ca.folder / "ca.key"},
             "is not that of the certificate"),
            ({"cert": cert, "key": locked}, "has a passphrase"),
            ({**usual, "client_ca": missing},
             f"CA certificates from {missing}: No such file or directory"),
            ({**usual, "client_ca": text},
             f"CA certificates from {text}: no certificate or crl found"),
            ({**usual, "client_ca": ca.ca, "crl": missing},
             f"revocation list from {missing}: No such file or directory"),
            ({**usual, "client_ca": ca.ca, "crl": ca.ca},
             f"revocation list from {ca.ca}: it holds nothing of that kind"),
    ):
        assert expected in start_error(engine, folder, tls)
    for tls, expected in (
            ({"ca": missing}, f"CA certificate from {missing}: No such file"),
            ({"ca": ca.ca, "cert": cert, "key": rsa_cert[1]},
             "is not that of the certificate")):
        assert expected in start_error(engine, folder, tls, "engine")


def test_an_expired_certificate_is_told(start, ca):
    cert, key = ca.issue("old", "server", dates=PAST)
    proxy = start({"cert": cert, "key": key})
    assert f"the certificate in {cert} has expired" in proxy.log()
