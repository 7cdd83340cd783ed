"""The docker client with --tlsverify, and an Engine behind tls://."""

import pathlib
import shutil
import sys

import pytest

import cli
import proxy as proxies
from conftest import OPEN
# What is done by TLS here: `proxied` is another one.
from test_cli import (  # noqa: F401
    test_cp_64_mib_both_ways, test_events_live_and_interrupted,
    test_exec_carries_64_mib_both_ways, test_exec_input_ends_before_output,
    test_exec_keeps_streams_and_exit_code, test_logs_follow_live,
    test_run_on_a_terminal, test_run_with_input)

sys.path.append(str(pathlib.Path(__file__).parents[1] / "flow"))
from authority import Authority  # noqa: E402

LOCAL = ["IP:127.0.0.1"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls") / "ca")


@pytest.fixture(scope="module")
def secured(engine, authority):
    """A proxy that knows its clients by their certificates."""
    cert, key = authority.issue("server", "server", names=LOCAL)
    policy = {
        "auth": {"type": "mtls", "mtls": {"cert_role_map": [
            {"cn": "*.ci.test", "role": "ci"}]}},
        "global": {"default": "allow", "access_log": "all", "tls": {
            "cert": str(cert), "key": str(key),
            "client_ca": str(authority.ca), "require_client_cert": True}},
        "rules": [{"name": "no-volumes", "action": "deny", "conditions": [
            {"field": "role", "operator": "equals", "value": "ci"},
            {"field": "path", "operator": "starts_with",
             "value": "/volumes"}]}],
    }
    with proxies.Proxy(engine.socket, policy=policy) as running:
        yield running


def client_of(program, host, home, authority, name, **issue):
    """A client whose DOCKER_CERT_PATH holds its files, as the documentation
    of dockerd's --tlsverify has them."""
    docker = cli.Docker(program, host, home)
    folder = authority.folder / f"certs-{name}"
    if not folder.exists():
        folder.mkdir()
        cert, key = authority.issue(name, **issue)
        shutil.copy(authority.ca, folder / "ca.pem")
        shutil.copy(cert, folder / "cert.pem")
        shutil.copy(key, folder / "key.pem")
    docker.environment.update(DOCKER_TLS_VERIFY="1",
                              DOCKER_CERT_PATH=str(folder))
    return docker


@pytest.fixture(scope="module")
def chained(engine, authority, secured):
    """A proxy in front of that proxy: its Engine is at tls://."""
    cert, key = authority.issue("chain")
    policy = {**OPEN, "global": {
        "default": "allow", "engine_tls": {
            "ca": str(authority.ca), "cert": str(cert), "key": str(key)}}}
    with proxies.Proxy(f"tls://127.0.0.1:{secured.port}",
                       policy=policy) as running:
        yield running


@pytest.fixture(params=["tlsverify", "behind-tls"])
def proxied(request, program, home, authority, secured):
    if request.param == "behind-tls":
        chained = request.getfixturevalue("chained")
        return cli.Docker(program, chained.host, home)
    return client_of(program, secured.host, home, authority, "alice")


def test_who_is_who(program, home, authority, secured):
    alice = client_of(program, secured.host, home, authority, "alice")
    assert alice.ok("volume", "ls", "--quiet") == ""
    ci = client_of(program, secured.host, home, authority, "runner",
                   names=["DNS:runner7.ci.test"])
    denied = ci.run("volume", "ls")
    assert denied.code == 1 and b'rule "no-volumes"' in denied.err
    assert "web" in ci.ok("ps")
    assert "identity=alice" in secured.text()


def test_a_client_without_a_certificate(program, home, authority, secured):
    docker = client_of(program, secured.host, home, authority, "nobody")
    folder = authority.folder / "certs-nobody"
    (folder / "cert.pem").unlink(missing_ok=True)
    (folder / "key.pem").unlink(missing_ok=True)
    refused = docker.run("--tls", "--tlscacert", folder / "ca.pem", "ps")
    assert refused.code == 1
    assert b"certificate required" in refused.err \
        or b"bad certificate" in refused.err \
        or b"handshake failure" in refused.err, refused.err


def test_a_client_that_does_not_trust_the_proxy(program, home, secured,
                                                tmp_path):
    other = Authority(tmp_path / "other")
    docker = client_of(program, secured.host, tmp_path, other, "stranger")
    refused = docker.run("ps")
    assert refused.code == 1
    assert b"certificate signed by unknown authority" in refused.err \
        or b"failed to verify certificate" in refused.err, refused.err


def test_a_client_without_tls(program, home, secured):
    refused = cli.Docker(program, secured.host, home).run("ps")
    assert refused.code == 1
    assert b"this listener speaks TLS" in refused.err, refused.err


def test_tls_where_there_is_none(program, home, authority, proxy):
    docker = client_of(program, proxy.host, home, authority, "alice")
    refused = docker.run("ps")
    assert refused.code == 1
    assert b"server gave HTTP response to HTTPS client" in refused.err, \
        refused.err
