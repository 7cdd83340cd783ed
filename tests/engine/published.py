"""An Engine whose published ports are served by the binary under test, and
both ends of what they carry: processes of ours in its network namespaces."""

import json
import os
import pathlib
import socket
import subprocess
import sys

import engine as engines
import proxy as proxies
from wait import SECONDS, until

# Answers on 80 what it is sent, by TCP and by UDP.
ECHO = """
import socket, threading
tcp = socket.create_server(("0.0.0.0", 80), backlog=512)
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", 80))
def datagrams():
    while True:
        data, peer = udp.recvfrom(65536)
        udp.sendto(data, peer)
def serve(c):
    while data := c.recv(65536):
        c.sendall(data)
    c.close()
threading.Thread(target=datagrams, daemon=True).start()
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(tcp.accept()[0],), daemon=True).start()
"""

# Asks each address once: proto, ip, port.
PROBE = """
import socket, sys
for proto, ip, port in zip(*[iter(sys.argv[1:])] * 3):
    kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    s = socket.socket(family, kind)
    s.settimeout(20)
    s.connect((ip, int(port)))
    s.sendall(b"hello")
    assert s.recv(100) == b"hello", (proto, ip)
    s.close()
print("all answered")
"""

# Opens many connections, and holds them until its input ends.
HOLD = """
import socket, sys
held = []
for _ in range(int(sys.argv[2])):
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 20)
    s.sendall(b"x")
    assert s.recv(1) == b"x"
    held.append(s)
print("held", flush=True)
sys.stdin.read()
for s in held:
    s.settimeout(20)
    try:
        assert s.recv(1) == b""
    except ConnectionError:
        pass
print("ended", flush=True)
"""

# Takes a port.
TAKE = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if sys.argv[1] == "tcp"
                  else socket.SOCK_DGRAM)
s.bind(("127.0.0.1", int(sys.argv[2])))
if sys.argv[1] == "tcp":
    s.listen()
print("taken", flush=True)
sys.stdin.read()
"""


class Publishing(engines.Engine):
    """dockerd is a child of the namespace's first process, so that what it
    leaves behind when it dies is seen."""

    inside = [*engines.INSIDE[:-2],
              engines.INSIDE[-2].replace(
                  "exec dockerd \"$@\"",
                  "{ dockerd \"$@\" & exec sleep infinity; }"),
              engines.INSIDE[-1]]

    def __init__(self):
        super().__init__()
        self.others = []

    def _config(self):
        path = super()._config()
        path.write_text(json.dumps({
            "userland-proxy-path": proxies.binary(), "live-restore": True}))
        return path

    def processes(self, name):
        """Of that name, in its namespace: their pids here."""
        found = []
        for pid in engines.members(self._namespace()):
            folder = pathlib.Path(f"/proc/{pid}")
            try:
                comm = (folder / "comm").read_text().strip()
                if comm == name and engines.state(folder) != "Z":
                    found.append(pid)
            except OSError:
                continue
        return found

    def port_proxies(self):
        return self.processes("docker-proxy")

    def host_pid(self, pid):
        """Of a pid that the Engine tells, ours. A container has a namespace
        of its own below the Engine's."""
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                text = (folder / "status").read_text()
            except OSError:
                continue
            pids = text.split("NSpid:")[1].split("\n")[0].split()
            if len(pids) == 3 and pids[1] == str(pid):
                return int(folder.name)
        raise AssertionError(f"no process {pid}")

    def container_pid(self, name):
        state = self.get_json(f"/containers/{name}/json")["State"]
        return self.host_pid(state["Pid"])

    def stop(self):
        """The first process would not hear a SIGTERM."""
        if self.outer:
            self.kill()
        while self.others:
            self.others.pop().wait(SECONDS)

    def end_dockerd(self, number):
        """It alone: its containers live."""
        (pid,) = self.processes("dockerd")
        os.kill(pid, number)
        until(lambda: not self.processes("dockerd") and
              not self.processes("containerd"), "dockerd to end")
        # Of one that was killed there is a zombie, which has its number.
        for name in ("dockerd", "containerd"):
            for pidfile in self.folder.glob(f"**/{name}.pid"):
                pidfile.unlink()

    def start_dockerd(self):
        """Another, in the place of the one that has ended."""
        with open(self.log, "ab") as log:
            self.others.append(subprocess.Popen(
                ["nsenter", "--target", str(self.pid), "--mount", "--net",
                 "--pid", "--wd=/", "dockerd", *self.arguments()],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        until(self._ready, lambda: "dockerd to answer\n" + self.tail(),
              2 * SECONDS)


def enter(pid, script, *args):
    """The script, in the network namespace of a process."""
    return subprocess.Popen(
        ["nsenter", f"--net=/proc/{pid}/ns/net", sys.executable, "-c", script,
         *map(str, args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)


def probe(pid, *what):
    asking = enter(pid, PROBE, *(word for one in what for word in one))
    out, _ = asking.communicate(timeout=2 * SECONDS)
    assert out == "all answered\n", (asking.returncode, out)


def said(process, word):
    assert process.stdout.readline() == f"{word}\n"
    return process


def end(process):
    out, _ = process.communicate(timeout=SECONDS)
    return out


def no_proxy_left(engine):
    until(lambda: not engine.port_proxies(), "the port proxies to end")
