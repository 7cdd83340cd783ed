"""Files written for the Rust docker-proxy run unchanged, and do what they say.

tests/data/rust/examples has each rule of its documentation, tests/data/rust/
users files as its users have them. A proxy finds its file as that one does:
as ./config.yaml.
"""

import json
import pathlib
import re
from typing import NamedTuple

import pytest

import proxy_process
import tls_peer
import wire
from proxy_process import free_port
from wire import answer, request

DATA = pathlib.Path(__file__).resolve().parents[1] / "data/rust"
OPEN = "auth:\n  type: none\n"


class Case(NamedTuple):
    """A request, what becomes of it, and the message of a refusal."""
    line: str
    status: int = 200
    message: str | None = None
    body: object = None
    fields: tuple = ()
    token: str | None = None

    def check(self, client, body=None):
        method, target = self.line.split()
        fields = [*self.fields]
        if self.token:
            fields.append(f"Authorization: Bearer {self.token}")
        if self.body is not None:
            fields.append("Content-Type: application/json")
            body = json.dumps(self.body).encode()
        r = client.ask(request(method, target, *fields, body=body), method)
        assert r.status == self.status, (self, r.body)
        if self.message and method != "HEAD":
            assert r.message() == self.message, self
        return r


def host_config(**members):
    return {"Image": "a", "HostConfig": members}


def binds(*paths):
    return host_config(Binds=list(paths))


NO_EXEC = "Exec operations are not permitted"
NO_SECRETS = "Secrets are not accessible"
NO_EITHER = "Secrets and configs are not accessible"
OFF_HOURS = "Write operations are restricted during off-hours"
NO_VOLUMES = "Volume mutations are forbidden"
NO_CAPS = "Adding privileged Linux capabilities is not allowed"
NO_PRIVILEGES = "Privileged containers are not allowed"
NO_BINDS = "Bind mounts are not allowed"
CREATE = "POST /v1.43/containers/create"

EXAMPLES = {
    "block-exec": [
        Case("POST /containers/web/exec", 403, NO_EXEC, body={}),
        Case("POST /v1.43/exec/0123abc/start", 403, NO_EXEC, body={}),
        Case("GET /exec/0123abc/json"),
        Case("GET /containers/exec/json")],
    "off-hour-write-block": [
        Case("POST /volumes/create", 403, OFF_HOURS, body={}),
        Case("DELETE /networks/n", 403, OFF_HOURS),
        Case("GET /volumes"), Case("GET /networks"),
        Case("POST /containers/web/restart")],
    "block-secrets": [
        Case("GET /secrets", 403, NO_SECRETS),
        Case("POST /v1.30/secrets/create", 403, NO_SECRETS, body={}),
        Case("GET /configs")],
    "readonly-volumes": [
        Case("POST /volumes/prune", 403, NO_VOLUMES),
        Case("DELETE /volumes/v", 403, NO_VOLUMES),
        Case("HEAD /volumes", 403), Case("GET /volumes/v")],
    "block-dangerous-endpoints": [
        Case("GET /secrets", 403, NO_EITHER),
        Case("GET /configs/a", 403, NO_EITHER),
        Case("GET /config")],
    "block-privileged": [
        Case(CREATE, 403, NO_PRIVILEGES, host_config(Privileged=True)),
        Case(CREATE, body=host_config(Privileged=False)),
        Case(CREATE, body=host_config(Privileged="true")),
        Case(CREATE, 403, NO_BINDS, binds("/:/host")),
        Case(CREATE, 403, NO_BINDS, binds()),
        Case(CREATE, body={"Image": "a"}),
        Case("POST /containers/c/update", body=host_config(Privileged=True))],
    "internal-network-only": [
        Case("GET /_ping"),
        *[Case("GET /_ping", fields=(f"X-Forwarded-For: {ip}",))
          for ip in ("10.9.9.9", "172.31.0.1", "192.168.1.1")],
        *[Case("GET /_ping", 403, "Access restricted to internal network",
               fields=(f"X-Forwarded-For: {ip}",))
          for ip in ("203.0.113.9", "172.32.0.1", "2001:db8::1")]],
    "block-capability-escalation": [
        *[Case(CREATE, 403, NO_CAPS, host_config(CapAdd=["CHOWN", cap]))
          for cap in ("SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "ALL",
                      "CAP_SYS_ADMIN")],
        Case(CREATE, body=host_config(CapAdd=["CHOWN"])),
        Case(CREATE, body=host_config(CapAdd=[])),
        Case(CREATE, body={"Image": "a"})],
    "allow-healthcheck": [
        Case("GET /_ping"), Case("GET /v1.43/_ping"), Case("HEAD /_ping"),
        Case("GET /_ping/x", 403, "Access denied"),
        Case("GET /containers/json", 403, "Access denied"),
        Case("POST /build", 403, "Access denied")],
}

