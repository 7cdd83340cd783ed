"""The works: what is asked of every peer, and of which ones."""

import json
import os
import re
import socket
import statistics
import subprocess
import time

import peers
from measure import (CORE, WRK_SUMMARY, Row, Sample, cpu_ns, pinned, rss_kib,
                     wait_for, wrk)

BULK = os.path.join(peers.BUILD, "bulk")
MIB = 1 << 20


def make_files(folder):
    """The answers of the engine: 960 bytes, 98 KB, 64 MiB."""
    files = os.path.join(folder, "files")
    os.makedirs(files)
    one = {"Version": "20.10.24", "ApiVersion": "1.41", "Pad": ""}
    one["Pad"] = "x" * (960 - len(json.dumps(one)))
    with open(os.path.join(files, "one.json"), "w") as f:
        json.dump(one, f)
    with open(os.path.join(files, "list.json"), "w") as f:
        json.dump([container(i) for i in range(200)], f,
                  separators=(",", ":"))
    with open(os.path.join(files, "big"), "wb") as f:
        f.truncate(64 * MIB)
    return files


def container(i):
    """As `docker ps` reads it, about 490 bytes."""
    return {
        "Id": f"{i * 0x9e3779b97f4a7c15 % 2**256:064x}",
        "Names": [f"/shop-web-{i}"], "Image": "nginx:1.27",
        "ImageID": f"sha256:{i * 0x517cc1b727220a95 % 2**256:064x}",
        "Command": "\"/docker-entrypoint.sh nginx\"", "Created": 1700000000 + i,
        "Ports": [{"PrivatePort": 80, "PublicPort": 32768 + i,
                   "Type": "tcp"}],
        "Labels": {"com.docker.compose.project": "shop"}, "State": "running",
        "Status": "Up 3 days", "HostConfig": {"NetworkMode": "shop"},
        "NetworkSettings": {"Networks": {"shop": {
            "IPAMConfig": None, "IPAddress": f"172.18.0.{i}",
            "IPPrefixLen": 16}}}, "Mounts": []}


class Work:
    """A load, the peers it is for by name, and the unit it is counted in."""

    def __init__(self, name, load, who, unit="request"):
        self.name, self.load, self.who, self.unit = name, load, who, unit
        self.rows = {w: Row() for w in who}

    def round(self, peer, seconds):
        before = cpu_ns(peer.process.pid)
        units, per_second, p99 = self.load(peer, seconds)
        used = cpu_ns(peer.process.pid) - before
        self.rows[peer.name].samples.append(
            Sample(used / 1000 / units, per_second, p99))


def requests(path, clients, headers=(), refused=False, core=CORE):
    def load(peer, seconds):
        n, took, p99 = wrk(peer.folder, peer.url(path), clients, seconds,
                           headers, refused, core)
        return n, n / took, p99
    return load


def create(body):
    """POSTs the body to containers/create, 16 clients."""
    def load(peer, seconds):
        script = os.path.join(peer.folder, "create.lua")
        with open(script, "w") as f:
            f.write("wrk.method = 'POST'\n"
                    "wrk.headers['Content-Type'] = 'application/json'\n"
                    f"wrk.body = [==[{body}]==]\n" + WRK_SUMMARY)
        out = subprocess.run(
            pinned(["wrk", "-t1", "-c16", f"-d{seconds}s", "-s", script,
                    peer.url("/v1.41/containers/create")]),
            check=True, capture_output=True, text=True).stdout
        n, us, _, p99, _, bad = map(
            int, re.search(r"RESULT (.*)", out)[1].split())
        if n == 0 or bad:
            raise RuntimeError(f"{peer.name}: {bad} of {n} refused")
        return n, n / us * 1e6, p99
    return load


def bulk(what, path, size=64 * MIB, times=4):
    """Moves the bytes some times over; counted in MiB."""
    def load(peer, seconds):
        del seconds
        for _ in range(times):
            done = subprocess.run(
                pinned([BULK, what, "127.0.0.1", str(peer.port), path,
                        str(size)]), capture_output=True, text=True)
            if done.returncode or int(done.stdout) < size:
                raise RuntimeError(f"{peer.name}: {what} {path}: "
                                   f"{done.stdout}{done.stderr}")
        return times * size // MIB, None, None
    return load


def handshakes(reuse):
    """New TLS connections, each with a request; wrk cannot."""
    def load(peer, seconds):
        out = subprocess.run(
            pinned(["openssl", "s_time", "-connect",
                    f"127.0.0.1:{peer.port}", "-www", "/_ping", "-time",
                    str(max(1, seconds)), "-reuse" if reuse else "-new"]),
            check=True, capture_output=True, text=True).stdout
        found = re.search(r"(\d+) connections in (\d+) real", out)
        n = int(found[1])
        if n == 0:
            raise RuntimeError(f"{peer.name}: no handshake")
        return n, n / max(1, int(found[2])), None
    return load


# --- policies of ours -------------------------------------------------------

def rules_policy(kind, n):
    one = {
        "exact": "{{field: path, operator: equals, value: /tenants/{0}/x}}",
        "prefix": "{{field: path, operator: starts_with, "
                  "value: /tenants/{0}/}}",
        "regex": "{{field: path, operator: matches, "
                 "value: '^/tenants/{0}/.+$'}}",
        "network": "{{field: client_ip, operator: in, "
                   "value: [10.{1}.{2}.0/24]}}",
    }[kind]
    rules = "".join(
        f"- {{name: r{i}, action: deny, conditions: ["
        + one.format(i, i >> 8, i & 255) + "]}\n" for i in range(n))
    return "  default: allow\nauth: {type: none}\nrules:\n" + rules


