"""One evening's work without a sandbox: what is kept, what is done again, and by how many.

In the place of judge and sandbox stand two that write down what they are asked for.
"""

import concurrent.futures
import concurrent.futures.process as processes
import dataclasses
import json
import os
import pathlib
import threading
import types

import cnncourse
from cnncourse import exercises
from cnncourse.grade import bank, evening, work
from cnncourse.grade.collect import CollectError, Submission
from cnncourse.grade.judge import Result
from cnncourse.grade.sandbox import SandboxError

import pytest
from grading import as_bytes, code_cell, small

SETTINGS = work.Settings(4, "01")
DONE = exercises.find("01/output_size").filled


@pytest.fixture
def tools(monkeypatch):
    """What judges and sandboxes were made with, and which were closed, in order."""
    told = []

    class Tool:
        def __init__(self, *arguments):
            self.name = f"{type(self).__name__} {sum('made' in one for one in told) + 1}"
            told.append((self.name, "made", *arguments))

        def close(self):
            told.append((self.name, "closed"))

    class Judge(Tool):
        def __init__(self, found, *arguments):
            super().__init__([one.name for one in found], *arguments)
            self.names = [one.name for one in found]
            self.modules = ["numpy"] if self.names[0] < "03" else ["numpy", "keras"]

        def judged(self, answers, sandbox):
            told.append((self.name, "judged in", sandbox.name, list(answers.found)))
            return [Result(name, "right", parts=(("", "That."),)) for name in answers.found]

    class Sandbox(Tool):
        def __init__(self, modules, isolated):
            super().__init__(modules, isolated)
            self.modules = modules

    monkeypatch.setattr(work, "JudgeApart", Judge)
    monkeypatch.setattr(work, "Sandbox", Sandbox)
    return told


def handed_in(student="Ada", **changes):
    return Submission(student, "7", f"{student}/01.ipynb", **changes)


# One submission


def test_a_record_says_whose_it_is_and_what_is_said_of_each_answer(tools):
    found = work.Grader(SETTINGS).graded(handed_in(), as_bytes(small("x = 1", DONE)))
    assert found == {
        "student": "Ada",
        "id": "7",
        "path": "Ada/01.ipynb",
        "lesson": "01",
        "isolated": True,
        "results": [
            {"name": "01/output_size", "status": "right", "mistake": 0, "parts": (("", "That."),)}
        ],
        "notes": [],
        "error": "",
    }
    twice = small(DONE)
    twice["cells"].append(twice["cells"][-1])
    notes = work.Grader(SETTINGS).graded(handed_in(), as_bytes(twice))["notes"]
    assert [note.partition(":")[0] for note in notes] == ["01/output_size stands in cells 1 and 2"]


@pytest.mark.parametrize(
    ("lesson", "content", "told"),
    [
        (None, None, "why it is not here"),
        (None, b"", "damaged: it is empty"),
        (None, as_bytes(small("x = 1", tag="x")), "no cell has a tag of a blank of any lesson"),
        ("02", as_bytes(small(DONE)), "no cell has a tag of a blank of lesson 02"),
    ],
)
def test_a_record_says_why_nothing_is_graded(tools, lesson, content, told):
    settings = work.Settings(4, lesson, isolated=False)
    submission = handed_in(error=told if content is None else None)
    assert work.Grader(settings).graded(submission, content) == {
        "student": "Ada",
        "id": "7",
        "path": "Ada/01.ipynb",
        "lesson": "",
        "isolated": False,
        "results": [],
        "notes": [],
        "error": told,
    }
    assert tools == [], "nothing was started for it"


def test_without_content_and_reason_the_reason_is_a_text():
    assert work.Grader(SETTINGS).graded(handed_in(), None)["error"] == ""


