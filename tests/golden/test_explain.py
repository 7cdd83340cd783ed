"""What `explain` says of each request here, kept in explain/*.out.

UPDATE_GOLDEN=1 writes the .out files anew.
"""

import json
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BINARY = os.environ.get(
    "DOCKER_PROXY", str(HERE.parent.parent / "build" / "docker-proxy"))

WHO = ["--role", "deploy", "--identity", "ci", "--time", "Mon 09:00"]
CREATE = ["POST", "/v1.43/containers/create"]
CASES = {
    "allowed": [*CREATE, *WHO, "--body", "{}"],
    "denied": [*CREATE, *WHO, "--body", json.dumps({"HostConfig": {
        "Privileged": False, "Binds": ["/etc:/x:ro", "/srv/a:/y"],
        "Devices": [{"PathOnHost": "/dev/null"}]}})],
    "default": ["POST", "/containers/create", *WHO, "--body", "{}",
                "-H", "User-Agent: Curl/8", "-H", "X-B: c"],
    "nothing_near": ["PUT", "/secrets/x", *WHO],
    "all_rules": ["PUT", "/secrets/x", *WHO, "--all"],
    "role": ["POST", "/build", *WHO],
    "rate_and_dry_run": ["POST", "/images/create?fromImage=busybox", *WHO],
    "doubt": ["GET", "/info", *WHO, "-H", "X-Evil: " + 38 * "a" + "!"],
    "network": ["GET", "/info", *WHO, "--ip", "192.0.2.7"],
    "forwarded": ["GET", "/info", *WHO, "--ip", "10.9.0.1",
                  "-H", "X-Forwarded-For: 192.0.2.7"],
    "peer": ["GET", "/v1.30/info", "--listener", "local", "--peer", "7:7",
             "--time", "Fri 17:59"],
    "too_late": ["GET", "/v1.24/info", "--listener", "local",
                 "--peer", "7:7", "--time", "Fri 18:00"],
    "token": ["GET", "/info", "-H", "Authorization: Bearer let-me-in",
              "--time", "Mon 09:00"],
    "nobody": ["GET", "/info"],
    "unclean": ["GET", "/containers/%2e%2e/json", *WHO],
    "old": ["GET", "/v1.12/info", *WHO],
    "bad_body": [*CREATE, *WHO, "--body", '{"a":1,"a":2}'],
    "long_value": [*CREATE, *WHO, "--body", json.dumps(
        {"HostConfig": {"Binds": ["/" + 200 * "x" + ":/y"]}})],
    "metrics": ["GET", "/metrics"],
    "hidden_bytes": ["GET", "/a\u202eb", *WHO],
}


def explain(*args, **more):
    return subprocess.run(
        [BINARY, "explain", "--config", "policy.conf", *args],
        cwd=HERE / "explain", env={k: v for k, v in os.environ.items()
                                   if k.endswith("SAN_OPTIONS")},
        capture_output=True, text=True, timeout=30, **more)


@pytest.mark.parametrize("name", CASES)
def test_text(name):
    run = explain(*CASES[name])
    told = f"{run.stderr}--- {run.returncode}\n{run.stdout}"
    out = HERE / "explain" / f"{name}.out"
    if os.environ.get("UPDATE_GOLDEN"):
        out.write_text(told)
    assert told == out.read_text()
    assert run.returncode == (0 if run.stdout.startswith("allow") else 1)


def test_every_output_has_its_case():
    assert {p.stem for p in HERE.glob("explain/*.out")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_json(name):
    """The same, for programs: one object on one line."""
    text = explain(*CASES[name])
    run = explain(*CASES[name], "--format", "json")
    assert run.stdout.count("\n") == 1
    told = json.loads(run.stdout)
    assert run.returncode == text.returncode == \
        {"allow": 0, "deny": 1}[told["verdict"]]
    if told["verdict"] == "deny":
        assert text.stdout.startswith(f"deny {told['status']}: ")
    if told["rule"]:
        assert f"by rule {told['rule']['name']} (policy.conf:" \
            f"{told['rule']['line']})" in text.stdout
    fired = [r["name"] for r in told.get("rules", [])
             if r["outcome"] == "fired"]
    assert told["rule"] is None or told["rule"]["name"] in fired


def conditions(told, rule):
    return next(r for r in told["rules"] if r["name"] == rule)["conditions"]


def test_json_conditions():
    told = json.loads(explain(*CASES["denied"], "--format", "json").stdout)
    path, guard = conditions(told, "guard")["and"]
    assert path == {"outcome": "holds", "seen": ["/containers/create"],
                    "test": 'path equals "/containers/create"'}
    assert [(c["outcome"], c["seen"]) for c in guard["or"]] == [
        ("fails", ["false"]), ("fails", ["/dev/null"]),
        ("holds", ["/etc:ro", "/srv/a", "/dev/null"])]
    assert told["request"]["body_was_read"] is True
    assert told["without"] == {"rules": [told["rule"]], "verdict": "allow",
                               "rule": told["without"]["rule"]}
    assert told["without"]["rule"]["name"] == "create"


def test_json_not_reached():
    told = json.loads(explain(*CASES["network"], "--format", "json").stdout)
    assert {r["outcome"] for r in told["rules"][1:]} == {"not_reached"}
    guard = conditions(told, "guard")
    assert guard["outcome"] == "unasked"
    assert {c["outcome"] for c in guard["and"]} == {"unasked"}


def test_body_from_a_file(tmp_path):
    body = tmp_path / "body"
    body.write_text('{"HostConfig": {"Privileged": true}}')
    assert "guard" in explain(*CREATE, *WHO, "--body", f"@{body}").stdout
    with body.open() as f:
        assert "guard" in explain(*CREATE, *WHO, "--body", "@-",
                                  stdin=f).stdout


@pytest.mark.parametrize("args, told", [
    (["GET"], "METHOD TARGET"),
    (["GET", "/", "--ip", "x"], "it is no IP address"),
    (["GET", "/", "--peer", "7"], "UID:GID"),
    (["GET", "/", "--time", "Monday"], "Mon 08:30"),
    (["GET", "/", "-H", "none"], "Name: value"),
    (["GET", "/", "--format", "xml"], "text or json"),
    (["GET", "/", "--listener", "nowhere"], "no such listener"),
    (["GET", "/", "--body", "@/does/not/exist"], "No such file"),
    (["GET", "/\n"], "break in two"),
    (["GET", "/", "-H", "A: b\r\nC: d"], "break in two"),
    (["GET", "/", "--config", "/does/not/exist"], "cannot read"),
])
def test_what_cannot_be_said(args, told):
    run = explain(*args)
    assert run.returncode == 2
    assert told in run.stderr
    assert run.stdout == ""
