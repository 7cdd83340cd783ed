"""A docker-proxy that publishes a port, as dockerd starts it; and both ends of
what it carries."""

import contextlib
import fcntl
import os
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import time

TIMEOUT = 30  # on a machine that has much else to do
BUILT = os.path.abspath(os.environ.get("DOCKER_PROXY", "build/docker-proxy"))
DOCKERS = "/usr/sbin/docker-proxy"
SANITIZED = re.search("asan|tsan|cover", BUILT) is not None

FORBIDDEN = re.compile("Sanitizer|runtime error:|ssertion|core dumped")


def wait_until(condition, what):
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.01)


def kernel_counts(protocol, name):
    """Of /proc/net/snmp: how often something has happened so far."""
    with open("/proc/net/snmp", encoding="ascii") as f:
        names, values = (line.split() for line in f
                         if line.startswith(protocol + ":"))
    return int(values[names.index(name)])


def is_v6(ip):
    return ":" in ip


def stream(ip="127.0.0.1", port=0):
    """A TCP listener: a container, or what dockerd has bound."""
    s = socket.socket(socket.AF_INET6 if is_v6(ip) else socket.AF_INET)
    if is_v6(ip):
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((ip, port))
    s.listen(512)
    s.settimeout(TIMEOUT)
    return s


def datagram(ip="127.0.0.1", port=0):
    s = socket.socket(socket.AF_INET6 if is_v6(ip) else socket.AF_INET,
                      socket.SOCK_DGRAM)
    if is_v6(ip):
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    else:
        s.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO
    s.bind((ip, port))
    s.settimeout(TIMEOUT)
    return s


BIND = {"tcp": stream, "udp": datagram, "sctp": stream}


def free_port(ip="127.0.0.1", kind=stream):
    with kind(ip) as s:
        return s.getsockname()[1]


def reset(s):
    """Closes with an RST."""
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def read_all(s):
    """What comes until the end. ConnectionResetError: there was none."""
    data = b""
    while piece := s.recv(1 << 16):
        data += piece
    return data


class Proxy:
    """A process, and what it has told on its status pipe."""

    def __init__(self, program, args, status=True, listener=None, leak=False,
                 env=None, soft=None, stderr=None, parent_death=False):
        self.args = [program, *args]
        reading, writing = os.pipe()
        self.log = os.memfd_create("stderr") if stderr is None else stderr
        self.log_is_ours = stderr is None

        def child():
            # Out of the way first: what is passed may have these numbers.
            wr = fcntl.fcntl(writing, fcntl.F_DUPFD, 100)
            ls = listener and fcntl.fcntl(listener.fileno(), fcntl.F_DUPFD, 100)
            log = fcntl.fcntl(self.log, fcntl.F_DUPFD, 100)
            os.dup2(log, 2)
            os.closerange(3, 100)
            if status:
                os.dup2(wr, 3)
            if listener:
                os.dup2(ls, 4)
            if leak:
                os.dup2(log, 10)
            os.closerange(100, 1 << 20)
            if soft:
                resource.setrlimit(resource.RLIMIT_NOFILE, soft)

        self.process = subprocess.Popen(
            self.args, preexec_fn=child, close_fds=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            env={"PATH": "/usr/bin", **(env or {})})
        os.close(writing)
        self._reading = reading
        self.pid = self.process.pid

    def status(self):
        """All that comes on the status pipe, until it is closed."""
        data = b""
        while True:
            poll = select.poll()
            poll.register(self._reading, select.POLLIN)
            assert poll.poll(TIMEOUT * 1000), "the status pipe stays open"
            piece = os.read(self._reading, 4096)
            if not piece:
                return data
            data += piece

    def wait(self):
        return self.process.wait(TIMEOUT)

    def stderr(self):
        size = os.fstat(self.log).st_size
        return os.pread(self.log, size, 0).decode()

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        code = self.process.wait(TIMEOUT)
        os.close(self._reading)
        text = self.stderr() if self.log_is_ours else ""
        if self.log_is_ours:
            os.close(self.log)
        assert not FORBIDDEN.search(text), text
        return code

    def fds(self):
        return {int(n) for n in os.listdir(f"/proc/{self.pid}/fd")}

    def alive(self):
        return self.process.poll() is None


class Kind:
    """A program, and whether it is given its listener."""

    def __init__(self, name, program, inherits):
        self.name, self.program, self.inherits = name, program, inherits
        self.is_ours = program == BUILT
        self.started = []

    def start(self, proto="tcp", host="127.0.0.1", port=None,
              container="127.0.0.1", container_port=1, status=True, **more):
        """A proxy of any kind, ready; with .port."""
        with contextlib.ExitStack() as stack:
            listener = None
            kind = BIND[proto]
            if self.inherits:
                listener = stack.enter_context(kind(host, port or 0))
                listener.setblocking(True)
                port = listener.getsockname()[1]
            port = port or free_port(host, kind)
            proxy = self.raw(
                "-proto", proto, "-host-ip", host, "-host-port", str(port),
                "-container-ip", container, "-container-port",
                str(container_port),
                *(["-use-listen-fd"] if self.inherits else []),
                listener=listener, status=status, **more)
        proxy.port = port
        if status:
            assert proxy.status() == b"0\n"
        return proxy

    def raw(self, *args, **more):
        proxy = Proxy(self.program, args, **more)
        self.started.append(proxy)
        return proxy

    def stop(self):
        for proxy in self.started:
            proxy.stop()


class Pair:
    """A published TCP port: a client, what the container accepted."""

    def __init__(self, kind, host="127.0.0.1", container="127.0.0.1", **more):
        self.container = stream(container)
        self.host = host
        self.proxy = kind.start(
            host=host, container=container,
            container_port=self.container.getsockname()[1], **more)

    def connect(self, ip=None):
        return socket.create_connection((ip or self.host, self.proxy.port),
                                        TIMEOUT)

    def accept(self):
        s = self.container.accept()[0]
        s.settimeout(TIMEOUT)
        return s

    def both(self):
        """A connection's two ends, both of which know of it."""
        client = self.connect()
        client.sendall(b"?")
        server = self.accept()
        assert server.recv(1) == b"?"
        return client, server