def test_judge_and_sandbox_are_kept_as_long_as_they_fit(tools):
    grader = work.Grader(work.Settings(4, isolated=False))
    for name in ("01/output_size", "01/conv2d", exercises.names("02")[0], "06/conv2d"):
        tag = name.partition("/")[2]
        cell = code_cell(f"exercises.check('{name}', x)", ("exercise", tag))
        grader.graded(handed_in(), as_bytes({"nbformat": 4, "cells": [cell]}))
    grader.close()
    grader.close()
    short = [one[:2] if "judged in" not in one else one[:3] for one in tools]
    assert short[:12] == [
        ("Judge 1", "made"),
        ("Sandbox 2", "made"),
        ("Judge 1", "judged in", "Sandbox 2"),
        ("Judge 1", "judged in", "Sandbox 2"),
        ("Judge 1", "closed"),
        ("Judge 3", "made"),
        ("Judge 3", "judged in", "Sandbox 2"),
        ("Judge 3", "closed"),
        ("Judge 4", "made"),
        ("Sandbox 2", "closed"),
        ("Sandbox 5", "made"),
        ("Judge 4", "judged in", "Sandbox 5"),
    ]
    assert short[12:] == [("Judge 4", "closed"), ("Sandbox 5", "closed")] * 2
    made = [one[2:] for one in tools if one[1] == "made"]
    assert made[0] == (exercises.names("01"), None, "01", 4, False)
    assert made[1] == (["numpy"], False)
    assert made[3:] == [(exercises.names("06"), None, "06", 4, False), (["numpy", "keras"], False)]


def test_a_grader_that_has_graded_nothing_is_closed_too():
    work.Grader(SETTINGS).close()


def test_a_bank_of_ones_own_is_handed_to_the_judge(tools):
    own = (
        b"from cnncourse import exercises\n"
        b"EXERCISES = [exercises.find('01/conv2d'), exercises.find('01/output_size')]\n"
    )
    grader = work.Grader(work.Settings(4, None, own))
    assert grader.graded(handed_in(), as_bytes(small(DONE)))["lesson"] == "01"
    assert tools[0][2:] == (["01/conv2d", "01/output_size"], own, "01", 4, True)


def test_a_worker_keeps_its_grader_for_the_same_settings(monkeypatch):
    told, running = [], threading.Semaphore()

    class Grader:
        def __init__(self, settings):
            self.settings = settings
            told.append(("made", settings.seed))

        def close(self):
            told.append(("closed", self.settings.seed))

        def graded(self, submission, content):
            assert running.acquire(blocking=False), "two at once"
            threading.Event().wait(0.05)
            running.release()
            return self.settings.seed, submission, content

    monkeypatch.setattr(work, "Grader", Grader)
    monkeypatch.setattr(work, "_grader", None)
    for seed in (1, 1, 2, 1):
        found = work.grade_one(work.Settings(seed), "a submission", b"content")
        assert found == (seed, "a submission", b"content")
    steps = [("made", 1), ("closed", 1), ("made", 2), ("closed", 2), ("made", 1)]
    assert told == steps
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        each = [pool.submit(work.grade_one, work.Settings(1), n, b"") for n in range(4)]
        assert [one.result() for one in each] == [(1, n, b"") for n in range(4)]


def test_what_could_not_be_graded_now_says_why_and_is_asked_again():
    found = work.unreadable(SETTINGS, handed_in(), "a worker died of it")
    assert (found["error"], found["again"]) == ("a worker died of it", True)
    assert (found["student"], found["results"], found["lesson"]) == ("Ada", [], "")


# What a mark depends on


def test_each_of_the_settings_changes_the_digest(monkeypatch):
    one = work.Settings(1, "01", b"x", True)
    changes = [{"seed": 2}, {"lesson": "02"}, {"lesson": None}, {"bank": b"y"}, {"isolated": False}]
    changes += [{"bank": None}]
    found = [one, *(dataclasses.replace(one, **change) for change in changes)]
    assert len({settings.digest for settings in found}) == len(found)
    assert work.Settings(1, "01", b"x", True).digest == one.digest
    assert len(one.digest) == 64
    for name, other in (("RECORD", 2), ("_code_digest", lambda: b"another course")):
        with monkeypatch.context() as patch:
            patch.setattr(work, name, other)
            assert work.Settings(1, "01", b"x", True).digest != one.digest, name


