"""Measuring: CPU time of a process tree, loads on one core, medians."""

import os
import re
import statistics
import subprocess
import time

CORE = 0


def tree(pid):
    """The process and all below it."""
    found = [pid]
    for p in found:
        for task in listdir(f"/proc/{p}/task"):
            try:
                with open(f"/proc/{p}/task/{task}/children") as f:
                    found += [int(c) for c in f.read().split()]
            except OSError:
                pass
    return found


def listdir(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def cpu_ns(pid):
    """CPU time of the process tree: nanoseconds, of all its threads."""
    total = 0
    for p in tree(pid):
        for task in listdir(f"/proc/{p}/task"):
            try:
                with open(f"/proc/{p}/task/{task}/schedstat") as f:
                    total += int(f.read().split()[0])
            except OSError:
                pass
    return total


def rss_kib(pid):
    """Resident memory of the process tree, KiB."""
    total = 0
    for p in tree(pid):
        try:
            with open(f"/proc/{p}/status") as f:
                total += int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])
        except (OSError, TypeError):
            pass
    return total


def pinned(argv, core=CORE):
    """On that core alone; None: wherever the system likes."""
    return argv if core is None else ["taskset", "-c", str(core), *argv]


def wait_for(condition, what, seconds=10, pause=0.002):
    """Without a pause where it is timed how long it takes."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: not within {seconds} s")
        time.sleep(pause)


def settled(value, what):
    """The value, once it is the same in five looks behind one another."""
    seen = []

    def stands_still():
        seen.append(value())
        return len(seen) >= 5 and len(set(seen[-5:])) == 1
    wait_for(stands_still, f"{what} stands still", pause=0.05)
    return seen[-1]


class Sample:
    """One round: CPU time of the peer a unit of work, and what wrk saw."""

    def __init__(self, cpu_us, per_second=None, p99_us=None):
        self.cpu_us, self.per_second, self.p99_us = cpu_us, per_second, p99_us


class Row:
    """What one peer did in one work: samples of all rounds."""

    def __init__(self):
        self.samples = []

    def median(self, what="cpu_us"):
        values = [getattr(s, what) for s in self.samples]
        return statistics.median(values) if None not in values else None

    def spread(self):
        values = [s.cpu_us for s in self.samples]
        middle = statistics.median(values)
        return (max(values) - min(values)) / middle if middle else 0.0


WRK_SUMMARY = """
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %d %d %d\\n", summary.requests,
    summary.duration, latency:percentile(50), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.write +
    summary.errors.timeout, summary.errors.status))
end
"""


def wrk(folder, url, clients, seconds, headers=(), refused=False, core=CORE):
    """Runs wrk; requests, seconds, p99 in microseconds. Errors end the
    benchmark: a peer that does not do the work has no time of it."""
    script = os.path.join(folder, "summary.lua")
    with open(script, "w") as f:
        f.write(WRK_SUMMARY)
    argv = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "-s", script]
    for h in headers:
        argv += ["-H", h]
    out = subprocess.run(pinned(argv + [url], core), check=True,
                         capture_output=True, text=True).stdout
    requests, duration, _, p99, broken, bad = map(
        int, re.search(r"RESULT (.*)", out)[1].split())
    if requests == 0 or bad != (requests if refused else 0):
        raise RuntimeError(f"{url}: {requests} requests, {bad} refused")
    # A peer that closes behind a refusal makes wrk count a broken read.
    if broken and not refused:
        raise RuntimeError(f"{url}: {broken} broken connections")
    return requests, duration / 1e6, p99
