"""`test`, and --check-config, run the tests of policies.

What `test` says of tests/*.conf is kept in tests/*.tap and tests/*.txt;
UPDATE_GOLDEN=1 writes them anew.
"""

import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))


def run(*args, cwd=HERE / "tests"):
    return subprocess.run(
        [BINARY, *args], cwd=cwd, capture_output=True, text=True, timeout=30,
        env={k: v for k, v in os.environ.items()
             if k.endswith("SAN_OPTIONS")})


@pytest.mark.parametrize("name, code", [("passes.conf", 0), ("fails.yaml", 1)])
@pytest.mark.parametrize("form, suffix", [("tap", ".tap"), ("text", ".txt")])
def test_output(name, code, form, suffix):
    done = run("test", f"{name}", "--coverage", "--format", form)
    out = (HERE / "tests" / name).with_suffix(suffix)
    if os.environ.get("UPDATE_GOLDEN"):
        out.write_text(done.stdout)
    assert done.stdout == out.read_text()
    assert done.returncode == code, done.stderr


def test_several_files():
    """One plan, one numbering."""
    done = run("test", "passes.conf", "fails.yaml")
    assert done.returncode == 1
    assert done.stdout.startswith("TAP version 14\n1..13\n")
    assert re.findall(r"^(?:not )?ok (\d+) - ", done.stdout, re.M) == \
        [str(n) for n in range(1, 14)]
    assert done.stdout.endswith("# 13 tests, 4 failed\n")


def test_a_directive_excuses_nothing():
    """A role, or a target, may look like one."""
    line = next(x for x in run("test", "fails.yaml").stdout.split("\n")
                if x.startswith("not ok 4"))
    assert r"as a \# TODO: 401" in line and " # " not in line


@pytest.mark.parametrize("args, told", [
    (["test", "../explain/policy.conf"], "there are no tests"),
    (["test", "/does/not/exist"], "cannot read"),
    (["test", "passes.conf", "/does/not/exist"], "cannot read"),
    (["test", "passes.conf", "--format", "xml"], "tap or text"),
    (["test"], "there is no configuration"),
])
def test_nothing_to_run(args, told):
    done = run(*args)
    assert done.returncode == 2
    assert told in done.stderr and done.stdout == ""


def test_check_config():
    assert run("--check-config", "--config", "passes.conf").returncode == 0
    done = run("--check-config", "--config", "fails.yaml")
    assert done.returncode == 1
    assert re.findall(r"^fails\.yaml:(\d+): error: (.*)$", done.stderr,
                      re.M) == [
        ("12", "a test fails: GET /info: expected: deny; "
         "got: allow by rule read"),
        ("13", "a test fails: GET /info: expected: allow by rule "
         "quiet-hours; got: allow by rule read"),
        ("14", "a test fails: POST /containers/x/stop: expected: 401; "
         "got: deny 403 by rule quiet-hours"),
        ("15", "a test fails: GET /info: expected: allow; "
         "got: there is no such listener")]


def test_the_example_reaches_each_rule():
    done = run("test", "docker-proxy.conf.example", "--coverage", cwd=ROOT)
    assert done.returncode == 0, done.stdout
    assert "11 of 11 rules are reached, 100 %" in done.stdout
