"""Fixtures: what `make install` makes."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))


def version_of_the_program():
    return re.search(r"^VERSION := (.+)$",
                     (ROOT / "Makefile").read_text(), re.M)[1]


def make(*arguments):
    """Without what an outer make has said, but for the variant."""
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(["make", "-s", *arguments], cwd=ROOT,
                          env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """The prefix of an installation."""
    prefix = tmp_path_factory.mktemp("prefix")
    make("install", f"PREFIX={prefix}")
    return prefix
