"""What `replay` says of recorded decisions. DOCKER_PROXY names the binary."""

import json
import os
import pathlib
import pty
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))

CLOSED = {"auth": {"type": "none"}, "global": {"default": "deny"}}


def event(method, path, docker=None, **more):
    return {"timestamp": "2026-11-23T10:15:00.000Z", "event": "allow",
            "peer_ip": "10.0.0.7", "method": method, "path": path,
            "user_agent": "cli/1", "user_role": None, "identity": None,
            "rule_name": None, "status": 200, "dry_run": False,
            "listener": "default", "query": None,
            **({} if docker is None else {"docker": docker}), **more}


def rules(*given, default="deny"):
    return {"auth": {"type": "none"}, "global": {"default": default},
            "rules": [dict(r, name=r.get("name", f"r{i}"))
                      for i, r in enumerate(given)]}


def when(action, *conditions, **more):
    return {"action": action, "conditions": [
        {"field": f, "operator": o, **({"value": v} if v is not None else {})}
        for f, o, v in conditions], **more}


def replay(folder, events, now, *arguments, against=None):
    (folder / "log").write_text("".join(
        e if isinstance(e, str) else json.dumps(e) + "\n" for e in events))
    (folder / "now.conf").write_text(yaml.safe_dump(now, sort_keys=False))
    command = [BINARY, "replay", "log", "--config", "now.conf", *arguments]
    if against:
        (folder / "old.conf").write_text(yaml.safe_dump(against))
        command += ["--against", "old.conf"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True,
                          timeout=30)


def changes(folder, events, now, **more):
    done = replay(folder, events, now, "--format", "json", **more)
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert done.returncode == (1 if found["changes"] else 0)
    return found


def test_nothing_changes(tmp_path):
    done = replay(tmp_path, [
        event("GET", "/_ping"),
        event("GET", "/secrets", event="deny", status=403)],
        rules(when("allow", ("path", "equals", "/_ping"))))
    assert (done.returncode, done.stdout) == (
        0, "2 requests, 2 decided as before\n")


def test_by_rule_with_counts(tmp_path):
    done = replay(tmp_path, [
        event("GET", "/containers/web/json"),
        event("GET", "/containers/db/json"),
        event("GET", "/info", rule_name="old"),
        event("GET", "/secrets", event="deny", status=403)],
        rules(when("deny", ("path", "starts_with", "/containers/"),
                   name="no-containers"),
              when("allow", ("path", "equals", "/secrets"), name="open")))
    assert done.returncode == 1
    assert done.stdout == (
        "allowed before, denied now: 3\n"
        '         2  rule "no-containers" (now.conf:6); before, no rule; '
        "such as GET /containers/web/json\n"
        '         1  the default; before, rule "old"; such as GET /info\n'
        "denied before, allowed now: 1\n"
        '         1  rule "open" (now.conf:12); before, no rule; such as '
        "GET /secrets\n"
        "4 requests, 0 decided as before\n")


def test_what_was_recorded_is_known(tmp_path):
    """Caller, address, listener, time, agent, query and meaning."""
    known = [
        ("role", "equals", "ops"), ("identity", "equals", "ann"),
        ("client_ip", "in", ["10.0.0.0/8"]),
        ("listener", "equals", "default"),
        ("time", "in", ["Sun-Tue 00:00-24:00"]),
        ("header.User-Agent", "starts_with", "cli/"),
        ("query.all", "equals", "1"), ("method", "equals", "POST"),
        ("docker.images", "only_in", ["docker.io/library/a:1"]),
        ("docker.host_paths", "not_exists", None)]
    asked = event("POST", "/containers/create",
                  {"images": ["docker.io/library/a:1"]}, query="all=1",
                  user_role="ops", identity="ann")
    found = changes(tmp_path, [asked], rules(when("allow", *known)))
    assert (found["requests"], found["same"]) == (1, 1)
    for field, operator, value in known:
        closed = [c for c in known if c[0] != field]
        opposite = {"equals": "not_equals", "in": "not_in",
                    "starts_with": "not_starts_with", "only_in": "exists",
                    "not_exists": "exists"}[operator]
        if operator == "only_in":
            field, value, opposite = field, ["x"], "only_in"
        [change] = changes(tmp_path, [asked], rules(when(
            "allow", *closed, (field, opposite, value))))["changes"]
        assert (change["from"], change["to"]) == ("allowed", "denied")


@pytest.mark.parametrize("condition, request_", [
    (("body.Image", "equals", "a"), event("POST", "/containers/create", {})),
    (("header.x-team", "equals", "a"), event("GET", "/info", {})),
    (("api_version", "equals", "1.41"), event("GET", "/info", {})),
    (("docker.images", "exists", None), event("POST", "/containers/create")),
    (("docker.env", "contains", "A=1"),
     event("POST", "/containers/create",
           {"env": ["A=***"], "hidden": ["env"]})),
    (("query.token", "equals", "a"),
     event("GET", "/info", {}, query="token=***")),
    (("peer.uid", "equals", 0), event("GET", "/info", {}, peer_ip=None))])
