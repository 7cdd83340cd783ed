"""audit_docker and --mode learn: what requests mean is recorded, and a mode
that denies nothing says so everywhere."""

import json
import subprocess

import pytest

import exposition
import proxy_process
import wire
from wire import request

LEARN = ["--mode", "learn"]
CREATE = {"Image": "redis:7", "User": "65532", "Env": ["TOKEN=abc"],
          "HostConfig": {"Binds": ["/srv/a:/a:ro"]}}
MEANS = {"host_paths": ["/srv/a:ro"], "mount_types": ["bind"],
         "images": ["docker.io/library/redis:7"], "user": ["65532"],
         "env": ["TOKEN=***"], "hidden": ["env"]}


def events(path):
    if not path.exists():
        return []
    return [json.loads(line) for line in wire.whole_lines(path.read_text())]


def post(client, target, value):
    body = json.dumps(value).encode()
    client.send(request("POST", target, "Content-Type: application/json",
                        f"Content-Length: {len(body)}") + body)
    return client.response()


@pytest.fixture
def log(tmp_path):
    return tmp_path / "audit.log"


@pytest.fixture
def learning(own_proxy, log):
    return own_proxy(args=LEARN, global_={
        "audit_log": str(log), "default": "deny", "log_format": "json"})


def test_what_a_request_means_is_recorded(own_proxy, engine, log):
    proxy = own_proxy(global_={"audit_log": str(log), "audit": "all",
                               "audit_docker": True}, rules=None)
    with proxy.connect() as client:
        name = engine.play(wire.answer("201 Created"))
        assert post(client, f"/containers/create?x={name}",
                    CREATE).status == 201
        assert client.get("/_ping").status == 200
    create, ping = wire.wait_until(
        lambda: (found := events(log))[1:] and found, "both are recorded")
    assert create["docker"] == MEANS
    assert ping["docker"] == {}
    assert "mode" not in create
    # What the Engine got is what was sent.
    assert json.loads(engine.named(name)[0].body) == CREATE


def test_it_is_asked_for(own_proxy, log):
    proxy = own_proxy(global_={"audit_log": str(log), "audit": "all"})
    with proxy.connect() as client:
        client.get("/containers/web/json")
    [event] = wire.wait_until(lambda: events(log), "it is recorded")
    assert "docker" not in event


def test_a_body_that_cannot_be_read_is_refused(own_proxy, engine, log):
    """To tell what a request means its body is judged, with no rule that asks
    for it, too."""
    proxy = own_proxy(global_={"audit_log": str(log), "audit_docker": True},
                      rules=None)
    with proxy.connect() as client:
        client.send(request("POST", "/containers/create?unread",
                            "Content-Length: 2") + b"{{")
        assert client.response().status == 400
    assert not engine.named("unread")


def test_nothing_is_denied(learning, engine, log):
    with learning.connect() as client:
        assert client.get("/secrets").status == 200
        assert post(client, "/containers/create?learnt", {
            "HostConfig": {"Privileged": True}}).status == 200
        assert client.get("/_ping").status == 200
    assert engine.named("learnt")
    secrets, create, ping = wire.wait_until(
        lambda: (found := events(log))[2:] and found, "all are recorded")
    assert {e["mode"] for e in (secrets, create, ping)} == {"learn"}
    # By a rule, by another, by the default.
    assert [(e["event"], e["rule_name"], e["rule_action"], e["status"],
             e["dry_run"]) for e in (secrets, create, ping)] == [
        ("dry_run", "no-secrets", "deny", 200, True),
        ("dry_run", "no-privileged", "deny", 200, True),
        ("dry_run", None, None, 200, True)]
    assert create["docker"]["capabilities"] == ["PRIVILEGED"]


def test_an_allowed_request_is_no_dry_run(own_proxy, log):
    proxy = own_proxy(args=LEARN, global_={"audit_log": str(log)})
    with proxy.connect() as client:
        client.get("/_ping")
    [event] = wire.wait_until(lambda: events(log), "it is recorded")
    assert (event["event"], event["dry_run"]) == ("allow", False)


def test_it_is_said_loudly(learning):
    with learning.connect() as client:
        client.get("/secrets")
    lines = [json.loads(line) for line in wire.whole_lines(wire.wait_until(
        lambda: "learn: would be denied" in learning.log() and
        learning.log(), "the denial is logged"))]
    assert {line["mode"] for line in lines} == {"learn"}
    [start] = [line for line in lines if "LEARN MODE" in line["event"]]
    assert start["level"] == "warn"


def test_who_has_no_token_is_still_refused(own_proxy, engine, log):
    proxy = own_proxy(args=LEARN, global_={"audit_log": str(log)}, auth={
        "type": "bearer", "tokens": [{"token": "t" * 32, "role": "ops"}]})
    with proxy.connect() as client:
        assert client.get("/info?nobody").status == 401
    with proxy.connect() as client:
        client.send(b"GET /../x?nobody HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.response().status == 400
    assert not engine.named("nobody")


def test_the_metric(own_proxy, log):
    for mode, value in ("learn", 1), ("enforce", 0):
        proxy = own_proxy(args=["--mode", mode], global_={
            "audit_log": str(log), "metrics": {"enabled": True}})
        with proxy.connect() as client:
            text = client.get("/metrics").body.decode()
        values, _ = exposition.parse(text)
        assert values["docker_proxy_learn_mode", ()] == value


@pytest.mark.parametrize("mode, code, words", [
    ("learn", 1, "set global.audit_log"),
    ("lern", 2, '--mode is enforce or learn, not "lern"')])
def test_refused_at_start(engine, folder, make_proxy, mode, code, words):
    proxy = make_proxy(folder, proxy_process.configuration(
        engine.url(), folder))
    done = subprocess.run([*proxy.args, "--mode", mode], text=True,
                          capture_output=True, timeout=wire.TIMEOUT)
    assert done.returncode == code
    assert words in done.stderr
