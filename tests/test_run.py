"""The runner, with real kernels: failures survived, outputs kept, nothing left running."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from cnncourse import results, run

import nbformat
import pytest

RECORD = """
from cnncourse import results
book = results.Book("{name}")
book.add("answer", 42)
book.close(key="answer")
"""


def lesson(course, name, *sources):
    cells = [nbformat.v4.new_code_cell(source.format(name=name)) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), course / "notebooks" / f"{name}.ipynb")
    blocks = [f"```{{code-cell}}\n{cell.source}\n```\n" for cell in cells]
    (course / "notebooks" / f"{name}.md").write_text("\n".join(blocks))


def start(course, *arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "cnncourse", "run", *arguments],
        cwd=course,
        env={**os.environ, "CNNCOURSE_BUDGET": "quick", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_failing_lesson_is_reported_and_the_next_one_runs(course):
    lesson(course, "01_good", RECORD)
    lesson(course, "02_bad", "raise ValueError('the reason')", "1")
    lesson(course, "03_good", RECORD)
    process = start(course)
    said, _ = process.communicate()
    assert process.returncode == 1, said
    lines = [line.split() for line in said.splitlines()]
    assert ["lesson", "seconds", "key", "number", "data", "source"] in lines
    rows = {line[0]: line for line in lines if line and line[0][:2].isdigit()}
    assert rows["01_good"][2:] == ["answer", "42", "no", "data", "set"]
    assert rows["03_good"][2:4] == ["answer", "42"]
    assert "02_bad" in rows
    assert "FAILED: ValueError: the reason" in said
    executed = nbformat.read(course / "build" / "notebooks" / "02_bad.ipynb", 4)
    assert executed.cells[0].outputs[0].ename == "ValueError"
    times = json.loads((course / "build" / "notebooks" / ".seconds-quick.json").read_text())
    assert sorted(times) == ["01_good", "03_good"]
    assert "last run" in start(course, "01").communicate()[0]


def test_a_kernel_that_dies_is_a_failure_and_no_hang(course):
    lesson(course, "01_dies", "import os; os._exit(3)")
    process = start(course)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "FAILED: DeadKernelError" in said


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_ends_the_kernel_too(course):
    note = course / "pid"
    lesson(
        course,
        "01_long",
        f"import os, pathlib, time; pathlib.Path({str(note)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)",
    )
    process = start(course)
    while not (note.exists() and note.read_text()):
        assert process.poll() is None
        time.sleep(0.1)
    kernel = int(note.read_text())
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    for _ in range(100):
        if not pathlib.Path(f"/proc/{kernel}").exists() and not alive(kernel):
            break
        time.sleep(0.1)
    else:
        pytest.fail("the kernel is still running")


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_storing_keeps_outputs_with_the_digest_of_their_code(course):
    lesson(course, "01_good", RECORD)
    process = start(course, "--store", CNNCOURSE_BUDGET="full")
    said, _ = process.communicate()
    assert process.returncode == 0, said
    path = course / "notebooks" / "01_good.ipynb"
    stored = nbformat.read(path, 4)
    assert stored.metadata["cnncourse"]["code"] == results.code_digest(path)
    assert stored.cells[0].outputs
    assert results.load("01_good")["answer"] == 42


def test_a_notebook_beside_the_lessons_runs_where_it_is_named(course):
    (course / "notebooks" / "further").mkdir()
    lesson(course, "01_good", RECORD)
    lesson(course, "further/beside", "print('{name}')")
    path = course / "notebooks" / "further" / "beside.ipynb"
    assert path not in run.lessons(course / "notebooks")
    process = start(course, "--store", "beside", CNNCOURSE_BUDGET="full")
    said, _ = process.communicate()
    assert process.returncode == 0, said
    stored = nbformat.read(path, 4)
    assert stored.metadata["cnncourse"] == {"code": results.code_digest(path), "budget": "full"}
    assert stored.cells[0].outputs[0].text == "further/beside\n"


def test_a_lesson_that_books_nothing_is_not_stored(course):
    lesson(course, "01_good", "print('{name}')")
    process = start(course, "--store", CNNCOURSE_BUDGET="full")
    said, _ = process.communicate()
    assert process.returncode == 1
    assert "no Book was closed" in said


def test_quick_outputs_are_not_stored(course):
    lesson(course, "01_good", RECORD)
    process = start(course, "--store")
    said, _ = process.communicate()
    assert process.returncode == 2
    assert "keeps full runs alone; unset CNNCOURSE_BUDGET" in said


def test_lessons_are_named_by_number_or_name(course):
    lesson(course, "01_good", RECORD)
    lesson(course, "02_other", RECORD)
    folder = course / "notebooks"
    assert [p.stem for p in run.lessons(folder)] == ["01_good", "02_other"]
    assert [p.stem for p in run.lessons(folder, ["02", "01_good"])] == ["02_other", "01_good"]
    with pytest.raises(
        FileNotFoundError, match="no lesson is called '07'; expected one of 01_good"
    ):
        run.lessons(folder, ["07"])
    with pytest.raises(FileNotFoundError, match="expected lessons named"):
        run.lessons(course / "results")
