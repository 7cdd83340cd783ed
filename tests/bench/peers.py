"""The peers: each a command, its configuration and its address."""

import os
import signal
import socket
import subprocess
import time

from measure import pinned, wait_for

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "tests", "bench")
PROXY = os.environ.get("DOCKER_PROXY",
                       os.path.join(ROOT, "build", "docker-proxy"))

# What Portainer's documentation asks a socket proxy for.
TOGGLES = ("CONTAINERS IMAGES INFO NETWORKS NODES SERVICES TASKS VOLUMES "
           "SECRETS CONFIGS SWARM SYSTEM PLUGINS DISTRIBUTION BUILD COMMIT "
           "POST ALLOW_EXPORT ALLOW_ARCHIVE").split()

_port = 21000


def free_port():
    """A loopback port that is free now; none is given twice."""
    global _port
    while True:
        _port += 1
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", _port))
                return _port
            except OSError:
                continue


def answers(port):
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """A command in a session of its own, ended with all it started."""

    def __init__(self, argv, folder, env=None, core=True):
        self.log = open(os.path.join(folder, "log"), "w")
        self.child = subprocess.Popen(
            pinned(argv) if core else argv, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=self.log, env=env, cwd=folder,
            start_new_session=True)
        self.pid = self.child.pid

    def stop(self):
        if self.child.poll() is None:
            os.killpg(self.pid, signal.SIGTERM)
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self.child.wait()
        self.log.close()


class Peer:
    """A proxy under measurement. `start` makes its Process."""

    tls = False

    def __init__(self, name, start, folder):
        self.name, self.folder = name, os.path.join(folder, name)
        os.makedirs(self.folder, exist_ok=True)
        self.port = free_port()
        self._start = start
        self.process = None

    def start(self):
        self.process = self._start(self)
        wait_for(lambda: self._lives() and answers(self.port), self.name)

    def _lives(self):
        if self.process.child.poll() is None:
            return True
        with open(os.path.join(self.folder, "log")) as f:
            raise RuntimeError(f"{self.name} ended: {f.read()[-2000:]}")

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None

    def url(self, path):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:" \
               f"{self.port}{path}"


def write(peer, name, text):
    path = os.path.join(peer.folder, name)
    with open(path, "w") as f:
        f.write(text)
    return path


# --- HAProxy ---------------------------------------------------------------

# A rule a section of the API, as socket proxies on HAProxy have it.
SECTIONS = ("auth build commit configs containers distribution events exec "
            "grpc images info networks nodes _ping plugins secrets services "
            "session swarm system tasks version volumes").split()
OPEN = {t.lower() for t in TOGGLES} | {"events", "_ping", "version"}

HAPROXY = """
global
    {log}
    maxconn {maxconn}
{tune}
defaults
    mode http
    {dolog}
    option {reuse}
    timeout connect 10s
    timeout client 10m
    timeout server 10m
    timeout http-request 10s
    timeout http-keep-alive 75s
    timeout tunnel 1h
    maxconn {maxconn}
    {options}
    {errors}

backend engine
    {http_reuse}
    server engine unix@{socket}

frontend api
    bind 127.0.0.1:{port}{bind}
    http-request deny unless METH_GET || METH_HEAD || {{ env(POST) -m bool }}
{rules}
    http-request deny
    default_backend engine
"""


# The images answer refusals with the example pages, which close the
# connection.
ERRORFILE = "/etc/haproxy/errors/403.http"


def haproxy_rules(extra):
    lines = [f"    http-request allow if {{ path,url_dec -m reg -i "
             f"^(/v[0-9.]+)?/{s} }} {{ env({s.upper().strip('_')}) -m bool }}"
             for s in SECTIONS]
    return "\n".join(list(extra) + lines)


def haproxy(socket_path, reuse=True, log=False, tls=None, extra=(),
            core=True):
    def start(peer):
        text = HAPROXY.format(
            log="log stdout format raw daemon info" if log else "",
            dolog="log global\n    option httplog" if log else "",
            tune=("    ssl-default-bind-options ssl-min-ver TLSv1.3\n"
                  "    tune.ssl.default-dh-param 2048" if tls else ""),
            maxconn=6500 if reuse else 3000,
            reuse="http-keep-alive" if reuse else "http-server-close",
            http_reuse="http-reuse always" if reuse else "",
            options="" if log else "option splice-auto",
            errors=f"errorfile 403 {ERRORFILE}" if log else "",
            bind=f" ssl crt {tls}/both.pem" if tls else "",
            socket=socket_path, port=peer.port, rules=haproxy_rules(extra))
        path = write(peer, "haproxy.cfg", text)
        env = {"PATH": os.environ["PATH"]}
        for s in SECTIONS:
            env[s.upper().strip("_")] = "1" if s in OPEN else "0"
        env["POST"] = "1"
        peer.tls = tls is not None
        return Process(["haproxy", "-W", "-db", "-f", path], peer.folder, env,
                       core)
    return start


