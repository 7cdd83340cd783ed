"""The tests that ready policies carry, sent to a proxy that has nothing but
that policy, before a recording Engine: it gets what is allowed, as it is, and
of the rest not a byte."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

import proxy_process
import wire
from wire import request

POLICIES = sorted(Path("policies").glob("*.yaml"))


def load(path):
    return yaml.safe_load(path.read_text("utf-8"))


def wire_of(case):
    method, target = case["request"].split(" ", 1)
    if "body" not in case:
        return request(method, target)
    return request(method, target, "Content-Type: application/json",
                   body=json.dumps(case["body"]).encode())


@pytest.fixture(params=POLICIES, ids=lambda path: path.stem)
def policy(request):
    return request.param


def denials(log):
    """The rules of the log's denials, in order; None: of no rule."""
    lines = [line for line in log.splitlines() if " denied " in line]
    found = [re.search(r' rule="?([\w-]+)', line) for line in lines]
    return [match and match[1] for match in found]


def test_the_tests_of_a_policy(policy, engine, folder, make_proxy):
    file = load(policy)
    path = folder / policy.stem
    path.mkdir()
    allow = "allow" if file["kind"] == "guard" else "deny"
    proxy = make_proxy(path, proxy_process.configuration(
        engine.url(), path, global_={"default": allow}, rules=None,
        include=[f"policy:{policy.stem}"])).start()
    first = len(engine.requests)
    wrong = []
    try:
        for case in file["tests"]:
            with proxy.connect() as client:
                method = case["request"].partition(" ")[0]
                status = client.ask(wire_of(case), method).status
            if (status == 200) != (case["expect"] == "allow"):
                wrong.append((case["request"], case.get("body"), status))
    finally:
        proxy.stop()
    assert wrong == []
    allowed = [case["request"] for case in file["tests"]
               if case["expect"] == "allow"]
    assert len(allowed) > 1
    assert [unquote(f"{r.method} {r.target}")
            for r in engine.requests[first:]] == [*map(unquote, allowed)]
    said = [case.get("rule") for case in file["tests"]
            if case["expect"] == "deny"]
    by = denials(proxy.log())
    assert len(by) == len(said)
    assert [(want, got) for want, got in zip(said, by, strict=True)
            if want not in (None, got)] == []


def test_each_denying_rule_is_named_by_a_test(policy):
    file = load(policy)
    named = {case.get("rule") for case in file["tests"]}
    denying = {rule["name"] for rule in file.get("rules", ())
               if rule["action"] == "deny"}
    assert denying <= named


def test_each_policy_has_both_forms_of_paths(policy):
    allowed = {case["request"] for case in load(policy)["tests"]
               if case["expect"] == "allow"}
    plain = {r.replace(" /v1.43/", " /") for r in allowed}
    assert allowed == plain | {r.replace(" /", " /v1.43/", 1) for r in plain}


ENV = ["PASSWORD=hunter2", "EMPTY="]
HIDDEN = ["PASSWORD=***REDACTED***", "EMPTY=***REDACTED***"]
SPEC = {"TaskTemplate": {"ContainerSpec": {"Env": ENV, "Image": "a"}}}
HIDDEN_SPEC = {"TaskTemplate": {"ContainerSpec": {"Env": HIDDEN,
                                                  "Image": "a"}}}


@pytest.mark.parametrize("target, said, told", [
    ("/containers/{}/json", {"Config": {"Env": ENV}},
     {"Config": {"Env": HIDDEN}}),
    ("/v1.43/images/{}/json", {"Config": {"Env": ENV}, "ContainerConfig": {
        "Env": ENV, "Cmd": ["ENV PASSWORD=hunter2"]}},
     {"Config": {"Env": HIDDEN}, "ContainerConfig": {"Env": HIDDEN}}),
    ("/images/{}/history", [{"CreatedBy": "hunter2"}],
     [{"CreatedBy": "***REDACTED***"}]),
    ("/services/{}", {"Spec": SPEC, "PreviousSpec": SPEC},
     {"Spec": HIDDEN_SPEC, "PreviousSpec": HIDDEN_SPEC}),
    ("/services?{}", [{"Spec": SPEC, "PreviousSpec": SPEC}],
     [{"Spec": HIDDEN_SPEC, "PreviousSpec": HIDDEN_SPEC}]),
    ("/tasks/{}", {"Spec": SPEC["TaskTemplate"]},
     {"Spec": HIDDEN_SPEC["TaskTemplate"]}),
    ("/tasks?{}", [{"Spec": SPEC["TaskTemplate"]}],
     [{"Spec": HIDDEN_SPEC["TaskTemplate"]}]),
    ("/configs/{}", {"Spec": {"Data": "aHVudGVyMg==", "Name": "c"}},
     {"Spec": {"Name": "c"}}),
    ("/configs?{}", [{"Spec": {"Data": "aHVudGVyMg=="}}], [{"Spec": {}}]),
    ("/exec/{}/json", {"ProcessConfig": {"arguments": ["hunter2"]}},
     {"ProcessConfig": {}}),
    ("/plugins/{}/json", {"Settings": {"Env": ENV}},
     {"Settings": {"Env": HIDDEN}}),
    ("/plugins?{}", [{"Settings": {"Env": ENV}}],
     [{"Settings": {"Env": HIDDEN}}]),
    ("/swarm?{}", {"JoinTokens": {"Worker": "hunter2"}, "ID": "x"},
     {"ID": "x"}),
    ("/swarm/unlockkey?{}", {"UnlockKey": "hunter2"}, {}),
    ("/info?{}", {"HttpProxy": "http://u:hunter2@p/", "NCPU": 2},
     {"HttpProxy": "***REDACTED***", "NCPU": 2}),
])
def test_no_secrets_in_answers(secretless, engine, target, said, told):
    name = engine.play(wire.answer("200 OK", "Content-Type: application/json",
                                   body=json.dumps(said).encode()))
    with secretless.connect() as client:
        answer = client.get(target.format(name))
    assert answer.status == 200
    assert json.loads(answer.body) == told


@pytest.fixture(scope="module")
def secretless(engine, folder, make_proxy):
    path = folder / "secretless"
    path.mkdir()
    proxy = make_proxy(path, proxy_process.configuration(
        engine.url(), path, rules=None,
        include=["policy:no-secrets-in-answers"])).start()
    yield proxy
    proxy.stop()
