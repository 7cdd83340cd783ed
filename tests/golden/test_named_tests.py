"""docs/conformance.md and docs/reading.md name tests that exist, all of them.

A test is `file::function`, rows of the tables in tests/flow/reading are
`rows:<name>`. Every line names one at least, and every row has its line.
"""

import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TESTS = ROOT / "tests"
PAGES = ["conformance.md", "reading.md"]
HEADS = re.compile(r"\| (---|§ |the Engine |what is promised )")
NAMED = re.compile(r"`((?:unit/|engine/)?[a-z0-9_]+::[a-z0-9_]+|rows:[^`]+)`")

sys.path.insert(0, str(TESTS / "flow"))
import reading.all  # noqa: E402


def functions(path, pattern):
    return set(re.findall(pattern, path.read_text(), re.M))


def existing():
    """Every test there is, as the pages name them."""
    found = {f"rows:{row.proves}" for row in reading.all.ROWS}
    for folder, prefix in (("flow", ""), ("engine", "engine/")):
        for path in (TESTS / folder).glob("test_*.py"):
            found |= {f"{prefix}{path.stem[5:]}::{name}" for name in
                      functions(path, r"^def (test_\w+)\(")}
    for path in (TESTS / "unit").glob("test_*.c"):
        found |= {f"unit/{path.stem[5:]}::{name}" for name in
                  functions(path, r"cmocka_unit_test\((\w+)\)")}
    return found


def lines(page):
    """The rows of its tables, without their heads."""
    text = (ROOT / "docs" / page).read_text()
    return [line for line in text.splitlines()
            if line.startswith("|") and not HEADS.match(line)]


@pytest.mark.parametrize("page", PAGES)
def test_every_named_test_exists(page):
    there = existing()
    text = (ROOT / "docs" / page).read_text()
    missing = {name for name in NAMED.findall(text)
               if name not in there} - {"file::function", "rows:<name>"}
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_every_line_names_a_test(page):
    assert len(lines(page)) > 50
    assert [line for line in lines(page)
            if not NAMED.search(line.rstrip("| ").rpartition("|")[2])] == []


def test_a_deviation_says_why():
    for line in lines("conformance.md"):
        if "**deviation**" in line:
            assert re.search(r"\*\*deviation\*\*[^|:]*: [^|]{15,}", line)


def test_every_row_has_its_line():
    """A row that proves nothing is a row too many."""
    text = (ROOT / "docs" / "reading.md").read_text()
    named = set(NAMED.findall(text))
    rows = {f"rows:{row.proves}" for row in reading.all.ROWS}
    assert rows - named == set()
