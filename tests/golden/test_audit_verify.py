"""What `audit verify` says of logs that are whole and of logs that are not.

DOCKER_PROXY names the binary.
"""

import hashlib
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))
ZERO = "0" * 64


def sha256(line):
    return hashlib.sha256(line).hexdigest()


def chained(n, prev=ZERO):
    """Lines as the proxy writes them."""
    lines = []
    for i in range(n):
        event = {"event": "deny", "status": i, "prev": prev}
        lines.append(json.dumps(event, separators=(",", ":")).encode() + b"\n")
        prev = sha256(lines[-1])
    return lines


def verify(folder, lines):
    (folder / "log").write_bytes(b"".join(lines))
    run = subprocess.run([BINARY, "audit", "verify", "log"], cwd=folder,
                         capture_output=True, text=True, timeout=30)
    assert run.stderr == ""
    return run.returncode, run.stdout


def test_whole(tmp_path):
    lines = chained(1000)
    assert verify(tmp_path, lines) == (
        0, "log: 1000 lines are good\n"
        f"log: the SHA-256 of the last is {sha256(lines[-1])}\n")


def test_empty(tmp_path):
    assert verify(tmp_path, []) == (0, "log: 0 lines are good\n")


def test_goes_on_from_an_older_file(tmp_path):
    lines = chained(10)
    status, out = verify(tmp_path, lines[5:])
    assert status == 0
    assert out.startswith("log: 5 lines are good\n"
                          "log: the first follows a line of an older file\n")


def test_begins_behind_lines_without_a_chain(tmp_path):
    plain = [b'{"event":"deny"}\n'] * 3
    lines = plain + chained(4, sha256(plain[-1]))
    status, out = verify(tmp_path, lines)
    assert status == 0
    assert out.startswith("log: 4 lines are good\n"
                          "log: the 3 lines before them have no chain\n")
    del lines[2]
    lines[1] = b'{"event":"deny","status":1}\n'
    assert verify(tmp_path, lines)[0] == 1


CHANGED = ('its "prev" is not the SHA-256 of the line before: one of the two '
           'was changed, or lines between them are missing')


@pytest.mark.parametrize("name,change,line,why", [
    ("changed", lambda l: l.__setitem__(4, l[4].replace(b"deny", b"allow")),
     6, CHANGED),
    ("a byte", lambda l: l.__setitem__(4, l[4].replace(b":4,", b":5,")),
     6, CHANGED),
    ("removed", lambda l: l.pop(4), 5, CHANGED),
    ("added", lambda l: l.insert(4, l[4]), 6, CHANGED),
    ("exchanged", lambda l: l.insert(4, l.pop(5)), 5, CHANGED),
    ("unchained", lambda l: l.__setitem__(4, b"{}\n"), 5, 'it has no "prev"'),
    ("blank", lambda l: l.insert(4, b"\n"), 5, 'it has no "prev"'),
    ("digits", lambda l: l.__setitem__(4, l[4][:-4] + b'g"}\n'), 5,
     'it has no "prev"'),
    ("restart", lambda l: l.extend(chained(2)), 11, "a new chain begins here"),
    ("torn", lambda l: l.append(l.pop()[:-1]), 10,
     "it does not end: the file was cut off, or is being written"),
    ("long", lambda l: l.insert(4, b"x" * 24576 + b"\n"), 5,
     "it is longer than any line of an audit log"),
    ("NUL", lambda l: l.insert(4, b"\0" * 100 + b"\n"), 5,
     'it has no "prev"'),
], ids=lambda p: p if isinstance(p, str) and len(p) < 12 else "")
def test_broken(tmp_path, name, change, line, why):
    lines = chained(10)
    change(lines)
    assert verify(tmp_path, lines) == (1, f"log:{line}: broken: {why}\n")


def test_not_chained(tmp_path):
    assert verify(tmp_path, [b"{}\n"]) == (1, "log: no line is chained\n")


def test_every_byte_counts(tmp_path):
    """Any byte but those of the last line, changed, is noticed."""
    lines = chained(3)
    whole = b"".join(lines)
    for at in range(len(whole) - len(lines[-1])):
        changed = bytearray(whole)
        changed[at] ^= 1
        assert verify(tmp_path, [bytes(changed)])[0] == 1, at


def test_standard_input():
    run = subprocess.run([BINARY, "audit", "verify", "-"],
                         input=b"".join(chained(2)), capture_output=True,
                         timeout=30)
    assert run.returncode == 0
    assert run.stdout.startswith(b"-: 2 lines are good\n")


def test_missing(tmp_path):
    run = subprocess.run([BINARY, "audit", "verify", "missing"], cwd=tmp_path,
                         capture_output=True, text=True, timeout=30)
    assert run.returncode == 1
    assert run.stderr == "missing: error: No such file or directory\n"


@pytest.mark.parametrize("arguments", [
    ["audit"], ["audit", "verify"], ["audit", "check", "x"],
    ["audit", "verify", "x", "y"], ["--demo", "audit", "verify", "x"]])
def test_usage(arguments):
    run = subprocess.run([BINARY, *arguments], capture_output=True, text=True,
                         timeout=30)
    assert run.returncode == 2
    assert run.stderr.startswith("docker-proxy: ")
