"""What tests/flow runs with: its fixtures, and a program that is there."""

import os

import pytest

from fixtures import *  # noqa: F401,F403
import proxy_process


def pytest_report_header():
    return f"docker-proxy: {proxy_process.BINARY}"


def pytest_sessionstart():
    if not os.access(proxy_process.BINARY, os.X_OK):
        pytest.exit(f"{proxy_process.BINARY} is not there: run make", 2)
