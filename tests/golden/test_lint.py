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
import socket
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


# --- the command ----------------------------------------------------------------


RULE = """\
global: {default: deny}
auth: {type: none}
rules:
  - name: a
    action: deny
    dry_run: true
    conditions:
      - {field: path, operator: equals, value: /info}
tests:
  - {request: GET /info, expect: deny}
"""
CLEAN = RULE.replace("dry_run: true", "dry_run: false")


@pytest.fixture
def file(tmp_path):
    def write(text, name="docker-proxy.conf"):
        path = tmp_path / name
        path.write_text(text)
        return str(path)
    return write


def test_exit_codes(file, tmp_path):
    assert run("lint", file(CLEAN)).returncode == 0
    assert run("lint", file(RULE)).returncode == 1
    assert run("lint", file("rules: 1\n")).returncode == 1
    for arguments in (["lint", str(tmp_path / "nowhere")],
                      ["lint", "--format", "xml"],
                      ["lint", "--explain", "DP999"],
                      ["lint", "a", "b"]):
        done = run(*arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr


def test_nothing_is_told_of_a_clean_file(file):
    done = run("lint", file(CLEAN))
    assert (done.stdout, done.stderr) == ("", "")
    assert json.loads(run("lint", file(CLEAN), "--format", "json").stdout) == []


def test_a_finding_has_its_place_and_code(file):
    path = file(RULE)
    told = run("lint", "--config", path).stdout
    assert told.startswith(f"{path}:4:5: note: ")
    assert "denies nothing [DP112]\n" in told
    found = json.loads(run("lint", path, "--format", "json").stdout)
    assert found == [{
        "file": path, "line": 4, "column": 5, "level": "note",
        "code": "DP112", "name": "dry-run-left", "help": "",
        "message": "rule \"a\" is in dry run: it denies nothing"}]


def test_an_error_has_no_code(file):
    found = json.loads(run(
        "lint", file("global: {prot: 1}\n"), "--format", "json").stdout)
    assert [f["level"] for f in found] == ["warning", "error"] or \
        [f["level"] for f in found] == ["error", "warning"]
    assert [f.get("code") for f in found if f["level"] == "error"] == [None]


def test_the_environment_is_a_policy(tmp_path):
    """Without a file, the toggles."""
    done = run("lint", "--format", "json", cwd=tmp_path, CONTAINERS="1",
               POST="1")
    found = json.loads(done.stdout)
    assert [(f["name"], f["file"]) for f in found] == [
        ("root-by-create", "")]
    assert run("lint", cwd=tmp_path, CONTAINERS="1").stdout == ""


def test_what_a_check_and_a_start_tell(file):
    """A check: all but notes, and it is content. A start, which here ends
    since the port is taken: what is found while reading."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        path = file(RULE.replace("value: /info", "value: info").replace(
            "default: deny", "default: deny, sandbox: 'off', "
            f"port: {taken.getsockname()[1]}"))
        done = run("--check-config", "--config", path)
        start = run("serve", "--config", path)
    assert done.returncode == 0
    assert "[DP016]" in done.stderr and "[DP309]" in done.stderr
    assert "[DP112]" not in done.stderr
    assert start.returncode == 1
    assert "[DP016]" in start.stderr and "[DP309]" not in start.stderr
    assert "[DP112]" in run("lint", path).stdout


# --- accepting ----------------------------------------------------------------------


ALLOW = "# lint: allow DP112 until the end of March"


@pytest.mark.parametrize("before, after", [
    ("  - name: a", f"  - name: a  {ALLOW}"),
    ("  - name: a", f"  {ALLOW}\n  - name: a"),
    ("  - name: a", f"{ALLOW}\n\n  # and more\n  - name: a"),
    ("  - name: a", "  - name: a # lint: allow dry-run-left a trial"),
    ("  - name: a", "  - name: a\t# lint: allow dp112 a trial"),
    ("  - name: a\n", f"  - name: a {ALLOW}\r\n"),
])
def test_a_comment_accepts(file, before, after):
    assert before in RULE
    path = file("")
    pathlib.Path(path).write_bytes(RULE.replace(before, after).encode())
    done = run("lint", path)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("before, after, told", [
    ("    action", f"    {ALLOW}\n    action",
     ["DP112 is not found here", "[DP119]", "[DP112]"]),
    ("  - name: a", "  - name: a # lint: allow DP112",
     ["does not say why [DP030]"]),
    ("  - name: a", "  - name: a # lint: allow", ["no finding \"\" [DP030]"]),
    ("  - name: a", "  - name: a # lint: allow DP112, DP101 both",
     ["DP101 is not found here"]),
    ("  - name: a", "  - name: 'a# lint: allow DP112 no comment'",
     ["[DP112]"]),
])
def test_a_comment_that_accepts_nothing(file, before, after, told):
    done = run("lint", file(RULE.replace(before, after)))
    assert done.returncode == 1
    for text in told:
        assert text in done.stdout


def test_what_is_of_the_whole_file_is_accepted_at_its_head(file):
    text = RULE.partition("tests:")[0].replace("true", "false")
    assert "[DP305]" in run("lint", file(text)).stdout
    allow = "# lint: allow DP305 they are elsewhere\n"
    assert run("lint", file("# A policy.\n" + allow + text)).returncode == 0
    done = run("lint", file(text.replace("rules:", allow + "rules:")))
    assert "[DP305]" in done.stdout and "[DP119]" in done.stdout


def test_a_check_knows_no_notes_and_so_no_allowance_of_one(file):
    path = file(RULE.replace("  - name: a", f"  - name: a {ALLOW}"))
    done = run("--check-config", "--config", path)
    assert (done.returncode, done.stderr) == (0, "")


# --- formats ----------------------------------------------------------------------------


def test_sarif(file):
    schema = json.loads((ROOT / "tests" / "data" / "sarif-2.1.0.json")
                        .read_text())
    path = file(RULE + "global2: 1\n", "a policy.conf")
    for text in (RULE, RULE.replace("global", "globl"), CLEAN):
        pathlib.Path(path).write_text(text)
        done = run("lint", path, "--format", "sarif")
        report = json.loads(done.stdout)
        jsonschema.Draft4Validator(schema).validate(report)
    pathlib.Path(path).write_text(RULE)
    report = json.loads(run("lint", path, "--format", "sarif").stdout)
    (one,) = report["runs"]
    rules = one["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == [f["code"] for f in TABLE]
    (result,) = one["results"]
    assert result["ruleId"] == "DP112"
    assert rules[result["ruleIndex"]]["id"] == "DP112"
    assert result["level"] == "note"
    where = result["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"] == path.replace(" ", "%20")
    assert where["region"] == {
        "startLine": 4, "startColumn": 5, "endColumn": 6}


# --- the documentation ------------------------------------------------------------------


def test_explain():
    for word in "DP101", "dp101", "shadowed-rule":
        done = run("lint", "--explain", word)
        assert done.returncode == 0
        assert done.stdout.startswith("DP101 shadowed-rule (note)\n")
    told = run("lint", "--explain", "all").stdout
    for f in TABLE:
        assert f"{f['code']} {f['name']} ({f['level']})" in told
        assert f["why"] in told and f["fix"] in told


def test_the_table_of_the_documentation():
    page = ROOT / "docs" / "lint.md"
    head, mark, _ = page.read_text().partition("## Findings\n")
    text = head + mark + "\n| | | | |\n| --- | --- | --- | --- |\n"
    for f in TABLE:
        cells = f["code"], f"`{f['name']}`", f["why"], f["fix"]
        level = " (note)" if f["level"] == "note" else ""
        cells = (cells[0], cells[1] + level, *cells[2:])
        text += "| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |\n"
    if os.environ.get("UPDATE_GOLDEN"):
        page.write_text(text)
    assert page.read_text() == text


SHADOWED = """kind: policy
rules:
  - name: %s
    conditions:
      - {field: method, operator: equals, value: GET}
      - {field: path, operator: equals, value: /version}
    action: allow
tests:
  - {request: GET /version, expect: allow}
"""


@pytest.mark.parametrize("kind", ["policy", "guard"])
def test_included_files_may_say_the_same(tmp_path, kind):
    """Within one of them it is a finding, as ever."""
    text = SHADOWED.replace("policy", kind)
    if kind == "guard":
        text = text.replace("allow\ntests", "deny\ntests").replace(
            "expect: allow", "expect: deny")
    files = {name: tmp_path / f"{name}.yaml" for name in "ab"}
    for name, path in files.items():
        path.write_text(text % name)
    config = tmp_path / "docker-proxy.conf"
    config.write_text("global: {audit_log: stdout}\n"
                      "auth: {type: none}\ninclude: [./a.yaml, ./b.yaml]\n"
                      "tests: [{request: GET /info, expect: deny}]\n")
    assert "[DP101]" not in run("lint", str(config)).stdout
    twice = text.partition("tests:")[0].partition("rules:\n")[2] % "c"
    files["b"].write_text((text % "b").replace("tests:", twice + "tests:"))
    assert '"c" never fires: rule "b"' in run("lint", str(config)).stdout


# --- what follows from what ---------------------------------------------------


def asks(field, operator, value):
    return {"field": field, "operator": operator, "value": value}


GET = asks("method", "equals", "GET")
POST = asks("method", "equals", "POST")
INFO = asks("path", "equals", "/info")


def from_(*networks):
    return asks("client_ip", "in", list(networks))


@pytest.mark.parametrize("first, then, found", [
    ({"not": {"or": [POST, asks("method", "equals", "DELETE")]}}, GET, True),
    ({"not": {"or": [POST, GET]}}, GET, False),
    (asks("method", "not_in", ["POST", "PUT"]), GET, True),
    (asks("method", "not_in", ["POST", "GET"]), GET, False),
    (asks("path", "not_matches", "^/containers/"), INFO, True),
    (asks("path", "not_matches", "^/(x|info)"), INFO, False),
    (from_("10.0.0.0/8", "fd00::/8"), from_("10.1.2.3", "fd12::/16"), True),
    (from_("10.1.0.0/16"), from_("10.0.0.0/8"), False),
    (from_("::/0"), from_("10.0.0.0/8"), False),
    ({"not": from_("192.168.0.0/16")}, from_("10.0.0.0/8"), True),
    ({"not": from_("10.1.0.0/16")}, from_("10.0.0.0/8"), False),
    ({"not": from_("10.0.0.0/8")}, asks("client_ip", "ends_with", "0.7"),
     False),
])
def test_a_deny_is_dead_behind_an_allow(tmp_path, first, then, found):
    (tmp_path / "c.yaml").write_text(json.dumps({
        "auth": {"type": "none"}, "global": {"default": "deny"}, "rules": [
            {"name": "a", "action": "allow", "conditions": [
                first, asks("path", "starts_with", "/info")]},
            {"name": "b", "action": "deny", "conditions": [then, INFO]}]}))
    told = run("lint", "c.yaml", "--format", "json", cwd=tmp_path)
    assert ("dead-deny" in findings(told)) == found


@pytest.mark.parametrize("one, other, found", [
    (INFO, asks("path", "matches", "^/containers"), True),
    (INFO, asks("path", "matches", "^/(x|info)"), False),
    (INFO, asks("path", "matches", "(?i)^/INFO"), False),
    (from_("10.0.0.0/8"), from_("192.168.0.0/16", "::/0"), True),
    (from_("10.0.0.0/8"), from_("192.168.0.0/16", "10.1.0.0/16"), False),
    ({"or": [{"and": [GET, INFO]}]}, {"or": [POST, {"and": [
        asks("path", "equals", "/version"), GET]}]}, True),
    ({"or": [{"and": [GET, INFO]}]}, {"or": [POST, {"and": [INFO, GET]}]}, False),
])
def test_conditions_that_cannot_hold_together(tmp_path, one, other, found):
    (tmp_path / "c.yaml").write_text(json.dumps({
        "auth": {"type": "none"}, "global": {"default": "deny"}, "rules": [
            {"name": "a", "action": "allow", "conditions": [one, other]}]}))
    told = run("lint", "c.yaml", "--format", "json", cwd=tmp_path)
    assert ("contradiction" in findings(told)) == found


@pytest.mark.parametrize("pattern, found", [
    ("/info$", True), ("^/info$", False), ("^/info$|/version$", True),
    ("^/info$|^/version$", False), ("(/info|/version)$", True),
    ("(^/info|/version)$", True), ("(?:^/info|^/version)$", False),
    ("^(/info|/version)$", False), ("(/v1)?/info$", True),
    ("(^/v1)?/info$", True), ("(^/v1)?^/info$", False),
    ("((^/a)|(/b))$", True), ("((^/a)|(^/b))$", False),
    ("[(]/info", True), ("(?i)/info", True), ("(?i)^/info", False),
    # Not sure: another kind of group, another anchor.
    ("\\A/info", False), ("(?=^/info)", False), ("(*UTF)^/info", False)])
def test_where_a_pattern_is_held_to_the_start(tmp_path, pattern, found):
    (tmp_path / "c.yaml").write_text(json.dumps({
        "auth": {"type": "none"}, "global": {"default": "deny"}, "rules": [
            {"name": "a", "action": "allow", "conditions": [
                GET, asks("path", "matches", pattern)]}]}))
    told = run("lint", "c.yaml", "--format", "json", cwd=tmp_path)
    assert ("unanchored-path" in findings(told)) == found


@pytest.mark.parametrize("values, found", [
    (["root", "0"], True), (["root", "0", "0:0"], False), (["root"], True)])
def test_the_user_root_by_its_other_names(tmp_path, values, found):
    (tmp_path / "c.yaml").write_text(json.dumps({
        "auth": {"type": "none"}, "global": {"default": "deny"}, "rules": [
            {"name": "u", "action": "deny", "conditions": [
                asks("body.User", "in", values)]},
            {"name": "a", "action": "allow", "conditions": [
                POST, asks("path", "equals", "/containers/create")]}]}))
    told = run("lint", "c.yaml", "--format", "json", cwd=tmp_path)
    assert ("user-spelling" in findings(told)) == found


def test_a_service_is_a_container(tmp_path):
    (tmp_path / "c.yaml").write_text(json.dumps({
        "auth": {"type": "none"}, "global": {"default": "deny"}, "rules": [
            {"name": "a", "action": "allow", "conditions": [
                POST, asks("path", "equals", "/services/create")]}]}))
    told = run("lint", "c.yaml", "--format", "json", cwd=tmp_path)
    assert "root-by-create" in findings(told)
