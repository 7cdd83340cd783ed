"""The Engine judges: what it does, not what the proxy answers.

Requests that have an effect a policy forbids are spelled in thousands of
ways (oracle/spelling.py, oracle/wiring.py). Each goes to the Engine directly,
to learn what it takes the request for, and through a proxy with that policy:
there the effect must never be seen. And clean requests must pass unchanged.

ORACLE_CASES is how many of each effect, ORACLE_SEED which ones.
"""

import collections
import os
import pathlib

import pytest
import yaml

import engine as engines
from conftest import debian
from oracle.cases import effective, harmful, with_mutation
from oracle.clean import clean
from oracle.effects import of_engine
from oracle.exchange import NOTHING, PATIENCE_S, exchange
from oracle.ground import Ground
from proxy import Proxy

POLICIES = pathlib.Path(__file__).parent / "oracle" / "policies"
CASES = int(os.environ.get("ORACLE_CASES", "45"))
CLEAN_CASES = CASES // 4
SEED = os.environ.get("ORACLE_SEED", "1")

# Effects on the host, which a ready policy must keep from happening, too.
ON_THE_HOST = {"capability", "device", "exec-privileged",
               "host-mount", "log-driver", "namespace", "privileged",
               "security", "service-mount", "start", "volume"}
READY = {"auth": {"type": "none"}, "global": {"default": "allow"},
         "include": ["policy:no-host-escape"]}

# Of the changed requests at least so many have the effect when no proxy is
# in the way: else nothing would have been tried.
FLOOR = 0.25


@pytest.fixture(scope="module")
def ground():
    """An Engine of its own: a swarm, and objects to try things on."""
    own = engines.Engine()
    try:
        own.start()
        yield Ground(own, debian(own))
    finally:
        own.remove()


@pytest.fixture(scope="module", params=of_engine(engines.wanted()),
                ids=lambda kind: kind.name)
def effect(request, ground):
    made = request.param()
    made.happened(ground, NOTHING)  # what there is already is not counted
    return made


@pytest.fixture(scope="module")
def guards(ground, effect):
    """A proxy for each style in which the policy is written."""
    found = sorted(POLICIES.glob(f"{effect.name}.*.conf"))
    assert found
    running = {}
    try:
        for path in found:
            running[path.suffixes[-2]] = Proxy(
                ground.engine.socket, policy=yaml.safe_load(path.read_text()))
        yield running
    finally:
        for proxy in running.values():
            proxy.stop()


@pytest.fixture(scope="module")
def all_guards(ground, effect, guards):
    """And the ready one, which is stricter than any one effect needs."""
    if effect.name not in ON_THE_HOST:
        yield guards
        return
    with Proxy(ground.engine.socket, policy=READY) as ready:
        yield {**guards, "ready": ready}


def play(ground, effect, side, wire):
    """Send it, look at what it did, undo that."""
    effect.before(ground)
    answer = exchange(side.connect(), wire)
    happened = effect.happened(ground, answer)
    effect.undo(ground)
    return answer, happened


def test_the_effect_never_happens(ground, effect, all_guards, oracle_report):
    tally = collections.Counter()
    by_mutation = collections.defaultdict(collections.Counter)
    for number in range(int(CASES * effect.share)):
        request = harmful(effect, ground, SEED, number)
        wire = request.wire()
        where = (f"ORACLE_SEED={SEED} {effect.name} {number} "
                 f"{request.mutations}: {wire!r}")
        answer, took = play(ground, effect, ground.engine, wire)
        assert took or request.mutations, (where, answer.data)
        tally["cases"] += 1
        tally["taken"] += took
        for name in request.mutations:
            by_mutation[name]["tried"] += 1
            by_mutation[name]["taken"] += took
        for style, guard in all_guards.items():
            answer, got_past = play(ground, effect, guard, wire)
            assert not got_past, (style, where, answer.data)
            tally[outcome(answer)] += 1
    oracle_report(effect.name, tally, by_mutation)
    changed = tally["cases"] - len(effect.forms)
    assert tally["taken"] - len(effect.forms) >= FLOOR * changed, tally


def outcome(answer):
    return answer.refusal or "passed on, or behind what ended the connection"


def test_clean_requests_pass(ground, effect, guards):
    versions = api_versions(ground)
    accepted = 0
    cases = max(int(CLEAN_CASES * effect.share), len(effect.clean) + 4)
    for number in range(cases):
        wire = clean(effect, ground, SEED, number, versions).wire()
        where = f"ORACLE_SEED={SEED} {effect.name} {number}: {wire!r}"
        answer, made = witness(ground, effect, ground.engine, wire)
        if answer.status >= 400:
            continue
        accepted += 1
        for style, guard in guards.items():
            passed, made_by = witness(ground, effect, guard, wire)
            assert passed.statuses == answer.statuses, (
                style, where, passed.data)
            assert made_by == made, (style, where)
    assert accepted >= 0.7 * cases


def witness(ground, effect, side, wire):
    effect.before(ground)
    answer = exchange(side.connect(), wire, PATIENCE_S)
    made = effect.made(ground)
    assert not effect.happened(ground, answer)
    ground.remove_new()
    return answer, made


def api_versions(ground):
    """Those that the Engine and the proxy both speak."""
    newest = int(ground.get("/version")["ApiVersion"].split(".")[1])
    return [f"1.{minor}" for minor in range(24, newest + 1)]


@pytest.mark.parametrize("mutation", effective(engines.wanted()))
def test_the_engine_takes_it_for_the_same(ground, mutation):
    """Each spelling that it is known to take: a mutation that breaks every
    request would prove nothing."""
    assert mutation_works(ground, mutation)


def mutation_works(ground, mutation):
    for kind in of_engine(engines.wanted()):
        effect = kind()
        effect.happened(ground, NOTHING)
        for number in range(8):
            request = with_mutation(effect, ground, SEED, number, mutation)
            if request and play(ground, effect, ground.engine,
                                request.wire())[1]:
                return True
    return False
