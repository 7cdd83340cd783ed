"""The JSON Schema of the configuration: what is valid to the compiler is to
the schema, and what differs in shape is not.
"""

import hashlib
import json
import os
import pathlib
import re
import subprocess

import jsonschema
import pytest
import yaml

import config_yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BINARY = os.environ.get("DOCKER_PROXY", str(ROOT / "build" / "docker-proxy"))
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md"))


def run(*arguments, **environment):
    sanitizers = {k: v for k, v in os.environ.items()
                  if k.endswith("SAN_OPTIONS")}
    return subprocess.run([BINARY, *arguments], text=True, timeout=30,
                          env={**sanitizers, **environment},
                          capture_output=True)


SCHEMA = json.loads(run("schema").stdout)
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def findings(text):
    return [f"{list(e.absolute_path)}: {e.message}"
            for e in VALIDATOR.iter_errors(given(config_yaml.load(text) or {}))]


def given(value):
    """Without what counts as not given, with a warning: keys without a value.
    An editor may well mark them."""
    if isinstance(value, dict):
        return {k: given(v) for k, v in value.items() if v is not None}
    return [given(v) for v in value] if isinstance(value, list) else value


def variables(text):
    first = text.partition("\n")[0]
    words = first[7:].split() if first.startswith("# env: ") else []
    return dict(word.split("=", 1) for word in words)


def test_it_is_a_schema():
    jsonschema.Draft7Validator.check_schema(SCHEMA)


# --- what is valid -----------------------------------------------------------


def configurations():
    """(name, text) of each configuration in the repository."""
    yield "docker-proxy.conf.example", \
        (ROOT / "docker-proxy.conf.example").read_text()
    for folder, pattern in (("tests", "**/*.conf"), ("tests/data/rust", "**/*.yaml"),
                            ("tests/policy", "*.yaml"), ("policies", "*"),
                            ("packaging", "**/*.conf")):
        for path in sorted((ROOT / folder).glob(pattern)):
            if path.is_file():
                yield str(path.relative_to(ROOT)), \
                    path.read_text(errors="replace")
    for path in sorted((ROOT / "tests/data/migrate").glob("*.out")):
        yield path.name, path.read_text().partition("--- 0\n")[2]
    for page in PAGES:
        blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(), re.S)
        for i, text in enumerate(b for b in blocks if "rules:" in b):
            yield f"{page.name}-{i + 1}", text


def whole(text):
    """A list is one of rules, as the Rust docker-proxy's documentation has
    them."""
    if re.match(r"(#.*\n|\s)*- ", text):
        return "auth: {type: none}\nrules:\n" + text
    if text.startswith("auth:\n  type: mtls\n"):
        return text + "global: {tls: {cert: a, key: b, client_ca: c}}\n"
    return text


def compiles(path, text):
    named = {name: name.lower()  # no two alike: tokens must not be
             for name in re.findall(r"\$\{(\w+)\}", text)}
    for name in named:
        if name.endswith("TOKEN"):
            named[name] = name
        if name.endswith("SHA256"):
            named[name] = hashlib.sha256(name.encode()).hexdigest()
    if "ENGINE" in named:
        named["ENGINE"] = "/run/docker.sock"
    path.write_text(text)
    done = run("--check-config", "--config", str(path), **{
        **named, **variables(text)})
    # Files of tokens are where it will run.
    errors = [line for line in done.stderr.splitlines()
              if ": error: " in line and "cannot be read" not in line]
    return errors == []


ALL = {name: whole(text) for name, text in configurations()}


def shows_mistakes(name):
    """Those whose output is kept, and is one of errors."""
    out = (ROOT / name).with_suffix(".out")
    return out.exists() and "--- 1\n" in out.read_text()


@pytest.mark.parametrize("name", [n for n in ALL if not shows_mistakes(n)])
def test_what_compiles_validates(tmp_path, name):
    assert compiles(tmp_path / "docker-proxy.conf", ALL[name])
    assert findings(ALL[name]) == []


def test_there_are_many():
    assert sum(not shows_mistakes(name) for name in ALL) > 40
    assert sum(shows_mistakes(name) for name in ALL) > 5


def test_an_empty_file():
    assert VALIDATOR.is_valid({})


# --- what is not -------------------------------------------------------------

