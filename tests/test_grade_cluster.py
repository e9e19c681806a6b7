"""Grading on many machines: a Dask scheduler and two workers on loopback, with TLS."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

from cnncourse import __main__, exercises, results
from cnncourse.grade import cluster, work
from cnncourse.grade.collect import Submission
from tools import many, study

import grading
import pytest
from conftest import missing
from grading import as_bytes, small

ROOT = pathlib.Path(__file__).parents[1]
isolation = grading.isolation


def certificate(folder):
    """A certificate that signs itself, for this machine and a day, and its key."""
    if shutil.which("openssl") is None:
        missing("openssl: apt-get install openssl")
    names = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
               "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
               "-out", names[0], "-keyout", names[1]]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    return names


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """The address of a scheduler, the processes of its two workers, and the environment."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        missing("Dask distributed: pip install 'cnncourse[grade]'")
    folder = tmp_path_factory.mktemp("dask")
    signed, key = certificate(folder)
    tls = {"CA_FILE": signed}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        tls |= {f"{role}__CERT": signed, f"{role}__KEY": key}
    tls = {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(file) for name, file in tls.items()}
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = os.environ | tls | {
        "PYTHONPATH": path,
        "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true",
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "5",
    }  # fmt: skip
    about = folder / "scheduler.json"
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", *arguments, "--scheduler-file", str(about)]
        with open(folder / "log.txt", "a") as log:
            started.append(subprocess.Popen(command, env=environment, cwd=folder, stdout=log,
                                            stderr=log))  # fmt: skip
        return started[-1]

    start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
          "--protocol", "tls", "--no-dashboard", "--no-show")  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not about.exists():
            assert time.monotonic() < deadline, (folder / "log.txt").read_text()
            time.sleep(0.1)
        workers = [
            start(
                "distributed.cli.dask_worker",
                "--no-nanny",
                "--nthreads",
                "1",
                "--no-dashboard",
                "--local-directory",
                str(folder),
            )
            for _ in range(2)
        ]
        yield json.loads(about.read_text())["address"], workers, environment, folder
    finally:
        for process in started:
            process.kill()
            process.wait()


def write_class(folder, count):
    exercise = exercises.find("01/output_size")
    code = [exercise.filled, exercise.filled, exercise.mistakes[0].code]
    for i in range(count):
        (folder / f"s{i:03}").mkdir(parents=True)
        (folder / f"s{i:03}" / "01.ipynb").write_bytes(as_bytes(small(f"# {i}", code[i % 3])))
    return folder


STUDY = """
import types
from functools import partial

from tools import study

import numpy as np

DATA = types.SimpleNamespace(name="toy", caption="toy", provenance={"whole": True})


def train(size, seed):
    if size == BROKEN:
        raise RuntimeError("it is broken")
    return {"sum": np.random.default_rng(seed).random(size).sum(), "size": size}


def main():
    rows = {
        f"of {size}": study.Row(train=partial(train, size), data=DATA, images=1)
        for size in (3, 5)
    }
    study.run("01_toy", rows, key="of 3, sum", seeds=(1, 2))


if __name__ == "__main__":
    main()
"""


def a_course(folder, broken=0):
    """A folder with one study, in which a worker may be started."""
    for name in ("notebooks", "results", "studies"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "pyproject.toml").touch()
    (folder / "studies" / "01_toy.py").write_text(STUDY.replace("BROKEN", str(broken)))
    return folder


