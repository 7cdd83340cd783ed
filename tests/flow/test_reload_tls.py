"""Reloading certificates: who comes later gets the new ones, who is there
keeps what it has, and files that will not do change nothing."""

import os
import ssl
import threading

import pytest

import tls_peer
import wire
from authority import Authority
from proxy_process import free_port
from test_upgrades import ASK, SWITCH, attach
from tls_peer import attempt, client_context, connect
from wire import request

both = pytest.mark.parametrize("version", ["1.2", "1.3"])


class Files:
    """A certificate, its key and an authority's at paths that stay."""

    def __init__(self, folder, name):
        self.cert, self.key, self.ca = (
            folder / f"{name}-{what}.pem" for what in ("cert", "key", "ca"))

    def put(self, pair, ca):
        for path, source in ((self.cert, pair[0]), (self.key, pair[1]),
                             (self.ca, ca)):
            path.write_bytes(source.read_bytes())

    def names(self, *wanted):
        return {what: str(getattr(self, what)) for what in wanted}


@pytest.fixture(scope="module")
def old(folder):
    return Authority(folder / "old", "Old CA")


@pytest.fixture(scope="module")
def new(folder):
    return Authority(folder / "new", "New CA")


@pytest.fixture(scope="module")
def pairs(old, new):
    """Of a server, by authority."""
    return {a: a.issue("server", "server", names=["IP:127.0.0.1"])
            for a in (old, new)}


# --- listeners --------------------------------------------------------------

class Swap:
    """A proxy with a TLS listener, whose certificate can be another's."""

    def __init__(self, reloadable, folder, pairs, tls=None, **global_):
        self.files = Files(folder, "listener")
        self.pairs = pairs
        first = next(iter(pairs))
        self.files.put(pairs[first], first.ca)
        self.tls = {**self.files.names("cert", "key"), **(tls or {})}
        self.reload = reloadable(global_={"listeners": [
            {"name": "tls", "bind": "127.0.0.1", "port": free_port(),
             "tls": self.tls}], **global_})
        self.proxy = self.reload.proxy

    def to(self, authority):
        self.files.put(self.pairs[authority], authority.ca)
        return self.reload.hup()

    def tls_is(self, **tls):
        (listener,) = self.reload.config["global"]["listeners"]
        listener["tls"] = {**self.tls, **{k: v if isinstance(v, bool)
                                          else str(v) for k, v in tls.items()}}
        return self.reload.hup()


@pytest.fixture
def swap(reloadable, tmp_path, pairs):
    def start(tls=None, **global_):
        return Swap(reloadable, tmp_path, pairs, tls, **global_)
    return start


class MidStream:
    """An answer of which one part has come."""

    def __init__(self, engine, client):
        self.go_on = threading.Event()
        self.client = client

        def script(x):
            x.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                   b"4\r\nhalf\r\n")
            assert self.go_on.wait(wire.TIMEOUT)
            x.send(wire.chunked(b" and the rest" * 10_000))

        client.send(request("GET", f"/containers/{engine.play(script)}/logs"))
        assert client.head().status == 200
        assert client.reader.chunk() == b"half"

    def goes_on(self):
        self.go_on.set()
        assert self.client.reader.body("chunked", None) \
            == b" and the rest" * 10_000


class Tunnel:
    """Through which what is sent comes back."""

    def __init__(self, engine, client):
        self.client = client

        def script(x):
            x.body()
            x.send(SWITCH)
            while x.connection.reader.fill():
                x.send(x.connection.reader.take(1 << 20))
            x.close()

        client.send(attach(engine.play(script), *ASK))
        assert client.head().status == 101
        self.echoes(b"one")

    def echoes(self, data):
        self.client.send(data)
        assert self.client.read(len(data)) == data

    def goes_on(self):
        self.echoes(b"two" * 50_000)


class Kept:
    """Between two requests."""

    def __init__(self, _, client):
        self.client = client
        self.goes_on()

    def goes_on(self):
        assert self.client.get("/_ping").body == b"ok"


@both
def test_fifty_connections(swap, engine, old, new, version):
    """A certificate swapped, and swapped for what is none, under each kind
    of connection: none of them notices."""
    s = swap(threads=2, access_log="off")
    context = client_context(old.ca, version)
    clients = [connect(s.proxy, context) for _ in range(50)]
    kinds = [Kept, MidStream, Kept, MidStream, Tunnel]
    busy = [kinds[i % 5](engine, c) for i, c in enumerate(clients)]
    assert s.to(new)
    s.files.key.write_text("nonsense")
    assert not s.reload.hup()
    assert s.reload.lines(f"cannot read the private key from {s.files.key}")
    s.files.key.unlink()
    os.mkfifo(s.files.key)
    assert not s.reload.hup()
    assert s.reload.lines(f"{s.files.key} is no regular file")
    assert attempt(s.proxy, client_context(new.ca, version)) == "got in: 200"
    assert "got in" not in attempt(s.proxy, context)
    for each in busy:
        each.goes_on()
    for c in clients:
        c.sock.close()


@both
def test_sessions_end_with_the_certificate(swap, old, new, version):
    """A ticket's key goes with the certificate: none of before opens
    anything after, and a client that offers one is let in as any other."""
    s = swap()
    trusting = client_context(None, version)

    def session_of(offered=None):
        with connect(s.proxy, trusting, offered) as client:
            assert client.get("/_ping").status == 200
            return client.sock.ssl.session, client.sock.ssl.session_reused

    session, reused = session_of()
    assert not reused and session_of(session)[1]
    assert s.to(new)
    later, reused = session_of(session)
    assert not reused and session_of(later)[1]


