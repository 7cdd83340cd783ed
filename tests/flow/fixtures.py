"""Fixtures: a fake Engine and a proxy in front of it, one pair a module."""

import shutil
import tempfile
from pathlib import Path

import pytest

import fake_engine
import proxy_process
import reloads
import tls_peer
import wire
from authority import Authority


@pytest.fixture(scope="module")
def folder():
    """Short: a unix socket's path has 107 bytes at most."""
    path = Path(tempfile.mkdtemp(prefix="flow-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def engine(folder):
    e = fake_engine.FakeEngine(str(folder / "engine.sock"))
    yield e
    e.close()


@pytest.fixture(scope="module")
def settings():
    """A module's own `global` settings; overridden where there are any."""
    return {}


@pytest.fixture(scope="module")
def make_proxy():
    """From a folder and a configuration: a proxy, not yet started."""
    return proxy_process.Proxy


@pytest.fixture(scope="module")
def module_proxy(folder, engine, settings, make_proxy):
    """Started once; at the end nothing may have leaked, and SIGTERM ends
    it with 0 and a clean log."""
    config = proxy_process.configuration(
        engine.url(), folder, global_=settings)
    p = make_proxy(folder, config).start()
    with p.connect() as c:
        assert c.get("/_ping").status == 200
    engine.drop_idle()
    p.baseline = p.descriptors()
    yield p
    try:
        engine.drop_idle()
        wire.wait_until(lambda: p.descriptors() <= p.baseline,
                        f"descriptors go back to {p.baseline}")
    finally:
        p.stop()


@pytest.fixture
def proxy(module_proxy, engine):
    """The module's proxy, started again if a test before killed it."""
    if not module_proxy.alive():
        module_proxy.start()
    engine.errors.clear()
    yield module_proxy
    assert module_proxy.alive(), \
        f"the proxy died: {module_proxy.log()[-2000:]}"
    assert engine.errors == [], engine.errors


@pytest.fixture
def client(proxy):
    with proxy.connect() as c:
        yield c


@pytest.fixture
def untouched(proxy, engine):
    """A context in which nothing may reach the Engine."""
    return fake_engine.Untouched(proxy, engine)


@pytest.fixture
def socket_path():
    """For one test; short, as those of `folder`."""
    with tempfile.TemporaryDirectory(prefix="flow-") as path:
        yield f"{path}/test.sock"


@pytest.fixture
def own_proxy(engine, make_proxy):
    """Starts proxies for one test, with settings or a whole config."""
    started = []

    def start(engine_url=None, args=(), **overrides):
        path = Path(tempfile.mkdtemp(prefix="flow-"))
        config = proxy_process.configuration(
            engine_url or engine.url(), path, **overrides)
        p = make_proxy(path, config)
        p.args += args
        started.append(p)
        return p.start()

    yield start
    for p in started:
        try:
            p.stop()
        finally:
            shutil.rmtree(p.folder)


@pytest.fixture
def reloadable(own_proxy):
    """Starts a proxy for one test that can be made to read its file again."""
    def start(**overrides):
        return reloads.Reloadable(own_proxy(**overrides))
    return start


# --- TLS --------------------------------------------------------------------

@pytest.fixture(scope="module")
def ca(folder):
    return Authority(folder / "ca")


@pytest.fixture(scope="module")
def other_ca(folder):
    """Of the same name, and nobody's to trust."""
    return Authority(folder / "other")


@pytest.fixture(scope="module")
def server_cert(ca):
    return ca.issue("server", "server", names=["IP:127.0.0.1"])


@pytest.fixture
def start(own_proxy, server_cert):
    """Starts a proxy with one TLS listener: its `tls`, other settings."""
    def run(tls=None, global_=None, **overrides):
        listener = tls_peer.listener(server_cert, tls or {})
        return own_proxy(global_={"listeners": [listener], **(global_ or {})},
                         **overrides)
    return run
