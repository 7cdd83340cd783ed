"""What `learn` makes of a log. DOCKER_PROXY names the binary."""

import json
import os
import pathlib
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))


def event(method, path, docker=None, **more):
    return {"event": "allow", "method": method, "path": path, "query": None,
            "user_role": None, "status": 200, "dry_run": False,
            **({} if docker is None else {"docker": docker}), **more}


def learn(folder, events, *files):
    (folder / "log").write_text("".join(
        e if isinstance(e, str) else json.dumps(e) + "\n" for e in events))
    return subprocess.run([BINARY, "learn", "log", *files], cwd=folder,
                          capture_output=True, text=True, timeout=30)


def policy(folder, events):
    """The policy, once it has been seen to be one."""
    done = learn(folder, events)
    assert (done.returncode, done.stderr) == (0, "")
    (folder / "learnt.conf").write_text(done.stdout)
    check = subprocess.run(
        [BINARY, "--check-config", "--config", "learnt.conf"], cwd=folder,
        capture_output=True, text=True, timeout=30)
    assert check.returncode == 0, check.stderr
    return yaml.safe_load(done.stdout)


def conditions(learnt, name):
    [rule] = [r for r in learnt["rules"] if r["name"] == name]
    assert rule["action"] == "allow"
    return {c["field"]: (c["operator"], c.get("value"))
            for c in rule["conditions"]}


def test_what_a_path_names_is_left_open(tmp_path):
    learnt = policy(tmp_path, [
        event("GET", "/containers/web/json", {"target": ["web"]}),
        event("GET", "/containers/0123abcd/json", {}),
        event("GET", "/images/ghcr.io/a/b:1.0/json", {}),
        event("GET", "/containers/json", {})])
    assert learnt["global"] == {"default": "deny"}
    assert [r["name"] for r in learnt["rules"]] == [
        "GET /containers/{}/json", "GET /images/{}/json",
        "GET /containers/json"]
    assert conditions(learnt, "GET /containers/{}/json") == {
        "method": ("equals", "GET"),
        "path": ("matches", "^/containers/[^/]+/json$")}
    assert conditions(learnt, "GET /images/{}/json")["path"] == (
        "matches", "^/images/.+/json$")
    assert conditions(learnt, "GET /containers/json")["path"] == (
        "equals", "/containers/json")


def test_what_was_never_said_is_closed(tmp_path):
    means = {"images": ["docker.io/library/a:1"], "user": ["1000"],
             "host_paths": ["/srv/a:ro"], "mount_types": ["bind"],
             "name": ["x"], "env": ["A=***"], "labels": ["b=***"],
             "hidden": ["env", "labels"]}
    other = dict(means, host_paths=["/srv/b"], name=["y"])
    c = conditions(policy(tmp_path, [
        event("POST", "/containers/create", means),
        event("POST", "/containers/create", other)]),
        "POST /containers/create")
    assert c["docker.host_paths"] == ("only_under", ["/srv/a:ro", "/srv/b"])
    assert c["docker.user"] == ("only_in", ["1000"])
    assert c["docker.images"] == ("only_in", ["docker.io/library/a:1"])
    for field in ("capabilities", "namespaces", "devices", "security",
                  "unknown", "volumes", "networks", "driver_opts"):
        assert c["docker." + field] == ("not_exists", None)
    for field in ("name", "env", "labels", "target"):
        assert "docker." + field not in c


def test_both_readings_are_allowed(tmp_path):
    c = conditions(policy(tmp_path, [
        event("POST", "/images/create",
              {"images": [["docker.io/library/cafe:latest", "id:cafe"]]})]),
        "POST /images/create")
    assert c["docker.images"] == (
        "only_in", ["docker.io/library/cafe:latest", "id:cafe"])


def test_ids_are_no_limit(tmp_path):
    c = conditions(policy(tmp_path, [
        event("POST", "/networks/n/connect",
              {"target": ["n"], "networks": ["n"],
               "containers": ["0123456789abcdef" * 4]})]),
        "POST /networks/{}/connect")
    assert "docker.containers" not in c and "docker.networks" not in c
    assert c["docker.capabilities"] == ("not_exists", None)


@pytest.mark.parametrize("call, why", [
    (event("POST", "/containers/create"), "audit_docker"),
    (event("POST", "/containers/create", {"doubts": ["host_paths"]}),
     "could not be read"),
    (event("POST", "/grpc", {"doubts": ["capabilities"]}),
     "could not be read")])
def test_what_is_not_known_is_not_allowed(tmp_path, call, why):
    done = learn(tmp_path, [event("GET", "/_ping", {}), call])
    assert done.returncode == 0
    assert f"# Not allowed: POST {call['path']}, 1 request" in done.stdout
    assert why in done.stdout
    assert [r["name"] for r in yaml.safe_load(done.stdout)["rules"]] == [
        "GET /_ping"]


def explain(folder, *request):
    return subprocess.run(
        [BINARY, "explain", "--config", "learnt.conf", *request], cwd=folder,
        capture_output=True, text=True, timeout=30).returncode


