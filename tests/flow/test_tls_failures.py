"""A TLS handshake that fails: the client, the log, the audit log and the
metrics each hear why."""

import json
import re
import socket
import ssl

import pytest

import raw_client
import tls_peer
import wire
from wire import request

PAST = "200101000000Z", "210101000000Z"
both = pytest.mark.parametrize("version", ["1.2", "1.3"])


class Watched:
    """A TLS listener, and what is told of its failed clients."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.audit_path = proxy.folder / "audit.log"

    def audit(self):
        text = self.audit_path.read_text("ascii")
        return [json.loads(line) for line in wire.whole_lines(text)]

    def told(self, event, message):
        """The one audit line so far: of that event."""
        lines = wire.wait_until(self.audit, "the audit log has a line")
        assert len(lines) == 1, lines
        line = lines[0]
        assert (line["event"], line["peer_ip"], line["listener"]) == (
            event, "127.0.0.1", "secure")
        assert message in line["message"], line
        return line

    def logged(self, message):
        """One line names the peer."""
        lines = tls_peer.wait_log(self.proxy, message)
        assert len(lines) == 1
        assert re.search(r" client=127\.0\.0\.1:\d+ listener=secure ",
                         lines[0]), lines

    def metrics(self, context):
        """{reason: count}, asked by somebody who gets in."""
        with tls_peer.connect(self.proxy, context) as client:
            text = client.get("/metrics").body.decode()
        return {reason: int(n) for reason, n in re.findall(
            r'^docker_proxy_tls_failures_total{reason="(\w+)"} (\d+)$', text,
            re.M) if n != "0"}


@pytest.fixture
def watch(start, tmp_path):
    def run(tls=None, **overrides):
        path = tmp_path / "audit.log"
        proxy = start(tls, {"audit_log": str(path),
                            "metrics": {"enabled": True}}, **overrides)
        watched = Watched(proxy)
        watched.audit_path = path
        return watched
    return run


@pytest.fixture(scope="module")
def good(ca):
    return ca.issue("good")


@pytest.fixture(scope="module")
def bad_certs(ca, other_ca):
    """Certificates that nobody gets in with; what their owner is told, and
    what everybody else."""
    revoked = ca.issue("revoked")
    ca.revocations(revoked[0])
    return {
        "wrong-ca": (other_ca.issue("stranger"), "ALERT_UNKNOWN_CA",
                     "unable to get local issuer certificate"),
        "expired": (ca.issue("expired", dates=PAST), "CERTIFICATE_EXPIRED",
                    "certificate has expired"),
        "for-servers": (ca.issue("no-client", "server"),
                        "UNSUPPORTED_CERTIFICATE",
                        "unsuitable certificate purpose"),
        "revoked": (revoked, "CERTIFICATE_REVOKED", "certificate revoked"),
        "none": (None, "(HANDSHAKE_FAILURE|CERTIFICATE_REQUIRED)",
                 "peer did not return a certificate"),
    }


@both
@pytest.mark.parametrize(
    "kind", ["wrong-ca", "expired", "for-servers", "revoked", "none"])
def test_a_clients_certificate(watch, ca, good, bad_certs, kind, version):
    cert, alert, text = bad_certs[kind]
    watched = watch({"client_ca": ca.ca, "require_client_cert": True,
                     "crl": ca.folder / "crl.pem"})
    told = tls_peer.attempt(watched.proxy, tls_peer.client_context(
        ca.ca, version, cert))
    assert re.search(f"{alert}$", told), told
    line = watched.told("auth_failure", "docker-proxy: the TLS handshake "
                        "failed: ")
    assert text in line["message"]
    assert [line[k] for k in ("method", "path", "status", "identity",
                              "request_id")] == [None] * 5
    watched.logged(text)
    assert watched.metrics(tls_peer.client_context(
        ca.ca, version, good)) == {"certificate": 1}


def test_none_where_it_may_be_absent(watch, ca):
    """There HTTP says it; `Bearer` would be the wrong thing to ask for."""
    watched = watch({"client_ca": ca.ca}, auth={"type": "mtls"})
    with tls_peer.connect(watched.proxy,
                          tls_peer.client_context(ca.ca)) as client:
        r = client.get("/_ping")
        assert r.status == 401
        assert r["WWW-Authenticate"] == 'Certificate realm="docker-proxy"'
    line = watched.told("auth_failure", "a client certificate is required")
    assert (line["status"], line["path"]) == (401, "/_ping")
    assert line["request_id"] == r["X-Request-Id"]


# Who our certificate is refused by, and what is heard of it.
REFUSALS = {
    "wrong-name": "bad certificate",
    "wrong-ca": "unknown CA",
}


@both
@pytest.mark.parametrize("kind", REFUSALS)
def test_a_client_that_refuses_ours(watch, ca, other_ca, kind, version):
    watched = watch()
    context = tls_peer.client_context(
        other_ca.ca if kind == "wrong-ca" else ca.ca, version)
    with socket.create_connection(watched.proxy.tcp, wire.TIMEOUT) as sock:
        if kind == "wrong-name":
            context.check_hostname = True
        with pytest.raises(ssl.SSLCertVerificationError):
            context.wrap_socket(sock, server_hostname="engine.example.com")
    text = f"the other side refuses our certificate: {REFUSALS[kind]}"
    watched.told("deny", text)
    watched.logged(text)
    assert watched.metrics(
        tls_peer.client_context(ca.ca)) == {"handshake": 1}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_old_version(watch, ca):
    watched = watch()
    context = tls_peer.client_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert tls_peer.attempt(watched.proxy, context) == \
        "TLSV1_ALERT_PROTOCOL_VERSION"
    watched.told("deny", "unsupported protocol")
    watched.logged("unsupported protocol")
    assert watched.metrics(
        tls_peer.client_context(ca.ca)) == {"handshake": 1}


def test_http_at_a_tls_listener(watch, ca):
    watched = watch()
    with socket.create_connection(watched.proxy.tcp) as sock:
        client = raw_client.Client(sock)
        r = client.ask(request("GET", "/containers/json"))
        assert (r.status, r["Connection"]) == (400, "close")
        assert "this listener speaks TLS: use https" in r.message()
    line = watched.told("deny", "this listener speaks TLS")
    assert (line["status"], line["request_id"]) == (400, r["X-Request-Id"])
    watched.logged("this listener speaks TLS")
    assert watched.metrics(tls_peer.client_context(ca.ca)) == {"not_tls": 1}


def test_tls_at_a_plain_listener(own_proxy, tmp_path):
    path = tmp_path / "audit.log"
    proxy = own_proxy(global_={"audit_log": str(path)})
    with pytest.raises(ssl.SSLError) as e:
        tls_peer.connect(proxy, tls_peer.client_context())
    assert e.value.reason == "WRONG_VERSION_NUMBER"
    lines = wire.wait_until(lambda: wire.whole_lines(path.read_text()),
                            "the audit log has it")
    line = json.loads(lines[0])
    assert (line["event"], line["status"]) == ("deny", 400)
    assert "does not speak TLS: use http" in line["message"]
    assert tls_peer.wait_log(proxy, "does not speak TLS")


def test_who_only_looks_is_no_news(watch, ca):
    """Health checks connect and go, before or after a first byte."""
    watched = watch()
    for data in (b"", b"\x16\x03\x01"):
        with socket.create_connection(watched.proxy.tcp) as sock:
            sock.sendall(data)
    assert watched.metrics(tls_peer.client_context(ca.ca)) == {}
    assert watched.audit() == []
