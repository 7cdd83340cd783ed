"""TLS: client certificates, and who they make a client."""

import json

import pytest

import tls_peer
from tls_peer import attempt, connect, wait_log

PAST = "200101000000Z", "210101000000Z"
both = pytest.mark.parametrize("version", ["1.2", "1.3"])


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
        told = attempt(proxy, tls_peer.client_context(
            ca.ca, version, cert))
        assert told.endswith(alert or "ALERT_UNKNOWN_CA"), told
        line = wait_log(proxy, text)
        assert len(line) == 1 and "client=127.0.0.1:" in line[0]


@both
def test_a_certificate_is_required(start, ca, version):
    proxy = start({"client_ca": ca.ca, "require_client_cert": True})
    told = attempt(proxy, tls_peer.client_context(ca.ca, version))
    assert told in ("SSLV3_ALERT_HANDSHAKE_FAILURE",
                    "TLSV13_ALERT_CERTIFICATE_REQUIRED")
    wait_log(proxy, "peer did not return a certificate")
    cert = ca.issue("somebody")
    assert attempt(proxy, tls_peer.client_context(ca.ca, version, cert)) == \
        "got in: 200"


@both
def test_revoked(start, ca, version):
    good, bad = ca.issue("good"), ca.issue("revoked")
    proxy = start({"client_ca": ca.ca, "require_client_cert": True,
                   "crl": ca.revocations(bad[0])})
    assert attempt(proxy, tls_peer.client_context(ca.ca, version, good)) == \
        "got in: 200"
    assert attempt(proxy, tls_peer.client_context(ca.ca, version, bad)) == \
        "SSLV3_ALERT_CERTIFICATE_REVOKED"
    wait_log(proxy, "certificate revoked")


def test_a_list_of_another_ca_opens_nothing(start, ca, other_ca):
    """Nothing is known of this CA's revocations: nobody gets in."""
    proxy = start({"client_ca": ca.ca, "require_client_cert": True,
                   "crl": other_ca.revocations()})
    cert = ca.issue("unlisted")
    assert "got in" not in attempt(
        proxy, tls_peer.client_context(ca.ca, None, cert))


@both
def test_sessions(start, ca, version):
    """Resumed where there are no client certificates; where there are,
    each connection is checked anew."""
    def resumes(proxy, context):
        with connect(proxy, context) as client:
            assert client.get("/_ping").status == 200
            session = client.sock.ssl.session
        with connect(proxy, context, session) as client:
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
