"""Judging what clients say: alike on both sides, or denied by the proxy."""

import re


def sorted_words(found):
    return found[1] + b" ".join(sorted(found[2].split()))


def sorted_endpoints(found):
    return found[1] + b", ".join(sorted(found[2].split(b", "))) + b")"


# Our message, printed as the Engine's would be: the toggle to set, or that
# nothing opens this. Where it asked for a hijack, a client tells the status.
DENIED = re.compile(rb"Error response from daemon: .*"
                    rb"([A-Z_]+=[01]|docker-proxy: )"
                    rb"|unable to upgrade to tcp, received 403")

VARIES = [
    (rb"\b(sha256:)?[0-9a-f]{64}\b", b"<id>"),
    (rb"\b[0-9a-f]{12}\b", b"<id>"),
    (rb"\d{4}-\d\d-\d\d[T ][\d:.]+(Z| \+0000 UTC)", b"<time>"),
    (rb"(Less than a|About an?|\d+) (second|minute|hour)s?( ago)?", b"<age>"),
    (rb'"(NFd|NGoroutines)":\d+', rb'"\1":0'),
    # 20.10's own race between its two requests when a start fails
    (rb'time=\S+ level=error msg="error waiting for container: .*"\n', b""),
    (rb"(?m)^( Runtimes: )(.*)$", sorted_words),  # a Go map, in any order
    (rb"(has active endpoints \()(.*)\)", sorted_endpoints),  # another one
    (rb" {2,}", b"  "),
]


def normal(result):
    """A result without what must differ from run to run."""
    def clean(text):
        for pattern, replacement in VARIES:
            text = re.sub(pattern, replacement, text)
        return text
    return result.code, clean(result.out), clean(result.err)


def alike(sides, scenario):
    """Play a scenario on both sides; return what both came to."""
    direct, proxied = (scenario(side) for side in sides)
    assert proxied == direct
    return proxied


def assert_denied(command, result):
    """A command failed, and because the proxy said so."""
    assert result.code != 0, (command, result)
    assert DENIED.search(result.out + result.err), (command, result)
