"""The runner, with real kernels: failures survived, outputs kept, nothing left running."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import types

from cnncourse import results, run

import nbformat
import psutil
import pytest

ROOT = pathlib.Path(__file__).parents[1]

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


def start(course, *arguments, command=(sys.executable, "-m", "cnncourse", "run"), **environment):
    path = os.pathsep.join(filter(None, [environment.pop("PYTHONPATH", ""), str(ROOT)]))
    environment["PYTHONPATH"] = path
    return subprocess.Popen(
        [*command, *arguments],
        cwd=course,
        env={**os.environ, "CNNCOURSE_BUDGET": "quick", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_lesson_on_stand_ins_says_so(course, monkeypatch):
    """Lesson 08 itself runs on them in test_lesson08.py, and every solved notebook does."""
    monkeypatch.setenv("CNNCOURSE_SOURCES", "drawn")
    load = 'from cnncourse import data\nmnist = data.load("mnist")'
    lesson(course, "01_drawn", load, RECORD.replace(", 42", ", 42, data=mnist"))
    path = course / "notebooks" / "01_drawn.ipynb"
    outcome = run.run_lesson(path, course / "out", run.Progress())
    assert outcome.error is None
    (caption,) = outcome.sources
    assert caption.startswith("STAND-IN")


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
    assert re.search(
        r"(?m)^\[1/3\] 01_good, quick budget\n(01_good: .*\n)?    done in \d+ s\n"
        r"\[2/3\] 02_bad, quick budget\n(02_bad: .*\n)?"
        r"    FAILED after \d+ s: ValueError: the reason\n"
        r"\[3/3\] 03_good, quick budget\n",
        said,
    ), said
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


def test_what_is_wrong_with_one_lesson_is_one_row(course):
    folder, out = course / "notebooks", course / "build" / "notebooks"
    for name in ("01_cut", "04_bare", "05_taken", "08_good"):
        lesson(course, name, RECORD)
    whole = (folder / "01_cut.ipynb").read_text()
    (folder / "01_cut.ipynb").write_text(whole[:-40])
    (folder / "02_list.ipynb").write_text("[]")
    (folder / "03_number.ipynb").write_text('{"cells": 5, "nbformat": 4, "nbformat_minor": 5}')
    bare = json.loads(whole)
    del bare["cells"][0]["metadata"]
    (folder / "04_bare.ipynb").write_text(json.dumps(bare))
    (out / "05_taken.ipynb").mkdir(parents=True)
    lesson(course, "06_killed", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    stale = nbformat.v4.new_output("display_data", {results.MIME: {"captions": ["a classroom"]}})
    cells = [nbformat.v4.new_code_cell(text) for text in ("assert 1 == 2, 'a check'", "1")]
    cells[1].outputs, cells[1].execution_count = [stale], 7
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "07_stale.ipynb")
    (course / "broken").mkdir()
    (course / "broken" / "ipykernel_launcher.py").write_text("raise ImportError('no kernel here')")
    said = start(course, "8", PYTHONPATH=str(course / "broken")).communicate()[0]
    assert re.search(r"08_good .*FAILED: RuntimeError: .*: ImportError: no kernel here", said), said
    process = start(course, PYTHONOPTIMIZE="1")
    said, _ = process.communicate()
    assert process.returncode == 1, said
    table = said[said.index("key number") :]
    reasons = dict(re.findall(r"(?m)^(\d\d_\w+) +\d+  FAILED: (.*\S)", table))
    for name in ("01_cut", "02_list", "03_number", "04_bare"):
        expected = (
            rf"ValueError: {name}\.ipynb is no whole notebook \(.*\); restore it +no data set"
        )
        assert re.fullmatch(expected, reasons[name]), said
    assert re.match(r"IsADirectoryError: .*05_taken\.ipynb", reasons["05_taken"]), said
    if os.name == "posix":
        assert re.match(
            r"DeadKernelError: Kernel died: killed, most likely for want of memory; "
            r"peak [\d,]+ MiB( of [\d,]+ MiB that were available)?\. Close other programs",
            reasons["06_killed"],
        ), said
    assert reasons["07_stale"].startswith("AssertionError: a check"), "also under PYTHONOPTIMIZE"
    assert re.search(r"(?m)^08_good +\d+  answer 42 ", table), said
    assert "classroom" not in said
    executed = nbformat.read(out / "07_stale.ipynb", 4)
    assert (executed.cells[1].outputs, executed.cells[1].execution_count) == ([], None)
    assert executed.cells[0].outputs[0].ename == "AssertionError"


LONG = "import time; time.sleep(600)"


def kernels(process):
    """The processes that one has started, and theirs, as soon as there is a kernel among them."""
    while process.poll() is None:
        with contextlib.suppress(psutil.NoSuchProcess):
            found = psutil.Process(process.pid).children(recursive=True)
            if any("ipykernel_launcher" in " ".join(each.cmdline()) for each in found):
                return found
        time.sleep(0.01)
    return pytest.fail(f"it ended before there was a kernel: {process.communicate()[0]}")


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize(
    ("number", "seconds"),
    [(signal.SIGINT, 0), (signal.SIGTERM, 0.1), (signal.SIGINT, 0.3), (signal.SIGTERM, 1)],
)
def test_a_signal_is_one_line_and_leaves_nothing_running(course, number, seconds):
    lesson(course, "01_long", LONG)
    lesson(course, "02_long", LONG)
    process = start(course)
    started = kernels(process)
    time.sleep(seconds)
    process.send_signal(number)
    said, _ = process.communicate(timeout=120)
    assert said.splitlines() == [
        "[1/2] 01_long, quick budget",
        "",
        "interrupted; kernels are ended",
    ]
    assert process.returncode == 128 + number
    assert not psutil.wait_procs(started, timeout=60)[1], "still running"


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_in_a_cell_ends_the_kernel_too(course):
    note = course / "pid"
    text = f"import os, pathlib; pathlib.Path({str(note)!r}).write_text(str(os.getpid()))\n{LONG}"
    lesson(course, "01_long", text)
    process = start(course)
    while not (note.exists() and note.read_text()):
        assert process.poll() is None
        time.sleep(0.1)
    kernel = psutil.Process(int(note.read_text()))
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert said.endswith("\ninterrupted; kernels are ended\n")
    assert "Traceback" not in said
    assert not psutil.wait_procs([kernel], timeout=60)[1], "still running"


@pytest.mark.skipif(os.name != "posix" or not shutil.which("make"), reason="ends make")
@pytest.mark.parametrize("kind", ["", "student"])
def test_a_signal_to_make_alone_leaves_nothing_running(course, kind):
    lesson(course, "01_long", LONG)
    shutil.copy(ROOT / kind / "Makefile", course)
    (course / "site").symlink_to(ROOT / "site")
    for name in ("constraints.txt", "constraints-makers.txt"):
        (course / name).touch()
    (course / ".venv" / "bin").mkdir(parents=True)
    python = course / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    for stamp in (".ready-cpu", ".makers"):
        (course / ".venv" / stamp).touch()
    process = start(course, command=["make", "lessons"], MAKEFLAGS="")
    started = kernels(process)
    process.terminate()
    said, _ = process.communicate(timeout=120)
    assert process.returncode != 0
    assert not psutil.wait_procs(started, timeout=60)[1], "still running"
    assert "interrupted; kernels are ended" in said
    assert "Traceback" not in said


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
    assert stored.metadata["cnncourse"] == {
        "code": results.code_digest(path),
        "budget": "full",
        "cpu_seconds": {},
    }
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
    assert [p.stem for p in run.lessons(folder, ["2"])] == ["02_other"]
    with pytest.raises(
        FileNotFoundError, match="no lesson is called '07'; expected one of 01_good"
    ):
        run.lessons(folder, ["07"])
    with pytest.raises(FileNotFoundError, match="expected lessons named"):
        run.lessons(course / "results")


def test_a_kernel_that_nobody_ended_is_ended_with_what_it_has_started():
    code = """if True:
        import subprocess, sys, time
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print("ready", flush=True)
        time.sleep(600)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        started = psutil.Process(process.pid).children()
        assert len(started) == 1
        run._kill(process)
        assert process.returncode == -signal.SIGKILL or os.name != "posix"
        assert os.name != "posix" or not psutil.wait_procs(started, timeout=60)[1]
        run._kill(process)
        run._kill(None)


