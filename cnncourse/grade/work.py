"""One evening's work: every submission graded once, here or elsewhere, and a record kept of it."""

import concurrent.futures
import dataclasses
import functools
import hashlib
import json
import multiprocessing
import os
import pathlib
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator

import cnncourse
from cnncourse._files import written_whole

from . import bank as banks
from . import notebook
from .apart import JudgeApart
from .collect import CollectError, Submission, collect
from .judge import Result
from .sandbox import Sandbox, SandboxError, exposed, problem

RECORD = 1  # the form of a record


@dataclasses.dataclass(frozen=True)
class Settings:
    """All that a mark depends on beside the notebook itself."""

    seed: int
    lesson: str | None = None
    bank: bytes | None = None
    isolated: bool = True

    @functools.cached_property
    def digest(self) -> str:
        """A digest of the settings, the bank and the course's own code."""
        found = hashlib.sha256(f"{RECORD} {self.seed} {self.lesson} {self.isolated}".encode())
        found.update(hashlib.sha256(self.bank or b"").digest())
        found.update(_code_digest())
        return found.hexdigest()


@functools.cache
def _code_digest() -> bytes:
    """A digest of the course's own code, read once: workers ask for it with every submission."""
    package = pathlib.Path(cnncourse.__file__).parent
    found = hashlib.sha256()
    for file in sorted([*package.glob("exercises/*.py"), *package.glob("grade/*.py")]):
        found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.digest()


# One submission -----------------------------------------------------------------------------------


class Grader:
    """Grades one submission after the other, with answers and judge in sandboxes of their own."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.banks = banks.all_banks(settings.bank, settings.lesson)
        self._lesson = self._judge = self._sandbox = None

    def close(self) -> None:
        for one in filter(None, (self._judge, self._sandbox)):
            one.close()

    def graded(self, submission: Submission, content: bytes | None) -> dict:
        """Return the record of a submission: what is said of each exercise, or why nothing is."""
        record = {
            "student": submission.student,
            "id": submission.id,
            "path": submission.path,
            "lesson": "",
            "isolated": self.settings.isolated,
            "results": [],
            "notes": [],
            "error": submission.error or "",
        }
        if content is None:
            return record
        try:
            cells = notebook.read(content)
        except notebook.NotebookError as error:
            return record | {"error": str(error)}
        names = {lesson: [one.name for one in bank] for lesson, bank in self.banks.items()}
        lesson = notebook.lesson_of(cells, names)
        if lesson is None:
            which = f"lesson {self.settings.lesson}" if self.settings.lesson else "any lesson"
            return record | {"error": f"no cell has a tag of a blank of {which}"}
        judge, sandbox = self._tools(lesson)
        found = notebook.answers(cells, lesson, judge.names)
        results = [dataclasses.asdict(one) for one in judge.judged(found, sandbox)]
        return record | {"lesson": lesson, "results": results, "notes": found.notes}

    def _tools(self, lesson: str) -> tuple[JudgeApart, Sandbox]:
        """The judge of a lesson, and a sandbox with what its answers import: one of each."""
        if lesson != self._lesson:
            if self._judge:
                self._judge.close()
            own, seed, isolated = (getattr(self.settings, n) for n in ("bank", "seed", "isolated"))
            self._judge = JudgeApart(self.banks[lesson], own, lesson, seed, isolated)
            self._lesson = lesson
            if self._sandbox is None or self._sandbox.modules != self._judge.modules:
                if self._sandbox:
                    self._sandbox.close()
                self._sandbox = Sandbox(self._judge.modules, isolated)
        return self._judge, self._sandbox


_grader: Grader | None = None
_one_at_a_time = threading.Lock()  # a worker elsewhere may have several threads


def grade_one(settings: Settings, submission: Submission, content: bytes | None) -> dict:
    """Grade in a worker, which keeps its judge and its sandbox for the next one."""
    global _grader
    with _one_at_a_time:
        if _grader is None or _grader.settings != settings:
            if _grader is not None:
                _grader.close()
            _grader = Grader(settings)
        return _grader.graded(submission, content)


def unreadable(settings: Settings, submission: Submission, why: str) -> dict:
    """Return the record of a submission that could not be graded now; it is not kept."""
    record = Grader(settings).graded(dataclasses.replace(submission, error=why), None)
    return record | {"again": True}


# All of them --------------------------------------------------------------------------------------


def seed_of(out: pathlib.Path, wanted: int | None) -> int:
    """Return the seed of the hidden inputs: the one wanted, or that of `out`, or a new one."""
    file = out / "seed.json"
    try:
        kept = json.loads(file.read_text())["seed"]
    except (OSError, ValueError, KeyError, TypeError):
        kept = None
    seed = wanted if wanted is not None else kept if isinstance(kept, int) else None
    seed = secrets.randbelow(2**53) if seed is None else seed
    if seed != kept:
        with written_whole(file) as stream:
            stream.write(json.dumps({"seed": seed}).encode())
    return seed


def refuse_unsafe(settings: Settings, folders: Iterable[pathlib.Path]) -> None:
    """Raise SandboxError where answers cannot be isolated, or would see what they must not."""
    if not settings.isolated:
        return
    if why := problem():
        raise SandboxError(
            f"answers cannot be isolated: {why}. --without-isolation runs them with all that you "
            "may do yourself"
        )
    for folder in folders:
        if exposed(folder):
            raise SandboxError(f"{folder} lies in a folder that answers see. Move it elsewhere")


def graded(
    given: pathlib.Path,
    out: pathlib.Path,
    settings: Settings,
    *,
    names: str | None = None,
    jobs: int = 1,
    run: Callable[[list[tuple]], Iterator[tuple[int, dict]]] | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> list[dict]:
    """Grade what lies in `given`; return the records in the order of students.

    A record that `out` has of the same notebook and settings is taken as it is. run: hands the
    waiting ones to workers elsewhere; without it `jobs` processes here do it.
    """
    submissions = collect(given, names)
    records, waiting = {}, []
    for number, submission in enumerate(submissions):
        submission, content = with_content(submission)
        file = out / "records" / f"{_key(settings, submission, content)}.json"
        kept = _kept(file)
        if kept is not None:
            records[number] = kept
        else:
            waiting.append((number, file, submission))
        del content
    waiting.sort(key=lambda one: pathlib.PurePath(one[2].path).name)  # lesson after lesson
    if records:
        progress(f"{len(records)} of {len(submissions)} are graded already")
    run = run or functools.partial(_run_here, jobs=jobs, settings=settings)
    files = {number: file for number, file, _ in waiting}
    for done, (number, record) in enumerate(run([(n, s) for n, _, s in waiting]), 1):
        if not record.pop("again", False):
            with written_whole(files[number]) as stream:
                stream.write(json.dumps(record, ensure_ascii=False, indent=1).encode())
        records[number] = record
        progress(f"[{done}/{len(waiting)}] {record['student']}")
    found = _newest(submissions, records)
    return sorted(found, key=lambda one: (one["student"], one["id"], one["lesson"], one["path"]))


def with_content(submission: Submission) -> tuple[Submission, bytes | None]:
    """The notebook's bytes, or the submission with the reason why there are none."""
    if submission.error:
        return submission, None
    try:
        return submission, submission.read()
    except CollectError as error:
        return dataclasses.replace(submission, error=str(error)), None


