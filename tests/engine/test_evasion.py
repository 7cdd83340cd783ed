"""The corpus of crafted requests, before a real Engine: judged by what the
Engine has done afterwards, not by what it answered."""

import pytest

import proxy as proxies
from evasion_effects import evasion, run

BY_RULE = {}
for _entry in evasion.entries():
    BY_RULE.setdefault(_entry["rule"]["id"], []).append(_entry)


@pytest.mark.parametrize("rule", sorted(BY_RULE))
def test_effects(engine, rule):
    entries = BY_RULE[rule]
    policy = {"auth": {"type": "none"}, "global": {"default": "allow"},
              "rules": evasion.rules(entries[0])}
    wrong = []
    with proxies.Proxy(engine.socket, policy=policy) as proxy:
        for entry in entries:
            effect, answer = run(engine, proxy, entry)
            if effect != entry["benign"]:
                wrong.append(f"{entry['id']} ({entry['why']}): "
                             f"{'no ' if entry['benign'] else ''}effect, "
                             f"answered {answer[:300]!r}")
    assert wrong == []