# These have tests of their own.
SPECIAL = {"admin-only-create", "redact-environment", "rate-limit-all",
           "rate-limit-container-create", "watch-image-pulls"}


@pytest.fixture
def serve(engine, tmp_path):
    """A proxy with the text as its ./config.yaml."""
    started = []

    def start(text, listens_itself=False, **env):
        (tmp_path / "config.yaml").write_text(text, "utf-8")
        port = free_port()
        if not listens_itself:
            env |= {"DOCKER_PROXY_PORT": str(port),
                    "DOCKER_SOCKET": engine.url()}
        env = {k: str(port) if v is int else v for k, v in env.items()}
        started.append(proxy_process.Proxy(tmp_path, env=env, port=port))
        return started[-1].start()

    yield start
    for p in started:
        p.stop()


def example(name):
    return (DATA / "examples" / f"{name}.yaml").read_text("utf-8")


def with_rules(name, head=OPEN):
    return head + "rules:\n" + re.sub("(?m)^(?=.)", "  ", example(name))


def check_all(proxy, cases):
    for case in cases:
        with proxy.connect("tcp") as client:
            case.check(client)


def test_each_example_is_tried():
    files = {p.stem for p in (DATA / "examples").glob("*.yaml")}
    assert files == {*EXAMPLES, *SPECIAL}
    assert not EXAMPLES.keys() & SPECIAL


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(serve, name):
    head = OPEN + "global:\n  trusted_proxies: [127.0.0.1]\n"
    check_all(serve(with_rules(name, head)), EXAMPLES[name])


def test_admin_only_create(serve):
    tokens = ("auth:\n  secret: s\n  tokens:\n  - token: a\n    role: admin\n"
              "  - token: u\n  - token: o\n    role: operator\n")
    check_all(serve(with_rules("admin-only-create", tokens)), [
        Case(CREATE, body={}, token="s"), Case(CREATE, body={}, token="a"),
        *[Case(CREATE, 403, "Admin role required to create containers", {},
               token=t) for t in "uo"],
        Case("GET /_ping", token="u"), Case("GET /_ping", 401)])


def test_redact_environment(serve, engine):
    body = {"Id": "x", "Config": {
        "Env": ["A=b"], "Cmd": ["sh", "-c", "x"], "User": "me"}}
    name = engine.play(answer("200 OK", "Content-Type: application/json",
                              body=json.dumps(body).encode()))
    proxy = serve(with_rules("redact-environment"))
    with proxy.connect("tcp") as client:
        r = client.get(f"/v1.43/containers/{name}/json")
        assert json.loads(r.body) == {"Id": "x", "Config": {
            "Env": "***REDACTED***", "Cmd": "***REDACTED***", "User": "me"}}
        assert json.loads(client.get(f"/containers/{name}/x").body) == body


@pytest.mark.parametrize("name, line, n, message", [
    ("rate-limit-all", "GET /_ping", 50,
     "Rate limit exceeded. You are blocked for 30 seconds."),
    ("rate-limit-container-create", CREATE, 5,
     "Too many container create requests")])