def _key(settings: Settings, submission: Submission, content: bytes | None) -> str:
    about = [settings.digest, submission.student, submission.id, submission.path, submission.error]
    found = hashlib.sha256(json.dumps(about).encode())
    found.update(hashlib.sha256(content or b"").digest())
    return found.hexdigest()[:32]


def _kept(file: pathlib.Path) -> dict | None:
    """A record that is whole, or None."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        [Result(**one) for one in record["results"]]
        return record if isinstance(record["student"], str) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _run_here(waiting: list[tuple[int, Submission]], jobs: int, settings: Settings):
    """Grade in processes of this machine; one that dies costs a repeat, and after two a line."""
    tries = dict.fromkeys((number for number, _ in waiting), 0)
    left, broken = dict(waiting), 0
    context = multiprocessing.get_context("spawn")
    while left:
        alone = max(tries[number] for number in left) > 0  # who killed the last worker?
        batch = dict(list(left.items())[:1]) if alone else left
        with concurrent.futures.ProcessPoolExecutor(min(jobs, len(batch)), context) as pool:
            running = {}
            todo = iter(list(batch.items()))
            try:
                while True:
                    while len(running) < 2 * jobs and (item := next(todo, None)):
                        number, submission = item
                        submission, content = with_content(submission)
                        future = pool.submit(grade_one, settings, submission, content)
                        running[future] = number
                    if not running:
                        break
                    done, _ = concurrent.futures.wait(
                        running, return_when=concurrent.futures.FIRST_COMPLETED
                    )
                    for future in done:
                        number = running[future]
                        record = future.result()
                        del running[future], left[number]
                        yield number, record
            except concurrent.futures.process.BrokenProcessPool as error:
                broken += 1
                if broken > 2 and len(left) == len(waiting):
                    raise SandboxError("no worker process starts, or each ends at once") from error
                for number in running.values():
                    tries[number] += 1
                    if tries[number] > 2:
                        yield number, unreadable(settings, left.pop(number), "a worker died of it")


def _newest(submissions: list[Submission], records: dict[int, dict]) -> list[dict]:
    """Of several notebooks of one student and lesson the newest, with a note on the others."""
    groups: dict[tuple, list[int]] = {}
    for number, record in records.items():
        known = record["lesson"] or (record["path"] if record["error"] else "")
        groups.setdefault((record["student"], record["id"], known), []).append(number)
    found = []
    for numbers in groups.values():
        numbers.sort(key=lambda n: (submissions[n].time, submissions[n].path))
        record = dict(records[numbers[-1]])
        if len(numbers) > 1:
            others = ", ".join(submissions[n].path for n in numbers[:-1])
            record["notes"] = [*record["notes"], f"Not graded, as this one is newer: {others}."]
        found.append(record)
    return found


def cores() -> int:
    """How many processes there may be here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
