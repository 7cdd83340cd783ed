"""The corpus of crafted requests, before an Engine that records: what is
harmful does not reach it, what is not does."""

import socket
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
import evasion  # noqa: E402

ENTRIES = evasion.entries()
BY_RULE = {}
for _entry in ENTRIES:
    BY_RULE.setdefault(_entry["rule"]["id"], []).append(_entry)


def converse(proxy, data):
    """Sends it all, and no more; what is answered until the end."""
    with socket.create_connection(proxy.tcp, timeout=20) as s:
        answer = b""
        try:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            while piece := s.recv(65536):
                answer += piece
        except (ConnectionResetError, BrokenPipeError):
            pass  # what the proxy did not want to read is still unread
        return answer


def judge(proxy, engine, entry):
    """What became of it, in words; what the Engine and the client got."""
    engine.settle()
    before = len(engine.requests)
    answer = converse(proxy, evasion.sent(entry))
    engine.settle()
    got = engine.requests[before:]
    harmful = got if "forward-safely" in evasion.allowed(entry) else [
        r for r in got if evasion.speaks_of(entry, r.method, r.target)]
    return evasion.outcome(answer, harmful), got, answer


@pytest.mark.parametrize("rule", sorted(BY_RULE))
def test_entries(own_proxy, engine, rule):
    entries = BY_RULE[rule]
    proxy = own_proxy(rules=evasion.rules(entries[0]))
    wrong = []
    for entry in entries:
        found, got, answer = judge(proxy, engine, entry)
        if found not in evasion.allowed(entry):
            wrong.append(f"{entry['id']} ({entry['why']}): {found} instead of "
                         f"{evasion.allowed(entry)}: the Engine got {got}, "
                         f"the client {answer[:300]!r}")
    assert wrong == []
    assert engine.errors == []


def test_corpus_is_whole():
    """Every entry has a policy, and each policy is tried."""
    assert len(ENTRIES) == 287
    assert set(BY_RULE) == set(evasion.RULES)
    assert sum(e["benign"] for e in ENTRIES) == 26