RULE = "rules: [{name: a, action: deny, %s}]"
CONDITION = RULE % "conditions: [%s]"
WRONG = [
    "glboal: {}",
    "global: {prot: 1}",
    "global: {port: 0}",
    "global: {port: 65536}",
    "global: {port: http}",
    "global: {port: [1]}",
    "global: {default: maybe}",
    "global: {watch: 1}",
    "global: {sandbox: loose}",
    "global: {limits: {header_bytes: 64kb}}",
    "global: {limits: {header_bytes: 1}}",
    "global: {timeouts: {drain: 10sec}}",
    "global: {timeouts: {drain: -1}}",
    "global: {trusted_proxies: 10.0.0.0/8}",
    "global: {socket: docker.sock}",
    "global: {min_api_version: '2.0'}",
    "global: {tls: maybe}",
    "global: {tls: {cert: a}}",
    "global: {tls: {cert: a, key: b, crl: c}}",
    "global: {listeners: {name: a, port: 1}}",
    "global: {listeners: [{port: 1}]}",
    "global: {listeners: [{name: a}]}",
    "global: {listeners: [{name: a, port: 1, unix: /a}]}",
    "global: {listeners: [{name: a, port: 1, mode: '0660'}]}",
    "global: {listeners: [{name: a, unix: a}]}",
    "global: {admin: {listen: here}}",
    "auth: {type: basic}",
    "auth: {tokens: [{role: a}]}",
    "auth: {tokens: [{token: a, token_file: b}]}",
    "auth: {tokens: [{token_sha256: abc}]}",
    "auth: {peers: [{uid: 0}]}",
    "auth: {mtls: {cert_role_map: [{cn: a}]}}",
    "toggles: [CONTAINERS]",
    "toggles: on",
    "toggles: {CONTAINER: 1}",
    "toggles: {profile: stirct}",
    "rules: {name: a, action: deny}",
    "rules: [{action: deny}]",
    "rules: [{name: a}]",
    "rules: [{name: a, action: drop}]",
    RULE % "status: 200",
    RULE % "priority: high",
    RULE % "dry_run: maybe",
    RULE % "conditions: {field: path, operator: exists}",
    CONDITION % "{field: path}",
    CONDITION % "{operator: exists}",
    CONDITION % "{field: pth, operator: equals, value: a}",
    CONDITION % "{field: body, operator: exists}",
    CONDITION % "{field: path, operator: equal, value: a}",
    CONDITION % "{field: path, operator: equals, value: {a: b}}",
    CONDITION % "{or: {field: path, operator: equals, value: a}}",
    CONDITION % "{and: [], or: []}",
    CONDITION % "{or: [{and: [{field: pth, operator: exists}]}]}",
    CONDITION % "{}",
    "rules: [{name: a, action: rate_limit, rate_limit: {key: ip}}]",
    "rules: [{name: a, action: rate_limit, rate_limit: {period: 0}}]",
    "rules: [{name: a, action: response_filter, response_filter: [{field: a}]}]",
    "tests: [{request: GET /a}]",
    "tests: [{request: /a, expect: deny}]",
    "tests: [{request: GET /a, expect: no}]",
]


@pytest.mark.parametrize("text", WRONG)
def test_what_differs_in_shape_does_not_validate(tmp_path, text):
    path = tmp_path / "docker-proxy.conf"
    path.write_text(text)
    assert run("--check-config", "--config", str(path)).returncode == 1
    assert findings(text) != []


@pytest.mark.parametrize("name", ["eight.conf", "tls_wrong.conf"])
def test_the_mistakes_of_the_golden_files(name):
    assert findings((HERE / name).read_text()) != []


# --- what editors are told ----------------------------------------------------


def maps():
    yield "policy", SCHEMA
    for name, schema in SCHEMA["definitions"].items():
        if "properties" in schema:
            yield name, schema


def test_each_key_has_its_text():
    for name, schema in maps():
        for key, value in schema["properties"].items():
            assert value["description"].strip(), f"{name}.{key}"


def of_defaults(name):
    """The map with each of its defaults written down."""
    schema = SCHEMA["definitions"][name]
    found = {}
    for key, value in schema["properties"].items():
        refs = [r["$ref"].rpartition("/")[2] for r in value.get("anyOf", [])
                if "$ref" in r and "variable" not in r["$ref"]]
        if "default" in value:
            found[key] = value["default"]
        elif refs in (["limits"], ["timeouts"], ["lockout"]):
            found[key] = of_defaults(refs[0])
    return found


def test_the_defaults_are_those_of_the_program(tmp_path):
    """A file that says all of them is the same as one that says none."""
    path = tmp_path / "docker-proxy.conf"
    said = {"global": of_defaults("global"), "auth": of_defaults("auth")}
    assert len(said["global"]) > 15 and len(said["global"]["limits"]) > 7
    path.write_text(yaml.dump(said))
    all_said = run("--check-config", "--config", str(path))
    path.write_text("{}")
    nothing = run("--check-config", "--config", str(path))
    assert all_said.returncode == nothing.returncode == 0
    assert all_said.stdout == nothing.stdout
    assert "lockout" not in nothing.stdout  # shown only where it counts
    said["auth"]["secret"] = "a"
    path.write_text(yaml.dump(said))
    all_said = run("--check-config", "--config", str(path))
    path.write_text("auth: {secret: a}")
    nothing = run("--check-config", "--config", str(path))
    assert all_said.stdout == nothing.stdout and "lockout" in nothing.stdout


def test_the_defaults_of_a_rate_limit(tmp_path):
    path = tmp_path / "docker-proxy.conf"
    path.write_text("rules: [{name: a, action: rate_limit}]")
    printed = run("--check-config", "--config", str(path)).stdout
    told = of_defaults("rate_limit")
    assert "{requests} requests in {period}, penalty {penalty}, by {key}" \
        .format(**told) in printed


def test_a_closed_output():
    with open("/dev/full", "w") as full:
        done = subprocess.run([BINARY, "schema"], stdout=full, timeout=30,
                              stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert "cannot be written: No space left on device" in done.stderr
