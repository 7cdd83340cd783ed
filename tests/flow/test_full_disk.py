"""A disk that is full: the audit log loses events and says so, and nobody
waits for it."""

import json
import resource

import wire
from wire import request


def lines(path):
    return [json.loads(line) for line in wire.whole_lines(path.read_text())]


def test_audit_log(own_proxy, folder):
    path = folder / "audit"
    # The proxy's own log must stay below what becomes the limit.
    path.write_text('{"event": "old"}\n' * 10_000)
    proxy = own_proxy(global_={"audit_log": str(path), "audit": "all"})
    with proxy.connect() as client:
        assert client.get("/secrets").status == 403
        wire.wait_until(lambda: len(lines(path)) > 10_000, "a line")
        size = path.stat().st_size
        # What a full disk is to a file: it does not grow.
        resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE,
                         (size + 10, resource.RLIM_INFINITY))
        for _ in range(20):
            assert client.get("/secrets").status == 403
            assert client.get("/containers/json").status == 200
        wire.wait_until(lambda: "audit log: " in proxy.log(), "it is told")
        assert proxy.alive()
        resource.prlimit(proxy.process.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

        asked = 41

        # Whole lines or none: all of them can be read, and what is not
        # there is counted.
        def accounted():
            nonlocal asked
            client.ask(request("GET", "/secrets"))
            asked += 1
            new = lines(path)[10_000:]
            lost = [x["count"] for x in new if x["event"] == "audit_dropped"]
            there = len(new) - len(lost)
            return lost and sum(lost) + there in (asked, asked - 1)

        wire.wait_until(accounted, "the log goes on, and tells how many")
