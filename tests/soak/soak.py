#!/usr/bin/python3
"""Mixed load for a while: make soak TIME=1800, or REAL=1 too.

Lists, exec tunnels, event streams, uploads, denials and clients that dawdle,
vanish or talk rubbish, over plain and TLS connections, while the policy is
reloaded and the Engine (the demonstration one) is stopped for a moment and
killed. Each request must be answered, or broken off where client or Engine
gave a reason. In the end nothing may be left of it: no connection, no
descriptor, no memory.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "flow")]
os.environ.setdefault("FLOW_TIMEOUT", "30")
os.environ.setdefault(
    "DOCKER_PROXY", str(HERE.parent.parent / "build/docker-proxy"))

import exposition  # noqa: E402
import tls_peer  # noqa: E402
import wire  # noqa: E402
from authority import Authority  # noqa: E402
from proxy_process import (DENIALS, SANITIZED, Proxy,  # noqa: E402
                           configuration, free_port)
from wire import chunked, request  # noqa: E402

JSON = "Content-Type: application/json"
UPGRADE = "Connection: Upgrade", "Upgrade: tcp"
BROKEN = (wire.Truncated, OSError)  # of which TLS's errors are, too

RULES = [
    *DENIALS,
    {"name": "hide-labels", "action": "response_filter",
     "conditions": [{"field": "path", "operator": "equals",
                     "value": "/containers/json"}],
     "response_filter": [{"field": "*.Labels", "action": "remove"}]},
    {"name": "not-too-fast", "action": "rate_limit",
     "conditions": [{"field": "path", "operator": "equals",
                     "value": "/rated"}],
     "rate_limit": {"requests": 5, "period": "1s",
                    "key": "header.X-Who"}},
]

# What leaves its connection for another request.
KEEPING = {"list", "deny", "create", "rate"}

# What a leak of something small would pass in a minute of this load.
GROWTH_KIB = 8 * 1024


class Demo:
    """The demonstration engine; killed and started again now and then."""

    restarts = True

    def __init__(self, folder):
        self.path = folder / "engine.sock"
        self.log = open(folder / "engine.log", "ab")
        self.troubles = []  # when it began, when it was over
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [os.environ["DOCKER_PROXY"], "demo-engine", "--socket",
             str(self.path)], stdout=self.log, stderr=self.log)
        wire.wait_until(self.answers, "the Engine answers")
        return self

    def answers(self):
        with contextlib.suppress(OSError), socket.socket(
                socket.AF_UNIX) as sock:
            sock.connect(str(self.path))
            return True

    @contextlib.contextmanager
    def trouble(self):
        entry = [time.monotonic(), None]
        self.troubles.append(entry)
        yield
        entry[1] = time.monotonic() + 1

    def stall(self):
        with self.trouble():
            self.process.send_signal(signal.SIGSTOP)
            time.sleep(0.5)
            self.process.send_signal(signal.SIGCONT)

    def crash(self):
        with self.trouble():
            self.process.kill()
            self.process.wait()
            time.sleep(0.2)
            self.start()

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Docker:
    """A real Engine, in namespaces of its own; it takes root."""

    restarts = False

    def __init__(self, folder):
        del folder
        sys.path.append(str(HERE.parent / "engine"))
        import engine
        self.engine = engine.Engine()
        self.root = engine.busybox_root()
        self.path = self.engine.socket
        self.troubles = []

    def start(self):
        e = self.engine.start()
        e.ask("POST", "/images/create?fromSrc=-&repo=box", self.root,
              {"Content-Type": "application/x-tar"})
        status, body = e.ask(
            "POST", "/containers/create?name=web",
            json.dumps({"Image": "box", "Cmd": ["sleep", "100000"],
                        "HostConfig": {"NetworkMode": "none"}}).encode(),
            {"Content-Type": "application/json"})
        assert status == 201, body
        status, body = e.ask("POST", "/containers/web/start")
        assert status == 204, body
        return self

    def stop(self):
        self.engine.remove()


class Soak:
    """The load, what came of it, and what must not be left of it."""

    def __init__(self, engine, proxy, tls, admin, seed):
        self.engine, self.proxy = engine, proxy
        self.tls, self.admin = tls, admin
        self.random = random.Random(seed)
        self.stop = threading.Event()
        self.counts = Counter()
        self.wrong = []
        self.container = "web"

    def connect(self, kind):
        if kind != "tls":
            return self.proxy.connect(kind)
        return tls_peer.client(wire.connected(self.tls),
                               tls_peer.client_context())

    # --- what clients do: each tells what came of it ------------------------

    def list(self, client, rng):
        target = rng.choice(["/containers/json?all=1", "/info",
                             "/v1.41/images/json", "/version", "/networks"])
        r = client.get(target)
        found = json.loads(r.body)
        if r.status == 200 and "containers" in target:
            assert found and not any("Labels" in c for c in found)
        return r.status

    def deny(self, client, rng):
        data = rng.choice([
            request("GET", "/secrets"),
            request("POST", f"/containers/{self.container}/kill"),
            request("POST", "/containers/create", JSON,
                    body=b'{"HostConfig": {"Privileged": true}}')])
        status = client.ask(data).status
        assert status == 403, f"{data[:40]} was answered with {status}"
        return status

    def rate(self, client, rng):
        return client.get("/rated", f"X-Who: {rng.randrange(1000)}").status

    def create(self, client, rng):
        body = json.dumps({"Image": "nobody/has-it", "Env": ["A=" + "x" * 500]
                           * rng.randrange(40)}).encode()
        return client.ask(request("POST", "/containers/create", JSON,
                                  body=body)).status

    def upload(self, client, rng):
        data = b"x" * rng.randrange(1, 2_000_000)
        target = f"/networks/{self.container}/connect2"
        client.send(request("POST", target, "Transfer-Encoding: chunked")
                    + chunked(data[:1000], data[1000:]))
        return client.response().status

    def exec(self, client, rng):
        body = json.dumps({"AttachStdin": True, "AttachStdout": True,
                           "AttachStderr": True, "Tty": True,
                           "Cmd": ["sh"]}).encode()
        r = client.ask(request(
            "POST", f"/containers/{self.container}/exec", JSON, body=body))
        if r.status != 201:
            return r.status
        client.send(request("POST", f"/exec/{json.loads(r.body)['Id']}/start",
                            JSON, *UPGRADE, body=b'{"Tty": true}'))
        r = client.head()
        if r.status != 101:
            return r.status
        mark = b"%d" % rng.randrange(10 ** 9)
        client.send(b"echo a" + mark + b"\n")
        client.reader.until(b"a" + mark, "the echo of the shell")
        if rng.random() < 0.3:
            client.reset()
            return 101
        client.send(b"exit\n")
        client.read_to_end()
        return 101

    def events(self, client, rng):
        client.send(request("GET", "/events"))
        r = client.head()
        self.stop.wait(rng.random())
        if rng.random() < 0.5:
            client.reset()
        return r.status

    def dawdle(self, client, rng):
        """A request a byte at a time, and perhaps not all of it."""
        data = request("GET", "/_ping", "X-A: " + "b" * 20)
        n = len(data) if rng.random() < 0.5 else rng.randrange(len(data))
        for byte in wire.bytewise(data[:n]):
            client.send(byte)
            self.stop.wait(0.005)
        if n < len(data):
            client.reset()
            return "left"
        return client.response().status

    def vanish(self, client, rng):
        """Somewhere in its request, or before its answer."""
        data = request("POST", "/containers/create", JSON, body=b"{}" * 500)
        client.send(data[:rng.randrange(len(data) + 1)])
        self.stop.wait(rng.random() * 0.05)
        client.reset()
        return "left"

    def rubbish(self, client, rng):
        client.send(rng.choice([
            b"GET / HTTP/1.1\nHost: x\n\n", rng.randbytes(200),
            b"GET /" + b"x" * 100_000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            request("GET", "/a", *["X: y"] * 500),
            request("POST", "/containers/create", JSON, body=b"[" * 1000)]))
        client.half_close()
        rest = client.read_to_end()
        assert not rest or rest[9:10] == b"4", rest[:60]
        return "4xx"

    # --- the load -----------------------------------------------------------

    def excused(self, began):
        """The Engine was in trouble in the meantime."""
        return any(over is None or began < over
                   for _, over in self.engine.troubles)

    def act(self, name, rng):
        began = time.monotonic()
        kind = rng.choice(["tcp", "unix", "tls"])
        try:
            with self.connect(kind) as client:
                for _ in range(rng.randrange(1, 6) if name in KEEPING else 1):
                    status = getattr(self, name)(client, rng)
                    self.counts[name, status] += 1
                    if status in (502, 503, 504):
                        assert self.excused(began), status
        except BROKEN as e:
            broken = f"broken ({type(e).__name__})"
            self.counts[name, broken] += 1
            # Rubbish may be answered and reset before it was all sent.
            if name not in ("rubbish", "vanish", "dawdle"):
                assert self.excused(began), f"{kind}: {e!r}"

    def client(self, seed):
        rng = random.Random(seed)
        names = ["list"] * 4 + ["deny"] * 2 + ["create", "upload", "exec",
                                               "exec", "events", "rate",
                                               "dawdle", "vanish", "rubbish"]
        while not self.stop.is_set():
            name = rng.choice(names)
            try:
                self.act(name, rng)
            except Exception as e:  # of any kind: it is a finding
                self.wrong.append(f"{name}: {type(e).__name__}: {e}")

    def stalled(self):
        """Clients that read nothing of an answer without an end."""
        held = []
        while not self.stop.wait(0.5):
            with contextlib.suppress(OSError):
                c = self.proxy.connect("tcp", receive_buffer=4096)
                c.send(request(
                    "GET", f"/containers/{self.container}/stats") * 20)
                held.append(c)
            if len(held) > 20:
                held.pop(0).sock.close()
        for c in held:
            c.sock.close()

    def troubles(self):
        """Reloads, and what happens to an Engine."""
        step = 0
        while not self.stop.wait(1):
            step += 1
            self.proxy.signal(signal.SIGHUP)
            if self.engine.restarts and step % 7 == 0:
                self.engine.stall()
            if self.engine.restarts and step % 15 == 0:
                self.engine.crash()

    def scrape(self):
        return exposition.scrape(self.admin)

    def measure(self):
        m = self.scrape()
        return {"rss": self.proxy.rss_kib(), "fds": self.proxy.descriptors(),
                "connections": int(m("connections")),
                "busy": int(m("engine_connections", "busy")),
                "requests": int(m("requests_total"))}

    def settle(self):
        """Nobody is connected any more, and nothing is on its way."""
        wire.wait_until(
            lambda: (lambda m: m["connections"] == 0 and m["busy"] == 0)(
                self.measure()),
            "all connections are gone")
        return self.measure()

    def phase(self, seconds, seed):
        self.stop.clear()
        threads = [threading.Thread(target=self.client, args=(seed + i,))
                   for i in range(12)]
        threads += [threading.Thread(target=self.stalled),
                    threading.Thread(target=self.troubles)]
        for t in threads:
            t.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.proxy.alive() \
                and len(self.wrong) < 10:
            self.stop.wait(0.5)
        self.stop.set()
        for t in threads:
            t.join()
        return self.settle()


def run(args, folder):
    ca = Authority(folder / "ca")
    cert = ca.issue("server", "server", names=["IP:127.0.0.1"])
    admin = free_port()
    engine = (Docker if args.engine == "docker" else Demo)(folder).start()
    listeners = [
        tls_peer.listener(cert, {}),
        {"name": "tcp", "bind": "127.0.0.1", "port": free_port()},
        {"name": "unix", "unix": str(folder / "proxy.sock")}]
    config = configuration(f"unix://{engine.path}", folder, rules=RULES,
                           global_={
                               "threads": 2, "listeners": listeners,
                               "audit_log": str(folder / "audit"),
                               "audit": "all",
                               "timeouts": {"request_head": "3s",
                                            "client_stalled": "5s"},
                               "limits": {"idle_buckets": 256},
                               "admin": {"listen": f"127.0.0.1:{admin}"}})
    proxy = Proxy(folder, config).start()
    tls = "127.0.0.1", listeners[0]["port"]
    soak = Soak(engine, proxy, tls, admin, args.seed)
    try:
        # What is kept for the next request is part of where it begins.
        before = soak.phase(max(args.time / 4, 15), args.seed)
        after = soak.phase(args.time * 3 / 4, args.seed + 100)
    finally:
        alive = proxy.alive()
        log = proxy.log()
        if alive:
            proxy.stop()
        engine.stop()
    report(soak, before, after)
    wrong = soak.wrong
    if not alive:
        wrong.append(f"the proxy died: {log[-2000:]}")
    if after["fds"] > before["fds"] + 16:
        wrong.append("descriptors leak")
    if not SANITIZED and after["rss"] > before["rss"] + GROWTH_KIB:
        wrong.append("memory leaks")
    return wrong


def report(soak, before, after):
    by_name = {}
    for (name, status), n in sorted(soak.counts.items(), key=str):
        by_name.setdefault(name, []).append(f"{status}: {n}")
    for name, parts in by_name.items():
        print(f"  {name:8} {', '.join(parts)}")
    print(f"  {len(soak.engine.troubles)} troubles of the Engine")
    print(f"  before {before}\n  after  {after}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time", type=float, default=120)
    parser.add_argument("--engine", choices=["demo", "docker"],
                        default="demo")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    wrong = run(args, folder)
    for line in wrong[:20]:
        print(f"soak: {line}")
    if wrong:
        print(f"soak: kept in {folder}")
        return 1
    shutil.rmtree(folder)
    print(f"soak: {args.time:g} s passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
