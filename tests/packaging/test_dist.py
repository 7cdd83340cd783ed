"""What is released: the same bytes each time, and nothing that is not said.

That another folder, user and time zone make the same is `make check-dist`.
"""

import hashlib
import json
import re
import subprocess
import tarfile
from pathlib import Path

import pytest

from conftest import ROOT, make, version_of_the_program

DIST = ROOT / "build" / "dist"


@pytest.fixture(scope="module")
def released():
    """{name: SHA-256} of SHA256SUMS, of two runs."""
    def run():
        make("dist", "DIRTY=1")
        lines = (DIST / "SHA256SUMS").read_text().splitlines()
        return {name: digest for digest, name in map(str.split, lines)}
    return run(), run()


def test_twice_is_the_same(released):
    first, second = released
    assert first == second


def test_the_checksums_are_of_the_files(released):
    _, sums = released
    assert sums.keys() == {p.name for p in DIST.iterdir()} - {"SHA256SUMS"}
    for name, digest in sums.items():
        data = (DIST / name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == digest


def test_there_is_one_of_each(released):
    version = version_of_the_program()
    names = {re.sub(rf"^docker-proxy[-_]{re.escape(version)}", "", name)
             for name in released[1]}
    [arch] = {name[1:-4] for name in names if name.endswith(".deb")}
    assert names == {".tar.gz", f"-{arch}.tar.gz", f"-image-{arch}.tar.gz",
                     f"-{arch}.spdx.json", f"_{arch}.deb"}


def members(name):
    with tarfile.open(DIST / name) as tar:
        return {m.name: m for m in tar.getmembers()}


def test_archives_are_nobodys(released):
    for name in released[1]:
        if name.endswith(".tar.gz"):
            for m in members(name).values():
                assert (m.uid, m.gid) == (0, 0), (name, m.name)
                assert not m.mode & 0o6002, (name, m.name)


def test_the_source_is_all_that_is_committed(released):
    tracked = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "HEAD"], cwd=ROOT, check=True,
        capture_output=True, text=True).stdout.splitlines()
    name = f"docker-proxy-{version_of_the_program()}.tar.gz"
    packed = {"/".join(m.split("/")[1:]) for m, i in members(name).items()
              if not i.isdir()}
    assert packed == set(tracked)


@pytest.fixture
def bill(released):
    [name] = [n for n in released[1] if n.endswith(".spdx.json")]
    return json.loads((DIST / name).read_text())


def linked():
    """The sonames of what is installed."""
    libraries = subprocess.run(
        [ROOT / "packaging" / "libraries", ROOT / "build" / "unpacked"],
        check=True, capture_output=True, text=True).stdout
    return libraries.splitlines()


def test_the_bill_names_each_library(bill):
    assert bill["spdxVersion"] == "SPDX-2.3"
    named = {p["name"]: p for p in bill["packages"]}
    for path in linked():
        owner = subprocess.run(
            [ROOT / "packaging" / "package-of"], input=path + "\n",
            check=True, capture_output=True, text=True).stdout.strip()
        package = named[owner.split(":")[0]]
        installed = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", owner], check=True,
            capture_output=True, text=True).stdout
        assert package["versionInfo"] == installed
        [reference] = package["externalRefs"]
        assert reference["referenceLocator"].startswith(
            f"pkg:deb/debian/{package['name']}@")


def test_the_bill_names_what_is_linked_in(bill):
    """Each archive of the Makefile."""
    ids = {p["SPDXID"]: p["name"] for p in bill["packages"]}
    static = {ids[r["relatedSpdxElement"]] for r in bill["relationships"]
              if r["relationshipType"] == "STATIC_LINK"}
    archives = re.findall(r"-l:(\S+\.a)", (ROOT / "Makefile").read_text())
    assert static == {f"{Path(name).stem}-dev" for name in archives}


def test_the_bill_hangs_together(bill):
    """What a reader of SPDX insists on."""
    ids = [p["SPDXID"] for p in bill["packages"]]
    assert len(ids) == len(set(ids))
    for package in bill["packages"]:
        assert package.keys() >= {"SPDXID", "name", "downloadLocation"}
        assert package["SPDXID"].startswith("SPDXRef-")
    described = [r for r in bill["relationships"]
                 if r["relationshipType"] == "DESCRIBES"]
    assert [r["relatedSpdxElement"] for r in described] == [ids[0]]
    for relation in bill["relationships"]:
        for end in ("spdxElementId", "relatedSpdxElement"):
            assert relation[end] in [*ids, bill["SPDXID"]]
    assert {r["relatedSpdxElement"] for r in bill["relationships"]} == set(ids)
