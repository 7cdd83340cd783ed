"""Where we differ from the Rust docker-proxy on purpose: a test for each row
of the table in docs/configuration.md, which its behaviour would fail."""

import json
import pathlib
import subprocess
import threading

import pytest

import proxy_process
import wire
from proxy_process import free_port
from wire import answer, request

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/configuration.md"
CREATE = {"field": "path", "operator": "equals", "value": "/containers/create"}
TESTED = {}


def difference(there):
    """Marks the test of the row whose first cell is that."""
    def mark(test):
        assert there not in TESTED
        TESTED[there] = test
        return test
    return mark


def rows():
    part = PAGE.read_text("utf-8").partition(
        "## Differences from the Rust docker-proxy\n")[2].partition("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [line.strip("|").split("|")[0].strip() for line in lines[2:]]


def test_each_row_has_its_test():
    assert rows() == list(TESTED)


def rule(name, action, *conditions, **more):
    return {"name": name, "action": action, "conditions": list(conditions),
            **more}


def condition(field, operator, value=None):
    c = {"field": field, "operator": operator}
    return c if value is None else {**c, "value": value}


@pytest.fixture
def create(own_proxy):
    """The status of a container create under one rule, and default allow."""
    def ask(body, *rules):
        with own_proxy(rules=list(rules)).connect() as client:
            return client.ask(request("POST", "/containers/create",
                                      body=body)).status
    return ask


def refused(folder, config, **environment):
    """What --check-config says of a file that is no good."""
    path = folder / "wrong.yaml"
    path.write_text(json.dumps(config), encoding="ascii")
    run = subprocess.run(
        [proxy_process.BINARY, "--check-config", "--config", str(path)],
        env=environment, capture_output=True, text=True, check=False,
        timeout=wire.TIMEOUT)
    assert run.returncode == 1, run.stdout
    return run.stderr


@difference("no file: everything allowed")
def test_no_file(engine, tmp_path):
    port = free_port()
    proxy = proxy_process.Proxy(tmp_path, port=port, env={
        "DOCKER_SOCKET": engine.url(), "DOCKER_PROXY_PORT": str(port)})
    proxy.start()
    try:
        with proxy.connect("tcp") as client:
            assert client.get("/_ping").status == 200
            assert client.get("/containers/json").status == 403
            for target in ("/containers/create", "/_ping"):
                assert client.ask(
                    request("POST", target, body=b"{}")).status == 403
    finally:
        proxy.stop()


PRIVILEGED = rule("block-privileged", "deny", CREATE, condition(
    "body.HostConfig.Privileged", "equals", True))


@difference("body keys compared with case")
@pytest.mark.parametrize("body", [
    b'{"hostconfig": {"privileged": true}}',
    b'{"HOSTCONFIG": {"Privileged": true}}',
    '{"Ho\u017ftConfig": {"Privileged": true}}'.encode()])
def test_case_of_body_keys(create, body):
    assert create(body, PRIVILEGED) == 403


@difference("a body that is not JSON counts as having no fields")
@pytest.mark.parametrize("body", [
    b'{"HostConfig": {"Privileged": true}} x', b"privileged",
    b"{'HostConfig': {'Privileged': true}}", b'{"HostConfig": '])
def test_a_body_that_is_not_json(create, body):
    assert create(body, PRIVILEGED) == 400


@difference("a rule without conditions never fires")
@pytest.mark.parametrize("conditions", [[], None])
def test_no_conditions(create, conditions):
    deny = {"name": "nothing", "action": "deny", "status": 418}
    if conditions is not None:
        deny["conditions"] = conditions
    assert create(b"{}", deny) == 418


@difference("a `dry_run` denial ends evaluation with allow")
def test_dry_run_goes_on(create):
    trial = {**PRIVILEGED, "name": "trial", "dry_run": True, "priority": 9}
    body = b'{"HostConfig": {"Privileged": true}}'
    assert create(body, trial, PRIVILEGED) == 403
    assert create(body, trial) == 200


@difference("an unknown operator or action is ignored")
def test_unknown_words(folder):
    said = refused(folder, {"rules": [
        rule("a", "deny", condition("path", "equal", "/secrets")),
        rule("b", "drop")]})
    assert 'unknown operator "equal"' in said
    assert 'did you mean "equals"?' in said
    assert "action must be deny, allow" in said


@difference("JSON `null` exists")
def test_null_is_absent(create):
    binds = "body.HostConfig.Binds"
    deny = rule("block-bind-mounts", "deny", CREATE,
                condition(binds, "exists"))
    assert create(b'{"HostConfig": {"Binds": null}}', deny) == 200
    assert create(b'{"HostConfig": {"Binds": ["/:/h"]}}', deny) == 403
    deny = rule("needs-binds", "deny", CREATE, condition(binds, "not_exists"))
    assert create(b'{"HostConfig": {"Binds": null}}', deny) == 403


@difference("`not_equals` on an absent body field is false")
def test_not_equals_on_nothing(create):
    deny = rule("only-app", "deny", CREATE,
                condition("body.User", "not_equals", "app"))
    for body in (b"{}", b'{"User": null}', b'{"User": "root"}', b""):
        assert create(body, deny) == 403, body
    assert create(b'{"User": "app"}', deny) == 200


# --- answers ----------------------------------------------------------------

REDACT = rule("no-env", "response_filter", response_filter=[
    {"field": "*.Env", "action": "redact"},
    {"field": "Env", "action": "redact"}])
HIDDEN = b'"***REDACTED***"'


def typed(body=b"", **more):
    return answer("200 OK", "Content-Type: application/json", body=body,
                  **more)


@difference("an `allow` before a `response_filter` switches it off")
def test_allow_keeps_filters(own_proxy, engine):
    name = engine.play(typed(b'{"Env": ["KEY=hunter2"]}'))
    proxy = own_proxy(rules=[rule("let", "allow", priority=9), REDACT])
    with proxy.connect() as client:
        assert client.get(f"/containers/{name}/json").body == \
            b'{"Env": ' + HIDDEN + b"}"


@difference("an answer that is not valid JSON passes unfiltered")
@pytest.mark.parametrize("body", [
    b'{"Env": ["KEY=hunter2"], }', b"KEY=hunter2",
    b'{"A": 1} x {"Env": "hunter2"}', b'{"A": 01, "Env": "hunter2"}'])
def test_bad_json_is_broken_off(own_proxy, engine, body):
    name = engine.play(typed(body))
    with own_proxy(rules=[REDACT]).connect() as client:
        with pytest.raises(wire.Truncated) as e:
            client.get(f"/containers/{name}/json")
        assert b"hunter2" not in e.value.partial


@difference("an answer is buffered whole, 64 MiB at most")
def test_a_stream_is_filtered_as_it_comes(own_proxy, engine):
    """Each value before the next one is there; and of any length."""
    got = threading.Event()

    def script(x):
        event = b'{"Env": "hunter2"}\n'
        x.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n"
               b"%x\r\n%s\r\n" % (len(event), event))
        assert got.wait(wire.TIMEOUT)
        long = b'{"A": "%s", "Env": "hunter2"}' % (b"x" * 65 * 1024 * 1024)
        x.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(long), long))

    name = engine.play(script)
    with own_proxy(rules=[REDACT]).connect() as client:
        client.send(request("GET", f"/events?x={name}"))
        assert client.head().status == 200
        assert client.reader.chunk() == b'{"Env": ' + HIDDEN + b"}\n"
        got.set()
        rest = client.reader.body("chunked", None)
    assert len(rest) > 64 * 1024 * 1024 and b"hunter2" not in rest
    assert rest.endswith(b'x", "Env": ' + HIDDEN + b"}")


@difference("an unset variable in a secret is empty")
@pytest.mark.parametrize("auth", [
    {"secret": "${UNSET}"}, {"tokens": [{"token": "x${UNSET}"}]}])
def test_unset_variables_in_secrets(folder, auth):
    assert "needs the variable UNSET, which is not set" in refused(
        folder, {"auth": {"type": "bearer", **auth}})
