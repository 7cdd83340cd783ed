"""Crafted requests before a real Engine: what it has done afterwards, whatever
it answered."""

import base64
import json
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
import evasion  # noqa: E402

# What the web page of the corpus's container says, and of ours.
PAGES = {"hi\n": "It works"}


# --- what an entry's check says -------------------------------------------------


def at(value, path):
    for step in path:
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


OPERATORS = {
    "eq": lambda v, want: v == want,
    "nonempty": lambda v, _: bool(v),
    "contains": lambda v, want: want in (v or ()),
    "prefix": lambda v, want: str(v).startswith(want),
    "any_source": lambda v, want: any(
        m.get("Source") == want for m in v or ()),
    "any_devsrc": lambda v, want: any(
        d.get("PathOnHost") == want for d in v or ()),
}


def answered(check, answer):
    """Of a check on the answer: does it hold?"""
    found = evasion.statuses(answer)
    if "exec_priv" in check:
        return 201 in found
    if "resp_status" in check:
        return any(status in check["resp_status"] for status in found)
    if "resp_count" in check:
        return len(found) >= check["resp_count"]
    text = check["resp_contains"]
    return PAGES.get(text, text).encode("latin-1") in answer


def holds(engine, check, answer):
    """The effect is there: of a benign entry that it works, of any other that
    harm is done."""
    if "get" not in check:
        return answered(check, answer)
    status, body = engine.ask("GET", check["get"])
    if "status" in check:
        return status == check["status"]
    return status == 200 and OPERATORS[check["op"]](
        at(json.loads(body), check["ptr"]), check.get("value"))


# --- conversations ----------------------------------------------------------------


def receive(client, until):
    """What comes, until that is so, or to the end."""
    answer = b""
    try:
        while not until(answer):
            piece = client.recv(65536)
            if not piece:
                break
            answer += piece
    except ConnectionResetError:
        pass  # what the proxy did not want to read is still unread
    return answer


def whole(answer):
    return b"\r\n\r\n" in answer


def converse(proxy, entry):
    """All that an entry sends, and what comes back. A benign one is a client
    that stays; of the others nothing more comes."""
    check = entry["check"] or {}
    with proxy.connect() as client:
        client.settimeout(30)
        client.sendall(evasion.sent(entry))
        if not entry["benign"]:
            client.shutdown(socket.SHUT_WR)
            return receive(client, lambda answer: False)
        answer = b""
        for part in entry.get("then", ()):
            if part == "SHUT":
                client.shutdown(socket.SHUT_WR)
            elif isinstance(part, dict):
                answer += receive(client, whole)
                client.sendall(base64.b64decode(part["b64"]))
        if check.get("closed"):
            return answer + receive(client, lambda more: False)
        sees = whole if "get" in check \
            else lambda more: answered(check, answer + more)
        return answer + receive(client, sees)


def ask_all(engine, requests, must=True):
    for method, target, body in requests:
        data = None if body is None else json.dumps(body).encode()
        status, text = engine.ask(method, target, data,
                                  {"Content-Type": "application/json"})
        assert not must or status < 400, (method, target, status, text)


def run(engine, proxy, entry):
    """(the effect is there, what was answered)"""
    ask_all(engine, entry["setup"])
    try:
        answer = converse(proxy, entry)
        ask_all(engine, entry["after"], must=False)
        check = entry["check"]
        return bool(check) and holds(engine, check, answer), answer
    finally:
        ask_all(engine, entry["cleanup"], must=False)
