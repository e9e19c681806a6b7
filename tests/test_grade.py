"""Grading a class from its files to its table: every state of a notebook, every interruption."""

import csv
import json
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import zipfile

from cnncourse import __main__, exercises
from cnncourse.exercises._engine import judge as check
from cnncourse.grade import bank, notebook, report, work
from cnncourse.grade.judge import Judge
from cnncourse.grade.sandbox import Sandbox, SandboxError

import grading
import pytest
from grading import as_bytes, blank, code_cell, fill, lesson, small, solved

ROOT = pathlib.Path(__file__).parents[1]
isolation = grading.isolation
NAMES = exercises.names("01")
ALL_RIGHT = dict.fromkeys(NAMES, "right")


def states():
    """Submissions of lesson 01 in every state: {student: (notebook, the table's row)}."""
    made = {"all right": (solved("01"), ALL_RIGHT)}
    half = lesson("01")
    for name in NAMES[:3]:
        fill(half, name, exercises.find(name).filled)
    rest = dict.fromkeys(NAMES[3:], "not attempted")
    made["half"] = half, ALL_RIGHT | rest
    made["blank"] = lesson("01"), dict.fromkeys(NAMES, "not attempted")

    broken = solved("01", {"01/conv2d": "def conv2d(image, kernel:\n    return image"})
    made["a syntax error"] = broken, ALL_RIGHT | {"01/conv2d": "wrong"}

    mistake = exercises.find("01/output_size").mistakes[0]
    wrong = solved("01", {"01/output_size": mistake.code})
    made["a mistake"] = wrong, ALL_RIGHT | {"01/output_size": "wrong"}

    deleted = solved("01")
    deleted["cells"].remove(blank(deleted, "01/conv2d"))
    made["a cell deleted"] = deleted, ALL_RIGHT | {"01/conv2d": "missing"}

    turned = solved("01")
    turned["cells"].reverse()
    made["the other way round"] = turned, ALL_RIGHT

    double = solved("01")
    cell = blank(double, "01/output_size")
    first = cell | {"source": "def output_size(*arguments):\n    return 0"}
    double["cells"].insert(double["cells"].index(cell), first)
    made["a cell twice"] = double, ALL_RIGHT

    split = solved("01")
    cell = blank(split, "01/max_pool2d")
    head = code_cell("WINDOW = 2", ("exercise", "max_pool2d"))
    cell["source"] = cell["source"].replace("size=2", "size=WINDOW")
    split["cells"].insert(split["cells"].index(cell), head)
    made["a cell cut in two"] = split, ALL_RIGHT

    renamed = solved("01")
    blank(renamed, "01/conv2d")["metadata"]["tags"] = ["exercise", "convolution"]
    made["a tag renamed"] = renamed, ALL_RIGHT | {"01/conv2d": "missing"}

    helped = solved("01", {"01/output_size": """
        %%time
        def output_size(size, kernel, stride=1, padding=0):
            print("called")
            return math.floor(my_places(size + 2 * padding, kernel) / stride) + 1
        !ls
        output_size(5, 3)
        exercises.check("01/output_size", output_size)
        raise RuntimeError("a cell of mine that fails below the function")
    """})  # fmt: skip
    helped["cells"].insert(3, code_cell("import math, this_is_no_module"))
    helped["cells"].insert(4, code_cell("import math\n%matplotlib inline\nONE = 1"))
    helped["cells"].insert(
        5, code_cell("def my_places(length, kernel):\n    return length - kernel * ONE\n1 / 0")
    )
    helped["cells"].insert(6, code_cell("def broken(:"))
    made["helpers of their own"] = helped, ALL_RIGHT

    forged = lesson("01")
    said = {"output_type": "stream", "name": "stdout", "text": "✓ Right (01/conv2d)"}
    for cell in forged["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [said]
    made["outputs forged"] = forged, dict.fromkeys(NAMES, "not attempted")

    replaced = lesson("01")
    for cell in replaced["cells"]:
        if "exercises.check(" in "".join(cell["source"]):
            cell["source"] = "print('✓ Right')"
    made["checks replaced"] = replaced, dict.fromkeys(NAMES, "not attempted")

    large = solved("01")
    large["cells"][-1]["outputs"] = [{"output_type": "stream", "text": "x" * (40 * 2**20)}]
    made["40 MB of outputs"] = large, ALL_RIGHT

    old = solved("01")
    kept = [blank(old, name) for name in NAMES[:4]]
    old["cells"] = [code_cell("import numpy as np"), *kept]
    old["metadata"] = {}
    made["an old version"] = old, ALL_RIGHT | dict.fromkeys(NAMES[4:], "missing")
    return made


BROKEN = {
    "damaged": (b'{"cells": [', "damaged: no JSON"),
    "empty": (b"", "damaged: it is empty"),
    "another language": (
        as_bytes(lesson("01") | {"metadata": {"language_info": {"name": "R"}}}),
        "its language is R, not Python",
    ),
    "another course": (
        as_bytes({"nbformat": 4, "metadata": {}, "cells": [code_cell("x = 1")]}),
        "no cell has a tag of a blank of any lesson",
    ),
}


def write_class(folder, notebooks):
    for student, content in notebooks.items():
        (folder / student).mkdir(parents=True)
        (folder / student / "01_convolution_by_hand.ipynb").write_bytes(content)
    return folder


def rows(out):
    with open(out / "grades.csv", encoding="utf-8-sig", newline="") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def run(*arguments):
    return __main__.main(["grade", *map(str, arguments)])


@pytest.fixture(scope="module")
def graded_class(tmp_path_factory, isolation):
    """A class in every state, graded once: its folder, what was written, what was expected."""
    folder = tmp_path_factory.mktemp("graded")
    made = states()
    notebooks = {student: as_bytes(found) for student, (found, _) in made.items()}
    notebooks |= {student: content for student, (content, _) in BROKEN.items()}
    write_class(folder / "class", notebooks)
    (folder / "class" / "Zoë").mkdir()
    (folder / "class" / "Zoë" / "01.ipynb").write_bytes(as_bytes(small("x = 1")))
    assert run(folder / "class", "--out", folder / "out", "--seed", 7, "--jobs", 2) == 1
    return folder / "class", folder / "out", {name: row for name, (_, row) in made.items()}


# The table ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("student", list(states()))
def test_the_table_is_right_for_every_state(graded_class, student):
    _, out, expected = graded_class
    row = rows(out)[student]
    assert {name: row[name] for name in NAMES} == expected[student]
    assert row["points"] == str(sum(one == "right" for one in expected[student].values()))
    assert (row["of"], row["lesson"], row["isolated"]) == ("6", "01", "yes")


@pytest.mark.parametrize("student", BROKEN)
def test_a_notebook_that_cannot_be_read_is_one_line_that_says_why(graded_class, student):
    row = rows(graded_class[1])[student]
    assert row["remarks"].startswith(BROKEN[student][1])
    assert row["points"] == row["01/conv2d"] == ""


def test_remarks_say_what_was_done_with_a_notebook(graded_class):
    found = rows(graded_class[1])
    assert "run one after the other" in found["a cell twice"]["remarks"]
    assert "in another order" in found["the other way round"]["remarks"]
    assert "is tagged convolution" in found["a tag renamed"]["remarks"]
    known = exercises.find("01/output_size").mistakes[0].message
    assert found["a mistake"]["01/output_size mistake"].startswith("1: ")
    assert found["a mistake"]["01/output_size mistake"][3:] in known


def test_a_second_run_grades_nothing_and_writes_the_same_bytes(graded_class, capsys):
    given, out, _ = graded_class
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    times = {path: path.stat().st_mtime_ns for path in (out / "records").iterdir()}
    run(given, "--out", out, "--seed", 7)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert {path: path.stat().st_mtime_ns for path in (out / "records").iterdir()} == times
    assert f"{len(times)} of {len(times)} are graded already" in capsys.readouterr().err


# Pages --------------------------------------------------------------------------------------------


def test_every_student_has_a_page_and_nothing_in_it_is_from_elsewhere(graded_class):
    _, out, _ = graded_class
    pages = sorted((out / "feedback").glob("*.html"))
    assert len(pages) == len(rows(out))
    for page in [*pages, out / "class.html"]:
        text = page.read_text(encoding="utf-8")
        assert "<script" not in text
        assert "http" not in text.replace("http-equiv", "")
    text = (out / "feedback" / "a-mistake-01.html").read_text(encoding="utf-8")
    assert "5 of 6 points" in text
    assert report.sentence(exercises.find("01/output_size").mistakes[0].message) in text


def test_the_class_page_counts_answers_and_mistakes(graded_class):
    text = (graded_class[1] / "class.html").read_text(encoding="utf-8")
    assert report.sentence(exercises.find("01/output_size").mistakes[0].message) in text
    assert "<strong>1</strong> ×" in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_ask_for_nothing(graded_class, open_page, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(viewport={"width": 400, "height": 900}, color_scheme=scheme)
    for name in ("class.html", "feedback/a-mistake-01.html", "feedback/damaged.html"):
        page.goto((graded_class[1] / name).as_uri())
        found = Axe().run(page).response["violations"]
        assert [rule["id"] for rule in found if rule["id"] != "scrollable-region-focusable"] == []


# Interruptions ------------------------------------------------------------------------------------


def some(count):
    """Notebooks of one exercise, every third with a mistake."""
    exercise = exercises.find("01/output_size")
    code = [exercise.filled, exercise.filled, exercise.mistakes[0].code]
    return {f"s{i:03}": as_bytes(small(f"# {i}", code[i % 3])) for i in range(count)}


def test_stopped_in_the_middle_and_started_again(tmp_path, isolation):
    write_class(tmp_path / "class", some(12))
    command = [sys.executable, "-m", "cnncourse", "grade", "class", "--seed", "3"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*command, "--out", "out"], cwd=tmp_path, env=environment)
    records = tmp_path / "out" / "records"
    while process.poll() is None and not (records.is_dir() and len(list(records.iterdir())) > 3):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.wait(60)
    kept = {path: path.stat().st_mtime_ns for path in records.glob("*.json")}
    assert 0 < len(kept) <= 12
    subprocess.run([*command, "--out", "out"], cwd=tmp_path, env=environment, check=True)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "work was done twice"
    subprocess.run([*command, "--out", "fresh"], cwd=tmp_path, env=environment, check=True)
    again, fresh = ((tmp_path / out / "grades.csv").read_bytes() for out in ("out", "fresh"))
    assert again == fresh
    assert fresh.count(b"\n") == 13


def test_a_damaged_record_is_made_anew(tmp_path, isolation):
    write_class(tmp_path / "class", some(2))
    run(tmp_path / "class", "--out", tmp_path / "out", "--seed", 3)
    before = (tmp_path / "out" / "grades.csv").read_bytes()
    first, second = sorted((tmp_path / "out" / "records").iterdir())
    first.write_text("{")
    second.write_text('{"student": 3, "results": []}')
    run(tmp_path / "class", "--out", tmp_path / "out", "--seed", 3)
    assert (tmp_path / "out" / "grades.csv").read_bytes() == before


def test_a_worker_that_dies_costs_a_repeat_and_no_mark(tmp_path, isolation):
    write_class(tmp_path / "class", some(20))
    killed = []

    def kill():
        while not killed:
            found = multiprocessing.active_children()
            workers = [p for p in found if "SpawnProcess" in p.name and p.pid]
            if len(list((tmp_path / "out" / "records").glob("*.json"))) > 4 and workers:
                killed.append(workers[0].pid)
                os.kill(workers[0].pid, signal.SIGKILL)
            time.sleep(0.01)

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    assert run(tmp_path / "class", "--out", tmp_path / "out", "--seed", 3, "--jobs", 2) == 0
    thread.join(5)
    assert killed
    found = rows(tmp_path / "out")
    assert len(found) == 20
    right = [row["01/output_size"] == "right" for row in found.values()]
    assert right == [i % 3 != 2 for i in range(20)]


def test_where_no_worker_starts_it_says_so():
    waiting = [(0, work.Submission("s", "", "x", error="none"))]
    with pytest.raises(SandboxError, match="no worker process starts"):
        list(work._run_here(waiting, 1, Deadly()))


class Deadly:
    """Ends the process that unpickles it."""

    def __reduce__(self):
        return os._exit, (3,)


# The same as a check ------------------------------------------------------------------------------


def variants(exercise):
    """Every right answer and every mistake of a bank, and a blank."""
    codes = [exercise.solution, *exercise.right, *(one.code for one in exercise.mistakes)]
    return [exercise.__class__.filled.fget(dataclass_with(exercise, code)) for code in codes]


def dataclass_with(exercise, code):
    class Filled:
        solution = code

    return Filled


@pytest.mark.parametrize(
    "number",
    [
        "01",
        "04",
        *(
            pytest.param(n, marks=pytest.mark.long)
            for n in ("02", "03", "05", "06", "07", "08", "09")
        ),
    ],
)
def test_it_says_what_the_check_says(number, isolation):
    """Of every answer that a bank knows: the same status, mistake and message."""
    found = [exercises.find(name) for name in exercises.names(number)]
    judge = Judge(found, seed=11)
    kept = [one for place, one in enumerate(found) if place not in judge.ungraded]
    most = max(len(variants(exercise)) for exercise in kept)
    differ = []
    with Sandbox(judge.modules) as box:
        for place in range(most):
            cells, told = [], {}
            for exercise in kept:
                codes = variants(exercise)
                if place < len(codes):
                    tags = ("exercise", exercise.name.partition("/")[2])
                    cells.append(notebook.Cell(len(cells) + 1, codes[place], tags))
                    told[exercise.name] = check(exercise, exercise.fill(codes[place]))
            results = judge.judged(notebook.answers(cells, number, judge.names), box)
            for one in results:
                if one.name in told and not same(told[one.name], one, exercises.find(one.name)):
                    differ.append((one.name, place, one, told[one.name]))
    assert not differ, differ[0]


def same(verdict, one, exercise):
    """Whether a check and grading agree, but for times and numbers that are random."""
    labels = ("It printed", "Received")
    parts = [[(a, b) for a, b in p if a not in labels] for p in (verdict.parts, one.parts)]
    known = list(exercise.mistakes)
    mistake = known.index(verdict.mistake) + 1 if verdict.mistake else 0
    cannot = any(told in str(one.parts) for told in ("not Keras's own", "code", "cannot build"))
    agreed = (verdict.status, mistake, parts[0]) == (one.status, one.mistake, parts[1])
    return agreed or (one.status == "to look at" and cannot)


# An instructor's own bank -------------------------------------------------------------------------

BANK = '''
"""A bank of one's own, for the lesson that is called 77."""

from cnncourse.exercises import Exercise, Mistake

EXERCISES = (
    Exercise(
        name="77/secret_sum",
        task="Write `secret_sum(numbers)`.",
        hints=("Add.",),
        solution="def secret_sum(numbers): return sum(numbers) + 471100815",
        mistakes=(
            Mistake(code="def secret_sum(numbers): return sum(numbers)", message="Without it."),
            Mistake(code="def secret_sum(numbers): return 0", message="Nothing."),
        ),
        cases=(([1, 2],), ([],)),
        draw=lambda rng: (rng.integers(0, 99, 5).tolist(),),
        shows="That.",
    ),
)
'''


def test_a_bank_of_ones_own_is_never_seen_by_an_answer(tmp_path, isolation):
    own = tmp_path / "own.py"
    own.write_text(BANK)
    answers = {
        "right": ("def secret_sum(numbers): return sum(numbers) + 471100815", "right"),
        "mistaken": ("def secret_sum(numbers): return sum(numbers)", "wrong"),
        "fitted": ("def secret_sum(numbers): return 471100818 if numbers else 471100815", "wrong"),
        "spying": (
            f"def secret_sum(numbers):\n    open({str(own)!r})\n"
            "    return sum(numbers) + 471100815",
            "wrong",
        ),
        "looking": (
            "import gc\ndef secret_sum(numbers):\n"
            "    secret = ''.join(('4711', '00815'))\n"
            "    assert any(secret in repr(one)[:10**5] for one in gc.get_objects())\n"
            "    return sum(numbers) + int(secret)",
            "wrong",
        ),
    }
    write_class(
        tmp_path / "class",
        {who: as_bytes(small(code, tag="secret_sum")) for who, (code, _) in answers.items()},
    )
    run(tmp_path / "class", "--bank", own, "--out", tmp_path / "out", "--seed", 1)
    found = rows(tmp_path / "out")
    expected = {who: status for who, (_, status) in answers.items()}
    assert {who: found[who]["77/secret_sum"] for who in answers} == expected
    assert not list(tmp_path.rglob("__pycache__"))


# The command --------------------------------------------------------------------------------------


def test_where_isolation_cannot_be_had_it_refuses_and_says_why(tmp_path, monkeypatch, capsys):
    write_class(tmp_path / "class", some(1))
    monkeypatch.setattr(work, "problem", lambda: "there is no bubblewrap")
    assert run(tmp_path / "class", "--out", tmp_path / "out") == 2
    told = capsys.readouterr().err
    assert "cannot be isolated: there is no bubblewrap" in told
    assert "--without-isolation" in told
    assert run(tmp_path / "class", "--out", tmp_path / "out", "--without-isolation") == 0
    assert "WITHOUT ISOLATION" in (tmp_path / "out" / "class.html").read_text()
    assert rows(tmp_path / "out")["s000"]["01/output_size"] == "right"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--lesson", "99"], "--lesson 99: expected one of 01"),
        (["--jobs", "0"], "--jobs 0"),
        (["--names", "("], "no regular expression"),
        (["--points", "points.csv"], "there is no 01/nothing"),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong(tmp_path, arguments, told, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_class(tmp_path / "class", some(1))
    (tmp_path / "points.csv").write_text("# points\n01/conv2d, 2\n01/nothing, 3\n")
    assert run("class", *arguments) == 2
    assert told in capsys.readouterr().err


def test_the_newer_of_two_notebooks_counts(tmp_path, isolation):
    exercise = exercises.find("01/output_size")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for name, code, minute in [("a-1", exercise.filled, 5), ("a", "output_size = ...", 1)]:
            entry = zipfile.ZipInfo(
                f"Jo_1_assignsubmission_file/{name}.ipynb", (2026, 1, 1, 0, minute, 0)
            )
            archive.writestr(entry, as_bytes(small(code)))
    run(tmp_path / "z.zip", "--out", tmp_path / "out")
    row = rows(tmp_path / "out")["Jo"]
    assert (row["id"], row["01/output_size"]) == ("1", "right")
    assert "Not graded, as this one is newer" in row["remarks"]


def test_a_record_holds_no_solution_and_no_hidden_input_of_right_answers(graded_class):
    for path in (graded_class[1] / "records").iterdir():
        found = json.loads(path.read_text(encoding="utf-8"))
        assert set(found) == {
            "student", "id", "path", "lesson", "isolated", "results", "notes", "error",
        }  # fmt: skip


def test_the_bank_in_the_guide_is_one_that_works(tmp_path, isolation):
    guide = (ROOT / "site" / "teaching.md").read_text(encoding="utf-8")
    text = guide[guide.index("### A bank of your own") :].split("```python\n")[1].split("```")[0]
    (exercise,) = bank.all_banks(text.encode(), None)["20"]
    own = tmp_path / "exam.py"
    own.write_text(text)
    codes = {"right": exercise.filled, "first": exercise.mistakes[0].code, "blank": "..."}
    made = {who: as_bytes(small(code, tag="longest_run")) for who, code in codes.items()}
    run(write_class(tmp_path / "class", made), "--bank", own, "--out", tmp_path / "out")
    found = {who: row["20/longest_run"] for who, row in rows(tmp_path / "out").items()}
    assert found == {"right": "right", "first": "wrong", "blank": "not attempted"}