def dear_policy(n=4000):
    """Regexes without a literal prefix, which all are tried: what a request
    costs the proxy is many times what it costs the load and the engine, so
    these leave it room."""
    rules = "".join(
        f"- {{name: r{i}, action: deny, conditions: [{{field: path, "
        f"operator: matches, value: '[0-9]+/tenant{i}$'}}]}}\n"
        for i in range(n))
    return "  default: allow\nauth: {type: none}\nrules:\n" + rules


BODY_FIELDS = ("Privileged Binds CapAdd PidMode IpcMode UTSMode UsernsMode "
               "NetworkMode Devices DeviceCgroupRules SecurityOpt Runtime "
               "CgroupParent VolumesFrom VolumeDriver").split()


def body_policy():
    """30 rules on the body, none of which holds."""
    rules = ""
    for i, f in enumerate(BODY_FIELDS):
        rules += (f"- {{name: a{i}, action: deny, conditions: [{{field: "
                  f"body.HostConfig.{f}, operator: equals, value: host}}]}}\n"
                  f"- {{name: b{i}, action: deny, conditions: [{{field: "
                  f"body.HostConfig.{f}.*, operator: starts_with, "
                  f"value: /etc}}]}}\n")
    return "  default: allow\nauth: {type: none}\nrules:\n" + rules


def create_body():
    """2 KB, as the CLI writes it."""
    body = {"Hostname": "", "User": "", "Tty": False, "OpenStdin": False,
            "Env": [f"NAME_{i}=value-{i}" for i in range(20)],
            "Cmd": ["sh", "-c", "exec web"], "Image": "nginx:1.27",
            "Volumes": {}, "WorkingDir": "", "Labels": {}, "HostConfig": {
                "Binds": ["data:/var/lib/data"], "NetworkMode": "default",
                "PortBindings": {}, "RestartPolicy": {
                    "Name": "no", "MaximumRetryCount": 0},
                "Privileged": False, "CapAdd": None, "SecurityOpt": None},
            "NetworkingConfig": {"EndpointsConfig": {}}}
    body["Labels"]["pad"] = "x" * (2048 - len(json.dumps(body)))
    return json.dumps(body)


REDACT = """  default: allow
auth: {type: none}
rules:
- name: three
  action: response_filter
  conditions: [{field: path, operator: equals, value: /containers/json}]
  response_filter:
  - {field: '*.Labels.*', action: redact}
  - {field: '*.Command', action: replace, replacement: '-'}
  - {field: '*.HostConfig.NetworkMode', action: remove}
"""
OPEN = "  default: allow\nauth: {type: none}\n"

PING, ONE, LIST = "/_ping", "/v1.41/version", "/v1.41/containers/json"


def common(names):
    """The works that every proxy can do."""
    works = [Work(f"ping, {c} clients", requests(PING, c), names)
             for c in (1, 16, 64, 256)]
    works += [Work(f"1 KB, {c} clients", requests(ONE, c), names)
              for c in (16, 64)]
    works += [Work(f"98 KB list, {c} clients", requests(LIST, c), names)
              for c in (1, 16)]
    works.append(Work("a connection a request",
                      requests(PING, 16, ["Connection: close"]), names))
    refusing = [n for n in names if n != "relay"]
    works.append(Work("a refusal", requests("/v1.41/exec/abc/json", 16,
                                            refused=True), refusing))
    works.append(Work("64 MiB down, a length",
                      bulk("down", "/v1.41/containers/big/export"),
                      names, "MiB"))
    works.append(Work("64 MiB down, chunked",
                      bulk("down", "/v1.41/containers/pieces/export"),
                      names, "MiB"))
    return works


def sunk(names):
    """The works before the engine that swallows."""
    path = "/v1.41/containers/abc/archive?path=/"
    return [Work("64 MiB up, a length", bulk("up", path), names, "MiB"),
            Work("64 MiB up, chunked", bulk("chunked", path), names, "MiB"),
            Work("64 MiB through a tunnel",
                 bulk("tunnel", "/v1.41/containers/abc/attach?stream=1"),
                 names, "MiB"),
            Work("64 MiB out of a tunnel",
                 bulk("watch", "/v1.41/containers/abc/attach?stream=1"
                      f"&size={64 * MIB}"), names, "MiB")]


# --- what is no work: memory, start-up ----------------------------------------

def idle_clients(peer, n):
    """Resident KiB with n idle keep-alive clients; None: it does not hold
    as many."""
    holder = subprocess.Popen(
        [BULK, "hold", "127.0.0.1", str(peer.port), PING, str(n)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    try:
        told = holder.stdout.readline()
        return rss_kib(peer.process.pid) if told else None
    finally:
        holder.stdin.close()
        holder.stdout.close()
        holder.wait()


def start_ms(peer, times=10):
    """From the start of the process to its first answer; the median."""
    took = []
    for _ in range(times):
        peer.stop()
        begin = time.monotonic()
        peer.process = peer._start(peer)
        wait_for(lambda: first_answer(peer.port), peer.name, pause=0)
        took.append((time.monotonic() - begin) * 1000)
    return statistics.median(took)


def first_answer(port):
    with socket.socket() as s:
        try:
            s.connect(("127.0.0.1", port))
            s.sendall(b"GET /_ping HTTP/1.1\r\nHost: x\r\n"
                      b"Connection: close\r\n\r\n")
            return s.recv(12).endswith(b"200")
        except OSError:
            return False
