"""The documentation says what the program has: neither less nor more.

Reasons, fields, operators, settings, toggles and variables are read from the
tables in the sources and looked for in docs/ and README.md.
"""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md"))


def read(*parts):
    return ROOT.joinpath(*parts).read_text()


def sources(folder, pattern):
    return "".join(p.read_text() for p in sorted((ROOT / folder).glob(pattern)))


def rows(page):
    """The cells of each row of the page's tables, without markup."""
    return [[cell.strip().replace("\\<", "<").replace("\\>", ">")
             for cell in line.strip("|").split(" |")]
            for line in page.splitlines() if line.startswith("|")]


def quoted(text):
    """Everything that stands in backquotes."""
    return set(re.findall(r"`([^`\n]+)`", text))


def proxy(*arguments, **environment):
    sanitizers = {k: v for k, v in os.environ.items()
                  if k.endswith("SAN_OPTIONS")}
    return subprocess.run([BINARY, *arguments],
                          env={**sanitizers, **environment}, timeout=30,
                          capture_output=True, text=True)


def check_config(*arguments, **environment):
    return proxy("--check-config", *arguments, **environment)


# --- reasons ----------------------------------------------------------------


def reasons():
    """{text: status} of why.def."""
    found = {}
    for status, text in re.findall(
            r'^WHY\(\w+, (\d+),\s+((?:"(?:[^"\\]|\\.)*"\s*)+)\)',
            read("runtime", "why.def"), re.M):
        parts = re.findall(r'"((?:[^"\\]|\\.)*)"', text)
        found["".join(parts).replace('\\"', '"')] = status
    assert found.pop("") == "200"  # no reason at all
    return found


def told_reasons():
    """{text: status} of the table in requests.md."""
    table = read("docs", "requests.md").partition("## Statuses")[2]
    return {row[1]: row[0][:3] for row in rows(table) if row[0][:3].isdigit()}


def unsent():
    """Reasons that no source names, whatever why.def holds."""
    code = sources("runtime", "*.c") + sources("daemon", "*.c")
    names = re.findall(r"^WHY\((\w+), \d", read("runtime", "why.def"), re.M)
    texts = list(reasons())
    return {text for name, text in zip(names[1:], texts, strict=True)
            if not re.search(rf"\bWHY_{name}\b", code)}


def test_every_reason_is_told_with_its_status():
    never = unsent()
    sent = {t: s for t, s in reasons().items() if t not in never}
    assert told_reasons() == sent


def test_reasons_that_are_never_sent_are_told_as_such():
    line = re.search(r"^\w+ more .* never sent .*$", read("docs", "requests.md"), re.M)[0]
    assert set(re.findall(r'\d{3} "[^"]+"', line)) == {
        f'{reasons()[text]} "{text}"' for text in unsent()}


# --- the language -----------------------------------------------------------


def fields():
    for name, flags in re.findall(
            r'^FIELD\(\w+, "([^"]+)",\s+\w+,\s+([^)]+)\)$',
            read("runtime", "fields.def"), re.M):
        named = "NAMED" in flags
        yield f"{name}.<{'path' if name == 'body' else 'name'}>" \
            if named else name


def operators():
    return re.findall(r'^OPERATOR\(\w+, "([^"]+)"',
                      read("runtime", "operators.def"), re.M)


def first_cells(heading, until="## ", page="configuration.md"):
    """What the first column of the tables below a heading names."""
    page = read("docs", page)
    part = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^{until}|\Z)",
                     page, re.M | re.S)[1]
    return {name for row in rows(part) for name in quoted(row[0])}


def test_fields_and_operators():
    docker = first_cells("Fields", page="docker-fields.md")
    assert docker == {f for f in fields() if f.startswith("docker.")}
    keys = set(schema()["definitions"]["condition"]["properties"])
    assert first_cells("Conditions") - keys | docker == {
        *fields(), *operators()}


def test_what_is_generated():
    """Keys, defaults and commands are as the program has them."""
    done = subprocess.run([ROOT / "docs" / "generate", "--check"], text=True,
                          capture_output=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, ""), \
        "make docs writes them anew"


@pytest.mark.parametrize("page", sorted((ROOT / "docs/man").glob("*.[15]")),
                         ids=lambda page: page.name)
def test_manuals(page):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page],
                          capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_there_are_two_manuals():
    assert len(list((ROOT / "docs/man").glob("*.[15]"))) == 2


def schema():
    return json.loads(subprocess.run([BINARY, "schema"], capture_output=True,
                                     check=True, timeout=30).stdout)


def test_each_map_of_keys_is_told():
    maps = {"policy"} | {name for name, d in schema()["definitions"].items()
                         if "properties" in d}
    for page, mark in (("configuration.md", "<!-- keys: %s -->"),
                       ("man/docker-proxy.conf.5", '.\\" keys: %s')):
        lines = read("docs", page).splitlines()
        assert {n for n in maps if mark % n not in lines} == set(), page


