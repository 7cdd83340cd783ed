"""Each check runs against three: ours, ours with an inherited listener as
Docker 28 starts it, and the machine's own (Docker 20.10), whose known defects
are expected failures."""

import os

import pytest

import helper

KINDS = {
    "ours": (helper.BUILT, False),
    "ours-inherits": (helper.BUILT, True),
    "dockers": (helper.DOCKERS, False),
}


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "defect(why): Docker's own fails this; ours must not")
    config.addinivalue_line("markers", "ours: what Docker's own has not")
    config.addinivalue_line("markers", "binds: the proxy itself binds here")


def pytest_sessionstart():
    if not os.access(helper.BUILT, os.X_OK):
        pytest.exit(f"{helper.BUILT} is not there: run make", 2)


def pytest_generate_tests(metafunc):
    if "kind" not in metafunc.fixturenames:
        return
    marks = {m.name: m for m in metafunc.definition.iter_markers()}
    params = []
    for name, (program, inherits) in KINDS.items():
        own = []
        if name == "dockers" and ("ours" in marks or helper.SANITIZED):
            continue
        if inherits and "binds" in marks:
            continue
        if name == "dockers" and "defect" in marks:
            own.append(pytest.mark.xfail(
                reason=marks["defect"].args[0], strict=False))
        params.append(pytest.param((name, program, inherits), id=name,
                                   marks=own))
    metafunc.parametrize("kind", params, indirect=True)


@pytest.fixture
def kind(request, monkeypatch):
    k = helper.Kind(*request.param)
    # Docker's own defects are mostly that nothing comes.
    if not k.is_ours and request.node.get_closest_marker("defect"):
        monkeypatch.setattr(helper, "TIMEOUT", 2)
    yield k
    k.stop()
