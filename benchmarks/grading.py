"""What an instructor waits for when a class is graded: lessons without and with TensorFlow.

A class is made from the lesson's own notebook: a fifth of it has every answer right, a fifth half
of them, a fifth none, a fifth the first known mistake everywhere, and a fifth one cell that is no
Python. It is graded as by the command, in the sandbox, with one worker and with two, from nothing
to the last record. CPU seconds are those of all processes, the sandbox's among them, and the
bank's own answers, which each worker runs once; memory is that of the worker that took most, with
its sandbox, where what processes share counts once.
"""

import functools
import json
import os
import pathlib
import tempfile
import textwrap
import threading
import time

from benchmarks import ROOT, Row, Side
from cnncourse import budget, exercises

import psutil

SEED = 8
COUNT, FEW = budget.choose(full=(200, 40), quick=(5, 5))
MORE = budget.choose(full=(500, 1_000), quick=())
# Lesson, submissions, workers. One worker alone takes long over TensorFlow: it gets fewer.
CLASSES = [("01", COUNT, 1), ("01", COUNT, 2), ("08", FEW, 1), ("08", FEW, 2)]
CLASSES += [("08", COUNT, 2)] * (COUNT > FEW) + [("01", count, 2) for count in MORE]
ROUNDS = 1  # each figure is of many submissions
EVERY = 0.25  # seconds between two looks at the processes; at their memory, four times as long


def named(lesson, count, jobs):
    workers = "1 worker" if jobs == 1 else f"{jobs} workers"
    return f"lesson {lesson}, {count:,} submissions, {workers}"


KEY = f"{named('08', COUNT, 2)}, seconds"


# The class ----------------------------------------------------------------------------------------


def code_for(number, state, exercise):
    """What a student of a state (0 to 4) has written into an exercise's blank; None for nothing."""
    if state == 2 or (state == 1 and number % 2):
        return None
    if state == 3:
        return textwrap.dedent(exercise.mistakes[0].code).strip()
    if state == 4 and number == 0:
        return f"{exercise.filled}\nreturn ("
    return exercise.filled


def notebook(lesson, student):
    """The lesson's notebook as the student with this number has handed it in."""
    (path,) = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
    found = json.loads(path.read_text(encoding="utf-8"))
    tags = {name.partition("/")[2]: name for name in exercises.names(lesson)}
    number = 0
    for cell in found["cells"]:
        own = set(cell["metadata"].get("tags", []))
        if "exercise" in own and (known := own & tags.keys()):
            code = code_for(number, student % 5, exercises.find(tags[known.pop()]))
            cell["source"] = cell["source"] if code is None else code
            number += 1
    found["metadata"]["student"] = student
    return json.dumps(found).encode()


def write_class(folder, lesson, count):
    for student in range(count):
        own = folder / f"student {student:04}"
        own.mkdir(parents=True)
        (own / f"{lesson}.ipynb").write_bytes(notebook(lesson, student))


# What is measured ---------------------------------------------------------------------------------


class Watch(threading.Thread):
    """Looks at the processes below this one, as the system forgets what a sandbox has used."""

    def __init__(self):
        super().__init__(daemon=True)
        self.ended, self.peak, self._cpu = threading.Event(), 0, {}
        self._before = sum(os.times()[:4])

    def run(self):
        looks = 0
        while not self.ended.wait(EVERY):
            for worker in psutil.Process().children():
                tree = _tree(worker)
                for process in tree:
                    self._look(process)
                if looks % 4 == 0 and tree:
                    self.peak = max(self.peak, _memory(tree))
            looks += 1

    def _look(self, process):
        """Of a sandbox: the seconds of what its first process has started, and of what ended.

        The first process is bubblewrap's. It takes in orphans, so it has the seconds of some.
        """
        try:
            if process.name() != "bwrap":
                return
            inside = [one for one in process.children() if one.name() != "bwrap"]
            if inside:
                spent = sum(sum(one.cpu_times()[:4]) for one in (process, *inside))
                self._cpu[process.pid] = max(spent, self._cpu.get(process.pid, 0))
        except psutil.NoSuchProcess:
            pass

    def cpu(self):
        return sum(os.times()[:4]) - self._before + sum(self._cpu.values())


def _tree(process):
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _memory(tree):
    """MiB of processes: what they share counts once where the system tells it."""
    shared, largest = 0, 0
    for process in tree:
        try:
            largest = max(largest, process.memory_info().rss)
            shared += getattr(process.memory_full_info(), "pss", 0)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return max(shared, largest) / 2**20


def grade(lesson, count, jobs, seed):
    from cnncourse.grade import work

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_class(folder / "class", lesson, count)
        watch, clock = Watch(), time.perf_counter()
        watch.start()
        settings = work.Settings(SEED + seed, lesson)
        records = work.graded(folder / "class", folder / "out", settings, jobs=jobs)
        seconds = time.perf_counter() - clock
        watch.ended.set()
        watch.join()
    _expect(records, lesson, count)
    return {"cpu": watch.cpu(), "seconds": seconds, "MiB": watch.peak}


def _expect(records, lesson, count):
    """A class that is graded wrongly has no seconds to tell."""
    marks = [sum(one["status"] == "right" for one in r["results"]) for r in records]
    most = sum(exercises.find(name).report is None for name in exercises.names(lesson))
    whole = len(records) == count and not any(record["error"] for record in records)
    if not whole or (min(marks), max(marks)) != (0, most):
        raise RuntimeError(f"{len(records)} records of {count}, with {marks} right answers")


def no_sandbox():
    from cnncourse.grade import sandbox

    return sandbox.problem() or ""


ROWS = {
    named(*one): Row(sides={"": Side(measure=functools.partial(grade, *one))}, missing=no_sandbox)
    for one in CLASSES
}