def test_rate_limits(serve, name, line, n, message):
    """It may fill a little while we ask; once refused, it is for 30 s."""
    method, target = line.split()
    proxy = serve(with_rules(name))
    with proxy.connect("tcp") as client:
        seen = [client.ask(request(method, target), method)
                for _ in range(2 * n)]
    statuses = [r.status for r in seen]
    assert statuses[:n] == [200] * n
    refused = statuses[statuses.index(429):]
    assert set(refused) == {429}
    assert seen[-1].message() == message
    assert 0 < int(seen[-1]["Retry-After"]) <= 30
    if line == CREATE:
        check_all(proxy, [Case("GET /_ping")])


def test_watch_image_pulls(serve, tmp_path):
    head = OPEN + ("global:\n  audit_log: audit.jsonl\n"
                   "  metrics:\n    enabled: true\n")
    proxy = serve(with_rules("watch-image-pulls", head))
    check_all(proxy, [Case("POST /images/create?fromImage=a"),
                      Case("GET /images/json")])
    log = tmp_path / "audit.jsonl"
    lines = wire.wait_until(lambda: wire.whole_lines(log.read_text()),
                            "the audit log has it")
    assert len(lines) == 1
    line = json.loads(lines[0])
    # The keys of the Rust docker-proxy come first, in its order.
    assert list(line)[:13] == (
        "timestamp event peer_ip method path user_agent user_role identity "
        "rule_name rule_action status dry_run message".split())
    assert {k: line[k] for k in list(line)[1:5] + list(line)[8:13]} == {
        "event": "dry_run", "peer_ip": "127.0.0.1", "method": "POST",
        "path": "/images/create", "rule_name": "watch-image-pulls",
        "rule_action": "deny", "status": 403, "dry_run": True,
        "message": "(dry-run) image pull would be denied"}
    with proxy.connect("tcp") as client:
        told = client.get("/metrics").body.decode()
    assert ('docker_proxy_rule_decisions_total{rule="watch-image-pulls",'
            'mode="dry_run"} 1\n') in told
    assert "\ndocker_proxy_requests_dry_run_total 1\n" in told


# --- certificates -----------------------------------------------------------

def with_cert(proxy, context, *cases):
    with tls_peer.connect(proxy, context) as client:
        for case in cases:
            case.check(client)


def install(ca, server_cert, folder):
    for source, name in ((server_cert[0], "server.pem"),
                         (server_cert[1], "server.key"), (ca.ca, "ca.pem")):
        (folder / name).write_bytes(source.read_bytes())


def test_roles_of_certificates(serve, ca, server_cert, tmp_path):
    install(ca, server_cert, tmp_path)
    text = (DATA / "mtls-roles.yaml").read_text("utf-8")
    for role in ("admin", "readonly", "user"):
        text += ("rules:\n" if role == "admin" else "") + (
            f"- name: {role}\n  action: deny\n  status: 418\n  conditions:\n"
            f"  - field: role\n    operator: equals\n    value: {role}\n"
            f"  message: role {role}\n")
    proxy = serve(text + "global:\n  tls:\n    cert: server.pem\n"
                  "    key: server.key\n    client_ca: ca.pem\n")
    for cn, role in (("admin.ops.example.com", "admin"),
                     ("svc-7.readonly.ops.example.com", "readonly"),
                     ("a.b.readonly.ops.example.com", "user"),
                     ("admin", "user")):
        cert = ca.issue(f"rust-{cn}", subject=f"/CN={cn}")
        with_cert(proxy, tls_peer.client_context(ca.ca, None, cert),
                  Case("GET /_ping", 418, f"role {role}"))


# --- files of users ---------------------------------------------------------

ADMIN, READONLY = "admin-token-abc123", "readonly-token-xyz789"
WRITES = "Admin role required for write operations"