class Screen:
    """What is written, as a terminal or a file takes it."""

    def __init__(self, live):
        self.live, self.said, self.flushed = live, "", 0

    def isatty(self):
        return self.live

    def write(self, text):
        self.said += text

    def flush(self):
        self.flushed += 1


def test_progress_is_one_line_that_is_rewritten_in_a_terminal():
    screen = Screen(live=True)
    progress = run.Progress(screen)
    progress.line("[1/2] 01_good")
    progress.cell("01_good: cell 1 of 2, 10 s")
    progress.cell("01_good: cell 2 of 2, 9 s")
    progress.line("done")
    progress.cell("02")
    assert screen.said == (
        "\r[1/2] 01_good\n"
        "\r01_good: cell 1 of 2, 10 s"
        "\r01_good: cell 2 of 2, 9 s "
        f"\r{'done'.ljust(25)}\n"
        "\r02"
    )
    assert screen.flushed == 5


def test_progress_is_rare_in_a_log(monkeypatch):
    now = 1_000.0
    monkeypatch.setattr(run, "time", types.SimpleNamespace(monotonic=lambda: now))
    screen = Screen(live=False)
    progress = run.Progress(screen)
    progress.line("[1/1] 01_good")
    for now in (1_001.0, 1_014.0, 1_015.5, 1_016.0, 1_029.0, 1_031.0):
        progress.cell(f"at {now:.0f}")
    assert screen.said == "[1/1] 01_good\nat 1016\nat 1031\n"