def test_actions():
    rule = schema()["definitions"]["rule"]["properties"]
    names = set(rule["action"]["anyOf"][0]["enum"])
    assert len(names) == 5
    assert first_cells("Actions", "#") == names


# --- the log and the audit log ----------------------------------------------


def test_events_of_requests():
    names = re.search(r"event = (.*?);", read("daemon", "reply.c"), re.S)[1]
    part = read("docs", "operations.md").partition("## The log")[2]
    told = {name for row in rows(part) for name in quoted(row[0])}
    assert set(re.findall(r'"(\w+)"', names)) == {"allowed", "denied", "failed"}
    assert {"allowed", "denied", "failed"} <= told


def test_events_of_the_audit_log():
    kinds = dict(re.findall(r'\[AUDIT_(\w+)\] = "(\w+)"',
                            read("runtime", "audit.c")))
    code = sources("daemon", "*.c")
    used = {text for name, text in kinds.items()
            if re.search(rf"\bAUDIT_{name}\b", code)}
    assert len(used) > 6
    part = read("docs", "operations.md").partition("## The audit log")[2]
    part = part.partition("\n## ")[0]
    assert {n for row in rows(part) for n in quoted(row[0])} == used


# --- metrics ----------------------------------------------------------------


def metrics():
    """{name: (type, {label})} of the sources."""
    found = {}
    text = re.sub(r'"\s*\n\s*"', "", read("runtime", "metrics.def"))
    for name, kind, label in re.findall(
            r'^METRIC\(\w+,\s+"(\w+)",\s+"(\w+)",\s+"(\w*)', text, re.M):
        found.setdefault(name, (kind, set()))[1].update({label} - {""})
    code = read("runtime", "metrics.c")
    assert len(found) > 15
    for name in re.findall(r'"(docker_proxy_\w+)["{]', code):
        found.setdefault(re.sub("_(bucket|count|sum)$", "", name), None)
    return found


def told_metrics():
    part = read("docs", "metrics.md").partition("## Metrics")[2]
    return {name: (row[1], quoted(row[2])) for row in rows(part)
            for name in quoted(row[0])}


def test_metrics():
    told = told_metrics()
    assert set(told) == set(metrics())
    for name, known in metrics().items():
        assert known is None or told[name] == known, name


def test_values_of_labels_of_metrics():
    page = quoted(read("docs", "metrics.md"))
    values = re.findall(r'=\\"(\w+)\\"', read("runtime", "metrics.def"))
    assert len(values) > 8
    assert not set(values) - page


def test_buckets_and_admin_paths():
    page = read("docs", "metrics.md")
    bounds = re.search(r"define METRICS_BOUNDS((?:.*\\\n)*.*)",
                       read("runtime", "metrics.h"))[1]
    assert "Buckets: " + ", ".join(re.findall(r"\d+", bounds)) in page
    paths = re.findall(r'{DOOR_ADMIN, (\w+), \w+, STR\("([^"]+)"\)',
                       read("daemon", "admin.c"))
    open_ = {path for guard, path in paths if guard == "OPEN"}
    api = {path for guard, path in paths if guard == "API"}
    assert len(open_) == 3 and len(api) == 5
    assert not open_ - quoted(page)
    told = " ".join(quoted(read("docs", "status-page.md"))).split()
    assert not api - set(told)


def test_members_of_the_status():
    """Each that is written stands in the page."""
    code = read("daemon", "status_json.c") + read("daemon", "flow_denial.c")
    names = set(re.findall(r'json_out_\w+\(\s*&?\w+(?:->|\.)?j?, "(\w+)"', code))
    names |= set(re.findall(r'",\\"(\w+)\\":"', code))
    assert len(names) > 50
    assert not names - quoted(read("docs", "status-page.md"))


# --- the sandbox ------------------------------------------------------------


def test_system_calls():
    """What the filter lets pass is told, and no more."""
    calls = re.findall(r"^CALL\((\w+)\)",
                       read("daemon", "sandbox_calls.def"), re.M)
    code = read("daemon", "sandbox_seccomp.c")
    some = re.findall(r'^\t+{"(\w+)", {', code, re.M)
    assert len(calls) > 50 and len(set(some)) > 5
    part = read("docs", "security.md").partition("## System calls")[2]
    part = part.split("\n\n", 2)[2]  # behind what is not among them
    whole, _, table = part.partition("With some arguments only:")
    assert quoted(whole) == set(calls)
    assert {n for row in rows(table) for n in quoted(row[0])} == set(some)


def test_tests_of_promises_are_there():
    named = set(re.findall(r"tests/\S+?\.(?:py|c)\b",
                           read("docs", "security.md")))
    assert len(named) > 20
    assert not {name for name in named if not (ROOT / name).exists()}


# --- variables and the command line -----------------------------------------


def toggles():
    code = sources("compiler", "toggle*.c")
    names = re.findall(r'^SECTION\("(\w+)"', read("compiler", "toggles.def"),
                       re.M)
    names += re.findall(r'"(POST|ALLOW_[A-Z]+)"', code)
    return set(names)