# --- nginx, as a proxy and as the synthetic engine ---------------------------

NGINX = """
worker_processes 1;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
worker_rlimit_nofile 65536;
events {{ worker_connections 32000; }}
http {{
    access_log off;
    sendfile off;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    client_max_body_size 0;
    client_body_temp_path {folder}/t1;
    proxy_temp_path {folder}/t2;
    fastcgi_temp_path {folder}/t3;
    uwsgi_temp_path {folder}/t4;
    scgi_temp_path {folder}/t5;
    default_type application/json;
{body}
}}
"""

NGINX_PROXY = """
    upstream engine {{
        server unix:{socket};
        keepalive 512;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location ~ ^(/v[0-9.]+)?/({open}) {{
            proxy_pass http://engine;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_request_buffering off;
            proxy_buffer_size 16k;
            proxy_buffers 8 16k;
        }}
        location / {{ return 403; }}
    }}
"""

NGINX_ENGINE = """
    server {{
        listen unix:{socket} backlog=4096;
        root {files};
        location = /_ping {{ default_type text/plain; return 200 OK; }}
        location ~ /version$ {{ try_files /one.json =404; }}
        location ~ /containers/json$ {{ try_files /list.json =404; }}
        location ~ /containers/create$ {{ return 201 '{{}}'; }}
        location ~ /containers/big/export$ {{
            default_type application/octet-stream;
            try_files /big =404;
        }}
        location ~ /containers/pieces/export$ {{
            default_type application/octet-stream;
            ssi on;
            ssi_types application/octet-stream;
            try_files /big =404;
        }}
        location / {{ return 404; }}
    }}
"""


def nginx_proxy(socket_path):
    def start(peer):
        body = NGINX_PROXY.format(socket=socket_path, port=peer.port,
                                  open="|".join(sorted(OPEN)))
        path = write(peer, "nginx.conf",
                     NGINX.format(folder=peer.folder, body=body))
        return Process(["nginx", "-c", path, "-e", "stderr"], peer.folder)
    return start


class Engine:
    """nginx with the answers of the benchmark, and bulk for what it cannot."""

    def __init__(self, folder, files):
        self.folder = os.path.join(folder, "engine")
        os.makedirs(self.folder)
        os.chmod(self.folder, 0o777)
        self.socket = os.path.join(self.folder, "http")
        self.sink = os.path.join(self.folder, "sink")
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w") as f:
            f.write(NGINX.format(folder=self.folder, body=NGINX_ENGINE.format(
                socket=self.socket, files=files)))
        self.processes = [
            Process(["nginx", "-c", path, "-e", "stderr"], self.folder),
            Process([os.path.join(BUILD, "bulk"), "engine", self.sink],
                    folder)]
        for s in (self.socket, self.sink):
            wait_for(lambda s=s: os.path.exists(s), s)

    def stop(self):
        for p in self.processes:
            p.stop()


# --- ours and the yardstick --------------------------------------------------

def relay(socket_path, core=True):
    def start(peer):
        return Process([os.path.join(BUILD, "relay"), "127.0.0.1",
                        str(peer.port), socket_path], peer.folder, core=core)
    return start


def ours(socket_path, config=None, threads=1, core=True):
    """With toggles, or with the rules and settings of a file."""
    def start(peer):
        env = {"PATH": os.environ["PATH"], "DOCKER_SOCKET": socket_path,
               "DOCKER_PROXY_PORT": str(peer.port), "ACCESS_LOG": "denied"}
        settings = config or "auth: {type: none}\ntoggles: env\n"
        path = write(peer, "docker-proxy.conf",
                     f"global:\n  threads: {threads}\n" + settings)
        for t in TOGGLES:
            env[t] = "1"
        peer.tls = "tls:" in settings
        return Process([PROXY, "serve", "--config", path], peer.folder, env,
                       core)
    return start


def other(command, address):
    """A peer given by its command and where it listens: it is told nothing
    else, and is expected to reach the engine's socket by itself."""
    def start(peer):
        host, _, port = address.rpartition(":")
        assert host in ("127.0.0.1", "localhost"), "loopback only"
        peer.port = int(port)
        return Process(["sh", "-c", "exec " + command], peer.folder,
                       dict(os.environ))
    return start
