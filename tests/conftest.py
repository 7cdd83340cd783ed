"""What all suites stand on: signals that are heard, a network of their own."""

import ctypes
import signal
import subprocess

CLONE_NEWNET = 0x40000000


def pytest_configure():
    hear_signals()
    leave_the_network()


def hear_signals():
    """Who starts the tests may ignore signals, as nohup and a shell's
    background do, and programs under test would inherit that. They do not
    inherit a handler; and we ignore them as before."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def leave_the_network():
    """Suites run several workers at a time. A port that is free must not be
    taken by another one's test before the program under test has it. Who may
    not leave stays, and is lucky, but for once in a long while."""
    if ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
