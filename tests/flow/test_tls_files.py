"""TLS: which files will do, and which Engine is the right one."""

import json
import re
import socket
import subprocess

import pytest

import proxy_process
import tls_peer
import wire
from tls_peer import attempt
from wire import answer, request

PAST = "200101000000Z", "210101000000Z"
both = pytest.mark.parametrize("version", ["1.2", "1.3"])


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
    assert r.status == 502
    assert r.message() == (
        f"docker-proxy: TLS failed with the Docker Engine at {host}: "
        f"certificate verify failed: {text}")
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
        assert r.status == 502 and text in r.message()
        assert not engine.requests


def test_an_engine_that_wants_a_certificate(own_proxy, ca, tls_engine):
    cert = ca.issue("picky", "server", names=["IP:127.0.0.1"])
    mine = ca.issue("mine")
    engine = tls_engine(cert, client_ca=ca.ca)
    assert ask_engine(own_proxy, engine, {
        "ca": ca.ca, "cert": mine[0], "key": mine[1]}).status == 200
    engine = tls_engine(cert, client_ca=ca.ca)
    r = ask_engine(own_proxy, engine, {"ca": ca.ca})
    assert r.status == 502
    assert "the other side refuses our certificate: " in r.message()
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
                assert r.status == 502
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
        assert attempt(proxy, tls_peer.client_context()) == "got in: 200"


def run(path, *args):
    run = subprocess.run(
        [proxy_process.BINARY, *args, "--config", str(path)],
        capture_output=True, text=True, timeout=wire.TIMEOUT, check=False,
        stdin=subprocess.DEVNULL)
    assert not proxy_process.FORBIDDEN.search(run.stderr), run.stderr
    return run


def configure(engine, folder, tls, kind="listener"):
    """A file with these files of TLS."""
    config = proxy_process.configuration(engine.url(), folder)
    if kind == "listener":
        config["global"]["listeners"][0]["tls"] = {
            k: str(v) for k, v in tls.items()}
    else:
        config["global"]["socket"] = "tls://127.0.0.1:1"
        config["global"]["engine_tls"] = {k: str(v) for k, v in tls.items()}
    path = folder / "bad.yaml"
    path.write_text(json.dumps(config, indent=1), encoding="ascii")
    return path


def check_refusal(path, key, expected):
    """The proxy does not start, and --check-config says the same, at the key.
    A file that is not there may be where the proxy will run: a warning."""
    started = run(path)
    assert started.returncode == 1
    assert f" error TLS: {expected}" in re.sub(
        r"(error TLS: )cannot read the (clients' |Engine's )?", r"\1",
        started.stderr), started.stderr
    checked = run(path, "--check-config")
    missing = "No such file" in expected
    assert checked.returncode == (0 if missing else 1), checked.stderr
    level = "warning" if missing else "error"
    lines = [x for x in checked.stderr.splitlines()
             if re.match(rf"{path}:\d+:\d+: {level}: .*{expected}", x)]
    assert len(lines) == 1, checked.stderr
    at = int(lines[0].split(":")[1])
    assert re.search(rf"^ *{at} \| +\"{key}\": ", checked.stderr, re.M), \
        checked.stderr


def test_files_that_will_not_do(engine, folder, ca, server_cert, rsa_cert):
    cert, key = server_cert
    locked = convert(server_cert, folder, "locked.key", "pkcs8", "-topk8",
                     "-passout", "pass:secret")
    text = folder / "text.pem"
    text.write_text("hello\n")
    missing = folder / "missing.pem"
    usual = {"cert": cert, "key": key}
    for tls, at, expected in (
            ({"cert": missing, "key": key}, "cert",
             f"certificate from {missing}: No such file or directory"),
            ({"cert": cert, "key": missing}, "key",
             f"private key from {missing}: No such file or directory"),
            ({"cert": text, "key": key}, "cert",
             f"certificate from {text}: it holds nothing of that kind"),
            ({"cert": cert, "key": text}, "key",
             f"private key from {text}: "),
            ({"cert": key, "key": key}, "cert", f"certificate from {key}: "),
            ({"cert": cert, "key": rsa_cert[1]}, "key",
             f"the key in {rsa_cert[1]} is not that of the certificate in "
             f"{cert}"),
            ({"cert": cert, "key": ca.folder / "ca.key"}, "key",
             f"the key in {ca.folder}/ca.key is not that of the certificate"),
            ({"cert": cert, "key": locked}, "key",
             f"the key in {locked} has a passphrase"),
            ({**usual, "client_ca": missing}, "client_ca",
             f"CA certificates from {missing}: No such file or directory"),
            ({**usual, "client_ca": text}, "client_ca",
             f"CA certificates from {text}: it holds nothing of that kind"),
            ({**usual, "client_ca": ca.ca, "crl": missing}, "crl",
             f"revocation list from {missing}: No such file or directory"),
            ({**usual, "client_ca": ca.ca, "crl": ca.ca}, "crl",
             f"revocation list from {ca.ca}: it holds nothing of that kind"),
    ):
        check_refusal(configure(engine, folder, tls), at, expected)
    for tls, at, expected in (
            ({"ca": missing}, "ca",
             f"CA certificate from {missing}: No such file"),
            ({"ca": text}, "ca", f"CA certificate from {text}: "),
            ({"ca": ca.ca, "cert": cert, "key": rsa_cert[1]}, "key",
             f"the key in {rsa_cert[1]} is not that of the certificate")):
        check_refusal(configure(engine, folder, tls, "engine"), at, expected)


def test_files_that_will_do(engine, folder, ca, server_cert):
    for tls, kind in (
            ({"cert": server_cert[0], "key": server_cert[1],
              "client_ca": ca.ca, "crl": ca.revocations()}, "listener"),
            ({"ca": ca.ca, "cert": server_cert[0], "key": server_cert[1]},
             "engine")):
        path = configure(engine, folder, tls, kind)
        checked = run(path, "--check-config")
        assert checked.returncode == 0
        # Of files; the policy itself is one that lets much pass.
        assert not re.search(r"\[DP00[67]\]", checked.stderr)


def test_files_that_are_old(engine, folder, ca, server_cert):
    """They can be read, and let nobody in: warnings."""
    old = ca.issue("old-check", "server", dates=PAST)
    crl = folder / "old-crl.pem"
    subprocess.run(
        ["openssl", "ca", "-config", ca.config, "-gencrl", "-crl_lastupdate",
         "200101000000Z", "-crl_nextupdate", "210101000000Z", "-out", crl],
        check=True, capture_output=True)
    for tls, expected in (
            ({"cert": old[0], "key": old[1]},
             f"the certificate in {old[0]} has expired"),
            ({"cert": server_cert[0], "key": server_cert[1],
              "client_ca": ca.ca, "crl": crl},
             f"the revocation list in {crl} is out of date: it lets no "
             "client with a certificate in")):
        path = configure(engine, folder, tls)
        checked = run(path, "--check-config")
        assert checked.returncode == 0
        assert f": warning: {expected}" in checked.stderr


def test_an_expired_certificate_is_told(start, ca):
    cert, key = ca.issue("old", "server", dates=PAST)
    proxy = start({"cert": cert, "key": key})
    assert f"the certificate in {cert} has expired" in proxy.log()
