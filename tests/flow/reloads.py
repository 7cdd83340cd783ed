"""A proxy whose file changes while it runs."""

import json
import os
import signal

import wire


class Reloadable:
    """A proxy and its file."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.path = proxy.folder / "config.yaml"
        self.config = json.loads(self.path.read_text())

    def write(self, text=None):
        """As an editor does: a new file in the old one's place."""
        new = self.path.with_suffix(".new")
        new.write_text(text or json.dumps(self.config, indent=1))
        os.rename(new, self.path)

    def lines(self, text):
        return self.proxy.log().count(text)

    def refused(self):
        return self.lines("reload refused: ")

    def in_force(self):
        return self.lines(" is in force: ")

    def hup(self, text=None):
        """Writes, signals and waits; was it accepted?"""
        before = self.refused(), self.in_force()
        self.write(text)
        self.proxy.signal(signal.SIGHUP)
        return self.wait(before)

    def wait(self, before):
        wire.wait_until(
            lambda: before != (self.refused(), self.in_force()),
            "the reload is over")
        return self.in_force() > before[1]