def test_toggles():
    assert len(toggles()) > 30
    words = set(re.findall(r"[A-Z_]+", " ".join(
        quoted(read("docs", "toggles.md")))))
    assert not toggles() - words


def test_variables():
    code = sources("compiler", "*.c") + sources("daemon", "*.c")
    used = set(re.findall(r'"(DOCKER_PROXY_[A-Z_]+)"', code))
    used -= {"DOCKER_PROXY_VERSION"}
    used = {name for name in used if not name.endswith("_")}  # prefixes
    table = re.search(r"overrides\[\] = {(.*?)};",
                      read("compiler", "settings_global.c"), re.S)[1]
    used |= set(re.findall(r'"([A-Z_]+)"', table))
    assert len(used) > 7
    assert used <= quoted(read("README.md"))


def test_command_line():
    text = subprocess.run([BINARY, "--help"], capture_output=True, text=True,
                          timeout=30, check=True).stdout
    readme = read("README.md")
    names = re.findall(r"^  (\S+(?: \S+)*)", text, re.M)
    assert len(names) > 5
    for name in names:
        assert name in readme, name


# --- examples and links -----------------------------------------------------


def policies():
    """(where, text) of each policy in the documentation."""
    for page in PAGES:
        blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S)
        whole = page.name == "cookbook.md"
        for i, text in enumerate(b for b in blocks if "rules:" in b or whole):
            yield pytest.param(text, id=f"{page.name}-{i + 1}")


TOKENS = {"CI_TOKEN": "abc", "TEAM_TOKEN": "def", "ONCALL_TOKEN": "ghi"}


def certified(text, folder):
    """With the certificates that it names."""
    good = ROOT / "tests" / "data" / "lint"
    for name in re.findall(r"(?:cert|key|client_ca): (\w+\.(?:pem|key))", text):
        kind = "key" if name.endswith(".key") else "pem"
        shutil.copy(good / f"good.{kind}", folder / name)
        text = text.replace(name, str(folder / name))
    return text


@pytest.mark.parametrize("text", policies())
def test_the_policies_compile(tmp_path, text):
    """Rules without settings are linted, as a part of a configuration. Of a
    whole one, --check-config runs the tests, too."""
    path = tmp_path / "docker-proxy.conf"
    path.write_text(certified(text, tmp_path))
    command = "--check-config" if "auth:" in text else "lint"
    done = proxy(command, "--config", str(path), **TOKENS)
    told = done.stderr if "auth:" in text else done.stdout
    assert (done.returncode, told) == (0, "")


def recipes():
    """(title, text) of each recipe: one configuration each."""
    for part in read("docs", "cookbook.md").split("\n## ")[1:]:
        blocks = re.findall(r"```yaml\n(.*?)```", part, re.S)
        yield pytest.param(blocks, id=part.partition("\n")[0])


@pytest.mark.parametrize("blocks", recipes())
def test_recipes(tmp_path, blocks):
    """Each is whole, and has tests that pass and reach every rule."""
    [text] = blocks
    assert "auth:" in text
    path = tmp_path / "docker-proxy.conf"
    path.write_text(certified(text, tmp_path))
    done = proxy("test", "--coverage", str(path), **TOKENS)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "no test reaches" not in done.stdout
    assert " 0 tests" not in done.stdout


@pytest.mark.parametrize("command", ["--check-config", "lint"])
def test_the_example_compiles(command):
    example = str(ROOT / "docker-proxy.conf.example")
    done = proxy(command, "--config", example, DOCKER_PROXY_SECRET="abc")
    assert (done.returncode, done.stderr) == (0, "")


def slugs(page):
    """The anchors that a page's headings get."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-")
            for t in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page):
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in slugs(target), link


def test_corpus_of_crafted_requests():
    """The table of docs/security.md counts what the tests replay."""
    with gzip.open(ROOT / "tests" / "data" / "evasion.jsonl.gz", "rt") as f:
        entries = [json.loads(line) for line in f]
    counts = {}
    for e in entries:
        for category in (f"`{e['category']}`", "all"):
            count = counts.setdefault(category, [0, 0])
            count[e["expected"] == "forward-safely"] += 1
    part = read("docs", "security.md").partition(
        "## Crafted requests\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[\w-]+`|all) \| .*?\| (\d+) \| (\d+) \|$", part,
                      re.M)
    assert {r[0]: [int(r[1]), int(r[2])] for r in rows} == counts
    assert part.strip().startswith(f"{len(entries)} requests")


def test_what_the_wizard_opens_is_told():
    words = re.findall(r'^CALL\("(\w+)"', read("daemon", "init_calls.def"),
                       re.M)
    line = re.search(r"^`--may` .*$", read("docs", "getting-started.md"),
                     re.M)[0]
    assert len(words) == 5
    assert set(words) <= quoted(line)