def test_the_course_s_own_code_is_its_exercises_and_its_grading(tmp_path, monkeypatch):
    monkeypatch.setattr(cnncourse, "__file__", str(tmp_path / "__init__.py"))
    made = {}
    for name in ("exercises/a.py", "exercises/b.py", "grade/c.py", "plots.py", "grade/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"# {name}")
    digest = work._code_digest.__wrapped__
    before = digest()
    assert len(before) == 32
    for name in ("exercises/a.py", "exercises/b.py", "grade/c.py", "plots.py", "grade/c.txt"):
        (tmp_path / name).write_text("x = 1")
        made[name] = digest()
        (tmp_path / name).write_text(f"# {name}")
    assert made["plots.py"] == made["grade/c.txt"] == digest() == before
    assert len(set(made.values())) == 4
    (tmp_path / "exercises/a.py").write_text("# exercises/b.py")
    (tmp_path / "exercises/b.py").write_text("# exercises/a.py")
    assert digest() != before


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"seed": "7"}', '{"seed": 1.5}', "{}"])
def test_a_seed_that_cannot_be_read_is_drawn_anew(tmp_path, monkeypatch, kept):
    monkeypatch.setattr(work.secrets, "randbelow", lambda most: most - 1)
    (tmp_path / "seed.json").write_text(kept)
    assert work.seed_of(tmp_path, None) == 2**53 - 1  # every JSON reader has it exactly
    assert json.loads((tmp_path / "seed.json").read_text()) == {"seed": 2**53 - 1}


def test_a_seed_that_is_kept_is_not_written_again(tmp_path, monkeypatch):
    assert work.seed_of(tmp_path / "new", 0) == 0
    file = tmp_path / "new" / "seed.json"
    assert json.loads(file.read_text()) == {"seed": 0}
    os.utime(file, (1, 1))
    assert work.seed_of(tmp_path / "new", None) == work.seed_of(tmp_path / "new", 0) == 0
    assert file.stat().st_mtime == 1
    assert work.seed_of(tmp_path / "new", 8) == 8
    assert json.loads(file.read_text()) == {"seed": 8}


def test_what_is_not_safe_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(work, "problem", lambda: "there is none")
    monkeypatch.setattr(work, "exposed", lambda folder: folder.name == "seen")
    work.refuse_unsafe(work.Settings(1, isolated=False), [tmp_path / "seen"])
    with pytest.raises(SandboxError) as caught:
        work.refuse_unsafe(SETTINGS, [])
    assert str(caught.value) == (
        "answers cannot be isolated: there is none. --without-isolation runs them with all that "
        "you may do yourself"
    )
    monkeypatch.setattr(work, "problem", lambda: None)
    work.refuse_unsafe(SETTINGS, [tmp_path, tmp_path / "other"])
    with pytest.raises(SandboxError) as caught:
        work.refuse_unsafe(SETTINGS, [tmp_path, tmp_path / "seen"])
    assert str(caught.value) == (
        f"{tmp_path / 'seen'} lies in a folder that answers see. Move it elsewhere"
    )


def test_there_may_be_a_process_for_each_core(monkeypatch):
    monkeypatch.setattr(work.os, "sched_getaffinity", lambda process: {3, 5, 8}, raising=False)
    assert work.cores() == 3
    monkeypatch.delattr(work.os, "sched_getaffinity")
    for known, found in ((6, 6), (None, 1)):
        monkeypatch.setattr(work.os, "cpu_count", lambda known=known: known)
        assert work.cores() == found


# All of them


def write(folder, **notebooks):
    """A class's folder: {student: names of her notebooks}."""
    for student, names in notebooks.items():
        (folder / student).mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / student / name).write_bytes(as_bytes(small(f"# {student}", DONE)))
    return folder


def by_hand(handed, **changes):
    """In the place of workers: a record of each submission, the last one first."""

    def run(waiting):
        handed.extend((number, submission.path) for number, submission in waiting)
        for number, submission in reversed(waiting):
            lesson = pathlib.PurePath(submission.path).name[:2]
            record = work.Grader(SETTINGS).graded(submission, None)
            known = {"lesson": lesson, "error": submission.error or ""}
            yield number, record | known | changes

    return run


