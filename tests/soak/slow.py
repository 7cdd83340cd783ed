#!/usr/bin/python3
"""Thousands of clients that send a byte a second, and as many that read one:
make check-slow. Others must hardly notice, and memory must stay bounded.

Four processes: the proxy, an Engine whose answers have no end, the slow
clients, and this one, which is the client that must not notice. What it
measures is a ratio, and means something where nothing else runs.
"""

import argparse
import contextlib
import multiprocessing
import os
import resource
import select
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "flow")]
os.environ.setdefault(
    "DOCKER_PROXY", str(HERE.parent.parent / "build/docker-proxy"))

import wire  # noqa: E402
from proxy_process import SANITIZED, Proxy, configuration  # noqa: E402
from wire import request  # noqa: E402

# All that is the proxy's own, for each slow client.
CLIENT_KIB = 24
BASE_KIB = 128 * 1024  # until blocks become small, of two workers

ANSWER = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
          b"Content-Length: 2\r\n\r\n[]")
ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\n"
BLOCK = b"x" * 65536


# --- the Engine ---------------------------------------------------------------

def engine(path):
    """Short answers, and for .../get endless ones."""
    poll = select.epoll()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(4096)
    listener.setblocking(False)
    poll.register(listener, select.EPOLLIN)
    conns = {}
    while True:
        for fd, what in poll.poll():
            if fd == listener.fileno():
                with contextlib.suppress(BlockingIOError):
                    while True:
                        c, _ = listener.accept()
                        c.setblocking(False)
                        conns[c.fileno()] = c
                        poll.register(c, select.EPOLLIN)
                continue
            try:
                serve(poll, conns[fd], what)
            except BlockingIOError:
                pass
            except OSError:
                conns.pop(fd).close()


def serve(poll, c, what):
    if what & (select.EPOLLHUP | select.EPOLLERR):
        raise ConnectionResetError
    if what & select.EPOLLIN:
        data = c.recv(65536)
        if not data:
            raise ConnectionResetError
        if b"/get " not in data:
            c.send(ANSWER)
            return
        poll.modify(c, select.EPOLLOUT)
        c.send(ENDLESS)
    while True:
        c.send(BLOCK)


# --- slow clients -------------------------------------------------------------

class Slow:
    """One byte a second, one way or the other."""

    def __init__(self, address, number):
        self.address = address
        self.source = f"127.0.1.{number % 200 + 1}"
        self.sock = None
        self.reads = number % 2
        self.data = b""

    def begin(self):
        self.sock = socket.socket()
        if self.reads:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # ports as needed
        self.sock.bind((self.source, 0))
        self.sock.connect(self.address)
        self.sock.setblocking(False)
        self.data = request("GET", "/info", "X-A: " + "b" * 100)
        if self.reads:
            self.sock.send(request("GET", "/images/x/get"))

    def step(self):
        try:
            if self.reads:
                if self.sock.recv(1) == b"":
                    raise ConnectionResetError
                return
            self.sock.send(self.data[:1])
            self.data = self.data[1:]
            if not self.data:
                raise ConnectionResetError
        except BlockingIOError:
            pass
        except OSError:  # it took too long, and begins again
            self.sock.close()
            self.begin()


def slow_clients(address, count, ready, stop):
    clients = [Slow(address, i) for i in range(count)]
    for c in clients:
        c.begin()
    ready.set()
    slices = [clients[i::100] for i in range(100)]
    at = time.monotonic()
    while not stop.is_set():
        for part in slices:
            for c in part:
                c.step()
            at += 0.01
            time.sleep(max(0, at - time.monotonic()))
    for c in clients:
        c.sock.close()


# --- the client that must not notice ------------------------------------------

def latencies(proxy, seconds):
    """Sorted, in ms: a new connection now and then, as clients do."""
    took = []
    data = request("GET", "/containers/json")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with proxy.connect("tcp") as client:
            for _ in range(20):
                began = time.perf_counter()
                client.send(data)
                assert client.response().status == 200
                took.append((time.perf_counter() - began) * 1000)
                time.sleep(0.001)
    return sorted(took)


def told(what, took):
    p = {q: took[int(len(took) * q / 100)] for q in (50, 90, 99)}
    print(f"  {what:8} {len(took):6} requests, p50 {p[50]:.3f} ms, "
          f"p90 {p[90]:.3f} ms, p99 {p[99]:.3f} ms")
    return p[99]


def run(args, folder):
    path = str(folder / "engine.sock")
    context = multiprocessing.get_context("fork")
    server = context.Process(target=engine, args=(path,), daemon=True)
    server.start()
    wire.wait_until(lambda: os.path.exists(path), "the Engine listens")
    config = configuration(f"unix://{path}", folder, global_={
        "threads": 2, "limits": {"connections": 16384}})
    proxy = Proxy(folder, config).start()
    wrong = []
    try:
        latencies(proxy, 1)
        before = told("without", latencies(proxy, args.time / 3))
        rss = proxy.rss_kib()
        ready, stop = context.Event(), context.Event()
        crowd = context.Process(
            target=slow_clients, args=(proxy.tcp, args.clients, ready, stop),
            daemon=True)
        crowd.start()
        assert ready.wait(60), "the slow clients do not get in"
        cpu = proxy.cpu_ms()
        began = time.monotonic()
        after = told("with", latencies(proxy, args.time * 2 / 3))
        cpu = (proxy.cpu_ms() - cpu) / (time.monotonic() - began) / 10
        grown = proxy.rss_kib() - rss
        print(f"  {args.clients} slow clients: {grown / 1024:.0f} MiB, "
              f"{cpu:.0f} % of a CPU, {proxy.descriptors()} descriptors")
        if proxy.descriptors() < args.clients:
            wrong.append("the slow clients were not let in")
        if after > 2 * before:
            wrong.append(f"p99 is {after / before:.1f} times as long")
        if not SANITIZED and grown > BASE_KIB + CLIENT_KIB * args.clients:
            wrong.append(f"{grown} KiB for {args.clients} clients")
        stop.set()
        crowd.join(30)
        wire.wait_until(lambda: proxy.descriptors() < 100,
                        "nothing is left of them", 30)
    finally:
        proxy.stop()
        server.terminate()
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time", type=float, default=24)
    parser.add_argument("--clients", type=int, default=10_000)
    args = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    # The proxy counts two descriptors a client, and some for itself.
    if args.clients > (hard - 1000) // 2:
        args.clients = (hard - 1000) // 2
        print(f"  the limit of open files is {hard}: {args.clients} clients")
    folder = Path(tempfile.mkdtemp(prefix="slow-"))
    try:
        wrong = run(args, folder)
    finally:
        shutil.rmtree(folder)
    for line in wrong:
        print(f"check-slow: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