def test_each_cell_of_code_is_counted_and_timed(course):
    lesson(course, "01_good", "import time; time.sleep(0.01)", RECORD)
    path = course / "notebooks" / "01_good.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell("In words."))
    nbformat.write(notebook, path)
    screen = Screen(live=True)
    assert run.run_lesson(path, course, run.Progress(screen), before=" (last run 7 s)").key == (
        "answer 42"
    )
    assert re.fullmatch(
        r"\r01_good: cell 1 of 2, \d+ s \(last run 7 s\)"
        r"\r01_good: cell 2 of 2, \d+ s \(last run 7 s\)",
        screen.said,
    )


def test_the_table_names_every_source_and_says_what_is_no_result(monkeypatch):
    outcomes = [
        run.Outcome("01_one", 7.4, "accuracy 0.5", ["MNIST, whole", "CIFAR-10, a part"], None),
        run.Outcome("02_two", 123.6, "", [], "ValueError: no"),
    ]
    monkeypatch.setenv("CNNCOURSE_BUDGET", "full")
    rows = run.table(outcomes).splitlines()
    assert rows == [
        "lesson  seconds  key number              data source",
        "---------------------------------------------------------",
        "01_one        7  accuracy 0.5            MNIST, whole",
        "                                         CIFAR-10, a part",
        "02_two      124  FAILED: ValueError: no  no data set",
    ]
    monkeypatch.setenv("CNNCOURSE_BUDGET", "quick")
    assert run.table(outcomes).splitlines() == [
        *rows,
        "Quick budget: these numbers show that the lessons run; they are no results.",
    ]


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ('{"01_good": 7, "02": "8.5"}', {"01_good": 7.0, "02": 8.5}),
        ("{", {}),
        ("[1]", {}),
        ('{"01_good": null}', {}),
        (None, {}),
    ],
)
def test_seconds_of_the_last_run_that_cannot_be_read_are_none(tmp_path, text, times):
    if text is not None:
        (tmp_path / "seconds.json").write_text(text)
    assert run._read_times(tmp_path / "seconds.json") == times


def test_what_a_cell_took_is_stored_where_a_reader_waits_for_it(course, monkeypatch):
    monkeypatch.setattr(run, "LONG_CELL", 1)
    busy = "import time\nfrom cnncourse import results\nend = time.process_time() + 1.8\n"
    busy += "while time.process_time() < end: pass"
    lesson(course, "01_good", "1", RECORD)
    path = course / "notebooks" / "01_good.ipynb"
    notebook = nbformat.read(path, 4)
    notebook.cells[0].source = busy
    nbformat.write(notebook, path)
    outcome = run.run_lesson(path, course / "out", run.Progress(Screen(live=False)), store=True)
    assert outcome.error is None
    stored = nbformat.read(path, 4)
    ((cell, seconds),) = stored.metadata["cnncourse"]["cpu_seconds"].items()
    assert (cell, type(seconds)) == (stored.cells[0].id, int)
    assert seconds > 1
    assert all("execution" not in cell.metadata for cell in stored.cells)
    assert all("cpu_seconds" not in cell.metadata for cell in stored.cells)
    executed = nbformat.read(course / "out" / "01_good.ipynb", 4)
    assert executed.cells[0].metadata["cpu_seconds"] == seconds
