"""Each ready policy: its tests pass and reach all of its rules, and lint finds
nothing in it that it does not answer for."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))
POLICIES = sorted((ROOT / "policies").glob("*.yaml"))


@pytest.fixture(params=[*POLICIES, *(f"policy:{p.stem}" for p in POLICIES)],
                ids=lambda p: getattr(p, "stem", p))
def run(request):
    kept = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
    return lambda *words: subprocess.run(
        [BINARY, *words, str(request.param)], env=kept, timeout=60,
        capture_output=True, text=True)


def test_its_tests_reach_every_rule(run):
    done = run("test", "--format", "text", "--coverage")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no test reaches" not in done.stdout
    assert done.stdout.endswith(" 0 failed\n")


def test_it_lints_clean(run):
    done = run("lint")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("words, status", [
    (["test", "policy:nonsense"], 2), (["lint", "policy:nonsense"], 2),
    (["--check-config", "--config", "policy:nonsense"], 1),
    (["test", "policy:"], 2)])
def test_one_that_there_is_not(words, status):
    done = subprocess.run([BINARY, *words], capture_output=True, text=True,
                          timeout=60)
    assert (done.returncode, done.stdout) == (status, "")
    assert "policy:" in done.stderr and "No such file" in done.stderr