def studied(folder, environment, *arguments):
    """The record of the study that is run in a folder, and what the command said."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.study", *arguments, "01_toy"],
        cwd=folder, env=environment | {"CNNCOURSE_BUDGET": "full"}, capture_output=True, text=True,
    )  # fmt: skip
    file = folder / "results" / "01_toy.json"
    return json.loads(file.read_text()) if file.exists() else None, done


def test_a_study_on_a_cluster_gives_what_one_process_gives(dask, tmp_path):
    address, _, environment, there = dask
    a_course(there, broken=5)
    record, done = studied(there, environment, "--cluster", address)
    assert (record, done.returncode) == (None, 1)
    assert "of 5, seed 1, cannot be run there: RuntimeError: it is broken" in done.stderr

    a_course(there)
    digest = results.code_digest(there / "studies" / "01_toy.py").removeprefix("sha256:")
    kept = there / "build" / "studies" / f"01_toy-{digest[:12]}" / "0-2.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(json.dumps({"sum": 99.0, "size": 3.0, "cpu_seconds": 1.0}))
    record, done = studied(there, environment, "--cluster", address)
    assert done.returncode == 0, done.stderr
    assert "3 runs to tls://" in done.stdout, "the fourth was there"

    alone, _ = studied(a_course(tmp_path), environment)
    values = {one["name"]: one["values"] for one in alone["numbers"]}
    values["of 3, sum"][1] = 99.0
    assert {one["name"]: one["values"] for one in record["numbers"]} == values
    for fact in ("processor", "threads", "versions", "code"):
        assert record[fact] == alone[fact], fact
    assert len(values) == 4


def test_a_worker_with_another_study_refuses(tmp_path, monkeypatch):
    monkeypatch.chdir(a_course(tmp_path))
    with pytest.raises(results.ResultError, match=r"another studies/01_toy\.py, or none"):
        many.there("01_toy", "sha256:0", "of 3", 1)
    with pytest.raises(results.ResultError, match=r"another studies/02_none\.py, or none"):
        many.there("02_none", "sha256:0", "of 3", 1)


def test_a_record_names_every_machine_of_its_runs():
    one = {"processor": "A", "threads": 2, "versions": {"numpy": "2.0"}, "peak_mib": 300}
    other = one | {"processor": "B", "threads": 4, "peak_mib": None}
    facts = study._machines([{"machine": one}, {"machine": other}, {"machine": one}, {}])
    assert (facts["processor"], facts["threads"], facts["peak_mib"]) == ("A, B", 4, 300)
    assert [machine["runs"] for machine in facts["machines"]] == [2, 1]
    assert "machines" not in study._machines([{"machine": one}])
    assert study._machines([{}]) == {}


@pytest.mark.more
def test_a_worker_is_killed_in_the_middle_of_sixty_and_there_are_sixty_marks(
    dask, tmp_path, isolation
):
    address, workers, environment, _ = dask
    assert address.startswith("tls://")
    given = write_class(tmp_path / "class", 60)
    command = [sys.executable, "-m", "cnncourse", "grade", str(given), "--seed", "4"]
    process = subprocess.Popen(
        [*command, "--cluster", address, "--out", "out"], cwd=tmp_path, env=environment
    )
    records = tmp_path / "out" / "records"
    while process.poll() is None and not (
        records.is_dir() and len(list(records.glob("*.json"))) >= 15
    ):
        time.sleep(0.02)
    assert process.poll() is None, "it ended before a worker could be killed"
    workers[0].send_signal(signal.SIGKILL)
    assert process.wait(300) == 0
    assert len(list(records.glob("*.json"))) == 60
    subprocess.run([*command, "--out", "here"], cwd=tmp_path, env=environment, check=True)
    there, here = ((tmp_path / out / "grades.csv").read_bytes() for out in ("out", "here"))
    assert there == here


def test_a_worker_with_another_course_or_without_a_sandbox_refuses(monkeypatch):
    settings = work.Settings(1)
    with pytest.raises(cluster.SandboxError, match="another version of the course"):
        cluster.grade_there(settings, "0" * 64, None, None)
    monkeypatch.setattr(work, "problem", lambda: "there is no bubblewrap")
    cluster._expect_fit.cache_clear()
    with pytest.raises(cluster.SandboxError, match="there is no bubblewrap"):
        cluster.grade_there(settings, settings.digest, None, None)


def test_a_worker_grades_by_the_settings_that_it_is_given(monkeypatch):
    asked = []
    monkeypatch.setattr(work, "problem", lambda: None)
    monkeypatch.setattr(work, "grade_one", lambda *given: asked.append(given) or {"student": "A"})
    cluster._expect_fit.cache_clear()
    settings = work.Settings(1, "01", b"bank", isolated=True)
    assert cluster.grade_there(settings, settings.digest, "one", b"x") == {"student": "A"}
    assert asked == [(settings, "one", b"x")]
    monkeypatch.setattr(work, "problem", lambda: "there is no bubblewrap")
    cluster.grade_there(settings, settings.digest, "two", b"x")  # a worker looks once
    other = work.Settings(2)
    with pytest.raises(cluster.SandboxError, match=f"another version .* than {'0' * 12}$"):
        cluster.grade_there(other, "0" * 64, None, None)  # said before whether it is fit
    cluster._expect_fit.cache_clear()


def test_what_workers_died_of_is_a_record_that_says_so(tmp_path, monkeypatch):
    settings, asked = work.Settings(1), []
    (tmp_path / "here").write_bytes(b"content")
    whole = Submission("Ada", "7", "a.ipynb", file=tmp_path / "here")
    gone = Submission("Ben", "8", "b.ipynb", file=tmp_path / "gone")

    def spread(address, function, jobs):
        assert (address, function) == ("tls://h:1", cluster.grade_there)
        for number, arguments in jobs:
            asked.append((number, arguments))
            yield number, None if number == 5 else {"student": "Ada"}

    monkeypatch.setattr(cluster, "spread", spread)
    found = dict(cluster.run("tls://h:1", settings, [(3, whole), (5, gone)]))
    assert asked[0] == (3, (settings, settings.digest, whole, b"content"))
    number, (given, digest, submission, content) = asked[1]
    assert (number, given, digest, content) == (5, settings, settings.digest, None)
    assert submission.error.startswith("it cannot be read")
    assert found[3] == {"student": "Ada"}
    assert (found[5]["student"], found[5]["error"]) == ("Ben", "workers died of it")
    assert found[5]["again"] is True


class Promised:
    def __init__(self, function, arguments):
        self.function, self.arguments = function, arguments

    def result(self):
        return self.function(*self.arguments)


class Scheduler:
    """In the place of Dask: does what was submitted last first, one at a time."""

    def __init__(self, workers):
        self.workers, self.done, self.most, self.addresses = workers, 0, 0, []
        self.KilledWorker = type("KilledWorker", (Exception,), {})
        self.waiting, self.open = [], False

    def Client(self, address):  # noqa: N802 - as Dask calls it
        self.addresses.append(address)
        return self

    def __enter__(self):
        self.open = True
        return self

    def __exit__(self, *error):
        self.open = False

    def scheduler_info(self):
        return {"workers": dict.fromkeys(range(self.workers))}

    def submit(self, function, *arguments, pure):
        assert self.open
        assert pure is False, "the same twice is done twice"
        return Promised(function, arguments)

    def as_completed(self):
        return self

    def add(self, future):
        self.waiting.append(future)
        self.most = max(self.most, len(self.waiting))

    def __iter__(self):
        while self.waiting:
            yield self.waiting.pop()


def few_at_once(count, scheduler):
    """Jobs that are made when they are asked for, so that few wait in memory."""
    for number in range(count):
        assert number - scheduler.done <= max(2 * scheduler.workers, 2)
        yield f"key {number}", (number, "x")


@pytest.mark.parametrize(("workers", "most"), [(3, 6), (1, 2), (0, 2)])
def test_work_is_handed_out_as_workers_become_free(monkeypatch, workers, most):
    scheduler = Scheduler(workers)
    monkeypatch.setitem(sys.modules, "distributed", scheduler)

    def work_on(number, text):
        scheduler.done += 1
        if number == 4:
            raise scheduler.KilledWorker
        return number * 10, text

    found = dict(cluster.spread("tls://h:1", work_on, few_at_once(9, scheduler)))
    expected = {f"key {n}": None if n == 4 else (n * 10, "x") for n in range(9)}
    assert found == expected
    assert scheduler.addresses == ["tls://h:1"]
    assert scheduler.most == most
    assert not scheduler.open
    assert list(cluster.spread("tls://h:1", work_on, [])) == []

    def fails(number, text):
        raise RuntimeError("it is broken")

    with pytest.raises(RuntimeError, match="it is broken"):
        list(cluster.spread("tls://h:1", fails, [("key", (1, "x"))]))


def test_an_address_without_tls_is_refused(tmp_path, capsys):
    write_class(tmp_path / "class", 1)
    arguments = ["grade", str(tmp_path / "class"), "--out", str(tmp_path / "out")]
    assert __main__.main([*arguments, "--cluster", "tcp://127.0.0.1:8786"]) == 2
    assert "expected tls://HOST:PORT" in capsys.readouterr().err


def test_without_dask_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    write_class(tmp_path / "class", 1)
    monkeypatch.setitem(sys.modules, "distributed", None)
    arguments = ["grade", str(tmp_path / "class"), "--out", str(tmp_path / "out")]
    assert __main__.main([*arguments, "--cluster", "tls://127.0.0.1:8786"]) == 2
    assert "pip install 'cnncourse[grade]'" in capsys.readouterr().err