def test_what_no_query_said_is_closed(tmp_path):
    policy(tmp_path, [
        event("POST", "/build", {"images": ["docker.io/library/x:latest"]},
              query="t=x"),
        event("POST", "/containers/a/start", {"containers": ["a"]}),
        event("GET", "/containers/a/checkpoints", {"containers": ["a"]})])
    for request, denied in (
            (["POST", "/build?t=x"], 0),
            (["POST", "/build?t=x&networkmode=host"], 1),
            (["POST", "/build?t=y"], 1),
            (["POST", "/containers/b/start"], 0),
            (["POST", "/containers/b/start?checkpoint-dir=/etc"], 1),
            (["GET", "/containers/b/checkpoints"], 0),
            (["GET", "/containers/b/checkpoints?dir=/etc"], 1)):
        assert explain(tmp_path, *request) == denied, request


def test_a_query_that_is_not_recorded(tmp_path):
    learnt = policy(tmp_path, [
        event("POST", "/containers/a/start"),
        event("POST", "/containers/a/rename", query="name=b"),
        event("POST", "/containers/a/stop", query="t=1")])
    assert [r["name"] for r in learnt["rules"]] == [
        "POST /containers/{}/start", "POST /containers/{}/stop"]
    assert explain(tmp_path, "POST",
                   "/containers/b/start?checkpoint-dir=/etc") == 1


def test_the_host_is_never_left_open(tmp_path):
    """Neither by a value that was too long for the log, nor by one that only
    looks like an id."""
    learnt = policy(tmp_path, [
        event("GET", "/_ping", {}),
        event("POST", "/containers/create",
              {"host_paths": ["/x...[cut: 999 bytes]"],
               "hidden": ["host_paths"]})])
    assert [r["name"] for r in learnt["rules"]] == ["GET /_ping"]
    c = conditions(policy(tmp_path, [
        event("POST", "/containers/create", {"mount_types": ["a" * 64]})]),
        "POST /containers/create")
    assert c["docker.mount_types"] == ("only_in", ["a" * 64])


def test_roles(tmp_path):
    learnt = policy(tmp_path, [
        event("GET", "/info", {}, user_role="ops"),
        event("GET", "/info", {}, user_role="admin"),
        event("GET", "/version", {})])
    assert "auth" not in learnt
    assert conditions(learnt, "GET /info")["role"] == (
        "in", ["ops", "admin"])
    assert "role" not in conditions(learnt, "GET /version")


def test_only_what_was_let_in(tmp_path):
    done = learn(tmp_path, [
        event("GET", "/_ping", {}),
        event("GET", "/secrets", {}, event="deny", status=403),
        event("GET", "/tasks", {}, event="dry_run", dry_run=True),
        event("GET", "/nodes", {}, event="dry_run", mode="learn"),
        {"event": "reload", "message": "x"}])
    assert [r["name"] for r in yaml.safe_load(done.stdout)["rules"]] == [
        "GET /_ping", "GET /nodes"]
    assert "Learnt from 2 requests in log; 1 more were refused." \
        in done.stdout


def test_tests_of_what_was_and_of_what_was_not(tmp_path):
    tests = policy(tmp_path, [
        event("GET", "/containers/web/json", {}, query="size=1"),
        event("GET", "/info", {}, query="token=***"),
        event("POST", "/containers/create", {"user": ["7"]})])["tests"]
    assert tests == [
        {"request": "GET /containers/web/json?size=1", "expect": "allow"},
        {"request": "DELETE /containers/web/json", "expect": "deny"},
        {"request": "DELETE /info", "expect": "deny"},
        {"request": "POST /containers/create",
         "body": {"HostConfig": {"Privileged": True}}, "expect": "deny"},
        {"request": "DELETE /containers/create", "expect": "deny"}]


def test_paths_are_data(tmp_path):
    odd = '/x/"$(a)\\E\n# b: {c}\'é.*'
    learnt = policy(tmp_path, [event("GET", odd, {}),
                               event("GET", "/a\u0085\u2028b\u202e\ufeff", {})])
    assert learnt["rules"][1]["conditions"][1]["value"] == \
        "/a\u0085\u2028b\u202e\ufeff"
    # "$" begins a variable, "$$" is one.
    assert learnt["rules"][0]["conditions"][1]["value"] == \
        odd.replace("$", "$$")


def test_other_lines_are_passed_over(tmp_path):
    done = learn(tmp_path, ["hello\n", event("GET", "/_ping", {}), "{}\n"])
    assert done.returncode == 0
    assert done.stderr == \
        "log: warning: 2 lines are no events of an audit log\n"


def test_a_log_that_is_being_written(tmp_path):
    done = learn(tmp_path, [event("GET", "/_ping", {}), '{"event":"al'])
    assert done.returncode == 0
    assert done.stderr.startswith("log:2: warning: it does not end")


def test_errors(tmp_path):
    done = learn(tmp_path, [event("GET", "/a", {}, event="deny")])
    assert (done.returncode, done.stdout) == (1, "")
    assert "no request was let in" in done.stderr
    done = learn(tmp_path, [event("GET", "/a", {})], "none")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "none: error: No such file or directory\n"


def test_a_file_name_adds_no_line(tmp_path):
    (tmp_path / "a\nglobal: {default: allow}").write_text(
        json.dumps(event("GET", "/_ping")) + "\n")
    done = subprocess.run([BINARY, "learn", "a\nglobal: {default: allow}"],
                          cwd=tmp_path, capture_output=True, text=True,
                          timeout=30)
    assert done.returncode == 0
    assert yaml.safe_load(done.stdout)["global"] == {"default": "deny"}
    assert "default: allow" in done.stdout.splitlines()[0]
