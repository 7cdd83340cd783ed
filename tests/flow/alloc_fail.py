"""Allocations of a proxy that fail when a test says so: alloc_fail.c."""

import mmap
import os
import struct

import proxy_process

LIBRARY = os.environ.get("ALLOC_FAIL_LIBRARY",
                         os.path.join(os.path.dirname(proxy_process.BINARY),
                                      "tests/alloc_fail.so"))
FIELDS = "armed", "number", "first", "last", "failed", "live"
FOR_EVER = (1 << 64) - 1


class Allocations:
    """The page that the library in a process shares with its test."""

    def __init__(self, path):
        self.path = path
        with open(path, "w+b") as f:
            f.truncate(mmap.PAGESIZE)
            self._page = mmap.mmap(f.fileno(), mmap.PAGESIZE)

    def environment(self):
        return {"LD_PRELOAD": os.path.abspath(LIBRARY),
                "ALLOC_FAIL": str(self.path)}

    def _set(self, **values):
        for name, value in values.items():
            struct.pack_into("=Q", self._page, 8 * FIELDS.index(name), value)

    def _get(self, name):
        return struct.unpack_from("=q", self._page,
                                  8 * FIELDS.index(name))[0]

    def fail(self, first, last):
        """From now on they are numbered, and those from first to last
        fail."""
        self._set(armed=0, number=0, failed=0, first=first, last=last)
        self._set(armed=1)

    def count(self):
        """From now on they are numbered, and none fails."""
        self.fail(FOR_EVER, FOR_EVER)

    def counted(self):
        return self._get("number")

    def stop(self):
        """No more; tells how many have failed."""
        self._set(armed=0)
        return self._get("failed")

    def live(self):
        return self._get("live")
