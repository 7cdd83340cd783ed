"""The lint command: each finding of the table has a fixture in lint/<name>
that shows it, bad.yaml, and one that comes near and does not, good.yaml.

docs/lint.md is made of the table: UPDATE_GOLDEN=1 writes it anew.
tests/data/sarif-2.1.0.json is the OASIS schema (rtm.5), without its
descriptions, of the npm package @microsoft/jest-sarif 1.0.0-beta.0.
"""

import json
import os
import pathlib
import shutil
import subprocess

import jsonschema
import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))
FIXTURES = HERE / "lint"


def run(*arguments, cwd=None, **environment):
    kept = {k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}
    return subprocess.run([BINARY, *arguments], cwd=cwd, timeout=30,
                          env={**kept, **environment}, capture_output=True,
                          text=True)


def table():
    done = run("lint", "--explain", "all", "--format", "json")
    assert done.returncode == 0
    return json.loads(done.stdout)


TABLE = table()
NAMES = [f["name"] for f in TABLE]


def environment(path):
    first = path.read_text().partition("\n")[0]
    if not first.startswith("# env: "):
        return {}
    return dict(word.split("=", 1) for word in first[7:].split())


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Where the fixtures are linted: beside a certificate that is good for a
    hundred years, and one of a day of 2020."""
    path = tmp_path_factory.mktemp("lint") / "files"
    shutil.copytree(ROOT / "tests" / "data" / "lint", path)
    return path


def lint(folder, name, which, *more):
    """Of a file that everybody may read, as one of a checkout is."""
    source = FIXTURES / name / which
    target = folder / f"{name}-{which}"
    shutil.copy(source, target)
    target.chmod(0o644)
    return run("lint", target.name, *more, cwd=folder, **environment(source))


def findings(done):
    assert done.returncode in (0, 1), done.stderr
    found = json.loads(done.stdout)
    assert [f for f in found if f["level"] == "error"] == []
    assert done.returncode == (1 if found else 0)
    return {f["name"] for f in found}


@pytest.mark.parametrize("name", NAMES)
def test_a_fixture_shows_it(folder, name):
    assert name in findings(lint(folder, name, "bad.yaml", "--format", "json"))


@pytest.mark.parametrize("name", NAMES)
def test_a_near_miss_does_not(folder, name):
    done = lint(folder, name, "good.yaml", "--format", "json")
    assert name not in findings(done)


def test_every_fixture_is_of_a_finding():
    assert {p.name for p in FIXTURES.iterdir()} == set(NAMES)


def test_the_table():
    codes = [f["code"] for f in TABLE]
    assert codes == sorted(set(codes)) and len(NAMES) == len(set(NAMES))
    for f in TABLE:
        assert f["why"] and f["fix"] and f["level"] in ("note", "warning")