SHIPPED = [
    Case("GET /containers/json", token=ADMIN),
    Case("GET /volumes", token=READONLY),
    Case("HEAD /_ping", token=READONLY),
    Case("GET /volumes", 401),
    Case("GET /volumes", 401, token="wrong"),
    Case("GET /secrets", 403, NO_SECRETS, token=ADMIN),
    Case("GET /swarm", 404, "Swarm is not available", token=ADMIN),
    Case("GET /v1.43/nodes/n", 404, token=READONLY),
    Case("GET /nodesx", token=READONLY),
    Case("POST /volumes/prune", 403, WRITES, token=READONLY),
    Case("POST /volumes/prune", token=ADMIN),
    Case(CREATE, 403, WRITES, body={}, token=READONLY),
    *[Case(CREATE, 403, "Host namespaces are not allowed",
           host_config(**{mode: "host"}), token=ADMIN)
      for mode in ("NetworkMode", "PidMode", "IpcMode")],
    Case(CREATE, 403, "Images come from registry.example.com",
         host_config(), token=ADMIN),
    Case(CREATE, 403, body={}, token=ADMIN),
    Case(CREATE, body={"Image": "registry.example.com/a:1"}, token=ADMIN),
]

WIZARD = [
    Case("GET /containers/json", token="adm"),
    Case("GET /containers/json", token="ro"),
    Case("GET /containers/json", 401),
    Case("GET /secrets", 403, NO_SECRETS, token="adm"),
    Case("POST /containers/a/start", 400, token="adm"),
    Case("POST /containers/a/start", token="adm", fields=("X-Team: a",)),
    Case("POST /containers/a/start", 403, "Read-only", token="ro",
         fields=("X-Team: a",)),
    Case("DELETE /containers/a", 403, "Read-only", token="ro"),
    Case("HEAD /_ping", token="ro"),
    Case("GET /containers/a/export", 403, "Read-only", token="ro"),
    Case("GET /containers/a/export", token="adm"),
]

USER = {"Image": "a", "User": "1000"}
CI = [
    Case("GET /_ping", 401),
    Case("GET /_ping", token="run"),
    Case("GET /version", token="no-role-given"),
    Case("GET /version", token="prefix-dep-suffix"),
    Case("GET /version", 401, token="dep"),
    Case("GET /volumes", 403, "Not for CI", token="run"),
    Case("GET /volumes", 403, "Not for CI", token="boss"),
    Case(CREATE, body=USER, token="run"),
    *[Case(CREATE, 403, "Say a user", {"Image": "a", **user}, token="run")
      for user in ({}, {"User": ""}, {"User": "root"}, {"User": "0:0"},
                   {"user": "0"}, {"User": None})],
    Case(CREATE, 451, "Not the socket", {**USER, **binds(
        "/a:/b", "/var/run/docker.sock:/s")}, token="run"),
    Case(CREATE, body={**USER, **binds("/a:/b")}, token="run"),
    Case(CREATE, 403, body={**USER, "Cmd": ["nsenter", "-t1"]}, token="run"),
    Case(CREATE, body={**USER, "Cmd": ["sh", "nsenter"]}, token="run"),
    Case(CREATE, 403, "Four CPUs are too many", {
        **USER, **host_config(NanoCpus=4_000_000_000)}, token="run"),
    Case("GET /info", 426, token="run",
         fields=("User-Agent: Docker-Client/19.03 (linux)",)),
    Case("GET /info", token="run", fields=(
        "User-Agent: Docker-Client/19.03 (linux)", "X-Force: yes")),
    Case("POST /images/create", token="run"),
    Case("POST /images/create", token="run"),
    Case("POST /images/create", 429, "Two pulls a minute", token="run"),
    Case("GET /internal/metrics"),
]

ONLY_READS = "The dashboard only reads"
DASHBOARD = [
    Case("GET /events"), Case("GET /containers/json?all=1"),
    Case("GET /v1.41/containers/web/logs?stdout=1"),
    Case("GET /containers/web/archive?path=/", 403, ONLY_READS),
    Case("POST /containers/web/restart", 403, ONLY_READS),
    Case("HEAD /containers/json", 403), Case("HEAD /_ping"),
    Case("GET /info", 403, ONLY_READS),
]