def test_what_was_not_recorded_is_never_guessed(
        tmp_path, condition, request_):
    for default in "allow", "deny":
        found = changes(tmp_path, [request_], rules(
            when("deny", condition), default=default))
        [change] = found["changes"]
        assert (change["from"], change["to"]) == ("allowed", "unknown")
        assert change["not_recorded"] == condition[0]


def test_what_does_not_matter_may_be_unknown(tmp_path):
    found = changes(tmp_path, [event("POST", "/containers/create")], rules(
        when("allow", ("path", "equals", "/containers/create")),
        when("deny", ("body.Image", "equals", "a"))))
    assert found["same"] == 1


def test_doubts_are_denials_as_ever(tmp_path):
    [change] = changes(
        tmp_path,
        [event("POST", "/containers/create", {"doubts": ["host_paths"]})],
        rules(when("allow", ("docker.host_paths", "not_exists", None)))
    )["changes"]
    assert change["to"] == "denied"


def test_against_another_policy(tmp_path):
    events = [event("GET", "/info"), event("GET", "/version")]
    both = rules(when("allow", ("path", "in", ["/info", "/version"])))
    found = changes(tmp_path, events, both, against=CLOSED)
    [change] = found["changes"]
    assert (change["requests"], change["from"], change["to"]) == (
        2, "denied", "allowed")
    assert changes(tmp_path, events, CLOSED, against=CLOSED)["same"] == 2


def test_a_learnt_log(tmp_path):
    found = changes(tmp_path, [
        event("GET", "/info", {}, event="dry_run", mode="learn",
              dry_run=True),
        event("GET", "/info", {}, event="dry_run", dry_run=True)],
        rules(when("allow", ("path", "equals", "/info"))))
    assert [(c["from"], c["to"]) for c in found["changes"]] == [
        ("denied", "allowed")]
    assert found["skipped"] == 1


def test_what_no_policy_was_asked(tmp_path):
    found = changes(tmp_path, [
        event("GET", "/info"),
        event("GET", "/x", event="deny", status=400),
        event("GET", "/x", event="auth_failure", status=401),
        {"event": "reload", "message": "x"}], rules(default="allow"))
    assert (found["requests"], found["skipped"]) == (1, 2)


def test_paths_with_odd_characters(tmp_path):
    found = changes(tmp_path, [event("GET", "/volumes/a b%é+?#/x", {})],
                    rules(when("allow", ("path", "equals",
                                         "/volumes/a b%é+?#/x"))))
    assert found["same"] == 1


def test_usage(tmp_path):
    done = subprocess.run([BINARY, "replay", "log"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "--config" in done.stderr
    done = replay(tmp_path, [event("GET", "/a")], CLOSED, "--format", "xml")
    assert done.returncode == 2 and "text or json" in done.stderr
    done = replay(tmp_path, [event("GET", "/a")], {"rulez": []})
    assert done.returncode == 2 and "rulez" in done.stderr
    done = replay(tmp_path, ["nothing\n"], CLOSED)
    assert done.returncode == 2 and "it has no request" in done.stderr


def test_a_bar_at_a_terminal(tmp_path):
    """How far it is, of a long file; nothing is left of it at the end."""
    replay(tmp_path, [event("GET", "/_ping")], rules(default="allow"))
    line = (tmp_path / "log").read_text()
    (tmp_path / "log").write_text(line * 200000)
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [BINARY, "replay", "log", "--config", "now.conf"], cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=theirs, text=True, timeout=60)
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 65536):
            seen += part
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert done.stdout == "200000 requests, 200000 decided as before\n"
    assert seen.count(b"\r[") == 3 and b"% log" in seen
    assert seen.rstrip().endswith(b"\x1b[K")


def test_what_says_nothing_more_needs_no_record_of_it(tmp_path):
    """Of a call without a body the log has all, though `docker` is not in it:
    a guard is no reason to say that nothing can be told."""
    found = changes(tmp_path, [
        event("GET", "/_ping"),
        event("POST", "/containers/web/start"),
        event("POST", "/containers/web/start",
              query="checkpoint=a&checkpoint-dir=/etc"),
        event("POST", "/containers/create"),
        event("POST", "/build", query="t=a&networkmode=***")],
        {**CLOSED, "global": {"default": "allow"},
         "include": ["policy:no-host-escape"]})
    assert found["requests"] == 5
    assert {(c["path"], c["to"], c["requests"]) for c in found["changes"]} == {
        ("/containers/web/start", "denied", 1),
        ("/containers/create", "unknown", 2)}
