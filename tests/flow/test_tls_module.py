"""OpenSSL is loaded by who asks for TLS, from a place that only root and the
owner of docker-proxy can write to, and at the start or not at all."""

import os
import pathlib
import shutil
import subprocess

import pytest

import proxy_process
import tls_peer
from tls_peer import client_context, connect

PROGRAM = pathlib.Path(proxy_process.BINARY).resolve()
MODULE = PROGRAM.parent / "docker-proxy-tls.so"


def libraries(proxy):
    """The names of the shared objects that it has mapped."""
    maps = pathlib.Path(f"/proc/{proxy.process.pid}/maps").read_text()
    return {line.split("/")[-1] for line in maps.splitlines() if "/" in line}


def openssl(proxy):
    return {name for name in libraries(proxy)
            if name.startswith(("libssl", "libcrypto", MODULE.name))}


def test_without_tls_there_is_no_openssl(own_proxy):
    p = own_proxy()
    with p.connect() as c:
        assert c.get("/_ping").status == 200
    assert openssl(p) == set()


def test_idle_memory(own_proxy):
    """What the start alone has looked at is gone before the first answer."""
    p = own_proxy()
    if proxy_process.SANITIZED or proxy_process.COVERED:
        pytest.skip("memory of the instruments")
    with p.connect() as c:
        assert c.get("/_ping").status == 200
    assert p.rss_kib() <= 3072


def test_with_tls_there_is(start):
    assert len(openssl(start())) == 3


def test_a_reload_cannot_turn_it_on(reloadable, server_cert):
    r = reloadable()
    listeners = r.config["global"]["listeners"]
    added = tls_peer.listener(server_cert, {})
    r.config["global"]["listeners"] = [*listeners, added]
    assert not r.hup()
    assert r.lines("started without any, and cannot load it any more: "
                   "restart it") == 1
    with r.proxy.connect() as c:
        assert c.get("/_ping").status == 200
    r.config["global"]["listeners"] = listeners
    assert r.hup()


# --- where it is looked for -------------------------------------------------

@pytest.fixture
def installed(tmp_path):
    """As `make install` does."""
    program = tmp_path / "bin" / "docker-proxy"
    module = tmp_path / "lib" / "docker-proxy" / MODULE.name
    for source, path in ((PROGRAM, program), (MODULE, module)):
        path.parent.mkdir(parents=True)
        shutil.copy(source, path)
        path.chmod(0o755)
    return program, module


@pytest.fixture
def check(installed, tmp_path, server_cert):
    """What --check-config of a TLS listener says."""
    path = tmp_path / "docker-proxy.conf"
    cert, key = server_cert
    path.write_text(
        f"global: {{port: 2376, tls: {{cert: {cert}, key: {key}}}}}\n"
        "auth: {type: none}\n")

    def run(**env):
        done = subprocess.run(
            [installed[0], "--check-config", "--config", path], env=env,
            cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stderr
    return run


def test_as_installed(check):
    assert check()[0] == 0


def test_missing(check, installed):
    installed[1].unlink()
    status, error = check()
    assert status == 1
    assert f"cannot open {installed[0].parent}/../lib/docker-proxy/" \
        f"{MODULE.name}, which is installed along with docker-proxy: " \
        "No such file" in error


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_others_may_write_to_it(check, installed, mode):
    installed[1].chmod(mode)
    status, error = check()
    assert status == 1 and "is not loaded: others than root" in error


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file away")
def test_of_somebody_else(check, installed):
    os.chown(installed[1], 65534, 65534)
    status, error = check()
    assert status == 1 and "is not loaded: others than root" in error


def test_a_link(check, installed):
    elsewhere = installed[1].with_name("elsewhere.so")
    installed[1].rename(elsewhere)
    installed[1].symlink_to(elsewhere)
    status, error = check()
    assert status == 1 and "Too many levels of symbolic links" in error


def test_no_variable_says_where(check, installed, tmp_path):
    shutil.move(installed[1], tmp_path / MODULE.name)
    status, error = check(LD_LIBRARY_PATH=str(tmp_path), PWD=str(tmp_path))
    assert status == 1 and "cannot open" in error


def test_of_another_version(check, installed):
    """The version stands in the table that it exports."""
    whole = installed[1].read_bytes()
    version = subprocess.run(
        [PROGRAM, "--version"], capture_output=True, check=True,
    ).stdout.split()[1]
    assert whole.count(version + b"\0" * 8) == 1
    installed[1].write_bytes(whole.replace(
        version + b"\0" * 8, b"9" * len(version) + b"\0" * 8))
    status, error = check()
    assert status == 1 and "is of another version" in error


def test_no_module_at_all(check, installed):
    installed[1].write_bytes(b"nonsense")
    status, error = check()
    assert status == 1 and "cannot load" in error


def test_serving_as_installed(installed, start, monkeypatch, ca):
    monkeypatch.setattr(proxy_process, "BINARY", str(installed[0]))
    p = start()
    with connect(p, client_context(ca.ca)) as c:
        assert c.get("/_ping").status == 200
