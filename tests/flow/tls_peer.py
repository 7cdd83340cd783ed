"""TLS on the test's side: sockets whose halves can be closed, a proxy with a
TLS listener, an Engine behind TLS.

Python's own SSLSocket cannot close one half: unwrap() waits for the other.
"""

import socket
import ssl
import threading

import fake_engine
import proxy_process
import raw_client
import wire
from authority import Authority

RECORD = 16 * 1024
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class TlsSocket:
    """A connected socket with TLS on it; what Client and Connection use of a
    socket is here. One thread may read while another one writes."""

    def __init__(self, sock, context, server=False, session=None):
        self.raw = sock
        self.clean_end = False  # close_notify has come
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.ssl = context.wrap_bio(self._in, self._out, server_side=server,
                                    session=session)
        self._lock = threading.RLock()
        self._early = bytearray()
        self._writing = threading.Lock()
        while not self._write(self.ssl.do_handshake):
            self._receive()

    def __getattr__(self, name):
        return getattr(self.raw, name)

    def _try(self, action, *args):
        """(result,) of an action on the SSL object, or None: more must come
        first."""
        with self._lock:
            try:
                return (action(*args),)
            except ssl.SSLWantReadError:
                return None

    def _write(self, action, *args):
        """The same, for what writes: records leave in their order, and the
        reader need not wait for a full socket."""
        with self._writing:
            try:
                result = self._try(action, *args)
            finally:  # with an error, the alert that tells of it
                pending = self._out.read()
                if pending:
                    self.raw.sendall(pending)
            return result

    def _receive(self):
        data = self.raw.recv(256 * 1024)
        with self._lock:
            if data:
                self._in.write(data)
            else:
                self._in.write_eof()

    def recv(self, n):
        while True:
            with self._lock:
                if self._early:
                    data = bytes(self._early[:n])
                    del self._early[:n]
                    return data
            try:
                result = self._try(self.ssl.read, n)
            except ssl.SSLZeroReturnError:
                self.clean_end = True
                return b""
            except ssl.SSLError as e:
                if e.reason != "UNEXPECTED_EOF_WHILE_READING":
                    raise
                return b""
            if result:
                self.clean_end |= not result[0]
                return result[0]
            self._receive()

    def _read_ahead(self):
        """Decrypts what has come, so that it is there for recv()."""
        with self._lock:
            while not self.clean_end:
                try:
                    data = self.ssl.read(256 * 1024)
                except ssl.SSLError:
                    return  # nothing there, or the end
                self.clean_end = not data
                self._early += data

    def unread_inside(self):
        """Bytes that have arrived and that nobody has read yet."""
        if wire.unread_here(self.raw):
            self._receive()
        self._read_ahead()
        return len(self._early)

    def sendall(self, data):
        data = memoryview(data)
        for at in range(0, len(data), RECORD):
            self._write(self.ssl.write, data[at:at + RECORD])

    def shutdown(self, how):
        """SHUT_WR says close_notify, and nothing on the TCP level."""
        self._read_ahead()  # unwrap() would trip over it
        try:
            self._write(self.ssl.unwrap)
        except ssl.SSLError:
            pass  # the other side has ended before
        except OSError:
            pass  # it has closed altogether
        if how == socket.SHUT_RDWR:
            try:
                self.raw.shutdown(how)
            except OSError:
                pass

    def shutdown_tcp(self):
        """An end without close_notify."""
        self.raw.shutdown(socket.SHUT_WR)


def client_context(ca=None, version=None, cert=None, alpn=()):
    """A client that trusts ca alone; without one, everybody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED if ca else ssl.CERT_NONE
    if ca:
        context.load_verify_locations(ca)
    if version:
        context.minimum_version = context.maximum_version = VERSIONS[version]
    if cert:
        context.load_cert_chain(*cert)
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


class TlsProxy(proxy_process.Proxy):
    """Each of its clients comes by TLS, whatever listener a test names."""

    def __init__(self, folder, config, context):
        self.context = context
        super().__init__(folder, config)

    def connect(self, kind="tcp", receive_buffer=None, context=None):
        sock = super().connect("tcp", receive_buffer).sock
        try:
            sock = TlsSocket(sock, context or self.context)
        except (OSError, ssl.SSLError):
            sock.close()
            raise
        return raw_client.Client(sock)


def proxy_maker(folder, version):
    """Proxies whose listener speaks TLS, for clients of that version."""
    authority = Authority(folder / "ca")
    cert, key = authority.issue("server", "server", names=["IP:127.0.0.1"])
    context = client_context(authority.ca, version)

    def make(path, config):
        for each in config["global"]["listeners"]:
            if "port" in each:
                each["tls"] = {"cert": str(cert), "key": str(key)}
        return TlsProxy(path, config, context)
    return make


def server_context(cert, version=None, client_ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    context.load_cert_chain(*cert)
    if version:
        context.minimum_version = context.maximum_version = VERSIONS[version]
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class TlsEngine(fake_engine.FakeEngine):
    """An Engine at tls://host:port."""

    def __init__(self, context, host="127.0.0.1"):
        self.context = context
        self.host = host
        self.failures = []  # of handshakes
        super().__init__(("127.0.0.1", 0))

    def url(self):
        return f"tls://{self.host}:{self.address[1]}"

    def adopt(self, sock):
        try:
            sock.settimeout(wire.TIMEOUT)
            made = TlsSocket(sock, self.context, server=True)
            sock.settimeout(None)  # it may be idle for as long as it likes
            return made
        except (OSError, ssl.SSLError) as e:
            self.failures.append(str(e))
            sock.close()
            return None


# --- what most tests do -----------------------------------------------------

def listener(cert, tls):
    """Of a configuration; tls overrides and adds."""
    files = {"cert": str(cert[0]), "key": str(cert[1])}
    for name, value in tls.items():
        files[name] = value if isinstance(value, bool) else str(value)
    return {"name": "secure", "bind": "127.0.0.1",
            "port": proxy_process.free_port(), "tls": files}


def client(sock, context, session=None):
    """A client by TLS on a connected socket, which an error closes."""
    try:
        return raw_client.Client(TlsSocket(sock, context, session=session))
    except BaseException:
        sock.close()
        raise


def connect(proxy, context, session=None):
    """A client by TLS; the handshake's error is the caller's."""
    sock = socket.create_connection(proxy.tcp, wire.TIMEOUT)
    return client(sock, context, session)


def attempt(proxy, context):
    """What becomes of a client: "got in: 200", or the proxy's alert. In TLS
    1.3 a client learns it with its first read."""
    try:
        with connect(proxy, context) as client:
            client.send(wire.request("GET", "/_ping"))
            return f"got in: {client.response().status}"
    except ssl.SSLError as e:
        return e.reason or str(e)


def wait_log(proxy, text):
    return wire.wait_until(
        lambda: [x for x in wire.whole_lines(proxy.log()) if text in x],
        f"the log says {text!r}")