def test_what_is_graded_is_kept_and_not_graded_again(tmp_path):
    given = write(tmp_path / "class", Zoe=["01.ipynb"], Ada=["02.ipynb", "01.ipynb"])
    out, handed, told = tmp_path / "out", [], []
    grade = {"given": given, "out": out, "settings": SETTINGS, "progress": told.append}
    found = work.graded(**grade, run=by_hand(handed))
    paths = ["Ada/01.ipynb", "Ada/02.ipynb", "Zoe/01.ipynb"]
    assert [record["path"] for record in found] == paths
    assert [path for _, path in handed] == [paths[0], paths[2], paths[1]], "lesson after lesson"
    assert told == ["[1/3] Ada", "[2/3] Zoe", "[3/3] Ada"]
    files = {file: file.read_bytes() for file in (out / "records").iterdir()}
    assert len(files) == 3
    for file, content in files.items():
        assert len(file.stem) == 32
        assert json.loads(content) in json.loads(json.dumps(found))
        assert content == json.dumps(json.loads(content), ensure_ascii=False, indent=1).encode()
    handed.clear()
    told.clear()
    assert work.graded(**grade, run=by_hand(handed)) == json.loads(json.dumps(found))
    assert (handed, told) == ([], ["3 of 3 are graded already"])
    (given / "Zoe" / "01.ipynb").write_bytes(as_bytes(small("# changed", DONE)))
    work.graded(**grade, run=by_hand(handed))
    assert [path for _, path in handed] == ["Zoe/01.ipynb"]
    assert told == ["3 of 3 are graded already", "2 of 3 are graded already", "[1/1] Zoe"]
    assert len(list((out / "records").iterdir())) == 4
    handed.clear()
    work.graded(**grade | {"settings": work.Settings(5, "01")}, run=by_hand(handed))
    assert len(handed) == 3


def test_a_name_is_written_as_it_is(tmp_path):
    given = write(tmp_path / "class", Zoë=["01.ipynb"], Ada=["01.ipynb"])
    work.graded(given, tmp_path / "out", SETTINGS, run=by_hand([]))
    written = b"".join(file.read_bytes() for file in (tmp_path / "out/records").iterdir())
    assert "Zoë".encode() in written


def test_names_are_found_by_the_expression_that_is_given(tmp_path):
    given = write(tmp_path / "class", a=["ada-01.ipynb"], b=["ben-01.ipynb"])
    names = r"/(?P<student>\w+)-"
    found = work.graded(given, tmp_path / "out", SETTINGS, names=names, run=by_hand([]))
    assert [record["student"] for record in found] == ["ada", "ben"]


def test_what_is_to_be_tried_again_is_not_kept(tmp_path):
    given = write(tmp_path / "class", Ada=["01.ipynb"], Ben=["01.ipynb"])
    for _ in range(2):
        handed = []
        found = work.graded(given, tmp_path / "out", SETTINGS, run=by_hand(handed, again=True))
        assert len(handed) == len(found) == 2
        assert all("again" not in record for record in found)
        assert not (tmp_path / "out" / "records").exists()


def test_without_workers_elsewhere_it_is_done_here(tmp_path, monkeypatch):
    asked = []

    def here(waiting, jobs, settings):
        asked.append((jobs, settings))
        return by_hand([])(waiting)

    monkeypatch.setattr(work, "_run_here", here)
    given = write(tmp_path / "class", Ada=["01.ipynb"], Ben=["01.ipynb"])
    assert len(work.graded(given, tmp_path / "out", SETTINGS, jobs=3)) == 2
    assert len(work.graded(given, tmp_path / "other", SETTINGS)) == 2
    assert asked == [(3, SETTINGS), (1, SETTINGS)]


def test_what_cannot_be_read_is_one_record_that_says_why(tmp_path):
    broken = handed_in("Eve", file=tmp_path / "none.ipynb")
    submission, content = work.with_content(broken)
    assert content is None
    assert submission.error.startswith("it cannot be read (")
    assert submission == dataclasses.replace(broken, error=submission.error)
    unread = handed_in("Eve", error="it is too large", file=tmp_path / "none.ipynb")
    assert work.with_content(unread) == (unread, None)
    (tmp_path / "some.ipynb").write_bytes(b"x")
    whole = handed_in("Eve", file=tmp_path / "some.ipynb")
    assert work.with_content(whole) == (whole, b"x")
    with pytest.raises(CollectError):
        broken.read()


