"""Waiting for a condition, with a deadline and a message that says what."""

import time

STEP = 0.01
# What has not come by then, does not come: on a machine that has much else to
# do as well.
SECONDS = 60


def until(condition, what, seconds=SECONDS):
    """Return the first true value of condition(); fail after `seconds`.

    `what` is text, or a function that makes it when the wait has failed.
    """
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            text = what() if callable(what) else what
            raise AssertionError(f"waited {seconds} s in vain: {text}")
        time.sleep(STEP)