@both
@pytest.mark.parametrize("required", [True, False])
def test_no_session_outlives_a_client_ca(swap, old, new, version, required):
    """Neither one of before there was a client_ca, nor one of a client that
    the client_ca of before let in, carries anything past the next one."""
    s = swap()
    context = client_context(None, version)
    context.load_cert_chain(*old.issue(f"client-{version}-{required}"))
    bare = client_context(None, version)

    def session_of(context):
        with connect(s.proxy, context) as client:
            assert client.get("/_ping").status == 200
            return client.sock.ssl.session

    def trust(authority):
        """Its file lies beside the others: the sandbox knows that folder."""
        path = s.files.ca.with_name(f"{authority.folder.name}-ca.pem")
        path.write_bytes(authority.ca.read_bytes())
        assert s.tls_is(client_ca=path, require_client_cert=required)

    before = session_of(bare)
    s.reload.config["auth"] = {"type": "mtls"}
    trust(old)
    with_cert = session_of(context)
    trust(new)
    for using, session in ((bare, before), (context, with_cert)):
        try:
            with connect(s.proxy, using, session) as client:
                assert not client.sock.ssl.session_reused
                got = client.get("/_ping").status
        except ssl.SSLError:
            got = "refused"
        # Without a certificate: nobody. With one of the old CA: refused.
        assert got == ("refused" if required or using is context else 401)


# --- the Engine -------------------------------------------------------------

@pytest.fixture
def picky():
    """Engines that want a certificate of their own authority."""
    engines = []

    def run(authority, pair):
        e = tls_peer.TlsEngine(
            tls_peer.server_context(pair, client_ca=authority.ca))
        engines.append(e)
        return e
    yield run
    for e in engines:
        e.close()


def status(proxy):
    with proxy.connect() as client:
        return client.get("/_ping").status


def test_the_files_of_engine_tls(reloadable, tmp_path, old, new, pairs,
                                 picky):
    """The Engine's authority is replaced, and with it all certificates:
    the proxy's follow by a reload, under the same names."""
    engine = picky(old, pairs[old])
    files = Files(tmp_path, "proxy")
    mine = {a: a.issue("proxy") for a in (old, new)}
    files.put(mine[old], old.ca)
    r = reloadable(global_={"socket": engine.url(), "threads": 2,
                            "engine_tls": files.names("ca", "cert", "key")})
    assert status(r.proxy) == status(r.proxy) == 200
    engine.context = tls_peer.server_context(pairs[new], client_ca=new.ca)
    files.put(mine[new], new.ca)
    assert r.hup()
    # A connection of before is not used any more, by either thread.
    assert [status(r.proxy) for _ in range(4)] == [200] * 4
    wire.wait_until(lambda: len(engine.open_connections()) == 2,
                    "those of before are closed")
    assert engine.failures == []
    # What will not do changes nothing.
    for broken, why in ((files.cert, "cannot read the certificate from"),
                        (files.key, "cannot read the private key from"),
                        (files.ca, "cannot read the Engine's CA")):
        good = broken.read_bytes()
        broken.write_text("nonsense")
        assert not r.hup()
        assert r.lines(why) == 1
        broken.write_bytes(good)
    files.key.write_bytes(mine[old][1].read_bytes())
    assert not r.hup()
    assert r.lines("is not that of the certificate") == 1
    assert status(r.proxy) == 200
    assert "takes effect after a restart" not in r.proxy.log()


def test_an_engine_no_longer_trusted(reloadable, tmp_path, old, new, pairs,
                                     picky):
    """A connection that is open has been checked against what is not
    trusted any more: it ends with its request."""
    engine = picky(old, pairs[old])
    files = Files(tmp_path, "proxy")
    files.put(old.issue("proxy"), old.ca)
    r = reloadable(global_={"socket": engine.url(),
                            "engine_tls": files.names("ca", "cert", "key")})
    with r.proxy.connect() as busy:
        going = MidStream(engine, busy)
        assert status(r.proxy) == 200  # by an idle one from now on
        files.ca.write_bytes(new.ca.read_bytes())
        assert r.hup()
        assert status(r.proxy) == 502
        going.goes_on()
        wire.wait_until(lambda: not engine.open_connections(), "it is closed")
        assert busy.get("/_ping").status == 502
    assert r.lines("certificate verify failed")


def test_other_names_of_its_files_and_another_engine(
        reloadable, tmp_path, old, new, pairs, picky):
    engine = picky(old, pairs[old])
    first, second = Files(tmp_path, "first"), Files(tmp_path, "second")
    first.put(old.issue("one"), old.ca)
    second.put(old.issue("two"), new.ca)
    r = reloadable(global_={"socket": engine.url(),
                            "engine_tls": first.names("ca", "cert", "key")})
    assert status(r.proxy) == 200
    r.config["global"]["engine_tls"] = second.names("ca", "cert", "key")
    assert r.hup()
    assert status(r.proxy) == 502
    # Another Engine waits for a restart, and so do its files.
    r.config["global"]["engine_tls"] = first.names("ca", "cert", "key")
    assert r.hup()
    r.config["global"]["socket"] = "tls://127.0.0.1:1"
    r.config["global"]["engine_tls"] = second.names("ca", "cert", "key")
    assert r.hup()
    assert r.lines("socket: the change takes effect after a restart") == 1
    assert status(r.proxy) == 200