def test_each_fact_of_a_submission_has_a_record_of_its_own():
    one = handed_in("Eve", time=3.0)
    changes = [{"student": "E"}, {"id": "8"}, {"path": "x"}, {"error": "x"}]
    found = [work._key(SETTINGS, one, b"x"), work._key(SETTINGS, one, None)]
    found += [work._key(SETTINGS, dataclasses.replace(one, **change), b"x") for change in changes]
    found += [work._key(work.Settings(9), one, b"x")]
    assert len(set(found)) == len(found)
    assert work._key(SETTINGS, dataclasses.replace(one, time=4.0), b"x") == found[0]


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ('{"student": "Ada", "results": []}', True),
        ('{"student": "Ada", "results": [{"name": "01/a", "status": "right"}]}', True),
        ('{"student": "Ada", "results": [{"name": "01/a"}]}', False),
        ('{"student": "Ada", "results": [{"name": "01/a", "status": "right", "x": 1}]}', False),
        ('{"student": 3, "results": []}', False),
        ('{"results": []}', False),
        ('{"student": "Ada"}', False),
        ("[]", False),
        ("{", False),
    ],
)
def test_only_a_whole_record_is_taken(tmp_path, text, whole):
    (tmp_path / "record.json").write_text(text)
    found = work._kept(tmp_path / "record.json")
    assert found == (json.loads(text) if whole else None)
    assert work._kept(tmp_path / "none.json") is None


def test_of_several_notebooks_of_a_lesson_the_newest_counts():
    def one(number, student="Ada", lesson="01", error="", ident="7"):
        return {"student": student, "id": ident, "lesson": lesson, "error": error,
                "path": f"{number}.ipynb", "notes": [f"note {number}"]}  # fmt: skip

    records = {
        0: one(0),
        1: one(1),
        2: one(2),
        3: one(3, lesson="02"),
        4: one(4, student="Ben"),
        5: one(5, ident="8"),
        6: one(6, lesson="", error="damaged"),
        7: one(7, lesson="", error="damaged"),
    }
    times = [5.0, 9.0, 5.0, 1.0, 1.0, 1.0, 1.0, 2.0]
    submissions = [Submission("", "", f"{n}.ipynb", time) for n, time in enumerate(times)]
    found = work._newest(submissions, records)
    assert [record["path"][0] for record in found] == list("134567")
    assert found[0]["notes"] == [
        "note 1",
        "Not graded, as this one is newer: 0.ipynb, 2.ipynb.",
    ]
    assert records[1]["notes"] == ["note 1"], "the record itself stays as it is"
    assert found[1:] == [records[n] for n in (3, 4, 5, 6, 7)]
    times[1] = 5.0
    submissions = [Submission("", "", f"{n}.ipynb", time) for n, time in enumerate(times)]
    assert work._newest(submissions, records)[0]["path"] == "2.ipynb", "by name, of the same time"


# In processes of this machine


class Pool:
    """In the place of a pool of processes, in which a submission may end its worker."""

    made, most, deadly = [], 0, {}

    def __init__(self, workers, context):
        self.made.append((workers, context.get_start_method()))
        self.waiting = {}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def submit(self, function, settings, submission, content):
        future = concurrent.futures.Future()
        self.waiting[future] = function, settings, submission, content
        Pool.pools[future] = self
        Pool.most = max(Pool.most, sum(not one.done() for one in self.waiting))
        return future

    def run(self, future):
        function, settings, submission, content = self.waiting[future]
        left = self.deadly.get(submission.student, 0)
        if left:
            self.deadly[submission.student] = left - 1
            for one in self.waiting:
                if not one.done():
                    one.set_exception(processes.BrokenProcessPool("a worker has ended"))
        else:
            future.set_result((function, settings, submission.student, content))