def user_file(name):
    return (DATA / "users" / f"{name}.yaml").read_text("utf-8")


def test_shipped(serve, engine):
    proxy = serve(user_file("shipped"))
    check_all(proxy, SHIPPED)
    name = engine.play(answer(
        "200 OK", "Content-Type: application/json",
        body=b'{"Config":{"Env":["A=1"]},"NetworkSettings":{"IPAddress":"1",'
             b'"Ports":{}},"HostConfig":{"Memory":5}}'))
    with proxy.connect("tcp") as client:
        r = Case(f"GET /containers/{name}/json", token=READONLY).check(client)
    assert json.loads(r.body) == {
        "Config": {"Env": "***REDACTED***"}, "NetworkSettings": {"Ports": {}},
        "HostConfig": {"Memory": "hidden"}}


def test_wizard(serve):
    """As a serializer writes it: what is not set is null, and no more than
    warned of."""
    proxy = serve(user_file("wizard"), PROXY_SECRET="adm",
                  READONLY_TOKEN="ro")
    check_all(proxy, WIZARD)
    assert "error" not in proxy.log()


def test_ci(serve, engine, ca, server_cert, tmp_path):
    (tmp_path / "certs").mkdir()
    for source, name in zip(server_cert, ("fullchain.pem", "privkey.pem")):
        (tmp_path / "certs" / name).write_bytes(source.read_bytes())
    proxy = serve(user_file("ci"), listens_itself=True, PROXY_PORT=int,
                  ENGINE=engine.address, CI_ADMIN="boss", CI_RUNNER="run",
                  CI_DEPLOY="dep")
    with_cert(proxy, tls_peer.client_context(ca.ca), *CI)
    proxy.stop()  # all lines are written then
    lines = [json.loads(line) for line in
             (tmp_path / "audit.jsonl").read_text().splitlines()]
    trial = [x for x in lines if x["dry_run"]]
    assert {x["rule_name"] for x in trial} == {"users-see-nothing"}
    assert {x["user_role"] for x in trial} == {"user", "deploy"}
    assert {x["event"] for x in lines} == {
        "auth_failure", "dry_run", "deny", "rate_limited"}


def test_team(serve, ca, server_cert, tmp_path):
    install(ca, server_cert, tmp_path)
    proxy = serve(user_file("team"))
    own = "Interns touch their own"
    for cn, cases in {
        "admin": [Case(CREATE, body={}), Case("POST /containers/a/stop"),
                  Case("GET /containers/a/export", 403)],
        "deploy": [Case(CREATE, 403, own, {}), Case("GET /info")],
        "intern": [Case(CREATE, 403, body={}), Case("GET /info"),
                   Case("DELETE /containers/a", 403, own),
                   Case("DELETE /containers/intern-a")],
    }.items():
        cert = ca.issue(f"team-{cn}", subject=f"/CN={cn}")
        with_cert(proxy, tls_peer.client_context(ca.ca, None, cert), *cases)
    assert "got in" not in tls_peer.attempt(
        proxy, tls_peer.client_context(ca.ca))


def test_dashboard(serve, engine):
    proxy = serve(user_file("dashboard"))
    check_all(proxy, DASHBOARD)
    name = engine.play(answer("200 OK", "Content-Type: application/json",
                              body=b'{"Config":{"Labels":{"a":"b"},"A":1}}'))
    with proxy.connect("tcp") as client:
        r = Case(f"GET /containers/{name}/json").check(client)
        assert r.body == b'{"Config":{"A":1}}'


def test_each_users_file_is_tried():
    assert {p.stem for p in (DATA / "users").glob("*.yaml")} == {
        "shipped", "wizard", "ci", "team", "dashboard"}
