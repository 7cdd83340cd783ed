"""A thousand reloads under load: good, bad and changed files; requests,
filtered answers and endless streams meanwhile. Nothing fails, nothing is
left over."""

import itertools
import json
import signal
import threading

import proxy_process
import wire
from exposition import scrape
from proxy_process import DENIALS, free_port
from wire import request

RELOADS = 400 if proxy_process.SANITIZED else 1000  # each takes 15 ms there
WARM = 200  # after which memory must not grow any more
# The allocator may take two more steps of 8 MiB; a policy that was left behind
# at each reload, 45 KiB, would be more, and a byte of it LeakSanitizer's to
# find.
GROWTH_KIB = 18 * 1024
CLIENTS = ["tcp", "unix"] * 2

DENY_INFO = {"name": "no-info", "action": "deny", "conditions": [
    {"field": "path", "operator": "equals", "value": "/info"}]}
LIMIT = {"name": "slow", "action": "rate_limit",
         "rate_limit": {"requests": 3, "period": "1h", "penalty": "1h",
                        "key": "client_ip"},
         "conditions": [{"field": "path", "operator": "equals",
                         "value": "/version"}]}

ITEM = {"Id": 1, "Env": ["TOKEN=hunter2", "A=b"], "Labels": {"a": "b"}}


def hide(*filters):
    return {"name": "hide", "action": "response_filter",
            "response_filter": list(filters), "conditions": [
                {"field": "path", "operator": "matches",
                 "value": "^/(events|containers/.*)"}]}


# What a generation may do to ITEM: a rule, and what is left of it.
FILTERS = [
    (hide({"field": "Env.*", "action": "redact", "match": "TOKEN="}),
     {**ITEM, "Env": ["TOKEN=***REDACTED***", "A=b"]}),
    (hide({"field": "Env", "action": "remove"},
          {"field": "Labels.*", "action": "redact"}),
     {"Id": 1, "Labels": {"a": "***REDACTED***"}}),
]
LEFT = [left for _, left in FILTERS]


# --- files ------------------------------------------------------------------

def good(config, i):
    """Another one with each i, four in all; now and then a listener more."""
    config["rules"] = [FILTERS[i % 2][0], *DENIALS, LIMIT,
                       *[DENY_INFO] * (i // 2 % 2)]
    extra = config["extra"] if i % 10 == 4 else []
    return {**config, "global": {
        **config["global"],
        "listeners": config["global"]["listeners"] + extra}, "extra": None}


def text_of(config):
    return json.dumps({k: v for k, v in config.items() if v is not None})


def bad_texts(config, taken):
    """Each kind of error, for ever: of the text, of a rule, of what a rule
    or a listener names."""
    def listener(**more):
        return {**config, "global": {
            **config["global"], "listeners": [
                *config["global"]["listeners"],
                {"name": "bad", "bind": "127.0.0.1", **more}]}}

    wrong = {"name": "x", "action": "deny", "conditions": [
        {"field": "path", "operator": "matches", "value": "("}]}
    return itertools.cycle([text_of(c) if isinstance(c, dict) else c for c in (
        "rules: [", {**config, "rules": [wrong]}, listener(port=taken),
        listener(port=free_port(), tls={"cert": "/none", "key": "/none"}),
        "global: {audit_log: /other}")])


# --- load -------------------------------------------------------------------

class Load:
    """Threads that ask until told to end, and what went wrong in them."""

    def __init__(self, proxy, engine):
        self.proxy = proxy
        self.over = threading.Event()
        self.failures, self.served = [], []
        body = json.dumps(ITEM).encode()
        self.item = engine.play(wire.answer(
            "200 OK", "Content-Type: application/json", body=body))
        self.events = engine.play(self._send_events)
        self._threads = []

    def _send_events(self, x):
        event = json.dumps(ITEM).encode() + b"\n"
        x.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n")
        while True:  # until its reader has had enough: Gone
            x.send(b"%x\r\n%s\r\n" % (len(event), event))
            self.over.wait(0.002)

    def run(self, work, *args):
        def guarded():
            n = 0
            try:
                while not self.over.is_set():
                    n += work(*args)
            except Exception as e:  # the test must hear of it
                self.failures.append(repr(e))
            self.served.append(n)
        self._threads.append(threading.Thread(target=guarded))
        self._threads[-1].start()

    def ask(self, kind):
        """A connection's five rounds."""
        with self.proxy.connect(kind) as c:
            for _ in range(5):
                assert c.get("/info").status in (200, 403)
                assert c.get("/secrets/1").status == 403
                got = c.get(f"/containers/{self.item}/json")
                assert json.loads(got.body) in LEFT, got.body
        return 5

    def follow(self, events):
        """So many of a stream: its filters stay those that it began with."""
        seen = 0
        with self.proxy.connect() as c:
            c.send(request("GET", f"/events?x={self.events}"))
            assert c.head().status == 200
            first = json.loads(c.reader.chunk())
            assert first in LEFT
            while seen < events and not self.over.is_set():
                assert json.loads(c.reader.chunk()) == first
                seen += 1
        return seen

    def end(self):
        self.over.set()
        for t in self._threads:
            t.join()


def counts(port):
    m = scrape(port)
    return m("reloads_total", "ok"), m("reloads_total", "error")


def test_a_thousand_reloads(reloadable, engine):
    port = free_port()
    r = reloadable(global_={
        "threads": 2, "access_log": "off", "log_level": "error",
        "admin": {"listen": f"127.0.0.1:{port}"}},
        rules=[FILTERS[0][0], *DENIALS, LIMIT])
    r.config["extra"] = [{"name": "extra", "bind": "127.0.0.1",
                          "port": free_port()}]
    baseline = r.proxy.descriptors()
    with r.proxy.connect("tcp") as c:
        assert [c.get("/version").status for _ in range(4)] == [200] * 3 + [429]
    load = Load(r.proxy, engine)
    with wire.socket.create_server(("127.0.0.1", 0)) as taken:
        bad = bad_texts(r.config, taken.getsockname()[1])
        for kind in CLIENTS:
            load.run(load.ask, kind)
        load.run(load.follow, 30)
        load.run(load.follow, 1 << 30)  # under the first policy to the end
        done = [0, 0]
        try:
            for i in range(RELOADS):
                is_bad = i % 3 == 2
                r.write(next(bad) if is_bad else text_of(good(r.config, i)))
                r.proxy.signal(signal.SIGHUP)
                done[is_bad] += 1
                wire.wait_until(lambda: counts(port) == tuple(done),
                                f"reload {i} is counted: {done}")
                if i == WARM:
                    warm_kib = r.proxy.rss_kib()
                assert not load.failures, load.failures
            assert scrape(port)("policies_in_use") >= 2
        finally:
            load.end()
    assert not load.failures, load.failures
    assert len(load.served) == len(CLIENTS) + 2 and min(load.served) > 0
    # Nothing is left over of them, but what a rule without a change counts.
    wire.wait_until(lambda: scrape(port)("policies_in_use") == 1,
                    "no policy but that in force is in memory")
    engine.drop_idle()
    wire.wait_until(lambda: r.proxy.descriptors() <= baseline,
                    "no descriptor is left open")
    assert r.proxy.rss_kib() - warm_kib < GROWTH_KIB
    with r.proxy.connect("tcp") as c:
        assert c.get("/version").status == 429
    m = scrape(port)
    assert m("policy_generation") == 1 + done[0]
    assert m("rate_limited_total") == 2