@pytest.fixture
def pool(monkeypatch):
    """Work is done as it is asked for: of what runs, the first alone."""
    Pool.made, Pool.most, Pool.deadly, Pool.pools = [], 0, {}, {}

    def wait(running, return_when):
        assert return_when == concurrent.futures.FIRST_COMPLETED
        first = next(iter(running))
        Pool.pools[first].run(first)
        return [one for one in running if one.done()], None

    monkeypatch.setattr(work.concurrent.futures, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(work.concurrent.futures, "wait", wait)
    return Pool


def waiting(folder, *students):
    found = []
    for number, student in enumerate(students):
        (folder / student).write_bytes(student.encode())
        found.append((number + 10, handed_in(student, file=folder / student)))
    return found


def test_each_is_graded_once_and_few_wait_in_memory(tmp_path, pool):
    students = [f"s{n}" for n in range(9)]
    found = list(work._run_here(waiting(tmp_path, *students), 2, SETTINGS))
    assert found == [
        (n + 10, (work.grade_one, SETTINGS, student, student.encode()))
        for n, student in enumerate(students)
    ]
    assert pool.made == [(2, "spawn")]
    assert pool.most == 4
    pool.made.clear()
    list(work._run_here(waiting(tmp_path, "a"), 2, SETTINGS))
    assert pool.made == [(1, "spawn")]
    pool.made.clear()
    assert list(work._run_here([], 2, SETTINGS)) == []
    assert pool.made == []


def test_who_ends_a_worker_is_found_and_the_others_are_graded(tmp_path, pool):
    pool.deadly = {"s1": 99}
    found = dict(work._run_here(waiting(tmp_path, "s0", "s1", "s2", "s3"), 2, SETTINGS))
    assert sorted(found) == [10, 11, 12, 13]
    assert found.pop(11)["error"] == "a worker died of it"
    assert [one[2] for one in found.values()] == ["s0", "s2", "s3"]
    # With the others, then alone, and alone again; only then are the others tried.
    assert [workers for workers, _ in pool.made] == [2, 1, 1, 1, 1]


def test_a_worker_that_ends_once_or_twice_costs_a_repeat_alone(tmp_path, pool):
    for times in (1, 2):
        pool.deadly = {"s0": 0, "s1": times}
        found = dict(work._run_here(waiting(tmp_path, "s0", "s1", "s2"), 1, SETTINGS))
        assert {one[2] for one in found.values()} == {"s0", "s1", "s2"}


def test_where_each_worker_ends_at_once_it_gives_up(tmp_path, pool):
    pool.deadly = {"s0": 99, "s1": 99}
    with pytest.raises(SandboxError, match="no worker process starts, or each ends at once"):
        list(work._run_here(waiting(tmp_path, "s0", "s1"), 1, SETTINGS))
    assert len(pool.made) == 3


# The command


@pytest.fixture
def asked(monkeypatch):
    """What an evening asks for; one record comes back, or a second that says an error."""
    told = types.SimpleNamespace(graded=None, unsafe=None, error="")

    def graded(*arguments, **options):
        told.graded = arguments, options
        options["progress"]("[1/1] Ada")
        one = {"student": "Ada", "id": "7", "path": "01.ipynb", "lesson": "01", "isolated": True,
               "results": [{"name": "01/conv2d", "status": "right", "mistake": 0, "parts": []}],
               "notes": [], "error": ""}  # fmt: skip
        other = one | {"student": "Ben", "results": [], "lesson": "", "error": told.error}
        return [one, other] if told.error else [one]

    def refuse(*arguments):
        told.unsafe = arguments

    monkeypatch.setattr(evening.work, "graded", graded)
    monkeypatch.setattr(evening.work, "refuse_unsafe", refuse)
    return told


def chosen(folder, **changes):
    return types.SimpleNamespace(**{
        "files": folder / "class", "out": folder / "out", "bank": None, "jobs": 2, "points": None,
        "lesson": None, "seed": 5, "names": "x", "cluster": None, "without_isolation": False,
    } | changes)  # fmt: skip


def test_an_evening_says_what_it_does_and_where_all_of_it_lies(tmp_path, asked, capsys):
    out = tmp_path / "out"
    assert evening.grade(chosen(tmp_path)) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        f"hidden inputs are drawn from seed 5, kept in {out / 'seed.json'}",
        f"1 submissions: {out / 'grades.csv'}, {out / 'class.html'}",
    ]
    assert said.err == "[1/1] Ada\n"
    (given, to, settings), options = asked.graded
    assert (given, to, settings) == (tmp_path / "class", out, work.Settings(5))
    assert (options["names"], options["jobs"], options["run"]) == ("x", 2, None)
    assert asked.unsafe == (settings, [given, out])
    assert sorted(file.name for file in out.iterdir()) == [
        "class.html",
        "feedback",
        "grades.csv",
        "seed.json",
    ]
    assert [file.name for file in (out / "feedback").iterdir()] == ["ada-7-01.html"]
    assert (out / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbfstudent,id,notebook")
    assert "<html" in (out / "class.html").read_text(encoding="utf-8")


def test_an_evening_says_how_many_could_not_be_read(tmp_path, asked, capsys):
    asked.error = "damaged"
    (tmp_path / "out" / "feedback").mkdir(parents=True)
    for name in ("gone.html", "kept.txt", "ada-7-01.html"):
        (tmp_path / "out" / "feedback" / name).write_text("x")
    assert evening.grade(chosen(tmp_path, without_isolation=True)) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "1 of them could not be read; the table says why"
    assert said.err.splitlines()[0] == "WITHOUT ISOLATION: their code may do all that you may do"
    assert asked.graded[0][2] == work.Settings(5, isolated=False)
    names = {file.name for file in (tmp_path / "out" / "feedback").iterdir()}
    assert names == {"kept.txt", "ada-7-01.html", "ben-7.html"}


OWN = b"from cnncourse import exercises\nEXERCISES = [exercises.find('01/conv2d')]\n"


def test_points_and_a_bank_of_ones_own_are_read_before_anything_is_graded(tmp_path, asked):
    (tmp_path / "own.py").write_bytes(OWN)
    (tmp_path / "points.csv").write_text("01/conv2d, 4\n")
    own, points = tmp_path / "own.py", tmp_path / "points.csv"
    assert evening.grade(chosen(tmp_path, bank=own, points=points, lesson="01")) == 0
    assert asked.graded[0][2] == work.Settings(5, "01", OWN)
    assert asked.unsafe[1] == [tmp_path / "class", tmp_path / "out", own]
    assert b"Ada,7,01.ipynb,01,4,4," in (tmp_path / "out" / "grades.csv").read_bytes()
    points.write_text("01/conv2d, 4\n01/zero, 1\n01/none, 1\n")
    asked.graded = None
    with pytest.raises(ValueError, match=r"points\.csv: there is no 01/none, 01/zero\.$"):
        evening.grade(chosen(tmp_path, bank=own, points=points, out=tmp_path / "none"))
    assert not (tmp_path / "none").exists()
    with pytest.raises(ValueError, match=r"^--jobs 0: expected 1 or more\.$"):
        evening.grade(chosen(tmp_path, jobs=0))
    assert evening.grade(chosen(tmp_path / "other", jobs=1)) == 0


def test_a_cluster_gets_the_work_and_this_machine_needs_no_sandbox(tmp_path, asked):
    from cnncourse.grade import cluster

    evening.grade(chosen(tmp_path, cluster="tls://h:1"))
    run = asked.graded[1]["run"]
    assert (run.func, run.args) == (cluster.run, ("tls://h:1", work.Settings(5)))
    assert asked.unsafe is None


# Banks


def test_the_banks_are_the_course_s_or_the_instructor_s():
    found = bank.all_banks(None, None)
    assert {lesson: [one.name for one in each] for lesson, each in found.items()} == {
        lesson: exercises.names(lesson) for lesson in exercises.lessons()
    }
    found = bank.all_banks(None, "03")
    assert {n: [one.name for one in each] for n, each in found.items()} == {
        "03": exercises.names("03")
    }
    own = OWN + b"EXERCISES = (*EXERCISES, *map(exercises.find, ['02/dense', '01/output_size']))\n"
    own = own.replace(b"02/dense", exercises.names("02")[0].encode())
    found = {n: [one.name for one in each] for n, each in bank.all_banks(own, None).items()}
    assert found == {"01": ["01/conv2d", "01/output_size"], "02": exercises.names("02")[:1]}
    assert list(bank.all_banks(own, "02")) == ["02"]
    for lesson, given, known in (
        ("99", None, ", ".join(exercises.lessons())),
        ("03", own, "01, 02"),
    ):
        with pytest.raises(ValueError, match=r"^--lesson") as caught:
            bank.all_banks(given, lesson)
        assert str(caught.value) == f"--lesson {lesson}: expected one of {known}."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"1 / 0", "--bank: it raises ZeroDivisionError: division by zero"),
        (b"(", "--bank: it raises SyntaxError: '(' was never closed (<the bank>, line 1)"),
        (b"x = 1", "--bank: expected EXERCISES = (Exercise(...), ...) in the file."),
        (b"EXERCISES = []", "--bank: expected EXERCISES = (Exercise(...), ...) in the file."),
        (b"EXERCISES = {1}", "--bank: expected EXERCISES = (Exercise(...), ...) in the file."),
        (OWN + b"EXERCISES += [1]", None),
        (OWN + b"EXERCISES *= 2", None),
    ],
)
def test_what_is_no_bank_says_what_was_expected(text, told):
    with pytest.raises(bank.BankError) as caught:
        bank.all_banks(text, None)
    assert str(caught.value) == (
        told or "--bank: expected exercises alone, each with a name of its own."
    )
